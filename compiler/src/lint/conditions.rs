//! Lints of conditions as a whole (rules C1, C4, C5): where they hold though nobody meant it, or never.

use super::contain::glob_covers;
use super::findings::Findings;
use super::places::Part;
use super::registry as lint;
use super::sites::Site;
use crate::facts::keys::key_type;
use crate::model::{BaseOperator, Condition, Effect, OperandForm, ResourcePattern, SetPrefix, Statement};
use crate::pattern::{Glob, Piece, ResourceForm};

/// Keys that every request of an authenticated caller has.
const ALWAYS: [&str; 11] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:securetransport",
    "aws:userid",
    "aws:viaawsservice",
];

/// Keys that say from where a call comes.
const NETWORK: [&str; 4] = ["aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip"];

/// Keys by which calls of services, or certain callers, are excepted.
const EXCEPTS_SERVICES: [&str; 8] = [
    "aws:viaawsservice",
    "aws:principalisawsservice",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:principalarn",
    "aws:principalservicename",
    "aws:principalservicenameslist",
];

const MFA: [&str; 2] = ["aws:multifactorauthpresent", "aws:multifactorauthage"];

pub(super) fn check(found: &mut Findings<'_>, _site: &Site<'_>, statement: &Statement) {
    for condition in &statement.conditions {
        let operator = condition.operator.to_string();
        let part = Part::Key(&operator, &condition.key_text);
        if condition.operator.base == BaseOperator::Null {
            continue;
        }
        match statement.effect {
            Effect::Allow => allow(found, statement, condition, part),
            Effect::Deny => deny(found, statement, condition, part),
        }
        let is_single = key_type(&condition.key).is_some_and(|kind| !kind.is_list);
        if condition.operator.set.is_some() && is_single {
            let message =
                format!("`{}` holds a single value, and `{operator}` is for lists", condition.key_text);
            let plain = operator.split_once(':').map_or("", |(_, plain)| plain);
            let help = format!("write `{plain}`");
            found.statement(lint::C5_SINGLE_VALUED_KEY, statement, part, message, help);
        }
    }
    contradictions(found, statement);
}

/// Whether a glob needs a key: a variable of it without a default, which matches nothing where the key is missing (rule X3).
fn needs(glob: &Glob, key: &str) -> bool {
    glob.pieces()
        .iter()
        .any(|piece| matches!(piece, Piece::Variable(it) if *it.key == *key && it.default.is_none()))
}

fn form_needs(form: &OperandForm, key: &str) -> bool {
    match form {
        OperandForm::Text(glob) | OperandForm::Like(glob) => needs(glob, key),
        OperandForm::Arn(parts) => parts.iter().any(|glob| needs(glob, key)),
        _ => false,
    }
}

/// Whether a statement asks elsewhere that a key is there, or applies to nothing without it.
fn asks_presence(statement: &Statement, key: &str) -> bool {
    let resource_needs = |pattern: &ResourcePattern| matches!(&pattern.form, ResourceForm::Parts(parts) if parts.iter().any(|glob| needs(glob, key)));
    let resources = statement.resources.as_ref().filter(|clause| !clause.negated);
    if resources.is_some_and(|it| !it.patterns.is_empty() && it.patterns.iter().all(resource_needs)) {
        return true;
    }
    statement.conditions.iter().any(|other| {
        let operator = other.operator;
        let is_false = |it: &crate::model::Operand| it.form == OperandForm::Bool(false);
        let null = operator.base == BaseOperator::Null && other.operands.iter().all(is_false);
        let positive = !operator.base.is_negated()
            && operator.base != BaseOperator::Null
            && !operator.if_exists
            && operator.set != Some(SetPrefix::ForAllValues);
        *other.key == *key && (null || positive)
            || positive && other.operands.iter().all(|it| form_needs(&it.form, key))
    })
}

fn allow(found: &mut Findings<'_>, statement: &Statement, condition: &Condition, part: Part<'_>) {
    let (operator, key) = (condition.operator, &*condition.key);
    let text = &condition.key_text;
    if asks_presence(statement, key) {
        return;
    }
    let can_be_absent = !ALWAYS.contains(&key);
    match operator.set {
        // Where no tags are given there is nothing to object to: the documented use of this key.
        Some(SetPrefix::ForAllValues) if can_be_absent && key != "aws:tagkeys" => {
            let message =
                format!("this Allow also grants where `{text}` is missing or empty: `{operator}` holds then");
            let help = format!(
                "add \"Null\": {{\"{text}\": \"false\"}}, or write ForAnyValue if one value is enough"
            );
            found.statement(lint::C5_FOR_ALL_VALUES_ALLOW, statement, part, message, help);
        }
        Some(SetPrefix::ForAnyValue) if operator.base.is_negated() => {
            let message =
                format!("this Allow only asks that some value of `{text}` differs from those named");
            let help = "to allow none of them, write ForAllValues with the same operator and ask that the key is there";
            found.statement(lint::C5_ANY_VALUE_NEGATED, statement, part, message, help);
        }
        None if operator.if_exists && MFA.contains(&key) => {
            let message =
                format!("this Allow grants without MFA to access keys, whose requests lack `{text}`");
            let help = format!("write `{}` without IfExists", operator.base.name());
            found.statement(lint::C4_MFA_ABSENT, statement, part, message, help);
        }
        None if operator.if_exists && can_be_absent && !operator.base.is_negated() => {
            let message = format!("this Allow also grants where `{text}` is missing");
            let help = format!("write `{}` without IfExists, unless that is meant", operator.base.name());
            found.statement(lint::C4_IF_EXISTS_ALLOW, statement, part, message, help);
        }
        None if operator.base.is_negated() && can_be_absent => {
            let message =
                format!("this Allow also grants where `{text}` is missing: `{operator}` holds then");
            let help = format!(
                "add \"Null\": {{\"{text}\": \"false\"}}, or name what is allowed instead of what is not"
            );
            found.statement(lint::C4_NEGATED_ABSENT, statement, part, message, help);
        }
        _ => {}
    }
}

