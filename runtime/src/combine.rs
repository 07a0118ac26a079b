//! From what the layers say to a decision: the flow chart of rules E1–E13 as one function over small facts.

use crate::decision::{Decision, Effect, Layer, Reason, RuleId};
use crate::format::{self as f, NONE};

/// What one layer says about a request: a rule that denies, a rule that allows.
///
/// Two words, so that it stays in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    deny: u32,
    allow: u32,
}

impl Default for Verdict {
    fn default() -> Self {
        Self { deny: NONE, allow: NONE }
    }
}

impl Verdict {
    /// A rule that denies.
    #[inline]
    #[must_use]
    pub const fn deny(self) -> Option<RuleId> {
        if self.deny == NONE { None } else { Some(RuleId(self.deny)) }
    }

    /// A rule that allows.
    #[inline]
    #[must_use]
    pub const fn allow(self) -> Option<RuleId> {
        if self.allow == NONE { None } else { Some(RuleId(self.allow)) }
    }

    /// The verdict with one more rule that denies; the first one stays.
    #[inline]
    #[must_use]
    pub const fn denied_by(self, rule: RuleId) -> Self {
        if self.deny == NONE { Self { deny: rule.0, ..self } } else { self }
    }

    /// The verdict with one more rule that allows; the first one stays.
    #[inline]
    #[must_use]
    pub const fn allowed_by(self, rule: RuleId) -> Self {
        if self.allow == NONE { Self { allow: rule.0, ..self } } else { self }
    }
}

/// What the levels of control policies say, from the root down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// The first level that denies, with a rule of it.
    pub deny: Option<(u8, RuleId)>,
    /// The first level on which nothing allows.
    pub missing: Option<u8>,
}

/// What a resource's policy says, by the level at which it matches the principal (rules N1–N3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceVerdict {
    /// A rule that denies.
    pub deny: Option<RuleId>,
    /// A rule that allows by a direct match.
    pub direct: Option<RuleId>,
    /// A rule that allows by a match at session level.
    pub session: Option<RuleId>,
    /// A rule that allows by a match at account level.
    pub account: Option<RuleId>,
}

/// Who the caller is, as far as the combination cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user.
    User,
    /// A role itself.
    Role,
    /// A session of a role.
    RoleSession,
    /// A federated user.
    FederatedUser,
    /// An account's root user.
    Root,
    /// A service or an identity provider.
    Service,
    /// Nobody in particular.
    Anonymous,
    /// No principal at all.
    Malformed,
}

/// Whether the resource is of a kind with a stricter contract (rule E8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contract {
    /// It is not.
    None,
    /// A KMS key.
    Key,
    /// A role, to be assumed.
    Trust,
}

/// All that the combination looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who asks.
    pub caller: Caller,
    /// Whether the bundle holds the caller, or the identity behind its session.
    pub known: bool,
    /// Whether the caller's account is the resource's.
    pub same_account: bool,
    /// The resource's contract.
    pub contract: Contract,
    /// Whether the resource has a policy, a role to be assumed a trust policy.
    pub policy_held: bool,
    /// The action is allowed to whoever is authenticated (rule E8).
    pub uncontrolled: bool,
    /// The action is allowed to users and root (rule E8).
    pub uncontrolled_for_users: bool,
    /// The action has no caller side (rule E8).
    pub no_caller_side: bool,
    /// AWS owns the resource and the action would change it (rule E11).
    pub owned_by_aws: bool,
    /// RCPs; only their denies count, for the full-access RCP stands on every level (rule E2).
    pub rcps: Levels,
    /// SCPs of the caller's account.
    pub scps: Levels,
    /// The policy of the endpoint that the request came through.
    pub endpoint: Option<Verdict>,
    /// The resource's policy.
    pub resource: ResourceVerdict,
    /// The identity layer; empty unless the caller is known.
    pub identity: Verdict,
    /// The permissions boundary, if there is one.
    pub boundary: Option<Verdict>,
    /// The session policies, if there are any.
    pub session: Option<Verdict>,
}

