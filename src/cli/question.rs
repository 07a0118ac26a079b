//! A request given by arguments, which several commands take.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, requests, session};
use crate::compiler::request::{ContextValue, Request};
use crate::files::read_text;
use crate::grammar::json::parse;
use crate::grammar::source::Source;
use crate::runtime::Session;

/// A request.
#[derive(Clone, Debug, Args)]
pub(super) struct Question {
    /// Who asks: an ARN, a service name, or `*` for anybody
    #[arg(long, value_name = "PRINCIPAL", required = true)]
    principal: Option<String>,
    /// What for, such as s3:GetObject
    #[arg(long, value_name = "ACTION", required = true)]
    action: Option<String>,
    /// On what: an ARN, or `*` for an action without resource
    #[arg(long, value_name = "RESOURCE", required = true)]
    resource: Option<String>,
    /// The account that owns the resource, if its ARN does not say
    #[arg(long, value_name = "ACCOUNT", value_parser = requests::account)]
    resource_account: Option<String>,
    /// A context key; given several times for one key it is a list
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,
    /// More context, as a JSON object; the only way to give a list of one or of none
    #[arg(long, value_name = "FILE")]
    context_json: Option<PathBuf>,
    /// A session policy: it limits whoever asks, as session policies do (may be repeated)
    #[arg(long, value_name = "FILE")]
    pub(super) session_policy: Vec<PathBuf>,
    /// A tag of the session that asks (may be repeated)
    #[arg(long, value_name = "KEY=VALUE", value_parser = session::tag)]
    pub(super) session_tag: Vec<(String, String)>,
    /// The source identity of the session that asks
    #[arg(long, value_name = "TEXT")]
    pub(super) source_identity: Option<String>,
    /// The time of the request: epoch seconds or ISO 8601 [default: now]
    #[arg(long, value_name = "TIME", value_parser = requests::moment, allow_negative_numbers = true)]
    now: Option<i64>,
}

impl Question {
    /// Who asks, where that is given.
    pub(super) fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// What for, where that is given.
    pub(super) fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// The time of the request.
    pub(super) fn now(&self) -> Option<i64> {
        self.now.or_else(requests::clock)
    }

    /// The request, but for what its session adds.
    pub(super) fn request(&self) -> Result<Request, Failure> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Ok(Request {
            principal: text(&self.principal),
            action: text(&self.action),
            resource: text(&self.resource),
            resource_account: self.resource_account.clone(),
            context: self.context()?,
            now: self.now(),
            context_complete: false,
            session: None,
        })
    }

    /// The session with its tags and its source identity.
    pub(super) fn of_session(&self, session: Session) -> Result<Session, Failure> {
        let session = session::tagged(session, &self.session_tag)?;
        Ok(match &self.source_identity {
            Some(identity) => session.with_source_identity(identity.as_str()),
            None => session,
        })
    }

    fn context(&self) -> Result<Vec<(String, ContextValue)>, Failure> {
        let mut context = requests::pairs("--context", &self.context).map_err(Failure)?;
        if let Some(file) = &self.context_json {
            let source = Source::new(file.display().to_string(), read_text(file)?);
            let parsed = parse(&source);
            if let Some(found) = parsed.diagnostics.first() {
                let place = found.labels.first().map(|label| source.position(label.span.start).to_string());
                let place = place.unwrap_or_default();
                return Err(Failure(format!("{}:{place}: {}", file.display(), found.message)));
            }
            if let Some(value) = parsed.value {
                let more =
                    requests::object(value).map_err(|why| Failure(format!("{}: {why}", file.display())))?;
                context.extend(more);
            }
        }
        Ok(context)
    }
}
