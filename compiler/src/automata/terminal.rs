//! Terminals: what is known at the end of a walk, folded and hash-consed.

use bincode::{Decode, Encode};
use portcullis_runtime::format::terminal as format;

use super::ResidualRule;
use super::classifiers::Classifiers;
use super::diagram::{Diagrams, Entry};
use super::nfa::Nfa;
use crate::intern::Interner;
use crate::ir::Ir;
use crate::model::Effect;
use crate::pattern::Glob;

/// The diagrams behind all terminals, and the patterns with variables that they check.
#[derive(Clone, Debug, Default)]
pub struct Terminals {
    /// What depends on the context.
    pub diagrams: Diagrams,
    /// Distinct patterns with variables.
    pub patterns: Interner<Box<[Glob; 6]>>,
    /// Outcomes of rules that were folded.
    folded: usize,
}

/// How the resources of a rule that may apply ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub(super) enum Matched {
    /// The rule applies, its guard aside.
    Yes,
    /// It depends on these patterns with variables.
    Depends(Vec<u32>),
}

impl Terminals {
    /// No terminals yet, over the guards of an IR.
    pub(super) fn new(ir: &Ir, classifiers: &Classifiers) -> Self {
        Self { diagrams: Diagrams::new(ir, classifiers), ..Self::default() }
    }

    /// Folds what the rules of a residual came to into one terminal, and gives its reference: a constant deny is all that counts, a constant
    /// allow drops the allows that depend on something (rule V1).
    pub(super) fn fold(&mut self, outcomes: impl IntoIterator<Item = (RuleFacts, Matched)>) -> u32 {
        let mut entries: Vec<Entry> = Vec::new();
        let (mut deny, mut allow): (Option<u32>, Option<u32>) = (None, None);
        for (rule, matched) in outcomes {
            self.folded += 1;
            let checks = match matched {
                Matched::Yes => Vec::new(),
                Matched::Depends(checks) => checks,
            };
            if checks.is_empty() && rule.guard.is_none() {
                let first = match rule.effect {
                    Effect::Deny => &mut deny,
                    Effect::Allow => &mut allow,
                };
                *first = Some(first.map_or(rule.rule, |first| first.min(rule.rule)));
                continue;
            }
            let mut tests = self.diagrams.tests(rule.guard);
            if !checks.is_empty() {
                tests.push(self.diagrams.check(rule.negated, checks));
            }
            entries.push(Entry { allows: rule.effect == Effect::Allow, rule: rule.rule, tests });
        }
        if let Some(rule) = deny {
            return format::DENIES | rule;
        }
        let otherwise = match allow {
            Some(rule) => {
                entries.retain(|entry| !entry.allows);
                format::ALLOWS | rule
            }
            None => format::NOTHING,
        };
        if entries.is_empty() {
            return otherwise;
        }
        entries.sort_unstable_by_key(|entry| (entry.allows, entry.rule));
        self.diagrams.terminal(&entries, otherwise)
    }

    /// The ids of the patterns with variables of a residual's rules, by their ids in its automaton.
    pub(super) fn variables(&mut self, rules: &[ResidualRule<'_>]) -> Vec<u32> {
        let patterns = Nfa::new(rules).variables;
        patterns.items().iter().map(|pattern| self.patterns.intern(pattern.clone())).collect()
    }

    /// What all of it has cost so far, as work of a budget.
    pub(super) fn spent(&self) -> usize {
        self.folded + self.diagrams.spent()
    }

    /// The terminal of one rule whose resources match.
    pub(super) fn alone(&mut self, rule: RuleFacts) -> u32 {
        self.fold([(rule, Matched::Yes)])
    }
}

/// The parts of a rule that a terminal needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleFacts {
    pub(super) rule: u32,
    pub(super) effect: Effect,
    pub(super) guard: Option<u32>,
    pub(super) negated: bool,
}

impl RuleFacts {
    pub(super) fn of(rule: &ResidualRule<'_>) -> Self {
        Self { rule: rule.rule, effect: rule.effect, guard: rule.guard, negated: rule.negated }
    }
}
