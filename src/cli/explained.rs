//! A question put to a model: the request with all that its session adds, and why it gets what it gets.

use super::question::Question;
use super::{Failure, Outcome, session};
use crate::compiler::analysis::explain::{Explanation, explain};
use crate::compiler::model::Model;
use crate::compiler::request::{Request, Session};

/// Asks; gives how the command ends where a session policy is wrong, which is said then.
pub(super) fn ask(
    model: &Model,
    question: &Question,
) -> Result<Result<(Request, Explanation), Outcome>, Failure> {
    let mut request = question.request()?;
    request.check()?;
    let policies = match session::read(&question.session_policy)? {
        Ok(policies) => policies,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let (files, documents) = match policies {
        Some(policies) => (policies.files.iter().map(ToString::to_string).collect(), policies.session),
        None => (Vec::new(), None),
    };
    session::check_tags(&question.session_tag)?;
    request.session = Some(Session {
        policies: documents.unwrap_or_default(),
        tags: question.session_tag.clone(),
        source_identity: question.source_identity.clone(),
    });
    let explanation = explain(model, &request, &files);
    Ok(Ok((request, explanation)))
}
