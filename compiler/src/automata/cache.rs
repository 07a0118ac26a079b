//! Automata of builds before, kept under all that they were built of: effects, whether there is a guard, patterns, and the budget.
//!
//! A cache is as much to be trusted as the compiler: its checksum finds damage, not malice.

use std::fmt;

use bincode::Encode;
use portcullis_runtime::format::{FORMAT_VERSION, leaf, limits, node, segment, slot};
use portcullis_runtime::hash::{Keys, Multipliers, hash, hash_segment, lookup_slot};

use super::ResidualRule;
use super::draft::Attempt;
use super::residual::Budget;
use crate::intern::HashMap;
use crate::model::Effect;

/// What every file of a cache begins with.
const MAGIC: &[u8] = b"portcullis automata\n";

/// The compiler whose automata they are.
const COMPILER: &str = env!("PORTCULLIS_AUTOMATA");

/// How a cache is read: no length that is said takes more room than a cache may.
fn limited() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<{ 1 << 30 }>()
}

/// What tells the compiler's versions apart: its sources, and the format and hash that the runtime reads the automata with.
fn compiler() -> Vec<u8> {
    let of = Multipliers::of(1);
    // Texts of every length that is hashed in a way of its own.
    let texts = [&b"segment"[..], b"a-longer-segment-than-16", b"a-segment-that-is-longer-than-32-bytes"];
    let slot = |text: &[u8]| {
        let hash = hash_segment(of, text, Some(b'/')) ^ hash_segment(of, text, None);
        hash ^ lookup_slot(hash, *slot::SHIFTS.start(), 1)
    };
    let hash = texts
        .map(slot)
        .into_iter()
        .fold(hash(&Keys::of(0), 0, COMPILER.as_bytes()), |all, hash| all.rotate_left(1) ^ hash);
    // What of the runtime decides the meaning or the layout of an automaton.
    let limits =
        [limits::RESOURCE_BYTES, node::BRANCH_KEYS, node::TABLE_WORDS, node::SKIP_COUNT, leaf::RULES];
    let layout = [
        segment::HEADER_WORDS,
        segment::MIDDLE_BYTES,
        segment::ENDS as usize,
        node::PREFIXES_WORDS,
        slot::WORDS,
        slot::PROBES as usize,
        node::SHORT_BYTES,
    ];
    let layout = limits.into_iter().chain(layout).flat_map(|it| (it as u64).to_le_bytes());
    let versions = [COMPILER.as_bytes(), &FORMAT_VERSION.to_le_bytes(), &hash.to_le_bytes()].concat();
    versions.into_iter().chain(layout).collect()
}

/// Automata by what they were built of. Whole descriptions are compared, never a digest alone.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    entries: Vec<Entry>,
    places: HashMap<Vec<u8>, usize>,
    /// How many of the entries were read.
    read: usize,
    /// How many were known before this build.
    known: usize,
    /// Whether any that was read was not what it should be.
    mended: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    key: Vec<u8>,
    value: Vec<u8>,
    used: bool,
}

/// Why the bytes are no cache of this compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheError {
    /// Another version of the compiler wrote it. Nothing is wrong, but nothing of it can be used.
    OtherCompiler,
    /// It is not what was written.
    Damaged,
    /// It was never a cache: whose it is nobody knows.
    Foreign,
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherCompiler => "another version of the compiler wrote it",
            Self::Damaged => "it is damaged",
            Self::Foreign => "it is no build cache",
        })
    }
}

impl std::error::Error for CacheError {}

