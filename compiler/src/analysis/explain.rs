//! Why a request gets what it gets: layer by layer the statements that apply or nearly do, and what would change the answer.
//!
//! In: a model and a request. Out: the reference's decision; for each layer that bears on the request the statements that apply, those that
//! nearly do with the parts that fail, and the number of the others; and the obstacles on the way to an allow, in the order in which they
//! would be met (rule V5). It reports the very examination that the decision is made from and compares nothing itself.

mod examine;
mod names;
mod obstacles;

use portcullis_runtime::decision::{Layer, Reason};

use crate::model::{BaseOperator, Effect, Model, Operator, PrincipalType};
use crate::reference::{Decision, Layers, Level, Situation};
use crate::request::{ContextValue, Request};

/// Why a request gets what it gets.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// The statements that decided, as [`Decision::statements`] names them.
    pub statements: Vec<Named>,
    /// The layers that bear on the request, in the order of rule V5.
    pub layers: Vec<LayerReport>,
    /// What stands between the request and an allow, each to be met when those before it are gone; empty where it is allowed.
    pub obstacles: Vec<Obstacle>,
}

/// What one layer, or one level of it, says.
#[derive(Clone, Debug)]
pub struct LayerReport {
    /// The layer.
    pub layer: Layer,
    /// Of SCPs and RCPs the level, the root being 0.
    pub level: Option<usize>,
    /// Whose it is: the ARN of the identity or of the resource, the unit or account, the endpoint.
    pub of: String,
    /// What its statements say together.
    pub verdict: Verdict,
    /// The statements that apply.
    pub matched: Vec<Matched>,
    /// The statements that name the action and fail in one or two other parts.
    pub near: Vec<NearMiss>,
    /// How many other statements it has.
    pub others: usize,
}

/// What the statements of a layer say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Some statement denies.
    Denies,
    /// Some statement allows, and none denies.
    Allows,
    /// None applies. An RCP allows all the same: the full-access one stands on every level (rule E2).
    Silent,
}

impl Verdict {
    /// The stable machine-readable name: `denies`, `allows`, `silent`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denies => "denies",
            Self::Allows => "allows",
            Self::Silent => "silent",
        }
    }
}

/// A statement, named for people and machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its policy: the ARN, the id of an SCP or RCP, for an inline policy the ARN of its identity, `#` and its name.
    pub policy: String,
    /// The version of a managed policy.
    pub version: Option<String>,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// Its place in the document, from 0.
    pub index: usize,
    /// Allow or Deny.
    pub effect: Effect,
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// A statement that applies.
#[derive(Clone, Debug)]
pub struct Matched {
    /// The statement.
    pub statement: Named,
    /// How closely it names who asks; in identity-type policies directly.
    pub level: Level,
    /// Its resources, where they are not everything.
    pub resources: Option<Clause>,
    /// Its conditions, which all hold.
    pub conditions: Vec<Compared>,
}

/// A statement that names the action and fails in one or two other parts.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// The statement.
    pub statement: Named,
    /// What fails.
    pub failed: Vec<Part>,
}

/// A part of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `Principal` or `NotPrincipal`; `None` where there is none and one is needed.
    Principal(Option<Clause>),
    /// `Resource` or `NotResource`; `None` stands for the resource that the policy is attached to.
    Resource(Option<Clause>),
    /// A condition.
    Condition(Compared),
}

/// What a statement names as principals or resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Whether it is the Not-form.
    pub negated: bool,
    /// The entries as written.
    pub entries: Vec<String>,
    /// The policy variables in them, and what they stand for in this request.
    pub variables: Vec<(String, Option<ContextValue>)>,
}

/// A condition beside the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The operator.
    pub operator: Operator,
    /// The key as written.
    pub key: String,
    /// The policy's values as written.
    pub values: Vec<String>,
    /// The policy variables in them, and what they stand for in this request.
    pub variables: Vec<(String, Option<ContextValue>)>,
    /// What the request has for the key; `None` where it is missing.
    pub request: Option<ContextValue>,
}

impl Compared {
    /// Whether it fails for the form of the request's value alone: a list, and an operator that takes single values (rule C6).
    #[must_use]
    pub fn is_list_without_set(&self) -> bool {
        let takes_one = self.operator.set.is_none() && self.operator.base != BaseOperator::Null;
        takes_one && matches!(self.request, Some(ContextValue::Many(_)))
    }
}

/// Something that stands between a request and an allow.
#[derive(Clone, Debug)]
pub struct Obstacle {
    /// The layer.
    pub layer: Layer,
    /// Of SCPs and RCPs the level.
    pub level: Option<usize>,
    /// Whose layer it is; empty where the layer is not there.
    pub of: String,
    /// What it is.
    pub kind: ObstacleKind,
}

/// The kinds of obstacles.
#[derive(Clone, Debug)]
pub enum ObstacleKind {
    /// Statements that deny: each of them has to stop applying.
    Denied(Vec<Matched>),
    /// A layer that has to allow, and does not.
    Silent {
        /// Its statements that nearly allow.
        near: Vec<NearMiss>,
        /// Within one account, where a statement of the resource's policy that names the caller itself would be enough: those that nearly
        /// allow, so far as there are any.
        or_resource: Option<Vec<NearMiss>>,
        /// Whether the resource's policy allows the account as a whole, which leaves it to the account's own policies (rule N2).
        is_delegated: bool,
    },
    /// None that a statement of a held policy makes; the reason says what it is.
    Other(Reason),
}

/// Explains one request. Session policies stand in files that the model does not know: `session_files` names them by their
/// [`FileId`](crate::model::FileId)s. Time: that of the decision, and for what is nearly matched the same again.
///
/// The request's context gives no key twice ([`Request::check`]).
#[must_use]
pub fn explain(model: &Model, request: &Request, session_files: &[String]) -> Explanation {
    let situation = match Situation::of(model, request) {
        Ok(situation) => situation,
        Err(decision) => {
            let kind = ObstacleKind::Other(decision.reason);
            let obstacle = Obstacle { layer: decision.layer, level: None, of: String::new(), kind };
            return Explanation {
                decision,
                statements: Vec::new(),
                layers: Vec::new(),
                obstacles: vec![obstacle],
            };
        }
    };
    let found = Layers::find(&situation);
    let decision = found.decide(&situation);
    let names = names::Names { model, situation: &situation, session_files };
    let bits = found.bits(&situation);
    let layers = examine::layers(&found, &bits, &names);
    let statements = names.decisive(&decision, &found);
    let obstacles = obstacles::obstacles(bits, &layers);
    Explanation { decision, statements, layers, obstacles }
}

/// The element under which principals of a type stand, for people.
fn element(kind: PrincipalType) -> &'static str {
    match kind {
        PrincipalType::Everyone | PrincipalType::Aws => "",
        PrincipalType::Service => "Service ",
        PrincipalType::Federated => "Federated ",
        PrincipalType::CanonicalUser => "CanonicalUser ",
    }
}

#[cfg(test)]
mod tests;
