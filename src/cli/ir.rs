//! `portcullis ir`: what was understood, as text for review.

mod split;

use std::path::PathBuf;

use super::inputs::{Policies, check_principal};
use super::output::print;
use super::{Outcome, Result};
use crate::compiler::ir::{TextOptions, blocks, print as ir_text};
use crate::compiler::lower;

/// Arguments of `ir`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  portcullis ir snapshot.json > access.ir          # commit it: a pull request then shows what changes
  portcullis ir acme.bundle --principal arn:aws:iam::123456789012:user/alice --origins
  portcullis ir policies/ --split access           # of a large account: a file for each set of permissions
  portcullis ir policies/ --split access --check   # for a build: exit status 1 where a file is not up to date")]
pub(super) struct Arguments {
    #[command(flatten)]
    policies: Policies,
    /// Only this user or role
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
    /// Add to every rule the statements it came from
    #[arg(long)]
    origins: bool,
    /// Write files into a folder instead, one for each set of permissions, named after one of those who have it; what an earlier run left there
    /// and is no longer true is removed, and nothing else
    #[arg(long, value_name = "DIR", conflicts_with = "principal")]
    split: Option<PathBuf>,
    /// With --split: write nothing, and say which files are not up to date (exit status 1)
    #[arg(long, requires = "split")]
    check: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let Some(model) = arguments.policies.model()? else { return Ok(Outcome::Unusable) };
    if let Some(principal) = &arguments.principal {
        check_principal(&model, principal)?;
    }
    let options = TextOptions { principal: arguments.principal.clone(), origins: arguments.origins };
    let ir = lower(&model);
    match &arguments.split {
        Some(folder) => split::run(folder, &blocks(&ir, &model, &options), arguments.check),
        None => {
            print(&ir_text(&ir, &model, &options))?;
            Ok(Outcome::Fine)
        }
    }
}
