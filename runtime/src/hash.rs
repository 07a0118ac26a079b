//! The hash of the bundle's tables, comparison of short texts, and exact ASCII folding: all eight bytes at a time.
//!
//! The hash is part of the format: writer and reader must agree on it on every machine. Names that were chosen to collide cannot slow a
//! look-up down: the writer takes a seed under which every entry stands near its place, and validation checks that. Equality is always
//! compared in full. Texts of up to 64 bytes, which nearly all names are, take one of four fixed paths with overlapping reads: no loop
//! whose length the processor would have to guess.

use crate::format::Section;
use crate::format::index::PROBES;
use crate::view::{Index, View};

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const KEY: u64 = 0xd6e8_feb8_6659_fd93;

/// The two halves of a 128-bit product, joined.
#[inline]
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline]
fn mix(state: u64, pair: [u64; 2]) -> u64 {
    multiply(pair[0] ^ KEY, pair[1] ^ state)
}

/// The state of another lane than the first.
#[inline]
const fn lane(state: u64, number: u64) -> u64 {
    state.wrapping_add(number.wrapping_mul(KEY))
}

/// Lowers the ASCII capitals among eight bytes and leaves every other byte alone (rule A1: ASCII folding only).
#[inline]
#[must_use]
pub const fn fold_word(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let low = word & (0x7f * ONES);
    let from_a = low + (0x80 - 0x41) * ONES;
    let past_z = low + (0x7f - 0x5a) * ONES;
    let capitals = !word & (from_a ^ past_z) & (0x80 * ONES);
    word | (capitals >> 2)
}

#[inline]
const fn as_it_is(word: u64) -> u64 {
    word
}

/// Eight bytes from an offset on; `None` past the end.
#[inline]
fn eight(text: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*text.get(at..)?.first_chunk::<8>()?))
}

/// Fewer than eight bytes as one word, zeros behind them. Reads that overlap instead of a loop.
#[inline]
fn short(text: &[u8]) -> u64 {
    let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => half(first) | half(last) << (8 * (text.len() as u32 & 7) - 32),
        _ => {
            let byte = |at: usize| text.get(at).map_or(0, |&byte| u64::from(byte) << (8 * at));
            byte(0) | byte(1) | byte(2)
        }
    }
}

/// The words of the first bytes of a text that has as many.
#[inline]
fn first<const BYTES: usize, const WORDS: usize>(text: &[u8]) -> Option<[u64; WORDS]> {
    Some(words(text.first_chunk::<BYTES>()?))
}

/// The words of the last bytes of a text that has as many.
#[inline]
fn last<const BYTES: usize, const WORDS: usize>(text: &[u8]) -> Option<[u64; WORDS]> {
    Some(words(text.last_chunk::<BYTES>()?))
}

/// Bytes as words; `WORDS` is an eighth of `BYTES`.
#[inline]
fn words<const BYTES: usize, const WORDS: usize>(bytes: &[u8; BYTES]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    for (to, from) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *to = u64::from_le_bytes(*from);
    }
    words
}

/// Two words from an offset on.
#[inline]
fn pair(text: &[u8], at: usize, map: impl Fn(u64) -> u64) -> Option<[u64; 2]> {
    Some([map(eight(text, at)?), map(eight(text, at + 8)?)])
}

/// Texts by their length: those of one class take one path, without a branch, through hash and comparison.
mod class {
    pub(super) const SHORT: u8 = 0;
    pub(super) const TO_16: u8 = 1;
    pub(super) const TO_32: u8 = 2;
    pub(super) const TO_64: u8 = 3;
    pub(super) const LONG: u8 = 4;
}

/// Calls a function of a length class with the class of a length.
macro_rules! by_class {
    ($length:expr, $function:ident($($argument:expr),*)) => {
        match $length {
            0..8 => $function::<{ class::SHORT }, _>($($argument),*),
            8..=16 => $function::<{ class::TO_16 }, _>($($argument),*),
            17..=32 => $function::<{ class::TO_32 }, _>($($argument),*),
            33..=64 => $function::<{ class::TO_64 }, _>($($argument),*),
            _ => $function::<{ class::LONG }, _>($($argument),*),
        }
    };
}