fn deny(found: &mut Findings<'_>, statement: &Statement, condition: &Condition, part: Part<'_>) {
    let (operator, key) = (condition.operator, &*condition.key);
    let text = &condition.key_text;
    let excepts = |other: &Condition| EXCEPTS_SERVICES.contains(&&*other.key);
    if operator.base.is_negated()
        && operator.set.is_none()
        && !operator.if_exists
        && NETWORK.contains(&key)
        && !statement.conditions.iter().any(excepts)
    {
        let message = format!(
            "this Deny also hits what AWS services do for the caller, whose calls lack `{text}` or have another"
        );
        let help = "add \"Bool\": {\"aws:ViaAWSService\": \"false\"}, in the policy of a resource \"aws:PrincipalIsAWSService\"";
        found.statement(lint::C4_DENY_NETWORK, statement, part, message, help);
    }
    let is_false = |it: &crate::model::Operand| it.form == OperandForm::Bool(false);
    if key == "aws:multifactorauthpresent"
        && operator.base == BaseOperator::Bool
        && !operator.if_exists
        && operator.set.is_none()
        && condition.operands.iter().any(is_false)
    {
        let message = format!("this Deny spares access keys, whose requests lack `{text}`");
        let help = "write `BoolIfExists`, which also holds where the key is missing";
        found.statement(lint::C4_MFA_ABSENT, statement, part, message, help);
    }
}

fn contradictions(found: &mut Findings<'_>, statement: &Statement) {
    let conditions = &statement.conditions;
    for (at, first) in conditions.iter().enumerate() {
        for second in conditions.iter().skip(at + 1).filter(|second| second.key == first.key) {
            let Some(why) = contradict(first, second).or_else(|| contradict(second, first)) else { continue };
            let operator = second.operator.to_string();
            let message = format!(
                "`{}` and `{operator}` of `{}` never hold together: {why}",
                first.operator, second.key_text
            );
            let part = Part::Key(&operator, &second.key_text);
            found.statement(
                lint::C1_CONTRADICTION,
                statement,
                part,
                message,
                "remove one, or make two statements",
            );
        }
    }
}

fn contradict(one: &Condition, other: &Condition) -> Option<&'static str> {
    use BaseOperator as Op;
    let plain = |it: &Condition| it.operator.set.is_none() && !it.operator.if_exists;
    if !plain(other) || other.operator.base == Op::Null {
        return None;
    }
    if one.operator.base == Op::Null && one.operator.set.is_none() {
        let absent = one.operands.iter().all(|it| it.form == OperandForm::Bool(true));
        return (absent && !other.operator.base.is_negated()).then_some("one asks that the key is missing");
    }
    if !plain(one) {
        return None;
    }
    let literals = |it: &Condition| -> Option<Vec<String>> {
        let text = |form: &OperandForm| match form {
            OperandForm::Text(glob) => glob.as_literal().map(str::to_owned),
            _ => None,
        };
        it.operands.iter().map(|operand| text(&operand.form)).collect()
    };
    match (one.operator.base, other.operator.base) {
        (Op::StringEquals, Op::StringNotEquals) => {
            let (wanted, refused) = (literals(one)?, literals(other)?);
            wanted.iter().all(|it| refused.contains(it)).then_some("what one names the other refuses")
        }
        (Op::StringEquals, Op::StringLike | Op::StringNotLike) => {
            let wanted = literals(one)?;
            let patterns: Vec<&Glob> = other
                .operands
                .iter()
                .map(|it| match &it.form {
                    OperandForm::Like(glob) if !glob.has_variable() => Some(glob),
                    _ => None,
                })
                .collect::<Option<_>>()?;
            let like = |text: &String| patterns.iter().any(|it| glob_covers(it, &Glob::literal(text)));
            let never = match other.operator.base {
                Op::StringLike => !wanted.iter().any(like),
                _ => wanted.iter().all(like),
            };
            never.then_some("no value that one names fits the other")
        }
        (
            Op::NumericLessThan | Op::NumericLessThanEquals | Op::DateLessThan | Op::DateLessThanEquals,
            Op::NumericGreaterThan
            | Op::NumericGreaterThanEquals
            | Op::DateGreaterThan
            | Op::DateGreaterThanEquals,
        ) => {
            // The bounds, as far as they are exact: any of several may hold.
            let number = |form: &OperandForm| match form {
                OperandForm::Number(text) => text.parse::<f64>().ok(),
                OperandForm::Date { seconds, .. } => i32::try_from(*seconds).ok().map(f64::from),
                _ => None,
            };
            let bounds =
                |it: &Condition| it.operands.iter().map(|it| number(&it.form)).collect::<Option<Vec<_>>>();
            let highest = bounds(one)?.into_iter().fold(f64::NEG_INFINITY, f64::max);
            let lowest = bounds(other)?.into_iter().fold(f64::INFINITY, f64::min);
            (lowest > highest).then_some("nothing is below the one and above the other")
        }
        _ => None,
    }
}
