//! Lints of condition keys (rule C2): such as do not exist, that no action carries, that do not fit their operator.

use portcullis_grammar::suggest;

use super::actions::{MOST_EXPANDED, expand};
use super::findings::{Findings, name};
use super::places::Part;
use super::registry as lint;
use super::sites::Site;
use crate::facts::keys::{ValueType, key_type, keys_of};
use crate::model::{BaseOperator, Condition, Effect, Statement};

/// Keys of services that are nonetheless of the caller, and so in every request that has them.
const OF_THE_CALLER: [&str; 7] = [
    "ec2:roledelivery",
    "ec2:sourceinstancearn",
    "glue:credentialissuingservice",
    "glue:roleassumedby",
    "identitystore:userid",
    "lambda:sourcefunctionarn",
    "ssm:sourceinstancearn",
];

/// Keys that hold what the caller writes.
const SPOOFABLE: [&str; 2] = ["aws:referer", "aws:useragent"];

pub(super) fn check(found: &mut Findings<'_>, _site: &Site<'_>, statement: &Statement) {
    for condition in &statement.conditions {
        let operator = condition.operator.to_string();
        let part = Part::Key(&operator, &condition.key_text);
        if SPOOFABLE.contains(&&*condition.key) {
            let message =
                format!("`{}` holds what the caller writes, and keeps nobody out", condition.key_text);
            let help =
                "ask for something that AWS sets, such as aws:PrincipalArn, aws:SourceVpce or aws:SourceArn";
            found.statement(lint::C2_SPOOFABLE_KEY, statement, part, message, help);
        }
        match key_type(&condition.key) {
            None => unknown(found, statement, condition, part),
            Some(kind) => {
                fits(found, statement, condition, kind.value, part);
                carried(found, statement, condition, part);
            }
        }
    }
}

/// Whether a key is one of an identity provider, which anybody can run.
fn of_provider(key: &str) -> bool {
    key.split_once(':').is_some_and(|(provider, _)| provider.contains(['.', '/']))
}

fn unknown(found: &mut Findings<'_>, statement: &Statement, condition: &Condition, part: Part<'_>) {
    let code = lint::C2_UNKNOWN_KEY;
    let skip = found.is_gate(statement.origin) || of_provider(&condition.key) || condition.key.is_empty();
    if skip || found.is_full(code, statement.origin) {
        return;
    }
    let help = near(&condition.key).map_or_else(
        || "write a key that AWS documents; if it is newer than this program, silence this".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    found.statement(
        code,
        statement,
        part,
        format!("there is no condition key `{}`", condition.key_text),
        help,
    );
}

/// The known key that is near to one that does not exist.
pub(super) fn near(key: &str) -> Option<&'static str> {
    let service = key.split_once(':').map_or("aws", |(service, _)| service);
    let near = suggest::nearest(key, keys_of(service).iter().copied());
    near.or_else(|| suggest::nearest(key, keys_of("aws").iter().copied()))
}

/// Whether an operator can do something with values of a type. Generous: what compares as text is left alone where it can work.
fn fits(
    found: &mut Findings<'_>,
    statement: &Statement,
    condition: &Condition,
    kind: ValueType,
    part: Part<'_>,
) {
    use BaseOperator as Op;
    let (suits, what, write): (&[ValueType], &str, &str) = match condition.operator.base {
        Op::Null => return,
        Op::IpAddress | Op::NotIpAddress => {
            (&[ValueType::IpAddress], "no address", "an operator of its type")
        }
        Op::DateEquals
        | Op::DateNotEquals
        | Op::DateLessThan
        | Op::DateLessThanEquals
        | Op::DateGreaterThan
        | Op::DateGreaterThanEquals => {
            (&[ValueType::Date, ValueType::Numeric], "no date", "an operator of its type")
        }
        Op::NumericEquals
        | Op::NumericNotEquals
        | Op::NumericLessThan
        | Op::NumericLessThanEquals
        | Op::NumericGreaterThan
        | Op::NumericGreaterThanEquals => (
            &[ValueType::Numeric, ValueType::Date, ValueType::String],
            "no number",
            "an operator of its type",
        ),
        Op::Bool => {
            (&[ValueType::Bool, ValueType::String], "neither true nor false", "an operator of its type")
        }
        Op::ArnEquals | Op::ArnLike | Op::ArnNotEquals | Op::ArnNotLike => {
            (&[ValueType::Arn, ValueType::String], "no ARN", "an operator of its type")
        }
        Op::BinaryEquals => return,
        _ => (
            &[ValueType::String, ValueType::Arn, ValueType::Bool, ValueType::Numeric],
            if kind == ValueType::IpAddress {
                "an address, not compared as one"
            } else {
                "a date, not compared as one"
            },
            if kind == ValueType::IpAddress { "IpAddress or NotIpAddress" } else { "a Date operator" },
        ),
    };
    if suits.contains(&kind) {
        return;
    }
    let message = format!("`{}` holds {what} under `{}`", condition.key_text, condition.operator);
    found.statement(lint::C3_OPERATOR_TYPE, statement, part, message, format!("write {write}"));
}

/// Whether the actions of a statement carry a key of a service.
fn carried(found: &mut Findings<'_>, statement: &Statement, condition: &Condition, part: Part<'_>) {
    let key = &*condition.key;
    let is_global = key.starts_with("aws:") || OF_THE_CALLER.contains(&key) || of_provider(key);
    let count = statement.actions.patterns.len();
    if is_global || statement.actions.negated || count == 0 || count > MOST_EXPANDED {
        return;
    }
    let mut carriers = Vec::new();
    let mut others = Vec::new();
    for pattern in &statement.actions.patterns {
        let Some(actions) = expand(&pattern.form).filter(|actions| !actions.is_empty()) else { return };
        let carries = actions
            .iter()
            .any(|(facts, name)| facts.action(name).is_some_and(|action| facts.carries(action, key)));
        if carries { carriers.push(pattern) } else { others.push(pattern) }
    }
    let holds_without = condition.operator.if_exists || condition.operator.base.is_negated();
    if carriers.is_empty() {
        let effect = match (condition.operator.base, holds_without) {
            (BaseOperator::Null, _) => "the condition asks for nothing",
            (_, true) => "the condition always holds",
            (_, false) => "the condition never holds",
        };
        let message = format!("no action of {} carries `{}`: {effect}", name(statement), condition.key_text);
        let help = "take a key that AWS documents for the actions, or remove the condition";
        found.statement(lint::C2_KEY_NOT_CARRIED, statement, part, message, help);
    } else if statement.effect == Effect::Allow
        && !holds_without
        && condition.operator.base != BaseOperator::Null
        && condition.operator.set.is_none()
    {
        for other in others {
            let message = format!(
                "`{}` does not carry `{}`, and is never allowed here",
                other.text, condition.key_text
            );
            let help = "move the action to a statement without this condition";
            found.statement(
                lint::C2_KEY_NOT_CARRIED,
                statement,
                Part::In("Action", &other.text),
                message,
                help,
            );
        }
    }
}
