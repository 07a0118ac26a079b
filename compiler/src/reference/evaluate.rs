//! From a request to a decision: what every layer says about it (rules V1–V6, E8), which `combine` then weighs.

use portcullis_runtime::decision::{Effect, Layer, Reason};

use super::combine::{Bits, Caller, Contract, Outcome, ResourceSays, Says, combine};
use super::context::context;
use super::decision::{Deciding, Decision};
use super::layers::{self, Located};
use super::organization;
use super::principal::{Asker, Kind};
use super::principals::{self, Level};
use super::resource::{self, is_one_of};
use super::statement::{self, Asked};
use crate::facts;
use crate::model::{self, Model};
use crate::request::Request;

/// Decides one request on the model. Time: linear in the statements that bear on the request times the lengths of patterns and request
/// texts, and in the identities and resources of the model.
///
/// The request's context gives no key twice ([`Request::check`]); of two equal keys the later one counts here.
#[must_use]
pub fn decide(model: &Model, request: &Request) -> Decision {
    let undecided = |layer, reason| Decision {
        effect: Effect::ImplicitDeny,
        layer,
        level: None,
        reason,
        statements: Vec::new(),
    };
    if past_a_limit(request) {
        // V4
        return undecided(Layer::Limit, Reason::LimitExceeded);
    }
    let asker = Asker::of(model, &request.principal);
    let caller = match asker.principal.kind {
        Kind::Malformed => return undecided(Layer::None, Reason::MalformedPrincipal),
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
    let layers = Layers::find(&asker, owner, account, contract, request);
    let first = |levels: &[Found], is: fn(Says) -> bool| levels.iter().position(|level| is(level.says()));
    let outcome = combine(&Bits {
        caller,
        // V6. Services, providers and anonymous callers have no account, and share none.
        same_account: asker.principal.account.is_some() && asker.principal.account == account,
        contract,
        not_controlled: is_not_controlled(asker.principal.kind, &request.action),
        owned_by_aws: resource::is_owned_by_aws(request),
        rcp_denies: first(&layers.rcps, |says| says.denies),
        scp_denies: first(&layers.scps, |says| says.denies),
        scp_silent: first(&layers.scps, |says| !says.allows),
        endpoint: layers.endpoint.as_ref().map(Found::says),
        resource: layers.resource.as_ref().map(|resource| ResourceSays {
            denies: resource.says().denies,
            direct: resource.allows_at(Level::Direct),
            session: resource.allows_at(Level::Session),
            account: resource.allows_at(Level::Account),
        }),
        identity: layers.identity.says(),
        boundary: layers.boundary.as_ref().map(Found::says),
        session: layers.session.as_ref().map(Found::says),
    });
    Decision {
        effect: outcome.effect,
        layer: outcome.layer,
        level: outcome.level,
        reason: outcome.reason,
        statements: layers.behind(&outcome),
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

/// E8: allowed to whoever is authenticated, and the second kind to users and root, whatever policies say.
fn is_not_controlled(kind: Kind, action: &str) -> bool {
    kind != Kind::Anonymous && is_one_of(action, facts::UNCONTROLLED)
        || matches!(kind, Kind::User | Kind::Root) && is_one_of(action, facts::UNCONTROLLED_FOR_USERS)
}

/// The statements of one layer, or of one level of it, that apply.
#[derive(Debug, Default)]
struct Found {
    denies: Vec<Deciding>,
    /// With the level at which each matches the principal; in identity-type policies directly.
    allows: Vec<(Level, Deciding)>,
}

impl Found {
    fn of(layer: Layer, statements: &[Located<'_>], asker: &Asker<'_>, asked: &Asked<'_>) -> Self {
        let mut found = Self::default();
        for located in statements {
            let Located { policy, holder, index, kind, statement } = located;
            // Of a resource's policy its name is the ARN that it is attached to.
            let own = Some(policy.as_str());
            if !statement::applies(statement, *kind, own, asked) {
                continue;
            }
            let level = if kind.is_identity_type() {
                Some(Level::Direct)
            } else {
                principals::level(statement, *kind, asker)
            };
            let Some(level) = level else { continue };
            let deciding = Deciding {
                layer,
                policy: policy.clone(),
                holder: holder.map(str::to_owned),
                statement: *index,
                sid: statement.sid.as_deref().map(str::to_owned),
            };
            match statement.effect {
                // N: a Deny takes effect at any level.
                model::Effect::Deny => found.denies.push(deciding),
                model::Effect::Allow => found.allows.push((level, deciding)),
            }
        }
        found
    }

    fn says(&self) -> Says {
        Says { denies: !self.denies.is_empty(), allows: !self.allows.is_empty() }
    }

    fn allows_at(&self, wanted: Level) -> bool {
        self.allows.iter().any(|(level, _)| *level == wanted)
    }

    /// The allowing statements that match at this level or closer.
    fn allowing(&self, loosest: Level) -> impl Iterator<Item = Deciding> {
        self.allows.iter().filter(move |(level, _)| *level >= loosest).map(|(_, deciding)| deciding.clone())
    }
}

/// What every layer says. `None`: the layer is not there (V2).
#[derive(Debug)]
struct Layers {
    rcps: Vec<Found>,
    scps: Vec<Found>,
    endpoint: Option<Found>,
    resource: Option<Found>,
    identity: Found,
    boundary: Option<Found>,
    session: Option<Found>,
}

impl Layers {
    fn find(
        asker: &Asker<'_>,
        owner: Option<&model::Resource>,
        account: Option<&str>,
        contract: Contract,
        request: &Request,
    ) -> Self {
        let context = context(asker, owner, request);
        let asked = Asked { action: &request.action, resource: &request.resource, context: &context };
        let found = |layer, statements: Vec<Located<'_>>| Found::of(layer, &statements, asker, &asked);
        let levels = |layer, levels: Vec<Vec<Located<'_>>>| -> Vec<Found> {
            levels.into_iter().map(|statements| found(layer, statements)).collect()
        };
        // E8: where there is no caller side, its policies play no part.
        let known = asker.known.filter(|_| contract != Contract::NoCallerSide);
        Self {
            rcps: levels(Layer::Rcp, organization::rcps(asker, owner, account, &request.action)),
            scps: levels(Layer::Scp, organization::scps(asker, &request.action)),
            endpoint: layers::endpoint(asker.model, &context).map(|it| found(Layer::Endpoint, it)),
            resource: layers::resource(asker.model, owner, contract, request)
                .map(|it| found(Layer::Resource, it)),
            identity: known.map_or_else(Found::default, |known| {
                found(Layer::Identity, layers::identity(asker.model, known))
            }),
            boundary: known
                .and_then(|known| layers::boundary(asker.model, known))
                .map(|it| found(Layer::Boundary, it)),
            session: layers::session(asker, request).map(|it| found(Layer::Session, it)),
        }
    }

    /// The statements behind a decision.
    fn behind(&self, outcome: &Outcome) -> Vec<Deciding> {
        match (outcome.effect, outcome.reason) {
            (Effect::ExplicitDeny, _) => self.denying(outcome),
            (Effect::Allow, Reason::Statement) => self.granting(outcome),
            _ => Vec::new(),
        }
    }

    /// All denying statements of the layer, and of the level, that decided.
    fn denying(&self, outcome: &Outcome) -> Vec<Deciding> {
        let level = |levels: &'_ [Found]| {
            let found = outcome.level.and_then(|level| levels.get(level));
            found.map_or_else(Vec::new, |found| found.denies.clone())
        };
        let optional = |found: &Option<Found>| found.as_ref().map_or_else(Vec::new, |it| it.denies.clone());
        match outcome.layer {
            Layer::Rcp => level(&self.rcps),
            Layer::Scp => level(&self.scps),
            Layer::Endpoint => optional(&self.endpoint),
            Layer::Resource => optional(&self.resource),
            Layer::Identity => self.identity.denies.clone(),
            Layer::Boundary => optional(&self.boundary),
            Layer::Session => optional(&self.session),
            _ => Vec::new(),
        }
    }

    /// All allowing statements of the layers that took part. An allow of the identity's may have had the resource's policy beside it.
    fn granting(&self, outcome: &Outcome) -> Vec<Deciding> {
        // An Allow in an RCP, SCP or endpoint policy takes effect at any level (N).
        let outer = self.rcps.iter().chain(&self.scps).chain(&self.endpoint);
        let mut statements: Vec<Deciding> = outer.flat_map(|found| found.allowing(Level::Account)).collect();
        let loosest = outcome.counted.unwrap_or(Level::Direct);
        statements.extend(self.resource.iter().flat_map(|found| found.allowing(loosest)));
        let by_identity = outcome.layer == Layer::Identity;
        if by_identity {
            statements.extend(self.identity.allowing(Level::Direct));
        }
        // E5, E6: a session-level match of the resource's policy needs boundary and session policies too.
        let at_session_level = self.resource.as_ref().is_some_and(|it| it.allows_at(Level::Session));
        if by_identity || loosest <= Level::Session && at_session_level {
            let limits = self.boundary.iter().chain(&self.session);
            statements.extend(limits.flat_map(|found| found.allowing(Level::Direct)));
        }
        statements
    }
}

#[cfg(test)]
mod tests;
