//! `explain`: for each kind of layer what it says, what nearly matched and which part failed, and what would change the answer.

use portcullis::compiler::automata::{Budget, build};
use portcullis::compiler::bundle::{model_of, write};
use portcullis::compiler::model::Effect;
use portcullis::compiler::{CompileOptions, lower};
use portcullis::runtime::Bundle;
use serde_json::{Value, json};

use crate::command::{Done, Folder, ROOT, example};

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";
const REPORT: &str = "arn:aws:s3:::acme-reports/q3.csv";

fn acme() -> Folder {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    folder
}

/// The example of two accounts, an organization and a bucket.
fn organization() -> Folder {
    let folder = Folder::new();
    folder.run(&["build", &example("organization"), "-o", "a.bundle"]).quiet(0);
    folder
}

fn explain(folder: &Folder, principal: &str, action: &str, resource: &str, more: &[&str]) -> Done {
    let question = ["--principal", principal, "--action", action, "--resource", resource];
    folder.run(&[&["explain", "a.bundle"][..], &question, more].concat())
}

fn explained(folder: &Folder, principal: &str, action: &str, resource: &str, more: &[&str]) -> Value {
    let done = explain(folder, principal, action, resource, &[&["--format", "json"][..], more].concat());
    let answer = done.json();
    assert_eq!((done.status, done.err.as_str()), (i32::from(answer["decision"] != "allow"), ""));
    answer
}

/// The report on one layer.
fn layer<'a>(answer: &'a Value, name: &str, level: Value) -> &'a Value {
    let layers = answer["layers"].as_array().unwrap();
    let found = layers.iter().find(|layer| layer["layer"] == name && layer["level"] == level);
    found.unwrap_or_else(|| panic!("no {name} {level}: {answer:#}"))
}

fn change(answer: &Value, number: usize) -> &str {
    answer["changes"][number].as_str().unwrap()
}

