//! How the search for common parts begins, and what comes of it.

use std::collections::HashMap;

use super::{CHARGED, COMMA, DECLARATION, Facts, Problem, Shared, Sharing, Symbol};

impl Sharing {
    pub(super) fn new(problem: Problem) -> Self {
        let Problem { elements, sets, names, mixed, fewest, least } = problem;
        let mut sets_of: Vec<Vec<u32>> = vec![Vec::new(); elements.len()];
        for ((set, _), number) in sets.iter().zip(0..) {
            for element in set {
                sets_of.iter_mut().skip(*element as usize).take(1).for_each(|sets| sets.push(number));
            }
        }
        let mut groups: Vec<Vec<u32>> = Vec::new();
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut group_of = Vec::with_capacity(elements.len());
        for (sets, element) in sets_of.into_iter().zip(0..) {
            let group = *known.entry(sets).or_insert(groups.len() as u32);
            match groups.get_mut(group as usize) {
                Some(group) => group.push(element),
                None => groups.push(vec![element]),
            }
            group_of.push(group);
        }
        let mut sharing = Self {
            standing: sets.iter().map(|(_, standing)| *standing).collect(),
            holders: vec![Vec::new(); groups.len()],
            changed: vec![0; groups.len()],
            symbols: Vec::new(),
            groups: Vec::new(),
            given: sets.len(),
            charged: 0,
            weighed: HashMap::new(),
            now: 0,
            work: 0,
            limit: 0,
            scratch: Vec::new(),
            sets: Vec::with_capacity(sets.len()),
            names,
            mixed,
            fewest,
            least,
        };
        for group in &groups {
            let all = || group.iter().filter_map(|element| elements.get(*element as usize));
            let first = all().next().map(|element| element.class);
            let class = first.filter(|class| all().all(|element| element.class == *class));
            sharing.symbols.push(Facts {
                cost: all().map(|element| element.cost + COMMA).sum(),
                charge: all().map(|element| u64::from(element.charge)).sum(),
                elements: group.len() as u32,
                class,
                ..Facts::default()
            });
        }
        sharing.groups = groups;
        for ((set, _), number) in sets.iter().zip(0..) {
            let mut symbols: Vec<u32> =
                set.iter().filter_map(|element| group_of.get(*element as usize).copied()).collect();
            symbols.sort_unstable();
            symbols.dedup();
            for symbol in &symbols {
                sharing.holders.iter_mut().skip(*symbol as usize).take(1).for_each(|sets| sets.push(number));
            }
            sharing.sets.push(symbols);
        }
        // What stands there several times has a name from the start, if it saves anything.
        for set in 0..sharing.given {
            let content = sharing.set(set).to_vec();
            let price = sharing.price(&content);
            let (times, most) = (sharing.uses_of(set), sharing.most_of(set));
            let with = (times + 1) * price.name + price.cost + u64::from(DECLARATION + sharing.least);
            let fits = sharing.charged + most * price.charge <= CHARGED;
            if times > 1 && price.elements >= sharing.fewest && times * price.cost > with && fits {
                sharing.make_of(&content, &[set]);
            }
        }
        sharing
    }

    /// Puts the content of parts that save nothing any more in their place: what they held has parts of its own now.
    pub(super) fn prune(&mut self) {
        for set in (self.given..self.sets.len()).rev() {
            let Some(symbol) = self.part_symbol(set) else { continue };
            let content = self.set(set).to_vec();
            let price = self.price(&content);
            let holders = self.holders.get(symbol as usize).cloned().unwrap_or_default();
            let times: u64 = holders.iter().map(|set| self.uses_of(*set as usize)).sum();
            let with = times * price.name + price.cost + price.name + u64::from(DECLARATION + self.least);
            if times * price.cost >= with {
                continue;
            }
            for holder in holders {
                if let Some(symbols) = self.sets.get_mut(holder as usize) {
                    symbols.retain(|it| *it != symbol);
                    symbols.extend(&content);
                    symbols.sort_unstable();
                }
                for symbol in &content {
                    if let Some(sets) = self.holders.get_mut(*symbol as usize)
                        && let Err(at) = sets.binary_search(&holder)
                    {
                        sets.insert(at, holder);
                    }
                }
            }
            for symbol in &content {
                if let Some(sets) = self.holders.get_mut(*symbol as usize) {
                    sets.retain(|it| *it as usize != set);
                }
            }
            self.holders.iter_mut().skip(symbol as usize).take(1).for_each(Vec::clear);
        }
    }

    /// The result, without the parts that nothing holds.
    pub(super) fn shared(self) -> Shared {
        let first = self.groups.len();
        let mut places = HashMap::new();
        let used = (first..self.symbols.len())
            .filter(|part| self.holders.get(*part).is_some_and(|it| !it.is_empty()));
        for (part, place) in used.zip(0..) {
            places.insert(part, place);
        }
        let written = |set: &Vec<u32>| {
            let mut symbols = Vec::new();
            for symbol in set {
                match (self.groups.get(*symbol as usize), places.get(&(*symbol as usize))) {
                    (Some(elements), _) => symbols.extend(elements.iter().copied().map(Symbol::Element)),
                    (None, Some(place)) => symbols.push(Symbol::Part(*place)),
                    (None, None) => {}
                }
            }
            symbols.sort_unstable();
            symbols
        };
        let mut parts: Vec<(u32, usize)> = places.iter().map(|(part, place)| (*place, *part)).collect();
        parts.sort_unstable();
        let set_of = |part: usize| self.sets.get(self.given + part - first);
        Shared {
            parts: parts.iter().filter_map(|(_, part)| set_of(*part)).map(written).collect(),
            classes: parts.iter().map(|(_, part)| self.facts(*part as u32).class).collect(),
            sets: self.sets.iter().take(self.given).map(written).collect(),
        }
    }
}
