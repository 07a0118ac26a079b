//! Base64 as `BinaryEquals` compares it (rule C11).

/// The six bits of a character of the standard alphabet.
const fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Whether the text is canonical base64: standard alphabet, padded, unused bits zero. Two canonical texts are equal exactly where the
/// bytes they stand for are. The empty text is canonical. Linear.
#[must_use]
pub fn is_canonical(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(4) {
        return false;
    }
    let (body, unused) = match bytes {
        [body @ .., b'=', b'='] => (body, 0b1111),
        [body @ .., b'='] => (body, 0b11),
        body => (body, 0),
    };
    let alphabet = body.iter().all(|&byte| sextet(byte).is_some());
    let last = body.last().copied().and_then(sextet).unwrap_or(0);
    alphabet && last & unused == 0 && (unused == 0 || !body.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c11_canonical_base64_only() {
        for good in ["", "QUJD", "QUI=", "QQ==", "+/+/"] {
            assert!(is_canonical(good), "{good}");
        }
        for bad in ["Q", "QQ", "QQ=", "QR==", "QUJ=", "Q===", "====", "QQ==QQ==", "-_-_", "QQ= ", "Q Q="] {
            assert!(!is_canonical(bad), "{bad}");
        }
    }
}
