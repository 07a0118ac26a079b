//! The walk through the automaton of many patterns at once.

use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Pattern, Unit};
use crate::analysis::{HashMap, HashSet};

/// A combination of patterns that some text matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::analysis) struct Minterm {
    /// The patterns that match it, sorted; all others do not.
    pub(in crate::analysis) matched: Vec<u32>,
    /// One of the shortest such texts.
    pub(in crate::analysis) example: String,
}

impl Minterm {
    /// Whether a pattern matches.
    pub(in crate::analysis) fn has(&self, pattern: u32) -> bool {
        self.matched.binary_search(&pattern).is_ok()
    }
}

/// The automaton has more states than are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::analysis) struct TooMany;

/// How many states a walk may reach.
const MOST_STATES: usize = 30_000;

/// The places of all patterns, numbered.
struct Places {
    /// Of each place: its unit, `None` behind the last one, and its pattern.
    units: Vec<(Option<Unit>, u32)>,
    /// Of each place: whether its pattern is wanted.
    wanted: Vec<bool>,
}

impl Places {
    fn of(patterns: &[Pattern], wanted: Option<&[u32]>) -> Self {
        let mut flags = vec![wanted.is_none(); patterns.len()];
        for &pattern in wanted.unwrap_or_default() {
            if let Some(flag) = flags.get_mut(pattern as usize) {
                *flag = true;
            }
        }
        let mut places = Self { units: Vec::new(), wanted: Vec::new() };
        for ((number, pattern), flag) in (0..).zip(patterns).zip(flags) {
            places.units.extend(pattern.units.iter().map(|&unit| (Some(unit), number)));
            places.units.push((None, number));
            places.wanted.resize(places.units.len(), flag);
        }
        places
    }

    fn unit(&self, place: u32) -> Option<Unit> {
        self.units.get(place as usize).and_then(|(unit, _)| *unit)
    }

    fn start(&self, patterns: &[Pattern]) -> Vec<u32> {
        let mut state = Vec::new();
        let mut at = 0;
        for pattern in patterns {
            self.add(&mut state, at);
            at += pattern.units.len() as u32 + 1;
        }
        state.sort_unstable();
        state.dedup();
        state
    }

    /// Adds a place, and those that are reached from it without a character.
    fn add(&self, state: &mut Vec<u32>, mut place: u32) {
        loop {
            state.push(place);
            match self.unit(place) {
                Some(Unit::Run { .. }) => place += 1,
                _ => return,
            }
        }
    }

    fn is_wanted(&self, state: &[u32]) -> bool {
        state.iter().any(|&place| self.wanted.get(place as usize) == Some(&true))
    }

    /// The patterns that match a text that ends here, and whether one of them is wanted.
    fn matched(&self, state: &[u32]) -> (Vec<u32>, bool) {
        let mut ended = Vec::new();
        let mut wanted = false;
        for &place in state {
            if let Some((None, pattern)) = self.units.get(place as usize) {
                ended.push(*pattern);
                wanted |= self.wanted.get(place as usize) == Some(&true);
            }
        }
        (ended, wanted)
    }
}

/// What a state goes on with: its places by the characters that they take.
#[derive(Default)]
struct Fan {
    /// Places that wait for one character, by that and themselves.
    literal: Vec<(char, u32)>,
    /// All other places.
    wild: Vec<(Unit, u32)>,
    /// The characters that the state tells apart, and one for all the others. What people read easily comes first.
    alphabet: Vec<char>,
}

impl Fan {
    fn open(&mut self, places: &Places, state: &[u32]) {
        self.literal.clear();
        self.wild.clear();
        self.alphabet.clear();
        for &place in state {
            match places.unit(place) {
                Some(Unit::Char(character)) => self.literal.push((character, place)),
                Some(unit) => self.wild.push((unit, place)),
                None => {}
            }
        }
        self.literal.sort_unstable();
        let is_told = |character: char| {
            let at = self.literal.partition_point(|(own, _)| *own < character);
            character == ':' || self.literal.get(at).is_some_and(|(own, _)| *own == character)
        };
        let others = "xyzabcdefghijklmnopqrstuvw".chars().chain('\u{e0}'..='\u{ffff}');
        self.alphabet.extend(others.into_iter().find(|&it| !is_told(it)));
        if self.wild.iter().any(|(unit, _)| *unit == Unit::Digit) {
            self.alphabet.extend(('0'..='9').find(|&it| !is_told(it)));
        }
        let first = self.alphabet.len();
        self.alphabet.push(':');
        self.alphabet.extend(self.literal.iter().map(|(character, _)| *character));
        if let Some(told) = self.alphabet.get_mut(first..) {
            told.sort_unstable();
        }
        self.alphabet.dedup();
    }

