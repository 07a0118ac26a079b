//! The example organization: two accounts, control policies, a resource, sessions, and roles that are taken.

use serde_json::json;

use crate::command::{Done, Folder, example};

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const DEPLOYER: &str = "arn:aws:sts::111122223333:assumed-role/deployer/build-17";
const READER: &str = "arn:aws:sts::444455556666:assumed-role/reader/task-1";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.run(&["build", &example("organization"), "-o", "a.bundle"]).quiet(0);
    folder
}

fn ask(folder: &Folder, principal: &str, action: &str, resource: &str, more: &[&str]) -> Done {
    let mut arguments = vec!["decide", "a.bundle", "--principal", principal, "--action", action];
    arguments.extend(["--resource", resource, "--format", "json"]);
    arguments.extend(more);
    folder.run(&arguments)
}

/// Every layer decides, and says which statement did.
#[test]
fn e1_e2_e4_every_layer_says_which_statement_decided() {
    let folder = folder();
    let bucket = "arn:aws:s3:::acme-reports";
    let (public, secret, logs) = (
        "arn:aws:s3:::acme-reports/public/q3.csv",
        "arn:aws:s3:::acme-reports/q3.csv",
        "arn:aws:s3:::acme-reports/logs/1",
    );
    for (principal, action, resource, decision, layer, level, policy, statement) in [
        (
            ALICE,
            "s3:GetObject",
            secret,
            "allow",
            "identity",
            json!(null),
            "arn:aws:iam::111122223333:user/alice#reports",
            "Reports",
        ),
        (ALICE, "s3:DeleteBucket", bucket, "explicit_deny", "scp", json!(1), "p-scpguard1", "KeepBuckets"),
        (
            DEPLOYER,
            "s3:PutObject",
            secret,
            "allow",
            "identity",
            json!(null),
            "arn:aws:iam::111122223333:role/deployer#deploy",
            "Everything",
        ),
        (
            "arn:aws:iam::111122223333:root",
            "s3:DeleteBucket",
            bucket,
            "explicit_deny",
            "scp",
            json!(1),
            "p-scpguard1",
            "KeepBuckets",
        ),
        (
            READER,
            "s3:GetObject",
            public,
            "allow",
            "identity",
            json!(null),
            "arn:aws:iam::444455556666:role/jobs/reader#read",
            "Read",
        ),
        (READER, "s3:GetObject", secret, "implicit_deny", "resource", json!(null), "", ""),
        ("logging.s3.amazonaws.com", "s3:PutObject", logs, "allow", "resource", json!(null), bucket, "Logs"),
        ("*", "s3:GetObject", public, "explicit_deny", "rcp", json!(0), "p-rcpours01", "OursOnly"),
        (
            "arn:aws:iam::222222222222:user/eve",
            "s3:GetObject",
            public,
            "explicit_deny",
            "rcp",
            json!(0),
            "p-rcpours01",
            "OursOnly",
        ),
    ] {
        let answer = ask(&folder, principal, action, resource, &[]).json();
        assert_eq!(
            (&answer["decision"], &answer["layer"], &answer["level"]),
            (&json!(decision), &json!(layer), &level),
            "{principal} {action} {resource}: {answer:#}"
        );
        let statements = answer["statements"].as_array().unwrap();
        let named =
            statements.first().map(|it| (it["policy"].as_str().unwrap(), it["statement"].as_str().unwrap()));
        assert_eq!(named.unwrap_or_default(), (policy, statement), "{principal} {action}");
    }
}

