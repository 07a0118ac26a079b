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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub(crate) effect: Effect,
    pub(crate) layer: Layer,
    pub(crate) reason: Reason,
    /// The level of an SCP or RCP from the root, or [`NO_LEVEL`].
    pub(crate) level: u8,
    /// A rule, and whose layer it is, or [`NONE`].
    pub(crate) rule: u32,
    pub(crate) holder: u32,
}

/// The level of a decision that no SCP or RCP made.
pub(crate) const NO_LEVEL: u8 = u8::MAX;

/// In a holder: a resource where an account could stand, a principal where a resource could.
pub(crate) const OTHER_HOLDER: u32 = 1 << 31;

impl Decision {
    /// What the request gets.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether the request is granted.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.effect, Effect::Allow)
    }

    /// The layer that decided (rule V5).
    #[must_use]
    pub const fn layer(&self) -> Layer {
        self.layer
    }

    /// The level of the organization whose SCP or RCP decided: 0 is the root, the last one the account.
    #[must_use]
    pub const fn level(&self) -> Option<u8> {
        if self.level == NO_LEVEL { None } else { Some(self.level) }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// One rule that decided, where a rule did; `Bundle::explain` gives its statements.
    #[must_use]
    pub const fn rule(&self) -> Option<RuleId> {
        if self.rule == NONE { None } else { Some(RuleId(self.rule)) }
    }
}
