//! `portcullis test`: scenario files, and the tests of `.gate` files. Every question is decided by a bundle and by the reference evaluator.

mod language;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::inputs::show;
use super::output::{plain, print, report};
use super::{Failure, Outcome, Result};
use crate::ask::ask;
use crate::compiler::resolve::is_gate;
use crate::compiler::resolve::scenario::{LineError, Scenario, parse_scenarios};
use crate::compiler::{CompileOptions, compile, reference};
use crate::files::{FileError, Input, read_inputs};
use crate::grammar::source::Source;
use crate::runtime::{Bundle, Effect};

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Scenario files are complete in themselves. The tests of .gate files ask about everything that is given with them:
other .gate files, snapshots, lists of managed policies.

Exit status: 0 all pass, 1 some fail, 2 unusable input.

Examples:
  portcullis test acme.gate --coverage
  portcullis test policies/ aws-managed.jsonl
  portcullis test scenarios.jsonl --format jsonl"
)]
pub(super) struct Arguments {
    /// Scenario files (JSON Lines), .gate files with what they need, or folders of them; `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Output for people, or one JSON object a case
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Name the statements that decided no question of a .gate file
    #[arg(long)]
    coverage: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Jsonl,
}

/// What became of one case.
enum Case {
    Decided { scenario: Box<Scenario>, actual: Effect, reference: Effect, layer: &'static str },
    Failed(LineError),
}

impl Case {
    /// Whether it passed; `None` where the case expects nothing and bundle and reference agree.
    fn passes(&self) -> Option<bool> {
        match self {
            Self::Decided { actual, reference, .. } if actual != reference => Some(false),
            Self::Decided { scenario, actual, .. } => scenario.expected.map(|expected| expected == *actual),
            Self::Failed(_) => Some(false),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let (inputs, errors) = read_inputs(&arguments.files);
    if !errors.is_empty() {
        show(&errors.iter().map(FileError::diagnostic).collect::<Vec<_>>(), &inputs);
        return Ok(Outcome::Unusable);
    }
    let (scenarios, world) = if inputs.iter().any(|input| is_gate(&input.source)) {
        inputs.into_iter().partition(|input| is_scenario(&input.source))
    } else {
        (inputs, Vec::new())
    };
    let outcome = if world.is_empty() { None } else { Some(language::run(arguments, world)?) };
    if scenarios.is_empty()
        && let Some(outcome) = outcome
    {
        return Ok(outcome);
    }
    let of_scenarios = run_scenarios(arguments, &scenarios)?;
    Ok(match (outcome, of_scenarios) {
        (Some(Outcome::Unusable), _) | (_, Outcome::Unusable) => Outcome::Unusable,
        (Some(Outcome::Negative), _) | (_, Outcome::Negative) => Outcome::Negative,
        _ => Outcome::Fine,
    })
}

/// Whether a file is one of scenarios: its first line is.
fn is_scenario(source: &Source) -> bool {
    let first = source.text().lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let value = serde_json::from_str::<Value>(first).ok();
    !is_gate(source)
        && value.is_some_and(|it| ["id", "principal", "action"].iter().all(|key| it.get(key).is_some()))
}

fn run_scenarios(arguments: &Arguments, inputs: &[Input]) -> Result {
    let (mut passed, mut failed, mut unjudged, mut unreadable) = (0, 0, 0, 0);
    for input in inputs {
        for line in parse_scenarios(&input.source) {
            let case = decide(line);
            match case.passes() {
                Some(true) => passed += 1,
                Some(false) => failed += 1,
                None => unjudged += 1,
            }
            if let Case::Failed(LineError { id: None, .. }) = &case {
                unreadable += 1;
            }
            match arguments.format {
                Format::Jsonl => print(&format!("{}\n", jsonl(&case)))?,
                Format::Human => print(&human(&case, input.source.name()))?,
            }
        }
    }
    if passed + failed + unjudged == 0 {
        // A file that lost its contents must not pass for one whose cases all do.
        return Err(Failure(
            "there is no scenario in the input; a scenario file holds one JSON object a line".to_owned(),
        ));
    }
    if arguments.format == Format::Human {
        let unjudged = if unjudged > 0 { format!(", {unjudged} without expectation") } else { String::new() };
        print(&format!("{passed} passed, {failed} failed{unjudged}\n"))?;
    }
    if unreadable > 0 {
        report(&format!("{unreadable} lines are no scenario\n"));
        return Ok(Outcome::Unusable);
    }
    Ok(if failed > 0 { Outcome::Negative } else { Outcome::Fine })
}

fn decide(line: std::result::Result<Scenario, LineError>) -> Case {
    let scenario = match line {
        Ok(scenario) => scenario,
        Err(error) => return Case::Failed(error),
    };
    let request = scenario.request();
    let bundle = compile(&scenario.model, &CompileOptions { strip: true, ..CompileOptions::default() })
        .map_err(|error| error.to_string())
        .and_then(|bytes| Bundle::from_bytes(bytes).map_err(|error| error.to_string()));
    let decided = bundle.and_then(|bundle| ask(&bundle, &request).map_err(|error| error.to_string()));
    match decided {
        Ok(decision) => {
            let reference = reference::decide(&scenario.model, &request).effect;
            Case::Decided {
                scenario: Box::new(scenario),
                actual: decision.effect(),
                reference,
                layer: decision.layer().name(),
            }
        }
        Err(message) => Case::Failed(LineError {
            line: scenario.line,
            id: Some(scenario.id),
            message,
            expected: scenario.expected,
            diagnostics: scenario.diagnostics,
        }),
    }
}

fn jsonl(case: &Case) -> Value {
    match case {
        Case::Decided { scenario, actual, reference, .. } => json!({
            "id": scenario.id,
            "expected": scenario.expected.map(Effect::name),
            "actual": actual.name(),
            "reference": reference.name(),
            "pass": case.passes(),
        }),
        Case::Failed(LineError { id: Some(id), message, expected, .. }) => json!({
            "id": id,
            "expected": expected.map(Effect::name),
            "actual": "error",
            "reference": null,
            "pass": expected.map(|_| false),
            "message": message,
        }),
        Case::Failed(LineError { line, message, .. }) => {
            json!({"id": null, "line": line, "actual": "error", "message": message})
        }
    }
}

/// A line for every case that did not pass; nothing for one that did.
fn human(case: &Case, file: &str) -> String {
    let mut text = String::new();
    match case {
        _ if case.passes() == Some(true) => {}
        Case::Decided { scenario, actual, reference, layer } => {
            let expected = scenario.expected.map_or("nothing", Effect::name);
            let mark = if case.passes().is_none() { "note" } else { "FAIL" };
            let _ = writeln!(text, "{mark} {} ({file}:{})", plain(&scenario.id), scenario.line);
            let _ =
                writeln!(text, "  expected {expected}, the bundle says {} (layer: {layer})", actual.name());
            if actual != reference {
                let _ =
                    writeln!(text, "  the reference evaluator says {}: please report this", reference.name());
            }
        }
        Case::Failed(error) => {
            let id = error.id.as_deref().unwrap_or("(no id)");
            let id = plain(id);
            let _ = writeln!(text, "FAIL {id} ({file}:{})\n  error: {}", error.line, error.message);
            let first = error.diagnostics.iter().find(|found| found.is_error());
            if let Some(help) = first.and_then(|found| found.help.as_ref()) {
                let _ = writeln!(text, "  help: {help}");
            }
        }
    }
    text
}
