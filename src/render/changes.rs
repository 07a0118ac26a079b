//! What changes, or who can do what, in words, as Markdown and for machines.

use std::fmt::Write as _;

use portcullis_compiler::analysis::diff::{
    Access, Answer, Certainty, Change, Example, Group, Kind, Literal, Report, RouteChange,
};
use portcullis_compiler::analysis::{Asker, AskerKind, Place, Term};
use portcullis_compiler::request::{ContextValue, Request};
use portcullis_runtime::Effect;
use serde_json::{Value, json};

use super::explain;
use super::words;

/// How many principals, terms or cases are told before the rest is only counted.
const MOST: usize = 8;

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Changes between two worlds.
    Changes,
    /// What one world allows.
    Allowed,
}

/// The kinds in words.
fn verb(kind: Kind) -> &'static str {
    match kind {
        Kind::Granted => "newly allowed",
        Kind::Widened => "allowed in more cases",
        Kind::Shifted => "allowed in other cases",
        Kind::Narrowed => "allowed in fewer cases",
        Kind::Revoked => "newly denied",
    }
}

/// The sign before a change, as in a diff.
fn sign(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Granted | Kind::Widened => ("+", "32"),
        Kind::Shifted => ("~", "33"),
        Kind::Narrowed | Kind::Revoked => ("-", "31"),
    }
}

/// Patterns: all of the first, none of the others.
fn term(term: &Term) -> String {
    let all = if term.all.is_empty() { "*".to_owned() } else { term.all.join(" and ") };
    if term.except.is_empty() { all } else { format!("{all} except {}", listed(&term.except, ", ")) }
}

fn listed(texts: &[String], between: &str) -> String {
    match texts.get(..MOST) {
        Some(first) if texts.len() > MOST + 1 => {
            format!("{}{between}and {} more", first.join(between), texts.len() - MOST)
        }
        _ => texts.join(between),
    }
}

fn terms(list: &[Term]) -> String {
    let texts: Vec<String> = list.iter().map(term).collect();
    let between = if list.iter().any(|term| !term.except.is_empty()) { "; " } else { ", " };
    listed(&texts, between)
}

fn literal(literal: &Literal) -> String {
    if literal.holds { literal.text.clone() } else { format!("not ({})", literal.text) }
}

/// When something is allowed: a line for each case.
fn access(access: &Access) -> Vec<String> {
    match access {
        Access::Never => vec!["never".to_owned()],
        Access::Always => vec!["always".to_owned()],
        Access::When(cases) => {
            let mut lines: Vec<String> = cases
                .iter()
                .take(MOST)
                .enumerate()
                .map(|(number, case)| {
                    let texts: Vec<String> = case.iter().map(literal).collect();
                    format!("{} {}", if number == 0 { "if" } else { "or if" }, texts.join(" and "))
                })
                .collect();
            if cases.len() > MOST {
                lines.push(format!("or in one of {} other cases", cases.len() - MOST));
            }
            lines
        }
    }
}

/// Where the resources lie, as far as that is not plain.
fn place(place: &Place) -> Option<String> {
    match place {
        Place::Own => None,
        Place::Elsewhere => Some(
            "there: other accounts' resources, KMS keys and roles whose own policies no input holds; only if those allow it too".to_owned(),
        ),
        Place::Declared { arn, account } => {
            let account = account.as_deref().map(|account| format!(" of account {account}")).unwrap_or_default();
            Some(format!("there: the declared resource {arn}{account}"))
        }
        Place::Role { arn } => Some(format!("there: taking the role {arn}")),
    }
}

/// Who.
pub(crate) fn principals(group: &Group) -> String {
    let names: Vec<String> = group.principals.iter().map(|asker| asker.name.clone()).collect();
    listed(&names, ", ")
}

fn context(request: &Request) -> String {
    let value = |value: &ContextValue| match value {
        ContextValue::One(text) => text.clone(),
        ContextValue::Many(texts) => format!("[{}]", texts.join(", ")),
    };
    let mut pairs: Vec<String> =
        request.context.iter().map(|(key, given)| format!("{key}={}", value(given))).collect();
    let tags = request.session.iter().flat_map(|session| &session.tags);
    pairs.extend(tags.map(|(key, value)| format!("session tag {key}={value}")));
    if pairs.is_empty() { String::new() } else { format!(" with {}", pairs.join(", ")) }
}

