//! The parser: tokens to a syntax tree, going on behind what is wrong.

use std::cell::Cell;
use std::rc::Rc;

use lalrpop_util::ParseError;

use super::ast::{Expression, ExpressionKind, File, Text};
use super::lexer::{Lexer, MAX_FINDINGS};
use super::token::Token;
use super::{hidden, recover};
use crate::diagnostic::Diagnostic;
use crate::source::{MAX_SOURCE_BYTES, Source, Span};

mod syntax {
    #![allow(
        clippy::all,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::allow_attributes_without_reason,
        missing_docs,
        unreachable_pub,
        rust_2018_idioms,
        unused,
        reason = "generated; its tables and their indices come from one description"
    )]
    use lalrpop_util::lalrpop_mod;
    lalrpop_mod!(pub(super) syntax, "/gate/syntax.rs");
    pub(super) use syntax::*;
}

/// What the parser notes beside the tree.
#[derive(Default)]
pub(super) struct Report {
    /// Errors that it went on behind.
    errors: Vec<ParseError<usize, Token, ()>>,
    /// Where the items of blocks and of the file begin.
    pub(super) starts: Vec<usize>,
    /// Tells the lexer that it need not go on.
    enough: Rc<Cell<bool>>,
}

/// How many errors are kept, each with all that could have stood in its place. Several may be of one line, of which one is shown.
const MOST_ERRORS: usize = 10 * MAX_FINDINGS;

impl Report {
    /// Keeps an error that the parser went on behind.
    pub(super) fn error(&mut self, error: ParseError<usize, Token, ()>) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(error);
        } else {
            self.enough.set(true);
        }
    }
}

/// What parsing gave.
#[derive(Debug)]
pub struct Parsed<'t> {
    /// What could be read.
    pub file: File<'t>,
    /// Findings in the order of their places. Without any, `file` is all that stands there.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the items of blocks and of the file begin, in bytes, in no order.
    pub(super) starts: Vec<usize>,
}

/// Reads a `.gate` file. Linear in the text, in time and memory.
#[must_use]
pub fn parse(source: &Source) -> Parsed<'_> {
    if source.text().len() > MAX_SOURCE_BYTES {
        let message = format!("`{}` is larger than {MAX_SOURCE_BYTES} bytes", source.name());
        let found = Diagnostic::error("p4-source-too-large", message).at(source, Span::default(), "");
        return Parsed {
            file: File::default(),
            diagnostics: vec![found.help("split the input into several files")],
            starts: Vec::new(),
        };
    }
    let mut report = Report::default();
    let mut lexer = Lexer::new(source);
    lexer.enough = Rc::clone(&report.enough);
    let result = syntax::FileParser::new().parse(source.text(), &mut report, &mut lexer);
    let Report { mut errors, starts, .. } = report;
    let (open, stopped) = (lexer.open.last().copied(), lexer.stopped);
    let mut diagnostics = hidden::find(source, MAX_FINDINGS);
    diagnostics.extend(lexer.diagnostics);
    // Where the lexer stopped, or replaced something, what the parser says of the same place is no news.
    let lexed: Vec<Span> =
        diagnostics.iter().filter_map(|found| found.labels.first()).map(|label| label.span).collect();
    let file = match result {
        Ok(file) => file,
        Err(error) => {
            errors.push(error);
            File::default()
        }
    };
    // Of the errors of one line the first is the mistake; what the parser stumbles over behind it may be none.
    let mut line = 0;
    for error in errors {
        // The text goes on behind the place where reading stopped.
        if stopped && matches!(error, ParseError::UnrecognizedEof { .. }) {
            continue;
        }
        let found = recover::diagnostic(source, &error, open);
        let Some(span) = found.labels.first().map(|label| label.span) else { continue };
        let here = source.position(span.start).line;
        let near = lexed.iter().any(|lexed| span.start <= lexed.end && lexed.start <= span.end);
        if here != line && !near && diagnostics.len() < MAX_FINDINGS {
            diagnostics.push(found);
        }
        line = here;
    }
    diagnostics.sort_by_key(|found| found.labels.first().map_or(0, |label| label.span.start));
    diagnostics.truncate(MAX_FINDINGS);
    Parsed { file, diagnostics, starts }
}

/// The text of a token that is a name.
pub(super) fn word(text: &str, from: usize, to: usize) -> Text<'_> {
    let raw = text.get(from..to).unwrap_or("");
    let inside = raw.strip_prefix('"').map(|raw| raw.strip_suffix('"').unwrap_or(raw));
    Text { span: Span::new(from, to), raw: inside.unwrap_or(raw), quoted: inside.is_some() }
}

/// One condition, or several that are joined.
pub(super) fn join<'t>(
    from: usize,
    to: usize,
    first: Expression<'t>,
    mut rest: Vec<Expression<'t>>,
    kind: impl FnOnce(Vec<Expression<'t>>) -> ExpressionKind<'t>,
) -> Expression<'t> {
    if rest.is_empty() {
        return first;
    }
    rest.insert(0, first);
    Expression { span: Span::new(from, to), kind: kind(rest) }
}
