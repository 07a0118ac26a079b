//! Silencing lints in place, with a reason: by a comment in `.gate` files, by a list beside JSON, which has no comments.
//!
//! `# allow(CODE): reason` speaks of the item that begins on its line or, on a line of its own, on the next one; several stand one above the
//! other. The list is a JSON file: `{"allow": [{"code", "file", "statement"?, "reason"}]}`, the statement by its Sid or its place from 1.
//! Errors cannot be silenced. What silences nothing, has no reason or names no lint is itself reported.

mod except;
mod list;

pub use except::{Excepted, except};

use portcullis_grammar::diagnostic::{Diagnostic, Severity};
use portcullis_grammar::gate;
use portcullis_grammar::source::{Source, Span};
use portcullis_grammar::suggest;

use super::registry::{self as lint, Lint};
use crate::model::Model;
use crate::resolve::is_gate;

/// Where it is said that a finding is silenced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the source, by a comment.
    InSource,
    /// In a list beside it.
    External,
}

/// Why a finding is silenced.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Where that is said.
    pub place: Place,
    /// The reason, as written.
    pub reason: String,
}

/// A finding, and why it is silenced if it is.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// Why it is silenced.
    pub silence: Option<Silence>,
}

/// What silencing goes by.
pub struct Inputs<'a> {
    /// The sources, in the order of the model's files.
    pub sources: &'a [Source],
    /// The model, if the inputs are right: without one, statements are not known and nothing is unused.
    pub model: Option<&'a Model>,
    /// The list.
    pub list: Option<&'a Source>,
    /// The path under which the user knows a source.
    pub path: &'a dyn Fn(&Source) -> String,
    /// Which lints are on: what is off is not found, and what silences it is not unused for that.
    pub options: &'a super::Options,
}

/// Something that silences.
struct Rule {
    lint: Lint,
    reach: Reach,
    reason: String,
    place: Place,
    /// Where it stands.
    source: Source,
    span: Span,
    used: bool,
}

/// What it speaks of.
enum Reach {
    /// These parts of its own file.
    Parts(Vec<Span>),
    /// A statement of a file, or all of it.
    File(String, Option<list::Statement>),
}

/// Tells which findings are silenced, and finds what is wrong with the silencing. Linear in findings times what silences them.
#[must_use]
pub fn judge(diagnostics: Vec<Diagnostic>, inputs: &Inputs<'_>) -> Vec<Judged> {
    let (mut rules, mut more) = read(inputs);
    let statements = list::Statements::of(inputs, &rules);
    except::mark_used(&mut rules, inputs, &statements);
    let mut judged = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics {
        let silence = rules.iter_mut().find(|rule| speaks_of(rule, &diagnostic, inputs, &statements));
        let silence = silence.map(|rule| {
            rule.used = true;
            Silence { place: rule.place, reason: rule.reason.clone() }
        });
        judged.push(Judged { diagnostic, silence });
    }
    for rule in rules.iter().filter(|rule| !rule.used && inputs.model.is_some()) {
        if inputs.options.is_on(rule.lint.code) {
            let message = format!("nothing `{}` is found there to be silenced", rule.lint.code);
            let found = Diagnostic::warning(lint::SILENCE_UNUSED, message).at(&rule.source, rule.span, "");
            more.push(found.help("remove it"));
        }
    }
    judged.extend(more.into_iter().map(|diagnostic| Judged { diagnostic, silence: None }));
    // Errors first, as ever.
    judged.sort_by_key(|it| !it.diagnostic.is_error());
    judged
}

/// What silences something, and what is wrong with it.
fn read(inputs: &Inputs<'_>) -> (Vec<Rule>, Vec<Diagnostic>) {
    let (mut rules, mut more) = (Vec::new(), Vec::new());
    for source in inputs.sources.iter().filter(|source| is_gate(source)) {
        comments(source, &mut rules, &mut more);
    }
    if let Some(source) = inputs.list {
        list::read(source, &mut rules, &mut more);
    }
    (rules, more)
}

fn speaks_of(
    rule: &Rule,
    diagnostic: &Diagnostic,
    inputs: &Inputs<'_>,
    statements: &list::Statements,
) -> bool {
    if diagnostic.severity == Severity::Error || rule.lint.code != diagnostic.code {
        return false;
    }
    let Some(label) = diagnostic.labels.first() else { return false };
    covers(rule, &label.source, label.span.start, inputs, statements)
}

