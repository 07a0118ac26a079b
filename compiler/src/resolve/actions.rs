//! Action patterns (rules A1, A2).

use portcullis_grammar::json::Value;
use portcullis_grammar::source::Span;

use super::codes;
use super::reader::{Reader, shown};
use crate::model::{ActionClause, ActionPattern};
use crate::pattern::{ActionForm, Glob};

/// Reads `Action` or `NotAction`.
pub(super) fn clause(reader: &mut Reader<'_, '_>, name: &str, value: &Value) -> ActionClause {
    let negated = name == "NotAction";
    let texts = reader.strings(value, &format!("`{name}`"));
    let patterns: Vec<_> = texts.into_iter().map(|(text, span)| pattern(reader, text, span)).collect();
    if matches!(&value.kind, portcullis_grammar::json::Kind::Array(items) if items.is_empty()) {
        let covers = if negated { "every action" } else { "nothing" };
        reader.lint(
            codes::P2_EMPTY_LIST,
            value.span,
            format!("an empty `{name}` matches {covers}"),
            "name actions, or remove the statement",
        );
    }
    ActionClause { negated, patterns }
}

fn pattern(reader: &mut Reader<'_, '_>, text: &str, span: Span) -> ActionPattern {
    let form = form(text);
    match &form {
        ActionForm::Nothing => {
            let (what, help) = malformed(text);
            let message = format!("`{}` matches no action: {what}", shown(text));
            reader.lint(codes::A2_MALFORMED_ACTION, span, message, help);
        }
        ActionForm::Named { service, .. } if service.has_wildcard() => {
            let end = text.find(':').unwrap_or(text.len());
            let span = reader.within(span, text, 0..end);
            reader.lint(
                codes::A1_SERVICE_WILDCARD,
                span,
                "a wildcard in the service half covers services that do not exist yet",
                "name the services",
            );
        }
        ActionForm::Named { .. } | ActionForm::Everything => {}
    }
    ActionPattern { form, text: text.into() }
}

/// Why a text is no action pattern, and what to write (rule A2).
fn malformed(text: &str) -> (&'static str, &'static str) {
    if text.contains(',') {
        ("it is one text, and nothing is split at a comma", "write a list, one action per string")
    } else if text.contains(char::is_whitespace) {
        ("it holds a blank, and nothing is trimmed", "remove the blank")
    } else if text.contains(':') {
        ("no name follows the colon", "write service:Name; for all of a service service:*")
    } else {
        ("it names no service", "write service:Name, such as s3:GetObject; for every action *")
    }
}

fn form(text: &str) -> ActionForm {
    if text == "*" {
        return ActionForm::Everything;
    }
    let malformed = text.contains(|character: char| character.is_whitespace() || character == ',');
    match text.split_once(':') {
        Some((service, name)) if !malformed && !name.is_empty() => ActionForm::Named {
            service: Glob::wildcards(&service.to_ascii_lowercase()),
            name: Glob::wildcards(&name.to_ascii_lowercase()),
        },
        _ => ActionForm::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_halves_fold_and_split_at_the_first_colon() {
        let named = |service: &str, name: &str| ActionForm::Named {
            service: Glob::wildcards(service),
            name: Glob::wildcards(name),
        };
        assert_eq!(form("*"), ActionForm::Everything);
        assert_eq!(form("S3:Get*"), named("s3", "get*"));
        assert_eq!(form("a:B:c"), named("a", "b:c"));
        assert_eq!(form("*:*"), named("*", "*"));
        assert_eq!(form("s3:É"), named("s3", "É"));
    }

    #[test]
    fn a2_malformed_patterns_match_nothing() {
        for text in ["", "**", "s3", "s3:", "s3: Get", " s3:Get", "s3:Get,s3:Put", "s3:\u{a0}Get", "s3\n:Get"]
        {
            assert_eq!(form(text), ActionForm::Nothing, "{text}");
        }
    }
}
