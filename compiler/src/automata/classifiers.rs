//! Key classifiers: what the conditions of a bundle tell apart about one context key, as classes of its values (DESIGN section 3, guards).
//!
//! In: the atoms of the IR. Out: for every key and way of reading it one classifier, and for every atom the classes in which it holds. An
//! atom that compares with a variable, or under a set prefix, or that fits no classifier within the budget, is left to be compared at
//! request time.

mod addresses;
mod class_set;
mod ordered;
mod texts;

use std::borrow::Cow;
use std::collections::BTreeMap;

use portcullis_runtime::format::class;

pub use class_set::{ClassSet, Run};
pub(super) use texts::Pattern;

use super::residual::Budget;
use crate::intern::Interner;
use crate::ir::{Atom, Ir};
use crate::model::{BaseOperator, OperandForm};
use crate::pattern::Glob;

/// How the values of a key are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// As text.
    Text,
    /// As text in simple lower case, where only ASCII can match.
    Folded,
    /// As an address.
    Address,
    /// As a decimal number.
    Number,
    /// As a moment.
    Date,
    /// As a boolean.
    Bool,
    /// Not at all: whether the key is there.
    Presence,
}

/// The tables of a classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Table {
    /// Texts that have a class by themselves, and for all others an automaton: its words, the places of those that move with it, and its
    /// root. Terminals are classes.
    Texts {
        /// Distinct texts with their classes, sorted.
        exact: Vec<(Box<str>, u32)>,
        /// Words.
        words: Vec<u32>,
        /// Places of references to nodes.
        relocations: Vec<u32>,
        /// Root.
        root: u32,
    },
    /// The first address of every interval and the class of all in it, IPv4 before IPv6; IPv4 stands in the first four bytes.
    Addresses {
        /// IPv4, the first from 0.0.0.0 on.
        v4: Vec<(u128, u32)>,
        /// IPv6, the first from :: on.
        v6: Vec<(u128, u32)>,
    },
    /// Distinct numbers, ascending.
    Numbers(Vec<Box<str>>),
    /// Distinct moments, ascending.
    Dates(Vec<(i64, Box<str>)>),
    /// The reading says it all.
    None,
}

/// A classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classifier {
    /// The key in lower case.
    pub key: Box<str>,
    /// How its values are read.
    pub reading: Reading,
    /// Number of classes, with [`class::MISSING`], [`class::LIST`] and [`class::OTHER`].
    pub classes: u32,
    /// How a value gets its class.
    pub table: Table,
}

/// All classifiers.
#[derive(Clone, Debug, Default)]
pub struct Classifiers {
    /// The classifiers.
    pub items: Vec<Classifier>,
    /// By atom: its classifier, and the set of classes in which it holds. `None`: it is compared at request time.
    pub atoms: Vec<Option<(u32, u32)>>,
    /// Distinct sets of classes.
    pub sets: Interner<ClassSet>,
}

/// An atom with its id.
type Member<'a> = (usize, &'a Atom);

/// Words that a diagram node may take which tests an atom, and so many more for each of its operands. Past it the atom is compared at
/// request time: what it says is scattered over the classes, and every diagram that tests it would say it all again.
const ATOM_WORDS: usize = 256;
const OPERAND_WORDS: usize = 8;
/// Runs of classes that the operands of one atom may come to, and those of all atoms of a key, beside a few for each operand.
const ATOM_RUNS: usize = 16_384;
const KEY_RUNS: usize = 4_000_000;
const OPERAND_RUNS: usize = 2;

/// How an atom reads its key; `None` where it must be compared at request time.
fn reading(atom: &Atom) -> Option<Reading> {
    use BaseOperator as B;
    if atom.operator.set.is_some() {
        return None;
    }
    let fits = |fits: fn(&OperandForm) -> bool| atom.operands.iter().all(fits);
    let plain = fits(|operand| match operand {
        OperandForm::Text(glob) | OperandForm::Like(glob) => !glob.has_variable(),
        OperandForm::Arn(parts) => !parts.iter().any(Glob::has_variable),
        _ => true,
    });
    if !plain {
        return None;
    }
    match atom.operator.base {
        B::StringEquals | B::StringNotEquals | B::StringLike | B::StringNotLike | B::BinaryEquals => {
            Some(Reading::Text)
        }
        B::ArnEquals | B::ArnLike | B::ArnNotEquals | B::ArnNotLike => Some(Reading::Text),
        B::StringEqualsIgnoreCase | B::StringNotEqualsIgnoreCase => {
            let short = fits(|operand| match operand {
                OperandForm::Text(glob) => {
                    glob.as_literal().is_some_and(|text| text.is_ascii() && text.len() <= class::FOLDED_BYTES)
                }
                _ => false,
            });
            short.then_some(Reading::Folded)
        }
        B::NumericEquals
        | B::NumericNotEquals
        | B::NumericLessThan
        | B::NumericLessThanEquals
        | B::NumericGreaterThan
        | B::NumericGreaterThanEquals => Some(Reading::Number),
        B::DateEquals
        | B::DateNotEquals
        | B::DateLessThan
        | B::DateLessThanEquals
        | B::DateGreaterThan
        | B::DateGreaterThanEquals => Some(Reading::Date),
        B::Bool => fits(|operand| matches!(operand, OperandForm::Bool(_))).then_some(Reading::Bool),
        B::IpAddress | B::NotIpAddress => Some(Reading::Address),
        B::Null => Some(Reading::Presence),
    }
}

