//! `portcullis ir`: what was understood, as text for review.

use super::inputs::{Policies, check_principal, model};
use super::output::print;
use super::{Outcome, Result};
use crate::compiler::ir::{TextOptions, print as ir_text};
use crate::compiler::lower;

/// Arguments of `ir`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  portcullis ir snapshot.json > access.ir          # commit it: a pull request then shows what changes
  portcullis ir acme.bundle --principal arn:aws:iam::123456789012:user/alice --origins")]
pub(super) struct Arguments {
    #[command(flatten)]
    policies: Policies,
    /// Only this user or role
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
    /// Add to every rule the statements it came from
    #[arg(long)]
    origins: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let Some(model) = model(&arguments.policies)? else { return Ok(Outcome::Unusable) };
    if let Some(principal) = &arguments.principal {
        check_principal(&model, principal)?;
    }
    let options = TextOptions { principal: arguments.principal.clone(), origins: arguments.origins };
    print(&ir_text(&lower(&model), &model, &options))?;
    Ok(Outcome::Fine)
}
