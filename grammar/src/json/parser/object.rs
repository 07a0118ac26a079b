//! Objects: keys, colons, and keys that occur twice.

use std::collections::HashMap;

use super::super::{Kind, Member, Value};
use super::Parser;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

impl Parser<'_> {
    pub(super) fn object(&mut self) -> Kind {
        let open = self.at;
        self.at += 1;
        let mut members = Vec::new();
        while !self.closes(open, b'}') {
            if let Some((key_span, key)) = self.key() {
                let value = self.member_value(&key);
                members.push(Member { key_span, key, value });
            }
            self.separator(b'}');
        }
        self.duplicates(&members);
        Kind::Object(members)
    }

    fn key(&mut self) -> Option<(Span, Box<str>)> {
        let start = self.at;
        if self.peek() == Some(b'"') {
            let key = self.string();
            return Some((self.span(start, self.at), key));
        }
        let (word, length) = self.word();
        self.at += length;
        let span = self.span(start, self.at);
        if matches!(word.bytes().next(), Some(b'{' | b'[')) {
            // What follows an opening bracket in the place of a key cannot be paired with anything.
            self.report.damage(
                "json-key-expected",
                span,
                "a key in double quotes should stand here",
                "write \"key\": before the value",
            );
            self.report.stop();
            return None;
        }
        let message = "a key in double quotes should stand here";
        let help = format!("write \"{}\"", word.trim_matches(['\'', '`']).escape_debug());
        self.report.damage("json-key-expected", span, message, help);
        self.blank();
        (self.peek() == Some(b':')).then(|| (span, word.into()))
    }

    fn member_value(&mut self, key: &str) -> Value {
        let end = self.at;
        self.blank();
        if self.peek() == Some(b':') {
            self.at += 1;
            self.blank();
            return self.value();
        }
        let span = self.span(end.saturating_sub(1), end);
        let help = format!("write \"{}\": and then its value", key.escape_debug());
        self.report.damage("json-missing-colon", span, "a colon is missing behind this key", help);
        match self.peek() {
            None | Some(b'}' | b']' | b',') => Value { span, kind: Kind::Null },
            Some(b'=') => {
                self.at += 1;
                self.blank();
                self.value()
            }
            Some(_) => self.value(),
        }
    }

    /// Reports every key that occurred before in the same object (rule P3).
    fn duplicates(&mut self, members: &[Member]) {
        // Small objects, nearly all, are compared pair by pair; a table pays only past that.
        if members.len() <= 12 {
            for (index, member) in members.iter().enumerate() {
                if let Some(first) = members.iter().take(index).find(|other| other.key == member.key) {
                    self.duplicate(first, member);
                }
            }
            return;
        }
        let mut seen: HashMap<&str, &Member> = HashMap::with_capacity(members.len());
        for member in members {
            if let Some(first) = seen.get(&*member.key) {
                self.duplicate(first, member);
            } else {
                seen.insert(&member.key, member);
            }
        }
    }

    fn duplicate(&mut self, first: &Member, second: &Member) {
        let message = format!("the key \"{}\" occurs twice in one object", second.key.escape_debug());
        let source = self.report.source();
        let diagnostic = Diagnostic::error("p3-duplicate-key", message)
            .at(source, second.key_span, "here again")
            .at(source, first.key_span, "first here")
            .help("keep one of them; where both are meant, put both values into one list");
        self.report.push(second.key_span, diagnostic);
    }
}
