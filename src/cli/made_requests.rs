//! Requests made from the statements of a model: for measuring a bundle without requests of one's own.

use crate::compiler::facts::known_service;
use crate::compiler::merge::{PrincipalRef, merge};
use crate::compiler::model::{Model, Statement};
use crate::compiler::request::Request;

/// Principals that ask, and requests of all of them together.
const PRINCIPALS: usize = 50;
const REQUESTS: usize = 2_000;

/// 2,000 requests of 50 principals that have policies, or fewer: each made from one of their statements, with words for its wildcards
/// and policy variables. Statements with `NotAction` or `NotResource` make none: what they name is what they spare. Always the same ones.
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
            let statements: Vec<_> = documents.flat_map(|it| &it.statements).filter(|it| names(it)).collect();
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

/// Whether a statement names what it is about.
fn names(statement: &Statement) -> bool {
    !statement.actions.negated && statement.resources.as_ref().is_some_and(|resources| !resources.negated)
}

fn request(principal: &str, statement: &Statement, round: usize) -> Option<Request> {
    let pick = |count: usize| round.checked_rem(count);
    let patterns = &statement.actions.patterns;
    let action = patterns.get(pick(patterns.len())?)?;
    let resources = &statement.resources.as_ref()?.patterns;
    let resource = &*resources.get(pick(resources.len())?)?.text;
    let resource = match resource {
        "*" => "*".to_owned(),
        _ => a_resource(resource, statement.variables, &format!("word{round}")),
    };
    let action = an_action(&action.text, round)?;
    Some(Request { principal: principal.to_owned(), action, resource, ..Request::default() })
}

/// A resource that a pattern covers: with a word for each `*` and policy variable (rules R1, X1, X2).
fn a_resource(pattern: &str, variables: bool, word: &str) -> String {
    let (mut resource, mut rest) = (String::with_capacity(pattern.len()), pattern);
    while let Some((before, special)) = rest.find(['*', '?', '$']).and_then(|at| rest.split_at_checked(at)) {
        resource.push_str(before);
        let variable = special.strip_prefix("${").filter(|_| variables).and_then(|it| it.split_once('}'));
        let (text, behind) = match (variable, special.get(..1)) {
            (Some((letter @ ("*" | "?" | "$"), behind)), _) => (letter, behind),
            (Some((_, behind)), _) => (word, behind),
            (None, Some("*")) => (word, special.get(1..).unwrap_or_default()),
            (None, Some("?")) => ("7", special.get(1..).unwrap_or_default()),
            (None, letter) => (letter.unwrap_or_default(), special.get(1..).unwrap_or_default()),
        };
        resource.push_str(text);
        rest = behind;
    }
    resource + rest
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiler::resolve::{Attachment, Options, resolve};
    use crate::grammar::source::Source;

    /// Actions and resources of the requests that are made of one user's statements.
    fn made(statements: &str) -> Vec<(String, String)> {
        let document = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
        let principal = "arn:aws:iam::123456789012:user/alice".to_owned();
        let attachment = Attachment { principal, source: Source::new("a.json", document) };
        let model = resolve(&[], &[attachment], &Options::default()).model.unwrap();
        of(&model).into_iter().map(|it| (it.action, it.resource)).collect()
    }

    /// What a Not-form names is what it spares: a request for it would say nothing of the statement.
    #[test]
    fn negated_clauses_make_no_request() {
        let negated = r#"{"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:PutObject", "NotResource": "arn:aws:s3:::b/*"}"#;
        assert_eq!(made(negated), []);
        let plain = r#"{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b"}"#;
        let requests = made(&format!("{negated}, {plain}"));
        assert_eq!(requests.len(), REQUESTS);
        assert!(requests.iter().all(|it| *it == ("s3:ListBucket".to_owned(), "arn:aws:s3:::b".to_owned())));
    }

    #[test]
    fn variables_and_wildcards_become_words() {
        let made = |pattern: &str| a_resource(pattern, true, "w");
        assert_eq!(made("arn:aws:s3:::b/${aws:username}/*"), "arn:aws:s3:::b/w/w");
        assert_eq!(made("b/${aws:PrincipalTag/team, 'none'}?${*}${?}${$}"), "b/w7*?$");
        assert_eq!(made("é$b${open*"), "é$b${openw");
        assert_eq!(a_resource("${aws:username}/*", false, "w"), "${aws:username}/w");
    }
}