/// A region in one line.
pub(crate) fn region(found: &Change) -> String {
    let mut text = format!("{} on {}", terms(&found.actions), terms(&found.resources));
    match &found.place {
        Place::Own => {}
        // The same patterns may be open among one's own resources, and of others.
        Place::Elsewhere => text.push_str(" of other accounts, or whose own policy has to allow it"),
        Place::Declared { arn, .. } | Place::Role { arn } => {
            let is_plain =
                found.resources.iter().flat_map(|term| &term.all).any(|all| all.starts_with(&**arn));
            if !is_plain {
                let _ = write!(text, " in {arn}");
            }
        }
    }
    if found.after != Access::Always {
        let _ = write!(text, " {}", access(&found.after).join(" "));
    }
    text
}

/// A request in one line.
pub(crate) fn request_text(request: &Request) -> String {
    format!(
        "{} asking for {} on {}{}",
        request.principal,
        request.action,
        resource(request),
        context(request)
    )
}

/// The resource of a request, with its account where the request has to say it.
fn resource(request: &Request) -> String {
    let account = request.resource_account.as_ref().map(|account| format!(" in account {account}"));
    format!("{}{}", request.resource, account.unwrap_or_default())
}

fn answer(answer: &Answer) -> String {
    format!("{} (layer: {})", answer.effect.name(), answer.layer)
}

/// An example: the request, both decisions, and the statements behind them.
fn example(example: &Example) -> Vec<String> {
    let Example { request, before, after } = example;
    let mut lines = vec![format!(
        "{} asks for {} on {}{}",
        request.principal,
        request.action,
        resource(request),
        context(request)
    )];
    for (when, answered) in before.iter().map(|before| ("before", before)).chain([("now", after)]) {
        let when = if before.is_none() { "decision" } else { when };
        lines.push(format!("  {when}: {}", answer(answered)));
        let verb = if answered.effect == Effect::Allow { "allowed by" } else { "denied by" };
        for statement in answered.statements.iter().take(3) {
            let placed = words::placed(verb, statement).into_iter().enumerate();
            lines.extend(placed.map(|(at, line)| format!("    {}{line}", if at == 0 { "" } else { "  " })));
        }
    }
    lines
}

/// The lines of a change, the first of which says what it is.
fn change(change: &Change, about: About) -> Vec<String> {
    let mut lines = vec![
        match about {
            About::Changes => format!("{}: {}", verb(change.kind), terms(&change.actions)),
            About::Allowed => terms(&change.actions),
        },
        format!("on {}", terms(&change.resources)),
    ];
    lines.extend(place(&change.place));
    let told = |when: &str, told: &Access| {
        let mut cases = access(told);
        if let Some(first) = cases.first_mut() {
            *first = if when.is_empty() { first.clone() } else { format!("{when}: {first}") };
        }
        cases
    };
    if about == About::Changes {
        lines.extend(told("before", &change.before));
        lines.extend(told("now", &change.after));
    } else if change.after != Access::Always {
        lines.extend(told("", &change.after));
    }
    for statement in change.statements.iter().take(3) {
        let verb = if change.kind.grows() { "granted by" } else { "was granted by" };
        lines.push(words::placed(verb, statement).join(" "));
    }
    if change.certainty == Certainty::IfCallerAllows {
        lines.push("if their own account allows it too, whose policies no input holds".to_owned());
    }
    if change.certainty == Certainty::May {
        lines.push(
            "may be so: conditions compare keys of the request with each other, or lists, and no example was found".to_owned(),
        );
    }
    lines
}

/// The report on a terminal.
pub(crate) fn human(report: &Report, about: About) -> String {
    let mut text = String::new();
    for group in &report.groups {
        let _ = writeln!(text, "\u{1b}[1m{}\u{1b}[0m", words::plain(&principals(group)));
        for found in &group.changes {
            let (sign, colour) = if about == About::Changes { sign(found.kind) } else { ("", "0") };
            let mut lines = change(found, about).into_iter();
            let first = lines.next().unwrap_or_default();
            let sign = if sign.is_empty() { String::new() } else { format!("{sign} ") };
            let _ = writeln!(text, "  \u{1b}[{colour}m{sign}{}\u{1b}[0m", words::plain(&first));
            for line in lines {
                let _ = writeln!(text, "      {}", words::plain(&line));
            }
            for shown in &found.examples {
                for (number, line) in example(shown).into_iter().enumerate() {
                    let lead = if number == 0 { "for example, " } else { "  " };
                    let _ = writeln!(text, "      {lead}{}", words::plain(&line));
                }
            }
        }
        text.push('\n');
    }
    for line in routes(report) {
        let _ = writeln!(text, "{}", words::plain(&line));
    }
    for line in unknown(report) {
        let _ = writeln!(text, "{}", words::plain(&line));
    }
    text.push_str(&summary(report, about));
    text
}

