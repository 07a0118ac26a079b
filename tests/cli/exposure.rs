//! Ways in that a review found to be missed: by names, by accounts that are barely known, by identity providers, and by values that change under a
//! condition that does not.

use crate::command::Folder;

/// An account with a user, and what else is in it.
fn account(more: &str) -> String {
    format!("account 123456789012 \"a\" {{\n  user alice {{}}\n  {more}\n}}\n")
}

fn bucket(statement: &str) -> String {
    account(&format!("resource arn:aws:s3:::b {{ policy {{ {statement} }} }}"))
}

/// Whether a check finds something.
fn fails(text: &str, check: &[&str], code: &str) -> bool {
    let folder = Folder::new();
    folder.write("a.gate", text);
    let done = folder.run(&[&["check", "a.gate"], check].concat());
    let is_found = done.err.contains(&format!("error[{code}]"));
    assert_eq!(done.status == 1, is_found || done.err.contains("warning["), "{text}\n{}", done.err);
    assert!(!done.err.contains("error[gate") && !done.err.contains("error[c"), "{text}\n{}", done.err);
    is_found
}

/// Whoever can call themselves so in an account of their own is let in.
#[test]
fn names_that_anybody_can_take_are_public() {
    for (condition, is_public) in [
        ("aws:PrincipalArn like arn:aws:iam::*:role/admin", true),
        ("aws:PrincipalArn like arn:aws:iam::*:role/team/admin", true),
        ("aws:PrincipalArn StringLike \"*:role/admin\"", true),
        ("aws:PrincipalArn StringLike \"*/admin\"", true),
        ("aws:PrincipalArn StringLike \"arn:aws:iam::*:*admin*\"", true),
        ("aws:PrincipalArn like arn:aws:iam::*:root", true),
        ("aws:PrincipalType = Account", true),
        ("aws:username = mallory", true),
        ("aws:PrincipalAccount like \"1234*\"", true),
        ("aws:PrincipalAccount like \"12345678901?\"", true),
        ("aws:PrincipalArn like arn:aws:iam::123456789012:role/admin", false),
        ("aws:PrincipalAccount = 111122223333", false),
        ("aws:userid like \"AROAEXAMPLE0000000001:*\"", false),
        ("aws:userid like \"AROA*:bob\"", true),
        ("kms:CallerAccount = 123456789012", false),
    ] {
        let text = bucket(&format!("allow s3:GetObject to * on arn:aws:s3:::b/* if {condition}"));
        assert_eq!(fails(&text, &["--no-public"], "access-public"), is_public, "{condition}");
    }
}

/// What everybody but somebody is denied is limited to them.
#[test]
fn a_deny_unless_it_is_somebody_is_a_limit() {
    for (condition, is_public) in [
        ("unless aws:SourceVpc = \"vpc-1\"", false),
        ("if aws:SourceVpc !=? \"vpc-1\"", false),
        ("unless aws:SourceIp in 10.0.0.0/8", false),
        ("unless aws:SecureTransport", true),
        ("if aws:SourceVpc ForAnyValue:StringNotEquals \"vpc-1\"", true),
    ] {
        let text =
            bucket(&format!("allow s3:GetObject to * on arn:aws:s3:::b/*\n    deny * to * on * {condition}"));
        assert_eq!(fails(&text, &["--no-public"], "access-public"), is_public, "{condition}");
    }
}

/// A provider at which anybody can have an account says nothing; the claims of its tokens do.
#[test]
fn providers_that_anybody_has_an_account_at_are_public() {
    let github = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
    for (provider, condition, is_public) in [
        (github, "", true),
        (github, "if token.actions.githubusercontent.com:aud = sts.amazonaws.com", true),
        (github, "if token.actions.githubusercontent.com:sub like \"*\"", true),
        (github, "if token.actions.githubusercontent.com:sub like repo:*", true),
        (github, "if token.actions.githubusercontent.com:sub like repo:acme*", true),
        (github, "if token.actions.githubusercontent.com:sub like repo:acme/*", false),
        (github, "if token.actions.githubusercontent.com:sub = repo:acme/app:ref:refs/heads/main", false),
        ("cognito-identity.amazonaws.com", "", true),
        ("cognito-identity.amazonaws.com", "if cognito-identity.amazonaws.com:aud = pool", false),
        ("accounts.google.com", "if accounts.google.com:aud = app", false),
        ("www.amazon.com", "if www.amazon.com:app_id = app", false),
        ("www.amazon.com", "", true),
        // Whose people are the company's own.
        ("arn:aws:iam::123456789012:oidc-provider/login.example.com", "", false),
        ("arn:aws:iam::123456789012:saml-provider/corp", "", false),
    ] {
        let text = account(&format!(
            "role r {{ trust {{ allow federated {provider} {condition} }}\n    inline p {{ allow sqs:ListQueues on * }} }}"
        ));
        assert_eq!(fails(&text, &["--no-public"], "access-public"), is_public, "{provider} {condition}");
    }
}

