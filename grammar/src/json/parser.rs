//! The parser: recursive over brackets up to [`MAX_DEPTH`], recovering where the mistake is a small one.
//!
//! Every loop either consumes a byte, or ends, or has stopped the report; closing brackets of the wrong kind and a text that breaks
//! off stop it, since any guess about what follows would only produce more messages.

mod object;
mod scalar;

use super::report::Report;
use super::{Kind, MAX_DEPTH, Parsed, Value};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// Where the bytes of the parsed text stand in the source.
pub(super) enum Places<'t> {
    /// The text is a part of the source that begins here.
    From(u32),
    /// The text was decoded: one entry per byte and one for the end.
    Table(&'t [u32]),
}

pub(super) struct Parser<'t> {
    text: &'t str,
    places: Places<'t>,
    at: usize,
    depth: usize,
    report: Report<'t>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(source: &'t Source, text: &'t str, places: Places<'t>) -> Self {
        Self { text, places, at: 0, depth: 0, report: Report::new(source) }
    }

    /// The whole text as one value.
    pub(super) fn single(mut self) -> Parsed {
        self.begin();
        let value = if self.peek().is_none() {
            self.report.damage(
                "json-empty",
                self.span(self.at, self.at),
                "there is no JSON value here",
                "write a JSON document",
            );
            None
        } else {
            let value = self.value();
            self.blank();
            if !self.report.stopped && self.peek().is_some() {
                let span = self.span(self.at, self.text.len());
                self.report.damage(
                    "json-trailing",
                    span,
                    "there is more text behind the JSON value",
                    "remove it, or put it into a file of its own",
                );
            }
            Some(value)
        };
        let damaged = self.report.damaged;
        Parsed { value, diagnostics: self.report.finish(), damaged }
    }

    /// The text as values one after the other.
    pub(super) fn sequence(mut self) -> (Vec<Value>, Vec<Diagnostic>) {
        self.begin();
        let mut values = Vec::new();
        while !self.report.stopped && self.peek().is_some() {
            if matches!(self.peek(), Some(b'}' | b']' | b',' | b':')) {
                let span = self.span(self.at, self.at + 1);
                let help = "put values one after the other, or into one list";
                self.report.damage("json-trailing", span, "this stands between two values", help);
                self.at += 1;
            } else {
                values.push(self.value());
            }
            self.blank();
        }
        if self.report.damaged {
            values.clear();
        }
        (values, self.report.finish())
    }

    fn begin(&mut self) {
        if self.text.starts_with('\u{feff}') {
            let help = "save the file as UTF-8 without a byte order mark";
            self.report.error(
                "json-byte-order-mark",
                self.span(0, 3),
                "the text begins with a byte order mark",
                help,
            );
            self.at = 3;
        }
        self.blank();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn span(&self, start: usize, end: usize) -> Span {
        match self.places {
            Places::From(base) => Span::new(base as usize + start, base as usize + end),
            Places::Table(table) => {
                let place = |at: usize| table.get(at).or(table.last()).map_or(0, |&place| place as usize);
                Span::new(place(start), place(end))
            }
        }
    }

    /// Skips white space, and comments with a complaint.
    fn blank(&mut self) {
        loop {
            let white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            self.at += self.rest().bytes().take_while(|byte| white(byte)).count();
            let rest = self.rest();
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            let span = self.span(self.at, self.at + length);
            self.report.error("json-comment", span, "JSON has no comments", "remove the comment");
            self.at += length;
            if self.report.stopped {
                return;
            }
        }
    }

    fn value(&mut self) -> Value {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Kind::String(self.string()),
            Some(b'}' | b']' | b',' | b':') => {
                let span = self.span(start, start + 1);
                self.report.damage(
                    "json-value-expected",
                    span,
                    "a value is missing here",
                    "write the value, or remove the comma or key before it",
                );
                Kind::Null
            }
            Some(_) => self.bare(),
            None => {
                let span = self.span(start, start);
                self.report.damage(
                    "json-value-expected",
                    span,
                    "the text ends where a value should stand",
                    "write the value",
                );
                self.report.stop();
                Kind::Null
            }
        };
        Value { span: self.span(start, self.at), kind }
    }

    /// One level deeper, if there is one.
    fn nested(&mut self, read: fn(&mut Self) -> Kind) -> Kind {
        if self.depth >= MAX_DEPTH {
            let message = format!("brackets nest deeper than {MAX_DEPTH} levels");
            self.report.damage(
                "p4-too-deep",
                self.span(self.at, self.at + 1),
                message,
                "no policy needs this; check how the file was made",
            );
            self.report.stop();
            return Kind::Null;
        }
        self.depth += 1;
        let kind = read(self);
        self.depth -= 1;
        kind
    }

    fn array(&mut self) -> Kind {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        while !self.closes(open, b']') {
            items.push(self.value());
            self.separator(b']');
        }
        Kind::Array(items)
    }

    /// Before an item: whether the bracket closes here, or reading has stopped. Consumes the closing bracket and stray commas.
    fn closes(&mut self, open: usize, close: u8) -> bool {
        loop {
            self.blank();
            if self.report.stopped {
                return true;
            }
            match self.peek() {
                Some(byte) if byte == close => {
                    self.at += 1;
                    return true;
                }
                Some(b',' | b':') => {
                    let span = self.span(self.at, self.at + 1);
                    self.report.error("json-extra-comma", span, "this separates nothing", "remove it");
                    self.at += 1;
                }
                Some(b'}' | b']') => {
                    let span = self.span(self.at, self.at + 1);
                    self.broken(
                        "json-mismatched-bracket",
                        open,
                        span,
                        "this bracket closes another kind than was opened",
                    );
                    return true;
                }
                Some(_) => return false,
                None => {
                    let span = self.span(self.at, self.at);
                    self.broken(
                        "json-unclosed-bracket",
                        open,
                        span,
                        "the text ends before this bracket is closed",
                    );
                    return true;
                }
            }
        }
    }

    fn broken(&mut self, code: &'static str, open: usize, span: Span, message: &str) {
        let opened = self.span(open, open + 1);
        let source = self.report.source();
        let (primary, other) = if code == "json-unclosed-bracket" { (opened, span) } else { (span, opened) };
        let diagnostic = Diagnostic::error(code, message)
            .at(source, primary, "")
            .at(
                source,
                other,
                if code == "json-unclosed-bracket" { "the text ends here" } else { "opened here" },
            )
            .help("check that brackets come in pairs, and that the file is complete");
        self.report.push(primary, diagnostic);
        self.report.stop();
    }

    /// Behind an item: a comma, unless the bracket closes or the text ends.
    fn separator(&mut self, close: u8) {
        let end = self.at;
        self.blank();
        match self.peek() {
            _ if self.report.stopped => {}
            Some(b',') => {
                let comma = self.at;
                self.at += 1;
                self.blank();
                if self.peek() == Some(close) {
                    let span = self.span(comma, comma + 1);
                    self.report.error(
                        "json-trailing-comma",
                        span,
                        "a comma stands before the closing bracket",
                        "remove the comma",
                    );
                }
            }
            Some(b'}' | b']' | b':') | None => {}
            Some(_) => {
                let span = self.span(end.saturating_sub(1), end);
                self.report.error(
                    "json-missing-comma",
                    span,
                    "a comma is missing behind this",
                    "separate the items with a comma",
                );
            }
        }
    }
}
