//! Lints of groups and managed policies as such (rules I1, I2).

use std::collections::HashSet;

use super::findings::Findings;
use super::registry as lint;
use super::sites::Sites;
use crate::model::{Model, PolicyId};

pub(super) fn check(found: &mut Findings<'_>, model: &Model, sites: &Sites<'_>) {
    if found.is_on(lint::I1_EMPTY_GROUP) {
        let filled: HashSet<usize> =
            model.users.iter().flat_map(|it| &it.groups).map(|it| it.index()).collect();
        for (at, group) in model.groups.iter().enumerate() {
            let identity = &group.identity;
            let has = !identity.inline.is_empty() || !identity.attached.is_empty();
            if has && !filled.contains(&at) {
                let message = format!("the group `{}` has policies and no users", identity.name);
                found.thing(lint::I1_EMPTY_GROUP, identity.origin, message, "add users, or remove the group");
            }
        }
    }
    if found.is_on(lint::I2_UNATTACHED) {
        for (at, policy) in model.policies.iter().enumerate() {
            let is_aws = policy.arn.split(':').nth(4) == Some("aws");
            if !sites.used.contains(&PolicyId::at(at)) && (!is_aws || found.looks_at_aws()) {
                let message = format!("the policy `{}` is attached to nothing", policy.name);
                found.thing(lint::I2_UNATTACHED, policy.origin, message, "attach it, or remove it");
            }
        }
    }
}