#[inline]
fn hash_class<const CLASS: u8, M: Fn(u64) -> u64 + Copy>(text: &[u8], seed: u32, map: M) -> Option<u64> {
    let length = text.len();
    let mut state = SEED ^ u64::from(seed) ^ (length as u64) << 32;
    match CLASS {
        class::SHORT => state = mix(state, [map(short(text)), 0]),
        class::TO_16 => {
            let ([a], [b]) = (first::<8, 1>(text)?, last::<8, 1>(text)?);
            state = mix(state, [map(a), map(b)]);
        }
        class::TO_32 => {
            let ([a, b], [c, d]) = (first::<16, 2>(text)?, last::<16, 2>(text)?);
            state = mix(state, [map(a), map(b)]) ^ mix(lane(state, 1), [map(c), map(d)]);
        }
        class::TO_64 => {
            let ([a, b, c, d], [e, f, g, h]) = (first::<32, 4>(text)?, last::<32, 4>(text)?);
            // Side by side instead of one behind the other.
            state = mix(state, [map(a), map(b)])
                ^ mix(lane(state, 1), [map(c), map(d)])
                ^ mix(lane(state, 2), [map(e), map(f)])
                ^ mix(lane(state, 3), [map(g), map(h)]);
        }
        _ => {
            let mut at = 0;
            while at + 16 < length {
                state = mix(state, pair(text, at, map)?);
                at += 16;
            }
            state = mix(state, pair(text, length - 16, map)?);
        }
    }
    Some(multiply(state, KEY))
}

#[inline]
fn hash_with(text: &[u8], seed: u32, map: impl Fn(u64) -> u64 + Copy) -> Option<u64> {
    by_class!(text.len(), hash_class(text, seed, map))
}

/// A hash table of names, as the bundle stores it.
pub(crate) trait Table {
    /// The bundle.
    fn view(&self) -> &View<'_>;
    /// The table.
    fn index(&self) -> &Index;
    /// The seed of the names that are looked for.
    #[inline]
    fn seed(&self) -> u32 {
        self.index().seed
    }
    /// The section in which the names stand.
    #[inline]
    fn names(&self) -> Section {
        Section::Strings
    }
    /// Whether an id is one of those that are looked for.
    #[inline]
    fn fits(&self, id: u32) -> bool {
        let _ = id;
        true
    }
}

#[inline]
fn search_class<const CLASS: u8, M: Fn(u64) -> u64 + Copy>(
    text: &[u8],
    map: M,
    table: &impl Table,
) -> Option<u32> {
    let hash = hash_class::<CLASS, M>(text, table.seed(), map)?;
    let (view, index) = (table.view(), table.index());
    for distance in 0..u64::from(PROBES) {
        let [tag, entry, place, length] = view.slot(index, slot(hash.wrapping_add(distance), index.slots))?;
        let id = entry.checked_sub(1)?;
        // Another name is not even looked at.
        if tag == (hash >> 32) as u32 && length as usize == text.len() {
            let name = view.bytes_at(table.names(), place as usize, text.len())?;
            // Another classifier's text has no name here.
            if equal_class::<CLASS, M>(name, text, map)? && table.fits(id) {
                return Some(id);
            }
        }
    }
    None
}

#[inline]
fn search_with(text: &[u8], map: impl Fn(u64) -> u64 + Copy, table: &impl Table) -> Option<u32> {
    // One branch on the length for the whole look-up.
    by_class!(text.len(), search_class(text, map, table))
}

/// The id of a name; never further from its home than validation lets an entry stand.
#[inline]
pub(crate) fn search(text: &[u8], table: &impl Table) -> Option<u32> {
    search_with(text, as_it_is, table)
}

/// The id of a name in lower case, ignoring the text's ASCII case.
#[inline]
pub(crate) fn search_folded(text: &[u8], table: &impl Table) -> Option<u32> {
    search_with(text, fold_word, table)
}

/// The slot of a hash in a table; `slots` is a power of two.
#[inline]
#[must_use]
pub const fn slot(hash: u64, slots: u32) -> u32 {
    hash as u32 & slots.wrapping_sub(1)
}

/// The seed of the texts of one classifier, of the table's seed.
#[inline]
#[must_use]
pub const fn classifier_seed(seed: u32, classifier: u32) -> u32 {
    seed ^ classifier.wrapping_mul(0x9e37_79b1)
}

/// Hashes a text as it is, with the seed of a table.
#[inline]
#[must_use]
pub fn hash(seed: u32, text: &[u8]) -> u64 {
    hash_with(text, seed, as_it_is).unwrap_or(0)
}

