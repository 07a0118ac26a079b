//! The layers that are no principal's: those of accounts, resources, endpoints and of a session (rules E1, E2, E6, E8, E12).

use std::collections::BTreeSet;

use super::attachments::principals;
use super::{DocumentSource, Layers, MergedAccount, MergedResource};
use crate::model::{ControlId, Model};

/// All layers of a model. Linear in the model, and for every account in the depth of its place.
#[must_use]
pub fn merge(model: &Model) -> Layers {
    let documents = |controls: &[ControlId]| -> Vec<DocumentSource> {
        let mut documents: Vec<_> =
            controls.iter().map(|control| DocumentSource::Control(control.0)).collect();
        documents.sort_unstable();
        documents.dedup();
        documents
    };
    let levels = |levels: Option<Vec<&[ControlId]>>| {
        levels.map(|levels| levels.into_iter().map(documents).collect::<Vec<_>>())
    };
    let organization = model.organization.as_ref();
    let accounts = numbers(model).into_iter().map(|number| MergedAccount {
        scps: levels(organization.and_then(|organization| organization.scp_levels(number))),
        rcps: levels(organization.and_then(|organization| organization.rcp_levels(number))),
        number: number.into(),
    });
    let resources = (0..).zip(&model.resources).map(|(place, resource)| MergedResource {
        policy: resource.policy.as_ref().map(|_| DocumentSource::Resource(place)),
        rcps: levels(resource.rcps.as_ref().map(|levels| levels.iter().map(Vec::as_slice).collect())),
    });
    let endpoints = (0..).zip(&model.endpoints).map(|(place, endpoint)| {
        (0..endpoint.documents.len() as u32).map(|number| DocumentSource::Endpoint(place, number)).collect()
    });
    let session = model.session.as_ref();
    Layers {
        principals: principals(model),
        accounts: accounts.collect(),
        resources: resources.collect(),
        endpoints: endpoints.collect(),
        session: session.map(|session| (0..session.len() as u32).map(DocumentSource::Session).collect()),
    }
}

/// All accounts that the model speaks of, sorted.
fn numbers(model: &Model) -> BTreeSet<&str> {
    let organization = model.organization.iter().flat_map(|it| &it.accounts).map(|place| &*place.account);
    let resources = model.resources.iter().filter_map(|resource| resource.account.as_deref());
    model.accounts.iter().map(|account| &**account).chain(organization).chain(resources).collect()
}
