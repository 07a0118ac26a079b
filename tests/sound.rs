//! What lints say of statements that never matter is so: without the statement, the reference evaluator decides every request the same.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test that panics has failed, and says what it looked at"
)]

#[path = "support/organizations.rs"]
mod organizations;
#[path = "support/worlds.rs"]
mod worlds;

use std::collections::BTreeMap;

use portcullis::compiler::lint::{self, registry};
use portcullis::compiler::model::{Document, Model, Origin};
use portcullis::compiler::request::Request;
use portcullis::compiler::{reference, resolve};
use portcullis::grammar::source::{Position, Source};

const CODES: [&str; 5] = [
    registry::V1_SHADOWED,
    registry::V3_CONTAINED,
    registry::V3_CONTAINED_ELSEWHERE,
    registry::E5_OUTSIDE_BOUNDARY,
    registry::E1_OUTSIDE_SCP,
];

/// All documents.
fn documents(model: &mut Model) -> Vec<&mut Document> {
    let (mut trusts, mut identities) = (Vec::new(), Vec::new());
    for role in &mut model.roles {
        trusts.extend(&mut role.trust);
        identities.push(&mut role.identity);
    }
    identities.extend(model.users.iter_mut().map(|it| &mut it.identity));
    identities.extend(model.groups.iter_mut().map(|it| &mut it.identity));
    let inline = identities.into_iter().flat_map(|it| &mut it.inline).map(|it| &mut it.document);
    let managed = model.policies.iter_mut().flat_map(|it| &mut it.versions).map(|it| &mut it.document);
    let controls = model.controls.iter_mut().map(|it| &mut it.document);
    let resources = model.resources.iter_mut().filter_map(|it| it.policy.as_mut());
    let endpoints = model.endpoints.iter_mut().flat_map(|it| &mut it.documents);
    inline.chain(managed).chain(trusts).chain(controls).chain(resources).chain(endpoints).collect()
}

/// The statement that a place lies in: the last one that begins before it.
fn statement_at(model: &mut Model, file: usize, place: Position) -> Origin {
    let statements = documents(model).into_iter().flat_map(|it| &it.statements).map(|it| it.origin);
    let before = |it: &Origin| it.file.index() == file && (it.line, it.column) <= (place.line, place.column);
    statements.filter(before).max().unwrap()
}

/// Takes away one statement after the other that is said never to matter, and asks all requests again.
fn compare(name: &str, files: &[(&str, String)], requests: &[Request], told: &mut BTreeMap<&str, usize>) {
    let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(*name, text.as_str())).collect();
    let Some(mut model) = resolve::resolve(&sources, &[], &resolve::Options::default()).model else {
        panic!("{name} does not resolve")
    };
    let options = lint::Options { aws_managed: true, ..lint::Options::default() };
    let found = lint::check(&model, &sources, &options);
    let decide =
        |model: &Model| requests.iter().map(|it| reference::decide(model, it).effect).collect::<Vec<_>>();
    let whole = decide(&model);
    for found in found.iter().filter(|it| CODES.contains(&it.code)) {
        let Some(label) = found.labels.first() else { panic!("{name}: {found:?} has no place") };
        let file = sources.iter().position(|it| it.text().as_ptr() == label.source.text().as_ptr()).unwrap();
        let origin = statement_at(&mut model, file, label.source.position(label.span.start));
        let mut without = model.clone();
        for document in documents(&mut without) {
            document.statements.retain(|it| it.origin != origin);
        }
        assert!(without != model, "{name}: no statement at {origin:?}");
        *told.entry(found.code).or_default() += 1;
        for ((before, after), request) in whole.iter().zip(decide(&without)).zip(requests) {
            assert_eq!(*before, after, "{name}: {}: {}\n{request:#?}", found.code, found.message);
        }
    }
}

#[test]
fn statements_that_never_matter_do_not() {
    let mut told = BTreeMap::new();
    for seed in 0..150 {
        let world = worlds::world(seed, 60);
        compare(&format!("seed {seed}"), &[("world.json", world.snapshot)], &world.requests, &mut told);
    }
    println!("statements taken away, by code: {told:?}");
    assert!(told.values().sum::<usize>() > 100, "{told:?}");
}

#[test]
fn statements_that_never_matter_do_not_in_organizations() {
    let mut told = BTreeMap::new();
    for seed in 0..50 {
        let world = organizations::world(seed, 100);
        compare(&format!("seed {seed}"), &world.files, &world.requests, &mut told);
    }
    println!("statements taken away, by code: {told:?}");
    assert!(told.values().sum::<usize>() > 100, "{told:?}");
}
