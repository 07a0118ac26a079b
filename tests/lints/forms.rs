//! What `check` says in its three forms, and that SARIF is valid by its schema.

use std::path::Path;

use serde_json::{Value, json};

use super::command::{Folder, ROOT};

const POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjct"], "Resource": "arn:aws:s3:::acme-reports/*"},
    {"Sid": "Take", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"},
    {"Sid": "Sealed", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}
  ]
}
"#;

const ACCOUNT: &str = r#"account 123456789012 {
  role deployer {
    trust { allow account 210987654321 }
    inline own {
      # allow(risk-pass-any-role): it deploys whatever there is
      Pass: allow iam:PassRole on *
    }
  }
}
"#;

const LIST: &str = r#"{"allow": [
  {"code": "risk-assume-any-role", "file": "wide open.json", "statement": "Take", "reason": "two roles, both for alice"},
  {"code": "n1-everyone", "file": "wide open.json", "reason": "left from before"}
]}
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("wide open.json", POLICY);
    folder.write("account.gate", ACCOUNT);
    folder.write("lints.json", LIST);
    folder
}

const ARGUMENTS: [&str; 5] = [
    "check",
    "account.gate",
    "--attach=arn:aws:iam::123456789012:user/alice=wide open.json",
    "--allow",
    "lints.json",
];

fn assert_snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(Path::new(ROOT).join("tests/lints"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn findings_for_people() {
    assert_snapshot("terminal", &folder().run(&ARGUMENTS).complains(1));
}

#[test]
fn findings_as_json() {
    let done = folder().run(&[&ARGUMENTS[..], &["--format", "json"]].concat());
    assert_snapshot("json", &done.quiet(1));
}

#[test]
fn findings_as_sarif() {
    let done = folder().run(&[&ARGUMENTS[..], &["--format", "sarif"]].concat());
    let mut log = done.json();
    assert_eq!(log["runs"][0]["tool"]["driver"]["semanticVersion"], env!("CARGO_PKG_VERSION"));
    log["runs"][0]["tool"]["driver"]["semanticVersion"] = json!("(version)");
    assert_snapshot("sarif", &format!("{log:#}\n"));
}

/// Whatever is found, the log is valid by the schema of SARIF 2.1.0 (OASIS), and points at rules that it holds.
#[test]
fn sarif_is_valid_by_its_schema() {
    let schema = std::fs::read_to_string(Path::new(ROOT).join("tests/schemas/sarif-2.1.0.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // As published, this pattern of a member that is not given here is no regular expression: a bracket is closed that was not opened.
    for holder in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][holder]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    // The schema says something at all.
    assert!(!validator.is_valid(&json!({"version": "2.1.0", "runs": [{"tool": {}}]})));
    let folder = folder();
    folder.write("broken.json", b"\xff");
    folder.write("empty.json", "");
    for (arguments, results) in [
        (&ARGUMENTS[..], 6),
        (&[&ARGUMENTS[..], &["--all", "--deny", "warnings"]].concat(), 6),
        (&["check", "broken.json", "empty.json", "none.json"], 3),
        (&["check", "account.gate"], 2),
    ] {
        let log = folder.run(&[arguments, &["--format", "sarif"]].concat()).json();
        let wrong: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{arguments:?}: {wrong:#?}");
        let run = &log["runs"][0];
        let found = run["results"].as_array().unwrap();
        assert_eq!(found.len(), results, "{arguments:?}: {found:#?}");
        for result in found {
            let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.contains(' ') && !uri.starts_with('/'), "{uri}");
        }
    }
}

/// The columns of SARIF count characters, as it says.
#[test]
fn regions_count_characters() {
    let folder = Folder::new();
    folder.write(
        "a.gate",
        "account 123456789012 {\n  user alice { inline own { \"Größe\": allow sqs:Sendd on * } }\n}\n",
    );
    let log = folder.run(&["check", "a.gate", "--format", "sarif"]).json();
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    let region = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(*region, json!({"startLine": 2, "startColumn": 44, "endLine": 2, "endColumn": 53}));
}
