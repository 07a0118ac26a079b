//! `portcullis decide`: one request, or a file of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::inputs::load;
use super::output::{Format, plain, print};
use super::question::Question;
use super::session::Described;
use super::{Failure, Outcome, Result, requests, session};
use crate::ask::{ask, ask_as};
use crate::compiler::request::Request;
use crate::files::read_text;
use crate::grammar::json::lines;
use crate::grammar::source::Source;
use crate::render;
use crate::runtime::explain::Statement;
use crate::runtime::provenance::Provenance;
use crate::runtime::{Bundle, Decision, Effect, NotRouted, Reason};

/// Arguments of `decide`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Request files are JSON Lines: {\"principal\", \"action\", \"resource\", \"resource_account\"?, \"context\"?, \"id\"?}.

Examples:
  portcullis decide acme.bundle --principal arn:aws:iam::123456789012:user/alice \\
      --action s3:GetObject --resource arn:aws:s3:::acme-reports/q3.csv --context aws:SourceIp=10.1.2.3
  portcullis decide acme.bundle --principal arn:aws:sts::123456789012:assumed-role/deployer/build-17 \\
      --session-policy narrow.json --action s3:GetObject --resource arn:aws:s3:::acme-reports/q3.csv
  portcullis decide reports.bundle --principal arn:aws:iam::123456789012:user/alice --route 'GET /reports/7'
  portcullis decide acme.bundle --requests requests.jsonl --format json",
    mut_args(or_requests)
)]
pub(super) struct Arguments {
    /// The bundle
    bundle: PathBuf,
    #[command(flatten)]
    question: Question,
    /// What for and on what, instead of --action and --resource: method and target of a request of HTTP, which the bundle's routes translate
    #[arg(long, value_name = "METHOD TARGET", conflicts_with_all = ["action", "resource"])]
    route: Option<String>,
    /// Say in words why
    #[arg(long)]
    explain: bool,
    /// Decide every line of a file; `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["principal", "action", "resource", "route", "resource_account", "context", "context_json", "session_policy", "session_tag", "source_identity"])]
    requests: Option<PathBuf>,
    /// Output for people or for machines
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// Instead of a request there may be a file of them.
fn or_requests(argument: clap::Arg) -> clap::Arg {
    match argument.get_id().as_str() {
        "principal" => argument.required(false).required_unless_present("requests"),
        "action" | "resource" => argument.required(false).required_unless_present_any(["requests", "route"]),
        _ => argument,
    }
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let bundle = load(&arguments.bundle)?;
    if let Some(file) = &arguments.requests {
        return many(arguments, &bundle, &bundle.provenance()?, file, arguments.question.now());
    }
    let mut request = arguments.question.request()?;
    if let Some(route) = &arguments.route {
        match routed(&bundle, route)? {
            Ok((action, resource)) => (request.action, request.resource) = (action, resource),
            Err(why) => return refused(arguments.format, why),
        }
    }
    let policies = match session::policies(&arguments.question.session_policy)? {
        Ok(policies) => policies,
        Err(outcome) => return Ok(outcome),
    };
    let session = session::session(&bundle, &request.principal, policies.as_ref())?;
    let session = arguments.question.of_session(session)?;
    let principal = session.principal();
    let decision = ask_as(&bundle, principal, &request)?;
    let described = Described::new(&bundle, policies.as_ref())?;
    let statements = described.statements(&decision);
    print(&match arguments.format {
        Format::Json => format!("{:#}\n", render::json::decision(&decision, &statements)),
        Format::Human => human(arguments, &request, &decision, &statements),
    })?;
    Ok(if decision.is_allowed() { Outcome::Fine } else { Outcome::Negative })
}

/// Action and resource of a request of HTTP, or why it has none.
fn routed(
    bundle: &Bundle,
    text: &str,
) -> std::result::Result<std::result::Result<(String, String), NotRouted>, Failure> {
    let Some((method, target)) = text.split_once(' ') else {
        return Err(Failure(
            "write method and target with a blank between: --route 'GET /reports/7'".to_owned(),
        ));
    };
    let mut resource = String::new();
    let found =
        bundle.route_into(method, target, &mut resource).map(|routed| routed.action_name().to_owned());
    Ok(found.map(|action| (action, resource)))
}

/// A request without a route is refused: nobody can grant what has no name.
fn refused(format: Format, why: NotRouted) -> Result {
    print(&match format {
        Format::Json => {
            let answer = json!({
                "decision": Effect::ImplicitDeny.name(), "layer": "none", "level": null, "reason": why.name(), "statements": [],
            });
            format!("{answer:#}\n")
        }
        Format::Human => {
            format!("\u{1b}[1;31m{}\u{1b}[0m (no route)\n  {}\n", Effect::ImplicitDeny.name(), why.sentence())
        }
    })?;
    Ok(Outcome::Negative)
}

/// A decision in words.
fn human(
    arguments: &Arguments,
    request: &Request,
    decision: &Decision,
    statements: &[Statement<'_>],
) -> String {
    let mut text = String::new();
    if arguments.explain {
        let asked = [&request.principal, &request.action, &request.resource].map(|text| plain(text));
        let _ = writeln!(text, "{} asks for {} on {}", asked[0], asked[1], asked[2]);
    }
    text.push_str(&answer(decision, statements, arguments.explain));
    text
}

/// What was decided, where, why, and by which statements.
pub(super) fn answer(decision: &Decision, statements: &[Statement<'_>], reasons: bool) -> String {
    let colour = if decision.is_allowed() { "32" } else { "31" };
    let mut text = format!("\u{1b}[1;{colour}m{}\u{1b}[0m", decision.effect().name());
    let level = match decision.level() {
        Some(0) => ", on the root".to_owned(),
        Some(level) => format!(", {level} below the root"),
        None => String::new(),
    };
    let _ = writeln!(text, " (layer: {}{level})", decision.layer());
    if reasons || decision.reason() != Reason::Statement {
        let _ = writeln!(text, "  {}", decision.reason().sentence());
    }
    for statement in statements {
        let verb = if decision.effect() == Effect::ExplicitDeny { "denied" } else { "allowed" };
        let name =
            statement.sid.map_or_else(|| format!("number {}", statement.index + 1), |sid| format!("{sid:?}"));
        let version = statement.version.map(|version| format!(" ({version})")).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {verb} by statement {name} of {}{version}\n    at {}:{}:{}",
            plain(statement.policy),
            plain(statement.file),
            statement.line,
            statement.column
        );
    }
    text
}

/// Answers every line of a file in order; a line that is no request gets an answer that says so.
fn many(
    arguments: &Arguments,
    bundle: &Bundle,
    provenance: &Provenance,
    file: &Path,
    now: Option<i64>,
) -> Result {
    let source = Source::new(file.display().to_string(), read_text(file)?);
    let mut outcome = Outcome::Fine;
    for (number, span) in lines(&source) {
        let line = requests::line(&source, span, now);
        let name = || line.id.as_deref().map_or_else(|| format!("line {number}"), plain);
        let answered = line.request.and_then(|request| {
            let decision = ask(bundle, &request).map_err(|error| error.to_string())?;
            Ok((request, decision))
        });
        let text = match (answered, arguments.format) {
            (Ok((_, decision)), Format::Json) => {
                let mut answer = json!({ "id": line.id });
                if let (Value::Object(answer), Value::Object(fields)) =
                    (&mut answer, render::json::decision(&decision, &provenance.statements(&decision)))
                {
                    answer.extend(fields);
                }
                format!("{answer}\n")
            }
            (Ok((request, decision)), Format::Human) => {
                let words = human(arguments, &request, &decision, &provenance.statements(&decision));
                format!("{}: {words}", name())
            }
            (Err(problem), format) => {
                outcome = Outcome::Unusable;
                match format {
                    Format::Json => format!("{}\n", json!({"id": line.id, "line": number, "error": problem})),
                    Format::Human => format!("{}: error: {problem}\n", name()),
                }
            }
        };
        print(&text)?;
    }
    Ok(outcome)
}
