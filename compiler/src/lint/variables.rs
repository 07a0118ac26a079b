//! Lints of policy variables (rules X1, X3).

use super::findings::Findings;
use super::keys::near;
use super::places::Part;
use super::registry as lint;
use super::sites::{Holder, Site};
use crate::facts::keys::key_type;
use crate::model::{OperandForm, Statement};
use crate::pattern::{Glob, Piece, ResourceForm, Variable};

pub(super) fn check(found: &mut Findings<'_>, site: &Site<'_>, statement: &Statement) {
    let only_roles = !site.holders.is_empty() && site.holders.iter().all(|it| matches!(it, Holder::Role(_)));
    if let Some(clause) = &statement.resources {
        let element = if clause.negated { "NotResource" } else { "Resource" };
        for pattern in &clause.patterns {
            let part = Part::In(element, &pattern.text);
            if let ResourceForm::Parts(parts) = &pattern.form {
                parts.iter().for_each(|glob| one(found, statement, glob, only_roles, part));
            }
            lost_dollar(found, statement, &pattern.text, part);
        }
    }
    for condition in &statement.conditions {
        let operator = condition.operator.to_string();
        for operand in &condition.operands {
            let part = Part::Value(&operator, &condition.key_text, &operand.text);
            match &operand.form {
                OperandForm::Text(glob) | OperandForm::Like(glob) => {
                    one(found, statement, glob, only_roles, part)
                }
                OperandForm::Arn(parts) => {
                    parts.iter().for_each(|glob| one(found, statement, glob, only_roles, part));
                }
                _ => {}
            }
            lost_dollar(found, statement, &operand.text, part);
        }
    }
}

fn one(found: &mut Findings<'_>, statement: &Statement, glob: &Glob, only_roles: bool, part: Part<'_>) {
    for piece in glob.pieces() {
        let Piece::Variable(Variable { key, default }) = piece else { continue };
        let of_provider = key.split_once(':').is_some_and(|(provider, _)| provider.contains(['.', '/']));
        if key_type(key).is_none() && !of_provider && !found.is_gate(statement.origin) {
            let help = near(key).map_or_else(
                || "write a key that AWS documents; one that is missing matches nothing".to_owned(),
                |near| format!("did you mean `${{{near}}}`?"),
            );
            let message =
                format!("there is no condition key `{key}`, so that `${{{key}}}` stands for nothing");
            found.statement(lint::X1_UNKNOWN_VARIABLE, statement, part, message, help);
        }
        if only_roles && &**key == "aws:username" && default.is_none() {
            let message = "only users have `aws:username`, and this policy is a role's: `${aws:username}` stands for nothing";
            let help = "write ${aws:userid}, ${aws:PrincipalTag/…} or the role's name";
            found.statement(lint::X1_USERNAME_IN_ROLE, statement, part, message, help);
        }
    }
}

/// A key in braces that is no variable for want of its dollar sign.
fn lost_dollar(found: &mut Findings<'_>, statement: &Statement, text: &str, part: Part<'_>) {
    let lost = text.match_indices("{aws:").find(|(at, _)| {
        let before = text.get(..*at).unwrap_or("");
        !before.ends_with('$')
    });
    if lost.is_some() {
        let message = format!("`{text}` holds a key in braces without a `$` before it: that is plain text");
        found.statement(lint::X1_LOST_DOLLAR, statement, part, message, "write ${aws:…}");
    }
}
