//! The hash of the bundle's tables, and exact ASCII folding eight bytes at a time.
//!
//! The hash is part of the format: writer and reader must agree on it on every machine. It is no defence against chosen keys, and needs
//! none: tables are built by the compiler, probes are bounded by validation, and equality is always compared in full.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word) * u128::from(MULTIPLIER | 1);
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

/// Hashes a text as it is.
#[inline]
#[must_use]
pub fn hash(text: &[u8]) -> u64 {
    let (words, tail) = text.as_chunks::<8>();
    let mut state = MULTIPLIER;
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
pub fn fold_and_hash<'a>(text: &[u8], into: &'a mut [u8]) -> Option<(u64, &'a [u8])> {
    let room = into.get_mut(..text.len())?;
    let (words, tail) = text.as_chunks::<8>();
    let (room_words, room_tail) = room.as_chunks_mut::<8>();
    let mut state = MULTIPLIER;
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
            let (folded_hash, folded) = fold_and_hash(text.as_bytes(), &mut room).unwrap();
            assert_eq!(folded, lower.as_bytes());
            assert_eq!(folded_hash, hash(lower.as_bytes()));
        }
        assert!(fold_and_hash(&[b'a'; 65], &mut room).is_none());
    }
}
