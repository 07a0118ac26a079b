//! `portcullis graph`: pictures of who gets permissions from where, of an identity's automata, and of the way of a request to its decision.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::explained::ask;
use super::inputs::{Policies, check_principal};
use super::output::print;
use super::question::Question;
use super::{Failure, Outcome, Result};
use crate::compiler::analysis::explain::{Explanation, NearMiss};
use crate::compiler::analysis::graph::{self, Picture, Wording};
use crate::compiler::model::Model;
use crate::compiler::request::Request;
use crate::files::write_whole;
use crate::render::{dot::dot, svg::svg, words};
use crate::runtime::Layer;

/// Arguments of `graph`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --automaton and --request the picture is who gets permissions from where: users, groups, roles, policies, boundaries,
the organization with its control policies, and who may assume whom; with --principal only what bears on that one.

Examples:
  portcullis graph acme.gate -o acme.svg
  portcullis graph organization/ --principal arn:aws:iam::111122223333:user/alice -o alice.svg
  portcullis graph acme.bundle --automaton --principal arn:aws:iam::123456789012:user/alice --action s3:GetObject -o automaton.svg
  portcullis graph acme.bundle --request --principal arn:aws:iam::123456789012:user/alice \\
      --action s3:GetObject --resource arn:aws:s3:::acme-reports/q3.csv -o decision.svg
  portcullis graph acme.gate | dot -Tpdf > acme.pdf      # if Graphviz is there",
    mut_args(of_request)
)]
pub(super) struct Arguments {
    #[command(flatten)]
    policies: Policies,
    #[command(flatten)]
    question: Question,
    /// Draw the automata that decide about one identity, for all actions or one
    #[arg(long, requires = "principal", conflicts_with = "request")]
    automaton: bool,
    /// Draw the way of one request to its decision: the layers, and which statement of which policy matched or nearly did
    #[arg(long, requires_all = ["principal", "action", "resource"])]
    request: bool,
    /// What to write [default: that of the output's name, else dot]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Where the picture goes; it is written whole or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The language of Graphviz
    Dot,
    /// Drawn; needs nothing else
    Svg,
}

/// The arguments of a request are wanted with `--request` only.
fn of_request(argument: clap::Arg) -> clap::Arg {
    match argument.get_id().as_str() {
        "principal" => argument
            .required(false)
            .value_name("ARN")
            .help("Whom the picture is about: a user or role; with --request whoever asks"),
        "action" => {
            argument.required(false).requires("principal").help("Only this action, such as s3:GetObject")
        }
        "resource" => argument
            .required(false)
            .requires("request")
            .help("On what: an ARN, or `*` for an action without resource"),
        "resource_account" | "context" | "context_json" | "session_policy" | "session_tag"
        | "source_identity" | "now" => argument.requires("request"),
        _ => argument,
    }
}

pub(super) fn run(arguments: &Arguments) -> Result {
    if arguments.question.action().is_some() && !arguments.automaton && !arguments.request {
        return Err(Failure("--action needs --automaton, or --request and --resource".to_owned()));
    }
    let format = arguments.format()?;
    let Some(model) = arguments.policies.model()? else { return Ok(Outcome::Unusable) };
    let picture = if arguments.request {
        match requested(arguments, &model)? {
            Ok(picture) => picture,
            Err(outcome) => return Ok(outcome),
        }
    } else {
        arguments.picture(&model)?
    };
    let text = match format {
        Format::Dot => dot(&picture),
        Format::Svg => {
            svg(&picture).map_err(|too_large| Failure(format!("{too_large}: {}", arguments.narrower())))?
        }
    };
    match &arguments.output {
        Some(file) if *file != Path::new("-") => write_whole(file, text.as_bytes())?,
        _ => print(&text)?,
    }
    Ok(Outcome::Fine)
}

impl Arguments {
    /// The format that was asked for, or that the output's name ends in.
    fn format(&self) -> std::result::Result<Format, Failure> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(file) = self.output.as_deref().filter(|file| *file != Path::new("-")) else {
            return Ok(Format::Dot);
        };
        let ending = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("svg") => Ok(Format::Svg),
            Some("dot" | "gv") => Ok(Format::Dot),
            _ => Err(Failure(format!(
                "the name {} does not say what to write: end it in .svg or .dot, or give --format",
                file.display()
            ))),
        }
    }

    fn picture(&self, model: &Model) -> std::result::Result<Picture, Failure> {
        let Some(principal) = self.question.principal() else { return Ok(graph::access(model)) };
        check_principal(model, principal)?;
        let picture = if self.automaton {
            let action = self.question.action();
            if let Some(action) = action.filter(|action| !action.contains(':')) {
                return Err(Failure(format!("{action:?} is no action: expected one such as s3:GetObject")));
            }
            graph::automaton(model, principal, action)
                .map_err(|_| Failure("the automata are too large".to_owned()))?
        } else {
            graph::bearing_on(model, principal)
        };
        picture.ok_or_else(|| Failure(format!("no user or role of the inputs has the ARN {principal}")))
    }

    /// How to get a smaller picture.
    fn narrower(&self) -> &'static str {
        match (self.automaton, self.question.action(), self.question.principal()) {
            (true, None, _) => "give --action for one action alone; --format dot writes all of it",
            (false, _, None) => "give --principal for one identity alone; --format dot writes all of it",
            _ => "--format dot writes all of it",
        }
    }
}

/// The picture of a request, or how the command ends without one.
fn requested(
    arguments: &Arguments,
    model: &Model,
) -> std::result::Result<std::result::Result<Picture, Outcome>, Failure> {
    Ok(ask(model, &arguments.question)?.map(|(request, explanation)| {
        graph::request(&explanation, &request, &Words { explanation: &explanation, request: &request })
    }))
}

struct Words<'a> {
    explanation: &'a Explanation,
    request: &'a Request,
}

impl Wording for Words<'_> {
    fn layer(&self, layer: Layer, of: &str) -> String {
        words::layer(layer, of)
    }

    fn needs(&self, near: &NearMiss) -> String {
        words::condition(near, self.request)
    }

    fn reason(&self) -> String {
        self.explanation.decision.reason.sentence().to_owned()
    }
}
