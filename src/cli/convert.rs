//! `portcullis convert`: IAM JSON to `.gate`, and `.gate` to IAM JSON.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::inputs::show;
use super::output::print;
use super::{Failure, Outcome, Result};
use crate::build::{Builder, Read};
use crate::compiler::convert::{Extent, Output, to_gate, to_json};
use crate::compiler::model::Model;
use crate::compiler::resolve::is_gate;
use crate::files::{write_into, write_whole};
use crate::grammar::gate::format;
use crate::grammar::source::Source;
use crate::render;

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What stands in one of the languages alone is not lost silently: comments and layout stay behind, and so do
descriptions and dates of a snapshot; tests, routes and quotas, which IAM JSON has no form for, are an
error unless --without-tests says that they may.

Examples:
  portcullis convert snapshot.json > acme.gate
  portcullis convert acme.gate -o json/                       # 123456789012.json, organization.json, …
  portcullis convert acme.gate --with aws-managed.jsonl       # policies that acme.gate attaches, not to be converted"
)]
pub(super) struct Arguments {
    /// What is converted: files, or folders of them; `-` for standard input
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    /// The language to convert to [default: the one that the inputs are not in]
    #[arg(long, value_enum)]
    to: Option<Language>,
    /// Inputs that only say what names mean (may be repeated)
    #[arg(long, value_name = "INPUT")]
    with: Vec<PathBuf>,
    /// Where the result goes: a file, or a folder for several [default: standard output]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Leave out what has no form in IAM JSON: tests, routes and quotas
    #[arg(long)]
    without_tests: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    Gate,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let builder = arguments.inputs.iter().fold(Builder::new().loose(true), Builder::input);
    let read = arguments.with.iter().fold(builder, Builder::aside).read();
    let Some(model) = &read.resolved.model else {
        let errors: Vec<_> =
            read.resolved.diagnostics.iter().filter(|found| found.is_error()).cloned().collect();
        show(&errors, &read.inputs);
        return Ok(Outcome::Unusable);
    };
    let to = match arguments.to {
        Some(to) => to,
        None => direction(&read)?,
    };
    let extent = Extent { aside: read.aside.clone(), without_routes: arguments.without_tests };
    match to {
        Language::Gate => gate(arguments, &read, model, &extent),
        Language::Json => json(arguments, &read, model, &extent),
    }
}

/// The language that the given inputs are not in. What a .gate file names comes along with it, whatever it is in.
fn direction(read: &Read) -> std::result::Result<Language, Failure> {
    let (gate, json): (Vec<_>, Vec<_>) =
        read.inputs.iter().take(read.aside.start).partition(|input| is_gate(&input.source));
    match (gate.is_empty(), json.is_empty()) {
        (true, _) => Ok(Language::Gate),
        (false, true) => Ok(Language::Json),
        (false, false) => Err(Failure(
            "the inputs are of both languages: say what they become with --to gate or --to json".to_owned(),
        )),
    }
}

fn gate(arguments: &Arguments, read: &Read, model: &Model, extent: &Extent) -> Result {
    if !read.resolved.questions.is_empty() || read.resolved.quotas > 0 || !model.routes.0.is_empty() {
        let message = "the inputs hold tests, routes or quotas, which would be lost; `portcullis fmt` lays out .gate files";
        return Err(Failure(message.to_owned()));
    }
    let text = to_gate(model, extent)?;
    let text = match format(&Source::new("converted.gate", text)) {
        Ok(text) => text,
        Err(found) => {
            show(&found, &[]);
            return Err(Failure("what was converted does not read back: please report this".to_owned()));
        }
    };
    match &arguments.output {
        Some(path) => write_whole(path, text.as_bytes())?,
        None => print(&text)?,
    }
    Ok(Outcome::Fine)
}

fn json(arguments: &Arguments, read: &Read, model: &Model, extent: &Extent) -> Result {
    let lost = [
        (read.resolved.questions.len(), "questions of tests"),
        (model.routes.0.len(), "routes"),
        (read.resolved.quotas, "quotas"),
    ];
    let lost: Vec<String> =
        lost.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !lost.is_empty() && !arguments.without_tests {
        let message =
            format!("{} have no form in IAM JSON: --without-tests leaves them out", lost.join(" and "));
        return Err(Failure(message));
    }
    let outputs = to_json(model, extent)?;
    let text = |output: &Output| format!("{:#}\n", render::json::value(&output.value));
    let names: BTreeSet<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
    if names.len() < outputs.len() {
        return Err(Failure(
            "two policies would become files of one name: convert them one by one".to_owned(),
        ));
    }
    match (&arguments.output, outputs.as_slice()) {
        (_, []) => return Err(Failure("there is nothing to convert in the input".to_owned())),
        (None, [only]) => print(&text(only))?,
        (Some(path), [only]) if !path.is_dir() && !ends_in_slash(path) => {
            write_whole(path, text(only).as_bytes())?
        }
        (Some(folder), several) => {
            write_into(folder, several.iter().map(|output| (output.name.as_str(), text(output))))?;
        }
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|output| output.name.as_str()).collect();
            let message = format!("this becomes {}: give a folder for them with -o", names.join(", "));
            return Err(Failure(message));
        }
    }
    Ok(Outcome::Fine)
}

fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last() == Some(&b'/')
}
