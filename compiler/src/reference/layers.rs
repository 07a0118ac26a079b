//! The policies that bear on a request, layer by layer (rules I1–I3, V2, V3, E6, E8, E12); those of organizations are in `organization`.

use super::combine::Contract;
use super::context::Context;
use super::principal::{Asker, Kind, Known};
use super::resource;
use crate::model::{Document, DocumentKind, InlinePolicy, Model, PolicyId, Resource, Statement};
use crate::request::{ContextValue, Request};

/// A statement and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Located<'a> {
    /// Its policy, as [`Deciding::policy`](super::Deciding::policy) names it.
    pub(crate) policy: String,
    /// The ARN of the identity that an inline policy was written into.
    pub(crate) holder: Option<&'a str>,
    /// Its place among the policy's statements, from 0.
    pub(crate) index: usize,
    /// What its document is attached as.
    pub(crate) kind: DocumentKind,
    /// The statement.
    pub(crate) statement: &'a Statement,
}

/// The statements of a document.
pub(super) fn located<'a>(
    policy: &str,
    holder: Option<&'a str>,
    document: &'a Document,
) -> impl Iterator<Item = Located<'a>> + use<'a> {
    let policy = policy.to_owned();
    document.statements.iter().enumerate().map(move |(index, statement)| Located {
        policy: policy.clone(),
        holder,
        index,
        kind: document.kind,
        statement,
    })
}

/// I2: an attachment means the default version.
fn managed(model: &Model, id: PolicyId) -> impl Iterator<Item = Located<'_>> {
    let version = model.policy(id).and_then(|policy| Some((&*policy.arn, policy.default_version()?)));
    version.into_iter().flat_map(|(arn, version)| located(arn, None, &version.document))
}

fn inline<'a>(holder: &'a str, policies: &'a [InlinePolicy]) -> impl Iterator<Item = Located<'a>> {
    policies.iter().flat_map(move |policy| located(&policy.name, Some(holder), &policy.document))
}

/// The identity layer. I1: a user's inline and attached policies plus those of its groups. I3: a role's permissions.
pub(super) fn identity<'a>(model: &'a Model, known: Known<'a>) -> Vec<Located<'a>> {
    let mut holders = vec![known.identity()];
    if let Known::User(user) = known {
        holders
            .extend(user.groups.iter().filter_map(|group| model.group(*group)).map(|group| &group.identity));
    }
    let mut statements = Vec::new();
    for holder in holders {
        statements.extend(inline(&holder.arn, &holder.inline));
        statements.extend(holder.attached.iter().flat_map(|policy| managed(model, *policy)));
    }
    statements
}

/// The boundary layer. V2: `None` where there is none, which does not limit; one without statements grants nothing.
pub(super) fn boundary<'a>(model: &'a Model, known: Known<'a>) -> Option<Vec<Located<'a>>> {
    known.boundary().map(|policy| managed(model, policy).collect())
}

/// The session layer (E6). V2: `None` where there is none, which does not limit.
pub(super) fn session<'a>(asker: &Asker<'_>, request: &'a Request) -> Option<Vec<Located<'a>>> {
    let policies = request.session.as_ref().map_or(&[][..], |session| &session.policies);
    // E6: a federated user without a session policy counts as having an empty one.
    if policies.is_empty() && asker.principal.kind != Kind::FederatedUser {
        return None;
    }
    // V3: several are one policy.
    let numbered = policies.iter().enumerate();
    Some(
        numbered
            .flat_map(|(at, document)| located(&format!("session_policies[{at}]"), None, document))
            .collect(),
    )
}

/// The endpoint layer (E12): the policy of the endpoint through which the request came. V2: `None` where there is none.
pub(super) fn endpoint<'a>(model: &'a Model, context: &Context) -> Option<Vec<Located<'a>>> {
    let named = context.get("aws:SourceVpce");
    let came_through = |id: &str| match named {
        Some(ContextValue::One(value)) => value == id,
        _ => false,
    };
    // A list does not say through which one the request came: an empty layer, which lets nothing pass.
    let is_unclear = matches!(named, Some(ContextValue::Many(_)));
    let has_named = model.endpoints.iter().any(|endpoint| endpoint.id.is_some());
    // Every request comes through one without an id, a scenario's.
    let applying = model.endpoints.iter().filter(|endpoint| endpoint.id.as_deref().is_none_or(came_through));
    // V3: several documents are one policy.
    let mut layer: Option<Vec<Located<'_>>> = (is_unclear && has_named).then(Vec::new);
    for endpoint in applying {
        let policy = endpoint.id.as_deref().unwrap_or("endpoint");
        let statements = endpoint.documents.iter().flat_map(|document| located(policy, None, document));
        layer.get_or_insert_default().extend(statements);
    }
    layer
}

/// The resource's policy (E3, E4), of a role its trust policy (E8); `None` where none is held.
pub(super) fn resource<'a>(
    model: &'a Model,
    owner: Option<&'a Resource>,
    contract: Contract,
    request: &'a Request,
) -> Option<Vec<Located<'a>>> {
    let declared = owner.and_then(|owner| Some((&*owner.arn, owner.policy.as_ref()?)));
    let is_role = resource::is_role(&request.resource);
    let (policy, document) = match contract {
        Contract::Trust | Contract::NoCallerSide if is_role && model.scenario => declared?,
        Contract::Trust | Contract::NoCallerSide if is_role => {
            let role = model.roles.iter().find(|role| *role.identity.arn == *request.resource)?;
            (&*role.identity.arn, role.trust.as_ref()?)
        }
        // E8: without a caller side a trust policy decides, and nothing else.
        Contract::Trust | Contract::NoCallerSide => return None,
        // DESIGN section 6: a trust policy is consulted for the actions that take the role, and a role has no other policy of its own.
        Contract::Key | Contract::Ordinary if is_role => return None,
        Contract::Key | Contract::Ordinary => declared?,
    };
    Some(located(policy, None, document).collect())
}
