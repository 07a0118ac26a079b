//! A corpus of decisions, written from AWS's documentation and the rules: bundle and reference evaluator answer every case as the rules say.
//!
//! Expectations were derived by hand, not from what an engine says. A case's id begins with the rule that it is about; SEMANTICS.md has them all.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it did"
)]

#[path = "support/compiled.rs"]
mod compiled;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use portcullis::ask::ask;
use portcullis::compiler::reference;
use portcullis::compiler::resolve::scenario::{Scenario, parse_scenarios};
use portcullis::grammar::source::Source;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The cases of every file of the corpus, each with where it stands.
fn corpus() -> Vec<(String, Scenario)> {
    let files = std::fs::read_dir(root().join("tests/scenarios")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let source = Source::new(name.as_str(), std::fs::read_to_string(&file).unwrap());
        for case in parse_scenarios(&source) {
            let case = case.unwrap_or_else(|error| panic!("{name}:{}: {}", error.line, error.message));
            cases.push((format!("{name}:{} {}", case.line, case.id), case));
        }
    }
    cases
}

#[test]
fn bundle_and_reference_decide_as_the_rules_say() {
    let mut wrong = Vec::new();
    let cases = corpus();
    for (place, case) in &cases {
        let request = case.request();
        let expected = case.expected.unwrap_or_else(|| panic!("{place} expects nothing"));
        let bundle = ask(&compiled::bundle(&case.model), &request).unwrap();
        let reference = reference::decide(&case.model, &request);
        if (bundle.effect(), reference.effect) != (expected, expected) {
            wrong.push(format!("{place}: expected {expected}, bundle {bundle:?}, reference {reference:?}"));
        }
        assert_eq!(
            (bundle.layer(), bundle.reason(), bundle.level().map(usize::from)),
            (reference.layer, reference.reason, reference.level),
            "{place}"
        );
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Ids are unique and begin with a rule, and the rules that the layers of today rest on have cases.
#[test]
fn ids_name_rules() {
    let semantics = std::fs::read_to_string(root().join("compiler/SEMANTICS.md")).unwrap();
    let rules: BTreeSet<String> = semantics
        .lines()
        .filter_map(|line| line.strip_prefix("- ")?.split_once(". "))
        .map(|(rule, _)| rule.to_ascii_lowercase())
        .filter(|rule| rule.len() < 4)
        .collect();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (place, case) in corpus() {
        let rule = case.id.split('/').next().unwrap().to_owned();
        assert!(rules.contains(&rule), "{place}: there is no rule {rule}");
        assert!(ids.insert(case.id.clone()), "{place}: the id is given twice");
        *count.entry(rule).or_default() += 1;
    }
    println!("{count:?}");
    for rule in [
        "v1", "v2", "v3", "v4", "v5", "v6", "p1", "p2", "a1", "a2", "r1", "r2", "r3", "r4", "r5", "x1", "x2",
        "x3", "x4", "c1", "c2", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "n1", "n2", "n3",
        "n5", "n6", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "e10", "e11", "e12", "e13", "i1",
        "i3",
    ] {
        assert!(count.contains_key(rule), "no case is about rule {rule}");
    }
}
