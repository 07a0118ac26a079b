//! Policy variables and wildcards in the text of a pattern (rules X1, X4, A1).
//!
//! In: the text of a resource pattern or operand. Out: its pieces in the order written, not yet in canonical form, since what a short
//! pattern ends in decides what it covers (rule R1).

use std::ops::Range;

use portcullis_grammar::source::Span;

use super::codes;
use super::reader::{Reader, shown};
use crate::pattern::{Piece, Variable};

/// How a text is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    /// Whether `*` and `?` are wildcards.
    pub(super) wildcards: bool,
    /// Whether `${…}` is a variable: in documents of version 2012-10-17.
    pub(super) variables: bool,
}

/// A `${` that begins no variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    place: Range<usize>,
    why: &'static str,
}

/// Reads a text into pieces; malformed variables are reported.
pub(super) fn read(
    reader: &mut Reader<'_, '_>,
    text: &str,
    span: Span,
    syntax: Syntax,
) -> Option<Vec<Piece>> {
    if !syntax.variables && text.contains("${") {
        let at = text.find("${").unwrap_or(0);
        let end = text.get(at..).and_then(|rest| rest.find('}')).map_or(text.len(), |length| at + length + 1);
        let place = reader.within(span, text, at..end);
        reader.lint(
            codes::X1_VARIABLE_IN_2008,
            place,
            "this is plain text, not a policy variable: the document's version is not 2012-10-17",
            "write \"Version\": \"2012-10-17\" if a variable is meant",
        );
    }
    match pieces(text, syntax) {
        Ok(pieces) => Some(pieces),
        Err(Malformed { place, why }) => {
            let piece = text.get(place.clone()).unwrap_or(text);
            let message = format!("`{}` is no policy variable: {why}", shown(piece));
            let span = reader.within(span, text, place);
            let help = "write ${key} or ${key, 'default'}; ${*}, ${?} and ${$} are the characters themselves";
            reader.error(codes::X1_MALFORMED_VARIABLE, span, message, help);
            None
        }
    }
}

/// The pieces of a text, in the order written. Linear.
pub(super) fn pieces(text: &str, syntax: Syntax) -> Result<Vec<Piece>, Malformed> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or("");
        let (piece, length) = match first {
            '*' if syntax.wildcards => (Piece::AnyRun, 1),
            '?' if syntax.wildcards => (Piece::AnyOne, 1),
            '$' if syntax.variables && rest.starts_with("${") => {
                let (piece, length) =
                    variable(rest).map_err(|(why, length)| Malformed { place: at..at + length, why })?;
                if let Piece::Literal(character) = &piece {
                    literal.push_str(character);
                    at += length;
                    continue;
                }
                (piece, length)
            }
            other => {
                literal.push(other);
                at += other.len_utf8();
                continue;
            }
        };
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal).into()));
        }
        pieces.push(piece);
        at += length;
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal.into()));
    }
    Ok(pieces)
}

/// Reads the variable at the beginning of `text`, which is its `${`: the piece, or why it is none; and the length in bytes. A variable
/// ends at the first `}`, which cannot stand inside one.
fn variable(text: &str) -> Result<(Piece, usize), (&'static str, usize)> {
    let Some(end) = text.find('}') else { return Err(("it is not closed", text.len())) };
    let length = end + 1;
    let inside = text.get(2..end).unwrap_or("");
    if let "*" | "?" | "$" = inside {
        return Ok((Piece::Literal(inside.into()), length));
    }
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let default = default.strip_prefix(' ').unwrap_or(default);
            let quoted = default.strip_prefix('\'').and_then(|default| default.strip_suffix('\''));
            let Some(default) = quoted else {
                return Err((
                    "its default has to stand in single quotes, without a quote or brace inside",
                    length,
                ));
            };
            if default.contains('\'') {
                return Err(("a quote stands inside its default", length));
            }
            (key, Some(default))
        }
    };
    if key.is_empty() {
        return Err(("it names no key", length));
    }
    if key.contains(char::is_whitespace) {
        return Err(("a blank stands in its name", length));
    }
    if key.contains(['$', '{', '\'', '"']) {
        return Err(("its name holds a character that no key has", length));
    }
    let variable = Variable { key: key.to_ascii_lowercase().into(), default: default.map(Into::into) };
    Ok((Piece::Variable(variable), length))
}