/// Of an account whose resources or whose place in the organization are all that is known, nobody knows what its people may.
#[test]
fn accounts_without_people_may_give_them_anything() {
    let resources = "account 444455556666 \"b\" { resource arn:aws:s3:::c {} }\n";
    for lent in
        ["account 444455556666", "arn:aws:iam::444455556666:role/x", "arn:aws:iam::444455556666:user/x"]
    {
        let open =
            format!("{}{resources}", bucket(&format!("allow s3:GetObject to {lent} on arn:aws:s3:::b/*")));
        let shut = format!("{}{resources}", bucket("deny s3:GetObject to * on arn:aws:s3:::b/*"));
        assert!(fails(&open, &["--no-cross-account"], "access-cross-account"), "{lent}");
        // What the other account's root user may do with its own is nobody's access to ours.
        assert!(!fails(&shut, &["--no-cross-account"], "access-cross-account"));
        let folder = Folder::new();
        folder.write("old.gate", shut);
        folder.write("new.gate", open);
        let done = folder.run(&["diff", "old.gate", "new.gate", "--fail-on", "new-access"]);
        assert_eq!(done.status, 1, "{lent}\n{}", done.out);
    }
    let saml = account(
        "role r { trust { allow federated arn:aws:iam::444455556666:saml-provider/corp }\n    inline p { allow sqs:ListQueues on * } }",
    );
    assert!(fails(&saml, &["--no-cross-account"], "access-cross-account"));
}

/// A condition that reads the same compares with another value.
#[test]
fn values_that_change_under_the_same_condition() {
    let by_tag = "if s3:prefix = \"${aws:PrincipalTag/team}\"";
    let user = |team: &str, own: &str, bucket: &str| {
        format!(
            "account 123456789012 \"a\" {{\n  user alice {{ tag team = {team}\n    {own} }}\n  resource arn:aws:s3:::b {{ {bucket} }}\n}}\n"
        )
    };
    let own = format!("inline p {{ allow s3:ListBucket on arn:aws:s3:::c {by_tag} }}");
    let open = format!("policy {{ allow s3:ListBucket to * on arn:aws:s3:::b {by_tag} }}");
    let tagged = |team: &str| {
        let policy = "policy { allow s3:ListBucket to * on arn:aws:s3:::b if s3:prefix = \"${aws:ResourceTag/team}\" }";
        user("none", "", &format!("tag team = {team}\n    {policy}"))
    };
    let role = |id: &str| {
        account(&format!(
            "role r {{ id {id}\n    trust {{ allow service ec2.amazonaws.com }}\n    inline p {{ allow s3:ListBucket on arn:aws:s3:::b if \
             aws:userid like \"AROANEW0000000000001:*\" }} }}"
        ))
    };
    for (old, new) in [
        (user("blue", &own, ""), user("red", &own, "")),
        (user("blue", "", &open), user("red", "", &open)),
        (tagged("blue"), tagged("red")),
        (role("AROAOLD0000000000001"), role("AROANEW0000000000001")),
    ] {
        let folder = Folder::new();
        folder.write("old.gate", old);
        folder.write("new.gate", &new);
        let done = folder.run(&["diff", "old.gate", "new.gate", "--fail-on", "new-access"]);
        assert_eq!(done.status, 1, "{new}\n{}{}", done.out, done.err);
        assert!(done.out.contains("for example"), "{new}\n{}", done.out);
        assert_eq!(folder.run(&["diff", "new.gate", "new.gate"]).quiet(0), "no change in access\n");
    }
    let folder = Folder::new();
    folder.write("old.gate", user("blue", &own, ""));
    folder.write("new.gate", user("red", &own, ""));
    insta::assert_snapshot!("diff-values", folder.run(&["diff", "old.gate", "new.gate"]).quiet(0));
}

/// What is meant is left out, statement by statement; what is open besides is found.
#[test]
fn access_that_is_meant_is_excepted() {
    let folder = Folder::new();
    let world = |comment: &str, more: &str| {
        account(&format!(
            "resource arn:aws:s3:::b {{ policy {{\n    {comment}\n    Web: allow s3:GetObject to * on arn:aws:s3:::b/web/* if \
             aws:SecureTransport\n    {more}\n  }} }}"
        ))
    };
    let meant = "# allow(access-public, n1-everyone): the web site";
    let check = |text: String| {
        folder.write("a.gate", text);
        folder.run(&["check", "a.gate", "--no-public", "--format", "json"])
    };
    assert_eq!(check(world("", "")).status, 1);
    let excepted = check(world(meant, ""));
    assert_eq!(excepted.status, 0, "{}", excepted.out);
    assert!(excepted.out.contains("\"reason\": \"the web site\""), "{}", excepted.out);
    // Of one region, granted by two statements, only what the other one grants is left.
    let more = "allow s3:GetObject to * on arn:aws:s3:::b/* if aws:SecureTransport";
    let both = check(world(meant, more));
    assert_eq!(both.status, 1, "{}", both.out);
    assert!(both.out.contains("s3:GetObject on arn:aws:s3:::b/* if"), "{}", both.out);
    // Only of the check that is named.
    let cross = folder.run(&["check", "a.gate", "--no-cross-account"]);
    assert!(cross.err.contains("error[access-cross-account]"), "{}", cross.err);
    // What excepts nothing is told.
    let stale = folder.run(&["check", "b.gate"]);
    assert_eq!(stale.status, 2, "{}", stale.err);
    folder.write("b.gate", account("# allow(access-public): gone\n  user bob {}"));
    let stale = folder.run(&["check", "b.gate"]);
    assert!(stale.err.contains("nothing `access-public` is found there"), "{}", stale.err);
}

