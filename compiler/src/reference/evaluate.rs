//! From a request to a decision (rules V1–V6, E8–E13), in the order in which the rules apply.

use portcullis_runtime::decision::{Effect, Layer, Reason};

use super::context::{Context, context};
use super::layers::{self, Located};
use super::principal::{self, Kind, Known};
use super::statement;
use crate::facts;
use crate::model::{self, Model};
use crate::request::Request;

/// What a request gets, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Allow, explicit deny or implicit deny (rule V1).
    pub effect: Effect,
    /// The layer that decided (rule V5).
    pub layer: Layer,
    /// Why.
    pub reason: Reason,
    /// Every statement that decided: of an explicit deny those of the layer that deny, of an allow those of all layers that allow.
    pub statements: Vec<Deciding>,
}

/// A statement that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deciding {
    /// Its layer.
    pub layer: Layer,
    /// The managed policy's ARN or the inline policy's name.
    pub policy: String,
    /// The ARN of the user, group or role that an inline policy is written into; `None` for a managed policy.
    pub holder: Option<String>,
    /// Its place among the policy's statements, from 0.
    pub statement: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
}

impl Decision {
    fn implicit(layer: Layer, reason: Reason) -> Self {
        Self { effect: Effect::ImplicitDeny, layer, reason, statements: Vec::new() }
    }

    fn by(effect: Effect, layer: Layer, statements: Vec<Deciding>) -> Self {
        Self { effect, layer, reason: Reason::Statement, statements }
    }
}

/// Decides one request on the model. Time: linear in the statements of the principal times the lengths of patterns and request texts.
///
/// The request's context gives no key twice ([`Request::check`]); of two equal keys the later one counts here.
#[must_use]
pub fn decide(model: &Model, request: &Request) -> Decision {
    if past_a_limit(request) {
        // V4
        return Decision::implicit(Layer::Limit, Reason::LimitExceeded);
    }
    let kind = principal::kind(&request.principal);
    if kind == Kind::Malformed {
        return Decision::implicit(Layer::None, Reason::MalformedPrincipal);
    }
    let is_one_of =
        |actions: &[&str]| actions.iter().any(|action| action.eq_ignore_ascii_case(&request.action));
    // E8: allowed to whoever is authenticated, and the second kind to users and root, whatever policies say.
    if kind != Kind::Anonymous && is_one_of(facts::UNCONTROLLED)
        || matches!(kind, Kind::User | Kind::Root) && is_one_of(facts::UNCONTROLLED_FOR_USERS)
    {
        return Decision {
            effect: Effect::Allow,
            layer: Layer::Service,
            reason: Reason::NotControlled,
            statements: Vec::new(),
        };
    }
    match kind {
        Kind::User | Kind::Role => {}
        // E7, E6: later layers.
        Kind::Root => return Decision::implicit(Layer::None, Reason::RootUser),
        Kind::Session => return Decision::implicit(Layer::None, Reason::Internal),
        // E9, E10: resource policies alone grant to these.
        Kind::Anonymous | Kind::Service => {
            return Decision::implicit(Layer::Resource, Reason::NoResourcePolicy);
        }
        Kind::Malformed => return Decision::implicit(Layer::None, Reason::MalformedPrincipal),
    }
    // E8: no caller side.
    if is_one_of(facts::NO_CALLER_SIDE) {
        return Decision::implicit(Layer::Resource, Reason::NoTrustPolicy);
    }
    let bits = Known::find(model, &request.principal).map(|known| Bits::of(model, known, request));
    // V1: an explicit deny wins over everything; V5: of two, the identity's is reported.
    if let Some(bits) = &bits {
        for (layer, denies) in
            [(Layer::Identity, &bits.identity_denies), (Layer::Boundary, &bits.boundary_denies)]
        {
            if !denies.is_empty() {
                return Decision::by(Effect::ExplicitDeny, layer, denies.clone());
            }
        }
    }
    let arn = Arn::of(&request.resource);
    // E11: after V1's explicit denies.
    if arn.is_some_and(|arn| arn.is_owned_by_aws(is_one_of)) {
        return Decision::implicit(Layer::Service, Reason::OwnedByAws);
    }
    // V5: the first in this order that had to allow and did not: resource, identity, boundary.
    // E8: a trust or key policy has to allow; E4: another account's resource policy has to. None is evaluated yet.
    if is_one_of(facts::TRUST_ACTIONS) && arn.is_some_and(|arn| arn.is_in("iam", "role/")) {
        return Decision::implicit(Layer::Resource, Reason::NoTrustPolicy);
    }
    if arn.is_some_and(|arn| arn.is_in("kms", "key/")) {
        return Decision::implicit(Layer::Resource, Reason::NoKeyPolicy);
    }
    let own_account = principal::split(&request.principal).map(|[_, _, _, _, account, _]| account);
    // V6: the request's, else the ARN's if it has 12 digits, else the principal's.
    let of_arn = arn.map(|arn| arn.account).filter(|account| principal::is_account(account));
    if request.resource_account.as_deref().or(of_arn).or(own_account) != own_account {
        return Decision::implicit(Layer::Resource, Reason::CrossAccount);
    }
    let Some(bits) = bits else {
        // E13: no identity grant.
        return Decision::implicit(Layer::Identity, Reason::UnknownPrincipal);
    };
    if bits.identity_allows.is_empty() {
        return Decision::implicit(Layer::Identity, Reason::NoStatement);
    }
    let mut statements = bits.identity_allows;
    // E5: the boundary limits what identity policies grant. V2: none does not limit.
    match bits.boundary_allows {
        Some(allows) if allows.is_empty() => return Decision::implicit(Layer::Boundary, Reason::NoStatement),
        Some(allows) => statements.extend(allows),
        None => {}
    }
    // V5: an allow is the identity's if it took part.
    Decision::by(Effect::Allow, Layer::Identity, statements)
}

