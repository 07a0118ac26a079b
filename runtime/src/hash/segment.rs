//! Segments of resources in the table of a node: what is compared of them, and where they stand.
//!
//! A walk has little time to wait for a place, since the next node waits for it. So up to sixteen bytes are hashed by two products that take
//! them as they stand, and the place is the upper bits of the sum (multiply-shift: M. Dietzfelbinger, T. Hagerup, J. Katajainen, M. Penttonen,
//! 1997). The writer takes a seed under which every segment stands near its place, and validation checks that.

use super::{KEY, Keys, SEED, hash};

/// The keys of the hash of longer segments.
const LONG: Keys = Keys::of(0);

/// A segment of at most 32 bytes as words: its bytes, what of the delimiter behind it an ASCII character has, as far as there is room, and zeros.
/// `None` for a longer one. `behind` is the delimiter, or nothing where the text ends.
#[must_use]
pub fn segment_words(text: &[u8], behind: Option<u8>) -> Option<[u128; 2]> {
    let mut room = [0; 33];
    room.get_mut(..text.len())?.copy_from_slice(text);
    *room.get_mut(text.len())? = behind.unwrap_or(0) & 0x7f;
    let ([first, second], _) = room.as_chunks::<16>() else { return None };
    let words = [u128::from_le_bytes(*first), u128::from_le_bytes(*second)];
    // A segment of sixteen bytes is not told from one that goes on.
    Some(if text.len() > 16 { words } else { [words[0], 0] })
}

/// The hash of a segment of at most sixteen bytes, from its word.
#[inline(always)]
pub(crate) const fn hash_short_segment(seed: u32, word: u128) -> u64 {
    let odd = (seed as u64) << 1 | 1;
    let (low, high) = (word as u64, (word >> 64) as u64);
    low.wrapping_mul(SEED.wrapping_mul(odd)).wrapping_add(high.wrapping_mul(KEY.wrapping_mul(odd)))
}

/// The hash of a segment of 17 to 32 bytes, from its words.
#[inline(always)]
pub(crate) const fn hash_middle_segment(seed: u32, first: u128, second: u128) -> u64 {
    hash_short_segment(seed, first).wrapping_add(hash_short_segment(!seed, second))
}

/// The hash of a segment under the seed of its node. Linear in the text.
#[must_use]
pub fn hash_segment(seed: u32, text: &[u8], behind: Option<u8>) -> u64 {
    match segment_words(text, behind) {
        Some([word, _]) if text.len() <= 16 => hash_short_segment(seed, word),
        Some([first, second]) => hash_middle_segment(seed, first, second),
        None => hash(&LONG, seed ^ u32::from(behind.unwrap_or(0)) << 24, text),
    }
}

/// The slot of a hash in the table of a node, so many slots behind its own, going round. `shift`, of which the low six bits count, is 64 less
/// the binary logarithm of the number of slots, from 1 to 63.
#[inline(always)]
#[must_use]
pub const fn lookup_slot(hash: u64, shift: u32, further: u64) -> u64 {
    hash.wrapping_shr(shift).wrapping_add(further) & u64::MAX.wrapping_shr(shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of FORMAT.md.
    #[test]
    fn the_hash_of_segments_is_that_of_the_format() {
        for (seed, text, behind, expected) in [
            (0, "ab", None, 0x2f9e_2203_beb9_0df5),
            (3, "ab", Some(b'/'), 0xbcb7_84d3_ae0c_61b3),
            (3, "ab", None, 0x4d52_ee1a_370f_61b3),
            (0, "12345678", Some(b':'), 0x0e18_d889_1610_4d53),
            (5, "customer-export", Some(b'/'), 0xa5f0_e8eb_22de_ac92),
            (5, "customer-exports", Some(b'/'), 0x29f0_e8eb_22de_ac92),
            (5, "customer-exports", None, 0x29f0_e8eb_22de_ac92),
            (5, "customer-exports-2026", Some(b'/'), 0x4434_f536_f1f3_a1f7),
            (5, "customer-exports-2026", None, 0xb0cb_5e36_f1f3_a1f7),
            (7, "customer-exports-of-the-years-to-2026", Some(b'/'), 0xf735_37fb_4e33_fe75),
            (7, "customer-exports-of-the-years-to-2026", None, 0xa28d_30d2_b6a8_f22a),
        ] {
            let found = hash_segment(seed, text.as_bytes(), behind);
            assert_eq!(found, expected, "{seed} {text} {behind:?} {found:#018x}");
        }
    }

    /// What of a segment is compared: its bytes, and what stands behind it.
    #[test]
    fn words_of_segments() {
        assert_eq!(segment_words(b"", None), Some([0, 0]));
        assert_eq!(segment_words(b"a", Some(b'/')), Some([0x2f61, 0]));
        assert_eq!(segment_words(b"a", Some(0xaf)), Some([0x2f61, 0]));
        let [word, more] = segment_words(b"0123456789abcde", Some(b':')).unwrap();
        assert_eq!((word >> 120, more), (u128::from(b':'), 0));
        assert_eq!(segment_words(b"0123456789abcdef", Some(b':')), segment_words(b"0123456789abcdef", None));
        assert_eq!(segment_words(b"0123456789abcdefg", Some(b'/')).unwrap()[1], 0x2f67);
        assert_eq!(segment_words(&[b'a'; 32], Some(b':')), segment_words(&[b'a'; 32], None));
        assert_eq!(segment_words(&[b'a'; 33], None), None);
    }

    #[test]
    fn slots_go_around() {
        assert_eq!(lookup_slot(u64::MAX, 62, 0), 3);
        assert_eq!(lookup_slot(u64::MAX, 62, 1), 0);
        assert_eq!(lookup_slot(1 << 62, 63, 1), 1);
        assert_eq!(lookup_slot(u64::MAX, 40, 8), 7);
    }

    /// THREATS: segments that were made to collide under one seed do not under others.
    #[test]
    fn a_seed_parts_what_collides() {
        // Names of eight bytes whose products agree in their upper bits under seed 0.
        let mut names = alloc::vec::Vec::new();
        let mut number = 0_u64;
        while names.len() < 40 {
            let name = alloc::format!("{number:08}");
            if lookup_slot(hash_segment(0, name.as_bytes(), None), 57, 0) == 5 {
                names.push(name);
            }
            number += 1;
        }
        let fits = |seed: u32| {
            let mut taken = [false; 128];
            names.iter().all(|name| {
                let hash = hash_segment(seed, name.as_bytes(), None);
                let near = |far| usize::try_from(lookup_slot(hash, 57, far)).unwrap_or(0);
                match (0..8).map(near).find(|&slot| !taken[slot]) {
                    Some(slot) => {
                        taken[slot] = true;
                        true
                    }
                    None => false,
                }
            })
        };
        assert!(!fits(0));
        assert!((1..64).any(fits));
    }
}
