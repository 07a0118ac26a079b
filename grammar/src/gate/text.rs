//! What stands in a word or text: literal characters, `$name`, policy variables, escapes.

use std::fmt::Write as _;
use std::ops::Range;

use super::ast::Text;
use super::hidden::is_hidden;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// These characters, as they go into the policy; `${key}` included, which IAM reads.
    Literal(&'t str),
    /// A character that an escape stands for.
    Escaped(char),
    /// `$name` or `$(name)`.
    Name(&'t str),
}

/// An escape that is none, a `$` that begins nothing, or the beginning of a variable that does not end: its place in the raw text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub Range<usize>);

/// The pieces of a text. Linear.
///
/// # Errors
/// [`Malformed`] for the first escape that is none.
pub fn pieces<'t>(text: &Text<'t>) -> Result<Vec<Piece<'t>>, Malformed> {
    let raw = text.raw;
    let mut pieces = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    let push = |pieces: &mut Vec<Piece<'t>>, from: usize, to: usize| {
        if let Some(text) = raw.get(from..to).filter(|text| !text.is_empty()) {
            pieces.push(Piece::Literal(text));
        }
    };
    while let Some(found) = raw.get(at..).and_then(|rest| rest.find(['$', '\\'])) {
        let start = at + found;
        let rest = raw.get(start..).unwrap_or("");
        let (piece, length) = if rest.starts_with('\\') {
            if !text.quoted {
                return Err(Malformed(start..start + 1));
            }
            let (character, length) = escape(rest)
                .ok_or(Malformed(start..start + rest.chars().take(2).map(char::len_utf8).sum::<usize>()))?;
            (Piece::Escaped(character), length)
        } else if rest.starts_with("${") {
            // A variable of IAM: it stays as it is.
            let length = rest.find('}').ok_or(Malformed(start..start + 2))? + 1;
            at = start + length;
            continue;
        } else {
            let (name, length) = name(rest).ok_or(Malformed(start..start + 1))?;
            (Piece::Name(name), length)
        };
        push(&mut pieces, literal, start);
        pieces.push(piece);
        at = start + length;
        literal = at;
    }
    push(&mut pieces, literal, raw.len());
    Ok(pieces)
}

/// The name behind a `$`, and the length of both.
fn name(rest: &str) -> Option<(&str, usize)> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let behind = rest.get(1..)?;
    let (start, inside) = match behind.strip_prefix('(') {
        Some(inside) => (2, inside),
        None => (1, behind),
    };
    let length = inside.bytes().position(|byte| !is_name(byte)).unwrap_or(inside.len());
    let name = inside
        .get(..length)
        .filter(|name| !name.is_empty() && !name.starts_with(|it: char| it.is_ascii_digit()))?;
    match start {
        2 => inside.get(length..).filter(|rest| rest.starts_with(')')).map(|_| (name, start + length + 1)),
        _ => Some((name, start + length)),
    }
}

/// The character of an escape, and its length.
fn escape(rest: &str) -> Option<(char, usize)> {
    let simple = |character| Some((character, 2));
    match rest.as_bytes().get(1)? {
        b'\\' => simple('\\'),
        b'"' => simple('"'),
        b'$' => simple('$'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'u' => {
            let inside = rest.get(2..)?.strip_prefix('{')?;
            let end = inside.find('}').filter(|end| (1..=6).contains(end))?;
            let digits =
                inside.get(..end).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
            Some((character, 2 + end + 2))
        }
        _ => None,
    }
}

/// The text, quoted so that it reads back as these characters; `${key}` stays a variable. Linear.
#[must_use]
pub fn quote(text: &str) -> String {
    quoted(text, true)
}

fn quoted(text: &str, variables: bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut rest = text;
    // Before this no variable ends that can stay one.
    let mut barred = if variables { 0 } else { text.len() };
    while let Some(character) = rest.chars().next() {
        let behind = rest.get(character.len_utf8()..).unwrap_or("");
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' if behind.starts_with('{') && text.len() - behind.len() > barred => {
                let end = behind.find(|it| it == '}' || needs_escape(it));
                let variable = behind.get(..=end.unwrap_or(0)).filter(|variable| variable.ends_with('}'));
                if let Some(variable) = variable {
                    quoted.push('$');
                    quoted.push_str(variable);
                    rest = behind.get(variable.len()..).unwrap_or("");
                    continue;
                }
                barred = end.map_or(text.len(), |end| text.len() - behind.len() + end);
                quoted.push_str("\\$");
            }
            '$' => quoted.push_str("\\$"),
            other if needs_escape(other) => {
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(other));
            }
            other => quoted.push(other),
        }
        rest = behind;
    }
    quoted.push('"');
    quoted
}

