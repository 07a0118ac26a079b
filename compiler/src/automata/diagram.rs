//! Guards as decision diagrams: what is left of a terminal's rules once the context is known (DESIGN section 3, guards).
//!
//! In: rules with the tests that must all hold, denies first. Out: a diagram whose leaves are constant terminals. Every way through it meets
//! a classifier at most once, in ascending order (but in a chain); equal parts stand once; children stand before their parents, so that every way ends. Past
//! the budget a diagram becomes a chain: rule after rule, test after test.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portcullis_runtime::format::{NONE, diagram, terminal};

use super::classifiers::Classifiers;
use crate::intern::Interner;
use crate::ir::Ir;

/// Something that depends on the context.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Test {
    /// The class of a key's value is one in which all these atoms hold.
    Class { classifier: u32, atoms: Vec<u32> },
    /// An atom that is compared at request time.
    Atom(u32),
    /// The resource matches one of these patterns with variables; negated: none.
    Check { negated: bool, patterns: Vec<u32> },
}

impl Test {
    /// Its place in the order of a diagram: tests of one place are decided by one node.
    fn variable(&self) -> Test {
        match self {
            Self::Class { classifier, .. } => Self::Class { classifier: *classifier, atoms: Vec::new() },
            other => other.clone(),
        }
    }
}

/// A rule with the tests that must all hold for it, sorted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub(super) allows: bool,
    pub(super) rule: u32,
    pub(super) tests: Vec<Test>,
}

/// Words that one terminal's diagram may add before it becomes a chain.
const WORDS: usize = 16_384;
/// How many times the words of the chain it may add at most.
const SHARE: usize = 64;
/// Tests that may be looked at for one diagram.
const WORK: usize = 2_000_000;
/// Places in the order of a diagram: as deep it goes.
const DEPTH: usize = 64;

/// All diagrams of a bundle.
#[derive(Clone, Debug, Default)]
pub struct Diagrams {
    /// Their words.
    pub words: Vec<u32>,
    /// Places of words that are patterns with variables.
    pub patterns: Vec<usize>,
    /// By place of an atom node's atom in `words`.
    pub atoms: Vec<usize>,
    /// Terminals whose diagram became a chain.
    pub chains: usize,
    /// By guard: its tests, sorted.
    guards: Vec<Vec<Test>>,
    /// By atom of a classifier: the classes in which it holds.
    holds: Vec<Vec<bool>>,
    /// By classifier: the number of its classes.
    classes: Vec<u32>,
    known: HashMap<(Vec<Entry>, u32), u32>,
    places: HashMap<Vec<u32>, u32>,
    attempt: Attempt,
}

/// What one diagram has cost so far, and what it added, to be forgotten if it is given up.
#[derive(Clone, Debug, Default)]
struct Attempt {
    limit: usize,
    work: usize,
    known: Vec<(Vec<Entry>, u32)>,
    places: Vec<Vec<u32>>,
}

impl Attempt {
    /// Takes so much work; `None` if there is not as much left.
    fn take(&mut self, work: usize) -> Option<()> {
        self.work = self.work.checked_sub(work)?;
        Some(())
    }
}

