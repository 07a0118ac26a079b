//! Who asks, for what, in which context: all of a request but the policies (rules V4, V6, E8, C12).

use portcullis_runtime::decision::{Effect, Layer, Reason};

use super::combine::{Caller, Contract};
use super::context::{Context, context};
use super::decision::Decision;
use super::principal::{Asker, Kind, Known};
use super::resource::{self, is_one_of};
use super::statement::Asked;
use crate::facts;
use crate::model::{Identity, Model, Resource};
use crate::request::{ContextValue, Request};

/// A request and what the model knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Situation<'a> {
    /// The question.
    pub(super) request: &'a Request,
    /// Who asks.
    pub(super) asker: Asker<'a>,
    /// Who asks, as far as the combination cares.
    pub(super) caller: Caller,
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
    pub(super) fn same_account(&self) -> bool {
        self.asker.principal.account.is_some() && self.asker.principal.account == self.account
    }

    /// E8: allowed to whoever is authenticated, and the second kind to users and root, whatever policies say.
    pub(super) fn is_not_controlled(&self) -> bool {
        let (kind, action) = (self.asker.principal.kind, &self.request.action);
        kind != Kind::Anonymous && is_one_of(action, facts::UNCONTROLLED)
            || matches!(kind, Kind::User | Kind::Root) && is_one_of(action, facts::UNCONTROLLED_FOR_USERS)
    }

    /// The user or role whose identity policies take part.
    pub(crate) fn identity(&self) -> Option<&'a Identity> {
        self.known().map(Known::identity)
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

    /// What the request has for a context key, with what the model adds (rule C12).
    pub(crate) fn value(&self, key: &str) -> Option<&ContextValue> {
        self.context.get(key)
    }
}

/// V4, DESIGN section 3: ARN 2,048 bytes, action 256, context value 8 KiB, 256 keys.
fn past_a_limit(request: &Request) -> bool {
    request.resource.len() > 2_048
        || request.action.len() > 256
        || request.principal.len() > 2_048
        || request.context.len() > 256
        || request.context.iter().flat_map(|(_, value)| value.values()).any(|value| value.len() > 8_192)
}
