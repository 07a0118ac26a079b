//! Lints of the values of conditions (rules C1, C8–C11).

use super::contain::glob_covers;
use super::findings::Findings;
use super::places::Part;
use super::registry as lint;
use crate::model::{BaseOperator, Condition, Operand, OperandForm, Statement};
use crate::pattern::Glob;

pub(super) fn check(found: &mut Findings<'_>, statement: &Statement) {
    for condition in &statement.conditions {
        let operator = condition.operator.to_string();
        let part = Part::Key(&operator, &condition.key_text);
        let has = |truth| condition.operands.iter().any(|it| it.form == OperandForm::Bool(truth));
        if has(true) && has(false) {
            let effect = match condition.operator.base {
                BaseOperator::Null => "always holds",
                _ => "only asks that the key is there",
            };
            let message = format!("`{operator}` with both true and false {effect}");
            found.statement(
                lint::C11_BOTH_BOOLEANS,
                statement,
                part,
                message,
                "keep one of them, or remove the condition",
            );
        }
        let now = matches!(&*condition.key, "aws:currenttime" | "aws:epochtime");
        let equals = matches!(
            condition.operator.base,
            BaseOperator::DateEquals | BaseOperator::DateNotEquals | BaseOperator::NumericEquals
        );
        if now && equals {
            let message = format!("`{operator}` compares the current time with one instant");
            let help = "write DateLessThan or DateGreaterThan, or both";
            found.statement(lint::C9_INSTANT, statement, part, message, help);
        }
        for operand in &condition.operands {
            value(
                found,
                statement,
                condition,
                operand,
                Part::Value(&operator, &condition.key_text, &operand.text),
            );
        }
        if found.is_on(lint::C1_REDUNDANT_VALUE) {
            redundant(found, statement, condition, &operator);
        }
    }
}

fn value(
    found: &mut Findings<'_>,
    statement: &Statement,
    condition: &Condition,
    operand: &Operand,
    part: Part<'_>,
) {
    let operator = condition.operator;
    match &operand.form {
        // `${*}` says that the character is meant; `.gate` files have a lint of their own.
        OperandForm::Text(_)
            if operator.base != BaseOperator::Bool
                && operand.text.replace("${*}", "").contains('*')
                && !found.is_gate(statement.origin) =>
        {
            let message = format!("`*` in `{}` is the character itself under `{operator}`", operand.text);
            let like = if operator.base.is_negated() { "StringNotLike" } else { "StringLike" };
            let help = format!("write `{like}` if a wildcard is meant");
            found.statement(lint::C8_WILDCARD_IN_EQUALS, statement, part, message, help);
        }
        OperandForm::Like(glob) if glob.is_any() => like_everything(found, statement, condition, part),
        OperandForm::Arn(parts) if parts.iter().all(Glob::is_any) => {
            like_everything(found, statement, condition, part);
        }
        OperandForm::Ip { v6, address, prefix } => {
            if *prefix == 0 {
                let family = if *v6 { "IPv6" } else { "IPv4" };
                let message = format!("`{}` is every {family} address", operand.text);
                let help = "name the networks that are meant, or remove the condition";
                found.statement(lint::C10_ANY_ADDRESS, statement, part, message, help);
            }
            let private = match (v6, address) {
                (false, [10, ..]) => *prefix >= 8,
                (false, [172, second, ..]) => *prefix >= 12 && (16..32).contains(second),
                (false, [192, 168, ..]) => *prefix >= 16,
                (true, [first, ..]) => *prefix >= 7 && first & 0xfe == 0xfc,
                _ => false,
            };
            if private && *condition.key == *"aws:sourceip" {
                let message = format!(
                    "`{}` is private, and requests over the internet never come from there",
                    operand.text
                );
                let help = "write the public addresses; for private ones of a VPC, aws:VpcSourceIp with aws:SourceVpc";
                found.statement(lint::C10_PRIVATE_ADDRESS, statement, part, message, help);
            }
        }
        _ => {}
    }
}

fn like_everything(found: &mut Findings<'_>, statement: &Statement, condition: &Condition, part: Part<'_>) {
    let operator = condition.operator;
    let effect = if operator.base.is_negated() { "is missing" } else { "is there" };
    let message = format!("`{operator}` with `*` only asks that `{}` {effect}", condition.key_text);
    let truth = operator.base.is_negated();
    let help = format!("write \"Null\": {{\"{}\": \"{truth}\"}}, which says so", condition.key_text);
    found.statement(lint::C8_LIKE_EVERYTHING, statement, part, message, help);
}

/// Whether a value matches all that another one does.
fn covers(outer: &OperandForm, inner: &OperandForm) -> bool {
    match (outer, inner) {
        (OperandForm::Like(outer), OperandForm::Like(inner)) => glob_covers(outer, inner),
        (OperandForm::Arn(outer), OperandForm::Arn(inner)) => {
            outer.iter().zip(inner.iter()).all(|(outer, inner)| glob_covers(outer, inner))
        }
        (
            OperandForm::Ip { v6, address, prefix },
            OperandForm::Ip { v6: v6_2, address: address_2, prefix: prefix_2 },
        ) => {
            let bits = |address: &[u8; 16]| u128::from_be_bytes(*address);
            // IPv4 stands in the first four bytes: the leading bits compare alike.
            let shift = 128_u32.saturating_sub(u32::from(*prefix));
            let same = bits(address).checked_shr(shift) == bits(address_2).checked_shr(shift);
            v6 == v6_2 && prefix <= prefix_2 && same
        }
        _ => outer == inner,
    }
}

fn redundant(found: &mut Findings<'_>, statement: &Statement, condition: &Condition, operator: &str) {
    let operands = &condition.operands;
    if operands.len() > 400 {
        return;
    }
    for (at, operand) in operands.iter().enumerate() {
        let wider = operands.iter().enumerate().find(|(other, wider)| {
            *other != at
                && covers(&wider.form, &operand.form)
                // Of two equal ones the later one is too many.
                && (*other < at || !covers(&operand.form, &wider.form))
        });
        if let Some((_, wider)) = wider {
            let message = format!("`{}` is covered by `{}`", operand.text, wider.text);
            let part = Part::Value(operator, &condition.key_text, &operand.text);
            found.statement(lint::C1_REDUNDANT_VALUE, statement, part, message, "remove it");
        }
    }
}
