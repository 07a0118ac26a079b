//! The policies that bear on an identity, layer by layer (rules I1, I2, V2, V3).

use super::principal::Known;
use crate::model::{Document, InlinePolicy, Model, PolicyId, Statement};

/// A statement and where it was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located<'a> {
    /// The managed policy's ARN or the inline policy's name.
    pub(super) policy: &'a str,
    /// The ARN of the identity that an inline policy was written into.
    pub(super) holder: Option<&'a str>,
    /// Its place among the policy's statements, from 0.
    pub(super) index: usize,
    /// The statement.
    pub(super) statement: &'a Statement,
}

fn located<'a>(
    policy: &'a str,
    holder: Option<&'a str>,
    document: &'a Document,
) -> impl Iterator<Item = Located<'a>> {
    document.statements.iter().enumerate().map(move |(index, statement)| Located {
        policy,
        holder,
        index,
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
