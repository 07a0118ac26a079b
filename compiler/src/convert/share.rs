//! What several sets have in common, so that it stands once: greedily, the part that saves most characters first.
//!
//! A part is a set like the others: it can be made of parts, and what it has in common with others becomes one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How deep parts are made of parts. The conditions of `.gate` nest 64 deep, and what a reader has to look up should not be deep at all.
const DEEPEST: u32 = 6;
/// How many bytes all parts may stand for: far less than the names of `.gate` may.
const EXPANDED: u64 = 8 << 20;
/// How many sets are looked at for one that may have something in common with it, the rarest elements first; and how many of those that have
/// most in common are weighed.
const LOOKED_AT: usize = 20_000;
const WEIGHED: usize = 8;
/// What `let`, `=` and the line cost beside the name.
const DECLARATION: u32 = 6;
/// What parts one text from the next.
const COMMA: u32 = 2;

/// What sets are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    /// Characters where it stands in a list, roughly.
    pub(super) cost: u32,
    /// Bytes of its text.
    pub(super) length: u32,
    /// What it is of: parts of one class are named for it.
    pub(super) class: u32,
}

/// Different sets of elements and what saves anything.
#[derive(Debug)]
pub(super) struct Problem {
    /// The elements, by number.
    pub(super) elements: Vec<Element>,
    /// Sets of numbers, sorted, each different, with how often they stand there.
    pub(super) sets: Vec<(Vec<u32>, u32)>,
    /// Characters of a name, by class.
    pub(super) names: Vec<u32>,
    /// Characters of the name of what is of several classes.
    pub(super) mixed: u32,
    /// How few elements a part has.
    pub(super) fewest: usize,
    /// How few characters a part saves.
    pub(super) least: u32,
}

/// An element or a part, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Symbol {
    /// A part.
    Part(u32),
    /// An element.
    Element(u32),
}

/// The sets, made of elements and parts.
#[derive(Debug)]
pub(super) struct Shared {
    /// What each part is made of, sorted. No part is made of itself.
    pub(super) parts: Vec<Vec<Symbol>>,
    /// The class of each part.
    pub(super) classes: Vec<Option<u32>>,
    /// The sets in their order, sorted.
    pub(super) sets: Vec<Vec<Symbol>>,
}

/// Finds common parts. Deterministic. Time: sets times what is looked at, and that again for each part; space linear.
pub(super) fn share(problem: Problem) -> Shared {
    let mut sharing = Sharing::new(problem);
    let mut heap: BinaryHeap<Found> = (0..sharing.sets.len()).filter_map(|set| sharing.best(set)).collect();
    while let Some(found) = heap.pop() {
        let again = |sharing: &mut Sharing, heap: &mut BinaryHeap<Found>, set: usize| {
            heap.extend(sharing.best(set));
        };
        let common = sharing.common(found.one.0, found.other.0);
        match sharing.weigh(&common) {
            // As it was when it was found: nothing is better.
            Some((gain, holders)) if gain == found.gain => {
                let made = sharing.make(&common, &holders);
                again(&mut sharing, &mut heap, found.one.0);
                heap.extend(made.and_then(|set| sharing.best(set)));
            }
            _ => again(&mut sharing, &mut heap, found.one.0),
        }
    }
    sharing.shared()
}

/// Two sets that have something in common, ordered by what it saves, then by their numbers.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    gain: u64,
    one: Reverse<usize>,
    other: Reverse<usize>,
}

struct Sharing {
    /// Sets of symbols, sorted: those of the problem, and one for each part.
    sets: Vec<Vec<u32>>,
    /// How often the text of a set stands there.
    times: Vec<u32>,
    /// The sets that hold a symbol, sorted.
    holders: Vec<Vec<u32>>,
    /// By symbol: the elements, and behind them the parts.
    symbols: Vec<Facts>,
    /// How many sets and elements the problem had.
    given: usize,
    elements: usize,
    expanded: u64,
    scratch: Vec<u32>,
    names: Vec<u32>,
    mixed: u32,
    fewest: usize,
    least: u32,
}

/// What is known of a symbol.
#[derive(Clone, Copy)]
struct Facts {
    cost: u32,
    length: u64,
    /// `None` of several.
    class: Option<u32>,
    /// The longest chains of parts below it and above it.
    below: u32,
    above: u32,
}

