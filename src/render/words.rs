//! Explanations in words that need no knowledge of IAM: what statements and layers are, what fails in them, what would change the answer.

mod conditions;

use std::fmt;

use portcullis_compiler::analysis::explain::{
    Clause, Explanation, Matched, Named, NearMiss, Obstacle, ObstacleKind, Part,
};
use portcullis_compiler::model::Effect;
use portcullis_compiler::reference::Level;
use portcullis_compiler::request::{ContextValue, Request};
use portcullis_runtime::{Layer, Reason};

/// How many values or statements of one kind are told before the rest is only counted.
const MOST: usize = 5;

/// Text of an input as it may stand on a terminal: what would steer it, or turn the direction of writing, is escaped.
pub(crate) fn plain(text: &str) -> String {
    let steers = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) { safe.extend(character.escape_unicode()) } else { safe.push(character) }
    }
    safe
}

/// A layer and whose it is.
pub(crate) fn layer(layer: Layer, of: &str) -> String {
    match layer {
        Layer::Identity => format!("identity policies of {of}"),
        Layer::Boundary => format!("permissions boundary of {of}"),
        Layer::Session => format!("session policies of {of}"),
        Layer::Scp => format!("SCPs of the {of}"),
        Layer::Rcp => format!("RCPs of the {of}"),
        Layer::Resource if of.contains(":role/") => format!("trust policy of {of}"),
        Layer::Resource => format!("resource policy of {of}"),
        Layer::Endpoint => format!("policy of the VPC endpoint {of}"),
        other => other.to_string(),
    }
}

/// What a layer is for.
pub(crate) fn purpose(layer: Layer) -> &'static str {
    match layer {
        Layer::Identity => "what the caller is given",
        Layer::Boundary => "the most that the caller can have",
        Layer::Session => "the most that this session can have",
        Layer::Scp => "the most that anybody in the account can have",
        Layer::Rcp => "the most that anybody may do with the account's resources",
        Layer::Resource => "whom the resource lets in",
        Layer::Endpoint => "what may pass the network endpoint",
        _ => "",
    }
}

/// A statement: its name and its policy.
fn statement(named: &Named) -> String {
    let name =
        named.sid.as_ref().map_or_else(|| format!("number {}", named.index + 1), |sid| format!("{sid:?}"));
    format!("statement {name} of {}", named.policy)
}

/// A statement after the verb that tells what it does, and the place where it stands; of policies that AWS attaches by itself there is none.
pub(crate) fn placed(verb: &str, named: &Named) -> Vec<String> {
    let version = named.version.as_ref().map(|version| format!(" ({version})")).unwrap_or_default();
    let mut lines = vec![format!("{verb} {}{version}", statement(named))];
    if !named.file.is_empty() {
        lines.push(format!("at {}:{}:{}", named.file, named.line, named.column));
    }
    lines
}

/// What a statement does.
pub(crate) fn does(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allows:",
        Effect::Deny => "denies:",
    }
}

/// Why a statement applies, as far as it is not plain: whom it names, and its conditions.
pub(crate) fn because(matched: &Matched) -> Vec<String> {
    let level = match (matched.statement.effect, matched.level) {
        (Effect::Allow, Level::Account) => {
            Some("to the account as a whole, which leaves it to the account's own policies")
        }
        (Effect::Allow, Level::Session) => Some("to the identity behind the session"),
        _ => None,
    };
    let conditions = matched.conditions.iter().map(|it| format!("as {}", conditions::state(it, "is", true)));
    level.map(str::to_owned).into_iter().chain(conditions).collect()
}

/// What a statement that nearly applies would need.
pub(crate) fn condition(near: &NearMiss, request: &Request) -> String {
    let failed: Vec<String> = near.failed.iter().map(|part| needed(part, request)).collect();
    format!("if {}", failed.join(", and if "))
}

/// A statement that nearly applies, and what it would need.
fn near(near: &NearMiss, request: &Request) -> String {
    let verb = match near.statement.effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    format!("{} would {verb} {}", statement(&near.statement), condition(near, request))
}

/// What a part that fails would need.
fn needed(part: &Part, request: &Request) -> String {
    match part {
        Part::Condition(condition) => conditions::state(condition, "were", true),
        Part::Resource(None) => {
            format!(
                "the resource were exactly the one that the policy is attached to (it is {})",
                request.resource
            )
        }
        Part::Resource(Some(resources)) => format!(
            "the resource were {} (it is {})",
            clause(resources, !resources.negated),
            request.resource
        ),
        Part::Principal(None) => "it named a principal".to_owned(),
        Part::Principal(Some(principals)) => format!(
            "the caller were {} (it is {})",
            clause(principals, !principals.negated),
            request.principal
        ),
    }
}

/// `a`, `a or b`; in the other form `neither a nor b`, `not a`.
fn clause(clause: &Clause, is_one: bool) -> String {
    let known = variables(&clause.variables);
    match (is_one, clause.entries.as_slice()) {
        (_, []) if is_one => "one that it names, and it names none".to_owned(),
        (true, entries) => format!("{}{known}", list(entries, "or")),
        (false, [one]) => format!("not {one}{known}"),
        (false, entries) => format!("none of {}{known}", list(entries, "and")),
    }
}