/// The routes that differ, as in a diff.
fn routes(report: &Report) -> Vec<String> {
    let lines = |change: &RouteChange| {
        let before = change.before.iter().map(|route| format!("- {route}"));
        before.chain(change.after.iter().map(|route| format!("+ {route}"))).collect::<Vec<_>>()
    };
    report.routes.iter().flat_map(lines).collect()
}

/// What could not be looked at.
fn unknown(report: &Report) -> Vec<String> {
    let tell = |(principal, found): &(String, Place)| {
        let place = place(found).map(|place| format!(" ({place})")).unwrap_or_default();
        format!("not looked at, its patterns are too many to be walked: {principal}{place}")
    };
    let endpoint = |id: &String| {
        format!("the policy of the VPC endpoint {id} differs; what may pass through it is not compared")
    };
    let documented = |principal: &String| {
        format!("of {principal}, whose patterns of actions are many, only documented actions were looked at")
    };
    let told = report.too_large.iter().map(tell).chain(report.endpoints.iter().map(endpoint));
    told.chain(report.documented.iter().map(documented)).collect()
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn summary(report: &Report, about: About) -> String {
    let changes = report.changes().count();
    if about == About::Allowed {
        return if changes == 0 { "nothing\n".to_owned() } else { String::new() };
    }
    let grow = report.changes().filter(|change| change.kind.grows()).count();
    let mut asked: Vec<&Asker> = report.groups.iter().flat_map(|group| &group.principals).collect();
    asked.sort();
    asked.dedup();
    match (changes, report.is_empty()) {
        (0, false) if !report.routes.is_empty() => {
            format!("no change in access but by {}\n", count(report.routes.len(), "route"))
        }
        (0, false) => "no change in what was looked at\n".to_owned(),
        (0, true) => "no change in access\n".to_owned(),
        _ => format!(
            "{} for {}: {grow} let in more, {} less\n",
            count(changes, "change"),
            count(asked.len(), "principal"),
            changes - grow
        ),
    }
}

/// The report as Markdown, for a comment on a pull request.
pub(crate) fn markdown(report: &Report, about: About) -> String {
    let title = if about == About::Changes { "Changes in access" } else { "Access" };
    let mut text = format!("### {title}\n\n");
    let summary = summary(report, about);
    if !summary.is_empty() {
        let _ = writeln!(text, "{summary}");
    }
    for group in &report.groups {
        let names: Vec<String> = group.principals.iter().map(|asker| code(&asker.name)).collect();
        let _ = writeln!(text, "**{}**\n", listed(&names, ", "));
        for found in &group.changes {
            let mut lines = change(found, about).into_iter();
            let sign = if about == About::Changes { sign(found.kind).0 } else { "" };
            let mut block =
                vec![format!("{sign} {}", lines.next().unwrap_or_default()).trim_start().to_owned()];
            block.extend(lines.map(|line| format!("    {line}")));
            let _ = writeln!(text, "{}", fenced("diff", &block));
            if !found.examples.is_empty() {
                let shown: Vec<String> = found.examples.iter().flat_map(example).collect();
                let _ = writeln!(
                    text,
                    "<details><summary>Example</summary>\n\n{}\n</details>\n",
                    fenced("text", &shown)
                );
            }
        }
    }
    if !report.routes.is_empty() {
        let _ = writeln!(text, "**Routes**\n\n{}", fenced("diff", &routes(report)));
    }
    for line in unknown(report) {
        let _ = writeln!(text, "- {}", code(&line));
    }
    text
}

/// Text in backticks: more of them than the text has in a row.
fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text) + 1);
    let text = words::plain(text);
    if ticks.len() > 1 { format!("{ticks} {text} {ticks}") } else { format!("`{text}`") }
}

