//! Documents inside JSON strings: the raw AWS API gives a policy document as percent-encoded JSON (RFC 3986) in a string.
//!
//! The string is decoded once more, remembering for every byte where it came from, so that each span of the inner document points
//! into the outer text and a message underlines what the user sees.

use super::parser::{Parser, Places};
use super::report::Report;
use super::{Parsed, Value, escape};
use crate::source::{Source, Span};

/// A text and the place in the source of each of its bytes, and of its end.
struct Decoded {
    text: String,
    places: Vec<u32>,
}

/// Reads the document in a JSON string of this source, percent-encoded or plain. `value` is the string as read by
/// [`parse`](super::parse) or one of its kin. Linear.
#[must_use]
pub fn parse_embedded(source: &Source, value: &Value) -> Parsed {
    let mut report = Report::new(source);
    let decoded = unescape(source, value.span).and_then(|plain| {
        // JSON begins with a bracket, so that a text which begins with `%` can only be percent-encoded, and no other is.
        if plain.text.trim_start().starts_with('%') {
            percent_decode(&plain, &mut report)
        } else {
            Some(plain)
        }
    });
    match decoded {
        Some(Decoded { text, places }) => Parser::new(source, &text, Places::Table(&places)).single(),
        None => {
            let message = "the document in this string could not be decoded";
            let found = report.finish();
            let mut report = Report::new(source);
            if found.is_empty() {
                report.error("json-embedded", value.span, message, "give the document as a JSON object");
            }
            let diagnostics = found.into_iter().chain(report.finish()).collect();
            Parsed { value: None, diagnostics, damaged: true }
        }
    }
}

/// Undoes the escapes of the string at this place; `None` where there is no well-formed string.
fn unescape(source: &Source, span: Span) -> Option<Decoded> {
    let raw = source.slice(span).strip_prefix('"')?.strip_suffix('"')?;
    let base = span.start as usize + 1;
    let mut decoded =
        Decoded { text: String::with_capacity(raw.len()), places: Vec::with_capacity(raw.len() + 1) };
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = rest.find('\\').unwrap_or(rest.len());
        if plain > 0 {
            decoded.text.push_str(rest.get(..plain)?);
            decoded.places.extend((at..at + plain).map(|offset| place(base + offset)));
            at += plain;
            continue;
        }
        let escape = escape::read(rest);
        let character = escape.result.ok()?;
        decoded.text.push(character);
        decoded.places.extend(std::iter::repeat_n(place(base + at), character.len_utf8()));
        at += escape.length;
    }
    decoded.places.push(place(base + at));
    Some(decoded)
}

fn place(offset: usize) -> u32 {
    Span::new(offset, offset).start
}

/// Undoes percent-encoding. A plus sign is itself: RFC 3986 knows no other spelling of the blank than `%20`.
fn percent_decode(plain: &Decoded, report: &mut Report<'_>) -> Option<Decoded> {
    let bytes = plain.text.as_bytes();
    let mut text = Vec::with_capacity(bytes.len());
    let mut places = Vec::with_capacity(bytes.len() + 1);
    let end = plain.places.last().copied().unwrap_or(0);
    let mut input = bytes.iter().copied().zip(plain.places.iter().copied());
    while let Some((byte, from)) = input.next() {
        places.push(from);
        if byte != b'%' {
            text.push(byte);
            continue;
        }
        let digits = input.next().map(|(byte, _)| byte).zip(input.next().map(|(byte, _)| byte));
        let Some(decoded) = digits.and_then(|(high, low)| Some(hex(high)? << 4 | hex(low)?)) else {
            let span = Span { start: from, end: end.min(from.saturating_add(3)) };
            report.damage(
                "json-percent-encoding",
                span,
                "`%` is not followed by two hexadecimal digits",
                "encode a percent sign as %25",
            );
            return None;
        };
        text.push(decoded);
    }
    places.push(end);
    match String::from_utf8(text) {
        Ok(text) => Some(Decoded { text, places }),
        Err(error) => {
            let start = places.get(error.utf8_error().valid_up_to()).copied().unwrap_or(end);
            let span = Span { start, end: end.min(start.saturating_add(3)) };
            report.damage(
                "p4-not-utf8",
                span,
                "the percent-encoded document is not UTF-8",
                "encode the document from UTF-8",
            );
            None
        }
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
