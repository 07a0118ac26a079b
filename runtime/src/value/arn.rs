//! The six parts of an ARN (rule R1).

/// Splits at the first five colons; `None` for fewer than six parts. The sixth part may hold colons. Linear.
#[must_use]
pub fn split(text: &str) -> Option<[&str; 6]> {
    let mut parts = [""; 6];
    let mut rest = text;
    let (last, first) = parts.split_last_mut()?;
    for part in first {
        let (head, tail) = rest.split_once(':')?;
        *part = head;
        rest = tail;
    }
    *last = rest;
    Some(parts)
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
    }
}
