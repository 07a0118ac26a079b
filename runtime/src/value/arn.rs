//! The six parts of an ARN (rule R1).

use crate::hash::hits;

/// Byte offsets of the first five colons; `None` for fewer. Linear, eight bytes at a time.
#[inline]
#[must_use]
pub fn colons(text: &[u8]) -> Option<[usize; 5]> {
    let mut found = [0; 5];
    let mut places = found.iter_mut();
    let (words, tail) = text.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        let mut hits = hits(u64::from_le_bytes(*word), b':');
        while hits != 0 {
            *places.next()? = base + hits.trailing_zeros() as usize / 8;
            if places.len() == 0 {
                return Some(found);
            }
            hits &= hits - 1;
        }
        base += 8;
    }
    for (offset, byte) in tail.iter().enumerate() {
        if *byte == b':' {
            *places.next()? = base + offset;
            if places.len() == 0 {
                return Some(found);
            }
        }
    }
    None
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

#[cfg(test)]
mod tests {
    use super::*;

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
