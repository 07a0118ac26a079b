//! What several sets have in common, so that it stands once: greedily, the part that saves most characters first.
//!
//! A part is a set like the others: it can be made of parts, and what it has in common with others becomes one. What is not found within the
//! budget of work stays where it stands.

mod ends;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// How deep parts are made of parts. The conditions of `.gate` nest 64 deep, and what a reader has to look up should not be deep at all.
const DEEPEST: u32 = 6;
/// What all uses of parts may come to, as the reader of `.gate` counts names: four kinds of sets stay well below its 64 MiB.
const CHARGED: u64 = 8 << 20;
/// How many sets are looked at for one that may have something in common with it: those that stand next to it, of each symbol and of all.
const NEIGHBOURS: usize = 128;
const LOOKED_AT: usize = 4_096;
/// How many of those that have most in common are weighed.
const WEIGHED: usize = 8;
/// Steps that the whole search may take: a second or two.
const WORK: u64 = 150_000_000;
/// What `let`, `=` and the line cost beside the name.
const DECLARATION: u32 = 6;
/// What parts one text from the next.
const COMMA: u32 = 2;

/// What sets are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    /// Characters where it stands in a list, roughly.
    pub(super) cost: u32,
    /// What the reader of `.gate` counts for it where it stands behind a name.
    pub(super) charge: u32,
    /// What it is of: parts of one class are named for it.
    pub(super) class: u32,
}

/// How often a set stands somewhere.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// In texts that differ: what stands in equal ones has a name with them.
    pub(super) times: u32,
    /// At all, if those get none.
    pub(super) most: u32,
}

/// Different sets of elements and what saves anything.
#[derive(Debug)]
pub(super) struct Problem {
    /// The elements, by number.
    pub(super) elements: Vec<Element>,
    /// Sets of numbers, sorted, each different.
    pub(super) sets: Vec<(Vec<u32>, Standing)>,
    /// Characters of a name, by class.
    pub(super) names: Vec<u32>,
    /// Characters of the name of what is of several classes.
    pub(super) mixed: u32,
    /// How few elements a part has.
    pub(super) fewest: u32,
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
    /// What each part is made of, sorted. No part is made of itself, and none that is used saves nothing.
    pub(super) parts: Vec<Vec<Symbol>>,
    /// The class of each part.
    pub(super) classes: Vec<Option<u32>>,
    /// The sets in their order, sorted.
    pub(super) sets: Vec<Vec<Symbol>>,
}

/// Finds common parts. Deterministic. Time: [`WORK`] steps at most; space linear.
pub(super) fn share(problem: Problem) -> Shared {
    let mut sharing = Sharing::new(problem);
    // Half of the work at most for a first look, so that something comes of it.
    sharing.limit = WORK / 2;
    let mut heap: BinaryHeap<Found> = (0..sharing.sets.len()).filter_map(|set| sharing.best(set)).collect();
    sharing.limit = WORK;
    while let Some(found) = heap.pop().filter(|_| sharing.work < WORK) {
        let (one, other) = (found.one.0, found.other.0);
        let common = sharing.common(one, other);
        // As it was when it was found, nothing is better.
        let same = sharing.weigh_anew(&common) == Some(found.gain);
        let made = if same { sharing.make(&common) } else { None };
        heap.extend(sharing.best(one));
        heap.extend(made.and_then(|set| sharing.best(set)));
    }
    sharing.prune();
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
    /// How often each stands somewhere; a part once, where it is declared.
    standing: Vec<Standing>,
    /// The sets that hold a symbol, sorted; and when that changed.
    holders: Vec<Vec<u32>>,
    changed: Vec<u64>,
    /// By symbol: groups of elements that stand nowhere one without the other, and behind them the parts.
    symbols: Vec<Facts>,
    groups: Vec<Vec<u32>>,
    /// How many sets the problem had.
    given: usize,
    charged: u64,
    /// By the hash of what was weighed: when, and what it saved. It is weighed anew before anything comes of it.
    weighed: HashMap<u64, (u64, Option<u64>)>,
    now: u64,
    /// Steps that were taken, and may be.
    work: u64,
    limit: u64,
    scratch: Vec<u32>,
    names: Vec<u32>,
    mixed: u32,
    fewest: u32,
    least: u32,
}

/// What is known of a symbol.
#[derive(Clone, Copy, Default)]
struct Facts {
    cost: u32,
    charge: u64,
    /// Elements in it.
    elements: u32,
    /// `None` of several.
    class: Option<u32>,
    /// The longest chains of parts below it and above it.
    below: u32,
    above: u32,
}

/// What a part of some symbols would be.
struct Price {
    cost: u64,
    charge: u64,
    elements: u32,
    class: Option<u32>,
    below: u32,
    /// Of a reference to it.
    name: u64,
}

