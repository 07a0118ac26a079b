//! The escapes of JSON strings, read by the parser and once more where a string holds a document.

/// What stands behind a backslash: the character, or what is wrong; and how many bytes, the backslash included, it takes.
pub(super) struct Escape {
    pub(super) result: Result<char, Wrong>,
    pub(super) length: usize,
}

/// Why an escape is none.
#[derive(Clone, Copy)]
pub(super) enum Wrong {
    /// No escape of JSON.
    Unknown,
    /// `\u` without four hexadecimal digits.
    Digits,
    /// Half of a surrogate pair.
    Surrogate,
}

/// Reads the escape at the beginning of `text`, which is its backslash.
pub(super) fn read(text: &str) -> Escape {
    let mut characters = text.chars();
    let _backslash = characters.next();
    let good = |character| Escape { result: Ok(character), length: 2 };
    match characters.next() {
        Some(character @ ('"' | '\\' | '/')) => good(character),
        Some('b') => good('\u{8}'),
        Some('f') => good('\u{c}'),
        Some('n') => good('\n'),
        Some('r') => good('\r'),
        Some('t') => good('\t'),
        Some('u') => unicode(text),
        // A control character ends or spoils the string by itself; it is not part of the escape.
        Some(other) if other >= ' ' => Escape { result: Err(Wrong::Unknown), length: 1 + other.len_utf8() },
        _ => Escape { result: Err(Wrong::Unknown), length: 1 },
    }
}

fn unicode(text: &str) -> Escape {
    let Some(first) = hex4(text, 2) else {
        let digits = text.bytes().skip(2).take(4).take_while(u8::is_ascii_hexdigit).count();
        return Escape { result: Err(Wrong::Digits), length: 2 + digits };
    };
    if let Some(character) = char::from_u32(first) {
        return Escape { result: Ok(character), length: 6 };
    }
    let low = if text.get(6..8) == Some("\\u") { hex4(text, 8) } else { None };
    match (first, low) {
        (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
            let scalar = 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00);
            Escape { result: char::from_u32(scalar).ok_or(Wrong::Surrogate), length: 12 }
        }
        _ => Escape { result: Err(Wrong::Surrogate), length: 6 },
    }
}

fn hex4(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}