/// Rules E1 and E2: neither SCPs nor RCPs bear on the management account.
#[test]
fn e1_e2_the_management_account_is_spared() {
    let folder = Folder::new();
    for file in ["reports.json", "resources.json", "organization.json"] {
        let text = std::fs::read_to_string(format!("{}/{file}", example("organization"))).unwrap();
        let management =
            text.replace(r#""MasterAccountId": "999988887777""#, r#""MasterAccountId": "111122223333""#);
        folder.write(file, management);
    }
    folder.run(&["build", "reports.json", "resources.json", "organization.json", "-o", "a.bundle"]).quiet(0);
    let bucket = "arn:aws:s3:::acme-reports";
    assert_eq!(ask(&folder, ALICE, "s3:DeleteBucket", bucket, &[]).json()["layer"], "identity");
    let answer = ask(&folder, "*", "s3:GetObject", "arn:aws:s3:::acme-reports/public/q3.csv", &[]);
    assert_eq!(answer.json()["layer"], "resource");
}

/// Rule E6: a session policy limits the session; its statement is named with its own file.
#[test]
fn e6_session_policies() {
    let folder = folder();
    // A tag of the session, and its source identity, are what conditions see.
    folder.write(
        "tagged.json",
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": "x", "aws:SourceIdentity": "me"}}}}"#,
    );
    let tagged = ["--session-policy", "tagged.json", "--session-tag", "Team=x", "--source-identity", "me"];
    for (count, status) in [(6, 0), (4, 1), (2, 1)] {
        assert_eq!(ask(&folder, DEPLOYER, "sns:Publish", "*", &tagged[..count]).status, status, "{count}");
    }
    let twice = [&tagged[..], &["--session-tag", "team=y"]].concat();
    let done = ask(&folder, DEPLOYER, "sns:Publish", "*", &twice);
    assert!(done.complains(2).contains("the session's tag \"team\" is given more than once"));
    folder.write(
        "narrow.json",
        r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Queues", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
            {"Sid": "NoPurge", "Effect": "Deny", "Action": "sqs:PurgeQueue", "Resource": "*"}]}"#,
    );
    let queue = "arn:aws:sqs:eu-west-1:111122223333:jobs";
    let with = ["--session-policy", "narrow.json"];
    assert_eq!(ask(&folder, DEPLOYER, "sqs:SendMessage", queue, &with).status, 0);
    assert_eq!(ask(&folder, DEPLOYER, "sns:Publish", "*", &[]).status, 0);
    let answer = ask(&folder, DEPLOYER, "sns:Publish", "*", &with);
    assert_eq!((answer.status, &answer.json()["layer"]), (1, &json!("session")));
    let answer = ask(&folder, DEPLOYER, "sqs:PurgeQueue", queue, &with).json();
    let statement = &answer["statements"][0];
    assert_eq!(
        [&answer["decision"], &answer["layer"], &statement["statement"], &statement["file"]],
        [&json!("explicit_deny"), &json!("session"), &json!("NoPurge"), &json!("narrow.json")]
    );
    folder
        .write("bad.json", r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}"#);
    let wrong = ask(&folder, DEPLOYER, "sns:Publish", "*", &["--session-policy", "bad.json"]);
    assert_eq!((wrong.status, wrong.out.as_str()), (2, ""));
    assert!(wrong.err.contains("error[p2-resource]") && wrong.err.contains("bad.json:1:41"), "{}", wrong.err);
}

/// Rules I3 and I4: taking a role is a question of its own.
#[test]
fn i4_assume() {
    let folder = folder();
    let assume = |principal: &str, more: &[&str]| {
        let mut arguments = vec!["assume", "a.bundle", "--principal", principal];
        arguments.extend(["--role", "arn:aws:iam::111122223333:role/deployer", "--format", "json"]);
        arguments.extend(more);
        folder.run(&arguments)
    };
    let mfa = ["--context", "aws:MultiFactorAuthPresent=true"];
    let done = assume(ALICE, &[&mfa[..], &["--session-name", "build-17", "--duration", "14400"]].concat());
    let answer = done.json();
    assert_eq!((done.status, &answer["allowed"]), (0, &json!(true)));
    assert_eq!(
        answer["session"],
        json!({
            "arn": DEPLOYER, "seconds": 14_400, "chained": false, "length_is_default": false,
            "tags": {}, "transitive_tags": [], "source_identity": null
        })
    );
    assert_eq!(answer["steps"][0]["action"], "sts:AssumeRole");
    // Without MFA, the trust policy does not allow it.
    let answer = assume(ALICE, &[]);
    assert_eq!((answer.status, &answer.json()["session"]), (1, &json!(null)));
    assert_eq!(answer.json()["steps"][0]["layer"], "resource");
    // A tag needs an action more, which nobody allows.
    let answer = assume(ALICE, &[&mfa[..], &["--tag", "team=x"]].concat());
    assert_eq!(answer.status, 1);
    assert_eq!(answer.json()["steps"][1]["action"], "sts:TagSession");
    // A role taken from another's session lasts an hour; longer than the role allows is refused.
    for (principal, seconds, most) in
        [(ALICE, "20000", "14400"), (DEPLOYER, "3601", "3600"), (ALICE, "899", "14400")]
    {
        let done = assume(principal, &["--duration", seconds]);
        let message = format!(
            "error: a session of {seconds} seconds is not possible: it lasts 900 to {most} seconds\n"
        );
        assert_eq!(done.complains(2), message);
    }
    // A role by itself is asked for as a session of it: chaining.
    let role = "arn:aws:iam::111122223333:role/deployer";
    assert!(assume(role, &["--duration", "3601"]).complains(2).contains("900 to 3600 seconds"));
    // What the question says itself, the context must not say otherwise; nor a tag twice.
    for (more, message) in [
        (["--context", "sts:rolesessionname=other"], "the context gives \"sts:rolesessionname\""),
        (["--context", "aws:requesttag/Team=other"], "the context gives \"aws:requesttag/Team\""),
        (["--context", "STS:SourceIdentity=me"], "the context gives \"STS:SourceIdentity\""),
        (["--tag=team=x", "--tag=Team=y"], "the tag \"Team\" is given more than once"),
    ] {
        let done = assume(ALICE, &[&mfa[..], &more].concat());
        assert!(done.complains(2).contains(message), "{message}");
    }
    // The caller's own session limits it, and its statements are named.
    folder.write(
        "narrow.json",
        r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Stay", "Effect": "Deny", "Action": "sts:*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": "x"}}},
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
    );
    let session = [&mfa[..], &["--session-policy", "narrow.json"]].concat();
    assert_eq!(assume(ALICE, &session).status, 0);
    let answer = assume(ALICE, &[&session[..], &["--session-tag", "Team=x"]].concat());
    assert_eq!(answer.status, 1);
    let step = &answer.json()["steps"][0];
    assert_eq!(
        [&step["layer"], &step["statements"][0]["statement"], &step["statements"][0]["file"]],
        [&json!("session"), &json!("Stay"), &json!("narrow.json")]
    );
    let human = folder.run(&[
        "assume",
        "a.bundle",
        "--principal",
        ALICE,
        "--role",
        "arn:aws:iam::111122223333:role/deployer",
        mfa[0],
        mfa[1],
    ]);
    assert_eq!(
        human.quiet(0),
        "sts:AssumeRole: allow (layer: identity)\n  a statement decided\n  allowed by statement \"Deploy\" of \
         arn:aws:iam::111122223333:user/alice#reports\n    at reports.json:13:15\n\
         session arn:aws:sts::111122223333:assumed-role/deployer/session, 3600 seconds\n"
    );
}

