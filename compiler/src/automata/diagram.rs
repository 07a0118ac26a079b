//! Guards as decision diagrams: what is left of a terminal's rules once the context is known (DESIGN section 3, guards).
//!
//! In: rules with the tests that must all hold, denies first. Out: a diagram whose leaves are constant terminals. Every way through it meets
//! a classifier at most once, in ascending order (but in a chain); equal parts stand once; children stand before their parents, so that every
//! way ends. Past the budget a diagram becomes a chain: rule after rule, test after test.

mod by_class;
mod leaves;
mod node;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_runtime::format::{NONE, diagram, terminal};

use super::classifiers::{ClassSet, Classifiers};
use crate::intern::{HashMap, Interner};
use crate::ir::Ir;

/// Something that depends on the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Test {
    /// The class of a key's value is in this set.
    Class { classifier: u32, set: u32 },
    /// An atom that is compared at request time.
    Atom(u32),
    /// The resource is checked against patterns with variables.
    Check(u32),
}

impl Test {
    /// Its place in the order of a diagram: tests of one place are decided by one node.
    const fn variable(self) -> Self {
        match self {
            Self::Class { classifier, .. } => Self::Class { classifier, set: 0 },
            other => other,
        }
    }
}

/// A rule with the tests that must all hold for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) allows: bool,
    pub(super) rule: u32,
    pub(super) tests: Vec<Test>,
}

/// The list of no tests.
const NIL: u32 = NONE;

/// A rule with the tests that are left, as a diagram sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Row {
    /// What it comes to where all tests hold.
    terminal: u32,
    /// A list: its first test and the list of the others, or [`NIL`].
    tests: u32,
}

impl Row {
    const fn allows(self) -> bool {
        self.terminal & terminal::KIND == terminal::ALLOWS
    }
}

/// Words that one terminal's diagram may add, if it is larger than its chain.
const WORDS: usize = 16_384;
/// How many times the words of the chain it may add at most.
const SHARE: usize = 64;
/// Rows and classes that may be looked at for one diagram, and for each of its tests.
const WORK: usize = 500_000;
const TEST_WORK: usize = 16;
/// Places in the order of a diagram: as deep it goes.
const DEPTH: usize = 64;
/// What a word and a row cost of an automaton's budget: its diagrams take about as much room as its states may.
const WORD_COST: usize = 8;
/// How much work on a diagram costs one of an automaton's budget.
const WORK_SHARE: usize = 4;

/// All diagrams of a bundle.
#[derive(Clone, Debug, Default)]
pub struct Diagrams {
    /// Their words.
    pub words: Vec<u32>,
    /// Places of words that are patterns with variables, ascending.
    pub patterns: Vec<usize>,
    /// Places of words that are atoms, ascending.
    pub atoms: Vec<usize>,
    /// Distinct terminals whose diagram became a chain.
    pub chains: usize,
    /// Places of the nodes, ascending.
    nodes: Vec<u32>,
    /// Roots of the chains.
    chain_roots: Vec<u32>,
    /// By guard: its tests, sorted.
    guards: Vec<Vec<Test>>,
    /// Distinct sets of classes.
    sets: Interner<ClassSet>,
    /// By classifier: the number of its classes.
    classes: Vec<u32>,
    /// Checks: whether they are negated, and patterns of which the resource matches one, or none.
    checks: Interner<(bool, Vec<u32>)>,
    lists: Interner<(Test, u32)>,
    /// What rows came to as a whole, chains too.
    terminals: HashMap<(Vec<Row>, u32), u32>,
    known: HashMap<(Vec<Row>, u32), u32>,
    places: HashMap<Vec<u32>, u32>,
    attempt: Attempt,
    spent: usize,
}

/// What one diagram has cost so far, and what it added, to be forgotten if it is given up.
#[derive(Clone, Debug, Default)]
struct Attempt {
    limit: usize,
    work: usize,
    known: Vec<(Vec<Row>, u32)>,
    places: Vec<Vec<u32>>,
}

impl Attempt {
    /// Takes so much work; `None` if there is not as much left.
    fn take(&mut self, work: usize) -> Option<()> {
        let left = self.work.checked_sub(work);
        self.work = left.unwrap_or(0);
        left.map(|_| ())
    }
}

