//! The hash of the bundle's tables, and comparison of short texts: sixteen bytes at a time.
//!
//! The hash is part of the format: writer and reader must agree on it on every machine. It is a sum of products of the text's words, each
//! with a key added (NH of UMAC: J. Black, S. Halevi, H. Krawczyk, T. Krovetz, P. Rogaway, 1999), and one product more of what that comes
//! to. Names that were chosen to collide cannot slow a look-up down: the writer takes a seed under which every entry stands near its place,
//! and validation checks that. Equality is always compared in full. Texts of up to 64 bytes, which nearly all names are, take one of four
//! fixed paths with overlapping reads: no loop whose length the processor would have to guess.

mod search;
mod segment;

pub(crate) use search::{
    Found, Table, search, search_folded, search_id, search_packed, search_short, search_short_folded,
};
pub use segment::{Multipliers, hash_segment, lookup_slot, segment_words};
pub(crate) use segment::{hash_middle_segment, hash_short_segment};

use crate::lanes::Lanes;

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const KEY: u64 = 0xd6e8_feb8_6659_fd93;
/// Bytes that are hashed at once.
const BLOCK: usize = 64;
/// Texts of so many bytes at most are looked up without a loop over them.
pub(crate) const SHORT_BYTES: usize = BLOCK;

/// What a seed stands for: a key for each word of 32 bits of a block.
#[derive(Clone, Copy, Debug)]
// Aligned, so that no load of its own need stand before each addition.
#[repr(align(16))]
pub struct Keys([[u8; 16]; BLOCK / 16]);

impl Keys {
    /// The keys of a seed.
    #[must_use]
    pub const fn of(seed: u32) -> Self {
        let (a, b, c, d) = (pair(seed, 0), pair(seed, 2), pair(seed, 4), pair(seed, 6));
        Self([a.to_le_bytes(), b.to_le_bytes(), c.to_le_bytes(), d.to_le_bytes()])
    }
}

/// What no sum of products undoes (SplitMix64: G. Steele, D. Lea, C. Flood, 2014).
const fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// Two words of 64 bits of a seed's keys.
const fn pair(seed: u32, first: u64) -> u128 {
    // Eight numbers for each seed: no two seeds share one.
    let number = (seed as u64) * 8 + first + 1;
    let (low, high) = (mix(number.wrapping_mul(SEED)), mix((number + 1).wrapping_mul(SEED)));
    (high as u128) << 64 | low as u128
}

/// The two halves of a 128-bit product, joined.
#[inline(always)]
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Fewer than eight bytes as one word, zeros behind them. Reads that overlap instead of a loop.
#[inline(always)]
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

/// Texts by their length: those of one class take one path, without a branch, through hash and comparison.
mod class {
    pub(super) const SHORT: u8 = 0;
    pub(super) const TO_16: u8 = 1;
    pub(super) const TO_32: u8 = 2;
    pub(super) const TO_64: u8 = 3;
}

/// The windows of a text of at most 64 bytes: together all its bytes.
#[inline(always)]
fn windows<const CLASS: u8, const FOLD: bool>(text: &[u8]) -> Option<[Lanes; 4]> {
    let fold = |lanes: Lanes| if FOLD { lanes.fold() } else { lanes };
    let zero = Lanes::zero();
    Some(match CLASS {
        class::SHORT => [fold(Lanes::of_halves(short(text), 0)), zero, zero, zero],
        class::TO_16 => {
            let (first, last) = (text.first_chunk()?, text.last_chunk()?);
            let both = Lanes::of_halves(u64::from_le_bytes(*first), u64::from_le_bytes(*last));
            [fold(both), zero, zero, zero]
        }
        class::TO_32 => {
            let (first, last) = (text.first_chunk()?, text.last_chunk()?);
            [fold(Lanes::load(first)), fold(Lanes::load(last)), zero, zero]
        }
        _ => {
            let (first, last) = (text.first_chunk::<32>()?, text.last_chunk::<32>()?);
            let [a, b] = [first.first_chunk()?, first.last_chunk()?];
            let [c, d] = [last.first_chunk()?, last.last_chunk()?];
            [fold(Lanes::load(a)), fold(Lanes::load(b)), fold(Lanes::load(c)), fold(Lanes::load(d))]
        }
    })
}

