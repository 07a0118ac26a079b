//! The list beside JSON files that silences lints in them, and the statements that it names.

use std::collections::HashMap;

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::json::{self, Kind, Member, Value};
use portcullis_grammar::source::{Position, Source, Span};
use portcullis_grammar::suggest;

use super::{Inputs, Place, Reach, Rule, lint_of, no_reason};
use crate::lint::places::closing;
use crate::lint::registry as lint;
use crate::model::{Document, Model};
use crate::resolve::is_gate;

/// How a statement is named.
pub(super) enum Statement {
    Sid(String),
    /// From 1.
    Place(usize),
}

const FIELDS: [&str; 4] = ["code", "file", "statement", "reason"];

/// The code of what makes a list unusable.
const WRONG: &str = "silence-list";

/// Reads a list.
pub(super) fn read(source: &Source, rules: &mut Vec<Rule>, more: &mut Vec<Diagnostic>) {
    let parsed = json::parse(source);
    let damaged = parsed.damaged;
    more.extend(parsed.diagnostics);
    let Some(value) = parsed.value.filter(|_| !damaged) else { return };
    let mut wrong = |span: Span, message: &str, help: &str| {
        more.push(Diagnostic::error(WRONG, message).at(source, span, "").help(help));
    };
    let form = "write {\"allow\": [{\"code\": …, \"file\": …, \"reason\": …}]}";
    let entries = match &value.kind {
        Kind::Object(members) => match members.as_slice() {
            [Member { key, value: Value { kind: Kind::Array(entries), .. }, .. }] if &**key == "allow" => {
                entries
            }
            _ => return wrong(opening(value.span), "this holds no list `allow` and nothing else", form),
        },
        _ => return wrong(opening(value.span), "this is no object with a list `allow`", form),
    };
    for entry in entries {
        match self::entry(source, entry) {
            Ok(rule) => rules.push(rule),
            Err(found) => more.push(found),
        }
    }
}

fn opening(span: Span) -> Span {
    Span { start: span.start, end: span.start + 1 }
}

fn entry(source: &Source, value: &Value) -> Result<Rule, Diagnostic> {
    let error = |span, message: String, help: String| {
        Err(Diagnostic::error(WRONG, message).at(source, span, "").help(help))
    };
    let Kind::Object(members) = &value.kind else {
        return error(
            value.span,
            "an entry has to be an object".to_owned(),
            "write {\"code\": …}".to_owned(),
        );
    };
    if let Some(unknown) = members.iter().find(|member| !FIELDS.contains(&&*member.key)) {
        let near = suggest::nearest(&unknown.key, FIELDS);
        let help = near.map_or_else(
            || format!("the fields are {}", FIELDS.join(", ")),
            |it| format!("did you mean `{it}`?"),
        );
        return error(unknown.key_span, format!("an entry has no field `{}`", unknown.key), help);
    }
    let field = |name: &str| members.iter().find(|member| &*member.key == name);
    let text = |name: &str| match field(name) {
        Some(Member { value: Value { kind: Kind::String(text), .. }, .. }) => Ok(&**text),
        Some(other) => Err(Diagnostic::error(WRONG, format!("`{name}` has to be a string")).at(
            source,
            other.value.span,
            "",
        )),
        None => Err(Diagnostic::error(WRONG, format!("this entry has no `{name}`")).at(
            source,
            opening(value.span),
            "",
        )),
    };
    let add = |found: Diagnostic| {
        found.help(
            "write \"code\", \"file\" and \"reason\", and a \"statement\" if not the whole file is meant",
        )
    };
    let (code, file) = (text("code").map_err(add)?, text("file").map_err(add)?);
    let statement = match field("statement").map(|member| &member.value) {
        None => None,
        Some(Value { kind: Kind::String(sid), .. }) => Some(Statement::Sid(sid.to_string())),
        Some(Value { kind: Kind::Number(number), span }) => match number.parse() {
            Ok(place) if place > 0 => Some(Statement::Place(place)),
            _ => {
                return error(
                    *span,
                    "a statement's place counts from 1".to_owned(),
                    "write its place, or its Sid".to_owned(),
                );
            }
        },
        Some(other) => {
            return error(
                other.span,
                "`statement` has to be a Sid or a number".to_owned(),
                "write its place, or its Sid".to_owned(),
            );
        }
    };
    let reason = match field("reason") {
        None => "",
        Some(_) => text("reason").map_err(add)?.trim(),
    };
    if reason.is_empty() {
        let mut found = Vec::new();
        no_reason(source, opening(value.span), "add \"reason\": why it is meant", &mut found);
        return found.pop().map_or_else(|| error(value.span, String::new(), String::new()), Err);
    }
    let span = field("code").map_or(value.span, |member| member.value.span);
    let lint = lint_of(code).map_err(|(message, help)| {
        Diagnostic::warning(lint::SILENCE_UNKNOWN, message).at(source, span, "").help(help)
    })?;
    Ok(Rule {
        lint,
        reach: Reach::File(file.to_owned(), statement),
        reason: reason.to_owned(),
        place: Place::External,
        source: source.clone(),
        span,
        used: false,
    })
}

