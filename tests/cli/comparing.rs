//! `diff`, `who-can`, `can`, and the checks of access: what they say, in every form, and how they end.

use crate::command::{Done, Folder, example};

/// The example account, and the same with some words replaced.
fn pair(replaced: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    let old = std::fs::read_to_string(example("acme.gate")).unwrap();
    let new = replaced.iter().fold(old.clone(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    folder.write("old.gate", old);
    folder.write("new.gate", new);
    folder
}

/// More of some, less of another.
const CHANGED: &[(&str, &str)] = &[
    ("s3:GetObject* on $reports/*", "s3:[GetObject*, PutObject] on $reports/*"),
    ("sqs:ReceiveMessage, sqs:DeleteMessage", "sqs:SendMessage, sqs:DeleteMessage"),
];

fn compare(folder: &Folder, more: &[&str]) -> Done {
    folder.run(&[&["diff", "old.gate", "new.gate"], more].concat())
}

#[test]
fn a_comparison_in_every_form() {
    let folder = pair(CHANGED);
    insta::assert_snapshot!("diff-human", compare(&folder, &[]).quiet(0));
    insta::assert_snapshot!("diff-markdown", compare(&folder, &["--format", "markdown"]).quiet(0));
    insta::assert_snapshot!("diff-json", compare(&folder, &["--format", "json"]).quiet(0));
}

#[test]
fn standard_input_is_one_side_at_most() {
    let folder = pair(CHANGED);
    let old = folder.read("old.gate");
    let both = folder.run_with(&["diff", "-", "-"], &old);
    assert_eq!(both.status, 2);
    assert!(both.err.contains("one side only"), "{}", both.err);
}

#[test]
fn bundles_and_folders_compare_as_files_do() {
    let folder = pair(CHANGED);
    folder.run(&["build", "old.gate", "-o", "old.bundle"]).quiet(0);
    folder.write("new/new.gate", folder.read("new.gate"));
    let text = compare(&folder, &[]).quiet(0);
    assert_eq!(folder.run(&["diff", "old.bundle", "new"]).quiet(0), text);
}

#[test]
fn what_only_looks_different_is_no_change() {
    let folder = pair(&[
        ("deny s3:PutObject, s3:DeleteObject", "deny s3:[DeleteObject, PutObject]"),
        ("Sealed:", "Closed:"),
    ]);
    assert_eq!(compare(&folder, &[]).quiet(0), "no change in access\n");
    assert_eq!(compare(&folder, &["--fail-on", "any"]).quiet(0), "no change in access\n");
}

#[test]
fn a_build_can_fail_on_growth_or_on_any_change() {
    let folder = pair(CHANGED);
    assert_eq!(compare(&folder, &["--fail-on", "new-access"]).status, 1);
    assert_eq!(compare(&folder, &["--fail-on", "any"]).status, 1);
    let less =
        pair(&[("deny s3:PutObject, s3:DeleteObject", "deny s3:PutObject, s3:DeleteObject, s3:GetObject")]);
    assert_eq!(compare(&less, &["--fail-on", "new-access"]).status, 0);
    assert_eq!(compare(&less, &["--fail-on", "any"]).status, 1);
}

#[test]
fn wrong_inputs_are_told_as_build_does() {
    let folder = pair(CHANGED);
    folder.write("broken.gate", "account 123456789012 \"x\" {");
    let done = folder.run(&["diff", "old.gate", "broken.gate"]);
    assert_eq!((done.status, done.out.as_str()), (2, ""));
    assert!(done.err.contains("broken.gate:1"), "{}", done.err);
    folder.run(&["build", "old.gate", "-o", "a.bundle", "--strip"]).quiet(0);
    let said = folder.run(&["diff", "a.bundle", "new.gate"]).complains(2);
    assert_eq!(said, "error: the bundle was built with --strip and does not hold its model\n");
}

#[test]
fn who_can_and_can() {
    let folder = Folder::new();
    folder.build_acme_gate("acme.bundle");
    let ask = |more: &[&str]| {
        folder
            .run(&[&["who-can", "acme.bundle", "s3:PutObject", "arn:aws:s3:::acme-reports/*"], more].concat())
    };
    insta::assert_snapshot!("who-can-human", ask(&[]).quiet(0));
    insta::assert_snapshot!("who-can-json", ask(&["--format", "json"]).quiet(0));
    insta::assert_snapshot!("who-can-markdown", ask(&["--format", "markdown"]).quiet(0));
    // Over plain text the boundary denies; nothing else is left of alice.
    let without = ask(&["--with", "aws:SecureTransport=false"]).quiet(0);
    assert!(!without.contains("user/alice\n"), "{without}");
    let alice = "arn:aws:iam::123456789012:user/alice";
    insta::assert_snapshot!("can-human", folder.run(&["can", "acme.bundle", alice]).quiet(0));
    insta::assert_snapshot!(
        "can-markdown",
        folder.run(&["can", "acme.bundle", alice, "--action", "s3:Delete*", "--format", "markdown"]).quiet(0)
    );
    let deletes = ["can", "acme.bundle", alice, "--action", "s3:Delete*"];
    insta::assert_snapshot!("can-json", folder.run(&[&deletes[..], &["--format", "json"]].concat()).quiet(0));
    let nobody = folder.run(&["who-can", "acme.bundle", "dynamodb:Scan", "*"]);
    assert!(nobody.out.contains("root"), "{}", nobody.out);
    let stranger = folder.run(&["can", "acme.bundle", "arn:aws:iam::999999999999:user/x"]);
    assert_eq!((stranger.status, stranger.out.as_str()), (1, "nothing\n"));
    let said = folder.run(&["can", "acme.bundle", "alice"]).complains(2);
    assert!(said.contains("did you mean arn:aws:iam::123456789012:user/alice?"), "{said}");
    let everybody = folder.run(&["who-can", "acme.bundle", "sts:GetCallerIdentity", "*"]).quiet(0);
    assert!(everybody.contains("user/alice") && everybody.contains("user/bob"), "{everybody}");
}

#[test]
fn questions_that_are_none() {
    let folder = Folder::new();
    folder.build_acme_gate("acme.bundle");
    let said = folder.run(&["who-can", "acme.bundle", "GetObject", "*"]).complains(2);
    assert!(said.contains("is no action: expected `service:Name`"), "{said}");
    let said = folder.run(&["who-can", "acme.bundle", "s3:GetObject", "bucket"]).complains(2);
    assert!(said.contains("is no resource: expected an ARN of six parts"), "{said}");
    let said = folder.run(&["check", "acme.gate", "--not-granted", "iam:PassRole"]).complains(2);
    assert!(said.contains("expected `ACTION on RESOURCE`"), "{said}");
}

/// An account with a bucket that is open to all, and one that is open to an organization.
fn open_buckets() -> Folder {
    let folder = Folder::new();
    folder.write(
        "a.gate",
        r#"account 123456789012 "a" {
  user alice { inline pass { allow iam:PassRole on arn:aws:iam::123456789012:role/app/* } }
  resource arn:aws:s3:::open { policy { allow s3:GetObject to * on arn:aws:s3:::open/* } }
  resource arn:aws:s3:::shared {
    policy { allow s3:GetObject to * on arn:aws:s3:::shared/* if aws:PrincipalOrgID = "o-1" }
  }
  resource arn:aws:s3:::lent { policy { allow s3:GetObject to account 210987654321 on arn:aws:s3:::lent/* } }
}
"#,
    );
    folder
}

/// Another version of the program makes no other snapshot.
fn versionless(text: &str) -> String {
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn checks_of_access_fail_with_a_witness() {
    let folder = open_buckets();
    let public = folder.run(&["check", "a.gate", "--no-public"]);
    assert_eq!(public.status, 1, "{}", public.err);
    insta::assert_snapshot!("check-public", public.err);
    let cross = folder.run(&["check", "a.gate", "--no-cross-account", "--format", "json"]);
    assert_eq!(cross.status, 1);
    insta::assert_snapshot!("check-cross-account-json", cross.out);
    let granted = folder.run(&["check", "a.gate", "--not-granted", "iam:PassRole on *", "--format", "sarif"]);
    assert_eq!(granted.status, 1);
    insta::assert_snapshot!("check-granted-sarif", versionless(&granted.out));
    let sarif = folder.run(&["check", "a.gate", "--no-public", "--no-cross-account", "--format", "sarif"]);
    assert_eq!(sarif.status, 1);
    insta::assert_snapshot!("check-access-sarif", versionless(&sarif.out));
    let other =
        folder.run(&["check", "a.gate", "--not-granted", "iam:PassRole on arn:aws:iam::123456789012:role/x"]);
    assert!(!other.err.contains("access-granted"), "{}", other.err);
}

#[test]
fn new_access_fails_a_check() {
    let folder = pair(CHANGED);
    let done = folder.run(&["check", "new.gate", "--no-new-access", "old.gate"]);
    assert_eq!(done.status, 1);
    assert!(done.err.contains("error[access-new]: there is new access"), "{}", done.err);
    assert_eq!(folder.run(&["check", "new.gate", "--no-new-access", "new.gate"]).status, 0);
}

/// What a resource's policy asks of whoever asks changes with the identity.
#[test]
fn a_tag_that_changes_opens_a_bucket() {
    let folder = Folder::new();
    let world = |team: &str| {
        format!(
            r#"account 123456789012 "a" {{
  user alice {{ tag team = {team} }}
  resource arn:aws:s3:::b {{
    policy {{ allow s3:GetObject to * on arn:aws:s3:::b/* if aws:PrincipalTag/team = "red" }}
  }}
}}
"#
        )
    };
    folder.write("old.gate", world("blue"));
    folder.write("new.gate", world("red"));
    let text = compare(&folder, &[]).quiet(0);
    assert!(
        text.contains("user/alice\n  + newly allowed: s3:GetObject\n      on arn:aws:s3:::b/*\n"),
        "{text}"
    );
    assert_eq!(compare(&folder, &["--fail-on", "new-access"]).status, 1);
}

/// Conditions that hold for everybody limit nobody.
#[test]
fn what_is_public_under_a_condition() {
    for (condition, is_public) in [
        ("aws:SourceIp in 10.0.0.0/8", false),
        ("aws:SourceIp in 0.0.0.0/0", true),
        ("aws:SourceVpc = \"vpc-1\"", false),
        ("aws:SourceVpc =? \"vpc-1\"", true),
        ("aws:SourceVpc != \"vpc-1\"", true),
        ("aws:SourceArn like arn:aws:sns:us-east-1:123456789012:*", false),
        ("aws:SourceArn like arn:aws:sns:*:*:*", true),
        ("aws:SecureTransport", true),
    ] {
        let folder = Folder::new();
        folder.write(
            "a.gate",
            format!(
                "account 123456789012 \"a\" {{\n  user alice {{}}\n  resource arn:aws:s3:::b {{\n    policy {{ \
                 allow s3:GetObject to * on arn:aws:s3:::b/* if {condition} }}\n  }}\n}}\n"
            ),
        );
        let done = folder.run(&["check", "a.gate", "--no-public"]);
        assert!(!done.err.contains("error[gate"), "{}", done.err);
        assert_eq!(done.err.contains("error[access-public]"), is_public, "{condition}: {}", done.err);
    }
}

/// A bucket that is lent to an account: the account's people have what the account gives them, which nobody here knows.
#[test]
fn what_another_account_would_have_to_allow() {
    let folder = open_buckets();
    let text = folder.run(&["who-can", "a.gate", "s3:GetObject", "arn:aws:s3:::lent/*"]).quiet(0);
    assert!(text.contains("everybody in account 210987654321\n"), "{text}");
    assert!(text.contains("if their own account allows it too, whose policies no input holds"), "{text}");
}

/// What a review found to be missed: a change that a condition on who asks, on the session or on the way hides.
#[test]
fn growth_behind_conditions_on_who_asks() {
    let world = |identity: &str, bucket: &str| {
        format!(
            "account 123456789012 \"a\" {{\n  user alice {{}}\n  role r {{ id AROAEXAMPLE0000000001\n    trust {{ allow service \
             ec2.amazonaws.com }}\n    inline p {{ {identity} }}\n  }}\n  resource arn:aws:s3:::b {{ policy {{ {bucket} }} }}\n  \
             resource arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint/vpce-1 {{ policy {{ allow s3:* to * on * }} }}\n}}\n"
        )
    };
    let nothing = "allow sqs:ListQueues on *";
    let shut = "deny s3:PutObject to * on arn:aws:s3:::b/*";
    for (identity, bucket) in [
        // The name of a session.
        ("allow s3:GetObject on * if aws:userid like \"*:bob\"", shut),
        // Roles of any name, and of any account.
        (nothing, "allow s3:GetObject to * on arn:aws:s3:::b/* if aws:PrincipalType = AssumedRole"),
        (
            nothing,
            "allow s3:GetObject to * on arn:aws:s3:::b/* if aws:PrincipalArn like arn:aws:iam::*:role/admin",
        ),
        (nothing, "allow s3:GetObject to * on arn:aws:s3:::b/* if aws:username = mallory"),
        (nothing, "allow s3:GetObject to * on arn:aws:s3:::b/* if aws:PrincipalAccount like \"1234*\""),
        // The way through a declared endpoint.
        (nothing, "allow s3:GetObject to * on arn:aws:s3:::b/* if aws:SourceVpce = \"vpce-1\""),
        // Numbers with fractions, and of any size.
        ("allow s3:GetObject on * if s3:max-keys < 1.5", shut),
        ("allow s3:GetObject on * if s3:max-keys < 99999999999999999999", shut),
    ] {
        let folder = Folder::new();
        folder.write("old.gate", world(nothing, shut));
        folder.write("new.gate", world(identity, bucket));
        let done = compare(&folder, &["--fail-on", "new-access"]);
        assert_eq!(done.status, 1, "{identity} {bucket}\n{}{}", done.out, done.err);
    }
}

/// The unit of an account is asked for by conditions of its people, of others' resources, and on its own resources.
#[test]
fn an_account_that_moves_between_units() {
    let world = |unit: &str, policies: &str| {
        let account = |own: &str| if own == unit { "account 123456789012" } else { "" };
        format!(
            "organization o-acme12345 {{\n  management 999988887777\n  scps off\n  rcps off\n  root r-acme {{\n    account 999988887777\n    \
             unit ou-acme-left {{ {} }}\n    unit ou-acme-right {{ {} }}\n  }}\n}}\naccount 123456789012 \"a\" {{\n  {policies}\n}}\n",
            account("left"),
            account("right")
        )
    };
    let right = "ForAnyValue:StringLike \"o-acme12345/r-acme/ou-acme-right/*\"";
    let shut = "policy { deny s3:PutObject to * on arn:aws:s3:::b/* }";
    let open =
        format!("policy {{ allow s3:GetObject to * on arn:aws:s3:::b/* if aws:PrincipalOrgPaths {right} }}");
    let by_people = format!("user alice {{}}\n  resource arn:aws:s3:::b {{ {open} }}");
    let by_resource = format!(
        "user alice {{ inline p {{ allow s3:GetObject on arn:aws:s3:::b/* if aws:ResourceOrgPaths {right} }} }}\n  \
         resource arn:aws:s3:::b {{ {shut} }}"
    );
    for policies in [by_people, by_resource] {
        let folder = Folder::new();
        folder.write("old.gate", world("left", &policies));
        folder.write("new.gate", world("right", &policies));
        let done = compare(&folder, &["--fail-on", "new-access"]);
        assert_eq!(done.status, 1, "{policies}\n{}{}", done.out, done.err);
        assert!(done.out.contains("user/alice\n  + newly allowed: s3:GetObject\n"), "{}", done.out);
    }
}

/// An account whose bucket is open to another moves, and nothing of that other one changes.
#[test]
fn a_resource_whose_account_moves_between_units() {
    let world = |unit: &str| {
        let account = |own: &str| if own == unit { "account 444455556666" } else { "" };
        format!(
            "organization o-acme12345 {{\n  management 999988887777\n  scps off\n  rcps off\n  root r-acme {{\n    account 999988887777\n    \
             unit ou-acme-left {{ {} }}\n    unit ou-acme-right {{ {} }}\n  }}\n}}\naccount 123456789012 \"a\" {{\n  user alice {{ \
             inline p {{ allow s3:GetObject on arn:aws:s3:::b/* if aws:ResourceOrgPaths ForAnyValue:StringLike \
             \"o-acme12345/r-acme/ou-acme-right/*\" }} }}\n}}\naccount 444455556666 \"b\" {{\n  resource arn:aws:s3:::b {{ policy {{ \
             allow s3:GetObject to account 123456789012 on arn:aws:s3:::b/* }} }}\n}}\n",
            account("left"),
            account("right")
        )
    };
    let folder = Folder::new();
    folder.write("old.gate", world("left"));
    folder.write("new.gate", world("right"));
    let done = compare(&folder, &["--fail-on", "new-access"]);
    assert_eq!(done.status, 1, "{}{}", done.out, done.err);
    assert!(done.out.contains("user/alice\n  + newly allowed: s3:GetObject\n"), "{}", done.out);
}

/// Sessions that bring tags of their own, told beside a role whose name begins as theirs does.
#[test]
fn sessions_with_tags_are_told_by_role() {
    let folder = Folder::new();
    let world = |one: &str, other: &str| {
        let role = |name: &str, policy: &str| {
            format!(
                "role {name} {{ trust {{ allow service ec2.amazonaws.com }}\n    inline p {{ {policy} }} }}"
            )
        };
        format!("account 123456789012 \"a\" {{\n  {}\n  {}\n}}\n", role("app", one), role("app2", other))
    };
    let always = "allow s3:GetObject on arn:aws:s3:::b/*";
    let tagged = "allow sqs:SendMessage on * if aws:PrincipalTag/team = red";
    folder.write("old.gate", world("allow sqs:ListQueues on *", "allow sqs:ListQueues on *"));
    folder.write("new.gate", world(always, tagged));
    let text = compare(&folder, &[]).quiet(0);
    assert!(text.contains("role/app2 (in sessions with tags of their own)\n"), "{text}");
    assert!(!text.contains("role/app (in sessions"), "{text}");
    // A role's own tag counts in its plain sessions.
    let own = |team: &str| {
        world(always, tagged).replace("role app2 {", &format!("role app2 {{ tag team = {team}\n    "))
    };
    folder.write("old.gate", own("blue"));
    folder.write("new.gate", own("red"));
    let text = compare(&folder, &[]).quiet(0);
    assert!(text.contains("role/app2\n  + newly allowed: sqs:SendMessage\n"), "{text}");
}

/// Where patterns of actions are too many, that is said, and fails a build: what is not looked at may be granted.
#[test]
fn actions_that_are_not_looked_at_count_as_access() {
    let folder = Folder::new();
    let infixes: Vec<String> =
        ('a'..='z').flat_map(|a| ('a'..='c').map(move |b| format!("s3:*{a}{b}*z*"))).collect();
    let world = |more: &str| {
        let many = infixes
            .iter()
            .enumerate()
            .map(|(at, action)| format!("allow {action} on arn:aws:s3:::b{at}/*\n"));
        format!(
            "account 123456789012 \"a\" {{\n  user alice {{ inline p {{ {}{more} }} }}\n}}\n",
            many.collect::<String>()
        )
    };
    folder.write("old.gate", world(""));
    folder.write("new.gate", world("allow s3:*Thing* on *"));
    let done = compare(&folder, &["--fail-on", "new-access"]);
    assert!(done.out.contains("only documented actions were looked at"), "{}{}", done.out, done.err);
    assert_eq!(done.status, 1);
    let check = folder.run(&["check", "new.gate", "--no-new-access", "old.gate"]);
    assert!(check.err.contains("error[access-new]"), "{}", check.err);
}
