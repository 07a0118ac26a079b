//! Automata side by side, and from a cache where they are known.

use super::cache::{self, Cache};
use super::draft::Attempt;
use super::residual::{Budget, resolve};
use crate::ir::Ir;
use crate::workers::Workers;

/// An automaton that is asked for: its rules, and what it may cost.
pub(super) type Wanted = (Vec<u32>, Budget);

/// Makes automata, side by side; takes those that are known from a cache, if there is one.
#[derive(Default)]
pub(super) struct Maker<'a> {
    pub(super) workers: Workers,
    pub(super) cache: Option<&'a mut Cache>,
}

impl Maker<'_> {
    /// Makes some automata, in their order.
    pub(super) fn make(&mut self, ir: &Ir, wanted: &[Wanted]) -> Vec<Attempt> {
        let Some(cache) = self.cache.as_deref_mut() else {
            return self.workers.map(wanted, |(rules, budget)| Attempt::new(&resolve(ir, rules), *budget));
        };
        let made = self.workers.map(wanted, |(rules, budget)| {
            let rules = resolve(ir, rules);
            let key = cache::key(&rules, *budget);
            let found = key.as_ref().and_then(|key| cache.find(key));
            let known = found.is_some();
            (key, known, found.unwrap_or_else(|| Attempt::new(&rules, *budget)))
        });
        let note = |(key, known, attempt): (Option<Vec<u8>>, bool, Attempt)| {
            if let Some(key) = key {
                cache.note(key, (!known).then_some(&attempt));
            }
            attempt
        };
        made.into_iter().map(note).collect()
    }
}
