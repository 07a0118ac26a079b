//! The cold provenance section: from rules back to statements.

use portcullis_runtime::provenance::{Policy, PrincipalLists, Provenance, Source};

use crate::intern::{HashMap, Interner};
use crate::ir::{Ir, Layer};
use crate::merge::DocumentSource;
use crate::model::Model;

/// All documents that the layers of an IR name, sorted, each once.
fn documents(ir: &Ir) -> Vec<DocumentSource> {
    let mut documents = Vec::new();
    for principal in &ir.principals {
        documents.extend_from_slice(&principal.identity_documents);
        documents.extend_from_slice(&principal.boundary_documents);
        documents.extend(principal.trust.as_ref().map(|policy| policy.document));
    }
    let of_accounts = ir.accounts.iter().flat_map(|account| account.scps.iter().chain(&account.rcps));
    let of_resources = ir.resources.iter().filter_map(|resource| resource.rcps.as_ref());
    let levels = of_accounts.chain(of_resources).flatten();
    documents.extend(ir.resources.iter().filter_map(|resource| Some(resource.policy.as_ref()?.document)));
    for layer in levels.chain(&ir.endpoints).chain(&ir.session) {
        documents.extend_from_slice(&layer.documents);
    }
    documents.sort_unstable();
    documents.dedup();
    documents
}

/// Collects the provenance of an IR. Documents become policies in the order in which the rules name them.
pub(super) fn provenance(model: &Model, ir: &Ir) -> Provenance {
    let documents = documents(ir);
    let ids: HashMap<DocumentSource, u32> = documents.iter().copied().zip(0..).collect();
    let policy = |document: &DocumentSource| {
        let version = match document {
            DocumentSource::Managed(policy) => {
                model.policies.get(*policy as usize).and_then(|policy| policy.default_version())
            }
            _ => None,
        };
        Policy {
            name: document.name(model),
            version: version.map(|version| version.id.to_string()).filter(|id| !id.is_empty()),
            file: document.document(model).map_or(0, |content| content.origin.file.0),
        }
    };
    let rules = ir.sources.iter().map(|sources| {
        let mut sources: Vec<Source> = sources
            .iter()
            .filter_map(|source| {
                let statement = source.document.document(model)?.statements.get(source.statement as usize)?;
                Some(Source {
                    policy: *ids.get(&source.document)?,
                    statement: source.statement,
                    sid: statement.sid.as_deref().map(str::to_owned),
                    line: statement.origin.line,
                    column: statement.origin.column,
                })
            })
            .collect();
        sources.sort();
        sources
    });
    let rules = rules.collect();
    let mut lists = Interner::<Vec<u32>>::default();
    let mut list = |documents: &[DocumentSource]| {
        let mut policies: Vec<u32> =
            documents.iter().filter_map(|document| ids.get(document).copied()).collect();
        policies.sort_unstable();
        lists.intern(policies)
    };
    let principals = ir.principals.iter().map(|principal| PrincipalLists {
        identity: list(&principal.identity_documents),
        boundary: principal.boundary.map(|_| list(&principal.boundary_documents)),
        trust: principal.trust.as_ref().map(|policy| list(&[policy.document])),
    });
    let principals = principals.collect();
    let mut levels = |levels: Option<&Vec<Layer>>| -> Vec<u32> {
        levels.into_iter().flatten().map(|layer| list(&layer.documents)).collect()
    };
    let accounts = ir.accounts.iter().map(|it| (levels(it.scps.as_ref()), levels(it.rcps.as_ref())));
    let accounts = accounts.collect();
    let own: Vec<Vec<u32>> = ir.resources.iter().map(|it| levels(it.rcps.as_ref())).collect();
    let resources = ir
        .resources
        .iter()
        .zip(own)
        .map(|(resource, rcps)| (resource.policy.as_ref().map(|policy| list(&[policy.document])), rcps));
    let resources = resources.collect();
    // The endpoint of all requests is no record of the bundle.
    let (mut endpoints, mut everywhere) = (Vec::new(), None);
    for (endpoint, layer) in model.endpoints.iter().zip(&ir.endpoints) {
        match endpoint.id {
            Some(_) => endpoints.push(list(&layer.documents)),
            None => everywhere = Some(list(&layer.documents)),
        }
    }
    let session = ir.session.as_ref().map(|layer| list(&layer.documents));
    Provenance {
        files: model.files.iter().map(|name| name.to_string()).collect(),
        policies: documents.iter().map(policy).collect(),
        rules,
        policy_lists: lists.items().to_vec(),
        principals,
        accounts,
        resources,
        endpoints,
        everywhere,
        session,
    }
}