fn fenced(kind: &str, lines: &[String]) -> String {
    let text: Vec<String> = lines.iter().map(|line| words::plain(line)).collect();
    let text = text.join("\n");
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    format!("{fence}{kind}\n{text}\n{fence}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// The report for machines. Field names and their meaning are stable; fields are only ever added.
pub(crate) fn json(report: &Report) -> Value {
    let group = |group: &Group| {
        json!({
            "principals": group.principals.iter().map(|asker| json!({
                "kind": kind(asker.kind), "name": asker.name, "principal": asker.principal,
            })).collect::<Vec<_>>(),
            "changes": group.changes.iter().map(change_json).collect::<Vec<_>>(),
        })
    };
    json!({
        "grows": report.grows(),
        "groups": report.groups.iter().map(group).collect::<Vec<_>>(),
        "endpoints": report.endpoints,
        "routes": report.routes.iter().map(|it| json!({"before": it.before, "after": it.after})).collect::<Vec<_>>(),
        "documented_actions_only": report.documented,
        "unknown": report.too_large.iter().map(|(principal, place)| json!({
            "principal": principal, "place": place_json(place),
        })).collect::<Vec<_>>(),
    })
}

fn kind(kind: AskerKind) -> &'static str {
    match kind {
        AskerKind::User => "user",
        AskerKind::Role => "role",
        AskerKind::TaggedRole => "role_with_session_tags",
        AskerKind::Root => "root",
        AskerKind::Named => "named",
        AskerKind::RestOfAccount => "rest_of_account",
        AskerKind::OtherAccounts => "other_accounts",
        AskerKind::Service => "service",
        AskerKind::OtherServices => "other_services",
        AskerKind::Anonymous => "anonymous",
    }
}

fn place_json(place: &Place) -> Value {
    match place {
        Place::Own => json!({"kind": "own"}),
        Place::Elsewhere => json!({"kind": "elsewhere"}),
        Place::Declared { arn, account } => json!({"kind": "declared", "arn": arn, "account": account}),
        Place::Role { arn } => json!({"kind": "role", "arn": arn}),
    }
}

fn change_json(change: &Change) -> Value {
    let terms = |list: &[Term]| -> Vec<Value> {
        list.iter().map(|term| json!({"all": term.all, "except": term.except})).collect()
    };
    let access = |access: &Access| match access {
        Access::Never => json!("never"),
        Access::Always => json!("always"),
        Access::When(cases) => {
            let literal = |literal: &Literal| json!({"condition": literal.text, "holds": literal.holds});
            let cases: Vec<Value> = cases.iter().map(|case| case.iter().map(literal).collect()).collect();
            json!({"any_of": cases})
        }
    };
    let answer = |answer: &Answer| {
        json!({
            "decision": answer.effect.name(),
            "layer": answer.layer.name(),
            "reason": answer.reason.name(),
            "statements": answer.statements.iter().map(explain::named).collect::<Vec<_>>(),
        })
    };
    let example = |example: &Example| {
        json!({
            "request": request(&example.request),
            "before": example.before.as_ref().map(answer),
            "after": answer(&example.after),
        })
    };
    json!({
        "kind": change.kind.name(),
        "grows": change.kind.grows(),
        "certainty": match change.certainty {
            Certainty::Sure => "sure",
            Certainty::May => "may",
            Certainty::IfResourceAllows => "if_resource_allows",
            Certainty::IfCallerAllows => "if_caller_allows",
        },
        "actions": terms(&change.actions),
        "resources": terms(&change.resources),
        "place": place_json(&change.place),
        "before": access(&change.before),
        "after": access(&change.after),
        "statements": change.statements.iter().map(explain::named).collect::<Vec<_>>(),
        "examples": change.examples.iter().map(example).collect::<Vec<_>>(),
    })
}

/// A request as `decide --requests` reads it.
fn request(request: &Request) -> Value {
    let context: serde_json::Map<String, Value> = request
        .context
        .iter()
        .map(|(key, value)| {
            let value = match value {
                ContextValue::One(text) => json!(text),
                ContextValue::Many(texts) => json!(texts),
            };
            (key.clone(), value)
        })
        .collect();
    let tags: Vec<Value> = request
        .session
        .iter()
        .flat_map(|session| &session.tags)
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    let mut made = json!({
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "resource_account": request.resource_account,
        "context": context,
    });
    if let (Some(members), false) = (made.as_object_mut(), tags.is_empty()) {
        members.insert("session_tags".to_owned(), Value::Array(tags));
    }
    made
}