/// A list beside JSON names statements by file; a name that only ends like it is another file.
#[test]
fn a_list_excepts_access_in_its_file_alone() {
    let folder = Folder::new();
    let policy = |bucket: &str| {
        format!(
            r#"[{{"arn": "arn:aws:s3:::{bucket}", "account": "123456789012", "policy": {{"Version": "2012-10-17", "Statement": [
                {{"Sid": "Web", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{bucket}/*",
                  "Condition": {{"Bool": {{"aws:SecureTransport": "true"}}}}}}]}}}}]"#
        )
    };
    folder.write("in/web.json", policy("web"));
    folder.write("in/data-web.json", policy("data"));
    let list = |file: &str| {
        let entry = |code: &str| {
            format!(r#"{{"code": "{code}", "file": "{file}", "statement": "Web", "reason": "the web site"}}"#)
        };
        format!(r#"{{"allow": [{}, {}]}}"#, entry("access-public"), entry("n1-everyone"))
    };
    for (file, left) in [("web.json", 1), ("in/web.json", 1), ("eb.json", 2), ("n/web.json", 2)] {
        folder.write("allow.json", list(file));
        let done = folder.run(&["check", "in", "--no-public", "--allow", "allow.json"]);
        let open: std::collections::BTreeSet<&str> = done
            .err
            .lines()
            .filter(|line| line.contains("on arn:aws:s3:::") && line.contains("error["))
            .collect();
        let buckets =
            ["web", "data"].iter().filter(|it| open.iter().any(|line| line.contains(&format!(":::{it}/*"))));
        assert_eq!((done.status, buckets.count()), (1, left), "{file}\n{}", done.err);
    }
}

/// A statement of a boundary is not taken away: that would hide what others grant.
#[test]
fn boundaries_are_not_excepted() {
    let folder = Folder::new();
    folder.write(
        "a.gate",
        "account 123456789012 \"a\" {\n  policy All {\n    # allow(access-granted): meant\n    allow iam:PassRole on *\n  }\n  \
         user alice { boundary All\n    inline p { allow iam:PassRole on * } }\n}\n",
    );
    let done = folder.run(&["check", "a.gate", "--not-granted", "iam:PassRole on *"]);
    assert!(done.err.contains("error[access-granted]"), "{}", done.err);
}

/// Small things that a reader stumbles over.
#[test]
fn findings_and_questions_are_plain() {
    let folder = Folder::new();
    folder.write("a.gate", bucket("allow s3:GetObject to * on arn:aws:s3:::b/*"));
    let said = folder.run(&["who-can", "a.gate", "s3:GetObject", "*", "--with", "foo"]).complains(2);
    assert!(said.contains("--with \"foo\": expected KEY=VALUE"), "{said}");
    let said = folder.run(&["check", "a.gate", "--deny", "access-public"]).complains(2);
    assert!(said.contains("`access-public` is an error in any case"), "{said}");
    // An undeclared bucket counts as another account's where buckets are declared: the example says whose it is.
    folder.write(
        "b.gate",
        "account 123456789012 \"a\" {\n  user alice { inline p { allow s3:GetObject on arn:aws:s3:::c/* } }\n  resource arn:aws:s3:::b {}\n}\n",
    );
    let text = folder.run(&["can", "b.gate", "arn:aws:iam::123456789012:user/alice"]).quiet(0);
    assert!(text.contains("on arn:aws:s3:::c/example in account 123456789012\n"), "{text}");
    // Nothing is told twice in the same words.
    folder.write("c.gate", account("user bob { inline p { allow sqs:* on * } }"));
    let done = folder.run(&["check", "c.gate", "--not-granted", "sqs:* on *"]);
    let lines: Vec<&str> = done.err.lines().filter(|line| line.starts_with("error")).collect();
    let apart: std::collections::BTreeSet<&&str> = lines.iter().collect();
    assert_eq!(lines.len(), apart.len(), "{}", done.err);
    assert!(lines.len() > 1, "{}", done.err);
}