impl Sharing {
    fn new(problem: Problem) -> Self {
        let Problem { elements, sets, names, mixed, fewest, least } = problem;
        let symbols = elements.iter().map(|element| Facts {
            cost: element.cost + COMMA,
            length: u64::from(element.length),
            class: Some(element.class),
            below: 0,
            above: 0,
        });
        let mut sharing = Self {
            times: sets.iter().map(|(_, times)| *times).collect(),
            holders: vec![Vec::new(); elements.len()],
            symbols: symbols.collect(),
            given: sets.len(),
            elements: elements.len(),
            expanded: 0,
            scratch: Vec::new(),
            sets: sets.into_iter().map(|(set, _)| set).collect(),
            names,
            mixed,
            fewest,
            least,
        };
        for set in 0..sharing.given {
            for symbol in sharing.set(set).to_vec() {
                sharing.add_holder(symbol, set);
            }
        }
        // What stands there several times has a name from the start, if it saves anything.
        for set in 0..sharing.given {
            let content = sharing.set(set).to_vec();
            let (cost, _, name) = sharing.price(&content);
            let times = u64::from(sharing.times.get(set).copied().unwrap_or(0));
            let without = times * cost;
            let with = (times + 1) * name + cost + u64::from(DECLARATION + sharing.least);
            if times > 1 && content.len() >= sharing.fewest && without > with {
                sharing.make(&content, &[set]);
            }
        }
        // These stand for no more than the input held.
        sharing.expanded = 0;
        sharing
    }

    fn set(&self, set: usize) -> &[u32] {
        self.sets.get(set).map_or(&[], Vec::as_slice)
    }

    fn facts(&self, symbol: u32) -> Facts {
        let none = Facts { cost: 0, length: 0, class: None, below: 0, above: 0 };
        self.symbols.get(symbol as usize).copied().unwrap_or(none)
    }

    fn add_holder(&mut self, symbol: u32, set: usize) {
        if let Some(holders) = self.holders.get_mut(symbol as usize) {
            let set = set as u32;
            if let Err(at) = holders.binary_search(&set) {
                holders.insert(at, set);
            }
        }
    }

    /// Cost, class, and cost of a reference to a part of these.
    fn price(&self, content: &[u32]) -> (u64, Option<u32>, u64) {
        let cost = content.iter().map(|symbol| u64::from(self.facts(*symbol).cost)).sum();
        let mut classes = content.iter().map(|symbol| self.facts(*symbol).class);
        let first = classes.next().flatten();
        let class = first.filter(|_| classes.all(|class| class == first));
        let name = class.and_then(|class| self.names.get(class as usize).copied()).unwrap_or(self.mixed);
        (cost, class, u64::from(name + COMMA))
    }

    fn common(&self, one: usize, other: usize) -> Vec<u32> {
        intersection(self.set(one), self.set(other))
    }

    /// What a part of these symbols saves, if it is anything, and the sets that hold all of them.
    fn weigh(&self, content: &[u32]) -> Option<(u64, Vec<usize>)> {
        if content.len() < self.fewest {
            return None;
        }
        let (cost, _, name) = self.price(content);
        let mut lists: Vec<&Vec<u32>> =
            content.iter().filter_map(|symbol| self.holders.get(*symbol as usize)).collect();
        lists.sort_by_key(|list| list.len());
        let (first, rest) = lists.split_first()?;
        let mut holders = (*first).clone();
        for list in rest {
            if holders.len() < 2 {
                return None;
            }
            holders = intersection(&holders, list);
        }
        let holders: Vec<usize> = holders.into_iter().map(|set| set as usize).collect();
        let known = self.known(content, &holders);
        let times = holders.iter().filter(|set| Some(**set) != known).map(|set| self.times.get(*set));
        let times: u64 = times.flatten().map(|times| u64::from(*times)).sum();
        let declared = if known.is_some() { 0 } else { cost + name + u64::from(DECLARATION) };
        let gain = (times * cost.checked_sub(name)?).checked_sub(declared)?;
        if gain < u64::from(self.least).max(1) || !self.fits(content, &holders, known) {
            return None;
        }
        Some((gain, holders))
    }

    /// The part that is made of exactly these, of the sets that hold them.
    fn known(&self, content: &[u32], holders: &[usize]) -> Option<usize> {
        holders.iter().copied().find(|set| *set >= self.given && self.set(*set).len() == content.len())
    }

    fn part_symbol(&self, set: usize) -> Option<u32> {
        set.checked_sub(self.given).map(|part| (self.elements + part) as u32)
    }

    /// Whether parts stay few enough bytes, and flat.
    fn fits(&self, content: &[u32], holders: &[usize], known: Option<usize>) -> bool {
        let below = content.iter().map(|symbol| self.facts(*symbol).below).max().unwrap_or(0) + 1;
        let above = holders
            .iter()
            .filter(|set| Some(**set) != known)
            .filter_map(|set| self.part_symbol(*set))
            .map(|part| self.facts(part).above + 1)
            .max()
            .unwrap_or(0);
        let above =
            above.max(known.and_then(|set| self.part_symbol(set)).map_or(0, |it| self.facts(it).above));
        let length: u64 = content.iter().map(|symbol| self.facts(*symbol).length).sum();
        below + above <= DEEPEST && (known.is_some() || self.expanded + length <= EXPANDED)
    }

