//! Classifiers of texts: texts that some operand is have a class by themselves, and an automaton over all wildcards gives that of the others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use portcullis_runtime::format::{TERMINAL_BIT, class};

use super::super::determinize::{Ends, determinize};
use super::super::nfa::{Nfa, State};
use super::super::residual::Budget;
use super::class_set::Run;
use super::{Classifier, Classifiers, Member, Reading, Table};
use crate::intern::Interner;
use crate::model::OperandForm;
use crate::pattern::Glob;

/// A classifier serves many policies: it may have so many times the states of one automaton.
const SHARE: usize = 16;

/// How often, in all, a wildcard may match one of the texts that have a class by themselves.
const MATCHES: usize = 4_000_000;

/// A pattern over a whole text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::automata) enum Pattern {
    /// Wildcards span anything (rule C8).
    Text(Glob),
    /// Six parts (rule C7).
    Arn(Box<[Glob; 6]>),
}

impl Pattern {
    /// The only text that matches, where there is no wildcard.
    fn exact(&self) -> Option<String> {
        match self {
            Self::Text(glob) => glob.as_literal().map(str::to_owned),
            Self::Arn(parts) => {
                let parts: Option<Vec<&str>> = parts.iter().map(Glob::as_literal).collect();
                parts.map(|parts| parts.join(":"))
            }
        }
    }
}

/// The pattern that an operand is for a classifier of texts; `None` for one that matches nothing.
fn pattern(operand: &OperandForm, reading: Reading) -> Option<Pattern> {
    match operand {
        OperandForm::Text(glob) if reading == Reading::Folded => {
            let text = glob.as_literal().unwrap_or_default();
            Some(Pattern::Text(Glob::literal(&text.to_ascii_lowercase())))
        }
        OperandForm::Text(glob) | OperandForm::Like(glob) => Some(Pattern::Text(glob.clone())),
        OperandForm::Arn(parts) => Some(Pattern::Arn(parts.clone())),
        // Equal bytes have equal canonical texts.
        OperandForm::Binary(text) => Some(Pattern::Text(Glob::literal(text))),
        _ => None,
    }
}

/// Distinct sets of patterns that match, each a class; the first is the empty one.
struct Classes {
    sets: Interner<Vec<u32>>,
    spent: usize,
}

impl Classes {
    fn new() -> Self {
        let mut sets = Interner::default();
        sets.intern(Vec::new());
        Self { sets, spent: 0 }
    }

    fn class(&mut self, matched: Vec<u32>) -> u32 {
        class::OTHER + self.sets.intern(matched)
    }

    /// The patterns that match in a class, where `reference` is a terminal of the automaton.
    fn matched(&self, reference: u32) -> &[u32] {
        let class = (reference & !TERMINAL_BIT).checked_sub(class::OTHER);
        class.and_then(|set| self.sets.get(set)).map_or(&[], Vec::as_slice)
    }

    /// By pattern: the classes in which it matches. Time: linear in all sets.
    fn runs(&self, patterns: usize) -> Vec<Vec<Run>> {
        let mut runs: Vec<Vec<Run>> = vec![Vec::new(); patterns];
        for (class, set) in (class::OTHER..).zip(self.sets.items()) {
            for &pattern in set {
                let Some(own) = runs.get_mut(pattern as usize) else { continue };
                match own.last_mut() {
                    Some(last) if last.1 == class => last.1 = class + 1,
                    _ => own.push((class, class + 1)),
                }
            }
        }
        runs
    }
}

impl Ends for Classes {
    fn end(&mut self, nfa: &Nfa, state: &State) -> u32 {
        let matched = nfa.matched(state);
        self.spent += matched.len();
        TERMINAL_BIT | self.class(matched)
    }

    fn spent(&self) -> usize {
        self.spent
    }
}

impl Classifiers {
    /// A classifier of texts. Where wildcards make the automaton too large, exact texts still have their classes, and atoms with wildcards
    /// are compared at request time.
    pub(super) fn texts(&mut self, key: &str, reading: Reading, members: &[Member<'_>], budget: Budget) {
        if self.automaton(key, reading, members, budget) {
            return;
        }
        let exact =
            |operand: &OperandForm| pattern(operand, reading).is_none_or(|pattern| pattern.exact().is_some());
        let simple: Vec<Member<'_>> =
            members.iter().copied().filter(|(_, atom)| atom.operands.iter().all(exact)).collect();
        if !simple.is_empty() {
            self.automaton(key, reading, &simple, budget);
        }
    }

    /// Texts and one automaton over all wildcards of some atoms; false if that does not fit the budget, which it does without wildcards.
    fn automaton(&mut self, key: &str, reading: Reading, members: &[Member<'_>], budget: Budget) -> bool {
        let mut patterns = Interner::default();
        for operand in members.iter().flat_map(|(_, atom)| &atom.operands) {
            if let Some(pattern) = pattern(operand, reading) {
                patterns.intern(pattern);
            }
        }
        let mut texts: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut wild = Vec::new();
        for (number, pattern) in (0..).zip(patterns.items()) {
            match pattern.exact() {
                Some(text) => texts.entry(text).or_default().push(number),
                None => wild.push((number, pattern)),
            }
        }
        let mut classes = Classes::new();
        let budget = Budget { states: budget.states.saturating_mul(SHARE), ..budget };
        let Ok(graph) = determinize(&Nfa::of_texts(&wild), &mut classes, budget) else { return false };
        // In the order of the texts, so that those with a common beginning have neighbouring classes.
        let mut exact = Vec::with_capacity(texts.len());
        let mut matches: usize = 0;
        for (text, mut own) in texts {
            let matched = classes.matched(graph.walk(text.as_bytes()));
            matches += matched.len();
            if matches > MATCHES {
                return false;
            }
            own.extend(matched);
            own.sort_unstable();
            exact.push((text.into(), classes.class(own)));
        }
        let Some(built) = graph.layout() else { return false };
        let table =
            Table::Texts { exact, words: built.words, relocations: built.relocations, root: built.root };
        let count = class::OTHER + classes.sets.len() as u32;
        let runs = classes.runs(patterns.len());
        self.add(Classifier { key: key.into(), reading, classes: count, table }, members, |_, operand| {
            let id = pattern(operand, reading).and_then(|pattern| patterns.find(&pattern));
            let runs = id.and_then(|id| runs.get(id as usize));
            Cow::Borrowed(runs.map_or(&[], Vec::as_slice))
        });
        true
    }
}
