//! Base64 (rule C11).

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Decodes the standard alphabet, padded and canonical: the length is a multiple of four and the bits that stand for no byte are zero.
pub(in super::super) fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let body = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let mut bits = Vec::new();
    for character in body.chars() {
        let sextet = ALPHABET.chars().position(|letter| letter == character)?;
        bits.extend((0..6).rev().map(|bit| sextet >> bit & 1 == 1));
    }
    // A quantum of one character holds no byte: `===` and `A===` are no padding.
    let left_over = bits.len() % 8;
    if left_over > 4 || bits.iter().rev().take(left_over).any(|bit| *bit) {
        return None;
    }
    Some(
        bits.chunks_exact(8)
            .map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c11_base64() {
        for (text, bytes) in [("", ""), ("QUJD", "ABC"), ("QUI=", "AB"), ("QQ==", "A"), ("KysvLw==", "++//")]
        {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(decode("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
        for text in [
            "Q", "QQ", "QQ=", "QUI", "QR==", "QUJ=", "====", "Q===", "QQ==QQ==", "QU-_", "QQ= ", "Q\n==",
            "=QQ=", "====",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