impl Sharing {
    fn set(&self, set: usize) -> &[u32] {
        self.sets.get(set).map_or(&[], Vec::as_slice)
    }

    fn facts(&self, symbol: u32) -> Facts {
        self.symbols.get(symbol as usize).copied().unwrap_or_default()
    }

    fn price(&self, content: &[u32]) -> Price {
        let all = || content.iter().map(|symbol| self.facts(*symbol));
        let class = all().next().and_then(|first| first.class);
        let class = class.filter(|_| all().all(|facts| facts.class == class));
        let name = class.and_then(|class| self.names.get(class as usize).copied()).unwrap_or(self.mixed);
        Price {
            cost: all().map(|facts| u64::from(facts.cost)).sum(),
            charge: all().map(|facts| facts.charge).sum(),
            elements: all().map(|facts| facts.elements).sum(),
            class,
            below: all().map(|facts| facts.below).max().unwrap_or(0) + 1,
            name: u64::from(name + COMMA),
        }
    }

    fn common(&mut self, one: usize, other: usize) -> Vec<u32> {
        let common = intersection(self.set(one), self.set(other));
        // Each of the fewer is looked for.
        self.work += 8 * self.set(one).len().min(self.set(other).len()) as u64;
        common
    }

    /// What a part of these symbols saved when it was weighed last, if none of them has changed since.
    fn weigh(&mut self, content: &[u32]) -> Option<u64> {
        self.work += content.len() as u64;
        let changed = content.iter().filter_map(|symbol| self.changed.get(*symbol as usize)).max();
        let changed = changed.copied().unwrap_or(0);
        match self.weighed.get(&hash(content)) {
            Some((when, gain)) if *when >= changed => *gain,
            _ => self.weigh_anew(content),
        }
    }

    /// What a part of these symbols saves, if it is anything.
    fn weigh_anew(&mut self, content: &[u32]) -> Option<u64> {
        let gain = self.gain(content);
        self.weighed.insert(hash(content), (self.now, gain));
        gain
    }

    fn gain(&mut self, content: &[u32]) -> Option<u64> {
        let price = self.price(content);
        if price.elements < self.fewest {
            return None;
        }
        let holders = self.holders_of(content);
        let known = self.known(content, &holders);
        let times: u64 =
            holders.iter().filter(|set| Some(**set) != known).map(|set| self.uses_of(*set)).sum();
        let declared = if known.is_some() { 0 } else { price.cost + price.name + u64::from(DECLARATION) };
        let gain = (times * price.cost.checked_sub(price.name)?).checked_sub(declared)?;
        let most: u64 = holders.iter().filter(|set| Some(**set) != known).map(|set| self.most_of(*set)).sum();
        let fits = self.charged + most * price.charge <= CHARGED && self.is_flat(&price, &holders, known);
        (gain >= u64::from(self.least).max(1) && fits).then_some(gain)
    }

    fn uses_of(&self, set: usize) -> u64 {
        self.standing.get(set).map_or(0, |standing| u64::from(standing.times))
    }

    fn most_of(&self, set: usize) -> u64 {
        self.standing.get(set).map_or(0, |standing| u64::from(standing.most))
    }

    /// The sets that hold all of some symbols.
    fn holders_of(&mut self, content: &[u32]) -> Vec<usize> {
        let mut lists: Vec<&[u32]> = content
            .iter()
            .filter_map(|symbol| self.holders.get(*symbol as usize))
            .map(Vec::as_slice)
            .collect();
        lists.sort_by_key(|list| list.len());
        let Some((first, rest)) = lists.split_first() else { return Vec::new() };
        let mut holders = first.to_vec();
        let mut work = holders.len();
        for list in rest.iter().filter(|_| first.len() > 1) {
            work += holders.len();
            holders = intersection(&holders, list);
        }
        self.work += work as u64;
        holders.into_iter().map(|set| set as usize).collect()
    }

    /// The part that is made of exactly these, of the sets that hold them.
    fn known(&self, content: &[u32], holders: &[usize]) -> Option<usize> {
        holders.iter().copied().find(|set| *set >= self.given && self.set(*set).len() == content.len())
    }

    fn part_symbol(&self, set: usize) -> Option<u32> {
        set.checked_sub(self.given).map(|part| (self.groups.len() + part) as u32)
    }

    /// Whether parts stay flat.
    fn is_flat(&self, price: &Price, holders: &[usize], known: Option<usize>) -> bool {
        let above = |set: &usize| {
            let symbol = self.part_symbol(*set)?;
            Some(self.facts(symbol).above + u32::from(Some(*set) != known))
        };
        price.below + holders.iter().filter_map(above).max().unwrap_or(0) <= DEEPEST
    }