impl Facts {
    /// What the flags of an action tell; no layer says anything.
    #[inline]
    pub(crate) const fn of_action(flags: u32) -> Self {
        let nothing = Verdict { deny: NONE, allow: NONE };
        Self {
            caller: Caller::Malformed,
            known: false,
            same_account: false,
            contract: Contract::None,
            policy_held: false,
            uncontrolled: flags & f::ACTION_UNCONTROLLED != 0,
            uncontrolled_for_users: flags & f::ACTION_UNCONTROLLED_FOR_USERS != 0,
            no_caller_side: flags & f::ACTION_NO_CALLER_SIDE != 0,
            owned_by_aws: false,
            rcps: Levels { deny: None, missing: None },
            scps: Levels { deny: None, missing: None },
            endpoint: None,
            resource: ResourceVerdict { deny: None, direct: None, session: None, account: None },
            identity: nothing,
            boundary: None,
            session: None,
        }
    }
}

#[inline]
const fn decision(effect: Effect, layer: Layer, reason: Reason, rule: Option<RuleId>) -> Decision {
    let rule = match rule {
        Some(RuleId(rule)) => rule,
        None => NONE,
    };
    Decision::new(effect, layer, reason, rule, NONE)
}

#[inline]
const fn implicit(layer: Layer, reason: Reason) -> Decision {
    decision(Effect::ImplicitDeny, layer, reason, None)
}

#[inline]
const fn denied(layer: Layer, rule: Option<RuleId>) -> Decision {
    decision(Effect::ExplicitDeny, layer, Reason::Statement, rule)
}

#[inline]
const fn allowed(layer: Layer, rule: Option<RuleId>) -> Decision {
    decision(Effect::Allow, layer, Reason::Statement, rule)
}

/// Whether a layer lets the request pass: one that is not there does not limit (rule V2).
#[inline]
fn passes(layer: Option<Verdict>) -> bool {
    layer.is_none_or(|verdict| verdict.allow().is_some())
}

/// The decision (rules V1, V2, V5, E1–E13).
#[must_use]
#[inline]
pub fn combine(facts: &Facts) -> Decision {
    let caller = facts.caller;
    let authenticated = !matches!(caller, Caller::Anonymous | Caller::Malformed);
    let is_user = matches!(caller, Caller::User | Caller::Root);
    // E8: what no policy controls.
    if facts.uncontrolled && authenticated || facts.uncontrolled_for_users && is_user {
        return decision(Effect::Allow, Layer::Service, Reason::NotControlled, None);
    }
    if caller == Caller::Malformed {
        return implicit(Layer::None, Reason::MalformedPrincipal);
    }
    // Whose identity policies, boundary and session policies count (rules E7, E8), and whose account's SCPs (rules E1, E10).
    let has_side =
        !matches!(caller, Caller::Service | Caller::Anonymous | Caller::Root) && !facts.no_caller_side;
    let has_scps = has_side || caller == Caller::Root && !facts.no_caller_side;
    // V1: an explicit deny in any layer that applies; V5: the first of them.
    let of_level = |layer, level, rule| denied(layer, Some(rule)).of_level(level);
    if let Some((level, rule)) = facts.rcps.deny {
        return of_level(Layer::Rcp, level, rule);
    }
    if let Some((level, rule)) = facts.scps.deny
        && has_scps
    {
        return of_level(Layer::Scp, level, rule);
    }
    let endpoint = facts.endpoint.and_then(Verdict::deny);
    if endpoint.is_some() {
        return denied(Layer::Endpoint, endpoint);
    }
    if facts.resource.deny.is_some() {
        return denied(Layer::Resource, facts.resource.deny);
    }
    if has_side {
        if facts.known {
            if facts.identity.deny().is_some() {
                return denied(Layer::Identity, facts.identity.deny());
            }
            let boundary = facts.boundary.and_then(Verdict::deny);
            if boundary.is_some() {
                return denied(Layer::Boundary, boundary);
            }
        }
        let session = facts.session.and_then(Verdict::deny);
        if session.is_some() {
            return denied(Layer::Session, session);
        }
    }
    if facts.owned_by_aws {
        return implicit(Layer::Service, Reason::OwnedByAws);
    }
    // Every layer that must grant; V5: the first that does not.
    if let Some(level) = facts.scps.missing
        && has_scps
    {
        return implicit(Layer::Scp, Reason::NoStatement).of_level(level);
    }
    if !passes(facts.endpoint) {
        return implicit(Layer::Endpoint, Reason::NoStatement);
    }
    if has_side { own_side(facts) } else { resource_side(facts) }
}

