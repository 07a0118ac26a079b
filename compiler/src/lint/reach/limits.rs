//! What limits whom: permissions boundaries, and the levels of service control policies over each account.

use std::collections::HashMap;

use super::super::sites::{Holder, Sites};
use crate::model::{Document, Identity, Model};

fn identity(model: &Model, holder: Holder) -> Option<&Identity> {
    match holder {
        Holder::User(id) => model.users.get(id.index()).map(|user| &user.identity),
        Holder::Role(id) => model.roles.get(id.index()).map(|role| &role.identity),
    }
}

/// The boundaries of users and roles, as places among all documents.
pub(super) struct Boundaries<'m> {
    model: &'m Model,
    /// By the place of the managed policy.
    places: HashMap<usize, usize>,
}

impl<'m> Boundaries<'m> {
    pub(super) fn new(model: &'m Model, sites: &Sites<'_>) -> Self {
        let places: HashMap<*const Document, usize> =
            sites.all.iter().enumerate().map(|(at, site)| (std::ptr::from_ref(site.document), at)).collect();
        let of_policy = |(at, policy): (usize, &crate::model::ManagedPolicy)| {
            let document = &policy.default_version()?.document;
            Some((at, *places.get(&std::ptr::from_ref(document))?))
        };
        Self { model, places: model.policies.iter().enumerate().filter_map(of_policy).collect() }
    }

    pub(super) fn of(&self, holder: Holder) -> Option<usize> {
        let boundary = match holder {
            Holder::User(id) => self.model.users.get(id.index())?.boundary?,
            Holder::Role(id) => self.model.roles.get(id.index())?.boundary?,
        };
        self.places.get(&boundary.index()).copied()
    }
}

/// The levels of service control policies over accounts, each as places among the control policies.
pub(super) struct Chains<'m> {
    model: &'m Model,
    pub(super) all: Vec<Vec<Vec<usize>>>,
    of: HashMap<&'m str, usize>,
}

impl<'m> Chains<'m> {
    pub(super) fn new(model: &'m Model) -> Self {
        let mut chains = Self { model, all: Vec::new(), of: HashMap::new() };
        let Some(organization) = model.organization.as_ref().filter(|it| it.scps) else { return chains };
        let places = |ids: &[crate::model::ControlId]| ids.iter().map(|id| id.index()).collect::<Vec<_>>();
        // Rule E1: not over the management account.
        for account in organization.accounts.iter().filter(|it| it.account != organization.management) {
            let mut levels = vec![places(&account.scps)];
            let mut node = Some(account.parent);
            while let Some(at) = node.and_then(|node| organization.nodes.get(node.index())) {
                levels.push(places(&at.scps));
                node = at.parent;
            }
            let known = chains.all.iter().position(|known| *known == levels);
            let place = known.unwrap_or(chains.all.len());
            if known.is_none() {
                chains.all.push(levels);
            }
            chains.of.insert(&account.account, place);
        }
        chains
    }

    /// The chain over a user or role; none over service-linked roles.
    pub(super) fn of(&self, holder: Holder) -> Option<usize> {
        let identity = identity(self.model, holder)?;
        let linked = matches!(holder, Holder::Role(_)) && identity.path.starts_with("/aws-service-role/");
        let account = self.model.accounts.get(identity.account.index()).filter(|_| !linked)?;
        self.of.get(&**account).copied()
    }
}
