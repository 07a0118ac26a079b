//! `decide --requests`: a file of requests, answered line by line, in order.

use std::io::Read as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::command::{Folder, portcullis};

/// Eight lines, one of them blank: two requests that can be answered, and what else people write.
const LINES: &str = r#"{"id": "list", "principal": "arn:aws:iam::123456789012:user/alice", "action": "s3:ListBucket", "resource": "arn:aws:s3:::acme-reports"}
not json
{"id": "no resource", "principal": "arn:aws:iam::123456789012:user/alice", "action": "s3:ListBucket"}

{"principal": "arn:aws:iam::123456789012:user/alice", "action": "s3:PutObject", "resource": "arn:aws:s3:::acme-reports/archive/a", "resource_account": null, "context": {"k": ["v"], "n": 1}}
{"id": "twice", "principal": "p", "action": "a:b", "resource": "*", "context": {"k": "1", "K": "2"}}
{"id": "field", "principal": "p", "action": "a:b", "resource": "*", "account": "123456789012"}
{"id": "account", "principal": "p", "action": "a:b", "resource": "*", "resource_account": "12"}
"#;

fn acme() -> Folder {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    folder.write("requests.jsonl", LINES);
    folder
}

#[test]
fn answers_come_in_order_with_errors_in_between() {
    let folder = acme();
    let done = folder.run(&["decide", "a.bundle", "--requests", "requests.jsonl", "--format", "json"]);
    let answers = done.json_lines();
    let error = |id: Value, line: u32, error: &str| json!({"id": id, "line": line, "error": error});
    let answer = |id: Value, decision: &str, statement: &str| {
        let first = &answers[if decision == "allow" { 0 } else { 3 }]["statements"];
        assert_eq!((first.as_array().unwrap().len(), &first[0]["statement"]), (1, &json!(statement)));
        json!({"id": id, "decision": decision, "layer": "identity", "level": null, "reason": "statement", "statements": first})
    };
    assert_eq!(
        answers,
        [
            answer(json!("list"), "allow", "List"),
            error(Value::Null, 2, "`not` is no JSON value"),
            error(json!("no resource"), 3, "the field \"resource\" is missing"),
            answer(Value::Null, "explicit_deny", "Sealed"),
            error(
                json!("twice"),
                6,
                "the context gives the key \"K\" more than once (keys are compared ignoring case)"
            ),
            error(json!("field"), 7, "the field \"account\" is not known"),
            error(json!("account"), 8, "\"12\" is no account: expected 12 digits"),
        ]
    );
    assert_eq!((done.status, done.err.as_str()), (2, ""));
}

#[test]
fn answers_for_people() {
    let done = acme().run(&["decide", "a.bundle", "--requests", "requests.jsonl"]);
    assert_eq!((done.status, done.err.as_str()), (2, ""));
    assert_eq!(
        done.out,
        "list: allow (layer: identity)\n  allowed by statement \"List\" of arn:aws:iam::123456789012:policy/ReadReports (v2)\n    at \
         snapshot.json:96:15\n\
         line 2: error: `not` is no JSON value\n\
         no resource: error: the field \"resource\" is missing\n\
         line 5: explicit_deny (layer: identity)\n  denied by statement \"Sealed\" of \
         arn:aws:iam::123456789012:policy/ReadReports (v2)\n    at snapshot.json:115:15\n\
         twice: error: the context gives the key \"K\" more than once (keys are compared ignoring case)\n\
         field: error: the field \"account\" is not known\n\
         account: error: \"12\" is no account: expected 12 digits\n"
    );
}

#[test]
fn standard_input_and_usable_files_are_fine() {
    let folder = acme();
    let (good, _) = LINES.split_once('\n').unwrap();
    let done =
        folder.run_with(&["decide", "a.bundle", "--requests", "-", "--format", "json"], good.as_bytes());
    assert_eq!((done.status, done.json_lines().len(), done.err.as_str()), (0, 1, ""));
    // A denial among many answers is no failure of the run.
    let denied = good.replace("ListBucket", "ListBuckets");
    folder.write("denied.jsonl", format!("{denied}\r\n{good}"));
    let done = folder.run(&["decide", "a.bundle", "--requests", "denied.jsonl", "--format", "json"]);
    let decisions: Vec<_> = done.json_lines().iter().map(|answer| answer["decision"].clone()).collect();
    assert_eq!((done.status, decisions), (0, vec![json!("implicit_deny"), json!("allow")]));
    assert_eq!(folder.run_with(&["decide", "a.bundle", "--requests", "-"], b"\n \n").quiet(0), "");
    // The same time goes to every request.
    folder.write("time.json", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"DateEquals": {"aws:CurrentTime": "2026-01-01"}}}}"#);
    let alice = "arn:aws:iam::123456789012:user/alice=time.json";
    folder.run(&["build", "--attach", alice, "-o", "time.bundle"]).quiet(0);
    for (now, expected) in [("2026-01-01", "allow"), ("2026-01-02", "implicit_deny")] {
        let arguments = ["decide", "time.bundle", "--requests", "-", "--now", now, "--format", "json"];
        assert_eq!(folder.run_with(&arguments, good.as_bytes()).json_lines()[0]["decision"], expected);
    }
}

#[test]
fn unusable_files_and_combinations_are_refused() {
    let folder = acme();
    assert_eq!(
        folder.run(&["decide", "a.bundle", "--requests", "none.jsonl"]).complains(2),
        "error: cannot read none.jsonl: there is no such file or folder\n"
    );
    folder.write("latin.jsonl", b"{}\n{\"id\": \"\xff\"}\n");
    assert_eq!(
        folder.run(&["decide", "a.bundle", "--requests", "latin.jsonl"]).complains(2),
        "error: latin.jsonl:2:9: byte 0xff begins no character of UTF-8; save the file as UTF-8\n"
    );
    let both = folder.run(&["decide", "a.bundle", "--requests", "requests.jsonl", "--principal", "p"]);
    assert!(both.complains(2).contains("cannot be used with"));
}

/// A reader that goes away ends the program, quietly.
#[test]
fn a_broken_pipe_is_quiet() {
    let folder = acme();
    let (good, _) = LINES.split_once('\n').unwrap();
    folder.write("many.jsonl", format!("{good}\n").repeat(20_000));
    let arguments = ["decide", "a.bundle", "--requests", "many.jsonl", "--format", "json"];
    let mut child = portcullis(&folder.path(""), &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 100];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut first).unwrap();
    drop(out);
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr), (Some(0), Vec::new()));
}
