//! `portcullis build`: inputs to one bundle.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::inputs::{Policies, show};
use super::output::report;
use super::{Failure, Outcome, Result};
use crate::compiler::bundle::facts_of;
use crate::files::{is_same_file, write_whole};
use crate::runtime::Bundle;

/// Arguments of `build`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  portcullis build snapshot.json -o acme.bundle
  portcullis build policies/ snapshot.json -o acme.bundle --stats
  portcullis build --attach arn:aws:iam::123456789012:user/alice=alice.json -o alice.bundle")]
pub(super) struct Arguments {
    #[command(flatten)]
    policies: Policies,
    /// Where the bundle goes; it is written whole or not at all
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Leave the model out: smaller, but `ir` cannot read the bundle then
    #[arg(long)]
    strip: bool,
    /// Say how long each step took and what came out
    #[arg(long)]
    stats: bool,
    /// Do not show warnings
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let builder = arguments.policies.builder().strip(arguments.strip);
    let started = Instant::now();
    let input = builder.read();
    if input.inputs.iter().any(|input| is_same_file(&input.path, &arguments.output)) {
        let output = arguments.output.display();
        return Err(Failure(format!("{output} is one of the inputs: the bundle needs a file of its own")));
    }
    let resolved = Instant::now();
    let diagnostics = &input.resolved.diagnostics;
    let Some(model) = &input.resolved.model else {
        show(diagnostics, &input.inputs);
        return Ok(Outcome::Unusable);
    };
    if !arguments.quiet && !diagnostics.is_empty() {
        let (what, them) = if diagnostics.len() == 1 { ("warning", "it") } else { ("warnings", "them") };
        report(&format!("{} {what}; `portcullis check` shows {them}\n", diagnostics.len()));
    }
    let bytes = builder.compile(model)?;
    let compiled = Instant::now();
    write_whole(&arguments.output, &bytes)?;
    if arguments.stats {
        let length = bytes.len();
        let bundle = Bundle::from_bytes(bytes)?;
        let milliseconds = |time: Duration| format!("{:>8.1} ms", time.as_secs_f64() * 1_000.0);
        let mut text = format!(
            "read and resolve    {}\ncompile and re-read {}\nbundle              {length:>8} bytes\n",
            milliseconds(resolved - started),
            milliseconds(compiled - resolved),
        );
        for (name, value) in facts_of(&bundle)?.entries() {
            text.push_str(&format!("{name:<28} {value:>9}\n"));
        }
        report(&text);
    }
    Ok(Outcome::Fine)
}