/// Splits at the first five colons of the literal pieces; a colon inside a variable splits nothing (rule X1). One to six parts.
pub(super) fn split(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut parts = Vec::with_capacity(6);
    let mut part = Vec::new();
    for piece in pieces {
        let Piece::Literal(text) = piece else {
            part.push(piece);
            continue;
        };
        let mut rest = &*text;
        while parts.len() < 5
            && let Some((head, tail)) = rest.split_once(':')
        {
            part.push(Piece::Literal(head.into()));
            parts.push(std::mem::take(&mut part));
            rest = tail;
        }
        part.push(Piece::Literal(rest.into()));
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Glob;

    const PATTERN: Syntax = Syntax { wildcards: true, variables: true };

    fn key(key: &str, default: Option<&str>) -> Piece {
        Piece::Variable(Variable { key: key.into(), default: default.map(Into::into) })
    }

    #[test]
    fn x1_variables_defaults_and_literal_characters() {
        assert_eq!(pieces("${aws:x}", PATTERN), Ok(vec![key("aws:x", None)]));
        assert_eq!(pieces("${aws:x, 'a b*'}", PATTERN), Ok(vec![key("aws:x", Some("a b*"))]));
        assert_eq!(pieces("${aws:x,''}", PATTERN), Ok(vec![key("aws:x", Some(""))]));
        assert_eq!(pieces("a${*}${?}${$}b", PATTERN), Ok(vec![Piece::Literal("a*?$b".into())]));
        assert_eq!(pieces("$a{$}*", PATTERN), Ok(vec![Piece::Literal("$a{$}".into()), Piece::AnyRun]));
    }

    #[test]
    fn x1_malformed_variables_are_errors() {
        for text in [
            "${",
            "${}",
            "${a b}",
            "${ a}",
            "${a }",
            "${a, d}",
            "${a, 'it's'}",
            "${a,  'd'}",
            "${a, 'x",
            "${a, 'x'",
            "${a, 'b}c'}",
            "${, 'd'}",
            "${a${b}}",
            "${a,}",
            "${a,'}",
            "${**}",
            "${a\tb}",
        ] {
            let result = pieces(text, PATTERN);
            // `${**}` is a key of two stars, which no request has; all others are errors.
            assert_eq!(result.is_err(), text != "${**}", "{text}");
        }
    }

    #[test]
    fn x1_plain_text_in_documents_of_2008_wildcards_inside_included() {
        let plain = Syntax { wildcards: true, variables: false };
        assert_eq!(
            pieces("${*}", plain),
            Ok(vec![Piece::Literal("${".into()), Piece::AnyRun, Piece::Literal("}".into())])
        );
        assert_eq!(split(pieces("${a:b}", plain).unwrap()).len(), 2);
    }

    #[test]
    fn x1_a_colon_inside_a_variable_splits_nothing() {
        let parts = split(pieces("arn:aws:s3:::${aws:x, 'a:b'}:c", PATTERN).unwrap());
        assert_eq!(parts.len(), 6);
        assert_eq!(Glob::new(parts[5].clone()).to_string(), "${aws:x, 'a:b'}:c");
        assert_eq!(split(pieces("", PATTERN).unwrap()), [[]]);
        assert_eq!(split(pieces(":::::::", PATTERN).unwrap()).len(), 6);
    }

    #[test]
    fn x4_names_ignore_case() {
        assert_eq!(pieces("${AWS:UserName}", PATTERN), Ok(vec![key("aws:username", None)]));
    }
}
