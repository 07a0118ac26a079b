//! Whom the principal element of a resource-type policy matches, and at which level (rules N1–N6).

use super::principal::{Asker, Kind, Known, Principal, is_account, split};
use crate::model::{DocumentKind, Effect, PrincipalEntry, PrincipalType, Statement};

/// How closely a principal is matched (rule N), from the loosest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// By its account: this delegates to the account and does not itself grant (rules N2, E3).
    Account,
    /// By the role behind a session or as a bare role, or by the user behind a federated user (rule N3).
    Session,
    /// By its own ARN or name, or by `*` (rules N1, N3, N5).
    Direct,
}

/// The level at which a statement of a resource-type document names the asker; `None` where it does not.
pub(super) fn level(statement: &Statement, kind: DocumentKind, asker: &Asker<'_>) -> Option<Level> {
    let Some(clause) = &statement.principals else {
        // P2: absent means `*` in RCPs and endpoint policies; elsewhere it is an error and names nobody.
        return matches!(kind, DocumentKind::Rcp | DocumentKind::Endpoint).then_some(Level::Direct);
    };
    let matched = clause.entries.iter().filter_map(|it| entry(it, asker)).max();
    match (clause.negated, statement.effect) {
        (false, _) => matched,
        // N6: matches directly whom no entry matches at any level.
        (true, Effect::Allow) => matched.is_none().then_some(Level::Direct),
        (true, Effect::Deny) => (!is_spared(matched, asker)).then_some(Level::Direct),
    }
}

/// N6: whether `NotPrincipal` with `Deny` spares the asker, whom its entries match at this level.
fn is_spared(matched: Option<Level>, asker: &Asker<'_>) -> bool {
    if asker.has_boundary() {
        return false;
    }
    match matched {
        Some(Level::Direct | Level::Session) => true,
        // An account entry alone spares nobody but that account's root user.
        Some(Level::Account) => asker.principal.kind == Kind::Root,
        None => false,
    }
}

/// The level at which one entry matches the asker.
fn entry(entry: &PrincipalEntry, asker: &Asker<'_>) -> Option<Level> {
    let kind = asker.principal.kind;
    let is_named = *entry.text == *asker.principal.text;
    let matches = match entry.kind {
        // N1: everybody, anonymous callers included.
        PrincipalType::Everyone => true,
        PrincipalType::Aws if &*entry.text == "*" => true,
        PrincipalType::Aws => return aws(&entry.text, asker),
        // N5: by exact name; a principal that is no ARN may be either. `*` is the name of nobody.
        PrincipalType::Service => kind == Kind::Service && is_named,
        PrincipalType::Federated => matches!(kind, Kind::Service | Kind::Provider) && is_named,
        PrincipalType::CanonicalUser => false,
    };
    matches.then_some(Level::Direct)
}

/// An entry under `AWS` other than `*`.
fn aws(text: &str, asker: &Asker<'_>) -> Option<Level> {
    // N5: a unique id means the ARN of the identity that has it.
    let text = with_unique_id(text, asker).unwrap_or(text);
    let named = Principal::of(text);
    let asks = asker.principal;
    // N2: an account, as its number or its root user's ARN.
    if is_account(text) || named.kind == Kind::Root {
        let account = named.account.unwrap_or(text);
        return (asks.account == Some(account)).then_some(Level::Account);
    }
    // Principals are global: an ARN with a region is none of theirs.
    if split(text).is_none_or(|[_, _, _, region, _, _]| !region.is_empty()) {
        return None;
    }
    match (named.kind, asks.kind) {
        // N3: a user, a session or a federated user by its own ARN.
        (Kind::User, Kind::User)
        | (Kind::RoleSession, Kind::RoleSession)
        | (Kind::FederatedUser, Kind::FederatedUser) => (asks.text == text).then_some(Level::Direct),
        // N3: the bare role, the role behind a session, the user behind a federated user.
        (Kind::Role, Kind::Role | Kind::RoleSession) | (Kind::User, Kind::FederatedUser) => {
            is_behind(&named, asker).then_some(Level::Session)
        }
        // N4: nobody else, groups above all.
        _ => None,
    }
}

/// The ARN of the held user or role with this unique id.
fn with_unique_id<'a>(text: &str, asker: &Asker<'a>) -> Option<&'a str> {
    let users = asker.model.users.iter().map(|user| &user.identity);
    let roles = asker.model.roles.iter().map(|role| &role.identity);
    let held = users.chain(roles).find(|identity| !text.is_empty() && *identity.unique_id == *text);
    held.map(|identity| &*identity.arn)
}

/// N3: whether the user or role that an entry names is the one that asks or the one behind it: account and name are compared, and the path
/// where the model holds an identity of that account and name; of a scenario's it does not know the path.
fn is_behind(named: &Principal<'_>, asker: &Asker<'_>) -> bool {
    let asks = asker.principal;
    if (named.partition, named.account, named.name) != (asks.partition, asks.account, asks.name) {
        return false;
    }
    let Some(held) = Known::behind(asker.model, named).filter(|_| !asker.model.scenario) else {
        return true;
    };
    let path = Principal::of(&held.identity().arn).path;
    // A bare role under another path than the held one does not exist, so no entry is its ARN.
    named.path == path && (asks.kind != Kind::Role || asks.path == path)
}

#[cfg(test)]
mod tests;
