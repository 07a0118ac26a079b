//! Checks of who can do what, each failure with a request that shows it.

use std::path::PathBuf;

use portcullis_compiler::analysis::Place;
use portcullis_compiler::analysis::diff::{Certainty, Change, Report, diff};
use portcullis_compiler::analysis::explain::Named;
use portcullis_compiler::analysis::reach::{Question, cross_account, not_granted, public};
use portcullis_compiler::lint::silence::{Inputs, Judged, except};
use portcullis_compiler::model::Model;
use portcullis_compiler::resolve::codes;
use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::source::{Position, Source, Span};

use super::super::diff::{Compiled, confirm};
use super::super::inputs::Policies;
use super::super::{Failure, output::plain};
use crate::render::changes;

/// Checks that are asked for.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Checks of access")]
pub(super) struct Checks {
    /// No user, role, service or stranger may do any of this, such as 'iam:PassRole on *'; root users aside (may be repeated)
    #[arg(long, value_name = "ACTION on RESOURCE", value_parser = question)]
    not_granted: Vec<(String, Question)>,
    /// Nothing may be open to everybody: to whoever is not authenticated, to all accounts, or to all users of an identity provider that
    /// anybody can have an account at, unless a condition limits it to somebody known
    #[arg(long)]
    no_public: bool,
    /// Nothing may be open to principals of accounts that are not among the inputs
    #[arg(long)]
    no_cross_account: bool,
    /// Nobody may do what they could not do under these policies: a file, a folder or a bundle
    #[arg(long, value_name = "OLD")]
    no_new_access: Option<PathBuf>,
}

fn question(text: &str) -> Result<(String, Question), String> {
    let (action, resource) = text
        .split_once(" on ")
        .ok_or_else(|| "expected `ACTION on RESOURCE`, such as 'iam:PassRole on *'".to_owned())?;
    let question = Question::new(action.trim(), resource.trim()).map_err(|error| error.to_string())?;
    Ok((text.to_owned(), question))
}

impl Checks {
    /// What fails, and what would but for what is silenced.
    pub(super) fn findings(&self, model: &Model, inputs: &Inputs<'_>) -> Result<Vec<Judged>, Failure> {
        let mut found = Vec::new();
        let sources = inputs.sources;
        for (text, question) in &self.not_granted {
            let what = format!("{text} is granted");
            found.extend(check(model, inputs, codes::ACCESS_GRANTED, &|new| {
                told(&not_granted(new.model, question), codes::ACCESS_GRANTED, &what, sources, None, new)
            })?);
        }
        if self.no_public {
            found.extend(check(model, inputs, codes::ACCESS_PUBLIC, &|new| {
                told(&public(new.model), codes::ACCESS_PUBLIC, "access is public", sources, None, new)
            })?);
        }
        if self.no_cross_account {
            let what = "another account has access";
            found.extend(check(model, inputs, codes::ACCESS_CROSS_ACCOUNT, &|new| {
                told(&cross_account(new.model), codes::ACCESS_CROSS_ACCOUNT, what, sources, None, new)
            })?);
        }
        if let Some(path) = &self.no_new_access {
            let old = Policies { inputs: vec![path.clone()], attach: Vec::new() }.model()?;
            let old = old.ok_or_else(|| Failure(format!("{} has errors", path.display())))?;
            let old = Compiled::new(&old);
            let what = "there is new access";
            found.extend(check(model, inputs, codes::ACCESS_NEW, &|new| {
                let mut report = diff(old.model, new.model);
                for group in &mut report.groups {
                    group.changes.retain(|change| change.kind.grows());
                }
                report.groups.retain(|group| !group.changes.is_empty());
                told(&report, codes::ACCESS_NEW, what, sources, Some(&old), new)
            })?);
        }
        Ok(found)
    }
}

