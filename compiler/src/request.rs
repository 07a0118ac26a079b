//! Requests as data: what the reference evaluator answers, and what generators and scenario files make.
//!
//! The runtime has a request type of its own, which borrows; this one owns its texts, because it is made rarely and kept long.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::Document;

/// What a context key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextValue {
    /// One value.
    One(String),
    /// A list, which may be empty or of one; never the same as one value (rules C5, C6).
    Many(Vec<String>),
}

impl ContextValue {
    /// The values, whichever form they come in.
    #[must_use]
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// A question: may this principal do this action on this resource?
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// An ARN, the name of a service or identity provider, or `*` for nobody in particular.
    pub principal: String,
    /// `service:Name`.
    pub action: String,
    /// An ARN, or `*` where the action has no resource-level permission (rule R4).
    pub resource: String,
    /// The account that owns the resource, where the caller knows it (rule V6).
    pub resource_account: Option<String>,
    /// The context. No key may stand twice, ignoring ASCII case (rule C12): see [`Request::check`].
    pub context: Vec<(String, ContextValue)>,
    /// The time of the request in seconds since 1970-01-01T00:00:00Z (rule C12).
    pub now: Option<i64>,
    /// Whether the context is complete as written, as in a scenario file: nothing is added or overridden (rule C12).
    pub context_complete: bool,
    /// What the principal's session adds, where the principal is one.
    pub session: Option<Session>,
}

/// What a session adds to the identity behind it (rules E6, C12).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// Its session policies; none is no session policy.
    pub policies: Vec<Document>,
    /// Its tags: key and value. They count before the identity's of the same key.
    pub tags: Vec<(String, String)>,
    /// Its source identity.
    pub source_identity: Option<String>,
}

impl Request {
    /// Refuses a context that gives the same key twice, ignoring ASCII case (rule C12).
    ///
    /// # Errors
    /// The first key that repeats an earlier one.
    pub fn check(&self) -> Result<(), RepeatedKey> {
        let mut seen = BTreeSet::new();
        match self.context.iter().find(|(key, _)| !seen.insert(key.to_ascii_lowercase())) {
            Some((key, _)) => Err(RepeatedKey { key: key.clone() }),
            None => Ok(()),
        }
    }
}

/// A context key that a request gives more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedKey {
    /// The key, as its repetition is written.
    pub key: String,
}

impl fmt::Display for RepeatedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the context gives the key {:?} more than once (keys are compared ignoring case)", self.key)
    }
}

impl std::error::Error for RepeatedKey {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c12_a_key_given_twice_is_refused() {
        let one = |key: &str| (key.to_owned(), ContextValue::One("v".to_owned()));
        let twice = Request { context: vec![one("aws:A"), one("aws:b"), one("AWS:a")], ..Request::default() };
        assert_eq!(twice.check(), Err(RepeatedKey { key: "AWS:a".to_owned() }));
        let once = Request { context: vec![one("aws:A"), one("aws:b")], ..Request::default() };
        assert_eq!(once.check(), Ok(()));
    }
}