impl Diagrams {
    /// No diagram yet, over the tests of an IR.
    pub(super) fn new(ir: &Ir, classifiers: &Classifiers) -> Self {
        let mut sets = classifiers.sets.clone();
        let mut guard = |atoms: &Vec<u32>| {
            let mut classes: BTreeMap<u32, u32> = BTreeMap::new();
            let mut tests = Vec::new();
            for &atom in atoms {
                let Some(Some((classifier, set))) = classifiers.atoms.get(atom as usize) else {
                    tests.push(Test::Atom(atom));
                    continue;
                };
                let before = classes.entry(*classifier).or_insert(*set);
                if let (Some(one), Some(other)) = (sets.get(*before), sets.get(*set)) {
                    *before = sets.intern(one.intersection(other));
                }
            }
            tests.extend(classes.into_iter().map(|(classifier, set)| Test::Class { classifier, set }));
            tests.sort_unstable();
            tests
        };
        Self {
            guards: ir.guards.items().iter().map(&mut guard).collect(),
            sets,
            classes: classifiers.items.iter().map(|classifier| classifier.classes).collect(),
            ..Self::default()
        }
    }

    /// The tests of a guard.
    pub(super) fn tests(&self, guard: Option<u32>) -> Vec<Test> {
        let Some(guard) = guard else { return Vec::new() };
        // A guard that is not there must not hold: an atom that is not there is one that the runtime refuses.
        self.guards.get(guard as usize).cloned().unwrap_or_else(|| vec![Test::Atom(NONE)])
    }

    /// The test whether the resource matches one of some patterns with variables, or, negated, none.
    pub(super) fn check(&mut self, negated: bool, patterns: Vec<u32>) -> Test {
        Test::Check(self.checks.intern((negated, patterns)))
    }

    /// What all terminals have cost so far.
    pub(super) fn spent(&self) -> usize {
        self.spent
    }

    /// The terminal of some rules, denies first, before `otherwise`: constant, or the root of a diagram.
    pub(super) fn terminal(&mut self, entries: &[Entry], otherwise: u32) -> u32 {
        let row = |entry: &Entry| {
            let kind = if entry.allows { terminal::ALLOWS } else { terminal::DENIES };
            let tests = entry.tests.iter().rev().fold(NIL, |rest, &test| self.lists.intern((test, rest)));
            Row { terminal: kind | entry.rule, tests }
        };
        let key = (entries.iter().map(row).collect::<Vec<_>>(), otherwise);
        self.spent += entries.len();
        if let Some(&known) = self.terminals.get(&key) {
            return known;
        }
        let before = self.words.len();
        let tests = || entries.iter().flat_map(|entry| &entry.tests);
        let chain: usize = tests().map(|&test| self.weight(test)).sum();
        let limit = before + WORDS.min(SHARE * chain + 256).max(chain);
        let work = WORK.max(TEST_WORK * tests().count());
        self.attempt = Attempt { limit, work, ..Attempt::default() };
        let mut variables = BTreeSet::new();
        let shallow = tests().all(|test| {
            variables.insert(test.variable());
            variables.len() <= DEPTH
        });
        let built = if shallow { self.build(key.0.clone(), otherwise) } else { None };
        self.spent += (work - self.attempt.work) / WORK_SHARE;
        let root = built.unwrap_or_else(|| {
            self.forget(before);
            let root = self.chain(&key.0, otherwise);
            self.chain_roots.push(root);
            root
        });
        self.spent += WORD_COST * (self.words.len() - before);
        self.terminals.insert(key, root);
        root
    }

    /// Forgets what a diagram that was given up has added, which is all behind some word.
    fn forget(&mut self, words: usize) {
        for key in std::mem::take(&mut self.attempt.known) {
            self.known.remove(&key);
        }
        for node in std::mem::take(&mut self.attempt.places) {
            self.places.remove(&node);
        }
        self.words.truncate(words);
        for places in [&mut self.patterns, &mut self.atoms] {
            places.truncate(places.partition_point(|&place| place < words));
        }
        self.nodes.truncate(self.nodes.partition_point(|&place| (place as usize) < words));
    }

    /// Words of a node that decides one test.
    fn weight(&self, test: Test) -> usize {
        match test {
            Test::Class { classifier, set } => {
                let classes = self.classes.get(classifier as usize).copied().unwrap_or(0);
                self.sets.get(set).map_or(0, |set| set.words(classes))
            }
            Test::Atom(_) => diagram::ATOM_WORDS,
            Test::Check(check) => {
                diagram::CHECK_WORDS + self.checks.get(check).map_or(0, |(_, patterns)| patterns.len())
            }
        }
    }

    /// The first test of a row, and the list of the others.
    fn split(&self, row: &Row) -> Option<(Test, u32)> {
        self.lists.get(row.tests).copied()
    }

