//! Decisions: the effect, the layer that decided, and why.

use core::fmt;

use crate::format::NONE;

/// What a request gets (rule V1). Everything but [`Effect::Allow`] means: refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Granted.
    Allow,
    /// Some statement denies it.
    ExplicitDeny,
    /// Nothing that had to allow it does.
    ImplicitDeny,
}

impl Effect {
    /// The stable machine-readable name: `allow`, `explicit_deny`, `implicit_deny`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::ExplicitDeny => "explicit_deny",
            Self::ImplicitDeny => "implicit_deny",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The layer that decided (rule V5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// Inline and managed policies of the principal and its groups.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// Session policies.
    Session,
    /// Service control policies.
    Scp,
    /// Resource control policies.
    Rcp,
    /// The resource's policy; for a role its trust policy.
    Resource,
    /// The VPC endpoint's policy.
    Endpoint,
    /// The service's own contract (rules E8, E11).
    Service,
    /// A size limit was passed (rule V4).
    Limit,
    /// No layer: the principal is none that this version evaluates.
    None,
}

impl Layer {
    /// All of them, in their order: [`Layer::None`] stays the last one.
    const ALL: [Self; Self::None as usize + 1] = [
        Self::Identity,
        Self::Boundary,
        Self::Session,
        Self::Scp,
        Self::Rcp,
        Self::Resource,
        Self::Endpoint,
        Self::Service,
        Self::Limit,
        Self::None,
    ];

    /// The stable machine-readable name, lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Scp => "scp",
            Self::Rcp => "rcp",
            Self::Resource => "resource",
            Self::Endpoint => "endpoint",
            Self::Service => "service",
            Self::Limit => "limit",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why the layer decided so, where statements alone do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A statement allowed or denied.
    Statement,
    /// No statement of the layer allows.
    NoStatement,
    /// A size limit was passed (rule V4).
    LimitExceeded,
    /// The bundle does not hold the principal (rule E13).
    UnknownPrincipal,
    /// The principal is no ARN, service name or `*`.
    MalformedPrincipal,
    /// Anonymous and service principals are granted by resource policies only (rules E9, E10), and none is held.
    NoResourcePolicy,
    /// The resource is another account's: its resource policy must allow (rule E4), and none is held.
    CrossAccount,
    /// The role's trust policy must allow (rule E8), and none is held.
    NoTrustPolicy,
    /// The root user of an account has every permission in it (rule E7).
    RootUser,
    /// The key's policy must allow (rule E8), and none is held.
    NoKeyPolicy,
    /// AWS owns the resource, and nobody else may change it (rule E11).
    OwnedByAws,
    /// No policy controls this action (rule E8).
    NotControlled,
    /// A record of the bundle could not be read. Validation excludes it; the decision denies all the same.
    Internal,
}

impl Reason {
    /// All of them, in their order: [`Reason::Internal`] stays the last one.
    const ALL: [Self; Self::Internal as usize + 1] = [
        Self::Statement,
        Self::NoStatement,
        Self::LimitExceeded,
        Self::UnknownPrincipal,
        Self::MalformedPrincipal,
        Self::NoResourcePolicy,
        Self::CrossAccount,
        Self::NoTrustPolicy,
        Self::RootUser,
        Self::NoKeyPolicy,
        Self::OwnedByAws,
        Self::NotControlled,
        Self::Internal,
    ];

    /// The stable machine-readable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::NoStatement => "no_statement",
            Self::LimitExceeded => "limit_exceeded",
            Self::UnknownPrincipal => "unknown_principal",
            Self::MalformedPrincipal => "malformed_principal",
            Self::NoResourcePolicy => "no_resource_policy",
            Self::CrossAccount => "cross_account",
            Self::NoTrustPolicy => "no_trust_policy",
            Self::RootUser => "root_user",
            Self::NoKeyPolicy => "no_key_policy",
            Self::OwnedByAws => "owned_by_aws",
            Self::NotControlled => "not_controlled",
            Self::Internal => "internal",
        }
    }

    /// One sentence for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Statement => "a statement decided",
            Self::NoStatement => "no statement of this layer allows the request",
            Self::LimitExceeded => "the request is past a size limit",
            Self::UnknownPrincipal => "the bundle does not hold this principal",
            Self::MalformedPrincipal => {
                "the principal is no ARN of a principal (the account has 12 digits), no service name and not *"
            }
            Self::NoResourcePolicy => {
                "a service, identity provider or anonymous caller is granted by a resource policy only, and none is held; \
                 a user or role is named by its ARN"
            }
            Self::CrossAccount => {
                "the resource is another account's: its resource policy would have to allow, and none is held"
            }
            Self::NoTrustPolicy => "the role's trust policy would have to allow, and none is held",
            Self::RootUser => "the root user of an account has every permission in it",
            Self::NoKeyPolicy => "the key's policy would have to allow, and none is held",
            Self::OwnedByAws => "AWS owns the resource, and nobody else may change it",
            Self::NotControlled => "no policy controls this action",
            Self::Internal => "a record of the bundle could not be read",
        }
    }
}