/// Whether something speaks of a place.
fn covers(
    rule: &Rule,
    source: &Source,
    start: u32,
    inputs: &Inputs<'_>,
    statements: &list::Statements,
) -> bool {
    match &rule.reach {
        Reach::Parts(parts) => {
            std::sync::Arc::ptr_eq(rule.source.text(), source.text())
                && parts.iter().any(|part| part.start <= start && start <= part.end)
        }
        Reach::File(file, statement) => {
            // Whole parts of the path: `a.json` is no end of `data.json`.
            let path = (inputs.path)(source);
            let is = **source.name() == **file
                || path == *file
                || path.strip_suffix(&**file).is_some_and(|before| before.ends_with('/'));
            is && statement.as_ref().is_none_or(|it| statements.is_in(it, source, start))
        }
    }
}

/// The lint of a code, or what is wrong with it.
fn lint_of(code: &str) -> Result<Lint, (String, String)> {
    if let Some(lint) = lint::find(code).or_else(|| except::check_of_access(code)) {
        return Ok(lint);
    }
    if crate::resolve::codes::ALL.iter().any(|(known, _)| *known == code) {
        return Err((
            format!("`{code}` is an error, which cannot be silenced"),
            "correct what it is about".to_owned(),
        ));
    }
    let all = lint::all();
    let near = suggest::nearest(code, all.iter().map(|lint| lint.code));
    let help = near.map_or_else(
        || "`portcullis check` says the code with each lint".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err((format!("there is no lint `{code}`"), help))
}

/// The comments of a file that silence something.
fn comments(source: &Source, rules: &mut Vec<Rule>, more: &mut Vec<Diagnostic>) {
    let mut items: Option<Vec<Span>> = None;
    for span in gate::comments(source) {
        let text = source.slice(span).trim_start_matches('#').trim();
        let Some((codes, rest)) = text.strip_prefix("allow(").and_then(|rest| rest.split_once(')')) else {
            continue;
        };
        let reason = rest.trim_start().strip_prefix(':').unwrap_or("").trim();
        if reason.is_empty() {
            no_reason(source, span, "write # allow(CODE): why it is meant", more);
            continue;
        }
        let items = items.get_or_insert_with(|| gate::extents(source));
        let parts = parts(source, span, items);
        for code in codes.split(',').map(str::trim) {
            match lint_of(code) {
                Ok(lint) => rules.push(Rule {
                    lint,
                    reach: Reach::Parts(parts.clone()),
                    reason: reason.to_owned(),
                    place: Place::InSource,
                    source: source.clone(),
                    span,
                    used: false,
                }),
                Err((message, help)) => {
                    let found = Diagnostic::warning(lint::SILENCE_UNKNOWN, message).at(source, span, "");
                    more.push(found.help(help));
                }
            }
        }
    }
}

fn no_reason(source: &Source, span: Span, help: &str, more: &mut Vec<Diagnostic>) {
    let message = "this silences nothing, since it gives no reason";
    more.push(Diagnostic::warning(lint::SILENCE_NO_REASON, message).at(source, span, "").help(help));
}

/// What a comment speaks of: a line, and the item that begins or ends on it.
fn parts(source: &Source, comment: Span, items: &[Span]) -> Vec<Span> {
    let text: &str = source.text();
    let start = comment.start as usize;
    let line_start = |at: usize| text.get(..at).and_then(|it| it.rfind('\n')).map_or(0, |at| at + 1);
    let line_end = |at: usize| text.get(at..).and_then(|it| it.find('\n')).map_or(text.len(), |it| at + it);
    let mut line = Span::new(line_start(start), start);
    let alone = source.slice(line).trim().is_empty();
    if alone {
        // The next line that holds something besides a comment.
        let mut at = line_end(start);
        while at < text.len() {
            at += 1;
            let end = line_end(at);
            line = Span::new(at, end);
            let shown = text.get(at..end).unwrap_or("").trim();
            if !shown.is_empty() && !shown.starts_with('#') {
                break;
            }
            at = end;
        }
    }
    let within = |at: u32| line.start <= at && at <= line.end;
    let begins = items.iter().filter(|item| within(item.start)).max_by_key(|item| item.end - item.start);
    let ends =
        items.iter().filter(|item| !alone && within(item.end)).min_by_key(|item| item.end - item.start);
    [Some(line), begins.copied(), ends.copied()].into_iter().flatten().collect()
}