impl Cache {
    /// Reads a cache. Linear.
    ///
    /// # Errors
    /// [`CacheError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CacheError> {
        let begins = bytes.iter().zip(MAGIC).all(|(one, other)| one == other);
        let rest = bytes.strip_prefix(MAGIC).ok_or(if begins {
            CacheError::Damaged
        } else {
            CacheError::Foreign
        })?;
        let rest = rest.strip_prefix(&*compiler()).ok_or(CacheError::OtherCompiler)?;
        let (digest, body) = rest.split_first_chunk::<{ blake3::OUT_LEN }>().ok_or(CacheError::Damaged)?;
        if blake3::hash(body) != *digest {
            return Err(CacheError::Damaged);
        }
        let read = bincode::decode_from_slice::<Vec<(Vec<u8>, Vec<u8>)>, _>(body, limited());
        let (pairs, length) = read.map_err(|_| CacheError::Damaged)?;
        if length != body.len() {
            return Err(CacheError::Damaged);
        }
        let mut cache = Self::default();
        for (key, value) in pairs {
            cache.places.insert(key.clone(), cache.entries.len());
            cache.entries.push(Entry { key, value, used: false });
        }
        cache.read = cache.entries.len();
        Ok(cache)
    }

    /// What the last build used, as bytes; nothing if those are what was read. Equal builds give equal bytes. Linear, but for the sorting.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        if !self.mended && self.entries.len() == self.read && self.entries.iter().all(|entry| entry.used) {
            return None;
        }
        let used = self.entries.iter().filter(|entry| entry.used);
        let mut pairs: Vec<(&[u8], &[u8])> = used.map(|entry| (&*entry.key, &*entry.value)).collect();
        pairs.sort_unstable();
        let body = bincode::encode_to_vec(pairs, bincode::config::standard()).ok()?;
        Some([MAGIC, &compiler(), blake3::hash(&body).as_bytes(), &body].concat())
    }

    /// Automata of the last build that were found, and all that it asked for.
    #[must_use]
    pub fn found(&self) -> (usize, usize) {
        let used = |entries: &[Entry]| entries.iter().filter(|entry| entry.used).count();
        (used(self.entries.get(..self.known).unwrap_or(&[])), used(&self.entries))
    }

    /// A build begins: nothing is used yet.
    pub(super) fn begin(&mut self) {
        self.known = self.entries.len();
        self.entries.iter_mut().for_each(|entry| entry.used = false);
    }

    /// What an attempt came to; nothing if it was never made.
    pub(super) fn find(&self, key: &[u8]) -> Option<Attempt> {
        let entry = self.entries.get(*self.places.get(key)?)?;
        let (attempt, length) = bincode::decode_from_slice(&entry.value, limited()).ok()?;
        Some(attempt).filter(|attempt: &Attempt| length == entry.value.len() && attempt.is_sound())
    }

    /// Notes that an attempt was asked for, with what it came to if that was not known.
    pub(super) fn note(&mut self, key: Vec<u8>, made: Option<&Attempt>) {
        let known = self.places.get(&key).and_then(|&place| self.entries.get_mut(place));
        match (known, made) {
            (Some(entry), None) => entry.used = true,
            (known, Some(made)) => {
                let Ok(value) = bincode::encode_to_vec(made, bincode::config::standard()) else { return };
                match known {
                    // It did not decode, or was made twice side by side.
                    Some(entry) => {
                        self.mended |= entry.value != value;
                        (entry.value, entry.used) = (value, true);
                    }
                    None => {
                        self.places.insert(key.clone(), self.entries.len());
                        self.entries.push(Entry { key, value, used: true });
                    }
                }
            }
            (None, None) => {}
        }
    }
}

/// All that an automaton is built of.
#[derive(Encode)]
struct Key<'a> {
    states: usize,
    work: usize,
    rules: Vec<(bool, bool, bool, &'a [crate::pattern::ResourceForm])>,
}

/// The key of an attempt. Linear in the patterns.
pub(super) fn key(rules: &[ResidualRule<'_>], budget: Budget) -> Option<Vec<u8>> {
    let rules =
        rules.iter().map(|it| (it.effect == Effect::Allow, it.guard.is_some(), it.negated, it.patterns));
    let key = Key { states: budget.states, work: budget.work, rules: rules.collect() };
    bincode::encode_to_vec(key, bincode::config::standard()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::ResourceForm;

    /// Lengths that no cache has are no reason to take the room.
    #[test]
    fn a_cache_that_lies_about_its_length_is_damaged() {
        for length in [u64::MAX, 1 << 60, 1 << 32] {
            let body = [&[253][..], &length.to_le_bytes()].concat();
            let bytes = [MAGIC, &compiler(), blake3::hash(&body).as_bytes(), &body].concat();
            assert_eq!(Cache::from_bytes(&bytes).err(), Some(CacheError::Damaged), "{length}");
        }
        let body = [0];
        let bytes = [MAGIC, &compiler(), blake3::hash(&body).as_bytes(), &body].concat();
        assert!(Cache::from_bytes(&bytes).is_ok());
    }

    /// Whatever an automaton depends on tells its key.
    #[test]
    fn what_is_built_of_something_else_has_another_key() {
        let budget = Budget::default();
        let (all, none) = ([ResourceForm::Everything], [ResourceForm::Nothing]);
        let rule =
            |effect, guard, negated, patterns| ResidualRule { rule: 3, effect, guard, negated, patterns };
        let plain = rule(Effect::Allow, None, false, &all[..]);
        let one = std::slice::from_ref(&plain);
        let keys = [
            key(one, budget),
            key(&[plain.clone(), plain.clone()], budget),
            key(one, Budget { states: 1, ..budget }),
            key(one, Budget { work: 1, ..budget }),
            key(&[rule(Effect::Deny, None, false, &all)], budget),
            key(&[rule(Effect::Allow, Some(7), false, &all)], budget),
            key(&[rule(Effect::Allow, None, true, &all)], budget),
            key(&[rule(Effect::Allow, None, false, &none)], budget),
        ];
        for (number, one) in keys.iter().enumerate() {
            assert!(one.is_some());
            assert!(keys.iter().skip(number + 1).all(|other| other != one), "{number}");
        }
        // Ids are those of one build.
        let renamed = ResidualRule { rule: 9, guard: Some(1), ..plain.clone() };
        assert_eq!(key(&[renamed], budget), key(&[rule(Effect::Allow, Some(7), false, &all)], budget));
    }
}
