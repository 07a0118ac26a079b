//! The normal form of paths: what is accepted is exactly what the one encoder writes.

use std::collections::BTreeSet;

use portcullis::runtime::path::{NotNormal, check};

use super::compiled;
use super::worlds::Random;

/// Characters that stand for themselves, written out from LANGUAGE.md.
const PLAIN: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,=:@";

/// The one way to write a segment; `None` if it can stand in no path.
fn encode(segment: &str) -> Option<String> {
    let mut text = String::new();
    for character in segment.chars() {
        let code = u32::from(character);
        if "/\\%;?#".contains(character) || code < 0x20 || (0x7f..=0x9f).contains(&code) {
            return None;
        }
        if PLAIN.contains(character) {
            text.push(character);
        } else {
            text.extend(character.to_string().bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    Some(text)
}

/// The one way to write a path of these segments.
fn path(segments: &[&str]) -> Option<String> {
    let last = segments.len().checked_sub(1)?;
    let wrong = |(at, it): (usize, &&str)| it.is_empty() && at < last || matches!(*it, "." | "..");
    if segments.iter().enumerate().any(wrong) {
        return None;
    }
    let encoded: Option<Vec<String>> = segments.iter().map(|segment| encode(segment)).collect();
    Some(format!("/{}", encoded?.join("/")))
}

/// What a segment could stand for, to who decodes whatever can be.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let [first, behind @ ..] = rest {
        let hex = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex
            .filter(|two| two.bytes().all(|it| it.is_ascii_hexdigit()))
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether decoding a path and encoding it again gives the path.
fn is_normal(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('/') else { return false };
    let decoded: Option<Vec<String>> = inside.split('/').map(decode).collect();
    let Some(decoded) = decoded else { return false };
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    path(&segments).as_deref() == Some(text)
}

/// Pieces of which the tricky paths are made.
const PIECES: [&str; 44] = [
    "/",
    "/",
    "a",
    "A",
    ".",
    "..",
    "%",
    "%2F",
    "%2f",
    "%5C",
    "%25",
    "%3B",
    "%3F",
    "%23",
    "%00",
    "%1F",
    "%7F",
    "%C2",
    "%85",
    "%C3",
    "%A9",
    "%c3",
    "%E2%82%AC",
    "%F0%9F%8E%89",
    "%ED%A0%80",
    "%C0%AF",
    "%20",
    "%41",
    "%2E",
    "%7E",
    "%G1",
    ";",
    "\\",
    "?",
    "#",
    " ",
    "\u{e9}",
    "\u{7f}",
    "\n",
    "{",
    "\"",
    "~",
    "2",
    "F",
];

/// All paths of three pieces, and random ones of more.
#[test]
fn what_is_accepted_is_what_the_encoder_writes() {
    let mut accepted = 0;
    let mut reasons = BTreeSet::new();
    let mut compare = |text: &str| {
        let found = check(text);
        assert_eq!(found.is_ok(), is_normal(text), "{text:?}: {found:?}");
        accepted += usize::from(found.is_ok());
        reasons.extend(found.err().map(NotNormal::name));
    };
    for one in PIECES {
        for two in PIECES {
            for three in PIECES {
                compare(&format!("/{one}{two}{three}"));
                compare(&format!("{one}{two}{three}"));
            }
        }
    }
    for seed in 0..if compiled::long() { 2_000_000 } else { 50_000 } {
        let random = &mut Random::new(seed);
        let pieces = (0..random.below(9)).map(|_| random.word(&PIECES));
        compare(&format!("/{}", pieces.collect::<String>()));
    }
    assert!(accepted > 5_000, "{accepted}");
    let all: BTreeSet<&str> = NotNormal::ALL.iter().map(|reason| reason.name()).collect();
    assert_eq!(reasons, all, "reasons that no path was refused for");
    assert!(NotNormal::ALL.iter().all(|it| it.sentence().len() > 10 && it.to_string() == it.sentence()));
}

/// Every character that may stand in a path does so in one way only.
#[test]
fn every_character_has_one_way_or_none() {
    for code in (0..0x3000).chain(0xd000..0xe100).chain(0xff00..0x1_0100).chain([0x10_ffff]) {
        let Some(character) = char::from_u32(code) else { continue };
        let text = character.to_string();
        let raw = format!("/x{text}");
        let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let escaped = format!("/x{escaped}");
        let ways = [&raw, &escaped].into_iter().filter(|way| character != '/' && check(way).is_ok());
        let expected = encode(&text).map(|encoded| format!("/x{encoded}"));
        assert_eq!(ways.collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>(), "U+{code:04X}");
    }
}
