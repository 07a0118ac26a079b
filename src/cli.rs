//! The command line: arguments, exit statuses, and one file for each command.
//!
//! Answers go to standard output, diagnostics to standard error. Exit status 0: fine or allowed; 1: findings or denied; 2: unusable input or
//! usage. A standard output that is closed early ends the program quietly.

mod assume;
mod bench;
mod build;
mod check;
mod convert;
mod decide;
mod diff;
mod explain;
mod explained;
mod fmt;
mod graph;
mod inputs;
mod inspect;
mod ir;
mod made_requests;
mod manual;
mod output;
mod question;
pub(crate) mod requests;
#[cfg(feature = "serve")]
mod rollback;
#[cfg(feature = "serve")]
mod serve;
mod session;
#[cfg(feature = "serve")]
mod sign;
mod steps;
mod test;
mod who_can;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How a command ended, short of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Fine, or allowed.
    Fine,
    /// Findings, or denied.
    Negative,
    /// Unusable input; everything there was to say has been said.
    Unusable,
}

/// A failure with its message: exit status 2.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl<T: std::error::Error> From<T> for Failure {
    fn from(error: T) -> Self {
        Self(error.to_string())
    }
}

type Result = std::result::Result<Outcome, Failure>;

/// Compiles access policies into decision automata.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit status: 0 fine or allowed, 1 findings or denied, 2 unusable input or usage.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compile policies into one bundle
    Build(build::Arguments),
    /// Report everything that `build` would refuse, and lints
    Check(check::Arguments),
    /// Ask a bundle
    Decide(decide::Arguments),
    /// Say why a request gets what it gets, and what would change that
    Explain(explain::Arguments),
    /// Ask whether a principal may take a role, and with what session then
    Assume(assume::Arguments),
    /// Run scenario files: each case is answered by a bundle and by the reference evaluator
    Test(test::Arguments),
    /// Bring .gate files into their one layout
    Fmt(fmt::Arguments),
    /// Turn IAM JSON into .gate, and .gate into IAM JSON
    Convert(convert::Arguments),
    /// Print what was understood, as text for review
    Ir(ir::Arguments),
    /// Say what a change of policies really changes: who can do what they could not, and the other way round
    Diff(diff::Arguments),
    /// Say who can do something, and when
    WhoCan(who_can::WhoCan),
    /// Say what somebody can do, and when
    Can(who_can::Can),
    /// Draw who gets permissions from where, an identity's automata, or the way of a request to its decision
    Graph(graph::Arguments),
    /// Show sizes and facts of a bundle
    Inspect(inspect::Arguments),
    /// Decide for gateways, by HTTP, for nginx and by Envoy's protocol
    #[cfg(feature = "serve")]
    Serve(Box<serve::Arguments>),
    /// Make a key to sign bundles with
    #[cfg(feature = "serve")]
    Keygen(sign::Keygen),
    /// Sign a bundle
    #[cfg(feature = "serve")]
    Sign(sign::Sign),
    /// Check a bundle's signature
    #[cfg(feature = "serve")]
    Verify(sign::Verify),
    /// Let a server go back to a bundle that it had before
    #[cfg(feature = "serve")]
    Rollback(rollback::Arguments),
    /// Measure how fast a bundle decides here
    Bench(bench::Arguments),
    /// Print a completion script for a shell
    Completions(manual::Completions),
    /// Print the manual page
    Man,
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Build(arguments) => build::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Decide(arguments) => decide::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Assume(arguments) => assume::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Fmt(arguments) => fmt::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Ir(arguments) => ir::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::WhoCan(arguments) => who_can::run_who_can(&arguments),
        Command::Can(arguments) => who_can::run_can(&arguments),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        #[cfg(feature = "serve")]
        Command::Serve(arguments) => serve::run(&arguments),
        #[cfg(feature = "serve")]
        Command::Keygen(arguments) => sign::keygen(&arguments),
        #[cfg(feature = "serve")]
        Command::Sign(arguments) => sign::sign(&arguments),
        #[cfg(feature = "serve")]
        Command::Verify(arguments) => sign::check(&arguments),
        #[cfg(feature = "serve")]
        Command::Rollback(arguments) => rollback::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Completions(arguments) => manual::completions(&arguments),
        Command::Man => manual::man(),
    };
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Negative) => ExitCode::from(1),
        Ok(Outcome::Unusable) => ExitCode::from(2),
        Err(Failure(message)) => {
            output::complain(&message);
            ExitCode::from(2)
        }
    }
}
