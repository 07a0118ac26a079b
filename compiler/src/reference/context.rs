//! The request's context as the conditions see it (rule C12).

use std::collections::BTreeMap;

use super::principal::{Asker, Kind, Known};
use super::values;
use crate::model::{Model, Resource};
use crate::request::{ContextValue, Request};

/// Keys in lower case, as C2 and X4 compare them, and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    values: BTreeMap<String, ContextValue>,
}

impl Context {
    /// The value of a key, ignoring ASCII case.
    pub(super) fn get(&self, key: &str) -> Option<&ContextValue> {
        self.values.get(&key.to_ascii_lowercase())
    }

    fn set(&mut self, key: &str, value: &str) {
        self.values.insert(key.to_ascii_lowercase(), ContextValue::One(value.to_owned()));
    }

    fn set_list_of_one(&mut self, key: &str, value: String) {
        self.values.insert(key.to_ascii_lowercase(), ContextValue::Many(vec![value]));
    }

    /// Gives a key a value, or takes it away.
    pub(super) fn put(&mut self, key: &str, value: Option<ContextValue>) {
        match value {
            Some(value) => {
                self.values.insert(key.to_ascii_lowercase(), value);
            }
            None => self.remove(key),
        }
    }

    fn remove(&mut self, key: &str) {
        self.values.remove(&key.to_ascii_lowercase());
    }

    fn remove_all_under(&mut self, prefix: &str) {
        let prefix = prefix.to_ascii_lowercase();
        self.values.retain(|key, _| !key.starts_with(&prefix));
    }

    /// A context of these keys.
    #[cfg(test)]
    pub(super) fn of<const N: usize>(pairs: [(&str, ContextValue); N]) -> Self {
        Self { values: pairs.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value)).collect() }
    }
}

/// The context of a request (C12).
pub(super) fn context(asker: &Asker<'_>, owner: Option<&Resource>, request: &Request) -> Context {
    let given = request.context.iter().map(|(key, value)| (key.to_ascii_lowercase(), value.clone()));
    let mut context = Context { values: given.collect() };
    // C12: in a scenario file the context is complete as written.
    if request.context_complete {
        return context;
    }
    match asker.principal.account {
        Some(account) if is_held(asker, account) => held(asker, account, request, &mut context),
        Some(account) => foreign(asker, account, &mut context),
        None => without_account(asker, &mut context),
    }
    if let Some(owner) = owner {
        of_resource(asker.model, owner, &mut context);
    }
    // C12: the time keys come from `now` unless the request gives them, and are else absent. A moment outside the years 0000–9999, which
    // has no ISO 8601 text, is epoch seconds in both: a date all the same (C9).
    if let Some(now) = request.now {
        let epoch = now.to_string();
        if context.get("aws:CurrentTime").is_none() {
            context.set("aws:CurrentTime", &values::date::text(now).unwrap_or(epoch.clone()));
        }
        if context.get("aws:EpochTime").is_none() {
            context.set("aws:EpochTime", &epoch);
        }
    }
    context
}

/// Whether all keys that a principal defines itself are fixed for it: of one that the model holds, and of those that have none of them.
pub(super) fn is_fixed(asker: &Asker<'_>) -> bool {
    asker.principal.account.is_none_or(|account| is_held(asker, account))
}

/// Whether the model holds the principal: a user or role, itself or behind its session, or the root user of an
/// account that it speaks of.
fn is_held(asker: &Asker<'_>, account: &str) -> bool {
    let model = asker.model;
    let of_organization = model.organization.as_ref().is_some_and(|it| it.account(account).is_some());
    let of_resources = model.resources.iter().any(|resource| resource.account.as_deref() == Some(account));
    let declared =
        of_organization || of_resources || model.accounts.iter().any(|declared| **declared == *account);
    asker.known.is_some() || asker.principal.kind == Kind::Root && declared
}

/// The keys that the principal itself defines.
fn clear(context: &mut Context) {
    context.remove_all_under("aws:PrincipalTag/");
    for key in [
        "aws:username",
        "aws:userid",
        "aws:PrincipalArn",
        "aws:PrincipalAccount",
        "aws:PrincipalType",
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalIsAWSService",
    ] {
        context.remove(key);
    }
}

