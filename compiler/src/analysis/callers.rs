//! Whom to ask about: every user and role, the root users, everybody whom a policy names, and one of each kind of those whom none names.

mod named;

use std::collections::{BTreeMap, BTreeSet};

use named::Names;

use super::universe::Universe;
use crate::model::{Document, Model};
use crate::reference::TAGGED;
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
    /// The sessions of a role of the inputs that bring tags of their own.
    TaggedRole,
    /// The root user of an account.
    Root,
    /// Somebody else whom a policy names.
    Named,
    /// Everybody else in an account.
    RestOfAccount,
    /// Somebody, or everybody, in accounts that no policy and no input names.
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
    let is_tag = |key: &str| key.starts_with("aws:principaltag/");
    let by_tag = universe.atoms.iter().flat_map(|known| &known.keys).any(|key| is_tag(key))
        || universe
            .resources
            .items()
            .iter()
            .flat_map(|set| &set.patterns)
            .any(|form| form.to_string().to_ascii_lowercase().contains("${aws:principaltag/"));
    let mut names = Names::default();
    for side in &universe.sides {
        let model = side.model;
        for user in &model.users {
            add(AskerKind::User, &user.identity.arn, &user.identity.arn);
        }
        for role in &model.roles {
            if let Some(session) = session_of(&role.identity.arn, SESSION) {
                add(AskerKind::Role, &role.identity.arn, &session);
            }
            if let Some(session) = session_of(&role.identity.arn, TAGGED).filter(|_| by_tag) {
                add(AskerKind::TaggedRole, &tagged(&role.identity.arn), &session);
            }
        }
        names.accounts.extend(accounts_of(model));
        documents(model).into_iter().for_each(|document| names.read(document));
    }
    let own: BTreeSet<String> = universe.sides.iter().flat_map(|side| accounts_of(side.model)).collect();
    for principal in names.principals.clone() {
        let Some([_, _, service, _, account, resource]) = arn::split(&principal) else { continue };
        if !arn::is_account(account) {
            continue;
        }
        names.accounts.insert(account.to_owned());
        match (service, resource.split_once('/')) {
            ("iam", Some(("user", _))) | ("sts", Some(_)) => add(AskerKind::Named, &principal, &principal),
            ("iam", Some(("role", _))) => {
                if let Some(session) = session_of(&principal, SESSION) {
                    add(AskerKind::Named, &principal, &session);
                }
            }
            ("iam", Some((provider, _))) if provider.ends_with("-provider") => {
                names.services.insert(principal.clone());
            }
            _ => {}
        }
    }
    // An account that nobody names stands for all such.
    let unnamed = (1_u64..).map(|number| format!("{:012}", 999_999_999_999 - number));
    let is_free = |account: &String| !names.accounts.contains(account) && !names.loose.contains(account);
    let other = unnamed.take(1_000).find(is_free).unwrap_or_default();
    for principal in names.covered(&other) {
        let Some([_, _, _, _, account, resource]) = arn::split(&principal) else { continue };
        let is_named = names.accounts.contains(account);
        // Root users of accounts that are named are asked about as such.
        let is_known = universe.sides.iter().any(|side| side.principal(&principal).is_some());
        if is_known || is_named && resource == "root" {
            continue;
        }
        let (kind, name) = if is_named {
            (AskerKind::Named, principal.clone())
        } else {
            (AskerKind::OtherAccounts, format!("{resource} in {}", accounts_like(account, &other)))
        };
        match session_of(&principal, SESSION) {
            // The ARN of a session drops the role's path: with it, the role is asked itself.
            Some(session) if resource.matches('/').count() == 1 => add(kind, &name, &session),
            _ => add(kind, &name, &principal),
        }
    }
    for account in &names.accounts {
        let root = format!("arn:aws:iam::{account}:root");
        add(AskerKind::Root, &root, &root);
        let name = if own.contains(account) { "everybody else in account " } else { "everybody in account " };
        add(
            AskerKind::RestOfAccount,
            &format!("{name}{account}"),
            &format!("arn:aws:iam::{account}:user/{ANYBODY}"),
        );
        add(
            AskerKind::RestOfAccount,
            &format!("every other role in account {account}"),
            &format!("arn:aws:sts::{account}:assumed-role/{ANYBODY}/{SESSION}"),
        );
    }
    for account in names.loose.difference(&names.accounts).chain([&other]) {
        let accounts = accounts_like(account, &other);
        let role = format!("arn:aws:sts::{account}:assumed-role/{ANYBODY}/{SESSION}");
        add(AskerKind::OtherAccounts, &format!("every other role in {accounts}"), &role);
        let user = format!("arn:aws:iam::{account}:user/{ANYBODY}");
        add(AskerKind::OtherAccounts, &format!("everybody in {accounts}"), &user);
    }
    for service in &names.services {
        add(AskerKind::Service, service, service);
    }
    add(AskerKind::OtherServices, "services that are not named", "any-other.amazonaws.com");
    add(AskerKind::Anonymous, "anybody (not authenticated)", "*");
    let mut askers: Vec<Asker> = found.into_values().collect();
    askers.sort();
    askers
}

/// What accounts are called of which one is asked about, where `other` stands for those that nothing tells apart.
fn accounts_like(account: &str, other: &str) -> String {
    if account == other {
        "accounts that are not named".to_owned()
    } else {
        format!("accounts such as {account}")
    }
}

/// What a role's sessions with tags of their own are called.
pub(super) fn tagged(role: &str) -> String {
    format!("{role} (in sessions with tags of their own)")
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
