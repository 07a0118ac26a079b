//! Where in the text the parts of a statement stand. The model keeps the place where a statement begins; what stands in it is looked up
//! again in the text, for the few statements that something is found in.

use std::collections::HashMap;

use portcullis_grammar::gate;
use portcullis_grammar::json::{self, Kind, Member, Value};
use portcullis_grammar::source::{Position, Source, Span};

use crate::model::Origin;
use crate::resolve::is_gate;

/// A part of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'t> {
    /// All of it.
    Whole,
    /// An element of the statement.
    Element(&'static str),
    /// This text in an element.
    In(&'static str, &'t str),
    /// A condition key under an operator.
    Key(&'t str, &'t str),
    /// A value of a condition key under an operator.
    Value(&'t str, &'t str, &'t str),
}

/// Looks places up.
pub(super) struct Places<'s> {
    sources: &'s [Source],
    /// Statements of JSON files by their first byte; `None` for what cannot be read there, such as a document in a string.
    parsed: HashMap<(usize, u32), Option<Value>>,
    /// What begins and ends where in a `.gate` file.
    items: HashMap<usize, Vec<Span>>,
}

impl<'s> Places<'s> {
    pub(super) fn new(sources: &'s [Source]) -> Self {
        Self { sources, parsed: HashMap::new(), items: HashMap::new() }
    }

    /// The source of an origin, and the byte in it.
    pub(super) fn at(&self, origin: Origin) -> Option<(&'s Source, u32)> {
        let source = self.sources.get(origin.file.index())?;
        Some((source, source.offset(Position { line: origin.line, column: origin.column })))
    }

    /// The first character of what stands at an origin.
    pub(super) fn opening(&self, origin: Origin) -> Option<(&'s Source, Span)> {
        let (source, start) = self.at(origin)?;
        let rest = source.text().get(start as usize..).unwrap_or("");
        let length = rest.chars().next().map_or(0, char::len_utf8);
        Some((source, Span::new(start as usize, start as usize + length)))
    }

    /// A part of the statement at an origin; where it is not found, the statement's beginning.
    pub(super) fn part(&mut self, origin: Origin, part: Part<'_>) -> Option<(&'s Source, Span)> {
        let (source, start) = self.at(origin)?;
        if is_gate(source) {
            return Some((source, self.gate(origin.file.index(), source, start, part)));
        }
        let read = self.parsed.entry((origin.file.index(), start)).or_insert_with(|| {
            let end = closing(source.text(), start as usize)?;
            json::parse_part(source, Span::new(start as usize, end)).value
        });
        let found = read.as_ref().and_then(|value| find(value, part));
        match found {
            Some(span) => Some((source, span)),
            None => self.opening(origin),
        }
    }

    fn gate(&mut self, file: usize, source: &Source, start: u32, part: Part<'_>) -> Span {
        let items = self.items.entry(file).or_insert_with(|| gate::extents(source));
        let whole = items.iter().filter(|span| span.start == start).min_by_key(|span| span.end).copied();
        let whole = whole.unwrap_or(Span { start, end: start });
        let text = source.slice(whole);
        let wanted = match part {
            Part::In(_, text) | Part::Key(_, text) | Part::Value(_, _, text) => Some(text),
            Part::Whole | Part::Element(_) => None,
        };
        let is_word = |it: char| it.is_ascii_alphanumeric() || "_.-:/*?+@%~$[".contains(it);
        let found = wanted.and_then(|wanted| {
            text.match_indices(wanted).map(|(at, _)| at).find(|at| {
                let before = text.get(..*at).and_then(|it| it.chars().next_back());
                let behind = text.get(at + wanted.len()..).and_then(|it| it.chars().next());
                !wanted.is_empty() && !before.is_some_and(is_word) && !behind.is_some_and(is_word)
            })
        });
        let base = whole.start as usize;
        match (found, wanted) {
            (Some(at), Some(wanted)) => Span::new(base + at, base + at + wanted.len()),
            _ => Span::new(base, base + text.lines().next().map_or(0, |line| line.trim_end().len())),
        }
    }
}

