//! `fmt`, `convert` and `test` with `.gate` files, and such files where a document is wanted.

use std::path::Path;

use crate::command::{Done, finish, portcullis};

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

fn run(folder: &Path, arguments: &[&str]) -> Done {
    finish(portcullis(folder, arguments), b"")
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn fmt_lays_out_checks_and_leaves_alone_what_it_does_not_understand() {
    let folder = folder(&[
        ("a.gate", "account 123456789012{user a{attach aws:X}}"),
        ("sub/b.gate", "policy P { allow s3:* on * }\n"),
        ("c.json", "{}"),
    ]);
    let checked = run(folder.path(), &["fmt", "--check", "."]);
    assert_eq!((checked.status, checked.err.as_str()), (1, ""));
    assert!(checked.out.contains("a.gate") && !checked.out.contains("b.gate"), "{}", checked.out);
    assert_eq!(run(folder.path(), &["fmt", "."]).status, 0);
    let text = std::fs::read_to_string(folder.path().join("a.gate")).unwrap();
    assert_eq!(text, "account 123456789012 {\n  user a { attach aws:X }\n}\n");
    assert_eq!(run(folder.path(), &["fmt", "--check", "."]).status, 0);
    let broken = "policy P { allow }\n";
    std::fs::write(folder.path().join("a.gate"), broken).unwrap();
    let refused = run(folder.path(), &["fmt", "."]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("error[gate-syntax]"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(folder.path().join("a.gate")).unwrap(), broken);
    assert_eq!(finish(portcullis(folder.path(), &["fmt", "-"]), b"let a=[b,]").out, "let a = [b]\n");
}

#[test]
fn convert_goes_both_ways_and_loses_nothing_silently() {
    let gate = "account 123456789012 {\n  user alice {\n    inline p { allow s3:GetObject on * }\n  }\n}\n";
    let tests = "test \"t\" {\n  alice may s3:GetObject on arn:aws:s3:::b/k of 123456789012\n}\n";
    let folder = folder(&[("a.gate", gate), ("both.gate", &format!("{gate}{tests}"))]);
    let json = run(folder.path(), &["convert", "a.gate"]);
    assert_eq!((json.status, json.err.as_str()), (0, ""));
    std::fs::write(folder.path().join("a.json"), &json.out).unwrap();
    assert_eq!(run(folder.path(), &["convert", "a.json"]).out, gate);
    let refused = run(folder.path(), &["convert", "both.gate"]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("1 questions of tests have no form in IAM JSON"), "{}", refused.err);
    assert_eq!(run(folder.path(), &["convert", "both.gate", "--without-tests"]).out, json.out);
    assert_eq!(run(folder.path(), &["convert", "both.gate", "--to", "gate"]).status, 2);
    let mixed = run(folder.path(), &["convert", "a.gate", "a.json"]);
    assert_eq!(mixed.status, 2);
}

#[test]
fn tests_are_run_explained_and_their_status_tells() {
    let account = "account 123456789012 {\n  user alice { inline p { Read: allow s3:GetObject on * } }\n}\n";
    let fine = "import \"account.gate\"\ntest \"t\" {\n  alice may s3:GetObject on arn:aws:s3:::b/k of 123456789012\n}\n";
    let wrong = "import \"account.gate\"\ntest \"t\" {\n  alice may s3:PutObject on arn:aws:s3:::b/k of 123456789012\n}\n";
    let folder = folder(&[("account.gate", account), ("fine.gate", fine), ("wrong.gate", wrong)]);
    let passed = run(folder.path(), &["test", "fine.gate"]);
    assert_eq!(
        (passed.status, passed.out.as_str()),
        (
            0,
            "1 test: 1 passed, 0 failed (1 of 1 question as expected)\ncoverage: 1 of 1 statement decided a question\n"
        )
    );
    let failed = run(folder.path(), &["test", "wrong.gate", "--coverage"]);
    assert_eq!(failed.status, 1);
    for part in
        ["- expected: allow", "+ actual:   implicit_deny (layer: identity)", "never: statement \"Read\""]
    {
        assert!(failed.out.contains(part), "{part}: {}", failed.out);
    }
    let lines = run(folder.path(), &["test", "wrong.gate", "--format", "jsonl"]);
    let line: serde_json::Value = serde_json::from_str(lines.out.trim()).unwrap();
    assert_eq!((line["actual"].as_str(), line["pass"].as_bool()), (Some("implicit_deny"), Some(false)));
    // Without a test there is nothing that could pass.
    assert_eq!(run(folder.path(), &["test", "account.gate"]).status, 2);
}

#[test]
fn a_policy_of_a_gate_file_can_be_attached_and_limit_a_session() {
    let folder = folder(&[
        ("read.gate", "policy Read { allow s3:* on * }\n"),
        ("less.gate", "policy Less { allow s3:GetObject on * }\n"),
        ("two.gate", "policy A { allow s3:* on * }\npolicy B { allow s3:* on * }\n"),
    ]);
    let attach = format!("--attach={ALICE}=read.gate");
    assert_eq!(run(folder.path(), &["build", &attach, "-o", "a.bundle"]).status, 0);
    let ask = |action: &str, more: &[&str]| {
        let arguments = ["decide", "a.bundle", "--principal", ALICE, "--resource", "*", "--action", action];
        run(folder.path(), &[&arguments, more].concat()).status
    };
    let less = ["--session-policy", "less.gate"];
    assert_eq!((ask("s3:PutObject", &[]), ask("s3:PutObject", &less), ask("s3:GetObject", &less)), (0, 1, 0));
    let attach = format!("--attach={ALICE}=two.gate");
    let refused = run(folder.path(), &["check", &attach]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("attach-not-a-document"), "{}", refused.err);
}

#[test]
fn imports_are_relative_and_name_nothing_of_the_machine() {
    let folder = folder(&[
        (
            "main/acme.gate",
            "import \"../shared/names.gate\"\naccount 123456789012 {\n  user alice { inline p = Read($bucket) }\n}\n",
        ),
        (
            "shared/names.gate",
            "let bucket = arn:aws:s3:::b\npolicy Read(what) { allow s3:GetObject on $what/* }\n",
        ),
    ]);
    let done = run(folder.path(), &["ir", "main", "--origins"]);
    assert_eq!((done.status, done.err.as_str()), (0, ""));
    assert!(
        done.out.contains("arn:aws:s3:::b/*") && !done.out.contains(folder.path().to_str().unwrap()),
        "{}",
        done.out
    );
    std::fs::write(folder.path().join("main/acme.gate"), "import \"/etc/passwd\"\nimport \"none.gate\"\n")
        .unwrap();
    let refused = run(folder.path(), &["check", "main"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.err.contains("is an absolute path") && refused.err.contains("there is no such file"),
        "{}",
        refused.err
    );
}

/// AWS has policies of one name in each of its partitions: an account attaches its own partition's.
#[test]
fn names_of_aws_policies_are_those_of_the_partition() {
    let policy = |partition: &str, actions: &str| {
        format!(
            r#"{{"name": "Guard", "arn": "arn:{partition}:iam::aws:policy/Guard", "version_id": "v1", "document":
                {{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Action": "{actions}", "Resource": "*"}}}}}}"#
        )
        .replace('\n', " ")
    };
    let both = format!("{}\n{}\n", policy("aws", "s3:*"), policy("aws-cn", "sqs:*"));
    let folder = folder(&[
        ("a.gate", "account 123456789012 {\n  user alice { attach aws:Guard }\n}\n"),
        ("cn.gate", "account 123456789012 {\n  partition aws-cn\n  user alice { attach aws:Guard }\n}\n"),
        ("both.jsonl", &both),
    ]);
    let ir = |file: &str| run(folder.path(), &["ir", file, "both.jsonl"]).quiet(0);
    assert!(ir("a.gate").contains("deny s3:* on *") && !ir("a.gate").contains("sqs"), "{}", ir("a.gate"));
    assert!(ir("cn.gate").contains("deny sqs:* on *") && !ir("cn.gate").contains("s3:"), "{}", ir("cn.gate"));
    // Each keeps its partition on the way to the language and back.
    let gate = run(folder.path(), &["convert", "cn.gate", "both.jsonl", "--to", "gate"]).quiet(0);
    std::fs::write(folder.path().join("back.gate"), gate).unwrap();
    assert_eq!(run(folder.path(), &["ir", "back.gate"]).quiet(0), ir("cn.gate"));
}

#[test]
fn what_has_no_form_is_refused_on_the_way_to_it() {
    let user = |partition: &str, name: &str| {
        format!(r#"{{"UserName": "{name}", "Arn": "arn:{partition}:iam::123456789012:user/{name}"}}"#)
    };
    let snapshot = format!(r#"{{"UserDetailList": [{}, {}]}}"#, user("aws", "a"), user("aws-cn", "b"));
    let folder = folder(&[
        ("two.json", &snapshot),
        ("quota.gate", "account 123456789012 {\n  quota users 9\n  user a\n}\n"),
        (
            "versions.gate",
            "policy P {\n  default version v2 { allow s3:* on * }\n  version v1 { deny s3:* on * }\n}\n",
        ),
    ]);
    for (arguments, why) in [
        (&["convert", "two.json"][..], "is in the partitions aws and aws-cn"),
        (&["convert", "quota.gate", "--to", "gate"], "tests, routes or quotas, which would be lost"),
        (&["convert", "quota.gate"], "1 quotas have no form in IAM JSON"),
        (&["convert", "versions.gate"], "has 2 versions and is of no account"),
    ] {
        let done = run(folder.path(), arguments);
        assert_eq!((done.status, done.out.as_str()), (2, ""), "{arguments:?}");
        assert!(done.err.contains(why), "{why}: {}", done.err);
    }
}

#[test]
fn policies_with_parameters_see_what_their_file_imports_and_names_stay_apart() {
    let folder = folder(&[
        ("c.gate", "let all = s3:*\npolicy S(where) { S: deny $all on $where }\n"),
        ("b.gate", "import \"c.gate\"\npolicy T(where) {\n  use S($where)\n  A2: allow $all on $where\n}\n"),
        (
            "a.gate",
            "import \"b.gate\"\naccount 123456789012 {\n  user u {\n    inline p {\n      A: allow s3:* on * if aws:SourceIp in 10.0.0.0/8 or exists(aws:TagKeys)\n      use T(arn:aws:s3:::b)\n    }\n  }\n}\n",
        ),
    ]);
    // What an expression becomes takes no name that somebody gave.
    let text = run(folder.path(), &["ir", "a.gate", "--origins"]).quiet(0);
    assert!(text.contains("deny s3:* on arn:aws:s3:::b"), "{text}");
    let json = run(folder.path(), &["convert", "a.gate"]).json();
    let statements = &json["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"]["Statement"];
    let sids: Vec<&str> =
        statements.as_array().unwrap().iter().map(|it| it["Sid"].as_str().unwrap()).collect();
    assert_eq!(sids, ["A", "A3", "S", "A2"]);
    // The names of an imported file's imports are not the importing file's.
    std::fs::write(folder.path().join("a.gate"), "import \"b.gate\"\npolicy P { use S(*) }\n").unwrap();
    assert!(run(folder.path(), &["check", "a.gate"]).err.contains("no policy with parameters is named `S`"));
}

#[test]
fn roles_are_taken_with_what_taking_them_needs() {
    let text = "account 123456789012 {
  user alice { inline p { allow sts:AssumeRole on * } }
  role outside {
    trust { allow user alice if sts:ExternalId = secret }
    inline p { allow ec2:CreateTags on * if all(aws:TagKeys) in [team] }
  }
  role web {
    trust { allow federated accounts.google.com if accounts.google.com:aud = app }
    inline p { allow s3:GetObject on * }
  }
}
test \"taking\" {
  alice as outside may ec2:CreateTags on * with sts:ExternalId = secret, aws:TagKeys = [team]
  federated accounts.google.com as web may s3:GetObject on arn:aws:s3:::b/k of 123456789012 with accounts.google.com:aud = app
}
";
    let folder = folder(&[
        ("a.gate", text),
        ("b.gate", &text.replace("with sts:ExternalId = secret", "with sts:ExternalId = other")),
    ]);
    let passed = run(folder.path(), &["test", "a.gate"]);
    assert_eq!(passed.status, 0, "{}{}", passed.out, passed.err);
    let failed = run(folder.path(), &["test", "b.gate"]);
    assert_eq!(failed.status, 1);
    assert!(failed.out.contains("the role cannot be taken"), "{}", failed.out);
}

/// A file that is given or imported stays an input, whatever else names it: an organization must not vanish with what it denies.
#[test]
fn what_is_given_is_no_less_an_input_where_from_names_it() {
    let organization = r#"{
        "Organization": {"Id": "o-acme12345", "MasterAccountId": "111111111111"},
        "Roots": [{"Id": "r-acme", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}],
        "OrganizationalUnits": {"r-acme": []},
        "Accounts": {"r-acme": [{"Id": "111111111111"}, {"Id": "222222222222"}]},
        "PoliciesForTarget": {"r-acme": [], "111111111111": [], "222222222222": []}}"#;
    let document =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    let account = "account 222222222222 {\n  user v { inline i from \"document.json\" }\n}\ntest \"t\" {\n  v denied by scp s3:GetObject on arn:aws:s3:::a/b of 222222222222\n}\n";
    // The one way to name a file by `from` that is never followed.
    let unused = "policy T(x) { version v1 from \"organization.json\" }\n";
    let folder = folder(&[
        ("a.gate", &format!("{account}{unused}")),
        ("b.gate", &format!("import \"organization.json\"\n{account}{unused}")),
        ("organization.json", organization),
        ("document.json", document),
    ]);
    for given in [&["test", "a.gate", "organization.json"][..], &["test", "b.gate"]] {
        let done = run(folder.path(), given);
        assert!(done.out.contains("0 failed"), "{given:?}: {}{}", done.out, done.err);
    }
    // A document that is given beside the file that takes it is no second one.
    let converted = run(folder.path(), &["ir", "a.gate", "document.json", "organization.json"]);
    assert!(!converted.out.contains("document.json"), "{}", converted.out);
}

#[test]
fn names_that_are_words_of_the_language_import_nothing() {
    let text = "organization o-acme12345 {
  management 111111111111
  scps off
  root r-from \"Root\" {
    unit import \"Dev\"
    unit from \"Sales\" {
      account 111111111111
    }
  }
}
account 111111111111 {
  user u
}
";
    let folder = folder(&[("a.gate", text)]);
    assert_eq!(run(folder.path(), &["check", "a.gate"]).quiet(0), "");
}

#[test]
fn names_are_read_with_their_escapes_and_roles_by_their_values() {
    let text = r#"let deployer = deploy
let run = s1
account 123456789012 "the \"first\" \u{e9} for \$1" {
  user alice { inline "a\$b" { allow sts:AssumeRole on * } }
  role deploy {
    trust { allow user alice }
    inline p { "Reads\u{21}": allow s3:GetObject on * }
  }
}
test "a \"quoted\" test" {
  alice as $(deployer)/$run may s3:GetObject on arn:aws:s3:::b/k of "the \"first\" \u{e9} for \$1"
}
"#;
    let folder = folder(&[("a.gate", text)]);
    let tested = run(folder.path(), &["test", "a.gate", "--format", "jsonl"]);
    let line: serde_json::Value = serde_json::from_str(tested.out.trim()).unwrap();
    assert_eq!((tested.status, line["test"].as_str()), (0, Some("a \"quoted\" test")), "{}", tested.err);
    // Back from JSON, where these are characters.
    let json = run(folder.path(), &["convert", "a.gate", "--without-tests"]).quiet(0);
    assert!(json.contains(r#""PolicyName": "a$b""#) && json.contains(r#""Sid": "Reads!""#), "{json}");
    std::fs::write(folder.path().join("a.json"), &json).unwrap();
    let gate = run(folder.path(), &["convert", "a.json"]).quiet(0);
    assert!(gate.contains(r#"inline "a\$b""#) && gate.contains(r#""Reads!":"#), "{gate}");
}

#[test]
fn a_file_by_two_paths_is_one_file() {
    let main = "import \"common.gate\"\nimport \"./common.gate\"\nimport \"../main/common.gate\"\naccount 123456789012 {\n  user a { inline p = Read($b) }\n}\n";
    let folder = folder(&[
        ("main/a.gate", main),
        ("main/common.gate", "let b = arn:aws:s3:::b\npolicy Read(what) { allow s3:GetObject on $what/* }\n"),
    ]);
    assert_eq!(run(folder.path(), &["check", "main/a.gate"]).quiet(0), "");
}

/// AWS's console writes empty Sids, and an organization file may leave the name of a policy out: neither is a name in the language.
#[test]
fn what_has_no_name_in_json_is_converted_without_one() {
    let statement = |sid: &str, effect: &str| {
        format!(r#"{{"Sid": "{sid}", "Effect": "{effect}", "Action": "s3:*", "Resource": "*"}}"#)
    };
    let organization = format!(
        r#"{{"Organization": {{"Id": "o-acme12345", "MasterAccountId": "111111111111"}},
            "Roots": [{{"Id": "r-acme", "Name": "costs in ${{x}}", "PolicyTypes": [{{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}}]}}],
            "OrganizationalUnits": {{"r-acme": []}}, "Accounts": {{"r-acme": [{{"Id": "111111111111"}}]}},
            "PoliciesForTarget": {{"r-acme": [{{"Id": "p-nameless"}}], "111111111111": [{{"Id": "p-nameless"}}]}},
            "Policies": [{{"PolicySummary": {{"Id": "p-nameless", "Type": "SERVICE_CONTROL_POLICY"}},
                "Content": {{"Version": "2012-10-17", "Statement": [{}, {}]}}}}]}}"#,
        statement("", "Allow"),
        statement("${x}", "Deny")
    );
    let folder = folder(&[("a.json", &organization)]);
    let gate = run(folder.path(), &["convert", "a.json"]).quiet(0);
    for part in [
        "scp p-nameless id p-nameless",
        "attach p-nameless",
        "    allow s3:*",
        r#""\${x}": deny"#,
        r#""costs in \${x}""#,
    ] {
        assert!(gate.contains(part), "{part}: {gate}");
    }
    std::fs::write(folder.path().join("b.gate"), format!("{gate}account 111111111111 {{\n  user u\n}}\n"))
        .unwrap();
    // The name comes back, in what is found.
    let found = run(folder.path(), &["check", "b.gate"]).complains(1);
    assert!(found.contains("statement \"${x}\" denies all of it"), "{found}");
}
