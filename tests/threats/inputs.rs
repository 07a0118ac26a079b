//! Faults of reading: what is unknown, damaged, repeated or too much is refused, and nothing of it is skipped.

use portcullis::ask::ask;
use portcullis::compiler::reference;
use portcullis::compiler::resolve::{codes, scenario};
use portcullis::grammar::source::Source;
use portcullis::runtime::Layer;

use super::compiled::{self, errors};

const GOOD: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}"#;

#[test]
fn unknown_operator_skipped() {
    let statement = |condition: &str| {
        compiled::document(&[format!(
            r#"{{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": {condition}}}"#
        )])
    };
    for operator in [
        "StringEqual",
        "StringMatches",
        "ForSomeValues:StringEquals",
        "ForAnyValue:ForAllValues:StringEquals",
        "StringEqualsIfExistsIfExists",
        "NullIfExists",
        "StringEquals ",
        "",
    ] {
        let document = statement(&format!(r#"{{"{operator}": {{"aws:username": "alice"}}}}"#));
        assert_eq!(errors(&compiled::attached(&[&document])), [codes::C3_UNKNOWN_OPERATOR], "{operator:?}");
    }
    let document = statement(r#"{"StringEquals": {"": "alice"}}"#);
    assert_eq!(errors(&compiled::attached(&[&document])), [codes::C2_EMPTY_KEY]);
    for element in ["Conditions", "condition", "NotCondition", "Principals", "NotEffect"] {
        let document = compiled::document(&[format!(
            r#"{{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "{element}": {{}}}}"#
        )]);
        assert!(errors(&compiled::attached(&[&document])).contains(&codes::P3_UNKNOWN_ELEMENT), "{element}");
    }
    for values in ["[]", "{}", "null", "[null]", "[[\"a\"]]"] {
        let document = statement(&format!(r#"{{"StringEquals": {{"aws:username": {values}}}}}"#));
        errors(&compiled::attached(&[&document]));
    }
}

/// All or nothing: one bad input, and there is no model to compile.
#[test]
fn bad_file_skipped() {
    for bad in [
        "{",
        "",
        "null",
        r#"{"Version": "2020-05-01", "Statement": []}"#,
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}, {"Effect": "deny"}]}"#,
        r#"{"Roots": []}"#,
    ] {
        assert!(compiled::attached(&[GOOD]).model.is_some());
        for documents in [[GOOD, bad], [bad, GOOD]] {
            assert!(!errors(&compiled::attached(&documents)).is_empty(), "{bad}");
        }
    }
}

/// Rule P3: two readers of the same text cannot take different ones of two equal keys.
#[test]
fn duplicate_keys() {
    for document in [
        r#"{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}"#,
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}]}"#,
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "\u0045ffect": "Deny", "Action": "*", "Resource": "*"}]}"#,
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"Bool": {"a:b": "true"}, "Bool": {"a:c": "true"}}}]}"#,
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"Bool": {"a:b": "true", "a:b": "false"}}}]}"#,
    ] {
        assert_eq!(errors(&compiled::attached(&[document])), ["p3-duplicate-key"], "{document}");
    }
    let case = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"Bool": {"a:b": "true", "A:B": "false"}}}]}"#;
    assert_eq!(errors(&compiled::attached(&[case])), [codes::P3_KEY_CASE]);
    // Also in a snapshot, and in a document that stands in one as text.
    let snapshot = |document: &str| {
        format!(
            r#"{{"UserDetailList": [{{"Path": "/", "UserName": "a", "UserId": "AIDA", "Arn": "arn:aws:iam::123456789012:user/a",
                "GroupList": [], "UserPolicyList": [{{"PolicyName": "p", "PolicyDocument": {document}}}],
                "AttachedManagedPolicies": []}}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}}"#
        )
    };
    let twice = r#"{\"Version\": \"2012-10-17\", \"Statement\": [], \"Statement\": []}"#;
    assert_eq!(
        errors(&compiled::resolved(&[("a.json", &snapshot(&format!("\"{twice}\"")))])),
        ["p3-duplicate-key"]
    );
    let user = snapshot(GOOD).replacen(r#""UserName": "a""#, r#""UserName": "a", "UserName": "b""#, 1);
    assert_eq!(errors(&compiled::resolved(&[("a.json", &user)])), ["p3-duplicate-key"]);
}