/// Whether a character stands in a text as an escape only.
fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\') || character.is_control() || is_hidden(character)
}

/// Whether a text can stand without quotes and mean these characters.
#[must_use]
pub fn is_word(text: &str) -> bool {
    let mut rest = text;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-:/*?+@%~".contains(&byte);
    if text.is_empty()
        || text.ends_with(':')
        || super::token::keyword(text).is_some()
        || text.starts_with("//")
    {
        return false;
    }
    while let Some(first) = rest.bytes().next() {
        if plain(first) {
            rest = rest.get(1..).unwrap_or("");
        } else if rest.starts_with("${") {
            let Some(end) = rest.find('}') else { return false };
            if rest.get(..end).is_some_and(|inside| inside.contains(needs_escape)) {
                return false;
            }
            rest = rest.get(end + 1..).unwrap_or("");
        } else {
            return false;
        }
    }
    true
}

/// The name of something in quotes. Policy variables have no meaning in a name, so that a `$` is the character.
#[must_use]
pub fn quoted_name(text: &str) -> String {
    quoted(text, false)
}

/// The name of something, in quotes unless it can be a word.
#[must_use]
pub fn name_or_quote(text: &str) -> String {
    if is_word(text) && !text.contains('$') { text.to_owned() } else { quoted_name(text) }
}

/// The text as a word where it can be one, else in quotes.
#[must_use]
pub fn word_or_quote(text: &str) -> String {
    if is_word(text) { text.to_owned() } else { quote(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn of(raw: &str, quoted: bool) -> Result<Vec<Piece<'_>>, Malformed> {
        pieces(&Text { span: Span::default(), raw, quoted })
    }

    #[test]
    fn names_variables_and_escapes() {
        use Piece::{Escaped, Literal, Name};
        assert_eq!(of("$a/*", false), Ok(vec![Name("a"), Literal("/*")]));
        assert_eq!(of("x$(a)b", false), Ok(vec![Literal("x"), Name("a"), Literal("b")]));
        assert_eq!(of("x/${aws:username}/$b", false), Ok(vec![Literal("x/${aws:username}/"), Name("b")]));
        assert_eq!(
            of(r#"\$a\"\u{e4}"#, true),
            Ok(vec![Escaped('$'), Literal("a"), Escaped('"'), Escaped('ä')])
        );
        assert_eq!(of("${aws:x, '$y'}", true), Ok(vec![Literal("${aws:x, '$y'}")]));
        assert_eq!(of("", true), Ok(vec![]));
        for (raw, place) in [
            ("a$", 1..2),
            ("$1", 0..1),
            ("$(a", 0..1),
            (r"a\x", 1..3),
            (r"\u{110000}", 0..2),
            ("é$é", 2..3),
            ("a${b", 1..3),
        ] {
            assert_eq!(of(raw, true), Err(Malformed(place)), "{raw}");
        }
    }

    #[test]
    fn what_is_quoted_reads_back() {
        for text in [
            "",
            "a b",
            "$a",
            "${a}",
            "${a",
            "\"\\",
            "a\nb\t\u{1}",
            "${a\"}",
            "in",
            "x:",
            "$",
            "${$}",
            "//a",
            "a$b${c}d",
            "${a\u{202e}}${b}${c",
            "${${\"${b}",
        ] {
            for quoted in [quote(text), quoted(text, false)] {
                let inside = quoted.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
                let read: String = of(inside, true)
                    .unwrap()
                    .into_iter()
                    .map(|piece| match piece {
                        Piece::Literal(text) => text.to_owned(),
                        Piece::Escaped(character) => character.to_string(),
                        Piece::Name(name) => panic!("{name}"),
                    })
                    .collect();
                assert_eq!(read, text);
            }
        }
        assert_eq!((name_or_quote("${a}"), name_or_quote("a")), (r#""\${a}""#.to_owned(), "a".to_owned()));
    }
}
