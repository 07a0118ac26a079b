//! What the inputs say before names are looked up: entities whose references to each other are still texts.

use std::collections::{HashMap, HashSet};

use portcullis_grammar::diagnostic::Diagnostic;

use super::document::Sized;
use super::principals::is_unique_id;
use super::reader::Place;
use crate::model::route::Route;
use crate::model::{ControlPolicy, Document, ManagedPolicy, Organization, Origin, PrincipalType, Tag};

/// Everything read so far, in the order of the inputs.
#[derive(Default)]
pub(super) struct Drafts<'a> {
    pub(super) identities: Vec<IdentityDraft<'a>>,
    pub(super) policies: Vec<PolicyDraft<'a>>,
    pub(super) pages: Vec<Page<'a>>,
    pub(super) resources: Vec<ResourceDraft<'a>>,
    pub(super) organization: Option<OrganizationDraft<'a>>,
    pub(super) routes: Vec<RouteDraft<'a>>,
    /// AWS-managed policies that were read, by ARN. Every account holds the same ones: what is written alike means the same.
    pub(super) managed: HashMap<Box<str>, ManagedDraft<'a>>,
    /// Where an organization stands, whether it could be read or not.
    pub(super) organization_place: Option<Place<'a>>,
    /// Unique ids that policies name as principals (rule N5).
    pub(super) principal_ids: Vec<Reference<'a>>,
    /// Quotas that an account declares to have, by account and name (rule P5).
    pub(super) quotas: HashMap<(Box<str>, &'static str), usize>,
    /// Whether something could not be read, which was reported. What other parts name may be in it, so that nobody is told it is missing.
    pub(super) incomplete: bool,
    /// Places of the JSON sources that were read as inputs.
    pub(super) read: HashSet<usize>,
}

impl<'a> Drafts<'a> {
    /// Keeps the unique ids that a policy names as principals, until all identities are known.
    pub(super) fn keep_principal_ids(&mut self, document: &Document, place: Place<'a>) {
        let clauses = document.statements.iter().filter_map(|statement| statement.principals.as_ref());
        let ids = clauses
            .flat_map(|clause| &clause.entries)
            .filter(|entry| entry.kind == PrincipalType::Aws && is_unique_id(&entry.text));
        self.principal_ids.extend(ids.map(|entry| Reference { text: entry.text.clone(), place }));
    }
}

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum IdentityKind {
    User,
    Group,
    Role,
}

impl IdentityKind {
    /// The word in ARNs and messages.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }
}

/// A name or ARN of something else, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Reference<'a> {
    pub(super) text: Box<str>,
    pub(super) place: Place<'a>,
}

/// An inline policy.
#[derive(Clone, Debug)]
pub(super) struct InlineDraft<'a> {
    pub(super) name: Box<str>,
    pub(super) content: Sized,
    pub(super) place: Place<'a>,
}

/// A user, group or role.
#[derive(Clone, Debug)]
pub(super) struct IdentityDraft<'a> {
    pub(super) kind: IdentityKind,
    pub(super) arn: Box<str>,
    pub(super) account: Box<str>,
    pub(super) name: Box<str>,
    pub(super) path: Box<str>,
    pub(super) unique_id: Box<str>,
    pub(super) inline: Vec<InlineDraft<'a>>,
    pub(super) attached: Vec<Reference<'a>>,
    pub(super) groups: Vec<Reference<'a>>,
    pub(super) boundary: Option<Reference<'a>>,
    pub(super) tags: Vec<Tag>,
    pub(super) trust: Option<Sized>,
    pub(super) max_session_seconds: Option<u32>,
    pub(super) origin: Origin,
    pub(super) place: Place<'a>,
}

/// A managed policy, or a document that nothing is attached to.
#[derive(Clone, Debug)]
pub(super) struct PolicyDraft<'a> {
    pub(super) policy: ManagedPolicy,
    /// 12 digits; `aws`; or empty for a bare document.
    pub(super) account: Box<str>,
    /// The sizes of the policy's versions, as quotas count them.
    pub(super) sizes: Vec<usize>,
    /// How many versions the input gives, also such as are left out.
    pub(super) version_count: usize,
    pub(super) place: Place<'a>,
}

/// An AWS-managed policy that was read: what another account's is compared with, and what is said of it again.
pub(super) struct ManagedDraft<'a> {
    /// The text of its versions.
    pub(super) words: &'a str,
    /// Where the text begins.
    pub(super) start: u32,
    /// The default version as the policy names it.
    pub(super) default: Option<Box<str>>,
    /// What was found in the versions.
    pub(super) found: Vec<Diagnostic>,
}

/// A page of a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Page<'a> {
    /// The account of its entities, where it holds any of an account.
    pub(super) account: Option<Box<str>>,
    /// Where it says that another page follows.
    pub(super) truncated: Option<Place<'a>>,
}

/// A resource.
#[derive(Clone, Debug)]
pub(super) struct ResourceDraft<'a> {
    pub(super) arn: Box<str>,
    pub(super) account: Option<Box<str>>,
    pub(super) tags: Option<Vec<Tag>>,
    pub(super) policy: Option<Sized>,
    pub(super) origin: Origin,
    pub(super) place: Place<'a>,
}

/// A route.
pub(super) struct RouteDraft<'a> {
    pub(super) route: Route,
    pub(super) place: Place<'a>,
}

/// The organization.
#[derive(Clone, Debug)]
pub(super) struct OrganizationDraft<'a> {
    pub(super) organization: Organization,
    pub(super) controls: Vec<ControlPolicy>,
    pub(super) place: Place<'a>,
}
