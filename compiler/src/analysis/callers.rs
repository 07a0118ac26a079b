//! Whom to ask about: every user and role, the root users, everybody whom a policy names, and one of each kind of those whom none names.

use std::collections::{BTreeMap, BTreeSet};

use super::universe::Universe;
use crate::model::{Document, Model, OperandForm, PrincipalType};
use crate::pattern::Glob;
use portcullis_runtime::value::arn;

/// One who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Asker {
    /// The kind, in the order in which they are told.
    pub kind: AskerKind,
    /// Who, for people: the ARN of a user or role, a service, an account.
    pub name: String,
    /// The principal of a request.
    pub principal: String,
}

/// What an asker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AskerKind {
    /// A user of the inputs.
    User,
    /// The sessions of a role of the inputs.
    Role,
    /// The root user of an account.
    Root,
    /// Somebody else whom a policy names.
    Named,
    /// Everybody else in an account.
    RestOfAccount,
    /// Everybody in accounts that no policy and no input names.
    OtherAccounts,
    /// A service or identity provider that a policy names.
    Service,
    /// All other services.
    OtherServices,
    /// Whoever is not authenticated.
    Anonymous,
}

impl Asker {
    /// Whether it is of none of these accounts: public, or of somebody else.
    #[must_use]
    pub fn is_outside(&self, accounts: &BTreeSet<String>) -> bool {
        super::scene::own_account(&self.principal).is_none_or(|account| !accounts.contains(&account))
    }
}

/// The session that stands for all of a role's whose names no policy tells apart.
const SESSION: &str = "session";
/// Who stands for everybody else in an account.
const ANYBODY: &str = "anybody-else";

/// Everybody to ask about, sorted.
pub(super) fn askers(universe: &Universe<'_>) -> Vec<Asker> {
    let mut found: BTreeMap<String, Asker> = BTreeMap::new();
    let mut add = |kind, name: &str, principal: &str| {
        let asker = Asker { kind, name: name.to_owned(), principal: principal.to_owned() };
        found.entry(principal.to_owned()).or_insert(asker);
    };
    let mut accounts: BTreeSet<String> = BTreeSet::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut services: BTreeSet<String> = BTreeSet::new();
    for side in &universe.sides {
        let model = side.model;
        for user in &model.users {
            add(AskerKind::User, &user.identity.arn, &user.identity.arn);
        }
        for role in &model.roles {
            if let Some(session) = session_of(&role.identity.arn, SESSION) {
                add(AskerKind::Role, &role.identity.arn, &session);
            }
        }
        accounts.extend(accounts_of(model));
        for document in documents(model) {
            names_in(document, &mut named, &mut services, &mut accounts);
        }
    }
    let own: BTreeSet<String> = universe.sides.iter().flat_map(|side| accounts_of(side.model)).collect();
    for principal in &named {
        let Some([_, _, service, _, account, resource]) = arn::split(principal) else { continue };
        if !arn::is_account(account) {
            continue;
        }
        accounts.insert(account.to_owned());
        match (service, resource.split_once('/')) {
            ("iam", Some(("user", _))) | ("sts", Some(_)) => add(AskerKind::Named, principal, principal),
            ("iam", Some(("role", _))) => {
                if let Some(session) = session_of(principal, SESSION) {
                    add(AskerKind::Named, principal, &session);
                }
            }
            ("iam", Some((provider, _))) if provider.ends_with("-provider") => {
                services.insert(principal.clone());
            }
            _ => {}
        }
    }
    for account in &accounts {
        let root = format!("arn:aws:iam::{account}:root");
        add(AskerKind::Root, &root, &root);
        let name = if own.contains(account) { "everybody else in account " } else { "everybody in account " };
        add(
            AskerKind::RestOfAccount,
            &format!("{name}{account}"),
            &format!("arn:aws:iam::{account}:user/{ANYBODY}"),
        );
    }
    let unnamed = (1_u64..).map(|number| format!("{:012}", 999_999_999_999 - number));
    if let Some(account) = unnamed.take(1_000).find(|account| !accounts.contains(account)) {
        let principal = format!("arn:aws:iam::{account}:user/{ANYBODY}");
        add(AskerKind::OtherAccounts, "everybody in accounts that are not named", &principal);
    }
    for service in &services {
        add(AskerKind::Service, service, service);
    }
    add(AskerKind::OtherServices, "services that are not named", "any-other.amazonaws.com");
    add(AskerKind::Anonymous, "anybody (not authenticated)", "*");
    let mut askers: Vec<Asker> = found.into_values().collect();
    askers.sort();
    askers
}

