//! `decide` for one request: the answer, the statement that decided and where it stands, context and time.

use serde_json::{Value, json};

use crate::command::{Done, Folder, ROOT, example, shared_data};

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";
const REPORT: &str = "arn:aws:s3:::acme-reports/q3.csv";

/// Asks a bundle of the folder.
fn ask(folder: &Folder, principal: &str, action: &str, resource: &str, more: &[&str]) -> Done {
    let mut arguments =
        vec!["decide", "a.bundle", "--principal", principal, "--action", action, "--resource", resource];
    arguments.extend(more);
    folder.run(&arguments)
}

fn acme() -> Folder {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    folder
}

/// The text from where an answer says that the statement stands.
fn statement_text(folder: &str, statement: &Value) -> String {
    let number = |name: &str| statement[name].as_u64().unwrap() as usize;
    let text = std::fs::read_to_string(format!("{folder}/{}", statement["file"].as_str().unwrap())).unwrap();
    let line = text.lines().nth(number("line") - 1).unwrap();
    let before = text.lines().take(number("line") - 1).map(|line| line.len() + 1).sum::<usize>();
    let column = line.char_indices().nth(number("column") - 1).unwrap().0;
    text[before + column..].to_owned()
}

/// The statement of a file that an answer points to: the JSON object that begins there.
fn statement_at(folder: &str, statement: &Value) -> Value {
    let text = statement_text(folder, statement);
    serde_json::Deserializer::from_str(&text).into_iter::<Value>().next().unwrap().unwrap()
}

#[test]
fn the_example_account_answers_with_its_statement() {
    let folder = acme();
    let office = ["--context", "aws:SourceIp=10.1.2.3"];
    assert_eq!(
        ask(&folder, ALICE, "s3:GetObject", REPORT, &office).quiet(0),
        "allow (layer: identity)\n  allowed by statement \"Read\" of arn:aws:iam::123456789012:policy/ReadReports (v2)\n    at \
         snapshot.json:102:15\n"
    );
    assert_eq!(
        ask(&folder, ALICE, "s3:GetObject", REPORT, &["--context", "aws:SourceIp=192.0.2.1"]).quiet(1),
        "implicit_deny (layer: identity)\n  no statement of this layer allows the request\n"
    );
    assert_eq!(
        ask(&folder, ALICE, "s3:DeleteObject", "arn:aws:s3:::acme-reports/archive/a", &[]).quiet(1),
        "explicit_deny (layer: identity)\n  denied by statement \"Sealed\" of arn:aws:iam::123456789012:policy/ReadReports (v2)\n    at \
         snapshot.json:115:15\n"
    );
    let plain = [office[0], office[1], "--context", "aws:SecureTransport=false", "--explain"];
    assert_eq!(
        ask(&folder, ALICE, "s3:GetObject", REPORT, &plain).quiet(1),
        "arn:aws:iam::123456789012:user/alice asks for s3:GetObject on arn:aws:s3:::acme-reports/q3.csv\n\
         explicit_deny (layer: boundary)\n  a statement decided\n  denied by statement \"TlsOnly\" of \
         arn:aws:iam::123456789012:policy/StaffBoundary (v1)\n    at snapshot.json:157:15\n"
    );
}

/// The README shows an answer: it is the one that its command gives.
#[test]
fn the_readme_shows_the_answer_that_comes() {
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    let folder = Folder::new();
    folder.build_acme_gate("a.bundle");
    let answer =
        ask(&folder, ALICE, "s3:GetObject", REPORT, &["--context", "aws:SourceIp=10.1.2.3"]).quiet(0);
    assert!(readme.contains(&format!("```text\n{answer}```\n")), "{answer}");
}

#[test]
fn the_json_answer_has_all_its_fields() {
    let folder = acme();
    let more = ["--context", "aws:SourceIp=10.1.2.3", "--format", "json"];
    let done = ask(&folder, ALICE, "s3:GetObject", REPORT, &more);
    assert_eq!(
        done.json(),
        json!({
            "decision": "allow", "layer": "identity", "level": null, "reason": "statement",
            "statements": [{
                "policy": "arn:aws:iam::123456789012:policy/ReadReports", "version": "v2", "statement": "Read",
                "index": 1, "file": "snapshot.json", "line": 102, "column": 15
            }]
        })
    );
    assert_eq!((done.status, done.err.as_str()), (0, ""));
    assert_eq!(statement_at(&example("acme"), &done.json()["statements"][0])["Sid"], "Read");
    let done = ask(&folder, ALICE, "sqs:ListQueues", "*", &["--format", "json"]);
    let expected = json!({
        "decision": "implicit_deny", "layer": "identity", "level": null, "reason": "no_statement", "statements": []
    });
    assert_eq!((done.status, done.json()), (1, expected));
}

