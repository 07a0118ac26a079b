//! Key classifiers: what the conditions of a bundle tell apart about one context key, as classes of its values (DESIGN section 3, guards).
//!
//! In: the atoms of the IR. Out: for every key and way of reading it one classifier, and for every atom the classes in which it holds. An
//! atom that compares with a variable, or under a set prefix, or that fits no classifier within the budget, is left to be compared at
//! request time.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_runtime::format::{TERMINAL_BIT, class};
use portcullis_runtime::value::number::Number;

use super::determinize::{Ends, determinize};
use super::nfa::{Nfa, State};
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
    /// By atom: its classifier, and by class whether it holds. `None`: it is compared at request time.
    pub atoms: Vec<Option<(u32, Vec<bool>)>>,
}

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
    /// The classifiers of an IR. Time: distinct operands, each automaton within the budget.
    #[must_use]
    pub fn of(ir: &Ir, budget: Budget) -> Self {
        let atoms = ir.atoms.items();
        let mut groups: BTreeMap<(&str, Reading), Vec<usize>> = BTreeMap::new();
        for (id, atom) in atoms.iter().enumerate() {
            if let Some(reading) = reading(atom) {
                groups.entry((&atom.key, reading)).or_default().push(id);
            }
        }
        let mut all = Self { items: Vec::new(), atoms: vec![None; atoms.len()] };
        for ((key, reading), ids) in groups {
            let members: Vec<(usize, &Atom)> =
                ids.into_iter().filter_map(|id| Some((id, atoms.get(id)?))).collect();
            match reading {
                Reading::Text | Reading::Folded => all.texts(key, reading, &members, budget),
                Reading::Address => all.addresses(key, &members),
                Reading::Number => all.numbers(key, &members),
                Reading::Date => all.dates(key, &members),
                Reading::Bool => {
                    let value = |class| match class {
                        class::TRUE => Some(true),
                        class::FALSE => Some(false),
                        _ => None,
                    };
                    all.add(key, reading, class::FALSE + 1, Table::None, &members, |class, _, operand| {
                        matches!(operand, OperandForm::Bool(wanted) if value(class) == Some(*wanted))
                    });
                }
                Reading::Presence => all.presence(key, &members),
            }
        }
        all
    }

    /// Adds a classifier; `matches` tells whether the values of a class match an operand of an operator, negation aside.
    fn add(
        &mut self,
        key: &str,
        reading: Reading,
        classes: u32,
        table: Table,
        members: &[(usize, &Atom)],
        matches: impl Fn(u32, BaseOperator, &OperandForm) -> bool,
    ) {
        let id = self.items.len() as u32;
        for &(atom, form) in members {
            let negated = form.operator.base.is_negated();
            let holds = |class: u32| match class {
                // Rule C4, without a set prefix.
                class::MISSING => form.operator.if_exists || negated,
                // Rule C6.
                class::LIST => false,
                _ => {
                    form.operands.iter().any(|operand| matches(class, form.operator.base, operand)) != negated
                }
            };
            if let Some(entry) = self.atoms.get_mut(atom) {
                *entry = Some((id, (0..classes).map(holds).collect()));
            }
        }
        self.items.push(Classifier { key: key.into(), reading, classes, table });
    }

    /// `Null` (rule C4): `"true"` holds for a missing key, `"false"` for a present one; a list is present.
    fn presence(&mut self, key: &str, members: &[(usize, &Atom)]) {
        let id = self.items.len() as u32;
        for &(atom, form) in members {
            let holds = |class| {
                let missing = OperandForm::Bool(class == class::MISSING);
                form.operands.contains(&missing)
            };
            if let Some(entry) = self.atoms.get_mut(atom) {
                *entry = Some((id, (0..=class::OTHER).map(holds).collect()));
            }
        }
        let (reading, classes) = (Reading::Presence, class::OTHER + 1);
        self.items.push(Classifier { key: key.into(), reading, classes, table: Table::None });
    }

    /// A classifier of texts. Where wildcards make the automaton too large, exact texts still have their classes, and atoms with wildcards
    /// are compared at request time.
    fn texts(&mut self, key: &str, reading: Reading, members: &[(usize, &Atom)], budget: Budget) {
        let exact =
            |operand: &OperandForm| pattern(operand, reading).is_none_or(|pattern| pattern.exact().is_some());
        if self.automaton(key, reading, members, budget) {
            return;
        }
        let simple: Vec<(usize, &Atom)> =
            members.iter().copied().filter(|(_, atom)| atom.operands.iter().all(exact)).collect();
        if !simple.is_empty() {
            self.automaton(key, reading, &simple, budget);
        }
    }

    /// Texts and one automaton over all wildcards of some atoms; false if that does not fit the budget.
    fn automaton(&mut self, key: &str, reading: Reading, members: &[(usize, &Atom)], budget: Budget) -> bool {
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
        let nfa = Nfa::of_texts(&wild);
        let mut classes = Classes::default();
        classes.0.intern(Vec::new());
        let budget = Budget { states: budget.states.saturating_mul(SHARE), ..budget };
        let Ok(built) = determinize(&nfa, &mut classes, budget) else { return false };
        let mut sets = classes.0;
        let exact = texts.into_iter().map(|(text, mut own)| {
            let end = text.bytes().fold(nfa.start(), |state, byte| nfa.step(&state, byte));
            own.extend(nfa.matched(&end));
            own.sort_unstable();
            (text.into(), class::OTHER + sets.intern(own))
        });
        let exact = exact.collect();
        let table =
            Table::Texts { exact, words: built.words, relocations: built.relocations, root: built.root };
        let count = class::OTHER + sets.len() as u32;
        self.add(key, reading, count, table, members, |class, _, operand| {
            let id = pattern(operand, reading).and_then(|pattern| patterns.find(&pattern));
            let set = class.checked_sub(class::OTHER).and_then(|set| sets.get(set));
            id.zip(set).is_some_and(|(id, set)| set.binary_search(&id).is_ok())
        });
        true
    }

    fn addresses(&mut self, key: &str, members: &[(usize, &Atom)]) {
        let blocks: BTreeSet<(bool, u128, u8)> =
            members.iter().flat_map(|(_, atom)| &atom.operands).filter_map(block).collect();
        let mut classes = Interner::default();
        classes.intern(Vec::new());
        let mut intervals = |v6: bool| {
            let own: Vec<(u128, u128, (bool, u128, u8))> = blocks
                .iter()
                .filter(|(family, ..)| *family == v6)
                .map(|&block| (block.1, last(block.1, block.2), block))
                .collect();
            let ends = own.iter().filter_map(|&(_, last, _)| last.checked_add(1));
            let starts: BTreeSet<u128> =
                own.iter().map(|&(first, ..)| first).chain(ends).chain([0]).collect();
            let mut table: Vec<(u128, u32)> = Vec::new();
            for start in starts {
                let inside: Vec<_> = own
                    .iter()
                    .filter(|&&(first, last, _)| (first..=last).contains(&start))
                    .map(|&(_, _, block)| block)
                    .collect();
                let class = class::OTHER + classes.intern(inside);
                if table.last().is_none_or(|&(_, before)| before != class) {
                    table.push((start, class));
                }
            }
            table
        };
        let table = Table::Addresses { v4: intervals(false), v6: intervals(true) };
        let count = class::OTHER + classes.len() as u32;
        self.add(key, Reading::Address, count, table, members, |class, _, operand| {
            let set = class.checked_sub(class::OTHER).and_then(|set| classes.get(set));
            block(operand).zip(set).is_some_and(|(block, set)| set.contains(&block))
        });
    }

    fn numbers(&mut self, key: &str, members: &[(usize, &Atom)]) {
        let mut thresholds: Vec<Box<str>> = Vec::new();
        for operand in members.iter().flat_map(|(_, atom)| &atom.operands) {
            if let OperandForm::Number(text) = operand {
                thresholds.push(text.clone());
            }
        }
        // The texts are canonical: equal numbers have equal texts.
        thresholds.sort_unstable();
        thresholds.dedup();
        thresholds.sort_by(|a, b| {
            let order = Number::parse(a).zip(Number::parse(b)).map(|(a, b)| a.compare(&b));
            order.unwrap_or(std::cmp::Ordering::Equal)
        });
        let place = |operand: &OperandForm| match operand {
            OperandForm::Number(text) => thresholds.iter().position(|known| known == text),
            _ => None,
        };
        self.thresholds(
            key,
            Reading::Number,
            thresholds.len(),
            Table::Numbers(thresholds.clone()),
            members,
            place,
        );
    }

    fn dates(&mut self, key: &str, members: &[(usize, &Atom)]) {
        let mut thresholds: Vec<(i64, Box<str>)> = Vec::new();
        for operand in members.iter().flat_map(|(_, atom)| &atom.operands) {
            if let OperandForm::Date { seconds, fraction } = operand {
                thresholds.push((*seconds, fraction.clone()));
            }
        }
        thresholds.sort_unstable();
        thresholds.dedup();
        let place = |operand: &OperandForm| match operand {
            OperandForm::Date { seconds, fraction } => {
                thresholds.iter().position(|known| known.0 == *seconds && known.1 == *fraction)
            }
            _ => None,
        };
        self.thresholds(
            key,
            Reading::Date,
            thresholds.len(),
            Table::Dates(thresholds.clone()),
            members,
            place,
        );
    }

    /// Classes by thresholds: below the first, the first, between the first and the second, and so on.
    fn thresholds(
        &mut self,
        key: &str,
        reading: Reading,
        count: usize,
        table: Table,
        members: &[(usize, &Atom)],
        place: impl Fn(&OperandForm) -> Option<usize>,
    ) {
        let classes = class::ORDERED + 2 * count as u32 + 1;
        self.add(key, reading, classes, table, members, |class, operator, operand| {
            // Places of thresholds are odd, what lies between them is even.
            let value = class.checked_sub(class::ORDERED);
            let threshold = place(operand).map(|place| 2 * place as u32 + 1);
            value.zip(threshold).is_some_and(|(value, threshold)| fits(operator, value.cmp(&threshold)))
        });
    }
}

