//! The architecture's invariants, read off the source tree: arrows between crates, forbidden things, every file's first line, and that
//! rules, codes and the bundle format are named where they should be.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that panics has failed, and one that cannot look says so"
)]

#[path = "architecture/codes.rs"]
mod codes;
#[path = "architecture/format.rs"]
mod format;
#[path = "architecture/manifests.rs"]
mod manifests;
#[path = "architecture/rules.rs"]
mod rules;

use std::path::{Path, PathBuf};

/// A text file of the source tree.
struct File {
    /// Below the root of the repository, with `/`.
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files with one of these endings, but for what is built.
fn files(endings: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = folder.join(&name);
            if entry.file_type().unwrap().is_dir() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let path = path.to_str().unwrap().replace('\\', "/");
                // A fixture may hold bytes that are no text.
                let text = String::from_utf8_lossy(&std::fs::read(root().join(&path)).unwrap()).into_owned();
                found.push(File { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no file ends in {endings:?}");
    found
}

/// Whether a file holds tests only.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<String> = files(&[".rs"])
        .into_iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.path)
        .collect();
    assert!(silent.is_empty(), "without a `//!` on the first line: {silent:?}");
}

#[test]
fn no_source_file_is_long() {
    let long: Vec<(String, usize)> = files(&[".rs"])
        .into_iter()
        .map(|file| (file.path, file.text.lines().count()))
        .filter(|(_, lines)| *lines > 500)
        .collect();
    assert!(long.is_empty(), "over 500 lines, which hold more than one purpose: {long:?}");
}

/// The reference evaluator starts from the texts of the model and shares no matching and no reading of values with what it is an oracle for.
#[test]
fn the_reference_shares_no_matching_code() {
    let own: Vec<File> = files(&[".rs"])
        .into_iter()
        .filter(|file| file.path.starts_with("compiler/src/reference") && !is_test(&file.path))
        .collect();
    assert!(own.len() > 5);
    for file in own {
        let (code, _) = file.text.split_once("#[cfg(test)]").unwrap_or((&file.text, ""));
        for foreign in ["pattern", "automata", "bundle", "intern", "ir", "merge", "resolve"] {
            assert!(!code.contains(&format!("crate::{foreign}")), "{} uses {foreign}", file.path);
        }
        for (at, _) in code.match_indices("portcullis_runtime::") {
            let rest = code.get(at..).unwrap();
            assert!(rest.starts_with("portcullis_runtime::decision"), "{} uses the runtime", file.path);
        }
        assert!(!code.contains("portcullis_grammar"), "{} uses the grammar", file.path);
    }
}