/// The bits in which words and mapped words differ.
#[inline]
fn differ<const WORDS: usize>(a: [u64; WORDS], b: [u64; WORDS], map: impl Fn(u64) -> u64) -> u64 {
    a.into_iter().zip(b).fold(0, |bits, (a, b)| bits | a ^ map(b))
}

/// Compares texts of equal length.
#[inline]
fn equal_class<const CLASS: u8, M: Fn(u64) -> u64 + Copy>(a: &[u8], b: &[u8], map: M) -> Option<bool> {
    let length = a.len();
    let differs = |at: usize| Some(eight(a, at)? ^ map(eight(b, at)?));
    let wide = |at: usize| Some(differs(at)? | differs(at + 8)?);
    Some(match CLASS {
        class::SHORT => short(a) == map(short(b)),
        class::TO_16 => {
            differ(first::<8, 1>(a)?, first::<8, 1>(b)?, map)
                | differ(last::<8, 1>(a)?, last::<8, 1>(b)?, map)
                == 0
        }
        class::TO_32 => {
            differ(first::<16, 2>(a)?, first::<16, 2>(b)?, map)
                | differ(last::<16, 2>(a)?, last::<16, 2>(b)?, map)
                == 0
        }
        class::TO_64 => {
            differ(first::<32, 4>(a)?, first::<32, 4>(b)?, map)
                | differ(last::<32, 4>(a)?, last::<32, 4>(b)?, map)
                == 0
        }
        _ => {
            let mut at = 0;
            while at + 16 < length {
                if wide(at)? != 0 {
                    return Some(false);
                }
                at += 16;
            }
            wide(length - 16)? == 0
        }
    })
}

#[inline]
fn equal_with(a: &[u8], b: &[u8], map: impl Fn(u64) -> u64 + Copy) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    by_class!(a.len(), equal_class(a, b, map))
}

/// Whether two texts are equal: as `==`, but without a call for the short texts that names and literals are.
#[inline]
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    equal_with(a, b, as_it_is).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn hash_folded(seed: u32, text: &[u8]) -> u64 {
        hash_with(text, seed, fold_word).unwrap()
    }

    fn equal_folded(lower: &[u8], text: &[u8]) -> bool {
        equal_with(lower, text, fold_word).unwrap()
    }

    #[test]
    fn a1_folding_touches_ascii_capitals_only() {
        for byte in 0..=255_u8 {
            let folded = fold_word(u64::from_le_bytes([byte; 8]));
            assert_eq!(folded.to_le_bytes(), [byte.to_ascii_lowercase(); 8], "{byte}");
        }
    }

    /// The vectors of FORMAT.md.
    #[test]
    fn the_hash_is_that_of_the_format() {
        for (seed, text, expected) in [
            (0, "", 0x1137_509a_84ab_7784),
            (0, "a", 0x9a24_f016_033b_d061),
            (0, "12345678", 0x9b1d_a8ed_aa59_1ca1),
            (0, "s3:getobject", 0x0750_654a_d468_a5cd),
            (1, "s3:getobject", 0xf548_2d11_c489_b13a),
            (0, "arn:aws:s3:::acme-reports", 0x9132_da20_6aab_2caf),
            (0, "arn:aws:iam::123456789012:user/alice", 0xcfd0_e1ac_91e1_8e59),
            (
                0,
                "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
                0xd8d6_58d0_871b_160f,
            ),
        ] {
            let found = hash(seed, text.as_bytes());
            assert_eq!(found, expected, "{seed} {text} {found:#018x}");
        }
    }

    #[test]
    fn hashing_and_comparing_at_every_length() {
        let text: String = ('A'..='Z').chain('a'..='z').chain("äÖ:*9".chars()).cycle().take(200).collect();
        for length in (0..text.len()).filter(|&length| text.is_char_boundary(length)) {
            let (text, _) = text.split_at(length);
            let lower = text.to_ascii_lowercase();
            assert_eq!(hash_folded(3, text.as_bytes()), hash(3, lower.as_bytes()));
            assert!(equal(text.as_bytes(), text.as_bytes()));
            assert!(equal_folded(lower.as_bytes(), text.as_bytes()));
            for at in 0..length {
                let mut other: Vec<u8> = lower.clone().into_bytes();
                other[at] ^= 1;
                assert!(!equal(&other, lower.as_bytes()), "{length} {at}");
                assert!(!equal_folded(&other, lower.as_bytes()), "{length} {at}");
                assert_ne!(hash(0, &other), hash(0, lower.as_bytes()), "{length} {at}");
            }
        }
    }
}