/// What no resource policy that would have to allow is called.
#[inline]
fn unpermitted(facts: &Facts) -> Decision {
    let reason = match facts.contract {
        _ if facts.policy_held => Reason::NoStatement,
        _ if facts.no_caller_side => Reason::NoTrustPolicy,
        Contract::Trust => Reason::NoTrustPolicy,
        Contract::Key => Reason::NoKeyPolicy,
        Contract::None if matches!(facts.caller, Caller::Service | Caller::Anonymous) => {
            Reason::NoResourcePolicy
        }
        Contract::None => Reason::CrossAccount,
    };
    implicit(Layer::Resource, reason)
}

/// What a match at session level grants. E13: an unknown session is granted by its own ARN only, an unknown role itself by the role's.
#[inline]
fn session_grant(facts: &Facts) -> Option<RuleId> {
    let sessions = matches!(facts.caller, Caller::User | Caller::RoleSession | Caller::FederatedUser);
    if sessions && !facts.known { None } else { facts.resource.session }
}

/// For callers without policies of their own, and actions without a caller side (rules E7–E10).
#[cold]
fn resource_side(facts: &Facts) -> Decision {
    let granted = facts.resource.direct.or(session_grant(facts));
    if facts.caller == Caller::Root && !facts.no_caller_side {
        // E7: its own side always grants; E4 and E8 ask for the resource's.
        let at_any_level = granted.or(facts.resource.session).or(facts.resource.account);
        return if facts.same_account && (facts.contract == Contract::None || at_any_level.is_some()) {
            decision(Effect::Allow, Layer::Identity, Reason::RootUser, None)
        } else if at_any_level.is_some() {
            allowed(Layer::Resource, at_any_level)
        } else {
            unpermitted(facts)
        };
    }
    if granted.is_some() { allowed(Layer::Resource, granted) } else { unpermitted(facts) }
}

/// For users, roles and sessions (rules E3–E6, E8, E13).
#[inline(always)]
fn own_side(facts: &Facts) -> Decision {
    let resource = &facts.resource;
    let identity = if facts.known { facts.identity.allow() } else { None };
    let boundary = !facts.known || passes(facts.boundary);
    let limits = boundary && passes(facts.session);
    let at_any_level = resource.direct.is_some() || resource.session.is_some() || resource.account.is_some();
    let session = session_grant(facts);
    // E4: another account's resource policy must allow; E8: so must a key's or a role's for the identity's grant to count.
    let needs_resource = !facts.same_account || facts.contract != Contract::None;
    if identity.is_some() && limits && (!needs_resource || at_any_level) {
        return allowed(Layer::Identity, identity);
    }
    if facts.same_account {
        // E5, E6: a direct match grants past the implicit deny of boundary and session policy, one at session level does not.
        if resource.direct.is_some() {
            return allowed(Layer::Resource, resource.direct);
        }
        if session.is_some() && limits {
            return allowed(Layer::Resource, session);
        }
    }
    if needs_resource && !at_any_level {
        return unpermitted(facts);
    }
    if !facts.known {
        return implicit(Layer::Identity, Reason::UnknownPrincipal);
    }
    if identity.is_none() && !(facts.same_account && session.is_some()) {
        return implicit(Layer::Identity, Reason::NoStatement);
    }
    implicit(if boundary { Layer::Session } else { Layer::Boundary }, Reason::NoStatement)
}
