//! The request's context: keys to one or several values.

mod parsed;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use parsed::ParsedValue;

use crate::format::limits;
use crate::hash::equal;

/// What a context key holds. One value and a list of one are different things (rules C5, C6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Values<'a> {
    /// One value.
    One(&'a str),
    /// One value that is parsed already.
    Parsed(&'a ParsedValue),
    /// A list, which may be empty.
    Many(&'a [String]),
}

/// Gives the values of context keys. Implement it to hand a gateway's own request structure over without copying.
pub trait Context {
    /// The values of a key, or `None` if the request does not have it. `key` is in lower case; the implementation compares it ignoring
    /// ASCII case (rule C2). Must not give different answers while one request is decided.
    fn get(&self, key: &str) -> Option<Values<'_>>;

    /// Whether the context is within the limits of rule V4: at most 256 keys, each value at most 8,192 bytes. A context that is not
    /// makes every decision an implicit deny. Asked once or twice a decision: it should take constant time.
    fn within_limits(&self) -> bool;
}

/// The context without any key.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyContext;

impl Context for EmptyContext {
    fn get(&self, _key: &str) -> Option<Values<'_>> {
        None
    }

    fn within_limits(&self) -> bool {
        true
    }
}

/// A context in a list: the ready-made implementation, meant for the few keys of one request. Keys are kept in lower case, in which
/// [`get`](Context::get) must ask for them. Of more than the 256 keys of rule V4 one is kept, which tells, and the others are not looked at: no
/// request with so many is allowed anything.
#[derive(Clone, Debug, Default)]
pub struct ContextMap {
    /// The keys in lower case.
    entries: Vec<(String, Stored)>,
    oversized: bool,
}

#[derive(Clone, Debug)]
enum Stored {
    One(String),
    Parsed(ParsedValue),
    Many(Vec<String>),
}

/// A key was given twice, ignoring case: the request is refused (rule C12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey(pub String);

impl fmt::Display for DuplicateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the context gives the key `{}` twice (case does not matter)", self.0)
    }
}

impl core::error::Error for DuplicateKey {}

impl ContextMap {
    /// An empty context.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key with one value.
    ///
    /// # Errors
    /// [`DuplicateKey`] if the key is there already and there are not too many; the context is then unchanged.
    pub fn insert(&mut self, key: &str, value: impl Into<String>) -> Result<(), DuplicateKey> {
        let value = value.into();
        let oversized = value.len() > limits::VALUE_BYTES;
        self.add(key, Stored::One(value), oversized)
    }

    /// Adds a key with one value that is parsed already.
    ///
    /// # Errors
    /// [`DuplicateKey`] if the key is there already and there are not too many; the context is then unchanged.
    pub fn insert_parsed(&mut self, key: &str, value: ParsedValue) -> Result<(), DuplicateKey> {
        let oversized = value.as_str().len() > limits::VALUE_BYTES;
        self.add(key, Stored::Parsed(value), oversized)
    }

    /// Adds a key with a list of values, which may be empty.
    ///
    /// # Errors
    /// [`DuplicateKey`] if the key is there already and there are not too many; the context is then unchanged.
    pub fn insert_list(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<(), DuplicateKey> {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        let oversized = values.iter().any(|value| value.len() > limits::VALUE_BYTES);
        self.add(key, Stored::Many(values), oversized)
    }

    fn add(&mut self, key: &str, values: Stored, oversized: bool) -> Result<(), DuplicateKey> {
        if self.entries.len() > limits::CONTEXT_KEYS {
            // Too many already: what comes now is neither kept nor compared with all of them.
            return Ok(());
        }
        let lower = key.to_ascii_lowercase();
        if self.entries.iter().any(|(known, _)| *known == lower) {
            return Err(DuplicateKey(key.into()));
        }
        self.oversized |= oversized;
        self.entries.push((lower, values));
        Ok(())
    }
}

impl Context for ContextMap {
    fn get(&self, key: &str) -> Option<Values<'_>> {
        let (_, values) = self.entries.iter().find(|(known, _)| equal(known.as_bytes(), key.as_bytes()))?;
        Some(match values {
            Stored::One(value) => Values::One(value),
            Stored::Parsed(value) => Values::Parsed(value),
            Stored::Many(values) => Values::Many(values),
        })
    }

    fn within_limits(&self) -> bool {
        !self.oversized && self.entries.len() <= limits::CONTEXT_KEYS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn c12_a_key_given_twice_is_refused() {
        let mut context = ContextMap::new();
        context.insert("aws:SourceIp", "10.0.0.1").unwrap();
        assert!(context.insert_list("AWS:sourceip", ["10.0.0.2"]).is_err());
        assert!(context.insert_parsed("aws:sourceIP", ParsedValue::new("10.0.0.3")).is_err());
        assert_eq!(context.get("aws:sourceip"), Some(Values::One("10.0.0.1")));
    }

    #[test]
    fn v4_limits_of_a_context() {
        let mut context = ContextMap::new();
        for number in 0..256 {
            context.insert(&format!("k{number}"), "v").unwrap();
        }
        assert!(context.within_limits());
        assert!(context.insert("K7", "v").is_err());
        context.insert("one-more", "v").unwrap();
        assert!(!context.within_limits());
        for number in 0..1_000 {
            context.insert(&format!("more{number}"), "v").unwrap();
        }
        assert_eq!(context.entries.len(), 257, "what is past the limit is not kept, and needs no comparing");
        assert!(!context.within_limits());
        let mut context = ContextMap::new();
        context.insert("k", "v".repeat(8_192)).unwrap();
        assert!(context.within_limits());
        context.insert_list("l", ["v".repeat(8_193)]).unwrap();
        assert!(!context.within_limits());
        let mut context = ContextMap::new();
        context.insert_parsed("k", ParsedValue::new("v".repeat(8_193))).unwrap();
        assert!(!context.within_limits());
    }
}
