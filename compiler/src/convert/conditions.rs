//! Conditions as expressions, each a text that the reader of `.gate` turns into the same operator, key and values.

use portcullis_grammar::gate::text::{is_word, quote, word_or_quote};
use portcullis_runtime::value::{boolean, number};

use crate::facts::keys::{KeyType, ValueType, key_type};
use crate::model::{BaseOperator, Condition, Operator, SetPrefix};

/// The left side and the sign, or, where IAM's name of the operator is needed, that; behind it the values stand. `None` where the whole
/// condition needs no values.
pub(super) enum Shape {
    /// Everything.
    Whole(String),
    /// For one value, and for several.
    Compared(String, String),
}

/// The form of a condition with these values, each once.
pub(super) fn shape(condition: &Condition, values: &[&str]) -> Shape {
    let Operator { set, base, if_exists } = condition.operator;
    let text = &condition.key_text;
    let key = if text.contains(':') { word_or_quote(text) } else { quote(text) };
    if base == BaseOperator::Null && set.is_none() {
        match values {
            ["true"] => return Shape::Whole(format!("missing({key})")),
            ["false"] => return Shape::Whole(format!("exists({key})")),
            _ => {}
        }
    }
    if condition.operator == (Operator { set: None, base: BaseOperator::Bool, if_exists: false })
        && matches!(values, ["true"])
        && is_bare(&condition.key_text)
    {
        return Shape::Whole(key);
    }
    match sign(condition, values) {
        Some((one, several)) => {
            let key = match set {
                Some(SetPrefix::ForAnyValue) => format!("any({key})"),
                Some(SetPrefix::ForAllValues) => format!("all({key})"),
                None => key,
            };
            let missing = if if_exists { "?" } else { "" };
            Shape::Compared(format!("{key} {one}{missing}"), format!("{key} {several}{missing}"))
        }
        None => {
            let text = format!("{key} {}", condition.operator);
            Shape::Compared(text.clone(), text)
        }
    }
}

/// Whether a key alone means that it is true.
fn is_bare(key: &str) -> bool {
    let kind = key_type(key);
    is_word(key) && kind == Some(KeyType { value: ValueType::Bool, is_list: false })
}

/// The signs that stand for an operator on a key of its type.
fn sign(condition: &Condition, values: &[&str]) -> Option<(&'static str, &'static str)> {
    use BaseOperator as O;
    let known = key_type(&condition.key_text);
    if known.is_some_and(|kind| kind.is_list) && condition.operator.set.is_none() {
        return None;
    }
    let number = |text: &str| number::Number::parse(text).is_some();
    let plain = !values.iter().any(|text| text.contains('*'));
    let single = values.len() == 1;
    let kind = known.map(|kind| kind.value);
    // Of a key that nobody knows the values of an order say the type.
    let numeric =
        kind == Some(ValueType::Numeric) || kind.is_none() && values.iter().all(|text| number(text));
    let date = kind == Some(ValueType::Date) || kind.is_none() && !values.iter().all(|text| number(text));
    let text = kind.unwrap_or(ValueType::String) == ValueType::String;
    let arn = kind == Some(ValueType::Arn);
    let (equal, unequal) = (Some(("=", "in")), Some(("!=", "not in")));
    let (like, unlike) = (Some(("like", "like")), Some(("not like", "not like")));
    let order = |fits: bool, sign: &'static str| (fits && single).then_some((sign, sign));
    match condition.operator.base {
        O::StringEquals if text && plain => equal,
        O::StringNotEquals if text && plain => unequal,
        O::StringLike if text => like,
        O::StringNotLike if text => unlike,
        O::ArnEquals if arn => equal,
        O::ArnNotEquals if arn => unequal,
        O::ArnLike if arn => like,
        O::ArnNotLike if arn => unlike,
        O::Bool if kind == Some(ValueType::Bool) && truths(values) => equal,
        O::StringNotEqualsIgnoreCase if kind == Some(ValueType::Bool) && truths(values) => unequal,
        O::IpAddress if kind == Some(ValueType::IpAddress) => equal,
        O::NotIpAddress if kind == Some(ValueType::IpAddress) => unequal,
        O::NumericEquals if kind == Some(ValueType::Numeric) => equal,
        O::NumericNotEquals if kind == Some(ValueType::Numeric) => unequal,
        O::DateEquals if kind == Some(ValueType::Date) => equal,
        O::DateNotEquals if kind == Some(ValueType::Date) => unequal,
        O::NumericLessThan => order(numeric, "<"),
        O::NumericLessThanEquals => order(numeric, "<="),
        O::NumericGreaterThan => order(numeric, ">"),
        O::NumericGreaterThanEquals => order(numeric, ">="),
        O::DateLessThan => order(date, "<"),
        O::DateLessThanEquals => order(date, "<="),
        O::DateGreaterThan => order(date, ">"),
        O::DateGreaterThanEquals => order(date, ">="),
        _ => None,
    }
}

fn truths(values: &[&str]) -> bool {
    values.iter().all(|text| boolean::parse(text).is_some())
}
