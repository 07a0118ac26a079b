//! Lints of trust policies (rules E8, I3, I4).

use std::collections::HashSet;

use portcullis_runtime::value::arn;

use super::findings::Findings;
use super::places::Part;
use super::principals::{is_everyone, is_narrowed};
use super::registry as lint;
use crate::facts;
use crate::model::{Effect, Model, OperandForm, PrincipalEntry, PrincipalType, Statement};
use crate::pattern::Glob;

pub(super) fn check(found: &mut Findings<'_>, model: &Model) {
    let organization = model.organization.iter().flat_map(|it| &it.accounts).map(|it| &*it.account);
    let own: HashSet<&str> = model.accounts.iter().map(|it| &**it).chain(organization).collect();
    for role in &model.roles {
        let Some(trust) = &role.trust else { continue };
        let name = &role.identity.name;
        let allows = |it: &&Statement| it.effect == Effect::Allow;
        if !trust.statements.iter().any(|statement| allows(&statement)) {
            let message = format!("nobody can take the role `{name}`: its trust policy allows it to nobody");
            let help = "add an Allow for who is to take it, or remove the role";
            found.thing(lint::I3_NOBODY_ASSUMES, trust.origin, message, help);
        }
        for statement in trust.statements.iter().filter(allows) {
            let Some(clause) = &statement.principals else { continue };
            if is_everyone(clause) && !is_narrowed(statement) {
                let message = format!("the role `{name}` can be taken from any account");
                let help = "name the principals, or ask for aws:PrincipalOrgID or aws:PrincipalArn";
                found.statement(
                    lint::I3_TRUST_EVERYONE,
                    statement,
                    Part::Element("Principal"),
                    message,
                    help,
                );
            }
            for entry in &clause.entries {
                match entry.kind {
                    PrincipalType::Aws => foreign(found, statement, entry, &own),
                    PrincipalType::Federated => federated(found, statement, entry),
                    _ => {}
                }
            }
        }
    }
}

fn foreign(found: &mut Findings<'_>, statement: &Statement, entry: &PrincipalEntry, own: &HashSet<&str>) {
    let account = match arn::split(&entry.text) {
        Some(["arn", _, "iam", "", account, "root"]) => account,
        None if arn::is_account(&entry.text) => &entry.text,
        _ => return,
    };
    let asks = |key: &str| statement.conditions.iter().any(|it| &*it.key == key);
    if own.contains(account) || asks("sts:externalid") || is_narrowed(statement) {
        return;
    }
    let message = format!("whoever account {account} lets may take this role, for any customer of its owner");
    let help = "ask for sts:ExternalId if others use that account too, or name the role that is to take it";
    let part = Part::In("Principal", &entry.text);
    found.statement(lint::I3_FOREIGN_ACCOUNT, statement, part, message, help);
}

fn federated(found: &mut Findings<'_>, statement: &Statement, entry: &PrincipalEntry) {
    let text = entry.text.to_ascii_lowercase();
    let provider = text.split_once(":oidc-provider/").map_or(&*text, |(_, provider)| provider);
    if provider.contains(":saml-provider/") || !provider.contains('.') {
        return;
    }
    let everything = |form: &OperandForm| matches!(form, OperandForm::Like(glob) if Glob::is_any(glob));
    let asks = |claims: Option<&[&str]>| {
        statement.conditions.iter().any(|condition| {
            let rest = condition.key.strip_prefix(provider).and_then(|rest| rest.strip_prefix(':'));
            let is = rest.is_some_and(|rest| claims.is_none_or(|claims| claims.contains(&rest)));
            is && !condition.operator.base.is_negated()
                && !condition.operands.iter().any(|it| everything(&it.form))
        })
    };
    let shared = facts::shared_provider(provider).map(|(_, claims)| claims);
    if asks(shared) {
        return;
    }
    let message = if shared.is_some() {
        format!("anybody with an account at {provider} can take this role")
    } else {
        format!("whoever {provider} vouches for can take this role")
    };
    let claim = shared.and_then(|claims| claims.first()).unwrap_or(&"sub");
    let help = format!("ask for {provider}:{claim}, or another claim that says for whom");
    let part = Part::In("Principal", &entry.text);
    found.statement(lint::I3_FEDERATED_OPEN, statement, part, message, help);
}