/// The byte behind the bracket that closes the one at `start`.
pub(super) fn closing(text: &str, start: usize) -> Option<usize> {
    let rest = text.as_bytes().get(start..).filter(|rest| rest.first() == Some(&b'{'))?;
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            // An escape outside of a string: this is a document in a string.
            b'\\' if !in_string => return None,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return Some(start + at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn members(value: &Value) -> &[Member] {
    match &value.kind {
        Kind::Object(members) => members,
        _ => &[],
    }
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Member> {
    members(value).iter().find(|member| member.key.eq_ignore_ascii_case(name))
}

fn is_text(value: &Value, text: &str) -> bool {
    match &value.kind {
        Kind::String(own) | Kind::Number(own) => **own == *text,
        Kind::Bool(own) => text == if *own { "true" } else { "false" },
        _ => false,
    }
}

/// A text in a value, however deep.
fn text_in(value: &Value, text: &str) -> Option<Span> {
    match &value.kind {
        Kind::Array(items) => items.iter().find_map(|item| text_in(item, text)),
        Kind::Object(members) => members.iter().find_map(|member| text_in(&member.value, text)),
        _ => is_text(value, text).then_some(value.span),
    }
}

fn find(statement: &Value, part: Part<'_>) -> Option<Span> {
    let element = |name: &str| member(statement, name).map(|found| found.key_span.to(found.value.span));
    match part {
        Part::Whole => element("Sid").or_else(|| element("Effect")),
        Part::Element(name) => {
            let found = member(statement, name)?;
            let short = matches!(found.value.kind, Kind::String(_));
            Some(if short { found.key_span.to(found.value.span) } else { found.key_span })
        }
        Part::In(name, text) => text_in(&member(statement, name)?.value, text),
        Part::Key(operator, key) => Some(condition(statement, operator, key)?.key_span),
        Part::Value(operator, key, text) => {
            let found = condition(statement, operator, key)?;
            text_in(&found.value, text).or(Some(found.key_span))
        }
    }
}

fn condition<'v>(statement: &'v Value, operator: &str, key: &str) -> Option<&'v Member> {
    member(&member(&member(statement, "Condition")?.value, operator)?.value, key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileId;

    #[test]
    fn parts_are_found_in_json() {
        let text =
            r#"[{"Effect": "Allow", "Action": ["a:b", "a:c"], "Condition": {"StringLike": {"k": "é*"}}}]"#;
        let sources = [Source::new("a.json", text)];
        let mut places = Places::new(&sources);
        let origin = Origin { file: FileId(0), line: 1, column: 2 };
        let mut shown = |part| places.part(origin, part).map(|(source, span)| source.slice(span).to_owned());
        assert_eq!(shown(Part::Whole).unwrap(), r#""Effect": "Allow""#);
        assert_eq!(shown(Part::In("Action", "a:c")).unwrap(), "\"a:c\"");
        assert_eq!(shown(Part::Element("Action")).unwrap(), "\"Action\"");
        assert_eq!(shown(Part::Key("stringlike", "K")).unwrap(), "\"k\"");
        assert_eq!(shown(Part::Value("StringLike", "k", "é*")).unwrap(), "\"é*\"");
        assert_eq!(shown(Part::In("Action", "a:d")).unwrap(), "{");
    }

    #[test]
    fn parts_are_found_in_gate_files() {
        let text = "policy P {\n  Read: allow s3:GetObject,\n      s3:Get on arn:aws:s3:::b/*\n}\n";
        let sources = [Source::new("a.gate", text)];
        let mut places = Places::new(&sources);
        let origin = Origin { file: FileId(0), line: 2, column: 3 };
        let mut shown = |part| places.part(origin, part).map(|(source, span)| source.slice(span).to_owned());
        assert_eq!(shown(Part::Whole).unwrap(), "Read: allow s3:GetObject,");
        assert_eq!(shown(Part::In("Action", "s3:Get")).unwrap(), "s3:Get");
        assert_eq!(shown(Part::In("Resource", "arn:aws:s3:::b/*")).unwrap(), "arn:aws:s3:::b/*");
    }
}