/// The sums of products of a class's windows. The tweak is as good as other keys.
#[inline(always)]
fn sums<const CLASS: u8>([a, b, c, d]: &[Lanes; 4], Keys([k, l, m, n]): &Keys, tweak: u32) -> [u64; 2] {
    let mut sum = Lanes::zero().add_products(a.plus(tweak), Lanes::load(k));
    if CLASS >= class::TO_32 {
        sum = sum.add_products(*b, Lanes::load(l));
    }
    if CLASS >= class::TO_64 {
        sum = sum.add_products(*c, Lanes::load(m)).add_products(*d, Lanes::load(n));
    }
    sum.halves()
}

#[inline(always)]
fn equal_windows<const CLASS: u8>([a, b, c, d]: &[Lanes; 4], [e, f, g, h]: &[Lanes; 4]) -> bool {
    let mut equal = a.equal(*e);
    if CLASS >= class::TO_32 {
        equal = equal.and(b.equal(*f));
    }
    if CLASS >= class::TO_64 {
        equal = equal.and(c.equal(*g)).and(d.equal(*h));
    }
    equal.all()
}

/// Before anything of a text is read.
#[inline(always)]
const fn start(tweak: u32, length: usize) -> u64 {
    SEED ^ tweak as u64 ^ (length as u64) << 32
}

#[inline(always)]
fn finish(state: u64, [low, high]: [u64; 2]) -> u64 {
    multiply(low ^ state, high ^ KEY)
}

/// The hash of a text of more than 64 bytes: block by block, and the last 64 bytes.
#[inline(never)]
fn hash_long<const FOLD: bool>(keys: &Keys, tweak: u32, text: &[u8]) -> Option<u64> {
    let sums = |block: &[u8]| {
        Some(sums::<{ class::TO_64 }>(&windows::<{ class::TO_64 }, FOLD>(block)?, keys, tweak))
    };
    let mut state = start(tweak, text.len());
    let mut at = 0;
    while at + BLOCK < text.len() {
        state = finish(state, sums(text.get(at..at + BLOCK)?)?);
        at += BLOCK;
    }
    Some(finish(state, sums(text.last_chunk::<BLOCK>()?)?))
}

/// Compares texts of equal length of more than 64 bytes.
#[inline(never)]
fn equal_long<const FOLD: bool>(name: &[u8], text: &[u8]) -> bool {
    if FOLD { name.eq_ignore_ascii_case(text) } else { name == text }
}

/// The slot of a hash in a table; `slots` is a power of two.
#[inline]
#[must_use]
pub const fn slot(hash: u64, slots: u32) -> u32 {
    hash as u32 & slots.wrapping_sub(1)
}

/// What tells the texts of one classifier from those of others.
#[inline]
#[must_use]
pub const fn classifier_tweak(classifier: u32) -> u32 {
    classifier.wrapping_mul(0x9e37_79b1)
}

/// Hashes a text as it is. The tweak tells equal texts apart that mean different things.
#[inline]
#[must_use]
pub fn hash(keys: &Keys, tweak: u32, text: &[u8]) -> u64 {
    hash_with::<false>(keys, tweak, text).unwrap_or(0)
}

#[inline]
fn hash_with<const FOLD: bool>(keys: &Keys, tweak: u32, text: &[u8]) -> Option<u64> {
    let state = start(tweak, text.len());
    Some(match text.len() {
        0..8 => {
            finish(state, sums::<{ class::SHORT }>(&windows::<{ class::SHORT }, FOLD>(text)?, keys, tweak))
        }
        8..=16 => {
            finish(state, sums::<{ class::TO_16 }>(&windows::<{ class::TO_16 }, FOLD>(text)?, keys, tweak))
        }
        17..=32 => {
            finish(state, sums::<{ class::TO_32 }>(&windows::<{ class::TO_32 }, FOLD>(text)?, keys, tweak))
        }
        33..=64 => {
            finish(state, sums::<{ class::TO_64 }>(&windows::<{ class::TO_64 }, FOLD>(text)?, keys, tweak))
        }
        _ => hash_long::<FOLD>(keys, tweak, text)?,
    })
}