/// A session of a role.
fn session_of(role: &str, session: &str) -> Option<String> {
    let [_, partition, _, _, account, resource] = arn::split(role)?;
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    Some(format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}"))
}

/// The accounts that a model speaks of as its own: of identities, of resources and of the organization.
pub(super) fn accounts_of(model: &Model) -> BTreeSet<String> {
    let organization =
        model.organization.iter().flat_map(|it| &it.accounts).map(|place| place.account.to_string());
    let resources =
        model.resources.iter().filter_map(|resource| resource.account.as_deref().map(str::to_owned));
    let declared = model.accounts.iter().map(ToString::to_string);
    declared.chain(organization).chain(resources).filter(|account| arn::is_account(account)).collect()
}

/// All documents that can bear on a request.
fn documents(model: &Model) -> Vec<&Document> {
    let users = model.users.iter().map(|user| &user.identity);
    let groups = model.groups.iter().map(|group| &group.identity);
    let roles = model.roles.iter().map(|role| &role.identity);
    let inline =
        users.chain(groups).chain(roles).flat_map(|identity| &identity.inline).map(|policy| &policy.document);
    let managed =
        model.policies.iter().filter_map(|policy| policy.default_version()).map(|version| &version.document);
    let trusts = model.roles.iter().filter_map(|role| role.trust.as_ref());
    let resources = model.resources.iter().filter_map(|resource| resource.policy.as_ref());
    let controls = model.controls.iter().map(|control| &control.document);
    inline.chain(managed).chain(trusts).chain(resources).chain(controls).collect()
}

/// Whom a document names: in principal elements, and in conditions on who asks.
fn names_in(
    document: &Document,
    named: &mut BTreeSet<String>,
    services: &mut BTreeSet<String>,
    accounts: &mut BTreeSet<String>,
) {
    for statement in &document.statements {
        for entry in statement.principals.iter().flat_map(|clause| &clause.entries) {
            match entry.kind {
                PrincipalType::Aws if arn::is_account(&entry.text) => {
                    accounts.insert(entry.text.to_string());
                }
                PrincipalType::Aws => {
                    named.insert(entry.text.to_string());
                    if let Some([_, _, _, _, account, "root"]) = arn::split(&entry.text) {
                        accounts.insert(account.to_owned());
                    }
                }
                PrincipalType::Service | PrincipalType::Federated if &*entry.text != "*" => {
                    services.insert(entry.text.to_string());
                }
                _ => {}
            }
        }
        for condition in &statement.conditions {
            let is_principal = &*condition.key == "aws:principalarn";
            let is_account = &*condition.key == "aws:principalaccount";
            for operand in condition.operands.iter().filter(|_| is_principal || is_account) {
                let text = match &operand.form {
                    OperandForm::Text(glob) | OperandForm::Like(glob) => super::values::instance(glob),
                    OperandForm::Arn(parts) => {
                        let part = |glob: &Glob| {
                            if glob.is_any() { "aws".to_owned() } else { super::values::instance(glob) }
                        };
                        parts.iter().map(part).collect::<Vec<_>>().join(":")
                    }
                    _ => continue,
                };
                if is_account && arn::is_account(&text) {
                    accounts.insert(text);
                } else if is_principal {
                    named.insert(text);
                }
            }
        }
    }
}