#[test]
fn deep_nesting_huge_input() {
    // A parser without a bound of its own would have overflowed its stack.
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        for text in [open.repeat(100_000), open.repeat(100_000) + "1" + &close.repeat(100_000)] {
            assert!(errors(&compiled::attached(&[&text])).contains(&"p4-too-deep"), "{open}");
            assert!(errors(&compiled::resolved(&[("a.json", &text)])).contains(&"p4-too-deep"), "{open}");
        }
    }
    // A hundred thousand mistakes are told in a bounded number of findings, whatever they are.
    for statement in ["1", "{}", r#"{"Effect": "x", "Actoin": "*", "Resuorce": [1, 2, 3]}"#, r#""\q""#, "nul"]
    {
        let document =
            format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, vec![statement; 100_000].join(","));
        let found = compiled::attached(&[&document]).diagnostics;
        assert!((1..=1_000).contains(&found.len()), "{statement}: {} findings", found.len());
        let told: usize = found.iter().map(|found| found.message.len()).sum();
        assert!(told < 200_000, "{statement}: {told} bytes of findings");
    }
    // Values that variables stand for do not multiply: a request past the limits is refused before anything is matched.
    let document = compiled::document(&[compiled::statement(
        "Allow",
        "s3:GetObject",
        &["arn:aws:s3:::*${k:a}*${k:a}*"],
    )]);
    let model = compiled::model(compiled::attached(&[&document]));
    let long = "a".repeat(8_193);
    let request = compiled::with(compiled::request("s3:GetObject", "arn:aws:s3:::a"), &[("k:a", &long)]);
    let decided = super::decide(&model, &[request]);
    assert_eq!(decided[0].layer().name(), "limit");
}

/// A large input that is fine costs what it says: the bundle of ten times the policies is at most about ten times as large.
#[test]
fn deep_nesting_huge_input_grows_evenly() {
    let size = |count: usize| {
        let statements: Vec<String> = (0..count)
            .map(|number| {
                compiled::statement("Allow", "svc:Get", &[&format!("arn:aws:s3:::bucket{number}/*")])
            })
            .collect();
        let document = compiled::document(&statements);
        compiled::bundle(&compiled::model(compiled::attached(&[&document]))).as_bytes().len()
    };
    let (none, some, many) = (size(0), size(300), size(3_000));
    assert!(many - none <= 12 * (some - none), "{none}, {some}, {many} bytes");
}

/// Rule E6: a session policy limits every action, whatever stands behind the session; a federated user without one may do nothing.
#[test]
fn session_policy_ignored() {
    let wide = compiled::document(&[compiled::statement("Allow", "*", &["*"])]);
    let model = compiled::model(compiled::attached(&[&wide]));
    let bundle = compiled::bundle(&model);
    let narrow = compiled::document(&[compiled::statement("Allow", "s3:Get*", &["arn:aws:s3:::a"])]);
    let case = format!(
        r#"{{"id": "a", "principal": "arn:aws:sts::123456789012:federated-user/alice", "action": "*", "resource": "*", "session_policies": [{narrow}]}}"#
    );
    let case = scenario::parse_scenarios(&Source::new("a.jsonl", case)).remove(0).unwrap();
    let actions = [
        "s3:GetObject",
        "s3:PutObject",
        "iam:PassRole",
        "sts:AssumeRole",
        "unheard:Of",
        "kms:Decrypt",
        "s3:getx",
    ];
    for action in actions {
        let mut request = compiled::request(action, "arn:aws:s3:::a");
        assert!(ask(&bundle, &request).unwrap().is_allowed(), "{action}: alice");
        request.principal = case.principal.clone();
        let decided = ask(&bundle, &request).unwrap();
        assert_eq!((decided.is_allowed(), decided.layer()), (false, Layer::Session), "{action}");
        request.session = case.request().session;
        let decided = ask(&bundle, &request).unwrap();
        let get = action.starts_with("s3:G") || action.starts_with("s3:g");
        assert_eq!(decided.is_allowed(), get, "{action}");
        assert_eq!(decided.effect(), reference::decide(&model, &request).effect, "{action}");
    }
}

/// What contains itself is an error that shows the circle, however long it is; a name stands for what is above it alone, so values have none.
#[test]
fn recursion_in_templates() {
    let policy = |name: &str, uses: &str| {
        format!("  policy {name}(x) {{ allow s3:Get* on arn:aws:s3:::$x use {uses}($x) }}\n")
    };
    let wrong = |items: &str, code: &str| {
        let text = format!(
            "account 123456789012 {{\n{items}  user alice {{ inline i {{ use P0(reports) }} }}\n}}\n"
        );
        let resolved = compiled::resolved(&[("a.gate", &text)]);
        assert!(resolved.model.is_none(), "{text}");
        let found = resolved.diagnostics.into_iter().find(|found| found.is_error()).unwrap();
        assert_eq!(found.code, code, "{text}");
        assert!(!found.labels.is_empty());
        found.message
    };
    for length in [1, 2, 12, 31] {
        let policies = (0..length).map(|at| policy(&format!("P{at}"), &format!("P{}", (at + 1) % length)));
        let message = wrong(&policies.collect::<String>(), codes::GATE_CYCLE);
        assert!(message.contains("P0 → "), "{message}");
    }
    let values = "  let a = $b\n  let b = $a\n  policy P0(x) { allow s3:Get* on $a }\n";
    wrong(values, codes::GATE_NAME);
}
