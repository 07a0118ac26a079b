//! Conditions in words (rules C1–C11): what the request's value is, or would have to be.

use portcullis_compiler::analysis::explain::Compared;
use portcullis_compiler::model::{BaseOperator, SetPrefix};

use super::{list, value, variables};

/// A condition with this verb (`is`, `were`), holding or not, and what the request has.
pub(super) fn state(condition: &Compared, verb: &str, holds: bool) -> String {
    let Compared { operator, key, .. } = condition;
    let negated = operator.base.is_negated();
    let is = relation(condition, true);
    let is_not = relation(condition, false);
    let known = variables(&condition.variables);
    let said = match (operator.set, holds) {
        (Some(SetPrefix::ForAnyValue), true) => format!("some value of {key} {verb} {is}{known}"),
        (Some(SetPrefix::ForAnyValue), false) => format!("no value of {key} {verb} {is}{known}"),
        (Some(SetPrefix::ForAllValues), true) => format!("every value of {key} {verb} {is}{known}"),
        (Some(SetPrefix::ForAllValues), false) => format!("some value of {key} {verb} {is_not}{known}"),
        (None, true) if operator.if_exists => format!("{key} {verb} missing or {is}{known}"),
        // A negated operator holds for a missing key as well.
        (None, true) if negated && condition.request.is_none() => {
            format!("{key} {verb} missing or {is}{known}")
        }
        (None, true) => format!("{key} {verb} {is}{known}"),
        (None, false) if operator.if_exists && !negated => format!("{key} {verb} given, and {is_not}{known}"),
        (None, false) => format!("{key} {verb} {is_not}{known}"),
    };
    let single = if condition.is_list_without_set() && verb == "were" && holds {
        format!(", and {operator} takes a single value only")
    } else {
        String::new()
    };
    match &condition.request {
        None => format!("{said} (the request does not have it)"),
        Some(has) => format!("{said} (the request has {}{single})", value(has)),
    }
}

/// How the request's value is related to the policy's, or with `holds` false the opposite.
fn relation(condition: &Compared, holds: bool) -> String {
    use BaseOperator as O;
    let any = list(&condition.values, "or");
    let single = condition.values.len() == 1;
    // Of orders, the opposite has a name of its own.
    let order = |yes: &str, no: &str| match (holds, single) {
        (true, _) => format!("{yes} {any}"),
        (false, true) => format!("{no} {any}"),
        (false, false) => format!("not {yes} {any}"),
    };
    // Everything else is so or not so; a negated operator turns that round.
    let is = holds != condition.operator.base.is_negated();
    let equal = |more: &str| match (is, single) {
        (true, true) => format!("{any}{more}"),
        (true, false) => format!("one of {}{more}", list(&condition.values, "and")),
        (false, true) => format!("other than {any}{more}"),
        (false, false) => format!("none of {}{more}", list(&condition.values, "and")),
    };
    let so = |how: &str| if is { format!("{how} {any}") } else { format!("not {how} {any}") };
    match condition.operator.base {
        O::StringEquals | O::StringNotEquals | O::NumericEquals | O::NumericNotEquals => equal(""),
        O::DateEquals | O::DateNotEquals => equal(""),
        O::StringEqualsIgnoreCase | O::StringNotEqualsIgnoreCase => equal(", whatever the case of letters"),
        O::BinaryEquals => equal(", as base64"),
        O::StringLike | O::StringNotLike | O::ArnEquals | O::ArnLike | O::ArnNotEquals | O::ArnNotLike => {
            so("like")
        }
        O::IpAddress | O::NotIpAddress => so("in"),
        O::Bool if is => any,
        O::Bool => format!("not {any}"),
        O::NumericLessThan => order("less than", "at least"),
        O::NumericLessThanEquals => order("at most", "more than"),
        O::NumericGreaterThan => order("more than", "at most"),
        O::NumericGreaterThanEquals => order("at least", "less than"),
        O::DateLessThan => order("before", "not before"),
        O::DateLessThanEquals => order("not after", "after"),
        O::DateGreaterThan => order("after", "not after"),
        O::DateGreaterThanEquals => order("not before", "before"),
        O::Null => {
            let wants_missing = condition.values.iter().any(|value| value.eq_ignore_ascii_case("true"));
            if wants_missing == holds { "missing".to_owned() } else { "given".to_owned() }
        }
    }
}
