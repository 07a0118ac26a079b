//! Model to layers: for every principal the documents of its identity layer and of its boundary (rules I1, I2, V2, V3).
//!
//! In: the model. Out: groups and attachments are gone; each principal has a list of documents a layer. The layers stay apart: only the
//! runtime's combination joins what they say. SCPs, session policies and resource-type layers will be further lists of the same kind.

mod attachments;

use crate::model::{Document, Model};

pub use attachments::merge;

/// Where a document comes from: a managed policy's default version, or an inline policy of some identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentSource {
    /// The default version of the managed policy at this place of the model.
    Managed(u32),
    /// An inline policy: user and place.
    UserInline(u32, u32),
    /// An inline policy: group and place.
    GroupInline(u32, u32),
    /// An inline policy: role and place.
    RoleInline(u32, u32),
}

impl DocumentSource {
    /// The document; `None` for ids that are none of this model's.
    #[must_use]
    pub fn document(self, model: &Model) -> Option<&Document> {
        match self {
            Self::Managed(policy) => Some(&model.policies.get(policy as usize)?.default_version()?.document),
            Self::UserInline(user, place) => {
                Some(&model.users.get(user as usize)?.identity.inline.get(place as usize)?.document)
            }
            Self::GroupInline(group, place) => {
                Some(&model.groups.get(group as usize)?.identity.inline.get(place as usize)?.document)
            }
            Self::RoleInline(role, place) => {
                Some(&model.roles.get(role as usize)?.identity.inline.get(place as usize)?.document)
            }
        }
    }

    /// The name for people: the ARN of a managed policy, or the identity's ARN, `#` and the name of an inline one.
    #[must_use]
    pub fn name(self, model: &Model) -> String {
        let inline = |identity: Option<&crate::model::Identity>, place: u32| {
            let identity = identity?;
            let policy = identity.inline.get(place as usize)?;
            Some(format!("{}#{}", identity.arn, policy.name))
        };
        let name = match self {
            Self::Managed(policy) => model.policies.get(policy as usize).map(|policy| policy.arn.to_string()),
            Self::UserInline(user, place) => {
                inline(model.users.get(user as usize).map(|user| &user.identity), place)
            }
            Self::GroupInline(group, place) => {
                inline(model.groups.get(group as usize).map(|group| &group.identity), place)
            }
            Self::RoleInline(role, place) => {
                inline(model.roles.get(role as usize).map(|role| &role.identity), place)
            }
        };
        name.unwrap_or_default()
    }
}

/// Which principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalRef {
    /// A user of the model.
    User(u32),
    /// A role of the model.
    Role(u32),
}

/// A principal with the documents of its layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Which principal.
    pub principal: PrincipalRef,
    /// Documents of the identity layer, each once, sorted.
    pub identity: Vec<DocumentSource>,
    /// Documents of the boundary; `None` where there is none, which does not limit (rule V2).
    pub boundary: Option<Vec<DocumentSource>>,
}
