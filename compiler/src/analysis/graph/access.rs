//! Who gets permissions from where: memberships, policies, boundaries, the organization, and who may take which role.

use std::collections::BTreeSet;

use portcullis_runtime::value::arn;

use super::nodes::{Key, Nodes};
use super::{EdgeKind, NodeKind, Picture, held};
use crate::merge::PrincipalRef;
use crate::model::organization::FULL_RCP;
use crate::model::{
    ControlId, Document, Effect, Identity, Model, Organization, PolicyId, PrincipalEntry, PrincipalType,
    Statement,
};
use crate::reference::names_action;

/// Actions by which a role is taken.
const TAKING: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// Context keys that an arrow's label names before it only counts them.
const MOST_KEYS: usize = 3;

/// The picture of a whole model. Policies that nobody has are not in it. Linear in the model, but for sorting.
#[must_use]
pub fn access(model: &Model) -> Picture {
    let graph = Access::of(model).nodes.into_graph();
    Picture { title: "Who gets permissions from where".to_owned(), notes: Vec::new(), graph }
}

/// The part of it that bears on one identity: its groups, policies and boundary, the places above it with their control policies, the roles
/// that it may take, and who may take it. `None` where the model holds no such user or role.
#[must_use]
pub fn bearing_on(model: &Model, principal: &str) -> Option<Picture> {
    let key = match held(model, principal)? {
        PrincipalRef::User(_) => (NodeKind::User, principal.to_owned()),
        PrincipalRef::Role(_) => (NodeKind::Role, principal.to_owned()),
    };
    let mut nodes = Access::of(model).nodes;
    if let Some(node) = nodes.nodes.get_mut(&key) {
        node.emphasized = true;
    }
    let above = nodes.closure(&key, &[EdgeKind::Holds], true);
    let mut kept = nodes.closure(&key, &[EdgeKind::Member, EdgeKind::Gets, EdgeKind::Boundary], false);
    let everyone = (NodeKind::Everyone, String::new());
    let meant = |asker: &Key| {
        *asker == key || *asker == everyone || asker.0 == NodeKind::Account && above.contains(asker)
    };
    for (from, to, kind, _) in nodes.edges.keys() {
        match kind {
            // RCPs limit what is done with an account's resources, of which a role is one.
            EdgeKind::Limits
                if above.contains(from) && (to.0 == NodeKind::Scp || key.0 == NodeKind::Role) =>
            {
                kept.insert(to.clone());
            }
            EdgeKind::Assumes | EdgeKind::LetsIn | EdgeKind::KeepsOut if *to == key || meant(from) => {
                kept.extend([from.clone(), to.clone()]);
            }
            _ => {}
        }
    }
    kept.extend(above);
    nodes.retain(|key| kept.contains(key));
    Some(Picture {
        title: format!("What bears on {principal}"),
        notes: Vec::new(),
        graph: nodes.into_graph(),
    })
}

struct Access<'m> {
    model: &'m Model,
    nodes: Nodes,
}

impl<'m> Access<'m> {
    fn of(model: &'m Model) -> Self {
        let mut access = Self { model, nodes: Nodes::default() };
        if let Some(organization) = &model.organization {
            access.organization(organization);
        }
        for group in &model.groups {
            let key = access.identity(NodeKind::Group, &group.identity);
            access.policies(&key, &group.identity);
        }
        for user in &model.users {
            let key = access.identity(NodeKind::User, &user.identity);
            access.policies(&key, &user.identity);
            access.boundary(&key, user.boundary);
            for group in user.groups.iter().filter_map(|&group| model.group(group)) {
                let group = access.identity(NodeKind::Group, &group.identity);
                access.nodes.edge(&key, &group, EdgeKind::Member, None, false);
            }
        }
        for role in &model.roles {
            let key = access.identity(NodeKind::Role, &role.identity);
            access.policies(&key, &role.identity);
            access.boundary(&key, role.boundary);
            if let Some(trust) = &role.trust {
                access.named(&key, trust, true);
            }
        }
        for resource in &model.resources {
            if let Some(policy) = model.policy_of(resource) {
                let key = access.nodes.node(NodeKind::Resource, &resource.arn, |_| ());
                access.named(&key, policy, false);
            }
        }
        access.accounts();
        access
    }

    fn identity(&mut self, kind: NodeKind, identity: &Identity) -> Key {
        self.nodes.node(kind, &identity.arn, |node| {
            node.label = format!("{}{}", identity.path.trim_start_matches('/'), identity.name);
        })
    }

