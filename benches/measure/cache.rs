//! The yardstick: a hit in a decision cache, as a gateway would put it in front of an engine. Hashbrown with foldhash, and a borrowed
//! (principal, action, resource) key. Such a cache is unsound once conditions matter.

use std::hash::{Hash, Hasher};

use hashbrown::{Equivalent, HashMap};
use portcullis::compiler::request::Request;

#[derive(PartialEq, Eq)]
struct Key(String, String, String);

#[derive(Hash)]
struct Borrowed<'a>(&'a str, &'a str, &'a str);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Borrowed(&self.0, &self.1, &self.2).hash(state);
    }
}

impl Equivalent<Key> for Borrowed<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.0 == key.0 && self.1 == key.1 && self.2 == key.2
    }
}

/// Decisions by what was asked.
#[derive(Default)]
pub struct Cache(HashMap<Key, bool, foldhash::fast::RandomState>);

impl Cache {
    pub fn insert(&mut self, request: &Request, allowed: bool) {
        let Request { principal, action, resource, .. } = request;
        self.0.insert(Key(principal.clone(), action.clone(), resource.clone()), allowed);
    }

    pub fn get(&self, request: &Request) -> bool {
        let key = Borrowed(&request.principal, &request.action, &request.resource);
        self.0.get(&key).copied().unwrap_or(false)
    }
}
