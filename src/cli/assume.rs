//! `portcullis assume`: may this principal take this role, and with what session then (rule I4)?

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::inputs::load;
use super::output::{Format, plain, print};
use super::session::Described;
use super::{Outcome, Result, requests, session};
use crate::assume::{Answer, Assumption, Way, assume};
use crate::compiler::bundle::{ColdError, model_of};
use crate::render;

/// Arguments of `assume`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Tags need sts:TagSession as well, a source identity sts:SetSourceIdentity; the role is taken if all are allowed.
Exit status: 0 yes, 1 no, 2 unusable input.

Examples:
  portcullis assume acme.bundle --principal arn:aws:iam::123456789012:user/alice \\
      --role arn:aws:iam::123456789012:role/deployer --context aws:MultiFactorAuthPresent=true
  portcullis assume acme.bundle --principal accounts.google.com --way web-identity \\
      --role arn:aws:iam::123456789012:role/app --context accounts.google.com:aud=my-client"
)]
pub(super) struct Arguments {
    /// The bundle
    bundle: PathBuf,
    /// Who asks: an ARN, or the name or ARN of an identity provider
    #[arg(long, value_name = "PRINCIPAL")]
    principal: String,
    /// The role
    #[arg(long, value_name = "ARN")]
    role: String,
    /// How the role is taken
    #[arg(long, value_enum, default_value_t = WayName::Role)]
    way: WayName,
    /// The name of the session
    #[arg(long, value_name = "NAME", default_value = "session")]
    session_name: String,
    /// The external id that the caller gives
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// A tag of the session that is made (may be repeated)
    #[arg(long, value_name = "KEY=VALUE", value_parser = session::tag)]
    tag: Vec<(String, String)>,
    /// The key of such a tag that later sessions keep (may be repeated)
    #[arg(long, value_name = "KEY")]
    transitive_tag: Vec<String>,
    /// The source identity of the session that is made
    #[arg(long, value_name = "TEXT")]
    source_identity: Option<String>,
    /// How long the session shall last, in seconds
    #[arg(long, value_name = "SECONDS")]
    duration: Option<u32>,
    /// A session policy of the session that asks (may be repeated)
    #[arg(long, value_name = "FILE")]
    session_policy: Vec<PathBuf>,
    /// A tag of the session that asks (may be repeated)
    #[arg(long, value_name = "KEY=VALUE", value_parser = session::tag)]
    session_tag: Vec<(String, String)>,
    /// A context key; given several times for one key it is a list
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,
    /// The time of the request: epoch seconds or ISO 8601 [default: now]
    #[arg(long, value_name = "TIME", value_parser = requests::moment, allow_negative_numbers = true)]
    now: Option<i64>,
    /// Output for people or for machines
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WayName {
    /// sts:AssumeRole
    Role,
    /// sts:AssumeRoleWithWebIdentity
    WebIdentity,
    /// sts:AssumeRoleWithSAML
    Saml,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let bundle = load(&arguments.bundle)?;
    let model = match model_of(&bundle) {
        Ok(model) => Some(model),
        // What is left unknown then is said.
        Err(ColdError::Stripped) => None,
        Err(error) => return Err(error.into()),
    };
    let policies = match session::policies(&arguments.session_policy)? {
        Ok(policies) => policies,
        Err(outcome) => return Ok(outcome),
    };
    let caller = session::session(&bundle, &arguments.principal, policies.as_ref())?;
    let caller = session::tagged(caller, &arguments.session_tag)?;
    let question = Assumption {
        role: arguments.role.clone(),
        way: match arguments.way {
            WayName::Role => Way::Role,
            WayName::WebIdentity => Way::WebIdentity,
            WayName::Saml => Way::Saml,
        },
        session_name: arguments.session_name.clone(),
        external_id: arguments.external_id.clone(),
        tags: arguments.tag.clone(),
        transitive: arguments.transitive_tag.clone(),
        source_identity: arguments.source_identity.clone(),
        seconds: arguments.duration,
        context: requests::pairs("--context", &arguments.context).map_err(super::Failure)?,
        now: arguments.now.or_else(requests::clock),
    };
    let answer = assume(&bundle, model.as_ref(), caller.principal(), &question)?;
    let described = Described::new(&bundle, policies.as_ref())?;
    print(&match arguments.format {
        Format::Json => format!("{:#}\n", as_json(&question, &answer, &described)),
        Format::Human => human(&arguments.principal, &question, &answer, &described),
    })?;
    Ok(if answer.session.is_some() { Outcome::Fine } else { Outcome::Negative })
}

fn as_json(question: &Assumption, answer: &Answer, described: &Described) -> serde_json::Value {
    let steps = answer.steps.iter().map(|step| {
        let mut decision = render::json::decision(&step.decision, &described.statements(&step.decision));
        if let Some(members) = decision.as_object_mut() {
            members.insert("action".to_owned(), json!(step.action));
        }
        decision
    });
    let tags: serde_json::Map<_, _> =
        question.tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    json!({
        "allowed": answer.session.is_some(),
        "steps": steps.collect::<Vec<_>>(),
        "session": answer.session.as_ref().map(|session| json!({
            "arn": session.arn,
            "seconds": session.seconds,
            "chained": session.chained,
            "length_is_default": session.length_is_default,
            "tags": tags,
            "transitive_tags": question.transitive,
            "source_identity": question.source_identity,
        })),
    })
}

fn human(principal: &str, question: &Assumption, answer: &Answer, described: &Described) -> String {
    let mut text = String::new();
    for step in &answer.steps {
        let _ = write!(text, "{}: ", step.action);
        text.push_str(&super::decide::answer(&step.decision, &described.statements(&step.decision), true));
    }
    match &answer.session {
        None => {
            let _ = writeln!(text, "{} may not take {}", plain(principal), plain(&question.role));
        }
        Some(session) => {
            let why = match session {
                it if it.chained => " (one role was taken from another: an hour at most)",
                it if it.length_is_default => {
                    " (the bundle does not say how long the role's sessions may last: AWS's default)"
                }
                _ => "",
            };
            let _ = writeln!(text, "session {}, {} seconds{why}", plain(&session.arn), session.seconds);
            for (key, value) in &question.tags {
                let _ = writeln!(text, "  tag {} = {}", plain(key), plain(value));
            }
            if let Some(identity) = &question.source_identity {
                let _ = writeln!(text, "  source identity {}", plain(identity));
            }
        }
    }
    text
}