    /// Puts a part in the place of its content. Gives the set of the part if it is new.
    fn make(&mut self, content: &[u32], holders: &[usize]) -> Option<usize> {
        let known = self.known(content, holders);
        let set = known.unwrap_or(self.sets.len());
        let symbol = self.part_symbol(set)?;
        if known.is_none() {
            let (_, class, name) = self.price(content);
            let length = content.iter().map(|symbol| self.facts(*symbol).length).sum();
            let below = content.iter().map(|symbol| self.facts(*symbol).below).max().unwrap_or(0) + 1;
            self.expanded += length;
            self.symbols.push(Facts { cost: name as u32, length, class, below, above: 0 });
            self.holders.push(Vec::new());
            self.sets.push(content.to_vec());
            self.times.push(1);
            for symbol in content {
                self.add_holder(*symbol, set);
            }
        }
        for holder in holders.iter().copied().filter(|holder| *holder != set) {
            if let Some(symbols) = self.sets.get_mut(holder) {
                symbols.retain(|symbol| content.binary_search(symbol).is_err());
                symbols.push(symbol);
                symbols.sort_unstable();
            }
            for symbol in content {
                if let Some(holders) = self.holders.get_mut(*symbol as usize) {
                    holders.retain(|set| *set as usize != holder);
                }
            }
            self.add_holder(symbol, holder);
            if let Some(upper) = self.part_symbol(holder) {
                self.raise(upper, symbol);
            }
        }
        for below in content {
            self.raise(symbol, *below);
        }
        known.is_none().then_some(set)
    }

    /// Lengthens the chains through a part and one of its symbols.
    fn raise(&mut self, upper: u32, lower: u32) {
        let above = self.facts(upper).above + 1;
        let below = self.facts(lower).below + 1;
        if self.facts(lower).above < above {
            if let Some(facts) = self.symbols.get_mut(lower as usize) {
                facts.above = above;
            }
            if let Some(part) = (lower as usize).checked_sub(self.elements) {
                for next in self.set(self.given + part).to_vec() {
                    self.raise(lower, next);
                }
            }
        }
        if self.facts(upper).below < below {
            if let Some(facts) = self.symbols.get_mut(upper as usize) {
                facts.below = below;
            }
            for holder in self.holders.get(upper as usize).cloned().unwrap_or_default() {
                if let Some(next) = self.part_symbol(holder as usize) {
                    self.raise(next, upper);
                }
            }
        }
    }

    /// The set that a set shares most with.
    fn best(&mut self, one: usize) -> Option<Found> {
        let mut order: Vec<(usize, u32)> = self
            .set(one)
            .iter()
            .map(|symbol| (self.holders.get(*symbol as usize).map_or(0, Vec::len), *symbol))
            .collect();
        order.sort_unstable();
        let mut weights = std::mem::take(&mut self.scratch);
        weights.resize(self.sets.len(), 0);
        let mut touched: Vec<usize> = Vec::new();
        let mut budget = LOOKED_AT;
        for (count, symbol) in order {
            let Some(left) = budget.checked_sub(count) else { break };
            budget = left;
            let cost = self.facts(symbol).cost;
            for set in self.holders.get(symbol as usize).into_iter().flatten() {
                let set = *set as usize;
                if let Some(weight) = weights.get_mut(set).filter(|_| set != one) {
                    if *weight == 0 {
                        touched.push(set);
                    }
                    *weight = weight.saturating_add(cost);
                }
            }
        }
        touched.sort_unstable_by_key(|set| (Reverse(weights.get(*set).copied()), *set));
        for set in &touched {
            if let Some(weight) = weights.get_mut(*set) {
                *weight = 0;
            }
        }
        self.scratch = weights;
        let weighed = touched.into_iter().take(WEIGHED).filter_map(|other| {
            let (gain, _) = self.weigh(&self.common(one, other))?;
            Some(Found { gain, one: Reverse(one), other: Reverse(other) })
        });
        weighed.max()
    }

    fn shared(self) -> Shared {
        let symbol = |symbol: &u32| match (*symbol as usize).checked_sub(self.elements) {
            Some(part) => Symbol::Part(part as u32),
            None => Symbol::Element(*symbol),
        };
        let written = self.sets.iter().map(|set| {
            let mut set: Vec<Symbol> = set.iter().map(symbol).collect();
            set.sort_unstable();
            set
        });
        let mut sets: Vec<Vec<Symbol>> = written.collect();
        let parts = sets.split_off(self.given);
        let classes = self.symbols.get(self.elements..).unwrap_or(&[]).iter().map(|it| it.class).collect();
        Shared { parts, classes, sets }
    }
}

/// What is in both of two sorted lists.
fn intersection(one: &[u32], other: &[u32]) -> Vec<u32> {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let mut rest = many;
    let mut common = Vec::new();
    for value in few {
        let at = rest.partition_point(|it| it < value);
        rest = rest.get(at..).unwrap_or(&[]);
        if rest.first() == Some(value) {
            common.push(*value);
        }
    }
    common
}

#[cfg(test)]
mod tests;
