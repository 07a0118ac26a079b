//! Policies: documents, managed policies with versions, inline policies (rules P1, P2, I2).

use bincode::{Decode, Encode};

use super::statement::{Origin, Statement};

/// The two versions of the policy language (rule P1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum DocumentVersion {
    /// `2008-10-17`, and the meaning of an absent `Version`: no policy variables (rule X1).
    V2008,
    /// `2012-10-17`.
    V2012,
}

/// Where a document is attached, which decides what it may hold (rule P2) and how short ARNs read (rule R5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum DocumentKind {
    /// Identity policy or permissions boundary, inline or managed.
    Identity,
    /// A session policy: identity-type.
    Session,
    /// A service control policy: identity-type.
    Scp,
    /// A resource control policy: resource-type.
    Rcp,
    /// A resource's policy.
    Resource,
    /// A role's trust policy: the resource policy of the role.
    Trust,
    /// A VPC endpoint's policy: resource-type.
    Endpoint,
}

impl DocumentKind {
    /// Whether it speaks for whom it is attached to, and names no principal (rule P2).
    #[must_use]
    pub fn is_identity_type(self) -> bool {
        matches!(self, Self::Identity | Self::Session | Self::Scp)
    }
}

/// A policy document.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Document {
    /// Its language version.
    pub version: DocumentVersion,
    /// What it is attached as.
    pub kind: DocumentKind,
    /// Its statements, in the order written.
    pub statements: Vec<Statement>,
    /// Where it begins.
    pub origin: Origin,
}

/// A policy written into an identity.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct InlinePolicy {
    /// Its name.
    pub name: Box<str>,
    /// What it says.
    pub document: Document,
}

/// One version of a managed policy.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PolicyVersion {
    /// `v1`, `v2`, …
    pub id: Box<str>,
    /// What it says.
    pub document: Document,
}

/// A managed policy (rule I2).
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ManagedPolicy {
    /// Its ARN; for a bare document that nothing is attached to, the name of its file.
    pub arn: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// One to five versions, in the order of the input.
    pub versions: Vec<PolicyVersion>,
    /// The place of the default version in `versions`.
    pub default: u32,
    /// Where it was declared.
    pub origin: Origin,
}

impl ManagedPolicy {
    /// The version that attachments mean (rule I2).
    #[must_use]
    pub fn default_version(&self) -> Option<&PolicyVersion> {
        self.versions.get(self.default as usize)
    }
}
