//! Lints of the principals of resource policies (rules N1–N6).

use std::collections::HashSet;

use portcullis_runtime::value::arn;

use super::findings::Findings;
use super::places::Part;
use super::registry as lint;
use super::sites::Site;
use crate::model::{DocumentKind, Effect, Model, PrincipalClause, PrincipalEntry, PrincipalType, Statement};

/// Keys that say who calls, or from where: an Allow to everybody that asks for one of them is not one to everybody.
const NARROWS: [&str; 18] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalservicename",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:userid",
];

/// Keys by which a service says for whom it acts.
const FOR_WHOM: [&str; 5] =
    ["aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner"];

/// The users and roles of the inputs.
pub(super) struct Held<'m> {
    accounts: HashSet<&'m str>,
    arns: HashSet<&'m str>,
}

impl<'m> Held<'m> {
    pub(super) fn of(model: &'m Model) -> Self {
        let users = model.users.iter().map(|user| &user.identity);
        let roles = model.roles.iter().map(|role| &role.identity);
        let arns: HashSet<&str> = users.chain(roles).map(|identity| &*identity.arn).collect();
        let accounts = arns.iter().filter_map(|it| it.split(':').nth(4)).collect();
        Self { accounts, arns }
    }
}

/// Whether a clause names everybody.
pub(super) fn is_everyone(clause: &PrincipalClause) -> bool {
    let is = |entry: &PrincipalEntry| {
        matches!(entry.kind, PrincipalType::Everyone | PrincipalType::Aws) && &*entry.text == "*"
    };
    !clause.negated && clause.entries.iter().any(is)
}

/// Whether a statement asks who calls, or from where.
pub(super) fn is_narrowed(statement: &Statement) -> bool {
    // A service's own words for the same, such as kms:CallerAccount.
    let own = |key: &str| key.ends_with(":calleraccount") || key.ends_with(":dataaccesspointaccount");
    statement.conditions.iter().any(|condition| {
        let asks = !condition.operator.base.is_negated() && !condition.operator.if_exists;
        asks && (NARROWS.contains(&&*condition.key)
            || own(&condition.key)
            || condition.key.starts_with("aws:principaltag/"))
    })
}

pub(super) fn check(found: &mut Findings<'_>, held: &Held<'_>, site: &Site<'_>, statement: &Statement) {
    let Some(clause) = &statement.principals else { return };
    let element = if clause.negated { "NotPrincipal" } else { "Principal" };
    for entry in clause.entries.iter().filter(|entry| entry.kind == PrincipalType::Aws) {
        not_held(found, held, statement, element, &entry.text);
    }
    if clause.negated && statement.effect == Effect::Deny {
        let message = "`NotPrincipal` with Deny spares nobody with a permissions boundary, and names roles and their sessions apart";
        let help = "write \"Principal\": \"*\" with \"ArnNotEquals\": {\"aws:PrincipalArn\": …}";
        found.statement(lint::N6_NOT_PRINCIPAL, statement, Part::Element("NotPrincipal"), message, help);
    }
    if site.document.kind != DocumentKind::Resource || statement.effect != Effect::Allow {
        return;
    }
    if is_everyone(clause) && !is_narrowed(statement) {
        let message = "this grants to everybody, callers without any credentials too";
        let help = "name the principals, or ask for aws:PrincipalOrgID, aws:SourceAccount or the like";
        found.statement(lint::N1_EVERYONE, statement, Part::Element("Principal"), message, help);
    }
    let service = clause.entries.iter().find(|entry| entry.kind == PrincipalType::Service);
    let says = statement.conditions.iter().any(|it| FOR_WHOM.contains(&&*it.key));
    if let Some(entry) = service.filter(|_| !says && !clause.negated) {
        let message = format!("`{}` may do this for whoever asks it to, from any account", entry.text);
        let help = "ask for aws:SourceAccount or aws:SourceArn";
        let part = Part::In("Principal", &entry.text);
        found.statement(lint::N5_CONFUSED_DEPUTY, statement, part, message, help);
    }
}

fn not_held(
    found: &mut Findings<'_>,
    held: &Held<'_>,
    statement: &Statement,
    element: &'static str,
    text: &str,
) {
    let Some(["arn", _, "iam", "", account, name]) = arn::split(text) else { return };
    let of_aws = name.starts_with("role/aws-service-role/") || name.starts_with("role/aws-reserved/");
    let is_identity = name.starts_with("user/") || name.starts_with("role/");
    if is_identity && !of_aws && held.accounts.contains(account) && !held.arns.contains(text) {
        let message = format!("account {account} is given, and has no `{name}`");
        let help = "correct the name, with its path; or remove the entry: who makes it later is granted this";
        found.statement(lint::N3_NOT_HELD, statement, Part::In(element, text), message, help);
    }
}
