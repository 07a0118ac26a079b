//! From a set of minterms to the few patterns by which people say it: *this pattern, except those*.
//!
//! What is said covers exactly the wanted minterms, and no unwanted one; which of several ways to say it is chosen greedily: what covers most,
//! with the fewest exceptions, in the fewest characters.

use std::collections::{BTreeMap, BTreeSet};

use super::{HashMap, HashSet};

use super::space::{Minterm, Pattern, is_within, meet};
use super::universe::Numbered;

/// Texts that match all of the first patterns and none of the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// The patterns that all match; where it is empty, every text does.
    pub all: Vec<String>,
    /// The patterns of which none matches.
    pub except: Vec<String>,
}

/// What a minterm is to a cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// It has to be covered.
    Wanted,
    /// It must not be.
    Unwanted,
    /// It may be.
    Either,
}

/// A way to say a part of it.
#[derive(Clone, Debug)]
struct Way {
    all: Vec<u32>,
    except: Vec<u32>,
    /// The wanted minterms that it covers.
    covers: Vec<usize>,
}

/// More exceptions than this nobody reads: then what is meant is listed.
const MOST_EXCEPTIONS: usize = 24;

/// Minterms and what they are to a cover, found by their patterns.
struct Index<'a> {
    minterms: &'a [Minterm],
    wishes: &'a [Wish],
    by_pattern: HashMap<u32, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn of(minterms: &'a [Minterm], wishes: &'a [Wish]) -> Self {
        let mut by_pattern: HashMap<u32, Vec<usize>> = HashMap::default();
        for (at, minterm) in minterms.iter().enumerate() {
            for &pattern in &minterm.matched {
                by_pattern.entry(pattern).or_default().push(at);
            }
        }
        Self { minterms, wishes, by_pattern }
    }

    fn wish(&self, at: usize) -> Wish {
        self.wishes.get(at).copied().unwrap_or(Wish::Unwanted)
    }

    /// The minterms that all these patterns match.
    fn within(&self, all: &[u32]) -> Vec<(usize, &'a Minterm)> {
        let holds = |minterm: &Minterm| all.iter().all(|&pattern| minterm.has(pattern));
        let of = |at: &usize| Some((*at, self.minterms.get(*at)?));
        let rarest = all
            .iter()
            .map(|pattern| self.by_pattern.get(pattern))
            .min_by_key(|list| list.map_or(0, Vec::len));
        match rarest {
            None => self.minterms.iter().enumerate().collect(),
            Some(list) => {
                list.into_iter().flatten().filter_map(of).filter(|(_, minterm)| holds(minterm)).collect()
            }
        }
    }

    /// The patterns with what has to be excepted from them; `None` where that does not do.
    fn way(&self, all: &[u32]) -> Option<Way> {
        let within = self.within(all);
        let (mut bad, mut covers) = (Vec::new(), Vec::new());
        let mut needed: HashSet<u32> = all.iter().copied().collect();
        for (at, minterm) in within {
            match self.wish(at) {
                Wish::Wanted => {
                    covers.push(at);
                    needed.extend(&minterm.matched);
                }
                Wish::Unwanted => bad.push(minterm),
                Wish::Either => {}
            }
        }
        if covers.is_empty() {
            return None;
        }
        let mut except = Vec::new();
        while !bad.is_empty() {
            // What keeps out most, and nothing that is wanted.
            let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
            for pattern in
                bad.iter().flat_map(|minterm| &minterm.matched).filter(|pattern| !needed.contains(pattern))
            {
                *counts.entry(*pattern).or_default() += 1;
            }
            let (best, _) = counts.into_iter().max_by_key(|&(pattern, count)| (count, u32::MAX - pattern))?;
            except.push(best);
            if except.len() > MOST_EXCEPTIONS {
                return None;
            }
            bad.retain(|minterm| !minterm.has(best));
        }
        Some(Way { all: all.to_vec(), except, covers })
    }

    /// A way to say one minterm, and what else it covers: always there, since two minterms differ by a pattern.
    fn alone(&self, at: usize, walked: &[u32]) -> Option<Way> {
        let own = self.minterms.get(at)?;
        let mut except: Vec<u32> = Vec::new();
        let excepted = |minterm: &Minterm, except: &[u32]| except.iter().any(|&pattern| minterm.has(pattern));
        for (other, minterm) in self.within(&own.matched) {
            if self.wish(other) == Wish::Unwanted && !excepted(minterm, &except) {
                except.extend(minterm.matched.iter().copied().find(|&pattern| !own.has(pattern)));
            }
        }
        // Patterns that the others imply say nothing; one that led the walk stays, for nothing is known of what was not walked.
        let mut all = own.matched.clone();
        for &pattern in &own.matched {
            let rest: Vec<u32> = all.iter().copied().filter(|&other| other != pattern).collect();
            let walks = rest.iter().any(|pattern| walked.contains(pattern));
            let lets_in = |(other, minterm): &(usize, &Minterm)| {
                self.wish(*other) == Wish::Unwanted && !excepted(minterm, &except)
            };
            if walks && !self.within(&rest).iter().any(lets_in) {
                all = rest;
            }
        }
        let within = self.within(&all).into_iter();
        let covers = within
            .filter(|(other, minterm)| self.wish(*other) == Wish::Wanted && !excepted(minterm, &except));
        let covers = covers.map(|(other, _)| other).collect();
        Some(Way { all, except, covers })
    }
}