    fn policies(&mut self, holder: &Key, identity: &Identity) {
        for inline in &identity.inline {
            let id = format!("{}#{}", identity.arn, inline.name);
            let key = self.nodes.node(NodeKind::Inline, &id, |node| node.label = inline.name.to_string());
            self.nodes.edge(holder, &key, EdgeKind::Gets, None, false);
        }
        for &policy in &identity.attached {
            if let Some(key) = self.policy(policy) {
                self.nodes.edge(holder, &key, EdgeKind::Gets, None, false);
            }
        }
    }

    fn boundary(&mut self, holder: &Key, policy: Option<PolicyId>) {
        if let Some(key) = policy.and_then(|policy| self.policy(policy)) {
            self.nodes.edge(holder, &key, EdgeKind::Boundary, Some("boundary".to_owned()), false);
        }
    }

    fn policy(&mut self, id: PolicyId) -> Option<Key> {
        let policy = self.model.policy(id)?;
        Some(self.nodes.node(NodeKind::Policy, &policy.arn, |node| {
            let version = policy.default_version().map(|version| &*version.id).unwrap_or_default();
            let version = if version.is_empty() { String::new() } else { format!(" ({version})") };
            node.label = format!("{}{version}", policy.name);
            if matches!(arn::split(&policy.arn), Some([_, _, _, _, "aws", _])) {
                node.details.push("managed by AWS".to_owned());
            }
        }))
    }

    /// Whom a trust policy or a resource's policy names.
    fn named(&mut self, to: &Key, document: &Document, trust: bool) {
        for statement in &document.statements {
            let takes = TAKING.iter().any(|action| names_action(&statement.actions, action));
            let Some(clause) = statement.principals.as_ref().filter(|_| takes || !trust) else { continue };
            let kind = match (statement.effect, trust) {
                (Effect::Deny, _) => EdgeKind::KeepsOut,
                (Effect::Allow, true) => EdgeKind::Assumes,
                (Effect::Allow, false) => EdgeKind::LetsIn,
            };
            let conditions = conditions(statement);
            let dashed = conditions.is_some() || clause.negated;
            if clause.negated {
                let from = self.everyone();
                let names: Vec<&str> = clause.entries.iter().map(|entry| &*entry.text).collect();
                let label = format!("all but {}", names.join(", "));
                let label = conditions.map_or(label.clone(), |conditions| format!("{label}, {conditions}"));
                self.nodes.edge(&from, to, kind, Some(label), dashed);
                continue;
            }
            for entry in &clause.entries {
                if let Some((from, own)) = self.asker(entry) {
                    let label: Vec<String> = own.into_iter().chain(conditions.clone()).collect();
                    let label = (!label.is_empty()).then(|| label.join(", "));
                    self.nodes.edge(&from, to, kind, label, dashed);
                }
            }
        }
    }

    fn everyone(&mut self) -> Key {
        self.nodes.node(NodeKind::Everyone, "", |node| node.label = "everyone".to_owned())
    }

    /// Whom an entry names, and what else has to be said of it (rules N1–N5).
    fn asker(&mut self, entry: &PrincipalEntry) -> Option<(Key, Option<String>)> {
        let text = &*entry.text;
        match entry.kind {
            PrincipalType::Everyone => return Some((self.everyone(), None)),
            PrincipalType::Service | PrincipalType::Federated if text == "*" => return None,
            PrincipalType::Service => return Some((self.nodes.node(NodeKind::Service, text, |_| ()), None)),
            PrincipalType::Federated => {
                return Some((self.nodes.node(NodeKind::Provider, text, |_| ()), None));
            }
            // No principal of a request is named by a canonical id.
            PrincipalType::CanonicalUser => return None,
            PrincipalType::Aws => {}
        }
        if text == "*" {
            return Some((self.everyone(), None));
        }
        let account = match arn::split(text) {
            Some(["arn", _, "iam", _, account, "root"]) => Some(account),
            _ => arn::is_account(text).then_some(text),
        };
        if let Some(account) = account {
            return Some((self.account(account), Some("if its policies allow".to_owned())));
        }
        let model = self.model;
        let is_named =
            |it: &&Identity| *it.arn == *text || !it.unique_id.is_empty() && *it.unique_id == *text;
        if let Some(user) = model.users.iter().map(|user| &user.identity).find(is_named) {
            return Some((self.identity(NodeKind::User, user), None));
        }
        if let Some(role) = model.roles.iter().map(|role| &role.identity).find(is_named) {
            return Some((self.identity(NodeKind::Role, role), None));
        }
        if let Some(["arn", _, "sts", "", account, session]) = arn::split(text)
            && let Some((name, session)) =
                session.strip_prefix("assumed-role/").and_then(|it| it.split_once('/'))
        {
            let of_account = |it: &&Identity| {
                *it.name == *name && model.accounts.get(it.account.index()).is_some_and(|it| **it == *account)
            };
            if let Some(role) = model.roles.iter().map(|role| &role.identity).find(of_account) {
                return Some((self.identity(NodeKind::Role, role), Some(format!("as session {session}"))));
            }
        }
        Some((self.nodes.node(NodeKind::Foreign, text, |_| ()), None))
    }

