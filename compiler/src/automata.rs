//! IR to automata: the vocabulary of actions, rows of root lists, and one automaton for each distinct residual (DESIGN section 3).
//!
//! In: the IR. Out: for every permission set and action class a list of roots; every root is a terminal or the first node of an automaton
//! over the resource. All of it is hash-consed by whole content, and within the budget whatever the patterns.

mod cache;
mod classifiers;
mod determinize;
mod diagram;
mod draft;
mod glob;
mod layout;
mod maker;
mod nfa;
mod prefixes;
mod residual;
pub mod routes;
mod rows;
mod set_leaf;
mod slots;
mod states;
mod terminal;
mod unions;
mod verify;
mod vocabulary;

pub use cache::{Cache, CacheError};
pub use classifiers::{ClassSet, Classifier, Classifiers, Reading, Run, Table};
pub use diagram::Diagrams;
pub use residual::{Budget, Roots, TooLarge};
pub use rows::{Automata, RuleRoot, SetTable, build};
pub use set_leaf::Leaf;
pub(crate) use states::quoted;
pub use states::{Outcome, Way};
pub use terminal::Terminals;
pub use verify::verify;
pub use vocabulary::{Action, Service, Vocabulary};

use crate::model::Effect;
use crate::pattern::ResourceForm;

/// A rule as the automata see it: what is left of it once the action is known.
#[derive(Clone, Debug)]
pub struct ResidualRule<'a> {
    /// The IR's rule, for provenance.
    pub rule: u32,
    /// Allow or Deny.
    pub effect: Effect,
    /// Guard, or `None`.
    pub guard: Option<u32>,
    /// Whether the patterns are negated (rule R3).
    pub negated: bool,
    /// The resource patterns.
    pub patterns: &'a [ResourceForm],
}

impl ResidualRule<'_> {
    /// Whether it holds for every resource and every context.
    #[must_use]
    pub fn is_unconditional(&self) -> bool {
        self.guard.is_none() && self.covers_everything()
    }

    /// Whether it covers every resource.
    #[must_use]
    pub fn covers_everything(&self) -> bool {
        matches!(self.patterns, [ResourceForm::Everything]) && !self.negated
    }
}
