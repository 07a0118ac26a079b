//! Requests from the command line and from request files.

use std::time::{SystemTime, UNIX_EPOCH};

use portcullis_grammar::json::{Kind, Value, parse_part};
use portcullis_grammar::source::{Source, Span};

use crate::compiler::request::{ContextValue, Request};
use crate::runtime::value::arn::is_account;
use crate::runtime::value::date::{Date, Zone};

/// A request line and its id, as far as it could be read.
pub(super) struct Line {
    /// The line's `id`, as written.
    pub(super) id: Option<String>,
    /// The request, or what is wrong with the line.
    pub(super) request: Result<Request, String>,
}

/// Reads the `KEY=VALUE` arguments of an option, split at the first `=`; a key given several times is a list.
pub(super) fn pairs(option: &str, texts: &[String]) -> Result<Vec<(String, ContextValue)>, String> {
    let mut context: Vec<(String, ContextValue)> = Vec::new();
    for text in texts {
        let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(format!("{option} {text:?}: expected KEY=VALUE, such as aws:SourceIp=10.0.0.1"));
        };
        match context.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            None => context.push((key.to_owned(), ContextValue::One(value.to_owned()))),
            Some((_, held)) => {
                let mut values = held.values().to_vec();
                values.push(value.to_owned());
                *held = ContextValue::Many(values);
            }
        }
    }
    Ok(context)
}

/// Reads a JSON object of context keys: each a text or a list of texts; numbers and booleans count as their text.
pub(crate) fn object(value: Value) -> Result<Vec<(String, ContextValue)>, String> {
    let Kind::Object(members) = value.kind else {
        return Err("the context is an object of keys, each with a text or a list of texts".to_owned());
    };
    let scalar = |key: &str, kind: Kind| match kind {
        Kind::String(text) | Kind::Number(text) => Ok(text.into_string()),
        Kind::Bool(value) => Ok(value.to_string()),
        _ => Err(format!("the context key {key:?} holds neither a text nor a list of texts")),
    };
    let mut context = Vec::with_capacity(members.len());
    for member in members {
        let held = match member.value.kind {
            Kind::Array(items) => {
                let items = items.into_iter().map(|item| scalar(&member.key, item.kind));
                ContextValue::Many(items.collect::<Result<_, _>>()?)
            }
            other => ContextValue::One(scalar(&member.key, other)?),
        };
        context.push((member.key.into_string(), held));
    }
    Ok(context)
}

/// Reads a moment: epoch seconds or ISO 8601; a time without zone is UTC.
pub(super) fn moment(text: &str) -> Result<i64, String> {
    Date::parse(text, Zone::UtcIfAbsent).map(|date| date.seconds).ok_or_else(|| {
        format!("{text:?} is no time: expected epoch seconds or ISO 8601, such as 2026-11-23T10:00:00Z")
    })
}

/// Now. A clock before 1970 leaves the time out: conditions on it then do not hold.
pub(crate) fn clock() -> Option<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(now.as_secs()).ok()
}

/// Reads an account number.
pub(crate) fn account(text: &str) -> Result<String, String> {
    if is_account(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is no account: expected 12 digits"))
    }
}

/// Reads one line of a request file.
pub(super) fn line(source: &Source, span: Span, now: Option<i64>) -> Line {
    let parsed = parse_part(source, span);
    if let Some(found) = parsed.diagnostics.first() {
        return Line { id: None, request: Err(found.message.clone()) };
    }
    let Some(Value { kind: Kind::Object(members), .. }) = parsed.value else {
        return Line { id: None, request: Err("a request is a JSON object".to_owned()) };
    };
    let mut line = Line { id: None, request: Err(String::new()) };
    let mut request = Request { now, ..Request::default() };
    let mut given = [false; 3];
    let mut problem = None;
    for member in &members {
        let text = match &member.value.kind {
            Kind::String(text) => Some(text.to_string()),
            _ => None,
        };
        let result = match (&*member.key, text) {
            ("id", Some(text)) => {
                line.id = Some(text);
                Ok(())
            }
            ("principal", Some(text)) => {
                request.principal = text;
                given[0] = true;
                Ok(())
            }
            ("action", Some(text)) => {
                request.action = text;
                given[1] = true;
                Ok(())
            }
            ("resource", Some(text)) => {
                request.resource = text;
                given[2] = true;
                Ok(())
            }
            ("resource_account", _) if member.value.kind == Kind::Null => Ok(()),
            ("resource_account", Some(text)) => {
                account(&text).map(|account| request.resource_account = Some(account))
            }
            ("context", _) => object(member.value.clone()).map(|context| request.context = context),
            ("id" | "principal" | "action" | "resource" | "resource_account", None) => {
                Err(format!("the field {:?} is no text", member.key))
            }
            _ => Err(format!("the field {:?} is not known", member.key)),
        };
        if let Err(found) = result {
            problem.get_or_insert(found);
        }
    }
    let names = ["principal", "action", "resource"];
    if let Some((_, missing)) = given.iter().zip(names).find(|(given, _)| !**given) {
        problem.get_or_insert(format!("the field {missing:?} is missing"));
    }
    if let Err(repeated) = request.check() {
        problem.get_or_insert(repeated.to_string());
    }
    line.request = match problem {
        Some(problem) => Err(problem),
        None => Ok(request),
    };
    line
}
