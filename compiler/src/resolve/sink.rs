//! Collects findings, bounded: a file of a thousand lints of one kind must not bury the one error.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_grammar::diagnostic::{Diagnostic, Label, Severity};
use portcullis_grammar::suggest;

use super::codes;

/// How many findings of one code are kept for one file.
const MOST_OF_A_CODE: usize = 100;

/// The findings of a run.
#[derive(Default)]
pub(crate) struct Sink {
    diagnostics: Vec<Diagnostic>,
    seen: HashMap<(Option<Arc<str>>, &'static str), usize>,
    failed: bool,
    /// Bytes that names have been expanded to, and the most that they may.
    expanded: usize,
    allowance: usize,
}

/// What names may be expanded to, in bytes: so much, and so many times the text of the inputs.
const LEAST_ALLOWANCE: usize = 64 * 1024 * 1024;
const TIMES_THE_TEXT: usize = 32;

impl Sink {
    /// Records a finding.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.failed |= diagnostic.is_error();
        let file = diagnostic.labels.first().map(|label| Arc::clone(label.source.name()));
        let seen = self.seen.entry((file, diagnostic.code)).or_default();
        *seen += 1;
        if *seen <= MOST_OF_A_CODE {
            self.diagnostics.push(diagnostic);
        } else if *seen == MOST_OF_A_CODE + 1 {
            let message = format!(
                "this file has more findings `{}`; only the first {MOST_OF_A_CODE} are shown",
                diagnostic.code
            );
            self.diagnostics.push(Diagnostic {
                code: codes::TOO_MANY,
                message,
                help: Some("fix the ones shown, and run again".to_owned()),
                ..diagnostic
            });
        }
    }

    /// Whether further findings of this code in this file are not kept, so that nobody need make them up carefully.
    pub(crate) fn is_full(&self, file: &Arc<str>, code: &'static str) -> bool {
        self.seen.get(&(Some(Arc::clone(file)), code)).is_some_and(|seen| *seen > MOST_OF_A_CODE)
    }

    /// The known name that is near to one that is reported in a file. Looking for it takes time: it is not done for what is not shown.
    pub(crate) fn near<T: AsRef<str> + Ord>(
        &self,
        file: &Arc<str>,
        code: &'static str,
        word: &str,
        known: impl FnOnce() -> Vec<T>,
    ) -> Option<String> {
        if self.is_full(file, code) {
            return None;
        }
        let mut known = known();
        known.sort_unstable();
        suggest::nearest(word, known.iter().map(AsRef::as_ref)).map(str::to_owned)
    }

    /// Sets what names may be expanded to, by the length of the inputs' text.
    pub(super) fn allow(&mut self, text: usize) {
        self.allowance = text.saturating_mul(TIMES_THE_TEXT).max(LEAST_ALLOWANCE);
    }

    /// Spends bytes on the expansion of names: whether that is still allowed, and whether it is the first that is not.
    pub(super) fn spend(&mut self, bytes: usize) -> (bool, bool) {
        let before = self.expanded;
        self.expanded = before.saturating_add(bytes);
        let most = self.allowance.max(LEAST_ALLOWANCE);
        (self.expanded <= most, before <= most && self.expanded > most)
    }

    /// Records findings.
    pub(super) fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Whether an error was recorded.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// The findings: errors first, then by file, then by place.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        // Files are told apart by their text, which sources share: two may have one name.
        let file = |label: &Label| label.source.text().as_ptr();
        let mut files: HashMap<*const u8, usize> = HashMap::new();
        for label in self.diagnostics.iter().filter_map(|diagnostic| diagnostic.labels.first()) {
            let next = files.len();
            files.entry(file(label)).or_insert(next);
        }
        self.diagnostics.sort_by_key(|diagnostic| {
            let label = diagnostic.labels.first();
            let place = label.map(|label| (files.get(&file(label)).copied(), label.span.start));
            (diagnostic.severity != Severity::Error, place)
        });
        self.diagnostics
    }
}
