//! Statements: effect, actions, resources, principals and conditions (rules P2, A, R, N).

use bincode::{Decode, Encode};

use super::condition::Condition;
use super::id::FileId;
use crate::pattern::{ActionForm, ResourceForm};

/// Where something stands: file, line and column from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct Origin {
    /// The file.
    pub file: FileId,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// What a statement does where it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Denies, over every grant (rule V1).
    Deny,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Statement {
    /// Its `Sid`, if it has one.
    pub sid: Option<Box<str>>,
    /// Allow or Deny.
    pub effect: Effect,
    /// `Principal` or `NotPrincipal`; `None` in identity-type documents.
    pub principals: Option<PrincipalClause>,
    /// `Action` or `NotAction`.
    pub actions: ActionClause,
    /// `Resource` or `NotResource`; `None` where the document kind allows it to be absent.
    pub resources: Option<ResourceClause>,
    /// All must hold (rule C1). One entry per operator and key, in the order written.
    pub conditions: Vec<Condition>,
    /// Whether policy variables are read in it (rule X1): its document's version is 2012-10-17.
    pub variables: bool,
    /// Where its opening brace stands.
    pub origin: Origin,
}

/// `Action` or, negated, `NotAction`.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ActionClause {
    /// Whether it is the Not-form: the complement of the union (rule A1).
    pub negated: bool,
    /// The patterns; an empty list matches nothing, its Not-form everything.
    pub patterns: Vec<ActionPattern>,
}

/// One action pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct ActionPattern {
    /// What it covers.
    pub form: ActionForm,
    /// As written.
    pub text: Box<str>,
}

/// `Resource` or, negated, `NotResource`.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ResourceClause {
    /// Whether it is the Not-form: the complement of the union (rule R3).
    pub negated: bool,
    /// The patterns; an empty list matches nothing, its Not-form everything.
    pub patterns: Vec<ResourcePattern>,
}

/// One resource pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct ResourcePattern {
    /// What it covers.
    pub form: ResourceForm,
    /// As written.
    pub text: Box<str>,
}

/// `Principal` or, negated, `NotPrincipal`, kept as written until the layers that need it are built.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PrincipalClause {
    /// Whether it is the Not-form.
    pub negated: bool,
    /// The entries; the bare `"*"` is one entry of type `Everyone`.
    pub entries: Vec<PrincipalEntry>,
}

/// One entry of a principal clause.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PrincipalEntry {
    /// The element that it stands under.
    pub kind: PrincipalType,
    /// As written.
    pub text: Box<str>,
}

/// The types of principals (rules N1–N5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub enum PrincipalType {
    /// The bare `"*"`.
    Everyone,
    /// `AWS`.
    Aws,
    /// `Service`.
    Service,
    /// `Federated`.
    Federated,
    /// `CanonicalUser`.
    CanonicalUser,
}
