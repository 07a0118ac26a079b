//! `compiler/LINTS.md`, section by section.

use portcullis::compiler::lint::{manual, registry};
use serde_json::Value;

use super::command::Folder;

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

/// The fenced examples of a section: language and text.
fn examples(section: &str) -> Vec<(&str, &str)> {
    let fences: Vec<&str> = section.split("```").collect();
    let blocks = fences.chunks(2).filter_map(|pair| pair.get(1));
    blocks.map(|block| block.split_once('\n').unwrap()).collect()
}

/// The codes that `check` gives for an example, with the lint of its section on. A policy document is attached to a user.
fn codes(kind: &str, text: &str, code: &str) -> Vec<String> {
    let folder = Folder::new();
    let name = format!("a.{kind}");
    folder.write(&name, text);
    let is_document =
        kind == "json" && serde_json::from_str::<Value>(text).unwrap().get("Statement").is_some();
    let attach = format!("--attach={ALICE}={name}");
    let input = if is_document { &attach } else { &name };
    let done = folder.run(&["check", input, "--warn", code, "--format", "json"]);
    let report = done.json();
    assert_eq!(report["errors"], 0, "{code}: {}", done.out);
    let found = report["diagnostics"].as_array().unwrap();
    let mut codes: Vec<String> = found.iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect();
    codes.sort();
    codes.dedup();
    codes
}

#[test]
fn every_lint_has_a_section_and_every_section_a_lint() {
    let lints: Vec<&str> = registry::all().iter().map(|lint| lint.code).collect();
    let sections: Vec<&str> = manual::sections().map(|(code, _)| code).collect();
    assert_eq!(sections, lints);
    assert!(lints.len() >= 40);
    for lint in registry::all() {
        let section = manual::section(lint.code).unwrap();
        let off = section.contains("*Off by default.*");
        assert_eq!(off, lint.level == registry::Level::Pedantic, "{}", lint.code);
        assert!(section.contains("**Why.** ") && section.contains("**Fix.** "), "{}", lint.code);
        if registry::OWN.iter().any(|own| own.code == lint.code) {
            assert!(section.contains(lint.line), "{}: the section begins with other words", lint.code);
        }
    }
}

#[test]
fn bad_examples_give_their_lint_alone_and_good_ones_give_none() {
    let sections: Vec<_> = manual::sections().collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let run = || {
        while let Some((code, section)) =
            sections.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
        {
            let examples = examples(section);
            let [(bad_kind, bad), (good_kind, good)] = examples.as_slice() else {
                panic!("{code} has {} examples", examples.len())
            };
            assert_eq!(codes(bad_kind, bad, code), [*code], "the bad example of {code}");
            assert_eq!(codes(good_kind, good, code), [""; 0], "the good example of {code}");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(run);
        }
    });
}

#[test]
fn explain_prints_the_section() {
    let folder = Folder::new();
    let section = folder.run(&["check", "--explain", "risk-pass-any-role"]).quiet(0);
    assert!(section.starts_with("## risk-pass-any-role\n") && section.contains("iam:PassedToService"));
    let list = folder.run(&["check", "--explain", "list"]).quiet(0);
    assert_eq!(list.lines().count(), registry::all().len());
    let error = folder.run(&["check", "--explain", "p2-effect"]).quiet(0);
    assert_eq!(error, "## p2-effect\n\nError. Effect is missing, or neither Allow nor Deny.\n");
    let wrong = folder.run(&["check", "--explain", "risk-pass-role"]).complains(2);
    assert!(wrong.contains("there is no lint `risk-pass-role`"), "{wrong}");
}
