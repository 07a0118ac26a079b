//! Diagnostics for people: the text underlined, file, line and column, a fix.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use portcullis_grammar::diagnostic::{Diagnostic, Label, Severity};
use portcullis_grammar::source::Source;

/// Columns of a rendered line; longer source lines, such as a snapshot on one line, are trimmed around what is underlined.
const WIDTH: usize = 120;

/// How much of a line in bytes is taken on either side of a label.
const AROUND: usize = 1_000;
/// How far apart in bytes labels may stand to be shown in one piece of text; lines between them are folded.
const NEAR: u32 = 4_096;
/// The same for labels on one line.
const NEAR_ON_A_LINE: u32 = 80;

/// Renders one finding. `path` gives the path to show for a source. With colours as escape sequences; the stream takes them out where
/// they do not belong.
pub(crate) fn diagnostic<'a>(found: &Diagnostic, path: impl Fn(&Source) -> Option<&'a Path>) -> String {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&found.message).id(found.code));
    let mut columns = Vec::new();
    let near = found.labels.len() > 1 && near(&found.labels);
    let windows: Vec<&[Label]> = if near { vec![&found.labels] } else { found.labels.chunks(1).collect() };
    for (number, labels) in windows.into_iter().enumerate() {
        let Some(first) = labels.first() else { continue };
        let shown = path(&first.source)
            .map_or_else(|| first.source.name().to_string(), |path| path.display().to_string());
        if first.source.text().is_empty() {
            // A file that holds nothing, or could not be read: there is no line to show.
            group = group.element(Origin::path(shown));
            continue;
        }
        let window = Window::around(labels);
        if window.is_cut {
            // The renderer counts columns from the cut.
            let place = first.source.position(first.span.start);
            let before = window.spans.first().and_then(|span| window.text.get(..span.start)).unwrap_or("");
            let counted = before.chars().count() + 1;
            columns.push((
                format!("{shown}:{}:{counted}", place.line),
                format!("{shown}:{}:{}", place.line, place.column),
            ));
        }
        let mut snippet = Snippet::source(window.text).line_start(window.line).path(shown);
        for (at, (label, span)) in labels.iter().zip(window.spans).enumerate() {
            let kind = if number + at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let text = (!label.text.is_empty()).then(|| label.text.clone());
            snippet = snippet.annotation(kind.span(span).label(text));
        }
        group = group.element(snippet);
    }
    if let Some(help) = &found.help {
        group = group.element(Level::HELP.message(help));
    }
    let mut text = Renderer::styled().term_width(WIDTH).render(&[group]);
    for (counted, column) in columns {
        text = text.replacen(&counted, &column, 1);
    }
    text
}

/// Whether labels stand so near to each other that one piece of the text shows them all.
fn near(labels: &[Label]) -> bool {
    let starts = labels.iter().map(|label| label.span.start);
    let apart = starts.clone().max().unwrap_or(0) - starts.min().unwrap_or(0);
    let one_source = labels
        .iter()
        .zip(labels.iter().skip(1))
        .all(|(left, right)| std::sync::Arc::ptr_eq(left.source.text(), right.source.text()));
    let line = |label: &Label| label.source.position(label.span.start).line;
    let one_line = labels.iter().zip(labels.iter().skip(1)).all(|(left, right)| line(left) == line(right));
    // On one line, what is far apart would not be seen together.
    one_source && apart < if one_line { NEAR_ON_A_LINE } else { NEAR }
}

/// The lines of some labels of one source, so that a large file is not gone through for each finding.
struct Window {
    text: String,
    /// Number of the first line.
    line: usize,
    /// Whether the first line does not begin here: a snapshot may be one line of megabytes, of which a finding needs what is around it.
    is_cut: bool,
    /// The places of the labels in the text.
    spans: Vec<Range<usize>>,
}

impl Window {
    fn around(labels: &[Label]) -> Self {
        let Some(label) = labels.iter().min_by_key(|label| label.span.start) else {
            return Self { text: String::new(), line: 1, is_cut: false, spans: Vec::new() };
        };
        let text: &str = label.source.text();
        let is_boundary = |at: &usize| text.is_char_boundary(*at);
        let back = (label.span.start as usize).saturating_sub(AROUND);
        let back = (0..=back).rev().find(is_boundary).unwrap_or(0);
        let before = text.get(back..label.span.start as usize).unwrap_or("");
        let line_start = before.rfind('\n').map(|at| back + at + 1);
        let from = line_start.unwrap_or(back);
        let line_end = |start: usize| {
            let most = (start + AROUND..text.len()).find(is_boundary).unwrap_or(text.len());
            text.get(start..most).and_then(|rest| rest.find('\n')).map_or(most, |at| start + at)
        };
        let spans = labels.iter().map(|label| {
            let start = label.span.start as usize;
            // A label over several lines shows its first line, and a very long one its beginning.
            let end = (label.span.end as usize).min(line_end(start)).max(start);
            let begun = text.get(start..end).unwrap_or("").char_indices().nth(WIDTH - 20);
            let end = begun.map_or(end, |(at, _)| start + at);
            start.saturating_sub(from)..end.saturating_sub(from)
        });
        let last = labels.iter().map(|label| line_end(label.span.start as usize)).max().unwrap_or(from);
        Self {
            text: text.get(from..last).unwrap_or("").to_owned(),
            line: label.source.position(label.span.start).line as usize,
            is_cut: line_start.is_none() && from > 0,
            spans: spans.collect(),
        }
    }
}