/// What a check finds, where what is silenced is not: it is looked for without the statements that are meant, and then with them.
fn check(
    model: &Model,
    inputs: &Inputs<'_>,
    code: &str,
    look: &dyn Fn(&Compiled<'_>) -> Result<Vec<Diagnostic>, Failure>,
) -> Result<Vec<Judged>, Failure> {
    let open = |diagnostic| Judged { diagnostic, silence: None };
    let all = look(&Compiled::new(model))?;
    let Some(excepted) = except(inputs, code) else { return Ok(all.into_iter().map(open).collect()) };
    let left = look(&Compiled::new(&excepted.model))?;
    let is_left = |it: &Diagnostic| left.iter().any(|left| left.message == it.message);
    let meant: Vec<Judged> =
        all.into_iter().filter(|it| !is_left(it)).map(|found| excepted.judge(found)).collect();
    Ok(left.into_iter().map(open).chain(meant).collect())
}

/// A finding for each region, at the statement that allows its example.
fn told(
    report: &Report,
    code: &'static str,
    what: &str,
    sources: &[Source],
    old: Option<&Compiled<'_>>,
    new: &Compiled<'_>,
) -> Result<Vec<Diagnostic>, Failure> {
    confirm(report, old, new)?;
    let mut found = Vec::new();
    for group in &report.groups {
        for change in &group.changes {
            let (who, region) = (changes::principals(group), changes::region(change));
            let mut diagnostic = Diagnostic::error(code, plain(&format!("{what}: {who}: {region}")));
            let examples =
                change.examples.iter().find(|example| example.after.effect == crate::runtime::Effect::Allow);
            diagnostic = match examples {
                Some(example) => {
                    let help = format!("for example, {} is allowed", changes::request_text(&example.request));
                    place(diagnostic, &example.after.statements, sources).help(plain(&help))
                }
                None => place(diagnostic, &change.statements, sources).help(plain(&without_example(change))),
            };
            // Two regions may read the same where only their examples differ.
            let is_told = |known: &Diagnostic| {
                let starts = |it: &Diagnostic| it.labels.iter().map(|label| label.span).collect::<Vec<_>>();
                known.message == diagnostic.message && starts(known) == starts(&diagnostic)
            };
            if !found.iter().any(is_told) {
                found.push(diagnostic);
            }
        }
    }
    for endpoint in &report.endpoints {
        let message =
            format!("{what}, for all that is known: the policy of the VPC endpoint {endpoint} differs");
        found.push(Diagnostic::error(code, plain(&message)));
    }
    for route in &report.routes {
        let said = route.after.as_ref().or(route.before.as_ref()).map_or("", String::as_str);
        let message = format!("{what}, for all that is known: {said} differs");
        found.push(Diagnostic::error(code, plain(&message)));
    }
    for principal in &report.documented {
        let message = format!(
            "{what}, for all that is known: the patterns of actions of {principal} are too many to be walked, and only documented actions \
             were looked at"
        );
        found.push(Diagnostic::error(code, plain(&message)));
    }
    for (principal, _) in &report.too_large {
        let message =
            format!("{what}, for all that is known: the patterns of {principal} are too many to be walked");
        found.push(Diagnostic::error(code, plain(&message)));
    }
    Ok(found)
}

fn without_example(change: &Change) -> String {
    match (&change.place, change.certainty) {
        (_, Certainty::IfCallerAllows) => {
            "if their own account allows it too, whose policies no input holds".to_owned()
        }
        (Place::Elsewhere, _) => {
            "the resource's own policy, which no input holds, has to allow it too".to_owned()
        }
        _ => "no example was found: its conditions compare keys of the request with each other, or lists"
            .to_owned(),
    }
}

/// The statements behind an answer, underlined.
fn place(mut diagnostic: Diagnostic, statements: &[Named], sources: &[Source]) -> Diagnostic {
    for statement in statements {
        let Some(source) = sources.iter().find(|source| **source.name() == *statement.file) else {
            continue;
        };
        let start = source.offset(Position { line: statement.line, column: statement.column });
        let rest = source.text().get(start as usize..).unwrap_or("");
        let length = rest.find('\n').unwrap_or(rest.len());
        let span = Span::new(start as usize, start as usize + length);
        diagnostic = diagnostic.at(source, span, "allowed here");
    }
    diagnostic
}
