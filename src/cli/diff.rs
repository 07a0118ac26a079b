//! `portcullis diff`: what a change of policies really changes.

use std::path::PathBuf;
use std::sync::OnceLock;

use clap::ValueEnum;

use super::inputs::Policies;
use super::output::print;
use super::steps::Steps;
use super::{Failure, Outcome, Result};
use crate::ask::ask;
use crate::compiler::analysis::diff::{Answer, Report, diff};
use crate::compiler::model::Model;
use crate::compiler::request::Request;
use crate::compiler::{CompileOptions, compile};
use crate::render::changes::{self, About};
use crate::runtime::Bundle;

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 compared, 1 what --fail-on names is there, 2 unusable input or usage.

Examples:
  portcullis diff main.bundle policies/                      # what does this branch change?
  portcullis diff old.json new.json --format markdown > comment.md
  portcullis diff main.bundle policies/ --fail-on new-access # in a build: nobody may get more")]
pub(super) struct Arguments {
    /// The old policies: a file, a folder or a bundle
    old: PathBuf,
    /// The new policies: a file, a folder or a bundle
    new: PathBuf,
    /// Output for people, for a pull request's comment, or for machines
    #[arg(long, value_enum, default_value_t = Form::Human)]
    format: Form,
    /// Exit with status 1 if somebody can do what they could not, or if anything changes
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
}

/// Whom a report is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Text for people.
    Human,
    /// Markdown.
    Markdown,
    /// JSON for machines.
    Json,
}

/// What fails a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Somebody can do what they could not.
    NewAccess,
    /// Anything changes.
    Any,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    if [&arguments.old, &arguments.new].iter().all(|path| path.as_os_str() == "-") {
        return Err(Failure("standard input can be one side only: give a file for the other".to_owned()));
    }
    let mut steps = Steps::new(true);
    steps.begin("reading");
    let read = |path: &PathBuf| Policies { inputs: vec![path.clone()], attach: Vec::new() }.read();
    // Side by side; what is wrong is said in the order of the arguments.
    let (before, after) = std::thread::scope(|scope| {
        let after = scope.spawn(|| read(&arguments.new));
        (read(&arguments.old), after.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let (Some(old), Some(new)) = (before?.told(), after?.told()) else {
        return Ok(Outcome::Unusable);
    };
    steps.begin("comparing");
    let report = diff(&old, &new);
    steps.begin("deciding the examples");
    confirm(&report, Some(&Compiled::new(&old)), &Compiled::new(&new))?;
    steps.end();
    print(&shown(&report, arguments.format, About::Changes))?;
    let fails = match arguments.fail_on {
        Some(FailOn::NewAccess) => report.grows(),
        Some(FailOn::Any) => !report.is_empty(),
        None => false,
    };
    Ok(if fails { Outcome::Negative } else { Outcome::Fine })
}

/// A report in the form that is asked for.
pub(super) fn shown(report: &Report, form: Form, about: About) -> String {
    match form {
        Form::Human => changes::human(report, about),
        Form::Markdown => changes::markdown(report, about),
        Form::Json => format!("{:#}\n", changes::json(report)),
    }
}

/// A model and its bundle, which is compiled when it is first asked.
pub(super) struct Compiled<'m> {
    pub(super) model: &'m Model,
    bundle: OnceLock<Bundle>,
}

impl<'m> Compiled<'m> {
    pub(super) fn new(model: &'m Model) -> Self {
        Self { model, bundle: OnceLock::new() }
    }

    fn bundle(&self) -> std::result::Result<&Bundle, Failure> {
        if let Some(bundle) = self.bundle.get() {
            return Ok(bundle);
        }
        let options = CompileOptions { strip: true, ..CompileOptions::default() };
        let bundle = Bundle::from_bytes(compile(self.model, &options)?)?;
        Ok(self.bundle.get_or_init(|| bundle))
    }
}

/// Decides every example with compiled bundles too: what is shown is what a gateway decides.
pub(super) fn confirm(
    report: &Report,
    old: Option<&Compiled<'_>>,
    new: &Compiled<'_>,
) -> std::result::Result<(), Failure> {
    let same = |side: &Compiled<'_>,
                request: &Request,
                answer: &Answer|
     -> std::result::Result<(), Failure> {
        let decision = ask(side.bundle()?, request)?;
        if (decision.effect(), decision.layer(), decision.reason())
            == (answer.effect, answer.layer, answer.reason)
        {
            return Ok(());
        }
        Err(Failure(format!(
            "internal error: the bundle says {} (layer: {}), the reference evaluator {} (layer: {}) of {} for {} on {}; do not rely on \
             either, and please report this",
            decision.effect(),
            decision.layer(),
            answer.effect,
            answer.layer,
            request.principal,
            request.action,
            request.resource
        )))
    };
    let examples = || report.changes().flat_map(|change| &change.examples);
    // Side by side: most of the time goes into compiling.
    std::thread::scope(|scope| {
        let before = old.map(|old| {
            scope.spawn(move || {
                let told =
                    examples().filter_map(|example| Some((&example.request, example.before.as_ref()?)));
                told.into_iter().try_for_each(|(request, answer)| same(old, request, answer))
            })
        });
        let after = examples().try_for_each(|example| same(new, &example.request, &example.after));
        let before = before
            .map_or(Ok(()), |before| before.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        after.and(before)
    })
}
