//! What changes between two worlds: who may do what that they could not, and the other way round.
//!
//! In: two models. Out: for each principal the regions of (action, resource) in which what is allowed differs, with the conditions under which
//! it was allowed and is now, example requests that the reference evaluator decides on both sides, and the statements behind either decision.
//! Principals with equal changes are told together. Explicit and implicit denies are not told apart but in the examples: a change is one
//! between allowed and not allowed.
//!
//! Exact for users, roles, root users and everybody whom a policy names, up to what is marked as [`Certainty::May`]; of those whom no policy
//! names one of each kind stands for all.

use std::collections::{BTreeMap, BTreeSet};

use super::callers::{Asker, askers};
use super::cover::Term;
use super::explain::Named;
use super::regions::Query;
use super::scene::Place;
use super::survey::Survey;
use super::universe::Universe;
use crate::model::{Condition, Model};
use crate::request::Request;
use portcullis_runtime::decision::{Effect, Layer, Reason};

/// How a region changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Never allowed before; allowed now, always or under a condition.
    Granted,
    /// Allowed under a condition before and under one that lets in more, or always, now.
    Widened,
    /// Allowed under another condition than before, which lets in some and keeps out others.
    Shifted,
    /// Allowed before, and under a condition, or a stricter one, now.
    Narrowed,
    /// Allowed before, always or under a condition; never now.
    Revoked,
}

impl Kind {
    /// The stable machine-readable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Widened => "widened",
            Self::Shifted => "shifted",
            Self::Narrowed => "narrowed",
            Self::Revoked => "revoked",
        }
    }

    /// Whether somebody can do what they could not.
    #[must_use]
    pub const fn grows(self) -> bool {
        matches!(self, Self::Granted | Self::Widened | Self::Shifted)
    }
}

/// Whether a change is sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// An example shows it.
    Sure,
    /// If the policy of the resource allows it too, which no input holds.
    IfResourceAllows,
    /// If the caller's own account allows it too, which no input holds.
    IfCallerAllows,
    /// No example was found: conditions that compare one key of the request with another, lists of values, or more patterns than are walked.
    May,
}

/// A condition, or a resource pattern with variables, that has to hold or must not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Literal {
    /// What people read.
    pub text: String,
    /// Whether it has to hold.
    pub holds: bool,
    /// Its number in [`Report::conditions`].
    pub number: usize,
}

/// When something is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Access {
    /// Never.
    Never,
    /// Whatever the context.
    Always,
    /// In each of these cases, in which everything listed has to be so.
    When(Vec<Vec<Literal>>),
}

/// What a condition of a report is.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// A condition, and whether variables are read in its values.
    Condition(Condition, bool),
    /// The resource matches this pattern, whose variables stand for values of the context.
    Resource(String),
    /// What a principal element became, which is decided before anybody asks.
    Fixed,
}

/// A decision beside the statements that made it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Allow or deny.
    pub effect: Effect,
    /// The layer that decided.
    pub layer: Layer,
    /// Why.
    pub reason: Reason,
    /// The statements.
    pub statements: Vec<Named>,
}

/// A request that shows a change.
#[derive(Clone, Debug)]
pub struct Example {
    /// The request.
    pub request: Request,
    /// What the old world says, if there is one.
    pub before: Option<Answer>,
    /// What the new world says.
    pub after: Answer,
}

/// A region that changes.
#[derive(Clone, Debug)]
pub struct Change {
    /// How.
    pub kind: Kind,
    /// The actions.
    pub actions: Vec<Term>,
    /// The resources.
    pub resources: Vec<Term>,
    /// Where they lie.
    pub place: Place,
    /// When it was allowed.
    pub before: Access,
    /// When it is allowed now.
    pub after: Access,
    /// Whether it is sure.
    pub certainty: Certainty,
    /// Where no example shows it: statements that grant it, or granted it.
    pub statements: Vec<Named>,
    /// A request that shows it; of a change that shifts also one in the other direction.
    pub examples: Vec<Example>,
}

/// Principals for whom the same changes.
#[derive(Clone, Debug)]
pub struct Group {
    /// Who, sorted.
    pub principals: Vec<Asker>,
    /// What, the same for each of them; examples are the first one's.
    pub changes: Vec<Change>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By principals.
    pub groups: Vec<Group>,
    /// What the numbers of [`Literal`]s stand for.
    pub conditions: Vec<Meaning>,
    /// Principals and places where patterns were too many to be walked: something may change there unreported.
    pub too_large: Vec<(String, Place)>,
    /// Principals whose patterns of actions are too many to be walked at once: of them documented actions, and such as a policy spells out, were
    /// looked at.
    pub documented: Vec<String>,
    /// VPC endpoints whose policies differ. What may pass through them is not compared: reports are about requests that come through none.
    pub endpoints: Vec<String>,
    /// Routes that are new, gone or other than they were. What a route lets in is not compared with what it let in.
    pub routes: Vec<RouteChange>,
}

/// A route that one world declares otherwise than the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteChange {
    /// What it was, as a line of the language, if there was one for these methods and this path.
    pub before: Option<String>,
    /// What it is, if there is one.
    pub after: Option<String>,
}

impl Report {
    /// Whether somebody can do, or may be able to do, what they could not.
    #[must_use]
    pub fn grows(&self) -> bool {
        self.is_open() || self.changes().any(|change| change.kind.grows())
    }

    /// Whether something was not looked at, or is not compared: it may be access.
    fn is_open(&self) -> bool {
        !(self.too_large.is_empty()
            && self.documented.is_empty()
            && self.endpoints.is_empty()
            && self.routes.is_empty())
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && !self.is_open()
    }

    /// All changes.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.groups.iter().flat_map(|group| &group.changes)
    }
}

/// What the two worlds differ in. Time: for every distinct pair of permission sets linear in the states of the automata of the patterns that
/// meet what changed.
#[must_use]
pub fn diff(old: &Model, new: &Model) -> Report {
    let universe = Universe::new(&[old, new]);
    let mut survey = Survey::new(&universe, Query::default());
    survey.all(&askers(&universe));
    Report { endpoints: endpoints(&universe), routes: routes(old, new), ..survey.report() }
}

/// The routes that differ, by methods and path.
fn routes(old: &Model, new: &Model) -> Vec<RouteChange> {
    let said = |model: &Model| {
        let said = model.routes.0.iter().map(|route| (route.shape(), route.to_string()));
        said.collect::<BTreeMap<String, String>>()
    };
    let (old, new) = (said(old), said(new));
    let shapes: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change =
        |shape: &String| RouteChange { before: old.get(shape).cloned(), after: new.get(shape).cloned() };
    shapes.into_iter().map(change).filter(|change| change.before != change.after).collect()
}

/// The VPC endpoints whose policies differ.
fn endpoints(universe: &Universe<'_>) -> Vec<String> {
    let said = universe.sides.iter().map(|side| {
        let endpoints = side.model.endpoints.iter().zip(&side.ir.endpoints);
        let said = endpoints.map(|(endpoint, layer)| {
            (endpoint.id.as_deref().unwrap_or("endpoint").to_owned(), side.set(layer.set))
        });
        said.collect::<BTreeMap<String, Vec<u32>>>()
    });
    let said: Vec<_> = said.collect();
    let ids: BTreeSet<&String> = said.iter().flat_map(BTreeMap::keys).collect();
    let differs = |id: &&&String| match said.as_slice() {
        [old, new] => old.get(**id) != new.get(**id),
        _ => false,
    };
    ids.iter().filter(differs).map(|id| (*id).clone()).collect()
}
