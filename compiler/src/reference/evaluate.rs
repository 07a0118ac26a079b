//! From a request to a decision: what every layer says about it, which `combine` then weighs (rules V1–V5).

use portcullis_runtime::decision::{Effect, Layer, Reason};

use super::combine::{Bits, Outcome, ResourceSays, Says, combine};
use super::decision::{Deciding, Decision};
use super::layers::{self, Located};
use super::principals::{self, Level};
use super::situation::Situation;
use super::statement::Parts;
use super::{organization, resource};
use crate::model::{self, Condition, Model};
use crate::request::Request;

/// Decides one request on the model. Time: linear in the statements that bear on the request times the lengths of patterns and request
/// texts, and in the identities and resources of the model.
///
/// The request's context gives no key twice ([`Request::check`]); of two equal keys the later one counts here.
#[must_use]
pub fn decide(model: &Model, request: &Request) -> Decision {
    match Situation::of(model, request) {
        Ok(situation) => Layers::find(&situation).decide(&situation),
        Err(decision) => decision,
    }
}

/// A statement that bears on a request, and how it compares with it.
#[derive(Clone, Debug)]
pub(crate) struct Examined<'a> {
    /// The statement, and where it was written.
    pub(crate) located: Located<'a>,
    /// The level at which it applies; `None` where some part of it does not fit.
    pub(crate) applies: Option<Level>,
    situation: &'a Situation<'a>,
}

impl<'a> Examined<'a> {
    fn of(located: Located<'a>, situation: &'a Situation<'a>) -> Self {
        let examined = Self { located, applies: None, situation };
        let applies = if examined.parts().cover() { examined.principal() } else { None };
        Self { applies, ..examined }
    }

    /// All parts but the principal element.
    fn parts(&self) -> Parts<'_> {
        Parts {
            statement: self.located.statement,
            kind: self.located.kind,
            // Of a resource's policy its name is the ARN that it is attached to.
            own: Some(&self.located.policy),
            asked: self.situation.asked(),
        }
    }

    /// Whether its actions hold the request's.
    pub(crate) fn action(&self) -> bool {
        self.parts().action()
    }

    /// Whether its resources hold the request's.
    pub(crate) fn resource(&self) -> bool {
        self.parts().resource()
    }

    /// The level at which it names who asks; in identity-type policies directly.
    pub(crate) fn principal(&self) -> Option<Level> {
        let Located { statement, kind, .. } = &self.located;
        if kind.is_identity_type() {
            return Some(Level::Direct);
        }
        principals::level(statement, *kind, &self.situation.asker)
    }

    /// Its conditions in the order written, and whether each holds.
    pub(crate) fn conditions(&self) -> Vec<(&Condition, bool)> {
        self.parts().conditions().collect()
    }

    fn deciding(&self, layer: Layer) -> Deciding {
        let Located { policy, holder, index, statement, .. } = &self.located;
        Deciding {
            layer,
            policy: policy.clone(),
            holder: holder.map(str::to_owned),
            statement: *index,
            sid: statement.sid.as_deref().map(str::to_owned),
        }
    }
}

/// The statements of one layer, or of one level of it.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    /// The layer.
    pub(crate) layer: Layer,
    /// All that bear on the request, whether they apply or not.
    pub(crate) statements: Vec<Examined<'a>>,
}

impl<'a> Found<'a> {
    fn of(layer: Layer, statements: Vec<Located<'a>>, situation: &'a Situation<'a>) -> Self {
        let examine = |located| Examined::of(located, situation);
        Self { layer, statements: statements.into_iter().map(examine).collect() }
    }

    /// Those that apply and have this effect, with the level at which each does.
    fn applying(&self, effect: model::Effect) -> impl Iterator<Item = (Level, &Examined<'a>)> {
        let having = self.statements.iter().filter(move |it| it.located.statement.effect == effect);
        having.filter_map(|it| Some((it.applies?, it)))
    }

    /// What they say together.
    pub(crate) fn says(&self) -> Says {
        Says {
            // N: a Deny takes effect at any level.
            denies: self.applying(model::Effect::Deny).next().is_some(),
            allows: self.applying(model::Effect::Allow).next().is_some(),
        }
    }

    fn allows_at(&self, wanted: Level) -> bool {
        self.applying(model::Effect::Allow).any(|(level, _)| level == wanted)
    }

    fn denying(&self) -> Vec<Deciding> {
        self.applying(model::Effect::Deny).map(|(_, it)| it.deciding(self.layer)).collect()
    }

