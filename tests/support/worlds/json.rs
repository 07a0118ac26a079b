//! Writing JSON text, in the several spellings that mean the same.

use super::random::Random;

/// A JSON string; now and then with escapes where none are needed.
pub fn string(random: &mut Random, text: &str) -> String {
    let escape_all = random.chance(3);
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            _ if character < ' ' || escape_all || (!character.is_ascii() && random.chance(10)) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// A list of texts that are JSON already.
pub fn list(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

/// A list of strings; one alone may stand without brackets.
pub fn strings(random: &mut Random, texts: &[String]) -> String {
    let items: Vec<String> = texts.iter().map(|text| string(random, text)).collect();
    match items.as_slice() {
        [one] if random.chance(50) => one.clone(),
        _ => list(&items),
    }
}

/// A document as it stands in a snapshot: decoded, as the command line prints it, or URL-encoded, as the API does.
pub fn embedded(random: &mut Random, document: &str) -> String {
    if !random.chance(10) {
        return document.to_owned();
    }
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    format!("\"{}\"", document.bytes().map(encode).collect::<String>())
}
