//! Explanations in words that need no knowledge of IAM: what statements and layers are, what fails in them, what would change the answer.

mod conditions;

use portcullis_compiler::analysis::explain::{
    Clause, Explanation, Matched, Named, NearMiss, Obstacle, ObstacleKind, Part,
};
use portcullis_compiler::model::Effect;
use portcullis_compiler::reference::Level;
use portcullis_compiler::request::{ContextValue, Request};
use portcullis_runtime::{Layer, Reason};

/// How many values or statements of one kind are told before the rest is only counted.
const MOST: usize = 5;

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

/// A statement: its name, its policy and where it stands.
fn statement(named: &Named) -> String {
    let name =
        named.sid.as_ref().map_or_else(|| format!("number {}", named.index + 1), |sid| format!("{sid:?}"));
    let version = named.version.as_ref().map(|version| format!(" ({version})")).unwrap_or_default();
    format!("statement {name} of {}{version}{}", named.policy, place(named))
}

/// Where a statement stands. The policies that AWS attaches by itself stand nowhere.
fn place(named: &Named) -> String {
    if named.file.is_empty() {
        return String::new();
    }
    format!(", at {}:{}:{}", named.file, named.line, named.column)
}

/// A statement that decided.
pub(crate) fn decided(named: &Named) -> String {
    let verb = match named.effect {
        Effect::Allow => "allowed",
        Effect::Deny => "denied",
    };
    format!("{verb} by {}", statement(named))
}

/// A statement that applies, and the conditions for which it does.
pub(crate) fn matched(matched: &Matched) -> String {
    let verb = match matched.statement.effect {
        Effect::Allow => "allows",
        Effect::Deny => "denies",
    };
    let level = match (matched.statement.effect, matched.level) {
        (Effect::Allow, Level::Account) => {
            "; it names the account as a whole, which leaves it to the account's own policies"
        }
        (Effect::Allow, Level::Session) => "; it names the identity behind the session",
        _ => "",
    };
    let because: Vec<String> =
        matched.conditions.iter().map(|it| conditions::state(it, "is", true)).collect();
    let because =
        if because.is_empty() { String::new() } else { format!("; because {}", because.join(", and ")) };
    format!("{verb}: {}{level}{because}", statement(&matched.statement))
}

/// A statement that nearly applies, and what it needs.
pub(crate) fn near(near: &NearMiss, request: &Request) -> String {
    let verb = match near.statement.effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    let failed: Vec<String> = near.failed.iter().map(|part| needed(part, request)).collect();
    format!("{} would {verb} if {}", statement(&near.statement), failed.join(", and if "))
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

/// What would change the answer, a sentence or several for each obstacle, in the order in which they would be met.
pub(crate) fn changes(explanation: &Explanation, request: &Request) -> Vec<String> {
    if explanation.obstacles.is_empty() {
        return would_deny(explanation, request);
    }
    let told = explanation.obstacles.iter().enumerate();
    told.map(|(number, obstacle)| {
        let then = if number == 0 { "" } else { "Then still: " };
        format!("{then}{}", self::obstacle(obstacle, request))
    })
    .collect()
}

/// Of an allow: the statements that would deny if one condition were met.
fn would_deny(explanation: &Explanation, request: &Request) -> Vec<String> {
    let near = explanation.layers.iter().flat_map(|report| &report.near);
    near.filter(|miss| {
        miss.statement.effect == Effect::Deny && matches!(miss.failed.as_slice(), [Part::Condition(_)])
    })
    .map(|miss| format!("It would be denied: {}.", self::near(miss, request)))
    .collect()
}

fn obstacle(obstacle: &Obstacle, request: &Request) -> String {
    let name = layer(obstacle.layer, &obstacle.of);
    match &obstacle.kind {
        ObstacleKind::Denied(statements) => {
            let told: Vec<String> = statements.iter().map(|it| denied(it, request)).collect();
            format!("The {name} must not deny. {}", told.join(" "))
        }
        ObstacleKind::Silent { near, or_resource, is_delegated } => {
            let mut text = format!("The {name} must allow. {}", nearest(near, request));
            if let Some(near) = or_resource {
                text.push_str(" Or the resource's own policy allows, by naming the caller itself");
                if *is_delegated {
                    text.push_str(
                        ": it names the account as a whole, which leaves it to the account's own policies",
                    );
                }
                text.push('.');
                for miss in near.iter().take(MOST) {
                    text.push_str(&format!(" There {}.", self::near(miss, request)));
                }
            }
            text
        }
        ObstacleKind::Other(reason) => other(*reason, request),
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
        return format!("{} applies to every resource and has no condition.", capital(&name));
    }
    format!("{} would not apply if {}.", capital(&name), ways.join(", or if "))
}

/// The statements of a layer that nearly allow.
fn nearest(near: &[NearMiss], request: &Request) -> String {
    if near.is_empty() {
        let Request { action, resource, .. } = request;
        return format!("No statement there comes near: it needs one that allows {action} on {resource}.");
    }
    let told: Vec<String> =
        near.iter().take(MOST).map(|miss| format!("{}.", capital(&self::near(miss, request)))).collect();
    told.join(" ")
}

/// What no held statement stands in the way of.
fn other(reason: Reason, request: &Request) -> String {
    match reason {
        Reason::UnknownPrincipal => format!(
            "The bundle does not hold {}: check the ARN, or build the bundle with the account that has it.",
            request.principal
        ),
        _ => format!("{}.", capital(reason.sentence())),
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests;
