//! Actions that nobody knows: most likely misspelt.

use portcullis_grammar::json::{Kind, Value};
use portcullis_grammar::source::Span;
use portcullis_grammar::suggest;

use crate::facts::{known_service, known_services};
use crate::resolve::codes;
use crate::resolve::reader::{Reader, shown};

/// Lints the actions of a statement.
pub(super) fn lint(reader: &mut Reader<'_, '_>, value: &Value) {
    match &value.kind {
        Kind::String(text) => one(reader, text, value.span),
        Kind::Array(items) => {
            for item in items {
                if let Kind::String(text) = &item.kind {
                    one(reader, text, item.span);
                }
            }
        }
        _ => {}
    }
}

/// Lints one action.
pub(super) fn one(reader: &mut Reader<'_, '_>, text: &str, span: Span) {
    if text.contains(['*', '?']) || reader.sink.is_full(reader.source.name(), codes::GATE_UNKNOWN_ACTION) {
        return;
    }
    let Some((service, name)) =
        text.split_once(':').filter(|(service, name)| !service.is_empty() && !name.is_empty())
    else {
        return;
    };
    let prefix = service.to_ascii_lowercase();
    let near = match known_service(&prefix) {
        Some(known) if known.actions.iter().any(|action| action.eq_ignore_ascii_case(name)) => return,
        Some(known) => {
            suggest::nearest(name, known.actions.iter().copied()).map(|near| format!("{service}:{near}"))
        }
        // A service of somebody's own, unless it is nearly one of AWS's that has this action.
        None => {
            let has = |service: &&crate::facts::KnownService| {
                service.actions.iter().any(|action| action.eq_ignore_ascii_case(name))
            };
            let services = known_services().iter().filter(has).map(|service| service.prefix);
            match suggest::nearest(&prefix, services) {
                Some(near) => Some(format!("{near}:{name}")),
                None => return,
            }
        }
    };
    let help = match near {
        Some(near) => format!("did you mean `{}`?", shown(&near)),
        None => "AWS documents no such action; check its name".to_owned(),
    };
    let message = format!("the action `{}` is not known", shown(text));
    reader.lint(codes::GATE_UNKNOWN_ACTION, span, message, help);
}
