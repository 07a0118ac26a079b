//! The model: accounts, identities, policies and resources after every name became an id and every value was parsed.
//!
//! In: documents and snapshots with positions. Out: what the inputs say, and nothing textual left undecided: patterns, operators
//! and operands are data. Each pattern and operand also keeps its text as written: the reference evaluator starts again from that
//! text, so that it shares no reading of patterns with the compiler.

pub mod condition;
pub mod id;
pub mod identity;
pub mod organization;
pub mod policy;
pub mod resource;
pub mod route;
pub mod statement;

use bincode::{Decode, Encode};
use portcullis_runtime::value::arn;

pub use condition::{BaseOperator, Condition, Operand, OperandForm, Operator, SetPrefix};
pub use id::{AccountId, ControlId, FileId, GroupId, NodeId, PolicyId, RoleId, UserId};
pub use identity::{Group, Identity, Role, Tag, User};
pub use organization::{ControlPolicy, Organization, OrganizationAccount, OrganizationNode};
pub use policy::{Document, DocumentKind, DocumentVersion, InlinePolicy, ManagedPolicy, PolicyVersion};
pub use resource::{Endpoint, Resource};
pub use statement::{
    ActionClause, ActionPattern, Effect, Origin, PrincipalClause, PrincipalEntry, PrincipalType,
    ResourceClause, ResourcePattern, Statement,
};

/// All that the inputs say, in the order of the inputs. Ids are indices into these lists.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Model {
    /// The input files by the names under which diagnostics and provenance show them.
    pub files: Vec<Box<str>>,
    /// Account numbers, 12 digits each, sorted.
    pub accounts: Vec<Box<str>>,
    /// Users.
    pub users: Vec<User>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Managed policies, of customers and of AWS; also documents that nothing is attached to.
    pub policies: Vec<ManagedPolicy>,
    /// Service and resource control policies.
    pub controls: Vec<ControlPolicy>,
    /// The organization.
    pub organization: Option<Organization>,
    /// Resources with owners, tags and policies, sorted by ARN, each once.
    pub resources: Vec<Resource>,
    /// VPC endpoints, sorted by id, each once.
    pub endpoints: Vec<Endpoint>,
    /// Routes of HTTP, sorted by methods and path.
    pub routes: route::Routes,
    /// Session policies, in a model that is a session's overlay (DESIGN section 5); `None` in every other.
    pub session: Option<Vec<Document>>,
    /// Whether this is the world of one scenario: of the role or user behind a session account and name are known, its path is not
    /// (rule N3).
    pub scenario: bool,
}

impl Model {
    /// The managed policy behind an id.
    #[must_use]
    pub fn policy(&self, id: PolicyId) -> Option<&ManagedPolicy> {
        self.policies.get(id.index())
    }

    /// The group behind an id.
    #[must_use]
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(id.index())
    }

    /// The policy that a resource declares itself: not one that it has from the bucket or log group under which it lies; of a VPC
    /// endpoint that of the endpoint.
    #[must_use]
    pub fn policy_of<'m>(&'m self, resource: &'m Resource) -> Option<&'m Document> {
        let [_, _, service, _, _, name] = arn::split(resource.owner_name())?;
        if service != "lambda" && arn::above(service.as_bytes(), name.as_bytes()).is_some() {
            return None;
        }
        let of_endpoint = || {
            let id = name.strip_prefix("vpc-endpoint/").filter(|_| service == "ec2")?;
            let endpoint = self.endpoints.iter().find(|endpoint| endpoint.id.as_deref() == Some(id))?;
            endpoint.documents.first()
        };
        resource.policy.as_ref().or_else(of_endpoint)
    }

    /// The name of a file; empty for an id that is none of this model's.
    #[must_use]
    pub fn file(&self, id: FileId) -> &str {
        self.files.get(id.index()).map_or("", |name| name)
    }
}
