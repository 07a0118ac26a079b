//! The IR: what the policies mean, in canonical form, one rule for each distinct statement.
//!
//! In: the model and its layers. Out: statements are rules (effect, action set, resource set, guard), hash-consed; order, names, `Sid`s,
//! duplicates and the difference between a scalar and a list are gone; a document is a list of rules, a layer a set of such lists. Every rule
//! keeps the statements that it came from.

mod guard;
mod lines;
mod lower;
mod principals;
mod spelling;
mod text;
mod verify;

pub use guard::{Atom, Guard};
pub use lower::lower;
pub use principals::{ACCOUNT, BEHIND, BOUNDED, DIRECT, Grant, NAME, ROOT, behind_federated, behind_session};
pub use spelling::Spelling;
pub use text::{Block, TextOptions, blocks, print};
pub use verify::{Violation, verify};

use crate::intern::Interner;
use crate::merge::{DocumentSource, PrincipalRef};
use crate::model::Effect;
use crate::pattern::{ActionForm, ResourceForm};

/// `Action` or `NotAction` in canonical form: patterns sorted, each once, none of them [`ActionForm::Nothing`]; [`ActionForm::Everything`]
/// stands alone and is never negated; none is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionSet {
    /// Whether it is the complement of the union (rule A1).
    pub negated: bool,
    /// The patterns.
    pub patterns: Vec<ActionForm>,
}

/// `Resource` or `NotResource` in canonical form, with the same invariants.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceSet {
    /// Whether it is the complement of the union (rule R3).
    pub negated: bool,
    /// The patterns.
    pub patterns: Vec<ResourceForm>,
}

impl ResourceSet {
    /// Whether it covers every resource.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        matches!(self.patterns.as_slice(), [ResourceForm::Everything]) && !self.negated
    }
}

/// A rule: what one statement means. Ids of the interners in [`Ir`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rule {
    /// Allow or Deny.
    pub effect: Effect,
    /// Action set.
    pub actions: u32,
    /// Resource set.
    pub resources: u32,
    /// Guard; `None` where the statement has no condition.
    pub guard: Option<u32>,
}

/// A statement that a rule came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleSource {
    /// The document.
    pub document: DocumentSource,
    /// The statement's place in it.
    pub statement: u32,
}

/// A principal with the permission sets of its layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Which.
    pub principal: PrincipalRef,
    /// Permission set of the identity layer.
    pub identity: u32,
    /// Permission set of the boundary.
    pub boundary: Option<u32>,
    /// Documents of the identity layer.
    pub identity_documents: Vec<DocumentSource>,
    /// Documents of the boundary.
    pub boundary_documents: Vec<DocumentSource>,
    /// Who may assume it, of a role.
    pub trust: Option<ResourcePolicy>,
}

/// A layer: a permission set, and the documents that it came from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layer {
    /// Permission set.
    pub set: u32,
    /// Documents, sorted.
    pub documents: Vec<DocumentSource>,
}

/// What a resource's policy says, by the level at which it matches the principal (rules N1–N6). Its denies, which take effect at any
/// level, are with the direct grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePolicy {
    /// Permission set of direct grants, and of all denies.
    pub direct: u32,
    /// Permission set of grants at session level.
    pub session: u32,
    /// Permission set of grants at account level.
    pub account: u32,
    /// The document.
    pub document: DocumentSource,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub number: Box<str>,
    /// SCPs, level by level from the root (rule E1); `None` where they do not apply.
    pub scps: Option<Vec<Layer>>,
    /// RCPs, level by level from the root (rule E2); `None` where they do not apply.
    pub rcps: Option<Vec<Layer>>,
}

/// A resource, in the order of the model's resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its policy.
    pub policy: Option<ResourcePolicy>,
    /// RCPs of its own; `None` where its account's count.
    pub rcps: Option<Vec<Layer>>,
}

/// A statement that can never matter and therefore is no rule, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The statement.
    pub source: RuleSource,
    /// Why it can never match.
    pub why: &'static str,
}

/// The IR of all inputs.
#[derive(Clone, Debug, Default)]
pub struct Ir {
    /// Distinct action sets.
    pub action_sets: Interner<ActionSet>,
    /// Distinct resource sets.
    pub resource_sets: Interner<ResourceSet>,
    /// Distinct conditions: one operator applied to one key.
    pub atoms: Interner<Atom>,
    /// Distinct guards: atoms that must all hold, sorted.
    pub guards: Interner<Guard>,
    /// Distinct rules.
    pub rules: Interner<Rule>,
    /// By rule: its statements, sorted.
    pub sources: Vec<Vec<RuleSource>>,
    /// Distinct documents: rule ids in the order of their text.
    pub rule_lists: Interner<Vec<u32>>,
    /// Distinct permission sets: rule list ids, sorted, each once.
    pub sets: Interner<Vec<u32>>,
    /// The principals.
    pub principals: Vec<Principal>,
    /// The accounts, sorted by number.
    pub accounts: Vec<Account>,
    /// The resources.
    pub resources: Vec<Resource>,
    /// By endpoint: its policy.
    pub endpoints: Vec<Layer>,
    /// The session policies, in an overlay.
    pub session: Option<Layer>,
    /// Statements that are no rule.
    pub dropped: Vec<Dropped>,
    /// How each action pattern is spelled for people.
    pub spellings: std::collections::HashMap<ActionForm, Spelling>,
}
