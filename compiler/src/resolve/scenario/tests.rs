//! What scenario files may hold.

use super::*;

fn read(text: &str) -> Vec<Result<Scenario, LineError>> {
    parse_scenarios(&Source::new("cases.jsonl", text))
}

/// A case with these further members.
fn with(members: &str) -> Result<Scenario, LineError> {
    let text = format!(
        r#"{{"id": "x", "principal": "arn:aws:iam::123456789012:user/a/alice", "action": "s3:GetObject", "resource": "*"{members}}}"#
    );
    read(&text).remove(0)
}

const ANY: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

#[test]
fn a_case_is_one_identity_with_its_policies() {
    let case = with(&format!(r#", "identity_policies": [{ANY}, {ANY}], "boundaries": [{ANY}], "context": {{"aws:a": "1", "b": ["2"]}}, "expected": "allow""#)).unwrap();
    let user = &case.model.users[0];
    assert_eq!((&*user.identity.name, &*user.identity.path), ("alice", "/a/"));
    assert_eq!(user.identity.inline.len(), 2);
    assert_eq!(user.boundary, Some(PolicyId(0)));
    assert_eq!(
        case.context,
        [
            ("aws:a".to_owned(), ContextValue::One("1".to_owned())),
            ("b".to_owned(), ContextValue::Many(vec!["2".to_owned()]))
        ]
    );
    assert_eq!(case.expected, Some(decision::Effect::Allow));
    assert!(case.request().context_complete);
}

#[test]
fn v3_boundaries_are_one_policy_and_statements_keep_their_own_meaning() {
    let old =
        r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}"}}"#;
    let new = old.replacen('{', r#"{"Version": "2012-10-17", "#, 1);
    let case = with(&format!(r#", "boundaries": [{old}, {new}]"#)).unwrap();
    let statements = &case.model.policies[0].versions[0].document.statements;
    let shown: Vec<_> = statements
        .iter()
        .map(|statement| {
            (statement.variables, statement.resources.as_ref().unwrap().patterns[0].form.has_variable())
        })
        .collect();
    assert_eq!(shown, [(false, false), (true, true)]);
}

#[test]
fn v2_an_empty_list_is_no_layer() {
    let case = with(r#", "boundaries": [], "scps": [], "rcps": [], "session_policies": [], "endpoint_policies": [], "resource_policy": null, "resource_account": null"#).unwrap();
    assert_eq!(case.model.users[0].boundary, None);
}

#[test]
fn layers_and_principals_that_are_not_evaluated_are_named() {
    for (members, word) in [
        (format!(r#", "scps": [[{ANY}]]"#), "SCPs"),
        (r#", "scps": [[]]"#.to_owned(), "SCPs"),
        (r#", "rcps": [[]]"#.to_owned(), "RCPs"),
        (format!(r#", "session_policies": [{ANY}]"#), "session policies"),
        (format!(r#", "endpoint_policies": [{ANY}]"#), "endpoint policies"),
        (format!(r#", "resource_policy": {ANY}"#), "resource policies"),
    ] {
        let error = with(&members).unwrap_err();
        assert!(error.message.contains(word), "{}", error.message);
        assert_eq!(
            (error.id.as_deref(), error.diagnostics[0].code),
            (Some("x"), codes::SCENARIO_UNSUPPORTED)
        );
    }
    for (principal, word) in [
        ("*", "anonymous"),
        ("arn:aws:sts::123456789012:assumed-role/r/s", "sessions"),
        ("arn:aws:sts::123456789012:federated-user/n", "sessions"),
        ("arn:aws:iam::123456789012:root", "root users"),
        ("cloudtrail.amazonaws.com", "service principals"),
        ("arn:aws:iam::123456789012:saml-provider/x", "identity providers"),
        ("arn:aws:iam::123456789012:group/x", "neither a user nor a role"),
        ("alice", "no principal"),
    ] {
        let error =
            read(&format!(r#"{{"id": "x", "principal": "{principal}", "action": "a:b", "resource": "*"}}"#))
                .remove(0)
                .unwrap_err();
        assert!(error.message.contains(word), "{}", error.message);
    }
}

#[test]
fn fields_are_checked_by_name_and_type() {
    for (members, word) in [
        (r#", "exspected": "allow""#, "`exspected`"),
        (r#", "expected": "deny""#, "`expected`"),
        (r#", "expected": null"#, "`expected`"),
        (r#", "resource_account": "12""#, "`resource_account`"),
        (r#", "context": []"#, "`context`"),
        (r#", "context": {"a": 1}"#, "`a`"),
        (r#", "context": {"a": [null]}"#, "`a`"),
        (r#", "context": {"a": "1", "A": "2"}"#, "one key"),
        (r#", "context": {"a": "1", "a": "2"}"#, "twice"),
        (r#", "identity_policies": {}"#, "`identity_policies`"),
        (r#", "identity_policies": null"#, "`identity_policies`"),
        (r#", "identity_policies": ["x"]"#, "a policy document"),
        (
            r#", "boundaries": [{"Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}]"#,
            "no effect",
        ),
        (r#", "scps": {}"#, "`scps`"),
    ] {
        let error = with(members).unwrap_err();
        assert!(error.message.contains(word), "{members}: {}", error.message);
        assert_eq!(error.id.as_deref(), Some("x"));
    }
}

#[test]
fn p2_a_principal_element_is_ignored_with_a_lint_in_scenarios() {
    let policy = ANY.replace("\"Effect\"", "\"Principal\": \"*\", \"Effect\"");
    let case = with(&format!(r#", "identity_policies": [{policy}]"#)).unwrap();
    assert_eq!(case.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), [codes::P2_PRINCIPAL]);
    assert_eq!(case.model.users[0].identity.inline[0].document.statements[0].principals, None);
}

#[test]
fn every_line_stands_alone() {
    let good =
        r#"{"id": "x", "principal": "arn:aws:iam::123456789012:role/r", "action": "a:b", "resource": "*"}"#;
    let cases = read(&format!("{good}\n\n{{\"id\": \n{good} {good}\n{good}\r\n[1]\n"));
    let shown: Vec<_> = cases
        .iter()
        .map(|case| case.as_ref().map(|case| case.line).map_err(|error| (error.line, error.id.clone())))
        .collect();
    assert_eq!(shown, [Ok(1), Err((3, None)), Err((4, None)), Ok(5), Err((6, None))]);
    assert_eq!(cases[0].as_ref().unwrap().model.roles[0].identity.origin.line, 1);
    assert_eq!(cases[3].as_ref().unwrap().model.roles[0].identity.origin.line, 5);
}
