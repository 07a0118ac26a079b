//! Which conditions limit access to somebody known, so that what is granted to everybody is not public.

use crate::facts;
use crate::model::{BaseOperator, Condition, OperandForm, SetPrefix};
use crate::pattern::{Glob, Piece};
use portcullis_runtime::value::arn;

/// Keys that no caller chooses, so that a condition on one of them can limit who is let in.
const LIMITING: &[&str] = &[
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceip",
    "aws:vpcsourceip",
    "aws:userid",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];

/// Whether a condition, where it holds or where it does not, says of whom or from where: it then has its key, and each of its values names
/// somebody.
pub(super) fn is_limiting(condition: &Condition, holds: bool) -> bool {
    let names: fn(&OperandForm) -> bool = if LIMITING.contains(&&*condition.key) {
        names_somebody
    } else if is_claim(&condition.key) {
        names_subject
    } else {
        return false;
    };
    let operator = condition.operator;
    let base = if holds { Some(operator.base) } else { complement(operator.base) };
    // A deny unless it is somebody: a negated operator holds where its key is missing, but for `ForAnyValue:`.
    let needs_key = match holds {
        true => !operator.if_exists && operator.set != Some(SetPrefix::ForAllValues),
        false => operator.if_exists || operator.set != Some(SetPrefix::ForAnyValue),
    };
    needs_key && base.is_some_and(compares) && condition.operands.iter().all(|operand| names(&operand.form))
}

/// Whether an operator asks whether a value is one of some.
fn compares(operator: BaseOperator) -> bool {
    use BaseOperator as O;
    matches!(
        operator,
        O::StringEquals
            | O::StringEqualsIgnoreCase
            | O::StringLike
            | O::ArnEquals
            | O::ArnLike
            | O::IpAddress
    )
}

/// What holds where a negated operator does not.
fn complement(operator: BaseOperator) -> Option<BaseOperator> {
    use BaseOperator as O;
    Some(match operator {
        O::StringNotEquals => O::StringEquals,
        O::StringNotEqualsIgnoreCase => O::StringEqualsIgnoreCase,
        O::StringNotLike => O::StringLike,
        O::ArnNotEquals => O::ArnEquals,
        O::ArnNotLike => O::ArnLike,
        O::NotIpAddress => O::IpAddress,
        _ => return None,
    })
}

/// Whether a key is the claim of a provider that says for whom a token is.
fn is_claim(key: &str) -> bool {
    let Some((provider, claim)) = key.rsplit_once(':') else { return false };
    facts::shared_provider(provider).is_some_and(|(_, claims)| claims.contains(&claim))
}

/// Whether a value stands for somebody, or for addresses that somebody can own.
fn names_somebody(form: &OperandForm) -> bool {
    let is_account = |glob: &Glob| glob.as_literal().is_some_and(arn::is_account);
    match form {
        OperandForm::Text(glob) => glob.as_literal().is_some(),
        // A pattern names somebody by the account in an ARN, by an organization before a path, or by a role's id before its sessions.
        OperandForm::Like(glob) => match glob.pieces() {
            [] | [Piece::Literal(_)] => true,
            [Piece::Literal(text), ..] => match arn::split(text) {
                Some([_, _, _, _, account, _]) => arn::is_account(account),
                None => {
                    text.starts_with("o-") && text.contains('/')
                        || text.starts_with("AROA") && text.len() > 16 && text.contains(':')
                }
            },
            _ => false,
        },
        OperandForm::Arn(parts) => {
            let [.., account, name] = &**parts;
            is_account(account)
                || !name.has_wildcard() && !name.has_variable() && account.as_literal().is_some()
        }
        OperandForm::Ip { v6, prefix, .. } => *prefix >= if *v6 { 32 } else { 8 },
        _ => false,
    }
}

/// Whether a value of a claim names an owner, in whose hands the rest of it is: `repo:acme/*`, `organization:acme:project:*`. A pattern such as
/// `repo:acme*` names nobody: others may call themselves so.
fn names_subject(form: &OperandForm) -> bool {
    match form {
        OperandForm::Text(glob) => glob.as_literal().is_some(),
        OperandForm::Like(glob) => match glob.pieces() {
            [] | [Piece::Literal(_)] => true,
            [Piece::Literal(text), ..] => {
                let owner = text.split_once(':').map_or("", |(_, owner)| owner);
                owner.find(['/', ':']).is_some_and(|at| at > 0)
            }
            _ => false,
        },
        _ => false,
    }
}
