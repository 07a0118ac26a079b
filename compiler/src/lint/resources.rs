//! Lints of resource patterns (rules R1, R3, R4): what no request can ask for.

use std::collections::HashSet;

use super::actions::{MOST_EXPANDED, expand};
use super::contain::{Token, resource_covers, template, tokens, tokens_meet};
use super::findings::{Findings, name};
use super::places::Part;
use super::registry as lint;
use super::sites::{Site, Use};
use crate::facts::SERVICE_LEVEL_ARNS;
use crate::facts::details::{self, ServiceFacts};
use crate::model::{ActionPattern, Effect, ResourceClause, ResourcePattern, Statement};
use crate::pattern::{Glob, ResourceForm};

const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// A list longer than this is not compared with itself.
const MOST_COMPARED: usize = 400;

pub(super) fn check(found: &mut Findings<'_>, site: &Site<'_>, statement: &Statement) {
    let Some(clause) = &statement.resources else { return };
    clause.patterns.iter().for_each(|pattern| parts(found, statement, clause, pattern));
    if clause.negated
        && statement.effect == Effect::Allow
        && matches!(site.usage, Use::Identity | Use::Resource)
    {
        found.statement(
            lint::R3_NOT_RESOURCE_ALLOW,
            statement,
            Part::Element("NotResource"),
            "`NotResource` with Allow grants on every resource but those named, those to come too",
            "name the resources in \"Resource\"; or allow on them all and add a Deny for those that are not meant",
        );
    }
    if found.is_on(lint::R1_REDUNDANT_RESOURCE) {
        redundant(found, statement, clause);
    }
    if !clause.negated && !statement.actions.negated {
        reachable(found, statement, clause);
    }
}

fn element(clause: &ResourceClause) -> &'static str {
    if clause.negated { "NotResource" } else { "Resource" }
}

/// Parts that no ARN has.
fn parts(
    found: &mut Findings<'_>,
    statement: &Statement,
    clause: &ResourceClause,
    pattern: &ResourcePattern,
) {
    let ResourceForm::Parts(parts) = &pattern.form else { return };
    let [_, partition, _, _, account, _] = &**parts;
    let part = Part::In(element(clause), &pattern.text);
    if let Some(partition) = partition.as_literal().filter(|it| !PARTITIONS.contains(it)) {
        let message = format!("`{}` names the partition `{partition}`, which does not exist", pattern.text);
        let help =
            "the partitions are aws, aws-cn, aws-us-gov and those of isolated regions; * stands for any";
        found.statement(lint::R1_UNKNOWN_PARTITION, statement, part, message, help);
    }
    let is_wrong = |account: &&str| {
        let digits = account.bytes().all(|byte| byte.is_ascii_digit());
        let odd =
            account.bytes().any(|byte| !byte.is_ascii_lowercase() && !byte.is_ascii_digit() && byte != b'-');
        // AWS's own accounts have names, such as aws and cloudfront.
        !account.is_empty() && (digits && account.len() != 12 || odd || account.contains("account"))
    };
    if let Some(account) = account.as_literal().filter(is_wrong) {
        let message = format!("`{}` names the account `{account}`, which is none", pattern.text);
        let help = "write the 12 digits of an account, or * for any";
        found.statement(lint::R1_ACCOUNT_PART, statement, part, message, help);
    }
}

fn redundant(found: &mut Findings<'_>, statement: &Statement, clause: &ResourceClause) {
    let patterns = &clause.patterns;
    if patterns.len() > MOST_COMPARED {
        return;
    }
    for (at, pattern) in patterns.iter().enumerate() {
        let wider = patterns.iter().enumerate().find(|(other, wider)| {
            *other != at
                && resource_covers(&wider.form, &pattern.form)
                // Of two equal ones the later one is too many.
                && (*other < at || !resource_covers(&pattern.form, &wider.form))
        });
        if let Some((_, wider)) = wider {
            let message = format!("`{}` is covered by `{}`", pattern.text, wider.text);
            let part = Part::In(element(clause), &pattern.text);
            found.statement(lint::R1_REDUNDANT_RESOURCE, statement, part, message, "remove it");
        }
    }
}

/// The types of resources that some actions work on, each once.
#[derive(Default)]
struct Types {
    seen: HashSet<&'static str>,
    arns: Vec<Vec<Vec<Token>>>,
}

impl Types {
    /// Adds those of an action; whether it has any.
    fn add(&mut self, facts: &'static ServiceFacts, name: &str) -> bool {
        let Some(action) = facts.action(name) else { return false };
        let mut any = false;
        for kind in facts.types(action) {
            any = true;
            for arn in &kind.arns {
                if self.seen.insert(arn) {
                    self.arns.push(template(arn));
                }
            }
        }
        any
    }

    /// Whether a pattern can match a resource of one of them.
    fn meet(&self, pattern: &Steps) -> bool {
        let Steps::Parts(parts) = pattern else { return true };
        self.arns.iter().any(|arn| arn.iter().zip(parts).all(|(kind, own)| tokens_meet(kind, own)))
    }
}