/// The terms that cover the wanted minterms.
pub(super) fn cover(starts: &mut Starts<'_>, minterms: &[Minterm], wishes: &[Wish]) -> Vec<Term> {
    let (numbered, walked) = (starts.numbered, starts.walked);
    let index = Index::of(minterms, wishes);
    let mut left: BTreeSet<usize> =
        (0..minterms.len()).filter(|&at| index.wish(at) == Wish::Wanted).collect();
    let starts = starts.all(minterms, &left);
    let mut ways: Vec<Way> = starts.iter().filter_map(|all| index.way(all)).collect();
    let length = |way: &Way| way.all.iter().map(|&id| numbered.text(id).len()).sum::<usize>();
    ways.sort_by_cached_key(|way| {
        (usize::MAX - way.covers.len(), way.except.len() + way.all.len(), length(way), way.all.clone())
    });
    let mut terms = Vec::new();
    while let Some(&first) = left.first() {
        let mut best: Option<(usize, &Way)> = None;
        for way in &ways {
            // The ways come in the order of what they cover at most.
            if best.is_some_and(|(most, _)| way.covers.len() <= most) {
                break;
            }
            let covers = way.covers.iter().filter(|at| left.contains(at)).count();
            if covers > best.map_or(0, |(most, _)| most) {
                best = Some((covers, way));
            }
        }
        let alone = if best.is_none() { index.alone(first, walked) } else { None };
        let Some(best) = best.map(|(_, way)| way).or(alone.as_ref()) else { break };
        let before = left.len();
        for at in &best.covers {
            left.remove(at);
        }
        if left.len() == before {
            break;
        }
        let texts = |ids: &[u32]| {
            let mut texts: Vec<String> = ids.iter().map(|&id| numbered.text(id).to_owned()).collect();
            texts.sort();
            texts.dedup();
            texts
        };
        terms.push(Term { all: texts(&best.all), except: texts(&best.except) });
    }
    terms.sort();
    terms
}

/// The patterns, or pairs of them, that a way may begin with: such that all that they match was walked. Of each pattern found once, for all
/// covers of the same walk.
pub(super) struct Starts<'a> {
    numbered: &'a Numbered,
    walked: &'a [u32],
    everything: bool,
    known: HashMap<u32, Vec<Vec<u32>>>,
}

impl<'a> Starts<'a> {
    /// `walked` are the patterns that lead the walk by which the minterms were found: where none of them matches, nothing was found, and
    /// nothing is covered.
    pub(super) fn of(numbered: &'a Numbered, walked: &'a [u32]) -> Self {
        let is_everything =
            |id: &u32| numbered.patterns.get(*id as usize).is_some_and(|it| *it == Pattern::everything());
        Self { numbered, walked, everything: walked.iter().any(is_everything), known: HashMap::default() }
    }

    /// Those of the patterns that match something wanted.
    fn all(&mut self, minterms: &[Minterm], wanted: &BTreeSet<usize>) -> Vec<Vec<u32>> {
        let wanted = wanted.iter().filter_map(|&at| minterms.get(at));
        let patterns: BTreeSet<u32> = wanted.flat_map(|minterm| minterm.matched.iter().copied()).collect();
        let mut starts = Vec::new();
        for pattern in patterns {
            if !self.known.contains_key(&pattern) {
                self.known.insert(pattern, self.with(pattern));
            }
            starts.extend(self.known.get(&pattern).into_iter().flatten().cloned());
        }
        starts
    }

    fn with(&self, pattern: u32) -> Vec<Vec<u32>> {
        let of = |id: u32| self.numbered.patterns.get(id as usize);
        let Some(own) = of(pattern) else { return Vec::new() };
        if self.everything || self.walked.contains(&pattern) {
            return vec![vec![pattern]];
        }
        let meets = |lead: &u32| of(*lead).is_some_and(|lead| meet(own, lead));
        let near: Vec<u32> = self.walked.iter().copied().filter(meets).collect();
        let leads: Vec<Pattern> = near.iter().filter_map(|&id| of(id)).cloned().collect();
        if is_within(own, &leads) {
            vec![vec![pattern]]
        } else {
            near.into_iter().map(|lead| vec![lead.min(pattern), lead.max(pattern)]).collect()
        }
    }
}