#[inline]
fn equal_with<const FOLD: bool>(name: &[u8], text: &[u8]) -> Option<bool> {
    if name.len() != text.len() {
        return Some(false);
    }
    Some(match text.len() {
        0..8 => same::<{ class::SHORT }, FOLD>(name, text)?,
        8..=16 => same::<{ class::TO_16 }, FOLD>(name, text)?,
        17..=32 => same::<{ class::TO_32 }, FOLD>(name, text)?,
        33..=64 => same::<{ class::TO_64 }, FOLD>(name, text)?,
        _ => equal_long::<FOLD>(name, text),
    })
}

#[inline(always)]
fn same<const CLASS: u8, const FOLD: bool>(name: &[u8], text: &[u8]) -> Option<bool> {
    Some(equal_windows::<CLASS>(&windows::<CLASS, false>(name)?, &windows::<CLASS, FOLD>(text)?))
}

/// Whether two texts are equal: as `==`, but without a call for the short texts that names and literals are.
#[inline]
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    equal_with::<false>(a, b).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn hash(seed: u32, text: &[u8]) -> u64 {
        super::hash(&Keys::of(seed), 0, text)
    }

    fn hash_folded(seed: u32, text: &[u8]) -> u64 {
        hash_with::<true>(&Keys::of(seed), 0, text).unwrap()
    }

    fn equal_folded(lower: &[u8], text: &[u8]) -> bool {
        equal_with::<true>(lower, text).unwrap()
    }

    /// The vectors of FORMAT.md.
    #[test]
    fn the_hash_is_that_of_the_format() {
        for (seed, text, expected) in [
            (0, "", 0x70f5_5e0e_cb24_132d),
            (0, "a", 0xab91_eb19_b5fa_3900),
            (0, "12345678", 0x93d3_a64c_4570_5606),
            (0, "s3:getobject", 0xb23c_1615_e321_5019),
            (1, "s3:getobject", 0xbee2_d8ef_3c40_1093),
            (0, "arn:aws:s3:::acme-reports", 0x3e68_7a4b_d3c1_c91e),
            (0, "arn:aws:iam::123456789012:user/alice", 0x468a_cee0_03a8_7a50),
            (
                0,
                "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
                0xb71e_7ea4_6d8d_40fe,
            ),
        ] {
            let found = hash(seed, text.as_bytes());
            assert_eq!(found, expected, "{seed} {text} {found:#018x}");
        }
    }

    /// At the lengths where the format goes another way, and with tweaks.
    #[test]
    fn the_hash_at_the_ends_of_its_ways() {
        let text = "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/and/as/much/again/and/again/until/it/is/enough";
        for (tweak, length, expected) in [
            (0, 7, 0x7277_90c5_9d98_0fb1),
            (0, 16, 0x603a_7d7a_2fd4_4917),
            (0, 17, 0xfeb9_33e6_c7fc_30bc),
            (0, 32, 0x2415_8913_a522_f250),
            (0, 33, 0xe42a_ee10_4df0_0733),
            (0, 64, 0x2175_8b67_be1e_ae3d),
            (0, 65, 0x2a0e_610c_f2f3_4ec8),
            (0, 128, 0x4d4b_e9e2_d94e_6b4c),
            (7, 40, 0x62a6_9201_7ae9_207a),
            (7, 100, 0x0392_69a0_d93f_b6f1),
        ] {
            let found = super::hash(&Keys::of(0), tweak, &text.as_bytes()[..length]);
            assert_eq!(found, expected, "{tweak} {length} {found:#018x}");
        }
        assert_eq!(super::hash(&Keys::of(0), 7, b"s3:getobject"), 0xacaf_4b30_4571_4360);
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
