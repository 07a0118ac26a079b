//! The IAM JSON that a piece of `.gate` stands for, as values that point into the `.gate` file: what policies mean is read from these, by
//! the same code that reads JSON files.

use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_grammar::source::Span;

use super::scope::Expanded;

/// A string.
pub(super) fn string(text: &str, span: Span) -> Value {
    Value { span, kind: Kind::String(text.into()) }
}

/// One string, or a list of them.
pub(super) fn strings(texts: Vec<Expanded>, span: Span) -> Value {
    match <[Expanded; 1]>::try_from(texts) {
        Ok([(text, span)]) => Value { span, kind: Kind::String(text) },
        Err(texts) => {
            let items = texts.into_iter().map(|(text, span)| Value { span, kind: Kind::String(text) });
            Value { span, kind: Kind::Array(items.collect()) }
        }
    }
}

/// A member whose name stands at a place.
pub(super) fn member(key: &str, key_span: Span, value: Value) -> Member {
    Member { key_span, key: key.into(), value }
}

/// An object.
pub(super) fn object(members: Vec<Member>, span: Span) -> Value {
    Value { span, kind: Kind::Object(members) }
}

/// Moves a value to one place: that of the name under which it is used in another file.
pub(super) fn relocate(value: &mut Value, span: Span) {
    value.span = span;
    match &mut value.kind {
        Kind::Array(items) => items.iter_mut().for_each(|item| relocate(item, span)),
        Kind::Object(members) => members.iter_mut().for_each(|member| {
            member.key_span = span;
            relocate(&mut member.value, span);
        }),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
    }
}
