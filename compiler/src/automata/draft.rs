//! One automaton by itself: it depends on nothing but its rules and the budget, so that it can be built beside others.
//!
//! Its ends are named within it. What they come to in the bundle, where terminals and diagrams are shared, is for [`super::residual`] to say.

use bincode::{Decode, Encode};
use portcullis_runtime::format::{LIST_BIT, TERMINAL_BIT};

use super::ResidualRule;
use super::determinize::{Ends, OverBudget, determinize};
use super::layout::Built;
use super::nfa::{Nfa, State};
use super::residual::Budget;
use super::terminal::{Matched, RuleFacts};
use crate::intern::Interner;
use crate::model::Effect;

/// What the rules of a residual, by their places in it, came to at an end; but for those that cannot matter there (rule V1).
pub(super) type Outcomes = Vec<(u32, Matched)>;

/// An automaton. Where its words would be terminals, with [`TERMINAL_BIT`] stand the ids of its ends.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Draft {
    pub(super) built: Built,
    /// By id.
    pub(super) ends: Vec<Outcomes>,
}

/// What came of building an automaton: none where it did not fit the budget.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Attempt {
    pub(super) draft: Option<Draft>,
    /// What it cost, in the unit of [`Budget::work`].
    pub(super) work: usize,
}

impl Attempt {
    /// Builds an automaton within a budget. Time: the budget's work at most.
    pub(super) fn new(rules: &[ResidualRule<'_>], budget: Budget) -> Self {
        let nfa = Nfa::new(rules);
        let mut ends = OwnEnds::default();
        match determinize(&nfa, &mut ends, budget) {
            Ok(graph) => {
                let draft = graph.layout().map(|built| Draft { built, ends: ends.distinct.into_items() });
                Self { draft, work: graph.work() }
            }
            Err(OverBudget { work }) => Self { draft: None, work },
        }
    }

    /// Whether every place and every end that it names is there: of one that was not just built. Linear.
    pub(super) fn is_sound(&self) -> bool {
        let Some(Draft { built, ends }) = &self.draft else { return true };
        let words = built.words.len();
        let word = |&place: &u32| built.words.get(place as usize).copied();
        let leads = |word: u32| (word as usize) < words;
        let ends = |word: u32| word & TERMINAL_BIT != 0 && ((word & !TERMINAL_BIT) as usize) < ends.len();
        words <= LIST_BIT as usize
            && built.states <= words
            && self.work <= usize::MAX / 2
            && (leads(built.root) || ends(built.root))
            && built.relocations.iter().all(|place| word(place).is_some_and(leads))
            && built.terminals.iter().all(|place| word(place).is_some_and(ends))
    }
}

/// The ends of one automaton.
#[derive(Default)]
struct OwnEnds {
    distinct: Interner<Outcomes>,
    spent: usize,
}

impl Ends for OwnEnds {
    fn end(&mut self, nfa: &Nfa, state: &State) -> u32 {
        let mut outcomes = nfa.outcomes(state);
        self.spent += outcomes.len();
        outcomes.sort_unstable_by_key(|(number, _)| *number);
        let facts = |number: u32| nfa.rules.get(number as usize);
        let constant = |(number, matched): &(u32, Matched), effect: Effect| {
            let holds = |rule: &RuleFacts| rule.guard.is_none() && rule.effect == effect;
            *matched == Matched::Yes && facts(*number).is_some_and(holds)
        };
        // A constant deny is all that counts; a constant allow drops all other allows.
        if let Some(deny) = outcomes.iter().position(|it| constant(it, Effect::Deny)) {
            outcomes = vec![outcomes.swap_remove(deny)];
        } else if let Some(allow) = outcomes.iter().find(|it| constant(it, Effect::Allow)).map(|it| it.0) {
            let denies = |number: u32| facts(number).is_some_and(|rule| rule.effect == Effect::Deny);
            outcomes.retain(|(number, _)| *number == allow || denies(*number));
        }
        TERMINAL_BIT | self.distinct.intern(outcomes)
    }

    fn spent(&self) -> usize {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Glob, ResourceForm};

    /// What a damaged automaton names that is not there is seen before it is placed.
    #[test]
    fn what_names_nothing_is_not_sound() {
        let built = Built {
            words: vec![3, TERMINAL_BIT, 0, 7],
            relocations: vec![2],
            terminals: vec![1],
            root: 0,
            states: 1,
        };
        let attempt = |built: &Built| {
            let draft = Some(Draft { built: built.clone(), ends: vec![Outcomes::new()] });
            Attempt { draft, work: 1 }
        };
        assert!(attempt(&built).is_sound());
        let unsound = [
            Built { root: 4, ..built.clone() },
            Built { root: TERMINAL_BIT | 1, ..built.clone() },
            Built { relocations: vec![4], ..built.clone() },
            Built { relocations: vec![3], ..built.clone() },
            Built { terminals: vec![u32::MAX], ..built.clone() },
            Built { terminals: vec![0], ..built.clone() },
            Built { states: 5, ..built.clone() },
        ];
        assert!(unsound.iter().all(|built| !attempt(built).is_sound()));
        assert!(!Attempt { work: usize::MAX, ..attempt(&built) }.is_sound());
    }

    /// Looking for segments that are none costs as much as is looked at.
    #[test]
    fn what_is_tried_in_vain_is_charged() {
        let part = |text: &str| Glob::literal(text);
        let form = |name: Glob| {
            ResourceForm::Parts(Box::new([part("arn"), part("aws"), part("s3"), part(""), part(""), name]))
        };
        let long = "x".repeat(500);
        let patterns = [form(part(&long)), form(Glob::wildcards("y?"))];
        let rule =
            ResidualRule { rule: 0, effect: Effect::Allow, guard: None, negated: false, patterns: &patterns };
        let nfa = Nfa::new(&[rule]);
        let mut work = 0;
        assert!(nfa.segments(&nfa.start(), b'/', &mut work).is_none());
        assert!(work > 500, "{work}");
    }
}
