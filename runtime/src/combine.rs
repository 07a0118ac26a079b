//! From what the layers say to a decision: the flow chart of rules E1–E13 as far as the layers of this version go, as one function over
//! small facts.

use crate::decision::{Decision, Effect, Layer, Reason, RuleId};
use crate::format::NONE;

/// What one layer of identity type says about a request: a rule that denies, a rule that allows.
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

/// Who the caller is, as far as the combination cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user or role that the bundle holds.
    Known,
    /// A user or role that it does not hold.
    Unknown,
    /// An account's root user.
    Root,
    /// A session.
    Session,
    /// A service or an identity provider.
    Service,
    /// Nobody in particular.
    Anonymous,
    /// No principal at all.
    Malformed,
}

/// What the resource's side would have to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceSide {
    /// Nothing: same account, no stricter contract (rule E3).
    Free,
    /// The resource is another account's (rule E4).
    OtherAccount,
    /// A KMS key (rule E8).
    Key,
    /// A role's trust policy (rule E8).
    Trust,
}

/// All that the combination looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who asks.
    pub caller: Caller,
    /// Whether the caller is a user (or root): for `sts:GetSessionToken`.
    pub caller_is_user: bool,
    /// The action is allowed to whoever is authenticated (rule E8).
    pub uncontrolled: bool,
    /// The action is allowed to users and root (rule E8).
    pub uncontrolled_for_users: bool,
    /// The action has no caller side (rule E8).
    pub no_caller_side: bool,
    /// AWS owns the resource and the action would change it (rule E11).
    pub owned_by_aws: bool,
    /// What the resource's side would have to allow.
    pub resource: ResourceSide,
    /// The identity layer; empty unless the caller is known.
    pub identity: Verdict,
    /// The permissions boundary, if there is one.
    pub boundary: Option<Verdict>,
}

#[inline]
const fn decision(effect: Effect, layer: Layer, reason: Reason, rule: Option<RuleId>) -> Decision {
    let rule = match rule {
        Some(RuleId(rule)) => rule,
        None => NONE,
    };
    Decision { effect, layer, reason, rule, principal: NONE }
}

#[inline]
const fn implicit(layer: Layer, reason: Reason) -> Decision {
    decision(Effect::ImplicitDeny, layer, reason, None)
}

