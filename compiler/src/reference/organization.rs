//! The control policies that bear on a request, level by level from the root (rules E1, E2).

use super::layers::{self, Located};
use super::principal::Asker;
use super::resource::is_one_of;
use crate::facts;
use crate::model::{ControlId, Model, Resource};

/// The SCPs over the asker; no level where none applies to it (V2).
pub(super) fn scps<'a>(asker: &Asker<'a>, action: &str) -> Vec<Vec<Located<'a>>> {
    // E1: not to service-linked roles. E8: nor to actions without a caller side.
    if asker.is_service_linked() || is_one_of(action, facts::NO_CALLER_SIDE) {
        return Vec::new();
    }
    // E1: to every principal of a member account, its root user included. E10: services, providers and anonymous callers have no account.
    let levels = asker.principal.account.and_then(|account| {
        let organization = asker.model.organization.as_ref()?;
        organization.scp_levels(account)
    });
    levels.unwrap_or_default().into_iter().map(|level| controls(asker.model, level)).collect()
}

/// The RCPs over the request's resource, which is this account's; no level where none applies to it (V2).
pub(super) fn rcps<'a>(
    asker: &Asker<'a>,
    owner: Option<&'a Resource>,
    account: Option<&str>,
    action: &str,
) -> Vec<Vec<Located<'a>>> {
    // E2: not to calls of service-linked roles.
    if asker.is_service_linked() {
        return Vec::new();
    }
    let controls = |level: &[ControlId]| controls(asker.model, level);
    // E2: those of a scenario always apply …
    if let Some(levels) = owner.and_then(|owner| owner.rcps.as_ref()) {
        return levels.iter().map(|level| controls(level)).collect();
    }
    // … those of an organization to resources of member accounts, for the services that support them.
    let service = action.split_once(':').map_or("", |(service, _)| service);
    if !is_one_of(service, facts::RCP_SERVICES) {
        return Vec::new();
    }
    let levels = account.and_then(|account| {
        let organization = asker.model.organization.as_ref()?;
        organization.rcp_levels(account)
    });
    levels.unwrap_or_default().into_iter().map(controls).collect()
}

/// The statements of one level (V3: one policy).
fn controls<'a>(model: &'a Model, level: &[ControlId]) -> Vec<Located<'a>> {
    let policies = level.iter().filter_map(|id| model.controls.get(id.index()));
    policies.flat_map(|policy| layers::located(&policy.id, None, &policy.document)).collect()
}