    /// A diagram that decides every test once; `None` past the limits.
    fn build(&mut self, mut rows: Vec<Row>, mut otherwise: u32) -> Option<u32> {
        self.attempt.take(1 + rows.len())?;
        // A rule without tests is decided: a deny decides all, an allow all other allows (rule V1).
        let decided = |allows| rows.iter().find(|row| row.tests == NIL && row.allows() == allows);
        if let Some(deny) = decided(false) {
            return Some(deny.terminal);
        }
        if let Some(allow) = decided(true) {
            otherwise = allow.terminal;
            rows.retain(|row| !row.allows());
        }
        let first = rows.iter().filter_map(|row| self.split(row));
        let Some(variable) = first.map(|(test, _)| test.variable()).min() else {
            return Some(otherwise);
        };
        let key = (rows, otherwise);
        if let Some(&known) = self.known.get(&key) {
            return Some(known);
        }
        let node = match variable {
            Test::Class { classifier, .. } => self.by_class(classifier, &key.0, otherwise)?,
            Test::Atom(atom) => {
                let (no, yes) = self.both(variable, &key.0, otherwise)?;
                node::atom(atom, no, yes)
            }
            Test::Check(check) => {
                let (no, yes) = self.both(variable, &key.0, otherwise)?;
                self.check_node(check, no, yes)
            }
        };
        let root = self.target(node);
        if self.words.len() > self.attempt.limit {
            return None;
        }
        self.attempt.known.push(key.clone());
        self.known.insert(key, root);
        Some(root)
    }

    /// Where a test leads that does not hold, and one that does.
    fn both(&mut self, test: Test, rows: &[Row], otherwise: u32) -> Option<(u32, u32)> {
        let (mut no, mut yes) = (Vec::new(), Vec::with_capacity(rows.len()));
        for row in rows {
            match self.split(row) {
                Some((first, rest)) if first == test => yes.push(Row { tests: rest, ..*row }),
                _ => {
                    no.push(*row);
                    yes.push(*row);
                }
            }
        }
        let yes = self.build(yes, otherwise)?;
        Some((self.build(no, otherwise)?, yes))
    }

    fn check_node(&self, check: u32, no: u32, yes: u32) -> Result<u32, Vec<u32>> {
        let (negated, patterns) =
            self.checks.get(check).map_or((false, &[][..]), |(negated, it)| (*negated, it));
        node::check(negated, patterns, no, yes)
    }

    /// Rule after rule, test after test.
    fn chain(&mut self, rows: &[Row], otherwise: u32) -> u32 {
        let mut next = otherwise;
        for row in rows.iter().rev() {
            let mut tests = Vec::new();
            let mut left = *row;
            while let Some((test, rest)) = self.split(&left) {
                tests.push(test);
                left.tests = rest;
            }
            let mut then = row.terminal;
            for test in tests.into_iter().rev() {
                let node = match test {
                    Test::Class { classifier, set } => {
                        let classes = self.classes.get(classifier as usize).copied().unwrap_or(0);
                        let runs = self.sets.get(set).map_or(&[][..], |set| set.runs());
                        let mut targets = vec![(0, next)];
                        for &(first, end) in runs {
                            if first == 0 {
                                targets.clear();
                            }
                            targets.push((first, then));
                            if end < classes {
                                targets.push((end, next));
                            }
                        }
                        node::by_class(classifier, classes, &targets)
                    }
                    Test::Atom(atom) => node::atom(atom, next, then),
                    Test::Check(check) => self.check_node(check, next, then),
                };
                then = self.target(node);
            }
            next = then;
        }
        next
    }

    /// Where a node leads: to its only target, or to its place, a new one if it was not seen before.
    fn target(&mut self, node: Result<u32, Vec<u32>>) -> u32 {
        let words = match node {
            Ok(target) => return target,
            Err(words) => words,
        };
        if let Some(&known) = self.places.get(&words) {
            return terminal::DIAGRAM | known;
        }
        let place = self.push(&words);
        self.attempt.places.push(words.clone());
        self.places.insert(words, place);
        terminal::DIAGRAM | place
    }

    /// Appends a node.
    fn push(&mut self, words: &[u32]) -> u32 {
        let place = self.words.len();
        match words.first().map(|first| first & 0xff) {
            Some(diagram::ATOM) => self.atoms.push(place + 1),
            Some(diagram::CHECK) => self.patterns.extend(place + diagram::CHECK_WORDS..place + words.len()),
            _ => {}
        }
        self.nodes.push(place as u32);
        self.words.extend_from_slice(words);
        place as u32
    }
}
