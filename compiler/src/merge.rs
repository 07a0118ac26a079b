//! Model to layers: the documents that bear on every principal, account, resource and endpoint (rules I1, I2, V2, V3, E1, E2).
//!
//! In: the model. Out: groups, attachments and the organization's tree are gone; every layer is a list of documents. The layers stay apart:
//! only the runtime's combination joins what they say.

mod attachments;
mod layers;

use crate::model::{Document, Model};

pub use layers::merge;

/// Where a document comes from.
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
    /// A role's trust policy.
    Trust(u32),
    /// The policy of a resource.
    Resource(u32),
    /// A service or resource control policy.
    Control(u32),
    /// A document of an endpoint: endpoint and place.
    Endpoint(u32, u32),
    /// A session policy.
    Session(u32),
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
            Self::Trust(role) => model.roles.get(role as usize)?.trust.as_ref(),
            Self::Resource(resource) => model.resources.get(resource as usize)?.policy.as_ref(),
            Self::Control(control) => Some(&model.controls.get(control as usize)?.document),
            Self::Endpoint(endpoint, place) => {
                model.endpoints.get(endpoint as usize)?.documents.get(place as usize)
            }
            Self::Session(place) => model.session.as_ref()?.get(place as usize),
        }
    }

    /// The name for people: the ARN of a managed policy, of a resource or of a role that is trusted, the identity's ARN, `#` and the name of
    /// an inline policy, the id of a control policy or of an endpoint.
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
            Self::Trust(role) => model.roles.get(role as usize).map(|role| role.identity.arn.to_string()),
            Self::Resource(resource) => {
                model.resources.get(resource as usize).map(|resource| resource.arn.to_string())
            }
            Self::Control(control) => {
                model.controls.get(control as usize).map(|control| control.id.to_string())
            }
            Self::Endpoint(endpoint, _) => {
                let endpoint = model.endpoints.get(endpoint as usize);
                endpoint.map(|endpoint| endpoint.id.as_deref().unwrap_or("endpoint").to_owned())
            }
            Self::Session(place) => Some(format!("session_policies[{place}]")),
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
    /// The trust policy of a role.
    pub trust: Option<DocumentSource>,
}

/// An account with the levels of control policies over it, from the root down (rules E1, E2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedAccount {
    /// Its number.
    pub number: Box<str>,
    /// SCPs, level by level; `None` where they do not apply.
    pub scps: Option<Vec<Vec<DocumentSource>>>,
    /// RCPs over its resources, level by level; `None` where they do not apply.
    pub rcps: Option<Vec<Vec<DocumentSource>>>,
}

/// A resource with its layers, in the order of the model's resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedResource {
    /// Its policy.
    pub policy: Option<DocumentSource>,
    /// RCPs of its own, level by level; `None` where the organization says.
    pub rcps: Option<Vec<Vec<DocumentSource>>>,
}

/// All layers of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    /// The principals, users first, in the order of the model.
    pub principals: Vec<Merged>,
    /// The accounts, sorted by number.
    pub accounts: Vec<MergedAccount>,
    /// The resources.
    pub resources: Vec<MergedResource>,
    /// By endpoint: its documents.
    pub endpoints: Vec<Vec<DocumentSource>>,
    /// Documents of the session, in an overlay.
    pub session: Option<Vec<DocumentSource>>,
}