/// The decision (rules V1, V5, E3–E5, E8–E11, E13).
#[must_use]
#[inline(always)]
pub fn combine(facts: &Facts) -> Decision {
    let authenticated = !matches!(facts.caller, Caller::Anonymous | Caller::Malformed);
    if facts.uncontrolled && authenticated || facts.uncontrolled_for_users && facts.caller_is_user {
        return decision(Effect::Allow, Layer::Service, Reason::NotControlled, None);
    }
    match facts.caller {
        Caller::Malformed => return implicit(Layer::None, Reason::MalformedPrincipal),
        Caller::Root => return implicit(Layer::None, Reason::RootNotEvaluated),
        Caller::Session => return implicit(Layer::None, Reason::SessionNotEvaluated),
        Caller::Anonymous | Caller::Service => return implicit(Layer::Resource, Reason::NoResourcePolicy),
        Caller::Known | Caller::Unknown => {}
    }
    if facts.no_caller_side {
        return implicit(Layer::Resource, Reason::TrustPolicyNotEvaluated);
    }
    let denied = |layer, rule| decision(Effect::ExplicitDeny, layer, Reason::Statement, rule);
    if facts.identity.deny().is_some() {
        return denied(Layer::Identity, facts.identity.deny());
    }
    let boundary = facts.boundary.and_then(Verdict::deny);
    if boundary.is_some() {
        return denied(Layer::Boundary, boundary);
    }
    if facts.owned_by_aws {
        return implicit(Layer::Service, Reason::OwnedByAws);
    }
    match facts.resource {
        ResourceSide::Trust => return implicit(Layer::Resource, Reason::TrustPolicyNotEvaluated),
        ResourceSide::Key => return implicit(Layer::Resource, Reason::NoKeyPolicy),
        ResourceSide::OtherAccount => return implicit(Layer::Resource, Reason::CrossAccount),
        ResourceSide::Free => {}
    }
    if facts.caller == Caller::Unknown {
        return implicit(Layer::Identity, Reason::UnknownPrincipal);
    }
    if facts.identity.allow().is_none() {
        return implicit(Layer::Identity, Reason::NoStatement);
    }
    if facts.boundary.is_some_and(|boundary| boundary.allow().is_none()) {
        return implicit(Layer::Boundary, Reason::NoStatement);
    }
    decision(Effect::Allow, Layer::Identity, Reason::Statement, facts.identity.allow())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            caller: Caller::Known,
            caller_is_user: true,
            uncontrolled: false,
            uncontrolled_for_users: false,
            no_caller_side: false,
            owned_by_aws: false,
            resource: ResourceSide::Free,
            identity: Verdict::default().allowed_by(RuleId(7)),
            boundary: None,
        }
    }

    #[test]
    fn v1_a_deny_in_any_layer_wins() {
        let deny = Verdict::default().denied_by(RuleId(1)).allowed_by(RuleId(2));
        let decided = combine(&Facts { identity: deny, ..facts() });
        assert_eq!((decided.effect, decided.layer), (Effect::ExplicitDeny, Layer::Identity));
        let decided = combine(&Facts { boundary: Some(deny), ..facts() });
        assert_eq!((decided.effect, decided.layer), (Effect::ExplicitDeny, Layer::Boundary));
    }

    #[test]
    fn v2_a_boundary_that_is_there_but_empty_grants_nothing() {
        assert!(combine(&facts()).is_allowed());
        let decided = combine(&Facts { boundary: Some(Verdict::default()), ..facts() });
        assert_eq!((decided.effect, decided.layer), (Effect::ImplicitDeny, Layer::Boundary));
    }

    #[test]
    fn v5_the_first_layer_that_had_to_allow_is_reported() {
        let nothing = Verdict::default();
        let decided = combine(&Facts { identity: nothing, boundary: Some(nothing), ..facts() });
        assert_eq!(decided.layer, Layer::Identity);
        let decided = combine(&Facts { identity: nothing, resource: ResourceSide::OtherAccount, ..facts() });
        assert_eq!(decided.layer, Layer::Resource);
    }

    #[test]
    fn e3_within_one_account_the_identity_grants_alone() {
        let decided = combine(&facts());
        assert_eq!((decided.effect, decided.layer), (Effect::Allow, Layer::Identity));
    }

    #[test]
    fn e4_another_account_needs_its_resource_policy() {
        let decided = combine(&Facts { resource: ResourceSide::OtherAccount, ..facts() });
        assert_eq!((decided.effect, decided.reason), (Effect::ImplicitDeny, Reason::CrossAccount));
    }

    #[test]
    fn e8_strict_services_do_not_go_by_the_identity_alone() {
        for resource in [ResourceSide::Key, ResourceSide::Trust, ResourceSide::OtherAccount] {
            assert_eq!(combine(&Facts { resource, ..facts() }).effect, Effect::ImplicitDeny);
        }
        let nobody =
            Facts { caller: Caller::Anonymous, caller_is_user: false, uncontrolled: true, ..facts() };
        assert_eq!(combine(&nobody).effect, Effect::ImplicitDeny);
        let denied = Verdict::default().denied_by(RuleId(0));
        assert!(combine(&Facts { uncontrolled: true, identity: denied, ..facts() }).is_allowed());
    }

    #[test]
    fn e11_what_aws_owns_is_denied_after_explicit_denies() {
        let decided = combine(&Facts { owned_by_aws: true, ..facts() });
        assert_eq!((decided.effect, decided.layer), (Effect::ImplicitDeny, Layer::Service));
        let denied = Verdict::default().denied_by(RuleId(0));
        let decided = combine(&Facts { owned_by_aws: true, identity: denied, ..facts() });
        assert_eq!(decided.effect, Effect::ExplicitDeny);
    }

    #[test]
    fn e13_an_unknown_principal_is_never_allowed_by_default() {
        let decided = combine(&Facts { caller: Caller::Unknown, identity: Verdict::default(), ..facts() });
        assert_eq!((decided.effect, decided.reason), (Effect::ImplicitDeny, Reason::UnknownPrincipal));
    }
}