/// The seed of delegation: who may attach listed policies only, and create users under a boundary only.
#[test]
fn i1_an_administrator_of_a_part() {
    let folder = Folder::new();
    folder.run(&["build", &example("delegation"), "-o", "a.bundle"]).quiet(0);
    let lead = "arn:aws:iam::123456789012:user/lead";
    let policy = |name: &str| format!("iam:PolicyARN=arn:aws:iam::123456789012:policy/{name}");
    let boundary = |name: &str| format!("iam:PermissionsBoundary=arn:aws:iam::123456789012:policy/{name}");
    for (action, context, status) in [
        ("iam:AttachUserPolicy", policy("TeamData"), 0),
        ("iam:AttachUserPolicy", policy("TeamAdmin"), 1),
        ("iam:AttachUserPolicy", "iam:PolicyARN=arn:aws:iam::aws:policy/AdministratorAccess".to_owned(), 1),
        ("iam:CreateUser", boundary("TeamBoundary"), 0),
        ("iam:CreateUser", boundary("Other"), 1),
        ("iam:CreateUser", "k:none=1".to_owned(), 1),
        ("iam:DeleteUserPermissionsBoundary", boundary("TeamBoundary"), 1),
    ] {
        let done = ask(&folder, lead, action, "arn:aws:iam::123456789012:user/new", &["--context", &context]);
        assert_eq!(done.status, status, "{action} {context}: {}", done.out);
    }
}

/// Rule I2: moving the default version is a rollback; the decision changes, and `ir` shows what changed and nothing else.
#[test]
fn i2_a_rollback() {
    let folder = Folder::new();
    let new = std::fs::read_to_string(format!("{}/snapshot.json", example("delegation"))).unwrap();
    let marks = [("v2", true, false), ("v1", false, true)];
    let mut old = new.replace(r#""DefaultVersionId": "v2""#, r#""DefaultVersionId": "v1""#);
    for (version, before, after) in marks {
        let mark = |is: bool| format!(r#""VersionId": "{version}", "IsDefaultVersion": {is}"#);
        // The second policy is the one with two versions.
        let at = old.rfind(&mark(before)).unwrap();
        old.replace_range(at..at + mark(before).len(), &mark(after));
    }
    folder.write("new.json", &new);
    folder.write("old.json", &old);
    let mut texts = Vec::new();
    for (input, status) in [("new.json", 0), ("old.json", 1)] {
        folder.run(&["build", input, "-o", "a.bundle"]).quiet(0);
        let dev = "arn:aws:iam::123456789012:user/dev";
        assert_eq!(ask(&folder, dev, "s3:GetObject", "arn:aws:s3:::team-data/x", &[]).status, 0, "{input}");
        assert_eq!(
            ask(&folder, dev, "s3:PutObject", "arn:aws:s3:::team-data/x", &[]).status,
            status,
            "{input}"
        );
        texts.push(folder.run(&["ir", "a.bundle"]).quiet(0));
    }
    let changed: Vec<(&str, &str)> = texts[0].lines().zip(texts[1].lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(
        changed,
        [(
            "    allow s3:GetObject, s3:PutObject on arn:aws:s3:::team-data/*",
            "    allow s3:GetObject on arn:aws:s3:::team-data/*"
        )]
    );
}
