//! Questions and answers as JSON.

use bytes::Bytes;
use portcullis_grammar::json::{Kind, Member, Value, parse};
use portcullis_grammar::source::Source;

use super::point::{Answer, Asked, What};
use crate::cli::requests::{account, object};
use crate::compiler::request::ContextValue;
use crate::runtime::format::limits;
use crate::runtime::{ContextMap, Effect};

/// What was posted.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) asked: Vec<Result<Asked, Unusable>>,
    /// Whether it was a batch, be it of one.
    pub(super) batch: bool,
}

/// A question that cannot be used.
#[derive(Debug)]
pub(super) struct Unusable {
    /// What it calls itself, as far as it can be told.
    pub(super) id: Option<String>,
    pub(super) message: String,
}

impl Unusable {
    /// One of which nothing is known but why.
    pub(super) fn of(message: &str) -> Self {
        Self { id: None, message: message.to_owned() }
    }
}

/// Why it is refused as a whole.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self { reason: "malformed_request", message: message.into() }
    }
}

/// Reads a question, or `{"requests": […]}`.
pub(super) fn read(bytes: &[u8], most: usize) -> Result<Posted, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refused::malformed("the body is not UTF-8"))?;
    let source = Source::new("body", text);
    let parsed = parse(&source);
    if let Some(found) = parsed.diagnostics.first() {
        let at = found.labels.first().map_or(0, |label| label.span.start);
        return Err(Refused::malformed(format!("{}: {}", source.position(at), found.message)));
    }
    let Some(Value { kind: Kind::Object(mut members), .. }) = parsed.value else {
        return Err(Refused::malformed("the body is a JSON object"));
    };
    match members.as_mut_slice() {
        [Member { key, value: Value { kind: Kind::Array(items), .. }, .. }] if **key == *"requests" => {
            if items.len() > most {
                let message = format!("a batch has at most {most} requests, this one has {}", items.len());
                return Err(Refused { reason: "batch_too_large", message });
            }
            let asked = std::mem::take(items).into_iter().map(|item| match item.kind {
                Kind::Object(members) => named_one(members),
                _ => Err(Unusable::of("a request is a JSON object")),
            });
            Ok(Posted { asked: asked.collect(), batch: true })
        }
        _ => Ok(Posted { asked: vec![named_one(members)], batch: false }),
    }
}

/// One question; what is none is told under its own name.
fn named_one(mut members: Vec<Member>) -> Result<Asked, Unusable> {
    let id = members.iter_mut().find_map(|member| match (&*member.key, &mut member.value.kind) {
        ("id", Kind::String(text)) => Some(std::mem::take(text).into_string()),
        _ => None,
    });
    match one(members) {
        Ok(asked) => Ok(Asked { id, ..asked }),
        Err(message) => Err(Unusable { id, message }),
    }
}

/// One question, but for its id: who, and either what on what, or a request that routes lead somewhere. Takes the texts as they are, since copying
/// them is a good part of what a batch costs.
fn one(members: Vec<Member>) -> Result<Asked, String> {
    let (mut ignored, mut principal, mut action, mut resource) = (None, None, None, None);
    let (mut method, mut path, mut resource_account) = (None, None, None);
    let (mut context, mut keys) = (ContextMap::new(), Vec::new());
    for member in members {
        let slot = match &*member.key {
            // Only that it is a text matters here.
            "id" => &mut ignored,
            "principal" => &mut principal,
            "action" => &mut action,
            "resource" => &mut resource,
            "method" => &mut method,
            "path" => &mut path,
            "resource_account" if member.value.kind == Kind::Null => continue,
            "resource_account" => &mut resource_account,
            "context" => {
                for (key, value) in object(member.value)? {
                    let added = match value {
                        ContextValue::One(value) => context.insert(&key, value),
                        ContextValue::Many(values) => context.insert_list(&key, values),
                    };
                    added.map_err(|error| error.to_string())?;
                    // With one more than these nothing is allowed (rule V4), and nobody wants to read the others.
                    if keys.len() <= limits::CONTEXT_KEYS {
                        keys.push(key);
                    }
                }
                continue;
            }
            other => return Err(format!("the field {other:?} is not known")),
        };
        match member.value.kind {
            Kind::String(text) => *slot = Some(text.into_string()),
            _ => return Err(format!("the field {:?} is no text", member.key)),
        }
    }
    let what = match (action, resource, method, path) {
        (Some(action), Some(resource), None, None) => What::Direct { action, resource },
        (None, None, Some(method), Some(target)) => What::Route { method, target },
        _ => {
            return Err(
                "a request has either \"action\" and \"resource\", or \"method\" and \"path\"".to_owned()
            );
        }
    };
    Ok(Asked {
        id: None,
        principal: principal.ok_or("the field \"principal\" is missing")?,
        what,
        resource_account: resource_account.map(|text| account(&text)).transpose()?,
        context,
        keys,
    })
}

/// The answers to what was posted.
pub(super) fn write(posted: &Posted, answers: &[Answer]) -> Bytes {
    let mut text = Vec::with_capacity(64 + answers.len() * 128);
    if posted.batch {
        text.extend_from_slice(b"{\"answers\":[");
    }
    for (place, (asked, answer)) in posted.asked.iter().zip(answers).enumerate() {
        if place > 0 {
            text.push(b',');
        }
        let (id, error) = match asked {
            Ok(asked) => (asked.id.as_deref(), None),
            Err(unusable) => (unusable.id.as_deref(), Some(unusable.message.as_str())),
        };
        append(&mut text, id, error, answer);
    }
    if posted.batch {
        text.extend_from_slice(b"]}");
    }
    text.push(b'\n');
    text.into()
}

/// One answer, where there is no question to name.
pub(super) fn refusal(answer: &Answer, error: &str) -> Bytes {
    let mut text = Vec::new();
    append(&mut text, None, Some(error), answer);
    text.push(b'\n');
    text.into()
}

/// Field names and their meaning are stable; fields are only ever added.
fn append(text: &mut Vec<u8>, id: Option<&str>, error: Option<&str>, answer: &Answer) {
    text.push(b'{');
    if let Some(id) = id {
        named(text, "id", id);
    }
    let shown = if answer.passes() { Effect::Allow } else { answer.effect };
    named(text, "decision", shown.name());
    if answer.dry_run {
        raw(text, "dry_run", "true");
        named(text, "would_be", answer.effect.name());
    }
    named(text, "layer", answer.layer);
    match answer.level {
        Some(level) => raw(text, "level", &level.to_string()),
        None => raw(text, "level", "null"),
    }
    named(text, "reason", answer.reason);
    if let Some(error) = error {
        named(text, "error", error);
    }
    if let Some(bundle) = &answer.bundle {
        named(text, "bundle", bundle);
    }
    text.push(b'}');
}

/// A field that holds a text.
fn named(text: &mut Vec<u8>, name: &str, value: &str) {
    key(text, name);
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(text, value);
}

/// A field that holds a number or the like.
fn raw(text: &mut Vec<u8>, name: &str, value: &str) {
    key(text, name);
    text.extend_from_slice(value.as_bytes());
}

fn key(text: &mut Vec<u8>, name: &str) {
    if text.last() != Some(&b'{') {
        text.push(b',');
    }
    text.push(b'"');
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"\":");
}
