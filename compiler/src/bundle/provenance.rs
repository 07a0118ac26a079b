//! The cold provenance section: from rules back to statements.

use std::collections::HashMap;

use portcullis_runtime::provenance::{Policy, Provenance, Source};

use crate::intern::Interner;
use crate::ir::Ir;
use crate::merge::DocumentSource;
use crate::model::Model;

/// Collects the provenance of an IR. Documents become policies in the order in which the rules name them.
pub(super) fn provenance(model: &Model, ir: &Ir) -> Provenance {
    let mut documents: Vec<DocumentSource> = ir
        .principals
        .iter()
        .flat_map(|principal| principal.identity_documents.iter().chain(&principal.boundary_documents))
        .copied()
        .collect();
    documents.sort_unstable();
    documents.dedup();
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
    let principals = ir
        .principals
        .iter()
        .map(|principal| {
            let identity = list(&principal.identity_documents);
            (identity, principal.boundary.map(|_| list(&principal.boundary_documents)))
        })
        .collect();
    Provenance {
        files: model.files.iter().map(|name| name.to_string()).collect(),
        policies: documents.iter().map(policy).collect(),
        rules,
        policy_lists: lists.items().to_vec(),
        principals,
    }
}