/// A statement in its file.
struct Known {
    start: u32,
    end: Option<u32>,
    sid: Option<Box<str>>,
    place: usize,
}

/// The statements of each file, by the place of the file's text in memory, sorted by where they begin.
pub(super) struct Statements(HashMap<*const u8, Vec<Known>>);

impl Statements {
    /// Those of a model, if anything names a statement.
    pub(super) fn of(inputs: &Inputs<'_>, rules: &[Rule]) -> Self {
        let mut all = Self(HashMap::new());
        let named = rules.iter().any(|rule| matches!(rule.reach, Reach::File(_, Some(_))));
        if let Some(model) = inputs.model.filter(|_| named) {
            documents(model).for_each(|document| all.add(inputs.sources, document));
            all.0.values_mut().for_each(|known| known.sort_by_key(|it| it.start));
        }
        all
    }

    fn add(&mut self, sources: &[Source], document: &Document) {
        for (statement, place) in document.statements.iter().zip(1..) {
            let origin = statement.origin;
            let Some(source) = sources.get(origin.file.index()) else { continue };
            let start = source.offset(Position { line: origin.line, column: origin.column });
            let end = if is_gate(source) { None } else { closing(source.text(), start as usize) };
            let end = end.map(|end| Span::new(end, end).start);
            let known = Known { start, end, sid: statement.sid.clone(), place };
            self.0.entry(source.text().as_ptr()).or_default().push(known);
        }
    }

    /// Whether a place lies in a statement of this name.
    pub(super) fn is_in(&self, named: &Statement, source: &Source, at: u32) -> bool {
        let Some(known) = self.0.get(&source.text().as_ptr()) else { return false };
        let until = known.partition_point(|it| it.start <= at);
        let start = until.checked_sub(1).and_then(|last| known.get(last)).map(|it| it.start);
        known.get(..until).unwrap_or(&[]).iter().rev().take_while(|it| Some(it.start) == start).any(|it| {
            it.end.is_none_or(|end| at < end)
                && match named {
                    Statement::Sid(sid) => it.sid.as_deref() == Some(sid),
                    Statement::Place(place) => it.place == *place,
                }
        })
    }
}

/// All documents of a model, other versions of managed policies as well.
fn documents(model: &Model) -> impl Iterator<Item = &Document> {
    let users = model.users.iter().map(|it| &it.identity);
    let groups = model.groups.iter().map(|it| &it.identity);
    let roles = model.roles.iter().map(|it| &it.identity);
    let inline = users.chain(groups).chain(roles).flat_map(|it| &it.inline).map(|it| &it.document);
    let managed = model.policies.iter().flat_map(|it| &it.versions).map(|it| &it.document);
    let trusts = model.roles.iter().filter_map(|it| it.trust.as_ref());
    let controls = model.controls.iter().map(|it| &it.document);
    let resources = model.resources.iter().filter_map(|it| it.policy.as_ref());
    let endpoints = model.endpoints.iter().flat_map(|it| &it.documents);
    inline.chain(managed).chain(trusts).chain(controls).chain(resources).chain(endpoints)
}
