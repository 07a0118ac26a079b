//! Diagnostics for people: the text underlined, file, line and column, a fix.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use portcullis_grammar::diagnostic::{Diagnostic, Label, Severity};
use portcullis_grammar::source::Source;

/// Columns of a rendered line; longer source lines, such as a snapshot on one line, are trimmed around what is underlined.
const WIDTH: usize = 120;

/// Renders one finding. `path` gives the path to show for a source. With colours as escape sequences; the stream takes them out where
/// they do not belong.
pub(crate) fn diagnostic<'a>(found: &Diagnostic, path: impl Fn(&Source) -> Option<&'a Path>) -> String {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&found.message).id(found.code));
    for (number, label) in found.labels.iter().enumerate() {
        let shown = path(&label.source)
            .map_or_else(|| label.source.name().to_string(), |path| path.display().to_string());
        if label.source.text().is_empty() {
            // A file that holds nothing, or could not be read: there is no line to show.
            group = group.element(Origin::path(shown));
            continue;
        }
        let window = Window::around(label);
        let kind = if number == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let text = (!label.text.is_empty()).then(|| label.text.clone());
        let snippet = Snippet::source(window.text).line_start(window.line).path(shown);
        group = group.element(snippet.annotation(kind.span(window.start..window.end).label(text)));
    }
    if let Some(help) = &found.help {
        group = group.element(Level::HELP.message(help));
    }
    Renderer::styled().term_width(WIDTH).render(&[group])
}

/// The lines around a label, so that a large file is not gone through for each finding.
struct Window {
    text: String,
    /// Number of the first line.
    line: usize,
    start: usize,
    end: usize,
}

impl Window {
    fn around(label: &Label) -> Self {
        let text: &str = label.source.text();
        let (start, end) = (label.span.start as usize, (label.span.end as usize).min(text.len()));
        let before = text.get(..start).unwrap_or("");
        let from = before.rfind('\n').map_or(0, |at| at + 1);
        // A label over several lines shows its first line.
        let line_end = text.get(start..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| start + at);
        let end = end.min(line_end).max(start);
        let line = label.source.position(label.span.start).line as usize;
        Self {
            text: text.get(from..line_end).unwrap_or("").to_owned(),
            line,
            start: start.saturating_sub(from),
            end: end.saturating_sub(from),
        }
    }
}
