//! `ir` and `inspect`: what was understood, and what a bundle holds.

use crate::command::{Folder, example};

#[test]
fn inputs_and_their_bundle_have_one_text() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let text = folder.run(&["ir", &example("acme")]).quiet(0);
    assert_eq!(folder.run(&["ir", "a.bundle"]).quiet(0), text);
    assert!(
        text.contains(
            "arn:aws:iam::123456789012:user/alice\n  identity\n    deny s3:DeleteObject, s3:PutObject on "
        ),
        "{text}"
    );
    let origins = folder.run(&["ir", &example("acme"), "--origins"]).quiet(0);
    assert_eq!(folder.run(&["ir", "a.bundle", "--origins"]).quiet(0), origins);
    assert!(
        origins.contains("  # arn:aws:iam::123456789012:policy/ReadReports \"Sealed\" snapshot.json:115\n"),
        "{origins}"
    );
    let without: Vec<&str> = origins.lines().map(|line| line.split("  # ").next().unwrap()).collect();
    assert_eq!(without, text.lines().collect::<Vec<_>>(), "origins add comments and nothing else");
}

#[test]
fn one_principal_alone() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let bob = "arn:aws:iam::123456789012:user/bob";
    let text = folder.run(&["ir", "a.bundle", "--principal", bob]).quiet(0);
    assert_eq!(
        text,
        format!(
            "{bob}\n  identity\n    allow sqs:DeleteMessage, sqs:ReceiveMessage on \
             arn:aws:sqs:eu-west-1:123456789012:jobs-${{aws:username}}\n"
        )
    );
    assert!(folder.run(&["ir", "a.bundle"]).quiet(0).contains(&text));
    assert_eq!(
        folder.run(&["ir", "a.bundle", "--principal", "bob"]).complains(2),
        "error: no user or role of the inputs has the ARN bob\n"
    );
}

#[test]
fn a_stripped_bundle_decides_and_says_that_its_model_is_gone() {
    let folder = Folder::new();
    folder.build_acme("whole.bundle");
    folder.run(&["build", &example("acme"), "-o", "a.bundle", "--strip"]).quiet(0);
    assert!(folder.read("a.bundle").len() < folder.read("whole.bundle").len());
    assert_eq!(
        folder.run(&["ir", "a.bundle"]).complains(2),
        "error: the bundle was built with --strip and does not hold its model\n"
    );
    for bundle in ["a.bundle", "whole.bundle"] {
        let ask = [
            "decide",
            bundle,
            "--principal",
            "arn:aws:iam::123456789012:user/alice",
            "--action",
            "s3:ListBucket",
            "--resource",
            "arn:aws:s3:::acme-reports",
        ];
        assert!(folder.run(&ask).quiet(0).contains("at snapshot.json:96:15"), "{bundle}");
    }
}

#[test]
fn facts_and_sizes_of_a_bundle() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let facts = folder.run(&["inspect", "a.bundle", "--format", "json"]);
    assert_eq!((facts.status, facts.err.as_str()), (0, ""));
    let report = facts.json();
    let length = folder.read("a.bundle").len() as u64;
    assert_eq!((report["bytes"].as_u64(), report["digest"].as_str().unwrap().len()), (Some(length), 64));
    let number = |name: &str| report["facts"][name].as_u64().unwrap();
    assert_eq!(
        [number("users"), number("groups"), number("roles"), number("managed_policies")],
        [2, 1, 1, 3]
    );
    let sections = report["sections"].as_object().unwrap();
    let total: u64 = sections.values().map(|bytes| bytes.as_u64().unwrap()).sum();
    assert!(total < length && total * 10 > length * 9, "{total} of {length}");
    let human = folder.run(&["inspect", "a.bundle"]).quiet(0);
    assert!(human.starts_with(&format!(
        "format {}, {length} bytes, BLAKE3 {}\n",
        report["format"],
        report["digest"].as_str().unwrap()
    )));
    for name in sections.keys() {
        assert!(human.contains(&format!("\n  {name} ")), "{name}: {human}");
    }
}
