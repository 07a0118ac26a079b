//! Resources with owners, tags and policies, and VPC endpoints with theirs (rules V6, E12, DESIGN section 6).

use bincode::{Decode, Encode};
use portcullis_runtime::value::arn;

use super::id::ControlId;
use super::identity::Tag;
use super::policy::Document;
use super::statement::Origin;

/// A resource that the inputs declare. It owns its ARN and what lies under it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Resource {
    /// Its ARN; in a scenario the resource of the request, whatever it is.
    pub arn: Box<str>,
    /// Its account, 12 digits; `None` in a scenario that does not say: then rule V6 goes on.
    pub account: Option<Box<str>>,
    /// Its tags; `None` where the inputs say nothing of them, and the request's context counts.
    pub tags: Option<Vec<Tag>>,
    /// Its policy; for a role of a scenario its trust policy.
    pub policy: Option<Document>,
    /// RCPs over it, level by level, that apply whatever its service and account: those of a scenario (rule E2). Else `None`: the
    /// organization says.
    pub rcps: Option<Vec<Vec<ControlId>>>,
    /// Where it was declared.
    pub origin: Origin,
}

impl Resource {
    /// The name under which it is looked up: its ARN, a log group's without the `:*` that stands for its streams.
    #[must_use]
    pub fn owner_name(&self) -> &str {
        owner_name(&self.arn)
    }
}

/// The same of a resource's ARN.
pub(crate) fn owner_name(text: &str) -> &str {
    match arn::split(text) {
        Some([_, _, "logs", _, _, group]) if group.starts_with("log-group:") => {
            text.strip_suffix(":*").unwrap_or(text)
        }
        _ => text,
    }
}

/// A VPC endpoint's policy.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Endpoint {
    /// The endpoint's id (`vpce-…`), which requests name in `aws:SourceVpce`; `None` for the endpoint of a scenario, through which every
    /// request comes.
    pub id: Option<Box<str>>,
    /// Its documents, which are one policy (rule V3).
    pub documents: Vec<Document>,
    /// Where it was declared.
    pub origin: Origin,
}
