//! The six parts of an ARN (rule R1).

use crate::bytes::{digits16, equal16, mask16};

/// Byte offsets of the first five colons; `None` for fewer. Linear.
///
/// They stand within the first 48 bytes of nearly every ARN: these are looked at without a branch on how long it is or where they stand.
#[inline(always)]
#[must_use]
pub fn colons(text: &[u8]) -> Option<[usize; 5]> {
    let Some(mut bits) = first_colons(text) else { return slow_colons(text) };
    let mut found = [0; 5];
    for place in &mut found {
        *place = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
    }
    // Without a bit left the number of trailing zeros is 64.
    if found[4] < 64 { Some(found) } else { slow_colons(text) }
}

/// The places of the colons within the first 48 bytes, as bits; `None` for texts of fewer than 16.
#[inline(always)]
fn first_colons(text: &[u8]) -> Option<u64> {
    let last = text.len().checked_sub(16)?;
    let mut bits: u64 = 0;
    for at in [0, 16, 32] {
        // Near the end the same bytes are looked at again.
        let at = at.min(last);
        bits |= u64::from(mask16(text.get(at..)?.first_chunk()?, b':')) << at;
    }
    Some(bits)
}

/// What the short way of a decision wants to know of a resource.
pub(crate) struct Glance {
    /// Whether its fifth part is twelve digits, and others than these.
    pub(crate) is_foreign: bool,
    /// Whether its third part is `kms`.
    pub(crate) is_kms: bool,
}

/// Looks at a resource beside the twelve digits of an account, behind which anything may stand. `None` where that takes longer: for fewer than
/// sixteen bytes; for what does not begin with `arn:aws:`; where the fourth colon is not among the first 40 bytes; and where an account ends
/// so late that fewer than three bytes stand behind its colon. Constant.
///
/// There is no branch here on what the resource is, but for what is rare: no processor could guess it.
#[inline(always)]
pub(crate) fn glance(text: &[u8], account: &[u8; 16]) -> Option<Glance> {
    const TWELVE: u32 = 0xfff;
    /// Where the third part begins.
    const THIRD: usize = 8;
    let last = text.len().checked_sub(16)?;
    let colons = |at: usize| Some(u64::from(mask16(text.get(at..)?.first_chunk()?, b':')) << at);
    // Near the end the same bytes are looked at again.
    let third = (colons(THIRD.min(last))? | colons((THIRD + 16).min(last))?) >> THIRD;
    let fourth = third & third.wrapping_sub(1);
    if text.first_chunk() != Some(b"arn:aws:") || fourth == 0 {
        return None;
    }
    let is_kms = text.get(THIRD..).and_then(<[u8]>::first_chunk) == Some(b"kms:");
    let behind = fourth.trailing_zeros() as usize + THIRD + 1;
    let at = behind.min(last);
    let named: &[u8; 16] = text.get(at..)?.first_chunk()?;
    let is_number = digits16(named) >> (behind - at) & TWELVE == TWELVE;
    if is_number && at < behind {
        return None;
    }
    let is_other = equal16(named, account) & TWELVE != TWELVE;
    Some(Glance { is_foreign: is_number & is_other & (named[12] == b':'), is_kms })
}

/// For short texts, and for ARNs with long parts.
#[cold]
fn slow_colons(text: &[u8]) -> Option<[usize; 5]> {
    if text.len() < 5 {
        return None;
    }
    let mut found = [0; 5];
    let mut colons = (0..).zip(text).filter(|(_, byte)| **byte == b':').map(|(at, _)| at);
    for place in &mut found {
        *place = colons.next()?;
    }
    Some(found)
}

/// Splits at the first five colons; `None` for fewer than six parts. The sixth part may hold colons. Linear.
#[inline]
#[must_use]
pub fn split(text: &str) -> Option<[&str; 6]> {
    let [a, b, c, d, e] = colons(text.as_bytes())?;
    Some([
        text.get(..a)?,
        text.get(a + 1..b)?,
        text.get(b + 1..c)?,
        text.get(c + 1..d)?,
        text.get(d + 1..e)?,
        text.get(e + 1..)?,
    ])
}

/// Whether this is an account number: 12 ASCII digits (rule V6).
#[must_use]
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How many bytes of the sixth part name the resource under which another may lie: an object's bucket, the function of a version or alias,
/// the log group of a stream (DESIGN section 6). `None` for what lies under nothing. Linear.
#[must_use]
pub fn above(service: &[u8], name: &[u8]) -> Option<usize> {
    let find = |byte, from: usize| {
        let found = name.get(from..)?.iter().position(|&it| it == byte)?;
        Some(from + found)
    };
    let second_colon = |prefix: &[u8]| if name.starts_with(prefix) { find(b':', prefix.len()) } else { None };
    match service {
        b"s3" => find(b'/', 0),
        b"lambda" => second_colon(b"function:"),
        b"logs" => second_colon(b"log-group:"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colons_are_found_wherever_they_stand() {
        let mut state = 1_u64;
        for length in 0..150 {
            for _ in 0..40 {
                let text: alloc::vec::Vec<u8> = (0..length)
                    .map(|_| {
                        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        match state >> 60 {
                            0..=2 => b':',
                            3 => 0xba,
                            4 => b';',
                            _ => b'a',
                        }
                    })
                    .collect();
                assert_eq!(colons(&text), slow_colons(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn r1_splits_at_the_first_five_colons() {
        assert_eq!(split("arn:aws:s3:::a:b"), Some(["arn", "aws", "s3", "", "", "a:b"]));
        assert_eq!(split("a:b:c:d:e"), None);
        assert_eq!(split(""), None);
        assert_eq!(split(":::::"), Some([""; 6]));
        assert_eq!(split("a:b:c:d:ef:g"), Some(["a", "b", "c", "d", "ef", "g"]));
        assert_eq!(split("é:é:é:é:é:é:é"), Some(["é", "é", "é", "é", "é", "é:é"]));
        assert_eq!(split("\u{ba}\u{3a}\u{ba}:;;;;;;;:9:9:9"), Some(["º", "º", ";;;;;;;", "9", "9", "9"]));
    }
}
