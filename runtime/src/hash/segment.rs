//! Segments of resources in the table of a node: what is compared of them, and where they stand.
//!
//! A walk has little time to wait for a place, since the next node waits for it. So up to 32 bytes are hashed by a product for each eight of them,
//! with multipliers that stand in the node, and the place is the upper bits of the sum. Nothing else mixes them, so the multipliers have to be as good
//! as random: the writer takes them from a seed under which every segment stands near its place, and validation checks that they do.

use super::{Keys, hash, mix, pair};

/// What the words of a segment are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multipliers(pub [u64; 2]);

impl Multipliers {
    /// Those that writers try, one after the other: odd, so that no bit of a word is lost.
    #[must_use]
    pub const fn of(seed: u32) -> Self {
        let both = pair(seed, 0);
        Self([both as u64 | 1, (both >> 64) as u64 | 1])
    }
}

/// A segment of at most 32 bytes as words: its bytes, the delimiter behind it as far as there is room, and zeros. `None` for a longer one. `behind`
/// is the delimiter, or nothing where the text ends.
#[must_use]
pub fn segment_words(text: &[u8], behind: Option<u8>) -> Option<[u128; 2]> {
    let mut room = [0; 33];
    room.get_mut(..text.len())?.copy_from_slice(text);
    *room.get_mut(text.len())? = behind.unwrap_or(0);
    let ([first, second], _) = room.as_chunks::<16>() else { return None };
    let words = [u128::from_le_bytes(*first), u128::from_le_bytes(*second)];
    // A segment of sixteen bytes is not told from one that goes on.
    Some(if text.len() > 16 { words } else { [words[0], 0] })
}

/// The hash of a segment of at most sixteen bytes, from its word.
#[inline(always)]
pub(crate) const fn hash_short_segment(Multipliers([a, b]): Multipliers, word: u128) -> u64 {
    let (low, high) = (word as u64, (word >> 64) as u64);
    low.wrapping_mul(a).wrapping_add(high.wrapping_mul(b))
}

/// The hash of a segment of 17 to 32 bytes, from its words.
#[inline(always)]
pub(crate) const fn hash_middle_segment(of: Multipliers, first: u128, second: u128) -> u64 {
    let Multipliers([a, b]) = of;
    // Such that no change of the first half is undone by one of the other, whatever the multipliers.
    let others = Multipliers([mix(a) | 1, mix(b) | 1]);
    hash_short_segment(of, first).wrapping_add(hash_short_segment(others, second))
}

/// The hash of a segment in a node of these multipliers. Linear in the text.
#[must_use]
pub fn hash_segment(of: Multipliers, text: &[u8], behind: Option<u8>) -> u64 {
    match segment_words(text, behind) {
        Some([word, _]) if text.len() <= 16 => hash_short_segment(of, word),
        Some([first, second]) => hash_middle_segment(of, first, second),
        None => {
            let Multipliers([a, _]) = of;
            hash(&Keys::of((a >> 32) as u32), u32::from(behind.unwrap_or(0)), text)
        }
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
        let [one, other] = [Multipliers([1, 1 << 32 | 1]), Multipliers::of(5)];
        assert_eq!(other, Multipliers([0x84eb_4454_a792_922b, 0x134f_7096_9181_75cf]));
        for (of, text, behind, expected) in [
            (one, "ab", None, 0x0000_0000_0000_6261),
            (one, "ab", Some(b'/'), 0x0000_0000_002f_6261),
            (one, "customer-exports-2026", None, 0x4b3a_3ccf_b2f2_9dd1),
            (other, "ab", None, 0x6d4d_4c39_9a7d_d84b),
            (other, "12345678", Some(b':'), 0xfeb1_9bd6_8580_1121),
            (other, "customer-export", Some(b'/'), 0x5fef_cae5_6011_8e04),
            (other, "customer-exports", Some(b'/'), 0x5bef_cae5_6011_8e04),
            (other, "customer-exports", None, 0x5bef_cae5_6011_8e04),
            (other, "customer-exports-2026", Some(b'/'), 0x3753_423b_89da_87cb),
            (other, "customer-exports-2026", None, 0x86fe_f53b_89da_87cb),
            (other, "customer-exports-of-the-years-to-2026", Some(b'/'), 0xd5c8_a14b_f456_eda3),
            (other, "customer-exports-of-the-years-to-2026", None, 0xedb7_409e_b9e9_bff3),
        ] {
            let found = hash_segment(of, text.as_bytes(), behind);
            assert_eq!(found, expected, "{of:?} {text} {behind:?} {found:#018x}");
        }
    }

    /// What of a segment is compared: its bytes, and what stands behind it.
    #[test]
    fn words_of_segments() {
        assert_eq!(segment_words(b"", None), Some([0, 0]));
        assert_eq!(segment_words(b"a", Some(b'/')), Some([0x2f61, 0]));
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

    /// THREATS: segments that were made to collide under one seed do not under others. Those of seven bytes collide wherever the multipliers are two
    /// constants times one number; those of 32 wherever those of both halves differ by constants.
    #[test]
    fn a_seed_parts_what_collides() {
        let short = [
            "66bk0qv", "cveacp0", "yovdakj", "1zcfzb0", "76ulb2p", "qd338qu", "8fqv8xf", "mcwn1ep", "wbyhndw",
        ];
        let long = [
            "mm_`oqicmmorgdmomm{zkiqwmmkhsvmk",
            "mm_`oqijmmorgdmnmm{zkiqpmmkhsvml",
            "mm_`oqpfmmorgdlmmm{zkijtmmkhsvnm",
            "mm_`oqpmmmorgdllmm{zkijmmmkhsvnn",
            "mm_nnpfcmmopdmmpmm{lljtwmmkjvmmj",
            "mm_nnpfjmmopdmmomm{lljtpmmkjvmmk",
            "mm_nnpmfmmopdmlnmm{lljmtmmkjvmnl",
            "mm_nnpmmmmopdmlmmm{lljmmmmkjvmnm",
            "mmm_nnicmmmopdnommm{llqwmmmkjvlk",
        ];
        let slots = |names: [&str; 9], of: Multipliers| {
            let slot = |name: &str| lookup_slot(hash_segment(of, name.as_bytes(), Some(b'/')), 60, 0);
            names.map(slot).into_iter().collect::<alloc::collections::BTreeSet<_>>().len()
        };
        let constants = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
        for seed in 0..64_u64 {
            let number = seed << 1 | 1;
            let both = Multipliers(constants.map(|constant: u64| constant.wrapping_mul(number)));
            assert_eq!(slots(short, both), 1, "{seed}");
        }
        for names in [short, long] {
            let parted = (0..64).filter(|&seed| slots(names, Multipliers::of(seed)) > 4).count();
            assert!(parted > 48, "{parted} of 64");
        }
    }
}
