//! The context of a question: keys with values that requests can carry.

use portcullis_grammar::gate::ast::{Pair, Value};
use portcullis_grammar::source::Span;
use portcullis_runtime::value::{boolean, date, ip, number};

use super::Context;
use crate::facts::keys::{KeyType, ValueType, key_type};
use crate::request::ContextValue;
use crate::resolve::codes;
use crate::resolve::gate::conditions::unknown_key;
use crate::resolve::gate::scope::{expand, one};
use crate::resolve::gate::{Block, Elaborator};
use crate::resolve::reader::{Reader, shown};

impl<'a> Elaborator<'a, '_> {
    /// The context of outer blocks, with more keys or others of the same name.
    pub(super) fn context(
        &mut self,
        block: &Block<'a>,
        pairs: &[Pair<'a>],
        given: &Context,
    ) -> Option<Context> {
        let mut context = given.clone();
        let mut own: Vec<String> = Vec::new();
        let mut fine = true;
        for pair in pairs {
            let mut reader = self.reader(block.file);
            let key = one(&mut reader, &block.scope, &pair.key);
            let texts = expand(&mut reader, &block.scope, &pair.value);
            let Some((key, span)) = key else {
                fine = false;
                continue;
            };
            if key_type(&key).is_none() {
                unknown_key(&mut reader, &(key.clone(), span));
            }
            if own.iter().any(|known| known.eq_ignore_ascii_case(&key)) {
                let message = format!("the key `{}` is given twice", shown(&key));
                let help = "give a list: key = [a, b]";
                reader.error(codes::GATE_TWICE, span, message, help);
                fine = false;
            }
            own.push(key.to_string());
            let mut texts: Vec<String> = texts.into_iter().map(|(text, _)| text.into()).collect();
            let value = match (&pair.value, texts.len()) {
                (Value::Text(_), 1) => ContextValue::One(texts.pop().unwrap_or_default()),
                (Value::Text(_), 0) => {
                    fine = false;
                    continue;
                }
                _ => ContextValue::Many(texts),
            };
            fine &= is_possible(&mut reader, &key, &value, span);
            context.retain(|(known, _)| !known.eq_ignore_ascii_case(&key));
            context.push((key.into(), value));
        }
        fine.then_some(context)
    }
}

/// Whether a request can carry this value; else that is reported: a test with it would show nothing of what happens.
fn is_possible(reader: &mut Reader<'_, '_>, key: &str, value: &ContextValue, span: Span) -> bool {
    let Some(KeyType { value: kind, is_list }) = key_type(key) else { return true };
    if let (ContextValue::Many(_), false) = (value, is_list) {
        let message = format!("`{}` is one value, never a list", shown(key));
        reader.error(codes::GATE_TEST, span, message, "write key = value, without brackets");
        return false;
    }
    let parses = |text: &str| match kind {
        ValueType::String | ValueType::Arn => true,
        ValueType::Bool => boolean::parse(text).is_some(),
        ValueType::Numeric => number::Number::parse(text).is_some(),
        ValueType::Date => date::Date::parse(text, date::Zone::UtcIfAbsent).is_some(),
        ValueType::IpAddress => ip::parse_address(text).is_some(),
    };
    let wrong = value.values().iter().find(|text| !parses(text));
    if let Some(text) = wrong {
        let what = match kind {
            ValueType::Bool => "true or false",
            ValueType::Numeric => "a number",
            ValueType::Date => "a date, such as 2030-01-31T10:00:00Z",
            _ => "an address, such as 10.1.2.3",
        };
        let message = format!("`{}` is no value of `{}`", shown(text), shown(key));
        reader.error(codes::GATE_TEST, span, message, format!("write {what}"));
    }
    wrong.is_none()
}
