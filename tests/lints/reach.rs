//! Where statements never matter, and where nothing is said since it is not certain.

use serde_json::Value;

use super::command::Folder;

/// The codes that `check` gives for a `.gate` file, each with the line that it is about.
fn found(text: &str) -> Vec<(String, u64)> {
    let folder = Folder::new();
    folder.write("a.gate", text);
    let report = folder.run(&["check", "a.gate", "--format", "json"]).json();
    let one = |it: &Value| (it["code"].as_str().unwrap().to_owned(), it["place"]["line"].as_u64().unwrap());
    report["diagnostics"].as_array().unwrap().iter().map(one).collect()
}

/// What is found about two statements of one policy of a user.
fn pair(first: &str, second: &str) -> Vec<(String, u64)> {
    found(&format!("account 123456789012 {{ user alice {{ inline own {{\n{first}\n{second}\n}} }} }}\n"))
}

fn code(code: &str, line: u64) -> Vec<(String, u64)> {
    vec![(code.to_owned(), line)]
}

#[test]
fn v1_a_deny_shadows_what_it_covers_and_nothing_else() {
    let read = "allow s3:GetObject on arn:aws:s3:::acme/*";
    for deny in [
        "deny s3:* on *",
        "deny s3:Get* on arn:aws:s3:::acme*",
        "deny * except iam:* on *",
        "deny s3:GetObject on * except arn:aws:s3:::other/*",
    ] {
        assert_eq!(pair(read, deny), code("v1-shadowed", 2), "{deny}");
    }
    for deny in [
        "deny s3:* on arn:aws:s3:::acme/sealed/*",
        "deny s3:PutObject on *",
        "deny s3:* on * if aws:SecureTransport = false",
        "deny s3:* on * except arn:aws:s3:::acme/open/*",
        "deny * except s3:Get* on *",
        "deny s3:* on arn:aws:s3:::${aws:username}/*",
    ] {
        assert_eq!(pair(read, deny), [], "{deny}");
    }
    // A condition that the Allow has as well takes nothing from its cover.
    let condition = "if aws:SourceIp = 203.0.113.0/24";
    let shadowed = pair(&format!("{read} {condition}"), &format!("deny s3:* on * {condition}"));
    assert_eq!(shadowed, code("v1-shadowed", 2));
    let home = "on arn:aws:s3:::acme/${aws:username}/*";
    let shadowed = pair(&format!("allow s3:GetObject {home}"), &format!("deny s3:* {home}"));
    assert_eq!(shadowed, code("v1-shadowed", 2));
}

#[test]
fn v3_of_two_equal_statements_the_later_is_too_many() {
    let read = "allow s3:GetObject on arn:aws:s3:::acme/*";
    assert_eq!(pair(read, read), code("v3-contained", 3));
    assert_eq!(pair(read, "allow s3:Get* on *"), code("v3-contained", 2));
    assert_eq!(pair("deny s3:PutObject on *", "deny s3:* on *"), code("v3-contained", 2));
    assert_eq!(
        pair(read, "allow s3:GetObject on arn:aws:s3:::acme/* if aws:SecureTransport"),
        code("v3-contained", 3)
    );
    assert_eq!(pair(read, "allow s3:PutObject on arn:aws:s3:::acme/*"), []);
    // What one statement became is one statement.
    assert_eq!(pair(&format!("{read} if aws:SecureTransport or aws:SourceIp = 203.0.113.7"), ""), []);
}

#[test]
fn other_policies_count_where_everybody_has_them() {
    let account = |bob: &str| {
        found(&format!(
            "account 123456789012 {{\n  policy Read {{ allow s3:GetObject on arn:aws:s3:::acme/* }}\n  policy Look {{ allow s3:Get* on * }}\n  \
             group all {{ attach Read }}\n  user alice in all {{ attach Look }}\n  user bob {bob}\n}}\n"
        ))
    };
    assert_eq!(account(""), code("v3-contained-elsewhere", 2));
    assert_eq!(account("in all"), []);
    assert_eq!(account("in all { attach Look }"), code("v3-contained-elsewhere", 2));
    assert_eq!(account("in all { inline own { deny s3:* on * } }"), code("v3-contained-elsewhere", 2));
}

#[test]
fn e5_a_boundary_limits_where_everybody_has_one() {
    let account = |bob: &str| {
        found(&format!(
            "account 123456789012 {{\n  policy Send {{ allow sqs:SendMessage on * }}\n  policy Edge {{ allow s3:* on * }}\n  \
             policy Other {{ allow sqs:* on *; deny * except s3:* on * }}\n  \
             user alice {{ attach Send; boundary Edge }}\n  user bob {bob}\n}}\n"
        ))
    };
    // The boundary `Other` itself allows what it denies.
    let other = ("v1-shadowed".to_owned(), 4);
    assert_eq!(account(""), [("e5-outside-boundary".to_owned(), 2), other.clone()]);
    assert_eq!(account("{ attach Send }"), code("v1-shadowed", 4));
    assert_eq!(account("{ attach Send; boundary Other }"), [("e5-outside-boundary".to_owned(), 2), other]);
}

#[test]
fn e1_control_policies_bear_on_member_accounts_alone() {
    let account = |number: &str, level: &str| {
        found(&format!(
            "account {number} {{\n  user alice {{ inline own {{ allow sqs:SendMessage on * }} }}\n}}\n\
             organization o-acme12345 {{\n  management 999988887777\n  scps deny-list\n  scp Guard {{ deny sqs:* on * {level} }}\n  \
             root r-acme {{\n    attach Guard\n    account 123456789012\n    account 999988887777\n  }}\n}}\n"
        ))
    };
    assert_eq!(account("123456789012", ""), code("e1-outside-scp", 2));
    assert_eq!(account("999988887777", ""), []);
    assert_eq!(account("123456789012", "if aws:SecureTransport = false"), []);
}

/// A hundred findings of a kind in a file are enough.
#[test]
fn many_findings_of_a_kind_are_cut_off() {
    let users: String = (0..150)
        .map(|at| format!("  user u{at} {{ inline own {{ allow sts:AssumeRole on * }} }}\n"))
        .collect();
    let found = found(&format!("account 123456789012 {{\n{users}}}\n"));
    assert_eq!(found.len(), 101);
    assert_eq!(found.iter().filter(|(code, _)| code == "too-many").count(), 1);
}

/// THREATS: state explosion. Patterns that are long, many and full of wildcards are not compared for ever.
#[test]
fn state_explosion_hostile_lists_take_no_time() {
    let resources: Vec<String> =
        (0..900).map(|at| format!("\"arn:aws:s3:::{}{at}\"", "*a*b".repeat(40))).collect();
    let statement = |effect: &str| {
        format!(
            "{{\"Effect\": \"{effect}\", \"Action\": [\"s3:G*t*\", \"s3:*e*e*\"], \"Resource\": [{}]}}",
            resources.join(",")
        )
    };
    let statements: Vec<String> =
        (0..6).map(|at| statement(if at % 2 == 0 { "Allow" } else { "Deny" })).collect();
    let folder = Folder::new();
    folder.write(
        "a.json",
        format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{}]}}", statements.join(",")),
    );
    let began = std::time::Instant::now();
    let done = folder.run(&["check", "--all", "--attach=arn:aws:iam::123456789012:user/alice=a.json"]);
    assert_eq!(done.status, 1);
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