impl Diagrams {
    /// No diagram yet, over the tests of an IR.
    pub(super) fn new(ir: &Ir, classifiers: &Classifiers) -> Self {
        let guard = |atoms: &Vec<u32>| {
            let mut classes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            let mut tests = Vec::new();
            for &atom in atoms {
                match classifiers.atoms.get(atom as usize) {
                    Some(Some((classifier, _))) => classes.entry(*classifier).or_default().push(atom),
                    _ => tests.push(Test::Atom(atom)),
                }
            }
            for (classifier, mut atoms) in classes {
                atoms.sort_unstable();
                tests.push(Test::Class { classifier, atoms });
            }
            tests.sort_unstable();
            tests
        };
        let holds = classifiers.atoms.iter().map(|atom| atom.clone().map_or(Vec::new(), |(_, holds)| holds));
        Self {
            guards: ir.guards.items().iter().map(guard).collect(),
            holds: holds.collect(),
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

    /// The terminal of some rules, denies first, before `otherwise`: constant, or the root of a diagram.
    pub(super) fn terminal(&mut self, entries: Vec<Entry>, otherwise: u32) -> u32 {
        let chain: usize = entries.iter().flat_map(|entry| &entry.tests).map(|test| self.weight(test)).sum();
        let before = self.words.len();
        let limit = before + WORDS.min(SHARE * chain + 256);
        self.attempt = Attempt { limit, work: WORK, ..Attempt::default() };
        let mut variables = BTreeSet::new();
        let shallow = entries.iter().flat_map(|entry| &entry.tests).all(|test| {
            variables.insert(test.variable());
            variables.len() <= DEPTH
        });
        if shallow && let Some(root) = self.build(&entries, otherwise) {
            return root;
        }
        self.forget(before);
        self.chains += 1;
        self.chain(&entries, otherwise)
    }

    /// Forgets what a diagram that was given up has added.
    fn forget(&mut self, words: usize) {
        for key in std::mem::take(&mut self.attempt.known) {
            self.known.remove(&key);
        }
        for node in std::mem::take(&mut self.attempt.places) {
            self.places.remove(&node);
        }
        self.words.truncate(words);
        self.patterns.retain(|&place| place < words);
        self.atoms.retain(|&place| place < words);
    }

    /// Words of a node that decides one test.
    fn weight(&self, test: &Test) -> usize {
        match test {
            Test::Class { classifier, .. } => {
                4 + self.classes.get(*classifier as usize).copied().unwrap_or(0).div_ceil(4) as usize
            }
            Test::Atom(_) => 4,
            Test::Check { patterns, .. } => 4 + patterns.len(),
        }
    }

    /// Whether a class test holds in a class.
    fn holds(&self, test: &Test, class: u32) -> bool {
        let Test::Class { atoms, .. } = test else { return false };
        atoms.iter().all(|&atom| {
            self.holds
                .get(atom as usize)
                .and_then(|holds| holds.get(class as usize))
                .copied()
                .unwrap_or(false)
        })
    }

    /// A diagram that decides every test once; `None` past the limit of words.
    fn build(&mut self, entries: &[Entry], otherwise: u32) -> Option<u32> {
        self.attempt.take(1 + entries.len())?;
        let mut entries = entries.to_vec();
        let mut otherwise = otherwise;
        // A rule without tests is decided: a deny decides all, an allow all other allows (rule V1).
        if let Some(deny) = entries.iter().find(|entry| !entry.allows && entry.tests.is_empty()) {
            return Some(terminal::DENIES | deny.rule);
        }
        if let Some(allow) = entries.iter().find(|entry| entry.allows && entry.tests.is_empty()) {
            otherwise = terminal::ALLOWS | allow.rule;
            entries.retain(|entry| !entry.allows);
        }
        let Some(variable) = entries.iter().filter_map(|entry| entry.tests.first()).map(Test::variable).min()
        else {
            return Some(otherwise);
        };
        let key = (entries, otherwise);
        if let Some(&known) = self.known.get(&key) {
            return Some(known);
        }
        let (entries, _) = &key;
        let split = |passes: &dyn Fn(&Test) -> bool| -> Vec<Entry> {
            let mut kept = Vec::with_capacity(entries.len());
            for entry in entries {
                match entry.tests.split_first() {
                    Some((test, rest)) if test.variable() == variable => {
                        if passes(test) {
                            kept.push(Entry { tests: rest.to_vec(), ..entry.clone() });
                        }
                    }
                    _ => kept.push(entry.clone()),
                }
            }
            kept
        };
        let words = match &variable {
            Test::Class { classifier, .. } => {
                let classes = self.classes.get(*classifier as usize).copied().unwrap_or(0);
                let tested: Vec<&Test> = entries
                    .iter()
                    .filter_map(|entry| entry.tests.first())
                    .filter(|test| test.variable() == variable)
                    .collect();
                let mut ways: HashMap<Vec<bool>, u32> = HashMap::new();
                let mut targets = Vec::with_capacity(classes as usize);
                self.attempt.take(tested.len() * classes as usize)?;
                for class in 0..classes {
                    let signature: Vec<bool> = tested.iter().map(|test| self.holds(test, class)).collect();
                    let target = match ways.get(&signature) {
                        Some(&target) => target,
                        None => {
                            let rest = split(&|test| self.holds(test, class));
                            let target = self.build(&rest, otherwise)?;
                            ways.insert(signature, target);
                            target
                        }
                    };
                    targets.push(target);
                }
                switch(*classifier, &targets)
            }
            Test::Atom(atom) => {
                let yes = self.build(&split(&|_| true), otherwise)?;
                let no = self.build(&split(&|_| false), otherwise)?;
                atom_node(*atom, no, yes)
            }
            Test::Check { negated, patterns } => {
                let yes = self.build(&split(&|_| true), otherwise)?;
                let no = self.build(&split(&|_| false), otherwise)?;
                check_node(*negated, patterns, no, yes)
            }
        };
        let root = match words {
            Ok(target) => target,
            Err(words) => self.place(words),
        };
        if self.words.len() > self.attempt.limit {
            return None;
        }
        self.attempt.known.push(key.clone());
        self.known.insert(key, root);
        Some(root)
    }

    /// Rule after rule, test after test.
    fn chain(&mut self, entries: &[Entry], otherwise: u32) -> u32 {
        let mut next = otherwise;
        for entry in entries.iter().rev() {
            let kind = if entry.allows { terminal::ALLOWS } else { terminal::DENIES };
            let mut then = kind | entry.rule;
            for test in entry.tests.iter().rev() {
                let words = match test {
                    Test::Class { classifier, .. } => {
                        let classes = self.classes.get(*classifier as usize).copied().unwrap_or(0);
                        let targets: Vec<u32> = (0..classes)
                            .map(|class| if self.holds(test, class) { then } else { next })
                            .collect();
                        switch(*classifier, &targets)
                    }
                    Test::Atom(atom) => atom_node(*atom, next, then),
                    Test::Check { negated, patterns } => check_node(*negated, patterns, next, then),
                };
                then = match words {
                    Ok(target) => target,
                    Err(words) => self.place(words),
                };
            }
            next = then;
        }
        next
    }

    /// The place of a node, a new one if it was not seen before.
    fn place(&mut self, words: Vec<u32>) -> u32 {
        if let Some(&known) = self.places.get(&words) {
            return terminal::DIAGRAM | known;
        }
        let place = self.words.len();
        match words.first().map(|first| first & 0xff) {
            Some(diagram::ATOM) => self.atoms.push(place + 1),
            Some(diagram::CHECK) => self.patterns.extend(place + diagram::CHECK_WORDS..place + words.len()),
            _ => {}
        }
        self.words.extend_from_slice(&words);
        self.attempt.places.push(words.clone());
        self.places.insert(words, place as u32);
        terminal::DIAGRAM | place as u32
    }
}

/// The words of a node by classes; `Ok` if all of them lead to one place.
fn switch(classifier: u32, targets: &[u32]) -> Result<u32, Vec<u32>> {
    let mut palette = Interner::<u32>::default();
    let indices: Vec<u32> = targets.iter().map(|&target| palette.intern(target)).collect();
    if let [only] = palette.items() {
        return Ok(*only);
    }
    // The most frequent target is the default of a node that lists the others.
    let mut counts = vec![0_usize; palette.len()];
    for &index in &indices {
        if let Some(count) = counts.get_mut(index as usize) {
            *count += 1;
        }
    }
    let most = (0..)
        .zip(&counts)
        .max_by_key(|&(index, count)| (count, u32::MAX - index))
        .map_or(0, |(index, _)| index);
    let listed = counts.iter().sum::<usize>() - counts.get(most as usize).copied().unwrap_or(0);
    let dense = targets.len().div_ceil(4) + palette.len();
    let count = |count: usize| (count as u32) << 8;
    if palette.len() > 256 || 2 * listed + 8 < dense {
        let default = palette.get(most).copied().unwrap_or(NONE);
        let mut words = vec![diagram::SPARSE | count(listed), classifier, default];
        for (class, &target) in (0..).zip(targets).filter(|&(_, &target)| target != default) {
            words.extend([class, target]);
        }
        return Err(words);
    }
    let mut words = vec![diagram::SWITCH | count(palette.len()), classifier];
    words.extend(palette.items());
    for chunk in indices.chunks(4) {
        words.push(chunk.iter().rev().fold(0, |word, &index| word << 8 | index));
    }
    Err(words)
}

fn atom_node(atom: u32, no: u32, yes: u32) -> Result<u32, Vec<u32>> {
    if no == yes { Ok(no) } else { Err(vec![diagram::ATOM, atom, no, yes]) }
}

fn check_node(negated: bool, patterns: &[u32], no: u32, yes: u32) -> Result<u32, Vec<u32>> {
    if no == yes {
        return Ok(no);
    }
    // A check that fails under negation is one that holds without.
    let (no, yes) = if negated { (yes, no) } else { (no, yes) };
    let mut words = vec![diagram::CHECK | (patterns.len() as u32) << 8, no, yes];
    words.extend(patterns);
    Err(words)
}
