//! `portcullis build`: inputs to one bundle.

use std::path::PathBuf;

use super::inputs::{Policies, show};
use super::output::report;
use super::steps::Steps;
use super::{Failure, Outcome, Result};
use crate::cache::{BuildCache, CacheFailure};
use crate::compiler::Step;
use crate::compiler::bundle::facts_of;
use crate::files::{is_same_file, write_whole};
use crate::runtime::Bundle;

/// Arguments of `build`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  portcullis build snapshot.json -o acme.bundle
  portcullis build policies/ snapshot.json -o acme.bundle --stats
  portcullis build snapshot.json -o acme.bundle --cache .portcullis-cache
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
    /// Keep the automata of this build in a folder, and take from it those of the last; the bundle is the same. Whoever can write to the
    /// folder decides what is built
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Say how long each step took and what came out
    #[arg(long)]
    stats: bool,
    /// Do not show warnings
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let builder = arguments.policies.builder().strip(arguments.strip);
    let mut steps = Steps::new(!arguments.quiet);
    steps.begin("read and resolve");
    let input = builder.read();
    if input.inputs.iter().any(|input| is_same_file(&input.path, &arguments.output)) {
        let output = arguments.output.display();
        return Err(Failure(format!("{output} is one of the inputs: the bundle needs a file of its own")));
    }
    let mut cache = match &arguments.cache {
        None => None,
        Some(folder) => {
            let (cache, failure) = BuildCache::open(folder)
                .map_err(|error| Failure(format!("{error}: it is not replaced; give another folder")))?;
            let paths = input.inputs.iter().map(|input| &input.path).chain([&arguments.output]);
            if let Some(path) = paths.into_iter().find(|path| cache.is_at(path)) {
                let path = path.display();
                return Err(Failure(format!("{path} is where the build cache stands: give another folder")));
            }
            warn(&mut steps, failure.filter(|_| !arguments.quiet));
            Some(cache)
        }
    };
    let diagnostics = &input.resolved.diagnostics;
    let Some(model) = &input.resolved.model else {
        steps.end();
        show(diagnostics, &input.inputs);
        return Ok(Outcome::Unusable);
    };
    if !arguments.quiet && !diagnostics.is_empty() {
        steps.end();
        let (what, them) = if diagnostics.len() == 1 { ("warning", "it") } else { ("warnings", "them") };
        report(&format!("{} {what}; `portcullis check` shows {them}\n", diagnostics.len()));
    }
    let automata = cache.as_mut().map(|cache| &mut cache.automata);
    let bytes = builder.compile_cached(model, automata, &mut |step| {
        steps.begin(match step {
            Step::Lower => "merge and lower",
            Step::Automata => "build automata",
            _ => "write and re-read",
        });
    })?;
    steps.begin("write the file");
    write_whole(&arguments.output, &bytes)?;
    if let Some(cache) = &cache {
        let saved = cache.save();
        warn(&mut steps, saved.err().filter(|_| !arguments.quiet));
    }
    steps.end();
    if arguments.stats {
        let length = bytes.len();
        let bundle = Bundle::from_bytes(bytes)?;
        let mut text = steps.table();
        if let Some(cache) = &cache {
            let (found, all) = cache.automata.found();
            text.push_str(&format!("{:<28} {found:>9} of {all}\n", "automata from the cache"));
        }
        text.push_str(&format!("{:<28} {length:>9} bytes\n", "bundle"));
        for (name, value) in facts_of(&bundle)?.entries() {
            text.push_str(&format!("{name:<28} {value:>9}\n"));
        }
        report(&text);
    }
    Ok(Outcome::Fine)
}

/// Says what is wrong with the cache. The bundle does not depend on it.
fn warn(steps: &mut Steps, failure: Option<CacheFailure>) {
    if let Some(failure) = failure {
        steps.end();
        report(&format!("warning: {failure}; the bundle does not depend on it\n"));
    }
}