/// C12: for a principal that the model holds they come from the model and the session, whatever the request says.
fn held(asker: &Asker<'_>, account: &str, request: &Request, context: &mut Context) {
    clear(context);
    read_off_the_text(asker, account, context);
    let principal = asker.principal;
    let unique_id = asker.known.map_or("", |known| &known.identity().unique_id);
    let user_id = match principal.kind {
        Kind::Root => account.to_owned(),
        Kind::FederatedUser => format!("{account}:{}", principal.name),
        _ if unique_id.is_empty() => String::new(),
        Kind::RoleSession => format!("{unique_id}:{}", principal.session),
        _ => unique_id.to_owned(),
    };
    if !user_id.is_empty() {
        context.set("aws:userid", &user_id);
    }
    if let Some(known) = asker.known {
        match principal.kind {
            Kind::User => context.set("aws:username", &known.identity().name),
            // The role's ARN with its path, which the session's ARN drops.
            Kind::RoleSession => context.set("aws:PrincipalArn", &known.identity().arn),
            _ => {}
        }
    }
    in_organization(asker.model, account, "aws:Principal", context);
    let session = request.session.as_ref();
    // The identity's tags, then the session's. Of two tags whose keys differ only in case the first counts: it is set last. Neither the
    // user's tags reach a federated user, nor any the root user.
    let own = match principal.kind {
        Kind::FederatedUser => &[][..],
        _ => asker.known.map_or(&[][..], Known::tags),
    };
    for tag in own.iter().rev() {
        context.set(&format!("aws:PrincipalTag/{}", tag.key), &tag.value);
    }
    let given = session.filter(|_| principal.kind != Kind::Root).map_or(&[][..], |session| &session.tags);
    for (key, value) in given.iter().rev() {
        context.set(&format!("aws:PrincipalTag/{key}"), value);
    }
    if let Some(identity) = session.and_then(|session| session.source_identity.as_deref()) {
        context.set("aws:SourceIdentity", identity);
    }
}

/// C12: of a principal that the model does not hold some are read off its ARN; the others are the request's.
fn foreign(asker: &Asker<'_>, account: &str, context: &mut Context) {
    // It exists for users only.
    context.remove("aws:username");
    read_off_the_text(asker, account, context);
}

/// What a principal's own text says.
fn read_off_the_text(asker: &Asker<'_>, account: &str, context: &mut Context) {
    let principal = asker.principal;
    let arn = match principal.kind {
        // Of a session the role's; its path is not known.
        Kind::RoleSession => format!("arn:{}:iam::{account}:role/{}", principal.partition, principal.name),
        _ => principal.text.to_owned(),
    };
    context.set("aws:PrincipalArn", &arn);
    context.set("aws:PrincipalAccount", account);
    let kind = match principal.kind {
        Kind::User => "User",
        Kind::FederatedUser => "FederatedUser",
        Kind::Root => "Account",
        _ => "AssumedRole",
    };
    context.set("aws:PrincipalType", kind);
    context.set("aws:PrincipalIsAWSService", "false");
    if principal.kind == Kind::User {
        context.set("aws:username", principal.name);
    }
}

/// Services, identity providers and anonymous callers have no account, no name and no tags.
fn without_account(asker: &Asker<'_>, context: &mut Context) {
    clear(context);
    let principal = asker.principal;
    if principal.kind == Kind::Anonymous {
        context.set("aws:PrincipalType", "Anonymous");
    }
    let is_service = principal.kind == Kind::Service
        && [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|end| principal.text.ends_with(end));
    context.set("aws:PrincipalIsAWSService", if is_service { "true" } else { "false" });
}

/// C12: the keys of a resource that the model holds come from the model.
fn of_resource(model: &Model, owner: &Resource, context: &mut Context) {
    if let Some(account) = &owner.account {
        context.set("aws:ResourceAccount", account);
        context.remove("aws:ResourceOrgID");
        context.remove("aws:ResourceOrgPaths");
        in_organization(model, account, "aws:Resource", context);
    }
    if let Some(tags) = &owner.tags {
        context.remove_all_under("aws:ResourceTag/");
        for tag in tags.iter().rev() {
            context.set(&format!("aws:ResourceTag/{}", tag.key), &tag.value);
        }
    }
}

/// `…OrgID` and `…OrgPaths` for an account of the organization; neither for one that is not in it, nor where the organization has no id.
fn in_organization(model: &Model, account: &str, prefix: &str, context: &mut Context) {
    let organization = model.organization.as_ref().filter(|organization| !organization.id.is_empty());
    let Some(organization) = organization else { return };
    if let Some(path) = organization.org_path(account) {
        context.set(&format!("{prefix}OrgID"), &organization.id);
        context.set_list_of_one(&format!("{prefix}OrgPaths"), path);
    }
}

#[cfg(test)]
mod tests;
