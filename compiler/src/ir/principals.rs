//! `Principal` and `NotPrincipal` as conditions on who asks (rules N1–N6).
//!
//! A principal is classified like a context key: its ARN, what stands behind a session, its account and its name are keys of their own, which
//! only the runtime fills in. Their names hold capitals, which the keys of policies, being in lower case, never do. A clause becomes
//! alternatives, each a list of conditions that must all hold; an alternative makes a rule.

use std::collections::BTreeSet;

use super::Atom;
use crate::model::{
    BaseOperator, Effect, Identity, Model, OperandForm, Operator, PrincipalClause, PrincipalEntry,
    PrincipalType,
};
use crate::pattern::Glob;

/// The ARN of a user or of a session: what matches directly (rule N3).
pub const DIRECT: &str = "Principal";
/// The role behind a session, or the role itself; the user behind a federated user (rule N3): see [`behind_session`], [`behind_federated`].
pub const BEHIND: &str = "Principal:behind";
/// The account of a user, role, session or root user (rule N2).
pub const ACCOUNT: &str = "Principal:account";
/// The account of a root user (rule N6).
pub const ROOT: &str = "Principal:root";
/// The name of a service or identity provider (rule N5).
pub const NAME: &str = "Principal:name";
/// `true` where a user or role has a permissions boundary (rule N6).
pub const BOUNDED: &str = "Principal:bounded";

/// Which matches of a resource-type statement count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grant {
    /// At any level: RCPs, endpoint policies; and identity-type documents, which name no principal.
    Any,
    /// Direct matches; of a Deny those at any level.
    Direct,
    /// Matches at session level.
    Session,
    /// Matches at account level.
    Account,
}

/// What [`BEHIND`] holds for the sessions of a role, and for the role itself: its session ARN without the session's name. The path is not in
/// it, as it is in no session's ARN.
#[must_use]
pub fn behind_session(partition: &str, account: &str, role: &str) -> String {
    format!("arn:{partition}:sts::{account}:assumed-role/{role}")
}

/// What [`BEHIND`] holds for the federated users behind which a user stands.
#[must_use]
pub fn behind_federated(partition: &str, account: &str, user: &str) -> String {
    format!("arn:{partition}:sts::{account}:federated-user/{user}")
}

/// Whom a clause names.
#[derive(Debug, Default)]
struct Named {
    everyone: bool,
    direct: BTreeSet<String>,
    behind: BTreeSet<String>,
    accounts: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Named {
    fn of(model: &Model, clause: &PrincipalClause) -> Self {
        let mut named = Self::default();
        for entry in &clause.entries {
            named.add(model, entry);
        }
        named
    }

    fn add(&mut self, model: &Model, entry: &PrincipalEntry) {
        match entry.kind {
            PrincipalType::Everyone => self.everyone = true,
            PrincipalType::Aws => self.add_aws(model, &entry.text),
            // Rule N5: `*` under these matches nothing. Only an identity provider's ARN is a name that is an ARN.
            PrincipalType::Service | PrincipalType::Federated if &*entry.text == "*" => {}
            PrincipalType::Service if entry.text.starts_with("arn:") => {}
            PrincipalType::Service | PrincipalType::Federated => {
                self.names.insert(entry.text.to_string());
            }
            // No principal of a request is named by a canonical id.
            PrincipalType::CanonicalUser => {}
        }
    }

    fn add_aws(&mut self, model: &Model, text: &str) {
        if text == "*" {
            self.everyone = true;
            return;
        }
        if portcullis_runtime::value::arn::is_account(text) {
            self.accounts.insert(text.to_owned());
            return;
        }
        match portcullis_runtime::value::arn::split(text) {
            Some(["arn", _, "iam", _, account, "root"]) => {
                self.accounts.insert(account.to_owned());
            }
            Some(["arn", partition, "iam", "", account, resource]) => {
                let Some((kind, path)) = resource.split_once('/') else { return };
                let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
                match kind {
                    "user" => {
                        self.direct.insert(text.to_owned());
                        let users = model.users.iter().map(|user| &user.identity);
                        if stands_behind(model, users, account, name, text) {
                            self.behind.insert(behind_federated(partition, account, name));
                        }
                    }
                    "role" => {
                        let roles = model.roles.iter().map(|role| &role.identity);
                        if stands_behind(model, roles, account, name, text) {
                            self.behind.insert(behind_session(partition, account, name));
                        }
                    }
                    _ => {}
                }
            }
            Some(["arn", _, "sts", "", _, _]) => {
                self.direct.insert(text.to_owned());
            }
            Some(_) => {}
            // Rule N5: an id means the ARN of the identity that has it.
            None => {
                let users = model.users.iter().map(|user| &user.identity);
                let identities = users.chain(model.roles.iter().map(|role| &role.identity));
                let with_id = identities.into_iter().find(|identity| *identity.unique_id == *text);
                if let Some(identity) = with_id.filter(|identity| !identity.unique_id.is_empty()) {
                    self.add_aws(model, &identity.arn);
                }
            }
        }
    }
}

/// Whether an ARN names who stands behind the sessions of a name: session ARNs have no path, so that it counts only where the model knows it
/// (rule N3).
fn stands_behind<'m>(
    model: &Model,
    mut identities: impl Iterator<Item = &'m Identity>,
    account: &str,
    name: &str,
    arn: &str,
) -> bool {
    let of_account = |identity: &&Identity| {
        *identity.name == *name
            && model.accounts.get(identity.account.index()).is_some_and(|it| **it == *account)
    };
    model.scenario || identities.find(of_account).is_none_or(|identity| *identity.arn == *arn)
}