/// Whether an action, given in lower case, works on some resource that a pattern matches.
pub(super) fn works_on(action: &str, form: &ResourceForm) -> bool {
    let Some((prefix, name)) = action.split_once(':') else { return false };
    let Some(facts) = details::service(prefix) else { return false };
    let mut types = Types::default();
    types.add(facts, name);
    types.meet(&steps(form))
}

fn steps(form: &ResourceForm) -> Steps {
    match form {
        // What is no ARN is padded or matches nothing, which reading says (rule R5).
        ResourceForm::Parts(parts) if parts.first().is_some_and(is_arn) => {
            Steps::Parts(parts.iter().map(tokens).collect())
        }
        _ => Steps::Any,
    }
}

fn is_arn(first: &Glob) -> bool {
    first.as_literal().is_none_or(|text| text == "arn")
}

/// A resource pattern, prepared.
enum Steps {
    Any,
    Parts(Vec<Vec<Token>>),
}

fn reachable(found: &mut Findings<'_>, statement: &Statement, clause: &ResourceClause) {
    let everything = clause.patterns.iter().any(|it| matches!(it.form, ResourceForm::Everything));
    let count = clause.patterns.len().max(statement.actions.patterns.len());
    if everything || clause.patterns.is_empty() || count > MOST_EXPANDED {
        return;
    }
    let steps: Vec<Steps> = clause.patterns.iter().map(|pattern| steps(&pattern.form)).collect();
    let (mut all, mut certain, mut typed) = (Types::default(), true, false);
    let mut without = Vec::new();
    let mut elsewhere = Vec::new();
    for pattern in &statement.actions.patterns {
        let whole = |actions: &Vec<(&ServiceFacts, &str)>| {
            !actions.is_empty() && actions.iter().all(|(facts, _)| facts.has_all_types())
        };
        let Some(actions) = expand(&pattern.form).filter(whole) else {
            certain = false;
            continue;
        };
        let mut own = Types::default();
        let has: Vec<bool> = actions.iter().map(|(facts, name)| own.add(facts, name)).collect();
        for (facts, name) in &actions {
            all.add(facts, name);
        }
        typed |= has.contains(&true);
        if !has.contains(&true) {
            if !actions.iter().any(|(_, name)| at_service_level(pattern_prefix(&pattern.text), name, &steps))
            {
                without.push(pattern);
            }
        } else if !steps.iter().any(|steps| own.meet(steps)) {
            elsewhere.push(pattern);
        }
    }
    let mut nothing = 0;
    if certain && typed {
        for (pattern, steps) in clause.patterns.iter().zip(&steps) {
            if !all.meet(steps) {
                nothing += 1;
                let message = format!(
                    "`{}` matches no resource that the actions of {} work on",
                    pattern.text,
                    name(statement)
                );
                let help = "compare it with the ARNs that AWS documents for the actions: often a part is missing, such as /* for what lies in a bucket";
                let part = Part::In("Resource", &pattern.text);
                found.statement(lint::R4_NO_SUCH_RESOURCE, statement, part, message, help);
            }
        }
    }
    if let Some(first) = without.first() {
        let (have, them) = if without.len() == 1 { ("has", "its") } else { ("have", "their") };
        let message =
            format!("{} {have} no resources, so that only `*` matches {them} requests", listed(&without));
        let help = "move such actions to a statement of their own with \"Resource\": \"*\"";
        let part = Part::In("Action", &first.text);
        found.statement(lint::R4_NEEDS_STAR, statement, part, message, help);
    }
    // Where no resource fits any action, that is said already.
    if let Some(first) = elsewhere.first().filter(|_| nothing < clause.patterns.len()) {
        let work = if elsewhere.len() == 1 { "works" } else { "work" };
        let message =
            format!("{} {work} on none of the resources of {}", listed(&elsewhere), name(statement));
        let help = "add the resources that they work on, or move them to a statement with these";
        let part = Part::In("Action", &first.text);
        found.statement(lint::R4_ACTION_ELSEWHERE, statement, part, message, help);
    }
}

/// Some action patterns in a sentence; of many the first ones.
fn listed(patterns: &[&ActionPattern]) -> String {
    const MOST: usize = 3;
    let names: Vec<String> = patterns.iter().take(MOST).map(|it| format!("`{}`", it.text)).collect();
    match (names.as_slice(), patterns.len().saturating_sub(MOST)) {
        (names, more) if more > 0 => format!("{} and {more} more", names.join(", ")),
        ([names @ .., last], _) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        (names, _) => names.join(", "),
    }
}

fn pattern_prefix(text: &str) -> &str {
    text.split(':').next().unwrap_or("")
}

/// Whether an action is one that also matches as an ARN of its service (rule R4), and a pattern matches that.
fn at_service_level(prefix: &str, name: &str, patterns: &[Steps]) -> bool {
    SERVICE_LEVEL_ARNS.iter().any(|(action, arn)| {
        let is = action.split_once(':').is_some_and(|(of, it)| of.eq_ignore_ascii_case(prefix) && it == name);
        let literal: Vec<Vec<Token>> =
            arn.splitn(6, ':').map(|it| it.chars().map(Token::Char).collect()).collect();
        is && patterns.iter().any(|steps| match steps {
            Steps::Any => true,
            Steps::Parts(parts) => parts.iter().zip(&literal).all(|(one, other)| tokens_meet(one, other)),
        })
    })
}
