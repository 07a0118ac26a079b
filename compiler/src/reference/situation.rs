//! Who asks, for what, in which context: all of a request but the policies (rules V4, V6, E8, C12).

use portcullis_runtime::decision::{Effect, Layer, Reason};

use super::combine::{Caller, Contract};
use super::context::{Context, context};
use super::decision::Decision;
use super::principal::{Asker, Kind, Known};
use super::resource::{self, is_one_of};
use super::statement::Asked;
use crate::facts;
use crate::model::{DocumentKind, Identity, Model, Resource};
use crate::request::{ContextValue, Request};

/// A request and what the model knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Situation<'a> {
    /// The question.
    pub(super) request: &'a Request,
    /// Who asks.
    pub(super) asker: Asker<'a>,
    /// Who asks, as far as the combination cares.
    pub(crate) caller: Caller,
    /// The declared resource that owns the request's.
    pub(super) owner: Option<&'a Resource>,
    /// The account of the resource (rule V6).
    pub(super) account: Option<&'a str>,
    /// What the service asks for (rule E8).
    pub(super) contract: Contract,
    /// The context as the conditions see it (rule C12).
    pub(super) context: Context,
}

impl<'a> Situation<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// The decision, where no policy needs to be looked at: a limit is passed, or the principal is none.
    pub(crate) fn of(model: &'a Model, request: &'a Request) -> Result<Self, Decision> {
        let undecided = |layer, reason| Decision {
            effect: Effect::ImplicitDeny,
            layer,
            level: None,
            reason,
            statements: Vec::new(),
        };
        if past_a_limit(request) {
            // V4
            return Err(undecided(Layer::Limit, Reason::LimitExceeded));
        }
        let asker = Asker::of(model, &request.principal);
        let caller = match asker.principal.kind {
            Kind::Malformed => return Err(undecided(Layer::None, Reason::MalformedPrincipal)),
            Kind::Anonymous => Caller::Anonymous,
            Kind::Service | Kind::Provider => Caller::Service,
            Kind::Root => Caller::Root,
            _ if asker.known.is_some() => Caller::Known,
            Kind::Role => Caller::UnknownRole,
            Kind::User | Kind::RoleSession | Kind::FederatedUser => Caller::Unknown,
        };
        let owner = resource::owner(model, &request.resource);
        let account = resource::account(&asker, owner, request);
        let contract = resource::contract(request);
        let context = context(&asker, owner, request);
        Ok(Self { request, asker, caller, owner, account, contract, context })
    }

    /// What a statement looks at.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked { action: &self.request.action, resource: &self.request.resource, context: &self.context }
    }

    /// The identity whose own policies take part. E8: where there is no caller side, they play no part.
    pub(super) fn known(&self) -> Option<Known<'a>> {
        self.asker.known.filter(|_| self.contract != Contract::NoCallerSide)
    }

    /// V6. Services, providers and anonymous callers have no account, and share none.
    pub(crate) fn same_account(&self) -> bool {
        self.asker.principal.account.is_some() && self.asker.principal.account == self.account
    }

    /// E8: allowed to whoever is authenticated, and the second kind to users and root, whatever policies say.
    pub(crate) fn is_not_controlled(&self) -> bool {
        let (kind, action) = (self.asker.principal.kind, &self.request.action);
        kind != Kind::Anonymous && is_one_of(action, facts::UNCONTROLLED)
            || matches!(kind, Kind::User | Kind::Root) && is_one_of(action, facts::UNCONTROLLED_FOR_USERS)
    }

    /// The user or role whose identity policies take part.
    pub(crate) fn identity(&self) -> Option<&'a Identity> {
        self.known().map(Known::identity)
    }

    /// E1, E2: whether control policies spare who asks.
    pub(crate) fn is_service_linked(&self) -> bool {
        self.asker.is_service_linked()
    }

    /// By what principal elements can name who asks.
    pub(crate) fn names(&self) -> Names {
        let principal = self.asker.principal;
        let own = |is: bool| is.then(|| principal.text.to_owned());
        let account = principal.account.map(str::to_owned);
        let behind = || {
            let account = principal.account.unwrap_or_default();
            [principal.partition, account, principal.name].map(str::to_owned)
        };
        Names {
            direct: own(matches!(principal.kind, Kind::User | Kind::RoleSession | Kind::FederatedUser)),
            role: matches!(principal.kind, Kind::Role | Kind::RoleSession).then(behind),
            user: (principal.kind == Kind::FederatedUser).then(behind),
            root: account.clone().filter(|_| principal.kind == Kind::Root),
            account,
            name: own(matches!(principal.kind, Kind::Service | Kind::Provider)),
            bounded: self.asker.has_boundary(),
            is_user_or_root: matches!(principal.kind, Kind::User | Kind::Root),
        }
    }

    /// The account of who asks.
    pub(crate) fn own_account(&self) -> Option<&'a str> {
        self.asker.principal.account
    }

    /// The account of the resource (rule V6); `None` is nobody's that is known.
    pub(crate) fn resource_account(&self) -> Option<&'a str> {
        self.account
    }

    /// Who asks.
    pub(crate) fn principal(&self) -> &str {
        &self.request.principal
    }

    /// The ARN of the resource whose policy counts: the declared one that owns the request's, else that itself.
    pub(crate) fn resource(&self) -> &str {
        self.owner.map_or(&self.request.resource, |owner| &owner.arn)
    }

    /// Whether a resource pattern of a 2012-10-17 document covers the request's resource (rules R1, X2, X3).
    pub(crate) fn covers(&self, pattern: &str) -> bool {
        super::statement::covers(pattern, true, DocumentKind::Identity, &self.asked())
    }

    /// What the request has for a context key, with what the model adds (rule C12).
    pub(crate) fn value(&self, key: &str) -> Option<&ContextValue> {
        self.context.get(key)
    }
}

/// What principal elements name (rules N1–N6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) direct: Option<String>,
    /// Partition, account and name of the role behind it.
    pub(crate) role: Option<[String; 3]>,
    /// The same of the user behind it.
    pub(crate) user: Option<[String; 3]>,
    pub(crate) account: Option<String>,
    pub(crate) root: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) bounded: bool,
    /// Whether it is a user, or the root user of an account.
    pub(crate) is_user_or_root: bool,
}

/// V4, DESIGN section 3: ARN 2,048 bytes, action 256, context value 8 KiB, 256 keys.
fn past_a_limit(request: &Request) -> bool {
    request.resource.len() > 2_048
        || request.action.len() > 256
        || request.principal.len() > 2_048
        || request.context.len() > 256
        || request.context.iter().flat_map(|(_, value)| value.values()).any(|value| value.len() > 8_192)
}
