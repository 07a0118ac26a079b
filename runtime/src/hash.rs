//! The hash of the bundle's tables, and exact ASCII folding eight bytes at a time.
//!
//! The hash is part of the format: writer and reader must agree on it on every machine. Names that were chosen to collide cannot slow a
//! look-up down: the writer takes a seed under which every entry stands near its place, and validation checks that. Equality is always
//! compared in full.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word) * u128::from(MULTIPLIER);
    (product as u64) ^ ((product >> 64) as u64) ^ state.rotate_left(23)
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_le_bytes(word)
}

#[inline]
fn finish(state: u64, length: usize) -> u64 {
    let state = mix(state, length as u64);
    mix(state, state >> 32)
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

/// The slot of a hash in a table; `slots` is a power of two.
#[inline]
#[must_use]
pub const fn slot(hash: u64, slots: u32) -> u32 {
    hash as u32 & slots.wrapping_sub(1)
}

/// Hashes a text as it is, with the seed of a table.
#[inline]
#[must_use]
pub fn hash(seed: u32, text: &[u8]) -> u64 {
    let (words, tail) = text.as_chunks::<8>();
    let mut state = MULTIPLIER ^ u64::from(seed);
    for chunk in words {
        state = mix(state, u64::from_le_bytes(*chunk));
    }
    if !tail.is_empty() {
        state = mix(state, word(tail));
    }
    finish(state, text.len())
}

/// Folds a text into `into` and hashes the folded text: equal to [`hash`] of it. `None` if the text is longer than the room.
#[inline]
#[must_use]
pub fn fold_and_hash<'a>(seed: u32, text: &[u8], into: &'a mut [u8]) -> Option<(u64, &'a [u8])> {
    let room = into.get_mut(..text.len())?;
    let (words, tail) = text.as_chunks::<8>();
    let (room_words, room_tail) = room.as_chunks_mut::<8>();
    let mut state = MULTIPLIER ^ u64::from(seed);
    for (chunk, to) in words.iter().zip(room_words) {
        let folded = fold_word(u64::from_le_bytes(*chunk));
        *to = folded.to_le_bytes();
        state = mix(state, folded);
    }
    if !tail.is_empty() {
        let folded = fold_word(word(tail));
        for (to, from) in room_tail.iter_mut().zip(folded.to_le_bytes()) {
            *to = from;
        }
        state = mix(state, folded);
    }
    Some((finish(state, text.len()), room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_folding_touches_ascii_capitals_only() {
        for byte in 0..=255_u8 {
            let folded = fold_word(u64::from_le_bytes([byte; 8]));
            assert_eq!(folded.to_le_bytes(), [byte.to_ascii_lowercase(); 8], "{byte}");
        }
    }

    #[test]
    fn folding_and_hashing_agrees_with_hashing_the_folded() {
        let mut room = [0; 64];
        for text in ["", "S3", "s3:GetObject", "iam:PutRolePermissionsBoundary", "ÄÖ:É", "12345678"] {
            let lower = text.to_ascii_lowercase();
            let (folded_hash, folded) = fold_and_hash(7, text.as_bytes(), &mut room).unwrap();
            assert_eq!(folded, lower.as_bytes());
            assert_eq!(folded_hash, hash(7, lower.as_bytes()));
        }
        assert!(fold_and_hash(0, &[b'a'; 65], &mut room).is_none());
    }

    /// The vectors of FORMAT.md.
    #[test]
    fn the_hash_is_that_of_the_format() {
        for (seed, text, expected) in [
            (0, "", 0x9d49_877b_264c_9da8),
            (0, "a", 0x6602_e4ca_b6e8_8414),
            (0, "12345678", 0x5374_8bb8_97fa_15eb),
            (0, "s3:getobject", 0x51e6_9c05_e93f_1d60),
            (1, "s3:getobject", 0x1ce7_15e3_9801_3858),
            (0, "arn:aws:iam::123456789012:user/alice", 0x63b2_6fd2_461f_4563),
        ] {
            assert_eq!(
                hash(seed, text.as_bytes()),
                expected,
                "{seed} {text} {:#018x}",
                hash(seed, text.as_bytes())
            );
        }
    }
}