/// Rules V5, I1, I2: the deciding statement through a group, inline and managed, in the account of the shared data.
#[test]
fn a_whole_account_answers_with_policy_version_file_and_line() {
    let Some(file) = shared_data("account-small.json") else { return };
    let shared = format!("{ROOT}/../shared/data");
    let folder = Folder::new();
    folder.run(&["build", &file, "-o", "a.bundle"]).quiet(0);
    let queue = "arn:aws:sqs:eu-west-1:123456789012:data-audit-prod-dlq";
    let user = |name: &str| format!("arn:aws:iam::123456789012:user/{name}");
    for (principal, action, resource, context, decision, layer, policy, sid) in [
        (
            "yara.ahmed",
            "sqs:SendMessage",
            queue,
            "k=v",
            "allow",
            "identity",
            "arn:aws:iam::123456789012:user/yara.ahmed#audit-sqs",
            "Queue",
        ),
        (
            "priya.saito",
            "s3:GetObject",
            "arn:aws:s3:::any/thing",
            "aws:RequestedRegion=ap-south-1",
            "explicit_deny",
            "boundary",
            "arn:aws:iam::123456789012:policy/boundaries/payments-boundary",
            "ApprovedRegions",
        ),
        (
            "karim.rossi",
            "ec2:RunInstances",
            "*",
            "k=v",
            "allow",
            "identity",
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "",
        ),
    ] {
        let principal = if principal == "karim.rossi" { user("eng/ml/karim.rossi") } else { user(principal) };
        let done = ask(&folder, &principal, action, resource, &["--format", "json", "--context", context]);
        let answer = done.json();
        assert_eq!((&answer["decision"], &answer["layer"]), (&json!(decision), &json!(layer)), "{principal}");
        assert_eq!(done.status, i32::from(decision != "allow"));
        let statement = &answer["statements"][0];
        assert_eq!(
            (&statement["policy"], &statement["file"]),
            (&json!(policy), &json!("account-small.json"))
        );
        let text = statement_at(&shared, statement);
        assert_eq!(text["Effect"], if decision == "allow" { "Allow" } else { "Deny" }, "{text}");
        if !sid.is_empty() {
            assert_eq!((&text["Sid"], &statement["statement"]), (&json!(sid), &json!(sid)));
        }
        let managed = policy.contains(":policy/");
        assert_eq!(statement["version"].is_string(), managed, "{statement}");
        assert!(!managed || version_of(&file, policy) == statement["version"], "{statement}");
    }
}

/// The default version that the account says a policy has.
fn version_of(file: &str, arn: &str) -> Value {
    let account: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let policies = account["Policies"].as_array().unwrap();
    policies.iter().find(|policy| policy["Arn"] == arn).unwrap()["DefaultVersionId"].clone()
}

/// A folder with a bundle of one user, whose one statement has this condition.
fn with_condition(condition: &str) -> Folder {
    let folder = Folder::new();
    folder.write(
        "alice.json",
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}}}"#
        ),
    );
    folder.run(&["build", "--attach", &format!("{ALICE}=alice.json"), "-o", "a.bundle", "--quiet"]).quiet(0);
    folder
}

fn asks(folder: &Folder, more: &[&str]) -> i32 {
    let done = ask(folder, ALICE, "s3:GetObject", REPORT, more);
    assert_eq!(done.err, "");
    done.status
}