impl Classifiers {
    /// The classifiers of an IR. Time and room: near linear in the operands, each automaton within the budget.
    #[must_use]
    pub fn of(ir: &Ir, budget: Budget) -> Self {
        let atoms = ir.atoms.items();
        let mut groups: BTreeMap<(&str, Reading), Vec<usize>> = BTreeMap::new();
        for (id, atom) in atoms.iter().enumerate() {
            if let Some(reading) = reading(atom) {
                groups.entry((&atom.key, reading)).or_default().push(id);
            }
        }
        let mut all = Self { atoms: vec![None; atoms.len()], ..Self::default() };
        for ((key, reading), ids) in groups {
            let members: Vec<Member<'_>> =
                ids.into_iter().filter_map(|id| Some((id, atoms.get(id)?))).collect();
            match reading {
                Reading::Text | Reading::Folded => all.texts(key, reading, &members, budget),
                Reading::Address => all.addresses(key, &members),
                Reading::Number => all.numbers(key, &members),
                Reading::Date => all.dates(key, &members),
                Reading::Bool => all.booleans(key, &members),
                Reading::Presence => all.presence(key, &members),
            }
        }
        all
    }

    /// Adds a classifier; `runs` tells the classes whose values match an operand of an operator, negation aside. An atom for which that is
    /// too much is left to be compared at request time.
    fn add<'a, 'r>(
        &mut self,
        classifier: Classifier,
        members: &[Member<'a>],
        runs: impl Fn(BaseOperator, &'a OperandForm) -> Cow<'r, [Run]>,
    ) {
        let (id, classes) = (self.items.len() as u32, classifier.classes);
        self.items.push(classifier);
        let mut left = KEY_RUNS;
        for &(atom, form) in members {
            let operands = form.operands.len();
            let most = left.min(ATOM_RUNS) + OPERAND_RUNS * operands;
            let mut matching: Vec<Run> = Vec::new();
            let fits = form.operands.iter().all(|operand| {
                let own = runs(form.operator.base, operand);
                let fits = matching.len() + own.len() <= most;
                if fits {
                    matching.extend_from_slice(&own);
                }
                fits
            });
            left -= matching.len().saturating_sub(OPERAND_RUNS * operands).min(left);
            if !fits {
                continue;
            }
            let negated = form.operator.base.is_negated();
            let mut holds = ClassSet::of(matching);
            if negated {
                holds = ClassSet::of(holds.complement(class::OTHER, classes));
            }
            // Rule C4, without a set prefix. A list never matches (rule C6).
            if form.operator.if_exists || negated {
                holds = holds.with(class::MISSING);
            }
            if holds.words(classes) <= ATOM_WORDS + OPERAND_WORDS * operands {
                self.classify(atom, id, holds);
            }
        }
    }

    /// The classifier of an atom, and the classes in which it holds.
    fn classify(&mut self, atom: usize, classifier: u32, holds: ClassSet) {
        let set = self.sets.intern(holds);
        if let Some(entry) = self.atoms.get_mut(atom) {
            *entry = Some((classifier, set));
        }
    }

    fn booleans(&mut self, key: &str, members: &[Member<'_>]) {
        let classifier = Classifier {
            key: key.into(),
            reading: Reading::Bool,
            classes: class::FALSE + 1,
            table: Table::None,
        };
        self.add(classifier, members, |_, operand| match operand {
            OperandForm::Bool(true) => Cow::Borrowed(&[(class::TRUE, class::TRUE + 1)]),
            OperandForm::Bool(false) => Cow::Borrowed(&[(class::FALSE, class::FALSE + 1)]),
            _ => Cow::Borrowed(&[]),
        });
    }

    /// `Null` (rule C4): `"true"` holds for a missing key, `"false"` for a present one; a list is present.
    fn presence(&mut self, key: &str, members: &[Member<'_>]) {
        let (id, classes) = (self.items.len() as u32, class::OTHER + 1);
        self.items.push(Classifier {
            key: key.into(),
            reading: Reading::Presence,
            classes,
            table: Table::None,
        });
        for &(atom, form) in members {
            let runs = form.operands.iter().filter_map(|operand| match operand {
                OperandForm::Bool(true) => Some((class::MISSING, class::MISSING + 1)),
                OperandForm::Bool(false) => Some((class::LIST, classes)),
                _ => None,
            });
            self.classify(atom, id, ClassSet::of(runs.collect()));
        }
    }
}
