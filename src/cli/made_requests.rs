//! Requests made from the statements of a model: for measuring a bundle without requests of one's own.

use crate::compiler::facts::known_service;
use crate::compiler::merge::{PrincipalRef, merge};
use crate::compiler::model::{Model, Statement};
use crate::compiler::request::Request;

/// Principals that ask, and requests of all of them together.
const PRINCIPALS: usize = 50;
const REQUESTS: usize = 2_000;

/// 2,000 requests of 50 principals that have policies, or fewer: each made from one of their statements, with words for its wildcards.
/// Always the same ones.
pub(super) fn of(model: &Model) -> Vec<Request> {
    let merged = merge(model).principals;
    let with_statements: Vec<(&str, Vec<&Statement>)> = merged
        .iter()
        .filter_map(|it| {
            let arn = match it.principal {
                PrincipalRef::User(id) => &model.users.get(id as usize)?.identity.arn,
                PrincipalRef::Role(id) => &model.roles.get(id as usize)?.identity.arn,
            };
            let documents = it.identity.iter().filter_map(|source| source.document(model));
            let statements: Vec<_> = documents.flat_map(|it| &it.statements).collect();
            (!statements.is_empty()).then_some((&**arn, statements))
        })
        .collect();
    let step = (with_statements.len() / PRINCIPALS).max(1);
    let askers: Vec<_> = with_statements.iter().step_by(step).take(PRINCIPALS).collect();
    let mut requests = Vec::new();
    for round in 0..REQUESTS.div_ceil(askers.len().max(1)) {
        for (principal, statements) in &askers {
            let statement = statements.get(round % statements.len());
            requests.extend(statement.and_then(|it| request(principal, it, round)));
        }
    }
    requests.truncate(REQUESTS);
    requests
}

fn request(principal: &str, statement: &Statement, round: usize) -> Option<Request> {
    let pick = |count: usize| round.checked_rem(count);
    let patterns = &statement.actions.patterns;
    let action = patterns.get(pick(patterns.len())?)?;
    let resources = &statement.resources.as_ref()?.patterns;
    let resource = resources.get(pick(resources.len())?)?.text.replace('?', "7");
    let resource = if resource == "*" { resource } else { resource.replace('*', &format!("word{round}")) };
    let action = an_action(&action.text, round)?;
    Some(Request { principal: principal.to_owned(), action, resource, ..Request::default() })
}

/// An action that a pattern covers, if the part before its first wildcard says which.
fn an_action(pattern: &str, round: usize) -> Option<String> {
    let (service, name) = pattern.split_once(':').unwrap_or(("s3", "*"));
    let Some((prefix, _)) = name.split_once(['*', '?']) else { return Some(pattern.to_owned()) };
    let known = known_service(&service.to_ascii_lowercase())?;
    let fits =
        |name: &&&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let fitting: Vec<&&str> = known.actions.iter().filter(fits).collect();
    let name = fitting.get(round.checked_rem(fitting.len())?)?;
    Some(format!("{service}:{name}"))
}