/// Rules C5, C6: a key given several times is a list, and a list of one or none comes from `--context-json` alone.
#[test]
fn context_lists() {
    let any = with_condition(r#"{"ForAnyValue:StringEquals": {"k": "b"}}"#);
    assert_eq!(asks(&any, &["--context", "k=a", "--context", "K=b"]), 0);
    assert_eq!(asks(&any, &["--context", "k=a"]), 1);
    let scalar = with_condition(r#"{"StringEquals": {"k": "a=b"}}"#);
    scalar.write("one.json", r#"{"k": ["a=b"]}"#);
    scalar.write("scalar.json", r#"{"k": "a=b", "number": 1, "boolean": true}"#);
    assert_eq!(asks(&scalar, &["--context", "k=a=b"]), 0, "the first = splits");
    assert_eq!(asks(&scalar, &["--context", "k=a=b", "--context", "k=a=b"]), 1);
    assert_eq!(asks(&scalar, &["--context-json", "scalar.json"]), 0);
    assert_eq!(asks(&scalar, &["--context-json", "one.json"]), 1, "a list of one is a list");
    let all = with_condition(r#"{"ForAllValues:StringEquals": {"k": "b"}, "Null": {"k": "false"}}"#);
    all.write("none.json", r#"{"k": []}"#);
    all.write("two.json", r#"{"k": ["b", "b"]}"#);
    assert_eq!(
        asks(&all, &["--context-json", "none.json"]),
        0,
        "an empty list is present, and all of it matches"
    );
    assert_eq!(asks(&all, &["--context-json", "two.json"]), 0);
    assert_eq!(asks(&all, &[]), 1);
}

/// Rule C12: `now` gives the time keys, unless the request has them.
#[test]
fn the_time_of_a_request() {
    let until = with_condition(r#"{"DateLessThan": {"aws:CurrentTime": "2026-11-23T10:00:00Z"}}"#);
    for (now, status) in [
        ("2026-11-23T09:59:59Z", 0),
        ("2026-11-23T10:00:00Z", 1),
        ("1795427999", 0),
        ("1795428000", 1),
        ("-1", 0),
        ("2026-11-23T10:59:59+01:00", 0),
    ] {
        assert_eq!(asks(&until, &["--now", now]), status, "{now}");
    }
    assert_eq!(asks(&until, &["--now", "2000-01-01", "--context", "aws:CurrentTime=2030-01-01"]), 1);
    let clock = with_condition(
        r#"{"DateGreaterThan": {"aws:EpochTime": "2024-01-01"}, "DateLessThan": {"aws:EpochTime": "2200-01-01"}}"#,
    );
    assert_eq!(asks(&clock, &[]), 0, "without --now the clock counts");
}

#[test]
fn a_key_given_twice_is_refused() {
    let folder = with_condition(r#"{"StringEquals": {"k": "a"}}"#);
    folder.write("twice.json", r#"{"k": "a", "K": "b"}"#);
    folder.write("same.json", r#"{"k": "a", "k": "b"}"#);
    folder.write("other.json", r#"{"K": "b"}"#);
    let refused = |more: &[&str]| ask(&folder, ALICE, "s3:GetObject", REPORT, more).complains(2);
    let twice = "error: the context gives the key `K` twice (case does not matter)\n";
    assert_eq!(refused(&["--context-json", "twice.json"]), twice);
    assert_eq!(refused(&["--context", "k=a", "--context-json", "other.json"]), twice);
    assert_eq!(
        refused(&["--context-json", "same.json"]),
        "error: same.json:1:12: the key \"k\" occurs twice in one object\n"
    );
}

#[test]
fn unusable_context_says_why() {
    let folder = with_condition(r#"{"StringEquals": {"k": "a"}}"#);
    folder.write("list.json", "[]");
    folder.write("deep.json", r#"{"k": {"a": "b"}}"#);
    folder.write("latin.json", b"{\n \"k\": \"\xe9\"}");
    for (more, message) in [
        (["--context", "k"], "error: --context \"k\": expected KEY=VALUE, such as aws:SourceIp=10.0.0.1\n"),
        (["--context", "=v"], "error: --context \"=v\": expected KEY=VALUE, such as aws:SourceIp=10.0.0.1\n"),
        (["--context-json", "none.json"], "error: cannot read none.json: there is no such file or folder\n"),
        (
            ["--context-json", "list.json"],
            "error: list.json: the context is an object of keys, each with a text or a list of texts\n",
        ),
        (
            ["--context-json", "deep.json"],
            "error: deep.json: the context key \"k\" holds neither a text nor a list of texts\n",
        ),
        (
            ["--context-json", "latin.json"],
            "error: latin.json:2:8: byte 0xe9 begins no character of UTF-8; save the file as UTF-8\n",
        ),
    ] {
        assert_eq!(ask(&folder, ALICE, "s3:GetObject", REPORT, &more).complains(2), message);
    }
}

/// What nothing held grants is denied, and the answer says why.
#[test]
fn what_nothing_held_grants_is_denied_with_a_reason() {
    let folder = acme();
    let role = "arn:aws:iam::123456789012:role/app/exporter";
    for (principal, action, resource, layer, reason) in [
        (ALICE, "sts:AssumeRole", role, "resource", "no_statement"),
        (ALICE, "sts:AssumeRole", "arn:aws:iam::123456789012:role/none", "resource", "no_trust_policy"),
        (ALICE, "s3:GetObject", "arn:aws:s3:eu-west-1:210987654321:x", "resource", "cross_account"),
        (ALICE, "kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/k", "resource", "no_key_policy"),
        (
            "arn:aws:iam::210987654321:root",
            "s3:GetObject",
            "arn:aws:sqs:eu-west-1:123456789012:q",
            "resource",
            "cross_account",
        ),
        (
            "arn:aws:sts::123456789012:assumed-role/nobody/s",
            "s3:GetObject",
            REPORT,
            "identity",
            "unknown_principal",
        ),
        (
            "arn:aws:sts::123456789012:federated-user/alice",
            "s3:GetObject",
            REPORT,
            "identity",
            "no_statement",
        ),
        ("arn:aws:iam::123456789012:user/nobody", "s3:GetObject", REPORT, "identity", "unknown_principal"),
        ("not a principal", "s3:GetObject", REPORT, "none", "malformed_principal"),
        ("*", "s3:GetObject", REPORT, "resource", "no_resource_policy"),
    ] {
        let done = ask(&folder, principal, action, resource, &["--format", "json"]);
        let answer = done.json();
        assert_eq!(
            (done.status, &answer["decision"], &answer["layer"], &answer["reason"], &answer["statements"]),
            (1, &json!("implicit_deny"), &json!(layer), &json!(reason), &json!([])),
            "{principal} {action}"
        );
    }
    let other = ask(
        &folder,
        ALICE,
        "s3:ListBucket",
        "arn:aws:s3:::acme-reports",
        &["--resource-account", "210987654321"],
    );
    assert_eq!(other.status, 1);
    assert!(other.out.contains("the resource is another account's"), "{}", other.out);
}
