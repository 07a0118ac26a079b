//! Fixtures: small inputs, and what the command line says about them. A snapshot shows input and output together, so that a reviewer reads both.
//!
//! To change one, edit or add the input, run with `INSTA_UPDATE=always`, and read what changed. Snapshots stand beside their inputs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

#[path = "support/command.rs"]
mod command;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use command::{Done, ROOT, finish, portcullis};
use portcullis::compiler::resolve::codes;

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

/// A folder of fixtures.
fn folder(name: &str) -> PathBuf {
    Path::new(ROOT).join("tests/fixtures").join(name)
}

/// The names of the fixtures of a folder: everything in it but snapshots, sorted.
fn inputs(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| !name.ends_with(".snap") && !name.ends_with(".snap.new")).collect();
    names.sort();
    assert!(!names.is_empty(), "{}", folder.display());
    names
}

/// The text of a fixture: a file, or all files of a folder, each under its name.
fn text(path: &Path) -> String {
    if !path.is_dir() {
        let bytes = std::fs::read(path).unwrap();
        return visible(&String::from_utf8_lossy(&bytes));
    }
    let mut all = String::new();
    for name in inputs(path) {
        let _ = writeln!(all, "── {name}\n{}", text(&path.join(&name)).trim_end());
    }
    all
}

/// A byte order mark, and what else a `.gate` file must not hold, could not be seen in a review.
fn visible(text: &str) -> String {
    let hidden =
        |it: char| matches!(it, '\u{feff}' | '\u{85}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = text.replace("\r\n", "\n").replace('\r', "\\r");
    text.chars().fold(String::new(), |mut shown, it| {
        if hidden(it) {
            shown.extend(it.escape_unicode())
        } else {
            shown.push(it)
        }
        shown
    })
}

/// Runs a command on a fixture, in its folder; a policy document is attached to a user, since nobody could ask anything else.
fn run(command: &[&str], folder: &Path, name: &str, is_document: bool) -> Done {
    let attach = format!("--attach={ALICE}={name}");
    let input = if is_document { &attach } else { name };
    finish(portcullis(folder, &[command, &[input]].concat()), b"")
}

/// Compares with the snapshot beside the input.
fn assert_snapshot(folder: &Path, name: &str, output: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = name.split('.').next().unwrap();
    settings.bind(|| insta::assert_snapshot!(name, output));
}

fn diagnostics(kind: &str, is_document: bool) {
    let folder = folder("diagnostics").join(kind);
    for name in inputs(&folder) {
        let done = run(&["check"], &folder, &name, is_document);
        assert_eq!(done.out, "", "{name}");
        assert!(done.status != 0, "{name}: nothing is found");
        let input = text(&folder.join(&name));
        let shown = format!(
            "{}\n──────── check says, with exit status {}\n{}",
            input.trim_end(),
            done.status,
            visible(&done.err)
        );
        assert_snapshot(&folder, &name, &shown);
    }
}

#[test]
fn findings_about_documents() {
    diagnostics("documents", true);
}

#[test]
fn findings_about_inputs() {
    diagnostics("inputs", false);
}

#[test]
fn findings_about_gate_files() {
    diagnostics("gate", false);
}

/// Codes that no fixture shows, each with the test that does.
const SHOWN_ELSEWHERE: [&str; 8] = [
    codes::ACCESS_CROSS_ACCOUNT, // tests/cli/comparing.rs, as the next three
    codes::ACCESS_GRANTED,
    codes::ACCESS_NEW,
    codes::ACCESS_PUBLIC,
    codes::ATTACH_NOT_A_DOCUMENT, // tests/cli/checking.rs
    codes::ATTACH_PRINCIPAL,      // tests/cli/checking.rs
    codes::SCENARIO_FIELD,        // compiler/src/resolve/scenario/tests.rs
    codes::TOO_MANY,              // compiler/src/resolve/tests.rs
];

/// Every code of the front end is shown by some fixture.
#[test]
fn every_code_is_shown() {
    let mut shown = BTreeSet::new();
    for kind in ["diagnostics/documents", "diagnostics/inputs", "diagnostics/gate"] {
        for entry in std::fs::read_dir(folder(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "snap") {
                let text = std::fs::read_to_string(path).unwrap();
                let codes = text
                    .lines()
                    .filter_map(|line| line.strip_prefix("error[").or(line.strip_prefix("warning[")));
                shown.extend(codes.filter_map(|line| Some(line.split_once(']')?.0.to_owned())));
            }
        }
    }
    let missing: Vec<&str> = codes::ALL
        .iter()
        .map(|(code, _)| *code)
        .filter(|code| shown.contains(*code) == SHOWN_ELSEWHERE.contains(code))
        .collect();
    assert!(missing.is_empty(), "shown nowhere, or shown and listed as shown elsewhere: {missing:?}");
}

fn understood(command: &[&str], folder: &Path, name: &str, is_document: bool) -> String {
    let done = run(command, folder, name, is_document);
    assert_eq!((done.status, done.err.as_str()), (0, ""), "{name}");
    done.out
}

/// DESIGN section 8: the IR as people review it.
#[test]
fn what_documents_mean() {
    let folder = folder("ir/documents");
    for name in inputs(&folder) {
        let output = understood(&["ir"], &folder, &name, true);
        let shown = format!("{}\n──────── ir\n{output}", text(&folder.join(&name)).trim_end());
        assert_snapshot(&folder, &name, &shown);
    }
}

#[test]
fn what_an_account_means_and_where_it_says_so() {
    let folder = folder("ir/accounts");
    for name in inputs(&folder) {
        let output = understood(&["ir"], &folder, &name, false);
        let origins = understood(&["ir", "--origins"], &folder, &name, false);
        let input = text(&folder.join(&name));
        let shown = format!("{}\n──────── ir\n{output}\n──────── ir --origins\n{origins}", input.trim_end());
        assert_snapshot(&folder, &name, &shown);
    }
}

/// Equal meaning, equal text: order, Sids, duplicates, scalar or list, case, spelling, pages and encodings.
#[test]
fn equal_meaning_has_equal_text() {
    for (kind, is_document) in [("statements", true), ("accounts", false)] {
        let folder = folder("ir/equal").join(kind);
        let mut outputs =
            inputs(&folder).into_iter().map(|name| (understood(&["ir"], &folder, &name, is_document), name));
        let (first, _) = outputs.next().unwrap();
        for (output, name) in outputs {
            assert_eq!(output, first, "{kind}/{name}");
        }
        let shown = format!("{}──────── ir of each\n{first}", text(&folder));
        assert_snapshot(&folder, "equal", &shown);
    }
}
