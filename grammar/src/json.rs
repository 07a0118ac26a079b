//! JSON documents with the position of every node, seeing duplicate keys (SEMANTICS P3, P4).

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// How deep brackets may nest.
pub const MAX_DEPTH: usize = 128;

/// A JSON value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Its place, quotes and brackets included.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of JSON values.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(Box<str>),
    /// A string, escapes decoded.
    String(Box<str>),
    /// A list.
    Array(Vec<Value>),
    /// An object, members in the order written, duplicates kept (each was reported).
    Object(Vec<Member>),
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Place of the key, quotes included.
    pub key_span: Span,
    /// The key, escapes decoded.
    pub key: Box<str>,
    /// Its value.
    pub value: Value,
}

/// What parsing gave: a value unless the text broke off, and all findings.
#[derive(Debug)]
pub struct Parsed {
    /// The value; `None` where no value could be read. Use it only if `diagnostics` holds no error.
    pub value: Option<Value>,
    /// Findings in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}