/// `a, b or c`, of many only the first.
fn list(entries: &[String], word: &str) -> String {
    let shown: Vec<&str> = entries.iter().take(MOST).map(String::as_str).collect();
    let more = entries.len().saturating_sub(MOST);
    match shown.as_slice() {
        all if more > 0 => format!("{} {word} {more} more", all.join(", ")),
        [first @ .., last] if !first.is_empty() => format!("{} {word} {last}", first.join(", ")),
        all => all.concat(),
    }
}

/// What policy variables stand for in this request.
fn variables(variables: &[(String, Option<ContextValue>)]) -> String {
    let told = variables.iter().map(|(key, value)| match value {
        Some(value) => format!("{key} is {}", self::value(value)),
        None => format!("{key} is missing"),
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { String::new() } else { format!(" where {}", told.join(" and ")) }
}

/// A value of the request.
fn value(value: &ContextValue) -> String {
    match value {
        ContextValue::One(text) if text.is_empty() => "an empty text".to_owned(),
        ContextValue::One(text) => text.clone(),
        ContextValue::Many(texts) => format!("the list [{}]", texts.join(", ")),
    }
}

/// Something that would change the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// What has to change.
    pub(crate) what: String,
    /// The ways to it.
    pub(crate) how: Vec<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ways = self.how.join("; ");
        if ways.is_empty() { write!(f, "{}.", self.what) } else { write!(f, "{}: {ways}.", self.what) }
    }
}

/// What would change the answer: each obstacle in the order in which they would be met, all of which have to go; of an allow, what would
/// deny.
pub(crate) fn changes(explanation: &Explanation, request: &Request) -> Vec<Change> {
    if explanation.obstacles.is_empty() {
        return would_deny(explanation, request).into_iter().collect();
    }
    let told = explanation.obstacles.iter().enumerate();
    told.map(|(number, obstacle)| {
        let change = self::obstacle(obstacle, request);
        let what = if number == 0 { capital(&change.what) } else { format!("Also, {}", change.what) };
        Change { what, ..change }
    })
    .collect()
}

/// Of an allow: the statements that would deny if one condition were met.
fn would_deny(explanation: &Explanation, request: &Request) -> Option<Change> {
    let near = explanation.layers.iter().flat_map(|report| &report.near);
    let near = near.filter(|miss| {
        miss.statement.effect == Effect::Deny && matches!(miss.failed.as_slice(), [Part::Condition(_)])
    });
    let how: Vec<String> = near.map(|miss| self::near(miss, request)).collect();
    (!how.is_empty()).then(|| Change { what: "A denial, which wins over every grant".to_owned(), how })
}

fn obstacle(obstacle: &Obstacle, request: &Request) -> Change {
    let name = layer(obstacle.layer, &obstacle.of);
    match &obstacle.kind {
        ObstacleKind::Denied(statements) => {
            let how = statements.iter().map(|it| denied(it, request)).collect();
            Change { what: format!("the {name} must not deny"), how }
        }
        ObstacleKind::Silent { near, or_resource, is_delegated } => {
            let mut how = nearest(near, request);
            if let Some(near) = or_resource {
                let delegates = if *is_delegated { "; so far it names the account as a whole" } else { "" };
                how.push(format!(
                    "or the resource policy of {} allows, by naming the caller itself{delegates}",
                    request.resource
                ));
                how.extend(near.iter().take(MOST).map(|miss| self::near(miss, request)));
            }
            Change { what: format!("the {name} must allow"), how }
        }
        ObstacleKind::Other(reason) => Change { what: other(*reason, request), how: Vec::new() },
    }
}

/// A statement that denies, and what would stop it.
fn denied(matched: &Matched, request: &Request) -> String {
    let mut ways: Vec<String> =
        matched.conditions.iter().map(|it| conditions::state(it, "were", false)).collect();
    if let Some(resources) = &matched.resources {
        let other = clause(resources, resources.negated);
        ways.push(format!("the resource were {other} (it is {})", request.resource));
    }
    let name = statement(&matched.statement);
    if ways.is_empty() {
        return format!("{name} covers every resource and has no condition: only a change of itself helps");
    }
    format!("{name} would not apply if {}", ways.join(", or if "))
}

/// The statements of a layer that nearly allow.
fn nearest(near: &[NearMiss], request: &Request) -> Vec<String> {
    if near.is_empty() {
        let Request { action, resource, .. } = request;
        return vec![format!(
            "no statement there comes near: it needs one that allows {action} on {resource}"
        )];
    }
    near.iter().take(MOST).map(|miss| self::near(miss, request)).collect()
}

/// What no held statement stands in the way of.
fn other(reason: Reason, request: &Request) -> String {
    match reason {
        Reason::UnknownPrincipal => {
            let who = &request.principal;
            format!(
                "the bundle does not hold {who}: check the ARN, or build the bundle with the account that has it"
            )
        }
        _ => reason.sentence().to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests;
