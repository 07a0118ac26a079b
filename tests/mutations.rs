//! Mutation check: the faults of `mutations.txt`, one at a time, are all caught by the tests.
//!
//! Long: every fault is a build. Without `PORTCULLIS_MUTATIONS` only the list is checked: each text stands once in its file. Its value is what the
//! faults to be tried have in their names or files, with commas between; `1` is all of them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says what it did"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A fault.
struct Mutation {
    what: String,
    file: String,
    from: String,
    to: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn mutations() -> Vec<Mutation> {
    let text = std::fs::read_to_string(root().join("tests/mutations.txt")).unwrap();
    let blocks = text.split("\n== ").skip(1);
    blocks
        .map(|block| {
            let lines: Vec<&str> = block.lines().filter(|line| !line.is_empty()).collect();
            let [what, file, from, to] = lines.as_slice() else { panic!("{block}") };
            Mutation {
                what: (*what).to_owned(),
                file: (*file).to_owned(),
                from: from.strip_prefix("- ").unwrap().to_owned(),
                to: to.strip_prefix("+ ").unwrap().to_owned(),
            }
        })
        .collect()
}

#[test]
fn every_fault_stands_once_in_its_file() {
    let mutations = mutations();
    assert!(mutations.len() >= 40, "{}", mutations.len());
    for Mutation { what, file, from, to } in &mutations {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{what}: {from}");
        assert_ne!(from, to, "{what}");
    }
}

/// Copies what a build of the workspace needs.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        if name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))
        } else {
            std::fs::copy(&path, to.join(name)).map(|_| ()).unwrap()
        }
    }
}

/// The tests of meaning; then those of checks that only a fault elsewhere would make necessary, and of what a build says. The golden bundles
/// are left out: they would catch every change.
const TESTS: [&[&str]; 5] = [
    &[
        "--test",
        "scenarios",
        "--test",
        "combination",
        "--test",
        "walks",
        "--test",
        "classes",
        "--test",
        "differential",
        "--test",
        "cli",
        "--test",
        "fixtures",
        "--test",
        "language",
        "--test",
        "roundtrip",
        "--test",
        "changes",
    ],
    &["--test", "bundle", "crafted"],
    &["--test", "threats", "--test", "live"],
    &["--package", "portcullis-runtime"],
    &["--package", "portcullis-compiler", "--lib", "--test", "unions"],
];

/// Whether the tests pass in a copy of the workspace. Panics if they do not build: that would be no catch.
fn passes(folder: &Path, target: &Path) -> bool {
    TESTS.iter().all(|tests| {
        assert!(run(folder, target, tests, &["--no-run"]), "a fault does not compile");
        run(folder, target, tests, &[])
    })
}

fn run(folder: &Path, target: &Path, tests: &[&str], more: &[&str]) -> bool {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["test", "--locked"])
        .args(tests)
        .args(more)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("PORTCULLIS_MUTATIONS");
    // Lints of an unused name are no catch.
    command.env("RUSTFLAGS", "-Awarnings").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap().success()
}

#[test]
fn every_fault_is_caught() {
    let Ok(chosen) = std::env::var("PORTCULLIS_MUTATIONS") else {
        println!("SKIPPED: the mutation check takes a build a fault; PORTCULLIS_MUTATIONS=1 runs it");
        return;
    };
    let is_chosen = |it: &Mutation| {
        chosen == "1" || chosen.split(',').any(|part| it.what.contains(part) || it.file.contains(part))
    };
    let folder = tempfile::tempdir().unwrap();
    let copied = folder.path().join("portcullis");
    copy(root(), &copied);
    let target = std::env::var_os("PORTCULLIS_MUTATIONS_TARGET")
        .map_or_else(|| folder.path().join("target"), PathBuf::from);
    assert!(passes(&copied, &target), "the tests fail without any fault");
    let mut survived = Vec::new();
    let faults: Vec<Mutation> = mutations().into_iter().filter(is_chosen).collect();
    assert!(!faults.is_empty(), "no fault is called {chosen}");
    for Mutation { what, file, from, to } in faults {
        let path = copied.join(&file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen(&from, &to, 1)).unwrap();
        let caught = !passes(&copied, &target);
        println!("{} {what}", if caught { "caught  " } else { "SURVIVED" });
        if !caught {
            survived.push(what);
        }
        std::fs::write(&path, text).unwrap();
    }
    assert!(survived.is_empty(), "{survived:#?}");
}