fn atom(key: &str, negated: bool, texts: impl IntoIterator<Item = impl AsRef<str>>) -> Atom {
    let base = if negated { BaseOperator::StringNotEquals } else { BaseOperator::StringEquals };
    let mut operands: Vec<OperandForm> =
        texts.into_iter().map(|text| OperandForm::Text(Glob::literal(text.as_ref()))).collect();
    operands.sort_unstable();
    Atom { key: key.into(), operator: Operator { set: None, base, if_exists: false }, operands }
}

/// The alternatives under which a statement of a resource-type document speaks of whoever asks. No alternative: of nobody.
pub(super) fn alternatives(
    model: &Model,
    clause: Option<&PrincipalClause>,
    effect: Effect,
    grant: Grant,
) -> Vec<Vec<Atom>> {
    let always = || vec![Vec::new()];
    let Some(clause) = clause else {
        return if grant == Grant::Any { always() } else { Vec::new() };
    };
    let named = Named::of(model, clause);
    let some = |key: &str, negated: bool, texts: &BTreeSet<String>| {
        (!texts.is_empty()).then(|| atom(key, negated, texts))
    };
    // Denies are all in the set of direct matches.
    if effect == Effect::Deny && matches!(grant, Grant::Session | Grant::Account) {
        return Vec::new();
    }
    if clause.negated {
        let not = |last: &str| -> Vec<Atom> {
            let parts = [
                (DIRECT, &named.direct),
                (BEHIND, &named.behind),
                (NAME, &named.names),
                (last, &named.accounts),
            ];
            parts.into_iter().filter_map(|(key, texts)| some(key, true, texts)).collect()
        };
        return match (effect, grant) {
            // Rule N6: whom an entry matches directly or at session level is spared, an account's root user by the account; nobody who has a
            // permissions boundary.
            (Effect::Deny, _) => {
                let bounded = vec![atom(BOUNDED, false, ["true"])];
                if named.everyone { vec![bounded] } else { vec![bounded, not(ROOT)] }
            }
            // Directly whom no entry matches at any level.
            (Effect::Allow, Grant::Any | Grant::Direct) if !named.everyone => vec![not(ACCOUNT)],
            (Effect::Allow, _) => Vec::new(),
        };
    }
    if named.everyone {
        // At the most direct level: the others add nothing.
        return if matches!(grant, Grant::Any | Grant::Direct) { always() } else { Vec::new() };
    }
    let direct = [(DIRECT, &named.direct), (NAME, &named.names)];
    let session = (BEHIND, &named.behind);
    let account = (ACCOUNT, &named.accounts);
    let parts: Vec<(&str, &BTreeSet<String>)> = match (effect, grant) {
        (Effect::Deny, _) | (_, Grant::Any) => direct.into_iter().chain([session, account]).collect(),
        (_, Grant::Direct) => direct.to_vec(),
        (_, Grant::Session) => vec![session],
        (_, Grant::Account) => vec![account],
    };
    parts.into_iter().filter_map(|(key, texts)| Some(vec![some(key, false, texts)?])).collect()
}