    /// The allowing statements that match at this level or closer.
    fn allowing(&self, loosest: Level) -> impl Iterator<Item = Deciding> {
        let close = self.applying(model::Effect::Allow).filter(move |(level, _)| *level >= loosest);
        close.map(|(_, it)| it.deciding(self.layer))
    }
}

/// What every layer says. `None`: the layer is not there (V2).
#[derive(Clone, Debug)]
pub(crate) struct Layers<'a> {
    /// Level by level from the root.
    pub(crate) rcps: Vec<Found<'a>>,
    /// Level by level from the root.
    pub(crate) scps: Vec<Found<'a>>,
    pub(crate) endpoint: Option<Found<'a>>,
    pub(crate) resource: Option<Found<'a>>,
    pub(crate) identity: Option<Found<'a>>,
    pub(crate) boundary: Option<Found<'a>>,
    pub(crate) session: Option<Found<'a>>,
}

impl<'a> Layers<'a> {
    /// Finds the policies that bear on a request, and examines their statements.
    pub(crate) fn find(situation: &'a Situation<'a>) -> Self {
        let Situation { request, asker, owner, account, contract, context, .. } = situation;
        let found = |layer, statements| Found::of(layer, statements, situation);
        let levels = |layer, levels: Vec<Vec<Located<'a>>>| -> Vec<Found<'a>> {
            levels.into_iter().map(|statements| found(layer, statements)).collect()
        };
        let known = situation.known();
        let identity = known.map(|known| layers::identity(asker.model, known));
        let boundary = known.and_then(|known| layers::boundary(asker.model, known));
        let session = layers::session(asker, request);
        let endpoint = layers::endpoint(asker.model, context);
        let resource = layers::resource(asker.model, *owner, *contract, request);
        Self {
            rcps: levels(Layer::Rcp, organization::rcps(asker, *owner, *account, &request.action)),
            scps: levels(Layer::Scp, organization::scps(asker, &request.action)),
            endpoint: endpoint.map(|it| found(Layer::Endpoint, it)),
            resource: resource.map(|it| found(Layer::Resource, it)),
            identity: identity.map(|it| found(Layer::Identity, it)),
            boundary: boundary.map(|it| found(Layer::Boundary, it)),
            session: session.map(|it| found(Layer::Session, it)),
        }
    }

    /// What the combination looks at.
    pub(crate) fn bits(&self, situation: &Situation<'_>) -> Bits {
        let first =
            |levels: &[Found<'_>], is: fn(Says) -> bool| levels.iter().position(|level| is(level.says()));
        Bits {
            caller: situation.caller,
            same_account: situation.same_account(),
            contract: situation.contract,
            not_controlled: situation.is_not_controlled(),
            owned_by_aws: resource::is_owned_by_aws(situation.request),
            rcp_denies: first(&self.rcps, |says| says.denies),
            scp_denies: first(&self.scps, |says| says.denies),
            scp_silent: first(&self.scps, |says| !says.allows),
            endpoint: self.endpoint.as_ref().map(Found::says),
            resource: self.resource.as_ref().map(|resource| ResourceSays {
                denies: resource.says().denies,
                direct: resource.allows_at(Level::Direct),
                session: resource.allows_at(Level::Session),
                account: resource.allows_at(Level::Account),
            }),
            identity: self.identity.as_ref().map(Found::says).unwrap_or_default(),
            boundary: self.boundary.as_ref().map(Found::says),
            session: self.session.as_ref().map(Found::says),
        }
    }

    /// The decision.
    pub(crate) fn decide(&self, situation: &Situation<'_>) -> Decision {
        let outcome = combine(&self.bits(situation));
        Decision {
            effect: outcome.effect,
            layer: outcome.layer,
            level: outcome.level,
            reason: outcome.reason,
            statements: self.behind(&outcome),
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
        let level = |levels: &'_ [Found<'a>]| outcome.level.and_then(|level| levels.get(level).cloned());
        let found = match outcome.layer {
            Layer::Rcp => level(&self.rcps),
            Layer::Scp => level(&self.scps),
            Layer::Endpoint => self.endpoint.clone(),
            Layer::Resource => self.resource.clone(),
            Layer::Identity => self.identity.clone(),
            Layer::Boundary => self.boundary.clone(),
            Layer::Session => self.session.clone(),
            _ => None,
        };
        found.map_or_else(Vec::new, |found| found.denying())
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
            statements.extend(self.identity.iter().flat_map(|found| found.allowing(Level::Direct)));
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
