//! `portcullis who-can` and `can`: the reverse questions.

use std::path::{Path, PathBuf};

use super::diff::{Compiled, Form, confirm, shown};
use super::inputs::{Policies, check_principal};
use super::{Failure, Outcome, Result, requests};
use crate::compiler::analysis::diff::Report;
use crate::compiler::analysis::reach::{Question, can, who_can};
use crate::compiler::model::Model;
use crate::render::changes::About;

/// Arguments of `who-can`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 somebody can, 1 nobody can, 2 unusable input or usage.

Examples:
  portcullis who-can acme.bundle s3:DeleteObject 'arn:aws:s3:::acme-reports/*'
  portcullis who-can acme.bundle iam:PassRole '*' --with aws:MultiFactorAuthPresent=false")]
pub(super) struct WhoCan {
    /// A bundle that was not built with --strip, a file or a folder
    input: PathBuf,
    /// An action, or a pattern of actions
    action: String,
    /// A resource, or a pattern of resources; `*` for all
    resource: String,
    #[command(flatten)]
    more: More,
}

/// Arguments of `can`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 it can do something, 1 nothing, 2 unusable input or usage.

Examples:
  portcullis can acme.bundle arn:aws:iam::123456789012:user/alice
  portcullis can acme.bundle arn:aws:iam::123456789012:role/app/exporter --action 's3:*' --with aws:SecureTransport=true")]
pub(super) struct Can {
    /// A bundle that was not built with --strip, a file or a folder
    input: PathBuf,
    /// Who: the ARN of a user or role, a service, or `*` for whoever is not authenticated
    principal: String,
    /// Only these actions
    #[arg(long, value_name = "ACTION", default_value = "*")]
    action: String,
    /// Only these resources
    #[arg(long, value_name = "RESOURCE", default_value = "*")]
    resource: String,
    #[command(flatten)]
    more: More,
}

/// What both take.
#[derive(Debug, clap::Args)]
struct More {
    /// What is known of the context; given several times for one key it is a list
    #[arg(long, value_name = "KEY=VALUE")]
    with: Vec<String>,
    /// Output for people, Markdown, or for machines
    #[arg(long, value_enum, default_value_t = Form::Human)]
    format: Form,
}

pub(super) fn run_who_can(arguments: &WhoCan) -> Result {
    let question = question(&arguments.action, &arguments.resource, &arguments.more)?;
    let Some(model) = model(&arguments.input)? else { return Ok(Outcome::Unusable) };
    tell(&who_can(&model, &question), &model, arguments.more.format)
}

pub(super) fn run_can(arguments: &Can) -> Result {
    let question = question(&arguments.action, &arguments.resource, &arguments.more)?;
    let Some(model) = model(&arguments.input)? else { return Ok(Outcome::Unusable) };
    // A user or role of the inputs is told by its whole ARN; `*`, services and the people of other accounts are no identities of theirs.
    let text = &arguments.principal;
    let is_other = text == "*" || is_service(text) || text.contains(":sts:") || text.ends_with(":root");
    if !is_other && !is_of_another_account(&model, text) {
        check_principal(&model, text)?;
    }
    tell(&can(&model, &arguments.principal, &question), &model, arguments.more.format)
}

fn question(action: &str, resource: &str, more: &More) -> std::result::Result<Question, Failure> {
    Ok(Question::new(action, resource)?.with(requests::pairs("--with", &more.with).map_err(Failure)?))
}

fn model(input: &Path) -> std::result::Result<Option<Model>, Failure> {
    Policies { inputs: vec![input.to_path_buf()], attach: Vec::new() }.model()
}

/// Whether a text is the name of a service, and neither an ARN nor the bare name of an identity.
fn is_service(text: &str) -> bool {
    !text.contains(':') && text.contains('.')
}

fn is_of_another_account(model: &Model, text: &str) -> bool {
    let account = text.split(':').nth(4).unwrap_or_default();
    account.len() == 12 && !model.accounts.iter().any(|own| **own == *account)
}

fn tell(report: &Report, model: &Model, form: Form) -> Result {
    confirm(report, None, &Compiled::new(model))?;
    super::output::print(&shown(report, form, About::Allowed))?;
    Ok(if report.is_empty() { Outcome::Negative } else { Outcome::Fine })
}
