//! Silencing in place, with a reason; denying; turning on.

use serde_json::json;

use super::command::Folder;

const WIDE: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Take", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"},
  {"Effect": "Allow", "Action": "s3:GetObjct", "Resource": "arn:aws:s3:::acme/*"}
]}"#;

const ATTACH: &str = "--attach=arn:aws:iam::123456789012:user/alice=policies/wide.json";

fn folder(list: &str) -> Folder {
    let folder = Folder::new();
    folder.write("policies/wide.json", WIDE);
    folder.write("lints.json", list);
    folder
}

fn codes(folder: &Folder, arguments: &[&str]) -> (i32, Vec<String>) {
    let done = folder.run(&[&["check", "--format", "json"], arguments].concat());
    let found = done.json();
    let codes = found["diagnostics"].as_array().unwrap().iter();
    (done.status, codes.map(|it| it["code"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_list_silences_statements_of_json_files() {
    for (file, statement) in
        [("policies/wide.json", "\"Take\""), ("wide.json", "1"), ("policies/wide.json", "1")]
    {
        let entry = |code: &str, statement: &str| {
            format!(
                r#"{{"code": "{code}", "file": "{file}", "statement": {statement}, "reason": "two roles"}}"#
            )
        };
        let folder = folder(&format!(
            r#"{{"allow": [{}, {}]}}"#,
            entry("risk-assume-any-role", statement),
            entry("a1-unknown-action", "2")
        ));
        assert_eq!(codes(&folder, &[ATTACH, "--allow", "lints.json"]), (0, vec![]));
        let done = folder.run(&["check", ATTACH, "--allow", "lints.json"]);
        assert_eq!(done.complains(0), "0 errors, 0 warnings, 2 silenced\n");
        let report = folder.run(&["check", ATTACH, "--allow", "lints.json", "--format", "json"]).json();
        assert_eq!(report["silenced"][0]["reason"], json!("two roles"));
    }
}

#[test]
fn what_is_wrong_with_a_list_is_reported() {
    let entry = |fields: &str| format!(r#"{{"allow": [{{{fields}}}]}}"#);
    let both = ["risk-assume-any-role", "a1-unknown-action"];
    for (list, more, status) in [
        (entry(r#""code": "a1-unknown-action", "file": "wide.json""#), "silence-no-reason", 1),
        (entry(r#""code": "a1-unknown-action", "file": "wide.json", "reason": " ""#), "silence-no-reason", 1),
        (entry(r#""code": "a1-unknown-acton", "file": "wide.json", "reason": "r""#), "silence-unknown", 1),
        (entry(r#""code": "p2-effect", "file": "wide.json", "reason": "r""#), "silence-unknown", 1),
        (entry(r#""code": "v1-shadowed", "file": "wide.json", "reason": "r""#), "silence-unused", 1),
        (entry(r#""code": "a1-unknown-action", "file": "e.json", "reason": "r""#), "silence-unused", 1),
        (
            entry(r#""code": "a1-unknown-action", "file": "wide.json", "statement": "Take", "reason": "r""#),
            "silence-unused",
            1,
        ),
        (entry(r#""code": "a1-unknown-action", "files": "wide.json", "reason": "r""#), "silence-list", 2),
        (entry(r#""code": "a1-unknown-action", "reason": "r""#), "silence-list", 2),
        (
            entry(r#""code": "a1-unknown-action", "file": "wide.json", "statement": 0, "reason": "r""#),
            "silence-list",
            2,
        ),
        ("[]".to_owned(), "silence-list", 2),
        ("{\"allow\": 1}".to_owned(), "silence-list", 2),
        ("{".to_owned(), "json-unclosed-bracket", 2),
    ] {
        let (code, mut found) = codes(&folder(&list), &[ATTACH, "--allow", "lints.json"]);
        assert!(both.iter().all(|code| found.contains(&(*code).to_owned())), "{list}: {found:?}");
        found.retain(|code| !both.contains(&code.as_str()));
        assert_eq!((code, found), (status, vec![more.to_owned()]), "{list}");
    }
}

#[test]
fn comments_silence_what_stands_beside_or_below_them() {
    let file = |before: &str, behind: &str| {
        let text = format!(
            "account 123456789012 {{\n  user alice {{\n    inline own {{\n      {before}\n      Take: allow sts:AssumeRole\n        on * {behind}\n      deny sqs:Sendd on *\n    }}\n  }}\n}}\n"
        );
        let folder = Folder::new();
        folder.write("a.gate", text);
        codes(&folder, &["a.gate"]).1
    };
    let (role, action) = ("risk-assume-any-role", "gate-unknown-action");
    assert_eq!(file("", ""), [role, action]);
    assert_eq!(file("# allow(risk-assume-any-role): two roles", ""), [action]);
    // The comment is not about the statement behind the next one.
    let both = file("# allow(risk-assume-any-role, gate-unknown-action): two roles", "");
    assert_eq!(both, [action, "silence-unused"]);
    assert_eq!(file("", "# allow(risk-assume-any-role): two roles"), [action]);
    assert_eq!(file("# allow(risk-assume-any-role): two roles\n      # and more of it", ""), [action]);
    assert_eq!(file("# allow(risk-assume-any-role)", ""), [role, action, "silence-no-reason"]);
    assert_eq!(file("# allow(p2-effect): it is meant", ""), [role, action, "silence-unknown"]);
    assert_eq!(file("# allowed: it is meant", ""), [role, action]);
}

#[test]
fn a_comment_above_an_item_speaks_of_all_in_it() {
    let folder = Folder::new();
    folder.write(
        "a.gate",
        "account 123456789012 {\n  # allow(risk-assume-any-role): an exercise\n  user alice {\n    inline own { allow sts:AssumeRole on * }\n  }\n  user bob {\n    inline own { allow sts:AssumeRole on * }\n  }\n}\n",
    );
    let report = folder.run(&["check", "a.gate", "--format", "json"]).json();
    let lines: Vec<_> =
        report["diagnostics"].as_array().unwrap().iter().map(|it| &it["place"]["line"]).collect();
    assert_eq!((lines, report["silenced"].as_array().unwrap().len()), (vec![&json!(7)], 1));
}

#[test]
fn lints_can_be_denied_and_turned_on() {
    let folder = folder("{\"allow\": []}");
    let severities = |arguments: &[&str]| {
        let done = folder.run(&[&["check", ATTACH, "--format", "json"], arguments].concat());
        let report = done.json();
        (done.status, report["errors"].as_u64().unwrap(), report["warnings"].as_u64().unwrap())
    };
    assert_eq!(severities(&[]), (1, 0, 2));
    assert_eq!(severities(&["--deny", "a1-unknown-action"]), (1, 1, 1));
    assert_eq!(severities(&["--deny", "warnings"]), (1, 2, 0));
    // One that is denied is on.
    folder.write("policies/wide.json", WIDE.replace("sts:AssumeRole", "sqs:*").replace("Objct", "Object"));
    assert_eq!(severities(&[]), (0, 0, 0));
    assert_eq!(severities(&["--deny", "a1-service-wide"]), (1, 1, 0));
    assert_eq!(severities(&["--warn", "a1-service-wide"]), (1, 0, 1));
    assert_eq!(severities(&["--all"]), (1, 0, 2));
    let wrong = folder.run(&["check", ATTACH, "--deny", "a1-service-wild"]).complains(2);
    assert!(wrong.contains("did you mean `a1-service-wide`?"), "{wrong}");
}

/// Errors are never silenced: neither by a comment nor by a list.
#[test]
fn errors_are_never_silenced() {
    let folder = Folder::new();
    folder.write(
        "a.gate",
        "account 123456789012 {\n  # allow(gate-name): it is meant\n  user alice { attach Nothing }\n}\n",
    );
    let (status, codes) = codes(&folder, &["a.gate"]);
    assert_eq!(status, 2);
    assert!(codes.iter().any(|code| code == "gate-name" || code == "i2-policy-not-held"), "{codes:?}");
}

/// The list may lie beside the policies, and documents may be encoded in a snapshot.
#[test]
fn a_list_beside_encoded_documents() {
    let document = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Get\",\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::acme/*\"},{\"Sid\":\"Take\",\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Resource\":\"*\"}]}";
    let encoded = document.replace('{', "%7B").replace('}', "%7D").replace('"', "%22");
    for document in [serde_json::to_string(document).unwrap(), format!("\"{encoded}\"")] {
        let folder = Folder::new();
        let inline = format!("[{{\"PolicyName\": \"own\", \"PolicyDocument\": {document}}}]");
        folder.write(
            "in/account.json",
            format!("{{\"UserDetailList\": [{{\"UserName\": \"alice\", \"Path\": \"/\", \"Arn\": \"arn:aws:iam::123456789012:user/alice\", \"UserPolicyList\": {inline}}}]}}"),
        );
        assert_eq!(codes(&folder, &["in"]), (1, vec!["risk-assume-any-role".to_owned()]));
        folder.write(
            "in/lints.json",
            r#"{"allow": [{"code": "risk-assume-any-role", "file": "account.json", "statement": "Take", "reason": "two roles"}]}"#,
        );
        assert_eq!(codes(&folder, &["in", "--allow", "in/lints.json"]), (0, vec![]));
    }
}

/// AWS's own policies are looked at where that is asked for.
#[test]
fn aws_policies_are_left_alone_unless_asked_for() {
    let folder = Folder::new();
    folder.write(
        "a.gate",
        "account aws { policy Take { allow sts:AssumeRole on * } }\naccount 123456789012 { user alice { attach aws:Take } }\n",
    );
    assert_eq!(codes(&folder, &["a.gate"]), (0, vec![]));
    assert_eq!(codes(&folder, &["a.gate", "--aws-managed"]), (1, vec!["risk-assume-any-role".to_owned()]));
}
