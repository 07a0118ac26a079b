//! Writing to standard output and standard error.

use std::io::Write as _;

use clap::ValueEnum;

use super::Failure;
pub(super) use crate::render::words::plain;

/// Whom an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people.
    Human,
    /// JSON for machines.
    Json,
}

/// Writes text to standard output. If the reader is gone, the program ends quietly, as a filter should.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Writes text to standard error; where that fails there is nobody left to tell.
pub(super) fn report(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// Reports a failure in one line or several.
pub(super) fn complain(message: &str) {
    report(&format!("\u{1b}[1;31merror\u{1b}[0m: {message}\n"));
}
