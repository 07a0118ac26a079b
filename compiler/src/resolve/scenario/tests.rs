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
    assert_eq!((&case.model.organization, case.model.resources.len()), (&None, 0));
    assert_eq!((case.model.endpoints.len(), case.request().session), (0, None));
}

#[test]
fn e1_levels_are_an_organization_with_the_account_in_it() {
    for (scps, counts) in [("[[]]", vec![0]), ("[[ANY], [], [ANY, ANY]]", vec![1, 0, 2])] {
        let case = with(&format!(r#", "scps": {}"#, scps.replace("ANY", ANY))).unwrap();
        let organization = case.model.organization.unwrap();
        let levels = organization.scp_levels("123456789012").unwrap();
        assert_eq!(levels.iter().map(|level| level.len()).collect::<Vec<_>>(), counts);
        assert_eq!(organization.scp_levels("210987654321"), None);
        assert_eq!(organization.rcp_levels("123456789012"), None);
    }
}

#[test]
fn e2_the_resource_has_its_policy_and_rcps() {
    let policy = ANY.replace("\"Effect\"", "\"Principal\": \"*\", \"Effect\"");
    let case = with(&format!(r#", "resource_policy": {policy}, "rcps": [[{policy}], []]"#)).unwrap();
    let resource = &case.model.resources[0];
    assert_eq!((&*resource.arn, resource.rcps.as_ref().unwrap().len()), ("*", 2));
    assert_eq!(resource.policy.as_ref().unwrap().kind, DocumentKind::Resource);
    let case = read(&format!(
        r#"{{"id": "x", "principal": "*", "action": "sts:AssumeRole", "resource": "arn:aws:iam::123456789012:role/r", "resource_policy": {policy}}}"#
    ));
    let case = case.into_iter().next().unwrap().unwrap();
    assert_eq!(case.model.resources[0].policy.as_ref().unwrap().kind, DocumentKind::Trust);
}

#[test]
fn i3_behind_a_session_stands_its_identity() {
    let principal = |text: &str| {
        read(&format!(r#"{{"id": "x", "principal": "{text}", "action": "a:b", "resource": "*", "session_policies": [{ANY}]}}"#))
            .remove(0)
    };
    let case = principal("arn:aws:sts::123456789012:assumed-role/r/s").unwrap();
    assert_eq!(&*case.model.roles[0].identity.arn, "arn:aws:iam::123456789012:role/r");
    assert_eq!(case.request().session.unwrap().policies.len(), 1);
    let case = principal("arn:aws:sts::123456789012:federated-user/n").unwrap();
    assert_eq!(&*case.model.users[0].identity.arn, "arn:aws:iam::123456789012:user/n");
    for (text, accounts) in [
        ("arn:aws:iam::123456789012:root", 1),
        ("*", 0),
        ("cloudtrail.amazonaws.com", 0),
        ("accounts.google.com", 0),
        ("arn:aws:iam::123456789012:saml-provider/x", 0),
    ] {
        let model = principal(text).unwrap().model;
        assert_eq!((model.accounts.len(), model.users.len() + model.roles.len()), (accounts, 0), "{text}");
    }
    for text in [
        "arn:aws:iam::123456789012:group/x",
        "alice",
        "arn:aws:iam::1:user/x",
        "arn:aws:sts::123456789012:assumed-role/r",
    ] {
        let error = principal(text).unwrap_err();
        assert!(error.message.contains("no principal"), "{}", error.message);
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
