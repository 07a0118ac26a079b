//! Collects what lints find: each thing once, no more than a hundred of a kind in a file, with its place in the text.

use std::collections::HashSet;

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::source::Source;

use super::Options;
use super::places::{Part, Places};
use crate::model::{Origin, Statement};
use crate::resolve::is_gate;
use crate::resolve::sink::Sink;

/// What was found.
pub(super) struct Findings<'a> {
    sources: &'a [Source],
    options: &'a Options,
    places: Places<'a>,
    sink: Sink,
    /// A policy that is used in several places is one: code, place and message of what was found.
    seen: HashSet<(&'static str, Origin, String)>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(sources: &'a [Source], options: &'a Options) -> Self {
        let places = Places::new(sources);
        Self { sources, options, places, sink: Sink::default(), seen: HashSet::new() }
    }

    pub(super) fn is_on(&self, code: &str) -> bool {
        self.options.is_on(code)
    }

    pub(super) fn looks_at_aws(&self) -> bool {
        self.options.aws_managed
    }

    /// Whether something stands in a `.gate` file, where reading knows of some lints already.
    pub(super) fn is_gate(&self, origin: Origin) -> bool {
        self.sources.get(origin.file.index()).is_some_and(is_gate)
    }

    /// Whether no more of this code in this file is shown, so that nobody need make it up carefully.
    pub(super) fn is_full(&self, code: &'static str, origin: Origin) -> bool {
        self.sources.get(origin.file.index()).is_some_and(|source| self.sink.is_full(source.name(), code))
    }

    /// Reports something about a part of a statement.
    pub(super) fn statement(
        &mut self,
        code: &'static str,
        statement: &Statement,
        part: Part<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(code, statement.origin, part, None, message.into(), help.into());
    }

    /// The same, with another statement that it is about, and what that does.
    pub(super) fn pair(
        &mut self,
        code: &'static str,
        statement: &Statement,
        other: (&Statement, &str),
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let related = Some((other.0.origin, other.1));
        self.report(code, statement.origin, Part::Whole, related, message.into(), help.into());
    }

    /// Reports something about what stands at a place that is no statement.
    pub(super) fn thing(
        &mut self,
        code: &'static str,
        origin: Origin,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let message = message.into();
        if !self.is_new(code, origin, &message) {
            return;
        }
        let Some((source, span)) = self.places.opening(origin) else { return };
        self.sink.push(Diagnostic::warning(code, message).at(source, span, "").help(help));
    }

    fn is_new(&mut self, code: &'static str, origin: Origin, message: &str) -> bool {
        self.options.is_on(code) && self.seen.insert((code, origin, message.to_owned()))
    }

    fn report(
        &mut self,
        code: &'static str,
        origin: Origin,
        part: Part<'_>,
        related: Option<(Origin, &str)>,
        message: String,
        help: String,
    ) {
        if !self.is_new(code, origin, &message) {
            return;
        }
        let place = if self.is_full(code, origin) {
            self.places.opening(origin)
        } else {
            self.places.part(origin, part)
        };
        let Some((source, span)) = place else { return };
        let mut found = Diagnostic::warning(code, message).at(source, span, "").help(help);
        if let Some((other, text)) = related
            && let Some((source, span)) = self.places.part(other, Part::Whole)
        {
            found = found.at(source, span, text);
        }
        self.sink.push(found);
    }

    /// All findings, by file and place.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.sink.finish()
    }
}

/// How a statement is called in a sentence.
pub(super) fn name(statement: &Statement) -> String {
    match statement.sid.as_deref().filter(|sid| !sid.is_empty()) {
        Some(sid) => format!("statement \"{sid}\""),
        None => {
            let origin = statement.origin;
            format!("the statement in line {}, column {}", origin.line, origin.column)
        }
    }
}