    /// The state behind a character, sorted, into `next`.
    fn step(&self, places: &Places, character: char, next: &mut Vec<u32>) {
        next.clear();
        for &(unit, place) in &self.wild {
            if unit.takes(character) {
                let stays = matches!(unit, Unit::Run { .. });
                places.add(next, if stays { place } else { place + 1 });
            }
        }
        let from = self.literal.partition_point(|(own, _)| *own < character);
        for &(own, place) in self.literal.get(from..).unwrap_or_default() {
            if own != character {
                break;
            }
            places.add(next, place + 1);
        }
        next.sort_unstable();
        next.dedup();
    }
}

/// A state that was reached.
struct State {
    places: Rc<[u32]>,
    /// The state and the character that it was first reached by.
    from: (u32, char),
}

/// All minterms of some patterns in which at least one pattern of `wanted` matches; all whatsoever where `wanted` is `None`. In the order of
/// the lengths of their examples.
///
/// # Errors
/// [`TooMany`] past [`MOST_STATES`].
pub(in crate::analysis) fn minterms(
    patterns: &[Pattern],
    wanted: Option<&[u32]>,
) -> Result<Vec<Minterm>, TooMany> {
    let mut found = Vec::new();
    walk(patterns, wanted, |matched, example| {
        found.push(Minterm { matched: matched.to_vec(), example: example() });
        true
    })?;
    Ok(found)
}

/// Whether every text that the first of the patterns matches is matched by another one too. `false` past the budget.
pub(super) fn is_with_others(patterns: &[Pattern]) -> bool {
    let mut is_so = true;
    let walked = walk(patterns, Some(&[0]), |matched, _| {
        is_so = matched.len() > 1;
        is_so
    });
    walked.is_ok() && is_so
}

/// Tells of each minterm the patterns and how to get an example, until it is told that this is enough.
fn walk(
    patterns: &[Pattern],
    wanted: Option<&[u32]>,
    mut tell: impl FnMut(&[u32], &dyn Fn() -> String) -> bool,
) -> Result<(), TooMany> {
    let places = Places::of(patterns, wanted);
    let start: Rc<[u32]> = places.start(patterns).into();
    let mut states = vec![State { places: Rc::clone(&start), from: (0, ' ') }];
    let mut known: HashSet<Rc<[u32]>> = HashSet::from_iter([start]);
    let mut seen: HashSet<Vec<u32>> = HashSet::default();
    let (mut fan, mut next) = (Fan::default(), Vec::new());
    let mut at = 0;
    while let Some(state) = states.get(at).map(|state| Rc::clone(&state.places)) {
        let (matched, counts) = places.matched(&state);
        if (counts || wanted.is_none()) && !seen.contains(&matched) {
            if !tell(&matched, &|| text_of(&states, at)) {
                return Ok(());
            }
            seen.insert(matched);
        }
        fan.open(&places, &state);
        for &character in &fan.alphabet {
            fan.step(&places, character, &mut next);
            if wanted.is_some() && !places.is_wanted(&next) || known.contains(next.as_slice()) {
                continue;
            }
            if states.len() >= MOST_STATES {
                return Err(TooMany);
            }
            let made: Rc<[u32]> = next.as_slice().into();
            known.insert(Rc::clone(&made));
            states.push(State { places: made, from: (at as u32, character) });
        }
        at += 1;
    }
    Ok(())
}

/// Walks that were taken, for those who take them again: the resources of one's own account and of others are often spoken of by the same
/// rules, and so are those of many principals.
#[derive(Default)]
pub(in crate::analysis) struct Walks {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    walks: HashMap<Vec<u32>, Walked>,
    bytes: usize,
}

/// What a walk led to.
type Walked = Result<Arc<[Minterm]>, TooMany>;

/// How many bytes of walks are kept, about.
const MOST_BYTES: usize = 64 << 20;

impl Walks {
    /// The same as [`minterms`].
    ///
    /// # Errors
    /// [`TooMany`] past [`MOST_STATES`].
    pub(in crate::analysis) fn minterms(&self, patterns: &[Pattern], wanted: &[u32]) -> Walked {
        // The whole question, unmistakably: what is wanted, and behind each length that many units.
        let mut key = vec![wanted.len() as u32];
        key.extend(wanted);
        for pattern in patterns {
            key.push(pattern.units.len() as u32);
            key.extend(pattern.units.iter().map(|unit| unit.number()));
        }
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(walked) = known().walks.get(&key) {
            return walked.clone();
        }
        let walked: Walked = minterms(patterns, Some(wanted)).map(Arc::from);
        let of = |minterm: &Minterm| {
            size_of::<Minterm>() + size_of_val(minterm.matched.as_slice()) + minterm.example.len()
        };
        let found = walked.as_ref().map_or(0, |found| found.iter().map(of).sum());
        let mut known = known();
        if known.bytes < MOST_BYTES {
            known.bytes += size_of_val(key.as_slice()) + found;
            known.walks.insert(key, walked.clone());
        }
        walked
    }
}

/// The text by which a state was first reached.
fn text_of(states: &[State], mut at: usize) -> String {
    let mut characters = Vec::new();
    while at != 0 {
        let Some(State { from: (before, character), .. }) = states.get(at) else { break };
        characters.push(*character);
        at = *before as usize;
    }
    characters.iter().rev().collect()
}
