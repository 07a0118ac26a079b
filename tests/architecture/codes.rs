//! Every diagnostic code is named by a test or a fixture.

use portcullis::compiler::resolve::codes::ALL;

use super::{File, files, is_test, read};

/// Codes that no test provokes, and why.
const UNMET: &[(&str, &str)] = &[
    ("gate-layout", "would be a bug of the layout, which the fuzz target looks for"),
    ("p4-source-too-large", "takes half a gigabyte of input"),
];

/// The constants of `codes.rs` and their codes.
fn constants() -> Vec<(String, String)> {
    let text = read("compiler/src/resolve/codes.rs");
    let lines = text.lines().filter_map(|line| {
        let (name, rest) = line.trim().split_once(" \"")?;
        let (code, _) = rest.split_once("\" \"")?;
        let plain = name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_');
        plain.then(|| (name.to_owned(), code.to_owned()))
    });
    lines.collect()
}

/// The codes that the JSON front end gives, as they stand in its sources.
fn grammar_codes(files: &[File]) -> Vec<String> {
    let sources = files.iter().filter(|file| file.path.starts_with("grammar/src/") && !is_test(&file.path));
    let mut codes: Vec<String> = Vec::new();
    for file in sources {
        for prefix in ["\"json-", "\"gate-", "\"p3-", "\"p4-"] {
            let literals = file.text.match_indices(prefix).filter_map(|(at, _)| file.text.get(at + 1..));
            codes.extend(literals.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
    }
    codes.sort();
    codes.dedup();
    codes
}

/// Whether a word stands in a text by itself.
fn names(text: &str, word: &str) -> bool {
    let part = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + word.len()..).and_then(|behind| behind.chars().next());
        !before.is_some_and(part) && !behind.is_some_and(part)
    })
}

#[test]
fn every_diagnostic_code_is_named_by_a_test_or_a_fixture() {
    let files = files(&[".rs", ".snap", ".txt", ".json", ".jsonl", ".md"]);
    let own = file!().replace('\\', "/");
    let tests: Vec<&File> =
        files.iter().filter(|file| is_test(&file.path) && !own.ends_with(&file.path)).collect();
    let tested = |word: &str| tests.iter().any(|file| names(&file.text, word));
    let constants = constants();
    assert_eq!(constants.len(), ALL.len(), "codes.rs reads otherwise than this test reads it");
    let grammar = grammar_codes(&files);
    assert!(grammar.len() > 15);
    let missing: Vec<&String> = constants
        .iter()
        .filter(|(name, code)| !tested(name) && !tested(code))
        .map(|(_, code)| code)
        .chain(grammar.iter().filter(|code| !tested(code)))
        .collect();
    let unmet: Vec<&str> = UNMET.iter().map(|(code, _)| *code).collect();
    assert_eq!(missing, unmet, "codes that no test or fixture names, against those that may be");
}
