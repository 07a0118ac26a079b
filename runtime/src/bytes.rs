//! Searching short stretches of bytes for one byte, sixteen at a time and without a branch on where it stands.
//!
//! No instruction is named here; the loops are written so that compilers for machines with a byte mask see one in them.

/// The places of a byte among eight, as bits: the lowest for the first.
#[inline(always)]
fn mask8(bytes: &[u8; 8], byte: u8) -> u32 {
    let mut mask = 0_u8;
    for &other in bytes.iter().rev() {
        mask = mask << 1 | u8::from(other == byte);
    }
    u32::from(mask)
}

/// The places of a byte among sixteen, as bits: the lowest for the first.
#[inline(always)]
pub(crate) fn mask16(bytes: &[u8; 16], byte: u8) -> u32 {
    match bytes.as_chunks::<8>().0 {
        [low, high] => mask8(low, byte) | mask8(high, byte) << 8,
        _ => 0,
    }
}

/// The same, by itself: among other shifts compilers no longer see the mask.
#[inline(never)]
pub(crate) fn mask16_apart(bytes: &[u8; 16], byte: u8) -> u32 {
    mask16(bytes, byte)
}

/// Where a byte first occurs in the end of a text, counted from there; the end has `length` bytes.
#[inline(always)]
pub(crate) fn find_in_end(text: &[u8], length: usize, byte: u8) -> Option<usize> {
    let from = text.len().checked_sub(length)?;
    let last = text.len().saturating_sub(16);
    let Some(window) = text.get(from.min(last)..).and_then(<[u8]>::first_chunk::<16>) else {
        return text.get(from..)?.iter().position(|&other| other == byte);
    };
    // Near the end of the text the window begins before the place that is asked for.
    match mask16(window, byte) >> from.saturating_sub(last) {
        0 if length <= 16 => None,
        0 => memchr::memchr(byte, text.get(from + 16..)?).map(|found| found + 16),
        found => Some(found.trailing_zeros() as usize),
    }
}

/// Where a byte first occurs. Most searches end within a few bytes, before a call would have paid.
#[inline]
pub(crate) fn find(text: &[u8], byte: u8) -> Option<usize> {
    find_in_end(text, text.len(), byte)
}

/// The place of a byte among the first `count` of sixteen.
#[inline(always)]
pub(crate) fn place(keys: &[u8; 16], count: usize, byte: u8) -> Option<usize> {
    let found = mask16(keys, byte).trailing_zeros() as usize;
    (found < count).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn finding_a_byte() {
        for length in 0..100 {
            let text: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            for byte in 0..=255 {
                assert_eq!(find(&text, byte), memchr::memchr(byte, &text), "{length} {byte}");
                for from in 0..=length {
                    let end = &text[from..];
                    assert_eq!(
                        find_in_end(&text, end.len(), byte),
                        memchr::memchr(byte, end),
                        "{length} {byte}"
                    );
                }
            }
        }
        let keys = *b"0123456789abcdef";
        for count in 1..=16 {
            for byte in 0..=255 {
                let expected = keys[..count].iter().position(|&key| key == byte);
                assert_eq!(place(&keys, count, byte), expected, "{count} {byte}");
            }
        }
        assert_eq!(mask16(b":a\xbab9;::........", b':'), 0b1100_0001);
    }
}
