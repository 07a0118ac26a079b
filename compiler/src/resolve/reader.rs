//! Reads JSON values of one file as the types that are expected there, with a finding for each that is not.

use std::ops::Range;

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_grammar::source::{Source, Span};
use portcullis_grammar::suggest;

use super::sink::Sink;
use super::{Leniency, codes};
use crate::model::{FileId, Origin};

/// A place in an input, kept for findings that can only be made when all inputs were read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) source: &'a Source,
    pub(super) span: Span,
}

/// One file being read.
pub(super) struct Reader<'a, 's> {
    pub(super) source: &'a Source,
    pub(super) file: FileId,
    pub(super) sink: &'s mut Sink,
    pub(super) leniency: Leniency,
    /// The code of findings about missing members and wrong types, which differs with what is being read.
    pub(super) shape: &'static str,
}

/// The members of these names, and the other ones.
pub(super) fn fields<'v, const N: usize>(
    members: &'v [Member],
    names: [&str; N],
) -> ([Option<&'v Member>; N], Vec<&'v Member>) {
    let mut found = [None; N];
    let mut others = Vec::new();
    for member in members {
        match found.iter_mut().zip(names).find(|(_, name)| **name == *member.key) {
            // A second one of the same name was reported by the parser.
            Some((slot, _)) => *slot = slot.or(Some(member)),
            None => others.push(member),
        }
    }
    (found, others)
}

impl<'a> Reader<'a, '_> {
    pub(super) fn place(&self, span: Span) -> Place<'a> {
        Place { source: self.source, span }
    }

    pub(super) fn origin(&self, span: Span) -> Origin {
        let position = self.source.position(span.start);
        Origin { file: self.file, line: position.line, column: position.column }
    }

    pub(super) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.sink.push(Diagnostic::error(code, message).at(self.source, span, "").help(help));
    }

    pub(super) fn lint(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.sink.push(Diagnostic::warning(code, message).at(self.source, span, "").help(help));
    }

    /// An error that SEMANTICS marks (L): a lint in scenarios.
    pub(super) fn error_l(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        match self.leniency {
            Leniency::Strict => self.error(code, span, message, help),
            Leniency::Scenario => self.lint(code, span, message, help),
        }
    }

    /// An error about two places: here, and the first one of its kind.
    pub(super) fn clash(
        &mut self,
        code: &'static str,
        span: Span,
        first: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::error(code, message)
            .at(self.source, span, "")
            .at(self.source, first, "first here")
            .help(help);
        self.sink.push(diagnostic);
    }

    fn wrong_type(&mut self, value: &Value, what: &str, wanted: &str) {
        let message = format!("{what} has to be {wanted}, not {}", value.kind.noun());
        let help = match value.kind {
            Kind::Null => format!("write {wanted}, or leave the whole member out"),
            _ => format!("write {wanted}"),
        };
        self.error(self.shape, value.span, message, help);
    }

    pub(super) fn string<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v str> {
        if let Kind::String(text) = &value.kind {
            return Some(text);
        }
        self.wrong_type(value, what, "a string");
        None
    }

    pub(super) fn boolean(&mut self, value: &Value, what: &str) -> Option<bool> {
        if let Kind::Bool(value) = value.kind {
            return Some(value);
        }
        self.wrong_type(value, what, "true or false");
        None
    }

    pub(super) fn object<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v [Member]> {
        if let Kind::Object(members) = &value.kind {
            return Some(members);
        }
        self.wrong_type(value, what, "an object");
        None
    }

    pub(super) fn list<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v [Value]> {
        if let Kind::Array(items) = &value.kind {
            return Some(items);
        }
        self.wrong_type(value, what, "a list");
        None
    }

    /// A string or a list of strings, each with its place.
    pub(super) fn strings<'v>(&mut self, value: &'v Value, what: &str) -> Vec<(&'v str, Span)> {
        let items = match &value.kind {
            Kind::Array(items) => items.as_slice(),
            Kind::String(_) => std::slice::from_ref(value),
            _ => {
                self.wrong_type(value, what, "a string or a list of strings");
                return Vec::new();
            }
        };
        let what = format!("each value of {what}");
        items.iter().filter_map(|item| self.string(item, &what).map(|text| (text, item.span))).collect()
    }

    /// The member, or a finding that it is missing from the object at `span`.
    pub(super) fn required<'v>(
        &mut self,
        member: Option<&'v Member>,
        name: &str,
        what: &str,
        span: Span,
    ) -> Option<&'v Value> {
        if member.is_none() {
            let start = Span::new(span.start as usize, span.start as usize + 1);
            self.error(self.shape, start, format!("{what} has no `{name}`"), format!("add \"{name}\""));
        }
        member.map(|member| &member.value)
    }

    /// A required member that is a string.
    pub(super) fn required_string<'v>(
        &mut self,
        member: Option<&'v Member>,
        name: &str,
        what: &str,
        span: Span,
    ) -> Option<&'v str> {
        let value = self.required(member, name, what, span)?;
        self.string(value, &format!("`{name}`"))
    }

    /// An optional member that is a string.
    pub(super) fn optional_string<'v>(&mut self, member: Option<&'v Member>) -> Option<&'v str> {
        member.and_then(|member| self.string(&member.value, &format!("`{}`", member.key)))
    }

    /// An optional member that is a list; none and an empty one are the same.
    pub(super) fn items<'v>(&mut self, member: Option<&'v Member>) -> &'v [Value] {
        member.and_then(|member| self.list(&member.value, &format!("`{}`", member.key))).unwrap_or_default()
    }

    /// The known name that a misspelt one in a finding of this code most likely means.
    pub(super) fn nearest<'c>(&self, code: &'static str, word: &str, known: &[&'c str]) -> Option<&'c str> {
        // Comparing is slow against reading, and a hostile file may have a million wrong names.
        let full = self.sink.is_full(self.source.name(), code);
        if full { None } else { suggest::nearest(word, known.iter().copied()) }
    }

    /// The same where the known names have to be gathered first.
    pub(super) fn near(
        &self,
        code: &'static str,
        word: &str,
        known: impl FnOnce() -> Vec<String>,
    ) -> Option<String> {
        self.sink.near(self.source.name(), code, word, known)
    }

    /// Spends bytes on the expansion of names; where there are none left, that is reported once.
    pub(super) fn spend(&mut self, bytes: usize, span: Span) -> bool {
        let (fine, first) = self.sink.spend(bytes);
        if first {
            let message = "the names of the inputs stand for more text than is taken";
            self.error(
                codes::GATE_SIZE,
                span,
                message,
                "names that stand for each other grow with every step: use fewer",
            );
        }
        fine
    }

    /// By known name the unknown member that most likely means it. Read in place of one that is missing, it shows what is wrong inside it
    /// as well, and nobody is told of the one mistake twice.
    pub(super) fn meant<'v, const N: usize>(
        &self,
        code: &'static str,
        unknown: &[&'v Member],
        names: [&str; N],
    ) -> [Option<&'v Member>; N] {
        let mut meant = [None; N];
        // A hostile object may have a million wrong names; a look at some is enough.
        for member in unknown.iter().take(16) {
            let near = self.nearest(code, &member.key, &names);
            if let Some((_, slot)) = names.iter().zip(&mut meant).find(|(name, _)| near == Some(**name)) {
                *slot = slot.or(Some(*member));
            }
        }
        meant
    }

    /// The help for a name that is none of the known ones, in a finding of this code.
    pub(super) fn did_you_mean(&self, code: &'static str, word: &str, known: &[&str]) -> String {
        match self.nearest(code, word, known) {
            Some(name) if name.eq_ignore_ascii_case(word) => {
                format!("write `{name}`: names are case-sensitive")
            }
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("known here: {}", known.join(", ")),
        }
    }

    /// The place of a piece of a string's text: exact where the string holds no escapes, else the whole string.
    pub(super) fn within(&self, span: Span, text: &str, piece: Range<usize>) -> Span {
        let start = span.start as usize;
        match (span.end as usize).checked_sub(start).and_then(|length| length.checked_sub(text.len())) {
            Some(2) => Span::new(start + 1 + piece.start, start + 1 + piece.end),
            // A word of a .gate file, which has no quotes; nothing of JSON is as long as its text.
            Some(0) if self.source.slice(span) == text => Span::new(start + piece.start, start + piece.end),
            _ => span,
        }
    }
}

/// Text from the input as it stands in a message: escaped, and not longer than a message should be.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 120;
    let mut short: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    // In backticks quotes need no escape.
    short.replace("\\\"", "\"").replace("\\'", "'")
}