/// Names one rule of the bundle: the key to its provenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub u32);

/// The answer to a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Effect, layer, reason and level, a byte each: one word that is written and read whole.
    what: u32,
    /// A rule, and whose layer it is, or [`NONE`].
    pub(crate) rule: u32,
    pub(crate) holder: u32,
}

/// The level of a decision that no SCP or RCP made.
const NO_LEVEL: u8 = u8::MAX;

/// In a holder: a resource where an account could stand, a principal where a resource could.
pub(crate) const OTHER_HOLDER: u32 = 1 << 31;

/// A decision without its holder in one word, which a register holds: on the short way no decision passes through memory in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome(u64);

impl Outcome {
    /// Not known: no effect is 255.
    pub(crate) const UNKNOWN: Self = Self(u64::MAX);

    /// What a decision says, but for its holder.
    #[inline(always)]
    pub(crate) const fn of(decision: Decision) -> Self {
        Self((decision.rule as u64) << 32 | decision.what as u64)
    }

    /// The same, with these bits set in the rule.
    #[inline(always)]
    pub(crate) const fn with_rule(self, rule: u32) -> Self {
        Self(self.0 | (rule as u64) << 32)
    }

    /// The decision of a holder; `None` if it is not known.
    #[inline(always)]
    pub(crate) const fn of_holder(self, holder: u32) -> Option<Decision> {
        match self {
            Self::UNKNOWN => None,
            Self(both) => Some(Decision { what: both as u32, rule: (both >> 32) as u32, holder }),
        }
    }
}

impl Decision {
    /// A decision that no level of SCPs or RCPs made.
    #[inline(always)]
    pub(crate) const fn new(effect: Effect, layer: Layer, reason: Reason, rule: u32, holder: u32) -> Self {
        let what = u32::from_le_bytes([effect as u8, layer as u8, reason as u8, NO_LEVEL]);
        Self { what, rule, holder }
    }

    /// The same for another holder.
    #[inline(always)]
    pub(crate) const fn of_holder(self, holder: u32) -> Self {
        Self { holder, ..self }
    }

    /// The same, made by a level of SCPs or RCPs.
    pub(crate) const fn of_level(self, level: u8) -> Self {
        let [effect, layer, reason, _] = self.what.to_le_bytes();
        Self { what: u32::from_le_bytes([effect, layer, reason, level]), ..self }
    }

    /// What the request gets.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        const ALLOW: u8 = Effect::Allow as u8;
        const EXPLICIT: u8 = Effect::ExplicitDeny as u8;
        match self.what.to_le_bytes()[0] {
            ALLOW => Effect::Allow,
            EXPLICIT => Effect::ExplicitDeny,
            _ => Effect::ImplicitDeny,
        }
    }

    /// Whether the request is granted.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.effect(), Effect::Allow)
    }

    /// The layer that decided (rule V5).
    #[must_use]
    pub const fn layer(&self) -> Layer {
        match Layer::ALL.split_at_checked(self.what.to_le_bytes()[1] as usize) {
            Some((_, [layer, ..])) => *layer,
            _ => Layer::None,
        }
    }

    /// The level of the organization whose SCP or RCP decided: 0 is the root, the last one the account.
    #[must_use]
    pub const fn level(&self) -> Option<u8> {
        match self.what.to_le_bytes()[3] {
            NO_LEVEL => None,
            level => Some(level),
        }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match Reason::ALL.split_at_checked(self.what.to_le_bytes()[2] as usize) {
            Some((_, [reason, ..])) => *reason,
            _ => Reason::Internal,
        }
    }

    /// One rule that decided, where a rule did; `Bundle::explain` gives its statements.
    #[must_use]
    pub const fn rule(&self) -> Option<RuleId> {
        if self.rule == NONE { None } else { Some(RuleId(self.rule)) }
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("effect", &self.effect())
            .field("layer", &self.layer())
            .field("reason", &self.reason())
            .field("level", &self.level())
            .field("rule", &self.rule())
            .field("holder", &self.holder)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one word holds what was put in.
    #[test]
    fn what_a_decision_says() {
        for effect in [Effect::Allow, Effect::ExplicitDeny, Effect::ImplicitDeny] {
            for (layer, reason) in
                Layer::ALL.into_iter().flat_map(|it| Reason::ALL.map(|reason| (it, reason)))
            {
                let decision = Decision::new(effect, layer, reason, NONE, NONE);
                assert_eq!((decision.effect(), decision.layer(), decision.reason()), (effect, layer, reason));
                assert_eq!((decision.level(), decision.rule()), (None, None));
                assert_eq!(decision.is_allowed(), effect == Effect::Allow);
                let decision = decision.of_level(3);
                assert_eq!((decision.effect(), decision.layer(), decision.reason()), (effect, layer, reason));
                assert_eq!(decision.level(), Some(3));
            }
        }
    }
}
