//! Requests that show a change: by whom they are asked, and what is said of them.

use super::callers::Asker;
use super::diff::Answer;
use super::explain::{Named, explain};
use super::solve::USER_ID;
use crate::model::Model;
use crate::reference;
use crate::request::{ContextValue, Request};
use portcullis_runtime::decision::Layer;

/// A request by one of those for whom the same is found. The name of a role's session is that with which its id ends.
pub(super) fn asked_by(asker: &Asker, request: &Request) -> Request {
    let mut request = Request { principal: asker.principal.clone(), ..request.clone() };
    let id = request.context.iter().position(|(key, _)| key == USER_ID);
    if let Some((_, ContextValue::One(id))) = id.map(|at| request.context.remove(at))
        && let Some((role, _)) =
            asker.principal.rsplit_once('/').filter(|(role, _)| role.contains(":assumed-role/"))
        && let Some((_, name)) = id.split_once(':')
    {
        request.principal = format!("{role}/{name}");
    }
    request
}

/// Whether an action's resource is one of its own service, as requests have them.
pub(super) fn is_likely(request: &Request) -> bool {
    let service = request.action.split(':').next().unwrap_or_default();
    request.resource == "*"
        || request.resource.split(':').nth(2).is_some_and(|own| own.eq_ignore_ascii_case(service))
}

/// The statements of identity and resource policies that apply to a request and allow.
pub(super) fn granting(model: &Model, request: &Request) -> Vec<Named> {
    let layers = explain(model, request, &[]).layers.into_iter();
    let grants = layers.filter(|report| matches!(report.layer, Layer::Identity | Layer::Resource));
    let matched = grants.flat_map(|report| report.matched).map(|matched| matched.statement);
    matched.filter(|statement| statement.effect == crate::model::Effect::Allow).collect()
}

/// What each world says of a request. It names the account of its resource only where the answers depend on it.
pub(super) fn answered(models: &[&Model], request: Request) -> (Request, Vec<Answer>) {
    let short = Request { resource_account: None, ..request.clone() };
    let decide = |request: &Request| -> Vec<_> {
        models.iter().map(|model| reference::decide(model, request)).collect()
    };
    let request = if decide(&short) == decide(&request) { short } else { request };
    let answers = models.iter().map(|model| answer(model, &request)).collect();
    (request, answers)
}

fn answer(model: &Model, request: &Request) -> Answer {
    let explanation = explain(model, request, &[]);
    let decision = explanation.decision;
    Answer {
        effect: decision.effect,
        layer: decision.layer,
        reason: decision.reason,
        statements: explanation.statements,
    }
}
