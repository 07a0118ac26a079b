//! Terminals: what is known at the end of a walk, folded and hash-consed.

use super::ResidualRule;
use crate::intern::Interner;
use crate::model::Effect;
use crate::pattern::Glob;

/// A rule that still depends on the context: on its guard, or on resource patterns with variables.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Residue {
    /// Whether it allows; denies sort first.
    pub allows: bool,
    /// The IR's rule.
    pub rule: u32,
    /// Guard.
    pub guard: Option<u32>,
    /// Whether it holds where no check matches (rule R3), instead of where one does.
    pub negated: bool,
    /// Patterns with variables that are still to be verified, as ids, sorted. None: the resource matches already.
    pub checks: Vec<u32>,
}

/// What is known at the end of a walk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Terminal {
    /// Rules that deny whatever the context says; then all else is empty.
    pub denies: Vec<u32>,
    /// Rules that allow whatever the context says; then no residue allows.
    pub allows: Vec<u32>,
    /// Rules that depend on the context, denies first.
    pub residues: Vec<Residue>,
}

/// All terminals, and the patterns with variables that they check.
#[derive(Clone, Debug)]
pub struct Terminals {
    /// Distinct terminals; the first is the empty one.
    pub table: Interner<Terminal>,
    /// Distinct patterns with variables.
    pub patterns: Interner<Box<[Glob; 6]>>,
}

impl Default for Terminals {
    fn default() -> Self {
        let mut table = Interner::default();
        table.intern(Terminal::default());
        Self { table, patterns: Interner::default() }
    }
}

/// How one rule's resources ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Matched {
    /// The rule does not apply.
    No,
    /// The rule applies, its guard aside.
    Yes,
    /// It depends on these patterns with variables.
    Depends(Vec<u32>),
}

impl Terminals {
    /// Folds what the rules of a residual came to into one terminal: a constant deny is all that counts, a constant allow drops the
    /// allows that depend on something (rule V1).
    pub(super) fn fold(&mut self, outcomes: impl IntoIterator<Item = (RuleFacts, Matched)>) -> u32 {
        let mut terminal = Terminal::default();
        for (rule, matched) in outcomes {
            let checks = match matched {
                Matched::No => continue,
                Matched::Yes => Vec::new(),
                Matched::Depends(checks) => checks,
            };
            if checks.is_empty() && rule.guard.is_none() {
                match rule.effect {
                    Effect::Deny => terminal.denies.push(rule.rule),
                    Effect::Allow => terminal.allows.push(rule.rule),
                }
                continue;
            }
            let allows = rule.effect == Effect::Allow;
            let negated = rule.negated && !checks.is_empty();
            terminal.residues.push(Residue { allows, rule: rule.rule, guard: rule.guard, negated, checks });
        }
        if !terminal.denies.is_empty() {
            terminal.allows.clear();
            terminal.residues.clear();
        }
        if !terminal.allows.is_empty() {
            terminal.residues.retain(|residue| !residue.allows);
        }
        terminal.denies.sort_unstable();
        terminal.allows.sort_unstable();
        terminal.residues.sort_unstable();
        self.table.intern(terminal)
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
