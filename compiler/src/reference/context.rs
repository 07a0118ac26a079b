//! The request's context as the conditions see it (rule C12).

use std::collections::BTreeMap;

use super::principal::Known;
use super::values;
use crate::model::Model;
use crate::request::{ContextValue, Request};

/// Keys in lower case, as C2 and X4 compare them, and their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    values: BTreeMap<String, ContextValue>,
}

impl Context {
    /// The value of a key, ignoring ASCII case.
    pub(super) fn get(&self, key: &str) -> Option<&ContextValue> {
        self.values.get(&key.to_ascii_lowercase())
    }

    fn set(&mut self, key: &str, value: &str) {
        self.values.insert(key.to_ascii_lowercase(), ContextValue::One(value.to_owned()));
    }

    /// A context of these keys.
    #[cfg(test)]
    pub(super) fn of<const N: usize>(pairs: [(&str, ContextValue); N]) -> Self {
        Self { values: pairs.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value)).collect() }
    }
}

/// The context of a request of a principal that the model holds (C12).
pub(super) fn context(model: &Model, known: Known<'_>, request: &Request) -> Context {
    let given = request.context.iter().map(|(key, value)| (key.to_ascii_lowercase(), value.clone()));
    let mut context = Context { values: given.collect() };
    // C12: in a scenario file the context is complete as written.
    if request.context_complete {
        return context;
    }
    // C12: the keys that the principal itself defines, whatever the request says …
    context.values.retain(|key, _| !key.starts_with("aws:principaltag/"));
    for key in [
        "aws:username",
        "aws:userid",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalisawsservice",
    ] {
        context.values.remove(key);
    }
    // … come from the model. There is no organization in it yet: aws:PrincipalOrgID and aws:PrincipalOrgPaths stay absent.
    let identity = known.identity();
    if let Known::User(_) = known {
        context.set("aws:username", &identity.name);
    }
    if !identity.unique_id.is_empty() {
        context.set("aws:userid", &identity.unique_id);
    }
    context.set("aws:PrincipalArn", &identity.arn);
    if let Some(account) = known.account(model) {
        context.set("aws:PrincipalAccount", account);
    }
    context.set(
        "aws:PrincipalType",
        match known {
            Known::User(_) => "User",
            Known::Role(_) => "AssumedRole",
        },
    );
    context.set("aws:PrincipalIsAWSService", "false");
    // Of two tags whose keys differ only in case the first counts: it is set last.
    for tag in known.tags().iter().rev() {
        context.set(&format!("aws:PrincipalTag/{}", tag.key), &tag.value);
    }
    // C12: the time keys come from `now` unless the request gives them, and are else absent. A moment outside the years 0000–9999, which
    // has no ISO 8601 text, is epoch seconds in both: a date all the same (C9).
    if let Some(now) = request.now {
        let epoch = now.to_string();
        if context.get("aws:CurrentTime").is_none() {
            context.set("aws:CurrentTime", &values::date::text(now).unwrap_or(epoch.clone()));
        }
        if context.get("aws:EpochTime").is_none() {
            context.set("aws:EpochTime", &epoch);
        }
    }
    context
}
