//! Users, groups and roles (rules I1–I3).

use bincode::{Decode, Encode};

use super::id::{AccountId, GroupId, PolicyId};
use super::policy::{Document, InlinePolicy};
use super::statement::Origin;

/// What every identity has.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Identity {
    /// Its ARN, with the path.
    pub arn: Box<str>,
    /// Its name, as written.
    pub name: Box<str>,
    /// Its path, from `/` to `/`.
    pub path: Box<str>,
    /// Its unique id (`AIDA…`, `AROA…`, `AGPA…`); empty where the input gives none.
    pub unique_id: Box<str>,
    /// Its account.
    pub account: AccountId,
    /// Policies written into it.
    pub inline: Vec<InlinePolicy>,
    /// Managed policies attached to it; always their default version counts (rule I2).
    pub attached: Vec<PolicyId>,
    /// Where it was declared.
    pub origin: Origin,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Tag {
    /// Its key, as written; compared ignoring case.
    pub key: Box<str>,
    /// Its value.
    pub value: Box<str>,
}

/// A user: its own policies and those of its groups (rule I1).
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct User {
    /// What every identity has.
    pub identity: Identity,
    /// The groups that it is in.
    pub groups: Vec<GroupId>,
    /// Its permissions boundary.
    pub boundary: Option<PolicyId>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A group: policies for its users. No principal itself, and groups do not nest (rule I1).
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Group {
    /// What every identity has.
    pub identity: Identity,
}

/// A role (rule I3).
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Role {
    /// What every identity has.
    pub identity: Identity,
    /// Who may assume it (rules E8, I4): the resource policy of the role.
    pub trust: Option<Document>,
    /// Its permissions boundary.
    pub boundary: Option<PolicyId>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The longest session in seconds, where the input gives it.
    pub max_session_seconds: Option<u32>,
}
