//! The findings of one text, capped, and what they mean for the value that was read.

use super::MAX_FINDINGS;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// Collects findings.
pub(super) struct Report<'s> {
    source: &'s Source,
    diagnostics: Vec<Diagnostic>,
    /// Something was skipped, or stands in for what could not be read.
    pub(super) damaged: bool,
    /// Reading has ended early.
    pub(super) stopped: bool,
}

impl<'s> Report<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self { source, diagnostics: Vec::new(), damaged: false, stopped: false }
    }

    pub(super) fn source(&self) -> &'s Source {
        self.source
    }

    /// Records an error; past the cap, one that says so, and reading stops. What is found while unwinding after that is no news.
    pub(super) fn push(&mut self, span: Span, mut diagnostic: Diagnostic) {
        if self.stopped {
            return;
        }
        diagnostic
            .labels
            .iter_mut()
            .for_each(|label| label.span = whole_characters(label.source.text(), label.span));
        if self.diagnostics.len() < MAX_FINDINGS {
            self.diagnostics.push(diagnostic);
        } else {
            let message =
                format!("more than {MAX_FINDINGS} problems in this text; the rest of it was not read");
            self.diagnostics.push(
                Diagnostic::error("json-too-many-problems", message)
                    .at(self.source, span, "reading stopped here")
                    .help("fix the problems above and run again"),
            );
            self.stop();
        }
    }

    pub(super) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::error(code, message).at(self.source, span, "").help(help);
        self.push(span, diagnostic);
    }

    /// Like [`Report::error`], where what was read is not what was meant.
    pub(super) fn damage(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.damaged = true;
        self.error(code, span, message, help);
    }

    /// Ends reading: nothing behind this place can be trusted.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.damaged = true;
    }

    /// The findings in the order of their places.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|found| found.labels.first().map_or(0, |label| label.span.start));
        self.diagnostics
    }
}

/// The span, widened to whole characters: the byte before a mistake may be in the middle of one.
fn whole_characters(text: &str, span: Span) -> Span {
    let (mut start, mut end) = (span.start as usize, (span.end as usize).min(text.len()));
    while !text.is_char_boundary(start) && start > 0 {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    Span::new(start.min(end), end)
}