    /// Puts a part in the place of its content, wherever that stands. Gives the set of the part if it is new.
    fn make(&mut self, content: &[u32]) -> Option<usize> {
        let holders = self.holders_of(content);
        self.make_of(content, &holders)
    }

    fn make_of(&mut self, content: &[u32], holders: &[usize]) -> Option<usize> {
        let known = self.known(content, holders);
        let set = known.unwrap_or(self.sets.len());
        let symbol = self.part_symbol(set)?;
        let price = self.price(content);
        let others: Vec<u32> =
            holders.iter().copied().filter(|holder| *holder != set).map(|holder| holder as u32).collect();
        self.now += 1;
        self.charged += others.iter().map(|set| self.most_of(*set as usize)).sum::<u64>() * price.charge;
        for symbol in content {
            if let Some(sets) = self.holders.get_mut(*symbol as usize) {
                sets.retain(|set| others.binary_search(set).is_err());
                self.work += sets.len() as u64;
            }
        }
        if known.is_none() {
            let Price { class, charge, elements, below, .. } = price;
            let cost = price.name as u32;
            self.symbols.push(Facts { cost, charge, elements, class, below, above: 0 });
            self.holders.push(Vec::new());
            self.changed.push(0);
            self.sets.push(content.to_vec());
            self.standing.push(Standing { times: 1, most: 1 });
            // Its number is the highest.
            for symbol in content {
                self.holders.iter_mut().skip(*symbol as usize).take(1).for_each(|sets| sets.push(set as u32));
            }
        }
        for changed in content.iter().chain([&symbol]) {
            self.changed.iter_mut().skip(*changed as usize).take(1).for_each(|when| *when = self.now);
        }
        for holder in &others {
            if let Some(symbols) = self.sets.get_mut(*holder as usize) {
                self.work += symbols.len() as u64;
                symbols.retain(|symbol| content.binary_search(symbol).is_err());
                if let Err(at) = symbols.binary_search(&symbol) {
                    symbols.insert(at, symbol);
                }
            }
            if let Some(upper) = self.part_symbol(*holder as usize) {
                self.raise(upper, symbol);
            }
        }
        if let Some(sets) = self.holders.get_mut(symbol as usize) {
            sets.extend(&others);
            sets.sort_unstable();
            sets.dedup();
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
            self.symbols.iter_mut().skip(lower as usize).take(1).for_each(|facts| facts.above = above);
            if let Some(part) = (lower as usize).checked_sub(self.groups.len()) {
                for next in self.set(self.given + part).to_vec() {
                    self.raise(lower, next);
                }
            }
        }
        if self.facts(upper).below < below {
            self.symbols.iter_mut().skip(upper as usize).take(1).for_each(|facts| facts.below = below);
            for holder in self.holders.get(upper as usize).cloned().unwrap_or_default() {
                if let Some(next) = self.part_symbol(holder as usize) {
                    self.raise(next, upper);
                }
            }
        }
    }

    /// The set that a set shares most with, of those about it: sets are sorted, and like ones stand side by side.
    fn best(&mut self, one: usize) -> Option<Found> {
        if self.work >= self.limit {
            return None;
        }
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
        self.work += order.len() as u64;
        for (_, symbol) in order.into_iter().filter(|(sets, _)| *sets > 1) {
            if budget == 0 {
                break;
            }
            let cost = self.facts(symbol).cost;
            let sets = self.holders.get(symbol as usize).map_or(&[][..], Vec::as_slice);
            let own = sets.partition_point(|set| (*set as usize) < one);
            let from = own.saturating_sub(NEIGHBOURS);
            for set in sets.iter().skip(from).take((2 * NEIGHBOURS).min(budget)) {
                budget -= 1;
                let set = *set as usize;
                if let Some(weight) = weights.get_mut(set).filter(|_| set != one) {
                    if *weight == 0 {
                        touched.push(set);
                    }
                    *weight = weight.saturating_add(cost);
                }
            }
        }
        self.work += (LOOKED_AT - budget) as u64;
        touched.sort_unstable_by_key(|set| (Reverse(weights.get(*set).copied()), *set));
        for set in &touched {
            weights.iter_mut().skip(*set).take(1).for_each(|weight| *weight = 0);
        }
        self.scratch = weights;
        let mut best = None;
        for other in touched.into_iter().take(WEIGHED) {
            let common = self.common(one, other);
            let gain = self.weigh(&common);
            best = best.max(gain.map(|gain| Found { gain, one: Reverse(one), other: Reverse(other) }));
        }
        best
    }
}

fn hash(content: &[u32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
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
