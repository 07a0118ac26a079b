//! `portcullis check`: all findings about inputs, without writing anything.

use serde_json::json;

use super::inputs::{Policies, path_of, show};
use super::output::{Format, print};
use super::{Outcome, Result};
use crate::render;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 nothing found, 1 warnings only, 2 errors.

Examples:
  portcullis check policies/ snapshot.json
  portcullis check policy.json --attach arn:aws:iam::123456789012:user/alice=policy.json --format json")]
pub(super) struct Arguments {
    #[command(flatten)]
    policies: Policies,
    /// Output for people (on standard error) or for machines (on standard output)
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let input = arguments.policies.builder().read();
    let diagnostics = &input.resolved.diagnostics;
    match arguments.format {
        Format::Human => show(diagnostics, &input.inputs),
        Format::Json => {
            let found: Vec<_> = diagnostics
                .iter()
                .map(|found| render::json::diagnostic(found, |source| path_of(&input.inputs, source)))
                .collect();
            let errors = diagnostics.iter().filter(|found| found.is_error()).count();
            let report =
                json!({"errors": errors, "warnings": diagnostics.len() - errors, "diagnostics": found});
            print(&format!("{report:#}\n"))?;
        }
    }
    Ok(if input.resolved.model.is_none() {
        Outcome::Unusable
    } else if diagnostics.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Negative
    })
}
