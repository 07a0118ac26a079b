//! `portcullis explain`: why a request gets what it gets, layer by layer, and what would change the answer.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::inputs::load;
use super::output::{Format, plain, print};
use super::question::Question;
use super::{Failure, Outcome, Result, decide, session};
use crate::ask::ask_as;
use crate::compiler::analysis::explain::{Explanation, LayerReport, Verdict, explain};
use crate::compiler::bundle::model_of;
use crate::compiler::reference;
use crate::compiler::request::{Request, Session};
use crate::render;
use crate::render::words;
use crate::runtime::{Decision, Effect, Layer};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 allowed, 1 denied, 2 unusable input.

Example:
  portcullis explain acme.bundle --principal arn:aws:iam::123456789012:user/alice \\
      --action s3:GetObject --resource arn:aws:s3:::acme-reports/q3.csv --context aws:SourceIp=192.0.2.1")]
pub(super) struct Arguments {
    /// The bundle; not one that was built with --strip
    bundle: PathBuf,
    #[command(flatten)]
    question: Question,
    /// Output for people or for machines
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let bundle = load(&arguments.bundle)?;
    let model = model_of(&bundle)?;
    let mut request = arguments.question.request()?;
    let policies = match session::read(&arguments.question.session_policy)? {
        Ok(policies) => policies,
        Err(outcome) => return Ok(outcome),
    };
    let overlay = policies.as_ref().map(session::overlay).transpose()?;
    let session = session::session(&bundle, &request.principal, overlay.as_ref())?;
    let session = arguments.question.of_session(session)?;
    let decision = ask_as(&bundle, session.principal(), &request)?;
    let (mut files, mut documents) = (Vec::new(), None);
    if let Some(policies) = policies {
        files = policies.files.iter().map(|name| name.to_string()).collect();
        documents = policies.session;
    }
    request.session = Some(Session {
        policies: documents.unwrap_or_default(),
        tags: arguments.question.session_tag.clone(),
        source_identity: arguments.question.source_identity.clone(),
    });
    let explanation = explain(&model, &request, &files);
    if !is_same(&decision, &explanation.decision) {
        let reference = &explanation.decision;
        return Err(Failure(format!(
            "internal error: the bundle says {} (layer: {}), the reference evaluator {} (layer: {}); do not rely on either, and please \
             report this",
            decision.effect(),
            decision.layer(),
            reference.effect,
            reference.layer
        )));
    }
    print(&match arguments.format {
        Format::Json => format!("{:#}\n", render::explain::json(&explanation, &request)),
        Format::Human => human(&decision, &explanation, &request),
    })?;
    Ok(if decision.is_allowed() { Outcome::Fine } else { Outcome::Negative })
}

/// Whether the bundle and the reference evaluator agree.
pub(super) fn is_same(bundle: &Decision, reference: &reference::Decision) -> bool {
    let level = bundle.level().map(usize::from);
    (bundle.effect(), bundle.layer(), bundle.reason(), level)
        == (reference.effect, reference.layer, reference.reason, reference.level)
}

fn human(decision: &Decision, explanation: &Explanation, request: &Request) -> String {
    let asked = [&request.principal, &request.action, &request.resource].map(|text| plain(text));
    let mut text = format!("{} asks for {} on {}\n", asked[0], asked[1], asked[2]);
    text.push_str(&decide::answer(decision, &[], false));
    let explained = explained(explanation, request);
    if !explained.is_empty() {
        let _ = write!(text, "\n{explained}");
    }
    text
}

/// What every layer says, and what would change the answer.
pub(super) fn explained(explanation: &Explanation, request: &Request) -> String {
    let mut text = String::new();
    for (number, report) in explanation.layers.iter().enumerate() {
        let line = if number > 0 { "\n" } else { "" };
        let _ = write!(text, "{line}{}", layer(report, request, &explanation.decision));
    }
    let changes = words::changes(explanation, request);
    if !changes.is_empty() {
        text.push_str("\n\u{1b}[1mWhat would change the answer\u{1b}[0m\n");
    }
    for (number, change) in (1..).zip(changes) {
        let colon = if change.how.is_empty() { "" } else { ":" };
        let _ = writeln!(text, "  {number}. {}{colon}", plain(&change.what));
        for way in change.how {
            let _ = writeln!(text, "     - {}", plain(&way));
        }
    }
    text
}

/// What one layer says.
fn layer(report: &LayerReport, request: &Request, decision: &reference::Decision) -> String {
    let (colour, verdict) = match report.verdict {
        Verdict::Denies => ("31", "denies"),
        Verdict::Allows => ("32", "allows"),
        // The full-access RCP stands on every level.
        Verdict::Silent if report.layer == Layer::Rcp => ("32", "denies nothing"),
        Verdict::Silent if decision.effect == Effect::Allow => ("33", "does not allow, and does not have to"),
        Verdict::Silent => ("33", "does not allow"),
    };
    let name = plain(&words::layer(report.layer, &report.of));
    let gives = words::purpose(report.layer);
    let here = (report.layer, report.level) == (decision.layer, decision.level);
    let decided = if here { ", and this decided" } else { "" };
    let mut text =
        format!("\u{1b}[1m{name}\u{1b}[0m ({gives}): \u{1b}[{colour}m{verdict}\u{1b}[0m{decided}\n");
    for it in &report.matched {
        let verb = words::does(it.statement.effect);
        paragraph(&mut text, words::placed(verb, &it.statement).into_iter().chain(words::because(it)));
    }
    for near in &report.near {
        let verb = format!("nearly {}", words::does(near.statement.effect));
        let needs = words::condition(near, request);
        paragraph(&mut text, words::placed(&verb, &near.statement).into_iter().chain([needs]));
    }
    let rest = report.others;
    if rest > 0 {
        let others = if report.matched.len() + report.near.len() > 0 { "other " } else { "" };
        let (s, are) = if rest == 1 { ("", "is") } else { ("s", "are") };
        let _ = writeln!(text, "  {rest} {others}statement{s} {are} about something else");
    }
    text
}

/// Lines of which all but the first are indented.
fn paragraph(text: &mut String, lines: impl Iterator<Item = String>) {
    for (number, line) in lines.enumerate() {
        let _ = writeln!(text, "{}{}", if number == 0 { "  " } else { "    " }, plain(&line));
    }
}