#[test]
fn a_condition_nearly_holds() {
    let office = ["--context", "aws:SourceIp=192.0.2.1"];
    assert_eq!(
        explain(&acme(), ALICE, "s3:GetObject", REPORT, &office).quiet(1),
        "arn:aws:iam::123456789012:user/alice asks for s3:GetObject on arn:aws:s3:::acme-reports/q3.csv
implicit_deny (layer: identity)
  no statement of this layer allows the request

identity policies of arn:aws:iam::123456789012:user/alice (what the caller is given): does not allow, and this decided
  nearly allows: statement \"Read\" of arn:aws:iam::123456789012:policy/ReadReports (v2)
    at snapshot.json:102:15
    if aws:SourceIp were in 10.0.0.0/8 or 2001:db8::/32 (the request has 192.0.2.1)
  nearly allows: statement \"Home\" of arn:aws:iam::123456789012:policy/ReadReports (v2)
    at snapshot.json:109:15
    if the resource were arn:aws:s3:::acme-reports/home/${aws:username}/* where aws:username is alice (it is arn:aws:s3:::acme-reports/q3.csv)
  2 other statements are about something else

permissions boundary of arn:aws:iam::123456789012:user/alice (the most that the caller can have): allows
  allows: statement \"Services\" of arn:aws:iam::123456789012:policy/StaffBoundary (v1)
    at snapshot.json:156:15
  nearly denies: statement \"TlsOnly\" of arn:aws:iam::123456789012:policy/StaffBoundary (v1)
    at snapshot.json:157:15
    if aws:SecureTransport were false (the request does not have it)

What would change the answer
  1. The identity policies of arn:aws:iam::123456789012:user/alice must allow:
     - statement \"Read\" of arn:aws:iam::123456789012:policy/ReadReports would allow if aws:SourceIp were in 10.0.0.0/8 or 2001:db8::/32 (the request has 192.0.2.1)
     - statement \"Home\" of arn:aws:iam::123456789012:policy/ReadReports would allow if the resource were arn:aws:s3:::acme-reports/home/${aws:username}/* where aws:username is alice (it is arn:aws:s3:::acme-reports/q3.csv)
"
    );
}

/// The README shows an explanation: it is the one that its command gives.
#[test]
fn the_readme_shows_the_explanation_that_comes() {
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    let office = ["--context", "aws:SourceIp=192.0.2.1"];
    let folder = Folder::new();
    folder.build_acme_gate("a.bundle");
    let text = explain(&folder, ALICE, "s3:GetObject", REPORT, &office).quiet(1);
    assert!(readme.contains(&format!("```text\n{text}```\n")), "{text}");
}

#[test]
fn the_json_answer_has_all_its_fields() {
    let answer = explained(&acme(), ALICE, "s3:GetObject", REPORT, &["--context", "aws:SourceIp=192.0.2.1"]);
    let named = |name: &str, index: u32, effect: &str, line: u32| {
        let policy = if line > 150 { ("StaffBoundary", "v1") } else { ("ReadReports", "v2") };
        json!({
            "policy": format!("arn:aws:iam::123456789012:policy/{}", policy.0), "version": policy.1, "statement": name,
            "index": index, "effect": effect, "file": "snapshot.json", "line": line, "column": 15
        })
    };
    let with = |mut statement: Value, name: &str, value: Value| {
        statement[name] = value;
        statement
    };
    let condition = |operator: &str, key: &str, values: Value, request: Value| json!([{"part": "condition", "operator": operator, "key": key, "values": values, "request": request}]);
    let home = "arn:aws:s3:::acme-reports/home/${aws:username}/*";
    let changes = answer["changes"].clone();
    assert_eq!(
        answer,
        json!({
            "decision": "implicit_deny", "layer": "identity", "level": null, "reason": "no_statement", "statements": [],
            "layers": [
                {
                    "layer": "identity", "level": null, "of": ALICE, "verdict": "silent", "matched": [],
                    "near": [
                        with(named("Read", 1, "allow", 102), "failed",
                            condition("IpAddress", "aws:SourceIp", json!(["10.0.0.0/8", "2001:db8::/32"]), json!("192.0.2.1"))),
                        with(named("Home", 2, "allow", 109), "failed",
                            json!([{"part": "resource", "negated": false, "values": [home], "request": REPORT}])),
                    ],
                    "others": 2
                },
                {
                    "layer": "boundary", "level": null, "of": ALICE, "verdict": "allows",
                    "matched": [with(named("Services", 0, "allow", 156), "principal", json!("direct"))],
                    "near": [with(named("TlsOnly", 1, "deny", 157), "failed",
                        condition("Bool", "aws:SecureTransport", json!(["false"]), Value::Null))],
                    "others": 0
                }
            ],
            "changes": changes
        })
    );
    assert!(change(&answer, 0).starts_with(
        "The identity policies of arn:aws:iam::123456789012:user/alice must allow: statement \"Read\" of "
    ));
}

#[test]
fn an_allow_says_what_it_stands_on_and_what_would_deny() {
    let more = ["--context", "aws:SourceIp=10.1.2.3"];
    let text = explain(&acme(), ALICE, "s3:GetObject", REPORT, &more).quiet(0);
    assert!(
        text.contains("    as aws:SourceIp is in 10.0.0.0/8 or 2001:db8::/32 (the request has 10.1.2.3)\n")
    );
    assert!(
        text.ends_with(
            "  1. A denial, which wins over every grant:\n     - statement \"TlsOnly\" of \
             arn:aws:iam::123456789012:policy/StaffBoundary would deny if aws:SecureTransport were false (the request does not have \
             it)\n"
        ),
        "{text}"
    );
    let answer = explained(&acme(), ALICE, "s3:GetObject", REPORT, &more);
    let names: Vec<&Value> =
        answer["statements"].as_array().unwrap().iter().map(|it| &it["statement"]).collect();
    assert_eq!(names, ["Read", "Services"]);
}

/// One denial behind the other: all of them are told, and what has to allow afterwards.
#[test]
fn denials_of_identity_and_boundary() {
    let sealed = "arn:aws:s3:::acme-reports/archive/q3.csv";
    let plain = ["--context", "aws:SecureTransport=false"];
    let answer = explained(&acme(), ALICE, "s3:DeleteObject", sealed, &plain);
    assert_eq!(
        (&answer["layer"], &answer["statements"][0]["statement"]),
        (&json!("identity"), &json!("Sealed"))
    );
    assert_eq!(layer(&answer, "boundary", Value::Null)["verdict"], "denies");
    assert_eq!(
        [change(&answer, 0), change(&answer, 1)],
        [
            "The identity policies of arn:aws:iam::123456789012:user/alice must not deny: statement \"Sealed\" of \
             arn:aws:iam::123456789012:policy/ReadReports would not apply if the resource were not \
             arn:aws:s3:::acme-reports/archive/* (it is arn:aws:s3:::acme-reports/archive/q3.csv).",
            "Also, the permissions boundary of arn:aws:iam::123456789012:user/alice must not deny: statement \"TlsOnly\" of \
             arn:aws:iam::123456789012:policy/StaffBoundary would not apply if aws:SecureTransport were not false (the request has \
             false).",
        ]
    );
    assert!(change(&answer, 2).starts_with("Also, the identity policies of "));
}

#[test]
fn the_boundary_cuts_off_what_is_granted() {
    let folder = Folder::new();
    let document = |action: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}"#
        )
    };
    let (own, boundary) = (document("*"), document("sqs:*"));
    folder.write(
        "a.json",
        format!(
            r#"{{"UserDetailList": [{{"UserName": "a", "Arn": "arn:aws:iam::123456789012:user/a", "UserPolicyList":
            [{{"PolicyName": "all", "PolicyDocument": {own}}}], "PermissionsBoundary": {{"PermissionsBoundaryArn":
            "arn:aws:iam::123456789012:policy/B"}}}}], "Policies": [{{"PolicyName": "B", "Arn": "arn:aws:iam::123456789012:policy/B",
            "DefaultVersionId": "v1", "PolicyVersionList": [{{"VersionId": "v1", "IsDefaultVersion": true, "Document": {boundary}}}]}}]}}"#
        ),
    );
    folder.run(&["build", "a.json", "-o", "a.bundle", "--quiet"]).quiet(0);
    let user = "arn:aws:iam::123456789012:user/a";
    let answer = explained(&folder, user, "s3:GetObject", REPORT, &[]);
    assert_eq!((&answer["layer"], &answer["reason"]), (&json!("boundary"), &json!("no_statement")));
    assert_eq!(layer(&answer, "identity", Value::Null)["verdict"], "allows");
    let report = layer(&answer, "boundary", Value::Null);
    assert_eq!((&report["verdict"], &report["others"]), (&json!("silent"), &json!(1)));
    assert_eq!(
        change(&answer, 0),
        "The permissions boundary of arn:aws:iam::123456789012:user/a must allow: no statement there comes near: it needs one that \
         allows s3:GetObject on arn:aws:s3:::acme-reports/q3.csv."
    );
}

/// Rules E1, E2: the level that denies is named, with the unit or account.
#[test]
fn e1_e2_levels_of_control_policies() {
    let folder = organization();
    let alice = "arn:aws:iam::111122223333:user/alice";
    let bucket = "arn:aws:s3:::acme-reports";
    let answer = explained(&folder, alice, "s3:DeleteBucket", bucket, &[]);
    assert_eq!((&answer["layer"], &answer["level"]), (&json!("scp"), &json!(1)));
    for (level, of, verdict) in
        [(0, "root", "allows"), (1, "unit workloads", "denies"), (2, "account 111122223333", "allows")]
    {
        let report = layer(&answer, "scp", json!(level));
        assert_eq!((&report["of"], &report["verdict"]), (&json!(of), &json!(verdict)));
    }
    assert_eq!(
        answer["changes"],
        json!([
            "The SCPs of the unit workloads must not deny: statement \"KeepBuckets\" of p-scpguard1 covers every resource and has no \
             condition: only a change of itself helps."
        ])
    );
    let text = explain(&folder, alice, "s3:DeleteBucket", bucket, &[]).quiet(1);
    assert!(text.contains("\nSCPs of the unit workloads (the most that anybody in the account can have): denies, and this decided\n"));
    let answer = explained(&folder, "*", "s3:GetObject", "arn:aws:s3:::acme-reports/public/q3.csv", &[]);
    assert_eq!((&answer["layer"], &answer["level"]), (&json!("rcp"), &json!(0)));
    assert!(change(&answer, 0).contains(
        "would not apply if aws:PrincipalOrgID were o-acme12345 (the request does not have it), or if "
    ));
    let near = &layer(&answer, "resource", Value::Null)["near"][0];
    assert_eq!((&near["statement"], &near["failed"][0]["part"]), (&json!("Analytics"), &json!("principal")));
}

/// Rule E4: the resource's policy, where the resource fails and where the principal does.
#[test]
fn e4_resource_policies() {
    let folder = organization();
    let reader = "arn:aws:sts::444455556666:assumed-role/reader/task-1";
    let (secret, public) = ("arn:aws:s3:::acme-reports/q3.csv", "arn:aws:s3:::acme-reports/public/q3.csv");
    let answer = explained(&folder, reader, "s3:GetObject", secret, &[]);
    let report = layer(&answer, "resource", Value::Null);
    assert_eq!((&answer["layer"], &report["of"]), (&json!("resource"), &json!("arn:aws:s3:::acme-reports")));
    assert_eq!(report["near"][0]["failed"][0]["part"], "resource");
    assert_eq!(layer(&answer, "identity", Value::Null)["of"], "arn:aws:iam::444455556666:role/jobs/reader");
    let answer = explained(&folder, reader, "s3:GetObject", public, &[]);
    let matched = &layer(&answer, "resource", Value::Null)["matched"][0];
    assert_eq!((&answer["decision"], &matched["principal"]), (&json!("allow"), &json!("session")));
    let answer = explained(
        &folder,
        "arn:aws:iam::111122223333:user/eve",
        "s3:GetObject",
        public,
        &["--context", "aws:PrincipalOrgID=o-acme12345"],
    );
    assert_eq!(answer["reason"], "unknown_principal");
    assert_eq!(
        layer(&answer, "resource", Value::Null)["near"][0]["failed"],
        json!([{
            "part": "principal", "negated": false, "values": ["arn:aws:iam::444455556666:role/jobs/reader"],
            "request": "arn:aws:iam::111122223333:user/eve"
        }])
    );
    assert!(change(&answer, 0).starts_with("The bundle does not hold arn:aws:iam::111122223333:user/eve: "));
}

/// Rule E8: a trust policy.
#[test]
fn e8_trust_policies() {
    let folder = organization();
    let (alice, role) = ("arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:role/deployer");
    let text = explain(&folder, alice, "sts:AssumeRole", role, &[]);
    let answer = explained(&folder, alice, "sts:AssumeRole", role, &[]);
    assert_eq!(answer["layer"], "resource", "{}", text.out);
    assert_eq!(
        change(&answer, 0),
        "The trust policy of arn:aws:iam::111122223333:role/deployer must allow: statement \"WithMfa\" of \
         arn:aws:iam::111122223333:role/deployer would allow if aws:MultiFactorAuthPresent were true (the request does not have it)."
    );
}

/// Rule E6: session policies; their statements stand in the file that was given.
#[test]
fn e6_session_policies() {
    let folder = organization();
    folder.write(
        "narrow.json",
        "{\"Version\": \"2012-10-17\", \"Statement\": [\n  {\"Sid\": \"Topics\", \"Effect\": \"Allow\", \"Action\": \"sns:*\", \"Resource\": \
         \"arn:aws:sns:*:*:news\"}]}",
    );
    let session = "arn:aws:sts::111122223333:assumed-role/deployer/build-17";
    let (topic, with) = ("arn:aws:sns:eu-west-1:111122223333:", ["--session-policy", "narrow.json"]);
    let answer = explained(&folder, session, "sns:Publish", &format!("{topic}alarms"), &with);
    assert_eq!(answer["layer"], "session");
    let near = &layer(&answer, "session", Value::Null)["near"][0];
    assert_eq!(
        (&near["statement"], &near["file"], &near["line"], &near["failed"][0]["part"]),
        (&json!("Topics"), &json!("narrow.json"), &json!(2), &json!("resource"))
    );
    let answer = explained(&folder, session, "sns:Publish", &format!("{topic}news"), &with);
    assert_eq!(layer(&answer, "session", Value::Null)["matched"][0]["statement"], "Topics");
    folder.write("wrong.json", "{}");
    let wrong = explain(&folder, session, "sns:Publish", "*", &["--session-policy", "wrong.json"]);
    assert!(wrong.complains(2).contains("error[p2-missing-statement]"));
}

/// Rule E12: the policy of the endpoint through which the request came.
#[test]
fn e12_endpoint_policies() {
    let folder = Folder::new();
    folder.write(
        "resources.json",
        r#"[{"arn": "arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint/vpce-1", "account": "123456789012", "policy": {"Version":
            "2012-10-17", "Statement": {"Sid": "Ours", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition":
            {"StringEquals": {"aws:ResourceOrgID": "o-1"}}}}}]"#,
    );
    folder.run(&["build", &example("acme"), "resources.json", "-o", "a.bundle", "--quiet"]).quiet(0);
    let more = ["--context", "aws:SourceVpce=vpce-1"];
    let answer = explained(&folder, ALICE, "s3:ListBucket", "arn:aws:s3:::acme-reports", &more);
    assert_eq!(
        (&answer["layer"], &answer["changes"]),
        (
            &json!("endpoint"),
            &json!([
                "The policy of the VPC endpoint vpce-1 must allow: statement \"Ours\" of vpce-1 would allow if aws:ResourceOrgID were o-1 (the \
         request does not have it)."
            ])
        )
    );
}

#[test]
fn what_no_layer_decides() {
    let folder = acme();
    let answer = explained(&folder, ALICE, "sts:GetCallerIdentity", "*", &[]);
    assert_eq!((&answer["decision"], &answer["layer"]), (&json!("allow"), &json!("service")));
    let answer = explained(&folder, "no principal", "s3:GetObject", REPORT, &[]);
    assert_eq!((&answer["layers"], &answer["reason"]), (&json!([]), &json!("malformed_principal")));
    assert!(change(&answer, 0).starts_with("The principal is no ARN of a principal"));
    // A name without a colon may be a service's: bundle and reference evaluator say the same.
    let answer = explained(&folder, "user/alice", "s3:GetObject", REPORT, &[]);
    assert!(change(&answer, 0).ends_with("a user or role is named by its ARN."));
}

#[test]
fn a_stripped_bundle_cannot_explain() {
    let folder = Folder::new();
    folder.run(&["build", &example("acme"), "--strip", "-o", "a.bundle"]).quiet(0);
    assert_eq!(
        explain(&folder, ALICE, "s3:GetObject", REPORT, &[]).complains(2),
        "error: the bundle was built with --strip and does not hold its model\n"
    );
    let missing = folder.run(&["explain", "a.bundle", "--principal", ALICE, "--action", "s3:GetObject"]);
    assert!(missing.complains(2).contains("--resource <RESOURCE>"));
}

/// A bundle whose automata say something else than the policies that it carries: no answer is given.
#[test]
fn a_bundle_that_disagrees_with_its_model_is_not_explained() {
    let folder = acme();
    let honest = Bundle::from_bytes(folder.read("a.bundle")).unwrap();
    let model = model_of(&honest).unwrap();
    let mut other = model.clone();
    let versions = other.policies.iter_mut().flat_map(|policy| &mut policy.versions);
    let statements = versions.flat_map(|version| &mut version.document.statements);
    statements.for_each(|statement| statement.effect = Effect::Deny);
    let ir = lower(&other);
    let automata = build(&ir, Budget::default(), None).unwrap();
    folder.write("a.bundle", write(&model, &ir, &automata, &CompileOptions::default()).unwrap());
    let question = ["--context", "aws:SourceIp=10.1.2.3"];
    assert_eq!(
        explain(&folder, ALICE, "s3:GetObject", REPORT, &question).complains(2),
        "error: internal error: the bundle says explicit_deny (layer: identity), the reference evaluator allow (layer: identity); do not \
         rely on either, and please report this\n"
    );
}
