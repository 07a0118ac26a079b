//! `portcullis fmt`: the one layout of `.gate` files.

use std::path::PathBuf;

use super::inputs::show;
use super::output::print;
use super::{Failure, Outcome, Result};
use crate::compiler::resolve::is_gate;
use crate::files::{FileError, read_gate_files, write_whole};
use crate::grammar::gate::format;

/// Arguments of `fmt`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 fine, 1 with --check: some file would change, 2 a file does not parse, or cannot
be read or written, and stays as it is.

Examples:
  portcullis fmt policies/
  portcullis fmt --check policies/        # in a build: what is not laid out fails it
  portcullis fmt - < draft.gate"
)]
pub(super) struct Arguments {
    /// Files, or folders whose .gate files are meant; `-` for standard input, which goes to standard output
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Change nothing; name the files that would change
    #[arg(long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let (inputs, errors) = read_gate_files(&arguments.files);
    let mut findings: Vec<_> = errors.iter().map(FileError::diagnostic).collect();
    let (mut changed, mut files) = (0, 0);
    let given = |path: &PathBuf| arguments.files.contains(path);
    for input in inputs.iter().filter(|input| is_gate(&input.source) || given(&input.path)) {
        files += 1;
        let text = match format(&input.source) {
            Ok(text) => text,
            Err(found) => {
                findings.extend(found);
                continue;
            }
        };
        let is_stdin = input.path.as_os_str() == "-";
        if is_stdin && !arguments.check {
            print(&text)?;
        } else if *text != **input.source.text() {
            changed += 1;
            if arguments.check {
                print(&format!("{}\n", input.path.display()))?;
            } else if let Err(error) = write_whole(&input.path, text.as_bytes()) {
                findings.push(error.diagnostic());
            }
        }
    }
    if !findings.is_empty() {
        show(&findings, &inputs);
        return Ok(Outcome::Unusable);
    }
    if files == 0 {
        return Err(Failure("there is no .gate file in the input".to_owned()));
    }
    Ok(if arguments.check && changed > 0 { Outcome::Negative } else { Outcome::Fine })
}
