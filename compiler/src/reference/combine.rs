//! From what the layers say to a decision: V1, V5 and E1–E13 as one function over a few facts, in the order in which the rules apply.

use portcullis_runtime::decision::{Effect, Layer, Reason};

use super::principals::Level;

/// Who asks, as far as the combination cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user, role, role session or federated user; the identity itself or the one behind it is held.
    Known,
    /// One that is not held.
    Unknown,
    /// A role asking as itself that is not held: its own ARN matches at session level (rules N3, E13).
    UnknownRole,
    /// The root user of an account (rule E7).
    Root,
    /// A service or an identity provider (rule E10).
    Service,
    /// Nobody in particular (rule E9).
    Anonymous,
}

/// What the service asks for besides the identity's grant (rule E8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contract {
    /// Nothing (rules E3, E4).
    Ordinary,
    /// A KMS key.
    Key,
    /// A role, for the actions that take it.
    Trust,
    /// The trust policy alone decides.
    NoCallerSide,
}

/// What one layer says: whether some statement of it that applies denies, and whether one allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Says {
    /// Some statement denies.
    pub denies: bool,
    /// Some statement allows.
    pub allows: bool,
}

/// What the resource's policy says. A deny takes effect at any level (rule N); an allow has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceSays {
    /// Some statement denies.
    pub denies: bool,
    /// Some statement allows and matches the principal directly.
    pub direct: bool,
    /// Some statement allows and matches at session level.
    pub session: bool,
    /// Some statement allows and matches at account level.
    pub account: bool,
}

/// All that the combination looks at. Any mixture of values has a decision; which layers bear on which callers is part of the rules and told
/// here, not left to whoever fills this in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// Who asks.
    pub caller: Caller,
    /// Whether the caller's account is the resource's (rule V6).
    pub same_account: bool,
    /// What the service asks for (rule E8).
    pub contract: Contract,
    /// Whether no policy controls the action for this caller (rule E8).
    pub not_controlled: bool,
    /// Whether AWS owns the resource and the action would change it (rule E11).
    pub owned_by_aws: bool,
    /// The first level of RCPs, from the root, that denies. RCPs always allow: a full-access one stands on every level (rule E2).
    pub rcp_denies: Option<usize>,
    /// The first level of SCPs, from the root, that denies.
    pub scp_denies: Option<usize>,
    /// The first level of SCPs, from the root, on which nothing allows.
    pub scp_silent: Option<usize>,
    /// The endpoint's policy, if the request came through one.
    pub endpoint: Option<Says>,
    /// The resource's policy; for [`Contract::Trust`] and [`Contract::NoCallerSide`] the trust policy. `None` where none is held.
    pub resource: Option<ResourceSays>,
    /// The identity policies.
    pub identity: Says,
    /// The permissions boundary, if there is one.
    pub boundary: Option<Says>,
    /// The session policies, if there are any.
    pub session: Option<Says>,
}

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Allow, explicit deny or implicit deny.
    pub effect: Effect,
    /// The layer that decided.
    pub layer: Layer,
    /// Why.
    pub reason: Reason,
    /// The level of an SCP or RCP that decided.
    pub level: Option<usize>,
    /// Of an allow: the loosest level at which the resource's policy counted as granting.
    pub counted: Option<Level>,
}

const fn allow(layer: Layer, reason: Reason, counted: Option<Level>) -> Outcome {
    Outcome { effect: Effect::Allow, layer, reason, level: None, counted }
}

const fn deny(layer: Layer, level: Option<usize>) -> Outcome {
    Outcome { effect: Effect::ExplicitDeny, layer, reason: Reason::Statement, level, counted: None }
}

const fn implicit(layer: Layer, reason: Reason) -> Outcome {
    Outcome { effect: Effect::ImplicitDeny, layer, reason, level: None, counted: None }
}