    fn account(&mut self, number: &str) -> Key {
        self.nodes.node(NodeKind::Account, number, |_| ())
    }

    /// Accounts hold their identities, where there is more to say of them than that there is one.
    fn accounts(&mut self) {
        let model = self.model;
        let users = model.users.iter().map(|user| (NodeKind::User, &user.identity));
        let roles = model.roles.iter().map(|role| (NodeKind::Role, &role.identity));
        let joined: BTreeSet<usize> =
            model.users.iter().flat_map(|user| user.groups.iter().map(|group| group.index())).collect();
        let idle = model.groups.iter().enumerate().filter(|(number, _)| !joined.contains(number));
        let groups = idle.map(|(_, group)| (NodeKind::Group, &group.identity));
        let held: Vec<(NodeKind, &Identity, &str)> = (users.chain(roles).chain(groups))
            .filter_map(|(kind, identity)| {
                Some((kind, identity, &**model.accounts.get(identity.account.index())?))
            })
            .collect();
        let distinct: BTreeSet<&str> = held.iter().map(|(_, _, number)| *number).collect();
        for (kind, identity, number) in &held {
            if distinct.len() > 1 || self.nodes.nodes.contains_key(&(NodeKind::Account, (*number).to_owned()))
            {
                let account = self.account(number);
                let key = self.identity(*kind, identity);
                self.nodes.edge(&account, &key, EdgeKind::Holds, None, false);
            }
        }
    }

    fn organization(&mut self, organization: &Organization) {
        let mut keys: Vec<Key> = Vec::with_capacity(organization.nodes.len());
        for node in &organization.nodes {
            let kind = if node.parent.is_none() { NodeKind::Root } else { NodeKind::Unit };
            let key = self.nodes.node(kind, &node.id, |drawn| {
                let name = if node.name.is_empty() { &node.id } else { &node.name };
                drawn.label = name.to_string();
                if kind == NodeKind::Root && !organization.id.is_empty() {
                    drawn.details.push(organization.id.to_string());
                }
            });
            if let Some(parent) = node.parent.and_then(|parent| keys.get(parent.index())).cloned() {
                self.nodes.edge(&parent, &key, EdgeKind::Holds, None, false);
            }
            self.controls(organization, &key, &node.scps, &node.rcps);
            keys.push(key);
        }
        for place in &organization.accounts {
            let spared = organization.is_management(&place.account);
            let key = self.nodes.node(NodeKind::Account, &place.account, |node| {
                if spared {
                    node.details.push("management account:".to_owned());
                    node.details.push("no SCP, no RCP counts".to_owned());
                }
            });
            if let Some(parent) = keys.get(place.parent.index()).cloned() {
                self.nodes.edge(&parent, &key, EdgeKind::Holds, None, false);
            }
            if !spared {
                self.controls(organization, &key, &place.scps, &place.rcps);
            }
        }
    }

    /// The control policies of a place, as far as their kind is switched on.
    fn controls(&mut self, organization: &Organization, place: &Key, scps: &[ControlId], rcps: &[ControlId]) {
        let scps = scps.iter().filter(|_| organization.scps).map(|id| (NodeKind::Scp, id));
        let rcps = rcps.iter().filter(|_| organization.rcps).map(|id| (NodeKind::Rcp, id));
        let held: Vec<(NodeKind, &ControlId)> = scps.chain(rcps).collect();
        for (kind, id) in held {
            // The full-access RCP stands everywhere, so that it tells nothing (rule E2).
            let told = self.model.controls.get(id.index()).filter(|control| *control.id != *FULL_RCP);
            let Some(control) = told else { continue };
            let key = self.nodes.node(kind, &control.id, |node| node.label = control.name.to_string());
            self.nodes.edge(place, &key, EdgeKind::Limits, None, false);
        }
    }
}

/// The context keys that a statement's conditions look at.
fn conditions(statement: &Statement) -> Option<String> {
    let keys: BTreeSet<&str> = statement.conditions.iter().map(|condition| &*condition.key_text).collect();
    let shown: Vec<&str> = keys.iter().take(MOST_KEYS).copied().collect();
    let more = keys.len().saturating_sub(MOST_KEYS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!shown.is_empty()).then(|| format!("if {}{more}", shown.join(", ")))
}
