//! `portcullis check`: all findings about inputs, without writing anything.

mod access;

use std::path::PathBuf;

use clap::ValueEnum;
use portcullis_compiler::lint::silence::{self, Judged};
use portcullis_compiler::lint::{self, manual, registry};
use portcullis_compiler::resolve::codes;
use portcullis_grammar::diagnostic::{Diagnostic, Severity};
use portcullis_grammar::source::Source;
use portcullis_grammar::suggest;
use serde_json::{Value, json};

use super::inputs::{Policies, path_of, show_counted};
use super::output::print;
use super::{Failure, Outcome, Result};
use crate::build::Builder;
use crate::files::{Input, read_file};
use crate::render;

/// Whom findings are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people.
    Human,
    /// JSON for machines.
    Json,
    /// SARIF 2.1.0, which code hosts and editors show.
    Sarif,
}

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 nothing found, 1 findings, 2 errors in the inputs.

Lints, and access that is meant, are silenced in place, with a reason: in .gate files by a comment `# allow(CODE): reason` above a statement or item or behind
it, in JSON files by a list, --allow FILE, that holds {\"allow\": [{\"code\", \"file\", \"statement\"?, \"reason\"}]}.

Examples:
  portcullis check policies/ snapshot.json
  portcullis check policies/ --allow lints.json --format sarif > findings.sarif
  portcullis check --explain risk-pass-any-role
  portcullis check policies/ --no-public --not-granted 'iam:PassRole on *' --no-new-access main.bundle
  portcullis check policy.json --attach arn:aws:iam::123456789012:user/alice=policy.json --format json")]
pub(super) struct Arguments {
    #[command(flatten)]
    policies: Policies,
    /// Output for people (on standard error) or for machines (on standard output)
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print what a code means, with examples, and how to fix it; `list` prints all lints
    #[arg(long, value_name = "CODE", exclusive = true)]
    explain: Option<String>,
    /// Silence what this list names, with a reason for each
    #[arg(long, value_name = "FILE")]
    allow: Option<PathBuf>,
    /// Take findings of a lint, or with `warnings` of all, as errors (may be repeated)
    #[arg(long, value_name = "CODE")]
    deny: Vec<String>,
    /// Turn on a lint that is off by default (may be repeated)
    #[arg(long, value_name = "CODE")]
    warn: Vec<String>,
    /// Turn on all lints
    #[arg(long)]
    all: bool,
    /// Look for lints in AWS's own policies as well
    #[arg(long)]
    aws_managed: bool,
    #[command(flatten)]
    access: access::Checks,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    if let Some(code) = &arguments.explain {
        return explain(code);
    }
    let mut codes = arguments.warn.iter().chain(arguments.deny.iter().filter(|code| *code != "warnings"));
    codes.try_for_each(|code| known(code))?;
    let list = match &arguments.allow {
        None => None,
        Some(path) => Some(Input {
            source: Source::new(path.display().to_string(), read_file(path)?),
            path: path.clone(),
        }),
    };
    // The list may lie in the folder that is checked.
    let mut input = arguments.allow.iter().fold(arguments.policies.builder(), Builder::except).read();
    let sources: Vec<Source> = input.inputs.iter().map(|input| input.source.clone()).collect();
    let options = lint::Options {
        all: arguments.all,
        // Who turns a lint into an error wants it found.
        on: arguments.warn.iter().chain(&arguments.deny).cloned().collect(),
        aws_managed: arguments.aws_managed,
    };
    let model = input.resolved.model.as_ref();
    let mut found = std::mem::take(&mut input.resolved.diagnostics);
    if let Some(model) = model {
        found.extend(lint::check(model, &sources, &options));
        sort(&mut found, &sources);
    }
    // The list is no input, and has a path all the same.
    let list_source = list.as_ref().map(|list| list.source.clone());
    input.inputs.extend(list);
    let path = |source: &Source| shown(&input.inputs, source);
    let (list, path) = (list_source.as_ref(), &path as &dyn Fn(&Source) -> String);
    let inputs = silence::Inputs { sources: &sources, model, list, path, options: &options };
    let mut judged = silence::judge(found, &inputs);
    let is_wrong = judged.iter().any(|it| it.diagnostic.is_error());
    deny(&mut judged, &arguments.deny);
    if let Some(model) = model {
        judged.extend(arguments.access.findings(model, &inputs)?);
    }
    report(&judged, &input.inputs, arguments.format)?;
    let open = judged.iter().any(|it| it.silence.is_none());
    Ok(match (model, open) {
        (None, _) => Outcome::Unusable,
        _ if is_wrong => Outcome::Unusable,
        (_, true) => Outcome::Negative,
        (_, false) => Outcome::Fine,
    })
}

/// The path under which the user knows a source.
fn shown(inputs: &[Input], source: &Source) -> String {
    path_of(inputs, source).map_or_else(|| source.name().to_string(), |path| path.display().to_string())
}

/// Findings of reading and lints together: by file, then by place.
fn sort(found: &mut [Diagnostic], sources: &[Source]) {
    let files: std::collections::HashMap<*const u8, usize> =
        sources.iter().enumerate().map(|(at, source)| (source.text().as_ptr(), at)).collect();
    found.sort_by_key(|found| {
        let label = found.labels.first();
        label.map(|label| (files.get(&label.source.text().as_ptr()).copied(), label.span.start))
    });
}

/// Takes lints as errors that are not silenced.
fn deny(judged: &mut [Judged], codes: &[String]) {
    for it in judged.iter_mut().filter(|it| it.silence.is_none()) {
        if codes.iter().any(|code| code == "warnings" || code == it.diagnostic.code) {
            it.diagnostic.severity = Severity::Error;
        }
    }
    judged.sort_by_key(|it| !it.diagnostic.is_error());
}

fn report(judged: &[Judged], inputs: &[Input], format: Format) -> std::result::Result<(), Failure> {
    let open = || judged.iter().filter(|it| it.silence.is_none()).map(|it| &it.diagnostic);
    let silenced = judged.iter().filter(|it| it.silence.is_some());
    match format {
        Format::Human => {
            let found: Vec<&Diagnostic> = open().collect();
            show_counted(&found, inputs, silenced.count());
            Ok(())
        }
        Format::Json => {
            let path = |source: &Source| path_of(inputs, source);
            let one = |found: &Diagnostic| render::json::diagnostic(found, path);
            let found: Vec<Value> = open().map(one).collect();
            let silenced: Vec<Value> = silenced
                .map(|it| {
                    let mut value = one(&it.diagnostic);
                    if let (Some(members), Some(silence)) = (value.as_object_mut(), &it.silence) {
                        members.insert("reason".to_owned(), json!(silence.reason));
                    }
                    value
                })
                .collect();
            let errors = open().filter(|found| found.is_error()).count();
            let report = json!({
                "errors": errors, "warnings": found.len() - errors, "diagnostics": found, "silenced": silenced
            });
            print(&format!("{report:#}\n"))
        }
        Format::Sarif => {
            let log = render::sarif::log(judged, |source| shown(inputs, source));
            print(&format!("{log:#}\n"))
        }
    }
}

/// Refuses a code that is that of no lint.
fn known(code: &str) -> std::result::Result<(), Failure> {
    let all = registry::all();
    if all.iter().any(|lint| lint.code == code) {
        return Ok(());
    }
    if codes::ALL.iter().any(|(known, _)| *known == code) {
        return Err(Failure(format!("`{code}` is an error in any case, and no lint")));
    }
    let near = suggest::nearest(code, all.iter().map(|lint| lint.code));
    let near = near.map_or_else(
        || "`portcullis check --explain list` prints them all".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(Failure(format!("there is no lint `{code}`; {near}")))
}

/// Prints what a code means.
fn explain(code: &str) -> Result {
    if code == "list" {
        for lint in registry::all() {
            let level = match lint.level {
                registry::Level::Warn => "",
                registry::Level::Pedantic => " (off by default)",
            };
            print(&format!("{:<28} {}{level}\n", lint.code, lint.line))?;
        }
        return Ok(Outcome::Fine);
    }
    if let Some(section) = manual::section(code) {
        print(&format!("{section}\n"))?;
    } else if let Some((_, line)) = codes::ALL.iter().find(|(known, _)| *known == code) {
        print(&format!("## {code}\n\nError. {line}\n"))?;
    } else {
        known(code)?;
    }
    Ok(Outcome::Fine)
}
