//! Diagnostics as data: what is wrong, where, and what to do. Rendering them is the command line's work.

use crate::source::{Source, Span};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The input is refused.
    Error,
    /// The input is accepted; `check` warns (SEMANTICS calls it a *lint*).
    Warning,
}

/// A place in a source, with a short text that says what is there.
#[derive(Clone, Debug)]
pub struct Label {
    /// The file.
    pub source: Source,
    /// The place in it.
    pub span: Span,
    /// What is to be seen there; may be empty for the primary label.
    pub text: String,
}

/// One finding: a stable code, one sentence, labelled places and one fix.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Stable machine-readable code, lower case, led by the SEMANTICS rule it enforces: `p3-unknown-element`.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// One sentence in the words of the user, without a trailing full stop.
    pub message: String,
    /// The places; the first is the primary one. Empty only for findings about a whole input that has no text.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place; add one with [`Diagnostic::at`].
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), labels: Vec::new(), help: None }
    }

    /// A warning without a place; add one with [`Diagnostic::at`].
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a labelled place.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { source: source.clone(), span, text: text.into() });
        self
    }

    /// Sets the fix.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether this finding refuses the input.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