/// V4, DESIGN section 3: ARN 2,048 bytes, action 256, context value 8 KiB, 256 keys.
fn past_a_limit(request: &Request) -> bool {
    request.resource.len() > 2_048
        || request.action.len() > 256
        || request.principal.len() > 2_048
        || request.context.len() > 256
        || request.context.iter().flat_map(|(_, value)| value.values()).any(|value| value.len() > 8_192)
}

/// The statements of each layer that apply.
struct Bits {
    identity_denies: Vec<Deciding>,
    identity_allows: Vec<Deciding>,
    boundary_denies: Vec<Deciding>,
    /// `None` without a boundary.
    boundary_allows: Option<Vec<Deciding>>,
}

impl Bits {
    fn of(model: &Model, known: Known<'_>, request: &Request) -> Self {
        let context = context(model, known, request);
        let identity = layers::identity(model, known);
        let boundary = layers::boundary(model, known);
        let find = |statements: &[Located<'_>], layer, effect| {
            applying(statements, layer, effect, request, &context)
        };
        let limits = boundary.as_deref();
        Self {
            identity_denies: find(&identity, Layer::Identity, model::Effect::Deny),
            identity_allows: find(&identity, Layer::Identity, model::Effect::Allow),
            boundary_denies: find(limits.unwrap_or_default(), Layer::Boundary, model::Effect::Deny),
            boundary_allows: limits.map(|statements| find(statements, Layer::Boundary, model::Effect::Allow)),
        }
    }
}

fn applying(
    statements: &[Located<'_>],
    layer: Layer,
    effect: model::Effect,
    request: &Request,
    context: &Context,
) -> Vec<Deciding> {
    statements
        .iter()
        .filter(|located| located.statement.effect == effect)
        .filter(|located| statement::applies(located.statement, &request.action, &request.resource, context))
        .map(|located| Deciding {
            layer,
            policy: located.policy.to_owned(),
            holder: located.holder.map(str::to_owned),
            statement: located.index,
            sid: located.statement.sid.as_deref().map(str::to_owned),
        })
        .collect()
}

/// A resource that is an ARN.
#[derive(Clone, Copy)]
struct Arn<'a> {
    service: &'a str,
    account: &'a str,
    name: &'a str,
}

impl<'a> Arn<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let [_, _, service, _, account, name] = principal::split(text)?;
        Some(Self { service, account, name })
    }

    fn is_in(self, service: &str, under: &str) -> bool {
        self.service == service && self.name.starts_with(under)
    }

    /// E11: what AWS owns, for the actions that would change it.
    fn is_owned_by_aws(self, action_is_one_of: impl Fn(&[&str]) -> bool) -> bool {
        self.is_in("iam", "policy/") && self.account == "aws" && action_is_one_of(facts::POLICY_WRITES)
            || self.is_in("iam", "role/aws-reserved/") && action_is_one_of(facts::ROLE_WRITES)
            || self.is_in("kms", "alias/aws/") && action_is_one_of(facts::ALIAS_WRITES)
    }
}

#[cfg(test)]
mod tests;
