//! One condition: an operator, a key and its values (rules C1–C11).

use std::cmp::Ordering;

use super::context::Context;
use super::glob;
use super::principal;
use super::values::{self, address, binary, date, decimal};
use super::variables;
use crate::model::{BaseOperator, Condition, SetPrefix};
use crate::request::ContextValue;

/// A comparison in its positive form.
#[derive(Clone, Copy, Debug)]
enum Test {
    Equal,
    EqualIgnoringCase,
    Like,
    Number(fn(Ordering) -> bool),
    Date(fn(Ordering) -> bool),
    Bool,
    Binary,
    Address,
    Arn,
    Null,
}

/// The operators of C3: how each compares, and whether it is the negated form.
fn test(operator: BaseOperator) -> (Test, bool) {
    use BaseOperator as O;
    match operator {
        O::StringEquals => (Test::Equal, false),
        O::StringNotEquals => (Test::Equal, true),
        O::StringEqualsIgnoreCase => (Test::EqualIgnoringCase, false),
        O::StringNotEqualsIgnoreCase => (Test::EqualIgnoringCase, true),
        O::StringLike => (Test::Like, false),
        O::StringNotLike => (Test::Like, true),
        O::NumericEquals => (Test::Number(Ordering::is_eq), false),
        O::NumericNotEquals => (Test::Number(Ordering::is_eq), true),
        O::NumericLessThan => (Test::Number(Ordering::is_lt), false),
        O::NumericLessThanEquals => (Test::Number(Ordering::is_le), false),
        O::NumericGreaterThan => (Test::Number(Ordering::is_gt), false),
        O::NumericGreaterThanEquals => (Test::Number(Ordering::is_ge), false),
        O::DateEquals => (Test::Date(Ordering::is_eq), false),
        O::DateNotEquals => (Test::Date(Ordering::is_eq), true),
        O::DateLessThan => (Test::Date(Ordering::is_lt), false),
        O::DateLessThanEquals => (Test::Date(Ordering::is_le), false),
        O::DateGreaterThan => (Test::Date(Ordering::is_gt), false),
        O::DateGreaterThanEquals => (Test::Date(Ordering::is_ge), false),
        O::Bool => (Test::Bool, false),
        O::BinaryEquals => (Test::Binary, false),
        O::IpAddress => (Test::Address, false),
        O::NotIpAddress => (Test::Address, true),
        // C7: ArnLike and ArnEquals are the same operator.
        O::ArnEquals | O::ArnLike => (Test::Arn, false),
        O::ArnNotEquals | O::ArnNotLike => (Test::Arn, true),
        O::Null => (Test::Null, false),
    }
}

/// Whether the condition holds; `read_variables` says whether policy variables are read in its values (X1).
pub(super) fn holds(condition: &Condition, read_variables: bool, context: &Context) -> bool {
    let operator = condition.operator;
    let (test, negated) = test(operator.base);
    // C2: key names compare case-insensitively.
    let value = context.get(&condition.key_text);
    let texts = || condition.operands.iter().map(|operand| &*operand.text);
    if let Test::Null = test {
        return match operator.set {
            // C4: ForAllValues:Null always holds, ForAnyValue:Null never.
            Some(SetPrefix::ForAllValues) => true,
            Some(SetPrefix::ForAnyValue) => false,
            // C4: missing: "true" holds; present, an empty text or list included: "false" holds.
            None => texts().any(|text| values::boolean(text) == Some(value.is_none())),
        };
    }
    let Some(value) = value else {
        // C4: key missing, in this order.
        if operator.if_exists {
            return true;
        }
        return match operator.set {
            Some(SetPrefix::ForAllValues) => true,
            Some(SetPrefix::ForAnyValue) => false,
            None => negated,
        };
    };
    // C1: among the values of one key any may match; a negated operator holds when none does.
    let one =
        |value: &str| texts().any(|text| matches(test, text, read_variables, value, context)) != negated;
    let Some(set) = operator.set else {
        return match value {
            ContextValue::One(value) => one(value),
            // C6: a list without a set prefix never matches, negated operators and IfExists included.
            ContextValue::Many(_) => false,
        };
    };
    // C5: a single value counts as a list of one, and empty texts are dropped first.
    let mut left = value.values().iter().filter(|value| !value.is_empty());
    match set {
        SetPrefix::ForAllValues => left.all(|value| one(value)),
        SetPrefix::ForAnyValue => left.any(|value| one(value)),
    }
}

/// Whether one value of the policy matches one value of the request, in the operator's positive form.
fn matches(test: Test, operand: &str, read_variables: bool, value: &str, context: &Context) -> bool {
    // X3: where a variable has nothing to stand for, the operand equals nothing.
    let substituted = || variables::text(&variables::read(operand, read_variables), context);
    match test {
        // C8: no wildcards.
        Test::Equal => substituted().is_some_and(|operand| operand == value),
        Test::EqualIgnoringCase => substituted().is_some_and(|operand| lower(&operand) == lower(value)),
        // C8: wildcards anywhere, spanning anything.
        Test::Like => variables::substitute(&variables::read(operand, read_variables), context)
            .is_some_and(|pattern| glob::covers(&pattern, value)),
        // C9: what does not parse equals nothing.
        Test::Number(wanted) => match (decimal::parse(value), decimal::parse(operand)) {
            (Some(value), Some(operand)) => wanted(decimal::compare(&value, &operand)),
            _ => false,
        },
        // C9: a time without a zone is an error in a policy and UTC in a request.
        Test::Date(wanted) => match (date::parse(value, false), date::parse(operand, true)) {
            (Some(value), Some(operand)) => wanted(date::compare(&value, &operand)),
            _ => false,
        },
        // C11; X1: a variable works here.
        Test::Bool => {
            let operand = substituted().and_then(|operand| values::boolean(&operand));
            operand.is_some() && operand == values::boolean(value)
        }
        // C11: decoded bytes.
        Test::Binary => {
            let operand = binary::decode(operand);
            operand.is_some() && operand == binary::decode(value)
        }
        // C10
        Test::Address => address::covers(operand, value),
        Test::Arn => arn(operand, read_variables, value, context),
        // Decided by `holds`: presence is no value.
        Test::Null => false,
    }
}

/// C7: six parts on either side, each compared by itself; fewer match nothing.
fn arn(operand: &str, read_variables: bool, value: &str, context: &Context) -> bool {
    let pattern = variables::split(variables::read(operand, read_variables));
    let Some(parts) = principal::split(value) else { return false };
    pattern.len() == parts.len()
        && pattern.iter().zip(parts).all(|(pattern, part)| {
            variables::substitute(pattern, context).is_some_and(|pattern| glob::covers(&pattern, part))
        })
}

/// C8: simple Unicode lower case, one character for one.
fn lower(text: &str) -> String {
    text.chars().map(|character| character.to_lowercase().next().unwrap_or(character)).collect()
}

#[cfg(test)]
mod tests;
