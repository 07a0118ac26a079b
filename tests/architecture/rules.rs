//! Every rule of SEMANTICS.md is named by a test, or is on the list of what later layers bring.

use std::collections::{BTreeMap, BTreeSet};

use super::{files, read, root};

/// Rules that no part of this version evaluates. Who builds one takes it off the list and names a test after it.
const LATER: &[&str] = &[];

/// Faults of THREATS.md about parts that are not built: serving, signatures, `.gate`; nothing here normalises a path or caches a decision.
const LATER_THREATS: &[&str] = &[];

/// The ids of the rules, in order.
fn rules(semantics: &str) -> Vec<String> {
    let id = |line: &str| {
        let (id, _) = line.strip_prefix("- ")?.split_once(". ")?;
        let (letter, number) = id.split_at_checked(1)?;
        let plain = letter.chars().all(|it| it.is_ascii_uppercase()) && number.parse::<u32>().is_ok();
        plain.then(|| id.to_owned())
    };
    semantics.lines().filter_map(id).collect()
}

/// The names of all test functions.
pub(super) fn tests() -> Vec<String> {
    let mut names = Vec::new();
    for file in files(&[".rs"]) {
        let mut is_test = false;
        for line in file.text.lines().map(str::trim) {
            if line == "#[test]" {
                is_test = true;
            } else if let Some(rest) = line.strip_prefix("fn ") {
                if is_test {
                    names.push(rest.split(['(', '<']).next().unwrap().to_owned());
                }
                is_test = false;
            }
        }
    }
    names
}

#[test]
fn rules_have_ids_in_order() {
    let rules = rules(&read("compiler/SEMANTICS.md"));
    assert!(rules.len() > 50);
    let mut last = BTreeMap::<&str, u32>::new();
    for rule in &rules {
        let (letter, number) = rule.split_at(1);
        let number = number.parse::<u32>().unwrap();
        let before = last.insert(letter, number).unwrap_or(0);
        assert_eq!(number, before + 1, "{rule} is out of order");
    }
    let letters: String = last.keys().copied().collect();
    assert_eq!(letters, "ACEINPRVX");
}

/// The copy in the repository is that of the rules that the project works by.
#[test]
fn the_copy_of_the_rules_is_whole() {
    match std::fs::read_to_string(root().join("../shared/SEMANTICS.md")) {
        Ok(shared) => {
            assert!(shared == read("compiler/SEMANTICS.md"), "compiler/SEMANTICS.md is another text")
        }
        Err(_) => println!("SKIPPED: ../shared/SEMANTICS.md is not there"),
    }
}

#[test]
fn every_rule_is_named_by_a_test_or_waits_for_its_layer() {
    let tested: BTreeSet<String> = tests()
        .iter()
        .flat_map(|name| name.split('_'))
        .filter(|word| {
            let (letter, number) = word.split_at_checked(1).unwrap_or_default();
            letter.chars().all(|it| it.is_ascii_lowercase()) && number.parse::<u32>().is_ok()
        })
        .map(str::to_ascii_uppercase)
        .collect();
    let rules: BTreeSet<String> = rules(&read("compiler/SEMANTICS.md")).into_iter().collect();
    let later: BTreeSet<String> = LATER.iter().map(|rule| (*rule).to_owned()).collect();
    let untested: Vec<&String> = rules.difference(&tested).filter(|rule| !later.contains(*rule)).collect();
    assert!(untested.is_empty(), "no test is named after {untested:?} (a test of rule C4 is named `c4_…`)");
    let built: Vec<&String> = later.intersection(&tested).collect();
    assert!(built.is_empty(), "tests are named after {built:?}: take them off the list of later layers");
    let unknown: Vec<&String> = tested.union(&later).filter(|rule| !rules.contains(*rule)).collect();
    assert!(unknown.is_empty(), "there are no rules {unknown:?}");
}

#[test]
fn every_threat_is_named_by_a_test_or_waits_for_its_part() {
    let Ok(text) = std::fs::read_to_string(root().join("../shared/THREATS.md")) else {
        println!("SKIPPED: ../shared/THREATS.md is not there");
        return;
    };
    let tests = tests();
    let tested = |name: &str| tests.iter().any(|test| test.starts_with(name));
    let faults = text.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | ")).skip(1);
    let names: Vec<String> = faults
        .map(|(fault, _)| fault.trim().replace(',', "").replace([' ', '-'], "_").to_ascii_lowercase())
        .collect();
    assert!(names.len() > 20);
    let missing: Vec<&str> = names.iter().map(String::as_str).filter(|name| !tested(name)).collect();
    assert_eq!(missing, LATER_THREATS, "faults that no test is named after, against those of parts to come");
}
