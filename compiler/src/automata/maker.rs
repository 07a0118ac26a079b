//! Automata side by side, and from a cache where they are known.

use super::ResidualRule;
use super::cache::{self, Cache};
use super::draft::Attempt;
use super::residual::{Budget, resolve};
use crate::ir::Ir;
use crate::workers::Workers;

/// An automaton that is asked for: its rules, and what it may cost.
pub(super) type Wanted = (Vec<u32>, Budget);

/// Attempts that are made side by side before their automata are placed.
const TOGETHER: usize = 512;

/// What they may hold until then: patterns that end in so many places, each with all rules that it could stand beside.
const HELD: usize = 1 << 20;

/// The first of some attempts, as many as are made together; one at least. By what is asked for alone, so that neither threads nor a cache
/// show in it.
fn first(ir: &Ir, wanted: &[Wanted]) -> usize {
    let mut held = 0_usize;
    let fits = |(rules, _): &&Wanted| {
        let patterns = |rule: &ResidualRule<'_>| rule.patterns.len();
        let patterns = resolve(ir, rules).iter().map(patterns).sum::<usize>();
        held = held.saturating_add(rules.len().saturating_mul(patterns));
        held <= HELD
    };
    wanted.iter().take(TOGETHER).take_while(fits).count().max(1)
}

/// Makes automata, side by side; takes those that are known from a cache, if there is one.
#[derive(Default)]
pub(super) struct Maker<'a> {
    pub(super) workers: Workers,
    pub(super) cache: Option<&'a mut Cache>,
}

impl Maker<'_> {
    /// Makes the first of some automata, in their order: as many as may be held at a time, at least one if any is wanted.
    pub(super) fn some(&mut self, ir: &Ir, wanted: &[Wanted]) -> Vec<Attempt> {
        self.make(ir, wanted.get(..first(ir, wanted)).unwrap_or(wanted))
    }

    /// Makes one automaton.
    pub(super) fn one(&mut self, ir: &Ir, wanted: Wanted) -> Option<Attempt> {
        self.make(ir, &[wanted]).pop()
    }

    fn make(&mut self, ir: &Ir, wanted: &[Wanted]) -> Vec<Attempt> {
        let rules = wanted.iter().map(|(rules, _)| rules.len()).sum();
        let Some(cache) = self.cache.as_deref_mut() else {
            let make = |(rules, budget): &Wanted| Attempt::new(&resolve(ir, rules), *budget);
            return self.workers.map(wanted, rules, make);
        };
        let made = self.workers.map(wanted, rules, |(rules, budget)| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{ResourceSet, Rule};
    use crate::model::Effect;
    use crate::pattern::ResourceForm;

    /// Small ones many at a time, large ones few; none is left out.
    #[test]
    fn few_are_held_at_a_time() {
        let mut ir = Ir::default();
        let all = ResourceSet { negated: false, patterns: vec![ResourceForm::Everything] };
        let resources = ir.resource_sets.intern(all);
        for actions in 0..2_000 {
            ir.rules.intern(Rule { effect: Effect::Allow, actions, resources, guard: None });
        }
        let wanted = |rules: u32| vec![((0..rules).collect(), Budget::default()); 1_000];
        assert_eq!(first(&ir, &wanted(1)), TOGETHER);
        assert_eq!(first(&ir, &wanted(400)), HELD / (400 * 400));
        assert_eq!(first(&ir, &wanted(2_000)), 1);
        assert_eq!(first(&ir, &[]), 1);
        assert_eq!(Maker::default().some(&ir, &[]).len(), 0);
    }
}
