//! Searching short stretches of bytes for one byte, sixteen at a time and without a branch on where it stands.
//!
//! x86-64 has an instruction for it; elsewhere eight bytes are looked at in a word.

/// The places of a byte among sixteen, as bits: the lowest for the first.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))]
#[inline(always)]
pub(crate) fn mask16(bytes: &[u8; 16], byte: u8) -> u32 {
    use safe_arch::{cmp_eq_mask_i8_m128i, load_unaligned_m128i, move_mask_i8_m128i, set_splat_i8_m128i};
    let equal = cmp_eq_mask_i8_m128i(load_unaligned_m128i(bytes), set_splat_i8_m128i(byte as i8));
    move_mask_i8_m128i(equal) as u32
}

/// The places at which sixteen bytes are equal to sixteen others, as bits: the lowest for the first.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))]
#[inline(always)]
pub(crate) fn equal16(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    use safe_arch::{cmp_eq_mask_i8_m128i, load_unaligned_m128i, move_mask_i8_m128i};
    move_mask_i8_m128i(cmp_eq_mask_i8_m128i(load_unaligned_m128i(a), load_unaligned_m128i(b))) as u32
}

/// The same where no instruction does it at once.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable"))))]
#[inline(always)]
pub(crate) fn equal16(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    portable_equal16(a, b)
}

/// Which of sixteen bytes are ASCII digits, as bits: the lowest for the first.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))]
#[inline(always)]
pub(crate) fn digits16(bytes: &[u8; 16]) -> u32 {
    use safe_arch::{
        cmp_eq_mask_i8_m128i, load_unaligned_m128i, min_u8_m128i, move_mask_i8_m128i, set_splat_i8_m128i,
        sub_i8_m128i,
    };
    let from_zero = sub_i8_m128i(load_unaligned_m128i(bytes), set_splat_i8_m128i(b'0' as i8));
    let at_most_nine = min_u8_m128i(from_zero, set_splat_i8_m128i(9));
    move_mask_i8_m128i(cmp_eq_mask_i8_m128i(from_zero, at_most_nine)) as u32
}

/// The same where no instruction does it at once.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable"))))]
#[inline(always)]
pub(crate) fn digits16(bytes: &[u8; 16]) -> u32 {
    portable_digits16(bytes)
}

/// [`digits16`] byte by byte.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))))]
fn portable_digits16(bytes: &[u8; 16]) -> u32 {
    bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(byte.is_ascii_digit()))
}

/// [`equal16`] by words.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))))]
#[inline(always)]
fn portable_equal16(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    let ([a, b], [c, d]) = (halves(a), halves(b));
    mask8(a ^ c, 0) | mask8(b ^ d, 0) << 8
}

/// The same where no instruction does it at once.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable"))))]
#[inline(always)]
pub(crate) fn mask16(bytes: &[u8; 16], byte: u8) -> u32 {
    portable_mask16(bytes, byte)
}

/// Sixteen bytes as two words.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))))]
#[inline(always)]
fn halves(bytes: &[u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(*bytes);
    [both as u64, (both >> 64) as u64]
}

/// [`mask16`] by words.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))))]
#[inline(always)]
fn portable_mask16(bytes: &[u8; 16], byte: u8) -> u32 {
    let [low, high] = halves(bytes);
    mask8(low, byte) | mask8(high, byte) << 8
}

/// The places of a byte among eight, as bits.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))))]
#[inline(always)]
fn mask8(word: u64, byte: u8) -> u32 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7f * ONES;
    let other = word ^ (ONES * u64::from(byte));
    // The high bit of every byte that is zero, and of no other.
    let zero = !(((other & LOW) + LOW) | other | LOW);
    // Gathers the high bits of all bytes.
    ((zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
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

/// [`find_in_end`] behind so many other occurrences.
#[inline(always)]
pub(crate) fn find_nth_in_end(text: &[u8], length: usize, byte: u8, before: usize) -> Option<usize> {
    if before == 0 {
        return find_in_end(text, length, byte);
    }
    let from = text.len().checked_sub(length)?;
    let last = text.len().saturating_sub(32);
    if let Some(window) = text.get(from.min(last)..).and_then(<[u8]>::first_chunk::<32>)
        && let (Some(low), Some(high)) = (window.first_chunk(), window.last_chunk())
    {
        // A region and an account end within so many bytes.
        let found = mask16(low, byte) | mask16(high, byte) << 16;
        let mut found = found.checked_shr(from.saturating_sub(last) as u32).unwrap_or(0);
        for _ in 0..before {
            found &= found.wrapping_sub(1);
        }
        // The window may be all there is.
        if found != 0 || length <= 32 {
            return (found != 0).then_some(found.trailing_zeros() as usize);
        }
    }
    find_nth_far(text, length, byte, before)
}

/// One after the other.
#[inline(never)]
fn find_nth_far(text: &[u8], length: usize, byte: u8, before: usize) -> Option<usize> {
    let mut behind = 0;
    for _ in 0..before {
        behind += find_in_end(text, length.checked_sub(behind)?, byte)? + 1;
    }
    Some(behind + find_in_end(text, length.checked_sub(behind)?, byte)?)
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
            // Bytes that occur once, and some that occur again and again.
            let text: Vec<u8> = (0..length).map(|at| (if at % 5 < 2 { at } else { at % 7 }) as u8).collect();
            for byte in 0..=255 {
                assert_eq!(find(&text, byte), memchr::memchr(byte, &text), "{length} {byte}");
                for from in 0..=length {
                    let end = &text[from..];
                    assert_eq!(
                        find_in_end(&text, end.len(), byte),
                        memchr::memchr(byte, end),
                        "{length} {byte}"
                    );
                    for before in 0..8 {
                        let nth = end.iter().enumerate().filter(|(_, other)| **other == byte).nth(before);
                        let found = find_nth_in_end(&text, end.len(), byte, before);
                        assert_eq!(found, nth.map(|(at, _)| at), "{length} {from} {byte} {before}");
                    }
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

    /// Both ways of finding and comparing bytes agree.
    #[test]
    fn masks_without_a_byte_mask() {
        let of_seed = |seed: u8| core::array::from_fn(|at| seed.wrapping_mul(at as u8 | 1));
        let bytes: Vec<[u8; 16]> = (0..=255).map(of_seed).collect();
        for bytes in bytes.iter().chain([b":::::::::::::::;", b"\0:\x01\x80\x7f\xff::\0\x39\x3b:\xba:::"]) {
            for byte in 0..=255 {
                assert_eq!(portable_mask16(bytes, byte), mask16(bytes, byte));
            }
            for at in 0..16 {
                let mut other = *bytes;
                other[at] ^= 1 << (at % 8);
                assert_eq!(equal16(bytes, &other), 0xffff & !(1 << at));
                assert_eq!(portable_equal16(bytes, &other), 0xffff & !(1 << at));
            }
            assert_eq!((equal16(bytes, bytes), portable_equal16(bytes, bytes)), (0xffff, 0xffff));
            assert_eq!(digits16(bytes), portable_digits16(bytes));
        }
    }
}