/// A classifier serves many policies: it may have so many times the states of one automaton.
const SHARE: usize = 16;

/// Whether an order of request value to operand is what an operator asks for, negation aside.
fn fits(operator: BaseOperator, order: std::cmp::Ordering) -> bool {
    use BaseOperator as B;
    match operator {
        B::NumericLessThan | B::DateLessThan => order.is_lt(),
        B::NumericLessThanEquals | B::DateLessThanEquals => order.is_le(),
        B::NumericGreaterThan | B::DateGreaterThan => order.is_gt(),
        B::NumericGreaterThanEquals | B::DateGreaterThanEquals => order.is_ge(),
        _ => order.is_eq(),
    }
}

/// Family, first address and prefix of an operand.
fn block(operand: &OperandForm) -> Option<(bool, u128, u8)> {
    match operand {
        OperandForm::Ip { v6, address, prefix } => Some((*v6, u128::from_be_bytes(*address), *prefix)),
        _ => None,
    }
}

/// The last address of a block, all bits behind the prefix set; IPv4 stands in the first four bytes.
fn last(first: u128, prefix: u8) -> u128 {
    first | u128::MAX.checked_shr(u32::from(prefix)).unwrap_or(0)
}

/// A pattern over a whole text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pattern {
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

/// Distinct sets of patterns that match; the first is the empty one.
#[derive(Default)]
struct Classes(Interner<Vec<u32>>);

impl Ends for Classes {
    fn end(&mut self, nfa: &Nfa, state: &State) -> u32 {
        TERMINAL_BIT | (class::OTHER + self.0.intern(nfa.matched(state)))
    }
}
