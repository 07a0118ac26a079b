//! JSON documents with the position of every node, seeing duplicate keys (SEMANTICS P3, P4).
//!
//! In: the text of a source, or a part of it: one value, values one after the other, one line, or a document inside a JSON string.
//! Out: values whose every span points into that source, and the problems found, not the first alone. RFC 8259 to the letter: what
//! another reader might take differently (comments, leading zeros, a byte order mark, lone surrogates, a key twice) is an error here,
//! since a policy that two readers read differently is no policy. Time is linear in the text; depth is bounded, so that neither
//! reading nor dropping a value can exhaust the stack.

mod embedded;
mod escape;
mod parser;
mod report;

use crate::diagnostic::Diagnostic;
use crate::source::{MAX_SOURCE_BYTES, Source, Span};

pub use embedded::parse_embedded;
use parser::{Parser, Places};

/// How deep brackets may nest.
pub const MAX_DEPTH: usize = 128;

/// How many findings one text is given before reading stops.
pub const MAX_FINDINGS: usize = 100;

/// A JSON value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Its place, quotes and brackets included.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of JSON values.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(Box<str>),
    /// A string, escapes decoded.
    String(Box<str>),
    /// A list.
    Array(Vec<Value>),
    /// An object, members in the order written, duplicates kept (each was reported).
    Object(Vec<Member>),
}

impl Kind {
    /// What it is, in the words of a message: `a string`, `null`.
    #[must_use]
    pub const fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Place of the key, quotes included.
    pub key_span: Span,
    /// The key, escapes decoded.
    pub key: Box<str>,
    /// Its value.
    pub value: Value,
}

/// What parsing gave: a value unless the text broke off, and all findings.
#[derive(Debug)]
pub struct Parsed {
    /// The value; `None` where no value could be read. Use it only if `diagnostics` holds no error, or to look for more errors where
    /// it is not `damaged`.
    pub value: Option<Value>,
    /// Findings in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something was skipped or stands in for what could not be read. Otherwise the value has the shape that was meant, and
    /// its meaning can be checked in the same run in spite of errors such as a duplicate key.
    pub damaged: bool,
}

/// Reads the one value of a source. Linear.
#[must_use]
pub fn parse(source: &Source) -> Parsed {
    parse_part(source, Span::new(0, source.text().len()))
}

/// Reads the one value in a part of a source: for JSON Lines, where each line has to stand alone. Linear in the part.
#[must_use]
pub fn parse_part(source: &Source, span: Span) -> Parsed {
    if let Some(refusal) = too_large(source) {
        return Parsed { value: None, diagnostics: vec![refusal], damaged: true };
    }
    Parser::new(source, source.slice(span), Places::From(span.start)).single()
}

/// Reads all values of a source, one after the other with or without line breaks between them: pages of a snapshot that were put
/// into one file, JSON Lines. Values are empty where the text was damaged. Linear.
#[must_use]
pub fn parse_sequence(source: &Source) -> (Vec<Value>, Vec<Diagnostic>) {
    if let Some(refusal) = too_large(source) {
        return (Vec::new(), vec![refusal]);
    }
    Parser::new(source, source.text(), Places::From(0)).sequence()
}

/// The lines of a source that are not blank: number from 1 and place, without the line break. Linear.
pub fn lines(source: &Source) -> impl Iterator<Item = (u32, Span)> + '_ {
    let mut start = 0;
    source.text().split_inclusive('\n').zip(1..).filter_map(move |(line, number)| {
        let text = line.trim_end_matches(['\n', '\r']);
        let span = Span::new(start, start + text.len());
        start += line.len();
        let blank = text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        (!blank).then_some((number, span))
    })
}

fn too_large(source: &Source) -> Option<Diagnostic> {
    (source.text().len() > MAX_SOURCE_BYTES).then(|| {
        Diagnostic::error(
            "p4-source-too-large",
            format!("`{}` is larger than {MAX_SOURCE_BYTES} bytes", source.name()),
        )
        .at(source, Span::default(), "")
        .help("split the input into several files")
    })
}

#[cfg(test)]
mod tests;
