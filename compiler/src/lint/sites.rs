//! Every document of the model with what it is used for and who has it.

use std::collections::{HashMap, HashSet};

use crate::model::{Document, Identity, Model, PolicyId, RoleId, UserId};

/// A user or a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    User(UserId),
    Role(RoleId),
}

/// What a document is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Grants to identities, or would if it were attached.
    Identity,
    /// Limits identities as their boundary, and nothing else.
    Boundary,
    /// A control policy.
    Control,
    /// The policy of a resource, a role's trust or an endpoint.
    Resource,
}

/// A document in its place.
pub(super) struct Site<'m> {
    pub(super) document: &'m Document,
    pub(super) usage: Use,
    /// Whether it limits somebody as a boundary, whatever else it does.
    pub(super) is_boundary: bool,
    /// Whether it is one of AWS's own.
    pub(super) is_aws: bool,
    /// Who has it, each once; groups stand for their users.
    pub(super) holders: Vec<Holder>,
}

/// All documents.
pub(super) struct Sites<'m> {
    pub(super) all: Vec<Site<'m>>,
    /// The places in `all` of what each holder has.
    pub(super) of: HashMap<Holder, Vec<usize>>,
    /// The managed policies that something has or is limited by.
    pub(super) used: HashSet<PolicyId>,
    /// Those that something has.
    attachments: HashSet<PolicyId>,
}

impl<'m> Sites<'m> {
    /// All documents of a model; of a managed policy its default version.
    pub(super) fn of(model: &'m Model) -> Self {
        let mut sites =
            Self { all: Vec::new(), of: HashMap::new(), used: HashSet::new(), attachments: HashSet::new() };
        let mut attached: HashMap<PolicyId, Vec<Holder>> = HashMap::new();
        let mut members: HashMap<usize, Vec<Holder>> = HashMap::new();
        let mut boundaries: HashSet<PolicyId> = HashSet::new();
        for (at, user) in model.users.iter().enumerate() {
            let holder = Holder::User(UserId::at(at));
            sites.identity(&user.identity, &[holder], &mut attached);
            user.groups.iter().for_each(|group| members.entry(group.index()).or_default().push(holder));
            boundaries.extend(user.boundary);
        }
        for (at, group) in model.groups.iter().enumerate() {
            let holders = members.remove(&at).unwrap_or_default();
            sites.identity(&group.identity, &holders, &mut attached);
        }
        for (at, role) in model.roles.iter().enumerate() {
            sites.identity(&role.identity, &[Holder::Role(RoleId::at(at))], &mut attached);
            boundaries.extend(role.boundary);
            sites.push(role.trust.as_ref(), Use::Resource);
        }
        sites.used.extend(boundaries.iter().copied());
        for (at, policy) in model.policies.iter().enumerate() {
            let Some(version) = policy.default_version() else { continue };
            let id = PolicyId::at(at);
            let mut holders = attached.remove(&id).unwrap_or_default();
            holders.sort_unstable_by_key(|holder| match holder {
                Holder::User(id) => (0, id.0),
                Holder::Role(id) => (1, id.0),
            });
            holders.dedup();
            let is_boundary = boundaries.contains(&id);
            let usage =
                if is_boundary && !sites.attachments.contains(&id) { Use::Boundary } else { Use::Identity };
            let is_aws = policy.arn.split(':').nth(4) == Some("aws");
            sites.all.push(Site { document: &version.document, usage, is_boundary, is_aws, holders });
        }
        model.controls.iter().filter(|it| !it.is_aws_own()).for_each(|control| {
            sites.push(Some(&control.document), Use::Control);
        });
        model.resources.iter().for_each(|resource| sites.push(resource.policy.as_ref(), Use::Resource));
        let endpoints = model.endpoints.iter().flat_map(|endpoint| &endpoint.documents);
        endpoints.for_each(|document| sites.push(Some(document), Use::Resource));
        for (at, site) in sites.all.iter().enumerate() {
            site.holders.iter().for_each(|holder| sites.of.entry(*holder).or_default().push(at));
        }
        sites
    }

    fn push(&mut self, document: Option<&'m Document>, usage: Use) {
        let site =
            |document| Site { document, usage, is_boundary: false, is_aws: false, holders: Vec::new() };
        self.all.extend(document.map(site));
    }

    fn identity(
        &mut self,
        identity: &'m Identity,
        holders: &[Holder],
        attached: &mut HashMap<PolicyId, Vec<Holder>>,
    ) {
        for inline in &identity.inline {
            let (document, holders) = (&inline.document, holders.to_vec());
            let usage = Use::Identity;
            self.all.push(Site { document, usage, is_boundary: false, is_aws: false, holders });
        }
        for policy in &identity.attached {
            self.used.insert(*policy);
            self.attachments.insert(*policy);
            attached.entry(*policy).or_default().extend_from_slice(holders);
        }
    }
}