/// Decides.
#[must_use]
pub fn combine(bits: &Bits) -> Outcome {
    // E8: no policy controls it. V1: the one exception to explicit denies.
    if bits.not_controlled {
        return allow(Layer::Service, Reason::NotControlled, None);
    }
    // E8: an action may have no caller side. E9, E10: services and anonymous callers have none: the resource's policy grants to them.
    let has_own_side = bits.contract != Contract::NoCallerSide
        && !matches!(bits.caller, Caller::Service | Caller::Anonymous);
    // E1, E8, E10: SCPs are of the caller's side.
    let scp_denies = bits.scp_denies.filter(|_| has_own_side);
    let scp_silent = bits.scp_silent.filter(|_| has_own_side);
    // E7, E13: policies of its own has a known identity alone, and they do not attach to root; E6: session policies limit every session.
    let has_policies = has_own_side && bits.caller == Caller::Known;
    let identity = if has_policies { bits.identity } else { Says::default() };
    let boundary = bits.boundary.filter(|_| has_policies);
    let session = bits.session.filter(|_| has_own_side && bits.caller != Caller::Root);
    let resource = bits.resource.unwrap_or_default();

    // V1: an explicit deny in any layer that applies wins; V5: the first in this order is reported.
    if bits.rcp_denies.is_some() {
        return deny(Layer::Rcp, bits.rcp_denies);
    }
    if scp_denies.is_some() {
        return deny(Layer::Scp, scp_denies);
    }
    for (layer, denies) in [
        (Layer::Endpoint, bits.endpoint.is_some_and(|says| says.denies)),
        (Layer::Resource, resource.denies),
        (Layer::Identity, identity.denies),
        (Layer::Boundary, boundary.is_some_and(|says| says.denies)),
        (Layer::Session, session.is_some_and(|says| says.denies)),
    ] {
        if denies {
            return deny(layer, None);
        }
    }
    // E11: after V1's explicit denies.
    if bits.owned_by_aws {
        return implicit(Layer::Service, Reason::OwnedByAws);
    }
    // V5: of the layers that had to allow and did not the first in the same order. E2: RCPs allow. E1: every level of SCPs has to.
    if scp_silent.is_some() {
        return Outcome { level: scp_silent, ..implicit(Layer::Scp, Reason::NoStatement) };
    }
    // E12: so does the endpoint's policy.
    if bits.endpoint.is_some_and(|says| !says.allows) {
        return implicit(Layer::Endpoint, Reason::NoStatement);
    }

    // V2: a boundary or session policy that is not there does not limit.
    let boundary_allows = boundary.is_none_or(|says| says.allows);
    let session_allows = session.is_none_or(|says| says.allows);
    let nothing_limits = boundary_allows && session_allows;
    // E5, E6: past their implicit denies a direct match grants and a session-level match does not. E13: nor does that grant to the session of
    // an unknown identity.
    let session_match_counts = nothing_limits && bits.caller != Caller::Unknown;
    let loosest = if session_match_counts { Level::Session } else { Level::Direct };
    // What the resource's policy grants by itself. E3: an account-level match does not.
    let resource_grants = resource.direct || resource.session && session_match_counts;
    let at_any_level = resource.direct || resource.session || resource.account;
    let resource_silent = implicit(
        Layer::Resource,
        match bits.contract {
            _ if bits.resource.is_some() => Reason::NoStatement,
            Contract::Trust | Contract::NoCallerSide => Reason::NoTrustPolicy,
            Contract::Key => Reason::NoKeyPolicy,
            Contract::Ordinary if has_own_side => Reason::CrossAccount,
            Contract::Ordinary => Reason::NoResourcePolicy,
        },
    );
    if !has_own_side {
        // E8: the trust policy alone decides. E9, E10: the resource's policy grants.
        if resource_grants {
            return allow(Layer::Resource, Reason::Statement, Some(loosest));
        }
        return resource_silent;
    }
    // E4: another account's resource policy has to allow, at any level. E8: so have key and trust policies, within one account too.
    let resource_must_allow = !bits.same_account || bits.contract != Contract::Ordinary;
    if resource_must_allow && !at_any_level {
        return resource_silent;
    }
    let counted = Some(if resource_must_allow { Level::Account } else { loosest });
    // E7: root has every permission in its account; across accounts its own side always grants.
    if bits.caller == Caller::Root {
        return if bits.same_account {
            allow(Layer::Identity, Reason::RootUser, counted)
        } else {
            allow(Layer::Resource, Reason::Statement, counted)
        };
    }
    // E3, E4, E8: the identity grants, as far as boundary and session policies let it.
    if identity.allows && nothing_limits {
        return allow(Layer::Identity, Reason::Statement, counted);
    }
    // E3, E8: within one account the resource's policy grants alone.
    if bits.same_account && resource_grants {
        return allow(Layer::Resource, Reason::Statement, Some(loosest));
    }
    if bits.caller != Caller::Known {
        // E13: no identity grant.
        return implicit(Layer::Identity, Reason::UnknownPrincipal);
    }
    // E5, E6: what was granted, and is cut off by boundary or session policies.
    let is_cut_off = identity.allows || bits.same_account && resource.session;
    let layer = match (is_cut_off, boundary_allows) {
        (false, _) => Layer::Identity,
        (true, false) => Layer::Boundary,
        (true, true) => Layer::Session,
    };
    implicit(layer, Reason::NoStatement)
}

#[cfg(test)]
mod tests;
