//! Rules P, A, R, X, C and N as they show in findings about a document.

use super::*;
use crate::model::{DocumentKind, OperandForm, Statement};

/// Findings about a document with these members of its statement, attached to a user; version 2012-10-17.
fn statement(members: &str) -> Vec<(&'static str, String)> {
    found(&attached(&format!(r#"{{"Version": "2012-10-17", "Statement": {{{members}}}}}"#)))
}

/// Findings about a statement with this condition block.
fn condition(block: &str) -> Vec<(&'static str, String)> {
    statement(&format!(r#""Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {block}"#))
}

fn finding(code: &'static str, text: &str) -> Vec<(&'static str, String)> {
    vec![(code, text.to_owned())]
}

/// The statements of a document without findings that refuse it.
fn statements(document: &str) -> Vec<Statement> {
    let resolved = attached(document);
    let model = resolved.model.unwrap_or_else(|| panic!("{:?}", resolved.diagnostics));
    model.users[0].identity.inline[0].document.statements.clone()
}

#[test]
fn p1_versions() {
    let with = |version: &str| {
        found(&attached(&format!(
            r#"{{{version}"Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*"}}}}"#
        )))
    };
    assert_eq!(with(""), []);
    assert_eq!(with(r#""Version": "2012-10-17", "#), []);
    assert_eq!(with(r#""Version": "2008-10-17", "#), []);
    assert_eq!(with(r#""Version": "2020-05-01", "#), finding(codes::P1_UNKNOWN_VERSION, "\"2020-05-01\""));
    assert_eq!(with(r#""Version": 2012, "#), finding(codes::P2_TYPE, "2012"));
    assert_eq!(with(r#""Version": null, "#), finding(codes::P2_TYPE, "null"));
    let resolved = attached(r#"{"Version": "2020-05-01", "Statement": []}"#);
    let help = resolved.diagnostics[0].help.as_ref().unwrap();
    assert!(help.contains("2012-10-17") && help.contains("2008-10-17"));
}

#[test]
fn p2_a_statement_has_its_elements_once() {
    let opening = |code| finding(code, "{");
    assert_eq!(statement(r#""Action": "*", "Resource": "*""#), opening(codes::P2_EFFECT));
    assert_eq!(
        statement(r#""Effect": "allow", "Action": "*", "Resource": "*""#),
        finding(codes::P2_EFFECT, "\"allow\"")
    );
    assert_eq!(statement(r#""Effect": "Allow", "Resource": "*""#), opening(codes::P2_ACTION));
    assert_eq!(statement(r#""Effect": "Allow", "Action": "*""#), opening(codes::P2_RESOURCE));
    assert_eq!(
        statement(r#""Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*""#),
        finding(codes::P2_ACTION, "\"NotAction\"")
    );
    assert_eq!(
        statement(r#""Effect": "Allow", "Action": "*", "Resource": "*", "NotResource": "a:*""#),
        finding(codes::P2_RESOURCE, "\"NotResource\"")
    );
    assert_eq!(
        statement(r#""Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*""#),
        finding(codes::P2_PRINCIPAL, "\"Principal\"")
    );
    assert_eq!(
        statement(r#""Effect": "Allow", "Action": [1, "*"], "Resource": {}"#),
        [(codes::P2_TYPE, "1".to_owned()), (codes::P2_TYPE, "{}".to_owned())]
    );
    assert_eq!(
        statement(r#""Effect": "Allow", "Action": [], "NotResource": []"#),
        [(codes::P2_EMPTY_LIST, "[]".to_owned()), (codes::P2_EMPTY_LIST, "[]".to_owned())]
    );
    assert_eq!(found(&attached(r#"{"Version": "2012-10-17"}"#)), opening(codes::P2_MISSING_STATEMENT));
    assert_eq!(
        found(&attached(r#"{"Version": "2012-10-17", "Statement": "x"}"#)),
        finding(codes::P2_TYPE, "\"x\"")
    );
    assert_eq!(found(&attached(r#"{"Id": "i", "Statement": []}"#)).len(), 2);
}

#[test]
fn p2_sids_are_unique_unless_empty() {
    let with = |first: &str, second: &str| {
        let one = |sid| format!(r#"{{"Sid": "{sid}", "Effect": "Allow", "Action": "*", "Resource": "*"}}"#);
        found(&attached(&format!(r#"{{"Statement": [{}, {}]}}"#, one(first), one(second))))
    };
    assert_eq!(with("a", "A"), []);
    assert_eq!(with("", ""), []);
    assert_eq!(with("a", "a"), finding(codes::P2_DUPLICATE_SID, "\"a\""));
}

#[test]
fn p2_condition_values_may_be_booleans_and_numbers() {
    let document = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"k": [true, false, 1.50, "x"]}, "NumericEquals": {"k": 1.50}, "Bool": {"k": true}}}}"#;
    let conditions = &statements(document)[0].conditions;
    assert_eq!(
        conditions[0].operands.iter().map(|operand| &*operand.text).collect::<Vec<_>>(),
        ["true", "false", "1.50", "x"]
    );
    assert_eq!(conditions[1].operands[0].form, OperandForm::Number("1.5".into()));
    assert_eq!(conditions[2].operands[0].form, OperandForm::Bool(true));
    assert_eq!(condition(r#"{"StringEquals": {"k": []}}"#), finding(codes::P2_EMPTY_VALUES, "[]"));
    assert_eq!(condition(r#"{"StringEquals": {"k": [null, {}, []]}}"#).len(), 3);
    assert_eq!(condition(r#"{"StringEquals": {"k": null}}"#), finding(codes::P2_TYPE, "null"));
}

#[test]
fn p3_names_are_case_sensitive_and_known() {
    assert_eq!(
        statement(r#""effect": "Allow", "Action": "*", "Resource": "*""#),
        finding(codes::P3_UNKNOWN_ELEMENT, "\"effect\"")
    );
    // A misspelt element is read as the one it means: what is wrong in it shows as well.
    assert_eq!(
        statement(r#""Efect": "Alow", "NotActions": "s3", "Resource": "*", "NotResourc": "a""#),
        [
            (codes::P3_UNKNOWN_ELEMENT, "\"Efect\"".to_owned()),
            (codes::P2_EFFECT, "\"Alow\"".to_owned()),
            (codes::P3_UNKNOWN_ELEMENT, "\"NotActions\"".to_owned()),
            (codes::P3_UNKNOWN_ELEMENT, "\"NotResourc\"".to_owned()),
            (codes::A2_MALFORMED_ACTION, "\"s3\"".to_owned()),
        ]
    );
    assert_eq!(
        found(&attached(
            r#"{"version": "2012-10-17", "Statements": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}"}}"#
        )),
        [
            (codes::P3_UNKNOWN_ELEMENT, "\"version\"".to_owned()),
            (codes::P3_UNKNOWN_ELEMENT, "\"Statements\"".to_owned())
        ]
    );
    let resolved = attached(r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resources": "*"}}"#);
    assert!(resolved.diagnostics[0].help.as_ref().unwrap().contains("`Resource`"));
    assert_eq!(
        found(&attached(r#"{"Statement": [], "Sid": "x"}"#))[0],
        (codes::P3_UNKNOWN_ELEMENT, "\"Sid\"".to_owned())
    );
    assert_eq!(
        condition(r#"{"StringEquals": {"aws:a": "1", "AWS:A": "2"}}"#),
        finding(codes::P3_KEY_CASE, "\"AWS:A\"")
    );
    assert_eq!(
        condition(r#"{"StringEquals": {"aws:a": "1"}, "stringequals": {"b": "2"}}"#),
        finding(codes::P3_OPERATOR_CASE, "\"stringequals\"")
    );
}

#[test]
fn p3_duplicate_keys_do_not_hide_other_errors() {
    let found = statement(
        r#""Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEqual": {"k": "v"}}"#,
    );
    assert_eq!(
        found,
        [
            ("p3-duplicate-key", "\"Effect\"".to_owned()),
            (codes::C3_UNKNOWN_OPERATOR, "\"StringEqual\"".to_owned())
        ]
    );
}

#[test]
fn p4_characters_that_aws_does_not_accept_are_a_lint() {
    assert_eq!(statement(r#""Sid": "ä", "Effect": "Allow", "Action": "*", "Resource": "*""#), []);
    assert_eq!(
        statement(r#""Sid": "€", "Effect": "Allow", "Action": "*", "Resource": "*""#),
        finding(codes::P4_CHARACTERS, "\"€\"")
    );
}

#[test]
fn a2_and_a1_lints() {
    let with =
        |action: &str| statement(&format!(r#""Effect": "Allow", "Action": {action}, "Resource": "*""#));
    assert_eq!(with(r#""s3:Get, s3:Put""#), finding(codes::A2_MALFORMED_ACTION, "\"s3:Get, s3:Put\""));
    assert_eq!(
        with(r#"["s3", "s?:Get"]"#),
        [(codes::A2_MALFORMED_ACTION, "\"s3\"".to_owned()), (codes::A1_SERVICE_WILDCARD, "s?".to_owned())]
    );
}

#[test]
fn r5_short_patterns_are_lints_and_an_error_under_allow_with_not_resource() {
    let with = |effect: &str, element: &str, text: &str| {
        attached(&format!(
            r#"{{"Statement": {{"Effect": "{effect}", "Action": "*", "{element}": "{text}"}}}}"#
        ))
    };
    assert!(with("Allow", "Resource", "bucket").model.is_some());
    assert!(with("Deny", "NotResource", "bucket").model.is_some());
    assert!(with("Allow", "NotResource", "bucket").model.is_none());
    assert_eq!(found(&with("Allow", "Resource", "b*t")), finding(codes::R5_NOTHING, "\"b*t\""));
    assert_eq!(found(&with("Allow", "Resource", "arn:aws:s3*")), []);
}

#[test]
fn x1_variables_are_read_in_documents_of_2012_only() {
    let resource = |version: &str, text: &str| {
        attached(&format!(
            r#"{{"Version": "{version}", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::{text}"}}}}"#
        ))
    };
    let new = resource("2012-10-17", "${aws:username}/${*}");
    assert!(new.diagnostics.is_empty());
    let old = resource("2008-10-17", "a${aws:username}");
    assert_eq!(found(&old), finding(codes::X1_VARIABLE_IN_2008, "${aws:username}"));
    let statement = &old.model.unwrap().users[0].identity.inline[0].document.statements[0];
    assert!(!statement.variables && !statement.resources.as_ref().unwrap().patterns[0].form.has_variable());
    assert_eq!(
        found(&resource("2012-10-17", "x${aws user}y")),
        finding(codes::X1_MALFORMED_VARIABLE, "${aws user}")
    );
    assert_eq!(found(&resource("2012-10-17", "x${")), finding(codes::X1_MALFORMED_VARIABLE, "${"));
    let excluding = statement_with_not_resource("arn:aws:s3:::${aws:username}");
    assert_eq!(excluding, finding(codes::X3_VARIABLE_IN_NOT_RESOURCE, "\"arn:aws:s3:::${aws:username}\""));
    assert_eq!(statement_with_not_resource("arn:aws:s3:::${aws:username, 'x'}"), []);
}

fn statement_with_not_resource(text: &str) -> Vec<(&'static str, String)> {
    statement(&format!(r#""Effect": "Allow", "Action": "*", "NotResource": "{text}""#))
}

#[test]
fn x1_variables_in_condition_values() {
    assert_eq!(
        condition(
            r#"{"StringLike": {"k": "${aws:username}/*"}, "ArnLike": {"k": "arn:aws:s3:::${aws:x}"}, "StringEquals": {"k": "${aws:x, 'd'}"}}"#
        ),
        []
    );
    assert_eq!(
        condition(r#"{"Bool": {"k": "${aws:x}"}}"#),
        finding(codes::X1_VARIABLE_IN_BOOL, "\"${aws:x}\"")
    );
    assert_eq!(condition(r#"{"StringEquals": {"k": "${}"}}"#), finding(codes::X1_MALFORMED_VARIABLE, "${}"));
    assert_eq!(
        condition(r#"{"IpAddress": {"k": "${aws:x}"}}"#),
        finding(codes::C10_NOT_AN_ADDRESS, "\"${aws:x}\"")
    );
}

#[test]
fn c9_to_c11_values_that_do_not_parse() {
    for (block, code) in [
        (r#"{"NumericLessThan": {"k": "1e3"}}"#, codes::C9_NOT_A_NUMBER),
        (r#"{"NumericLessThan": {"k": 1e3}}"#, codes::C9_NOT_A_NUMBER),
        (r#"{"DateLessThan": {"k": "2030-01-01T10:00:00"}}"#, codes::C9_NOT_A_DATE),
        (r#"{"DateLessThan": {"k": "tomorrow"}}"#, codes::C9_NOT_A_DATE),
        (r#"{"IpAddress": {"k": "10.0.0.0/33"}}"#, codes::C10_NOT_AN_ADDRESS),
        (r#"{"IpAddress": {"k": "10.1.0.0/8"}}"#, codes::C10_HOST_BITS),
        (r#"{"Bool": {"k": "yes"}}"#, codes::C11_NOT_A_BOOLEAN),
        (r#"{"Null": {"k": "yes"}}"#, codes::C11_NOT_A_BOOLEAN),
        (r#"{"BinaryEquals": {"k": "QQ"}}"#, codes::C11_NOT_BASE64),
        (r#"{"ArnLike": {"k": "arn:aws:*"}}"#, codes::C7_SHORT_ARN),
        (r#"{"StringEquals": {"": "x"}}"#, codes::C2_EMPTY_KEY),
        (r#"{"StringEquals": {}}"#, codes::C1_EMPTY_OPERATOR),
        (r#"{"ForAllValues:Null": {"k": "true"}}"#, codes::C4_NULL_WITH_SET_PREFIX),
        (r#"{"StringNotEquals": {"aws:TagKeys": "x"}}"#, codes::C6_LIST_KEY),
        (r#"{"StringEqual": {"k": "x"}}"#, codes::C3_UNKNOWN_OPERATOR),
        (r#"{"NullIfExists": {"k": "true"}}"#, codes::C3_UNKNOWN_OPERATOR),
    ] {
        let found: Vec<_> = condition(block).into_iter().map(|(code, _)| code).collect();
        assert_eq!(found, [code], "{block}");
    }
}

#[test]
fn c9_to_c11_values_in_their_canonical_form() {
    let block = r#"{"NumericEquals": {"k": "+007.50"}, "DateEquals": {"k": "1970-01-01T00:00:01.50Z"}, "IpAddress": {"k": ["10.0.0.0/8"]}, "BinaryEquals": {"k": "QQ=="}, "stringnotequalsifexists": {"AWS:K": "a*b"}}"#;
    let document = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {block}}}}}"#
    );
    let conditions = &statements(&document)[0].conditions;
    let forms: Vec<_> = conditions.iter().map(|condition| &condition.operands[0].form).collect();
    let mut address = [0; 16];
    address[0] = 10;
    assert_eq!(
        forms,
        [
            &OperandForm::Number("7.5".into()),
            &OperandForm::Date { seconds: 1, fraction: "5".into() },
            &OperandForm::Ip { v6: false, address, prefix: 8 },
            &OperandForm::Binary("QQ==".into()),
            &OperandForm::Text(crate::pattern::Glob::literal("a*b")),
        ]
    );
    assert_eq!((&*conditions[4].key, &*conditions[4].key_text), ("aws:k", "AWS:K"));
    assert_eq!(conditions[4].operator.to_string(), "StringNotEqualsIfExists");
}

#[test]
fn n4_n5_principals_of_trust_policies() {
    let with = |statement: &str| {
        let snapshot = format!(
            r#"{{"RoleDetailList": [{{"RoleName": "r", "Arn": "arn:aws:iam::123456789012:role/r", "AssumeRolePolicyDocument": {{"Statement": {{"Effect": "Allow", "Action": "sts:AssumeRole", {statement}}}}}}}]}}"#
        );
        let resolved = files(&[&snapshot]);
        if let Some(model) = &resolved.model {
            assert_eq!(model.roles[0].trust.as_ref().unwrap().kind, DocumentKind::Trust);
        }
        codes_of(&resolved)
    };
    for good in [
        r#""Principal": "*""#,
        r#""Principal": {"AWS": ["*", "123456789012", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/a", "arn:aws:sts::123456789012:assumed-role/r/s"]}"#,
        r#""Principal": {"Service": "ec2.amazonaws.com", "Federated": "accounts.google.com"}"#,
    ] {
        assert_eq!(with(good), [""; 0], "{good}");
    }
    for (bad, code) in [
        (r#""Resource": "*""#, codes::P2_PRINCIPAL),
        (r#""NotPrincipal": "*""#, codes::P2_PRINCIPAL),
        (r#""Principal": "*", "Resource": "*""#, codes::P2_RESOURCE),
        (r#""Principal": "123456789012""#, codes::N1_PRINCIPAL_SHAPE),
        (r#""Principal": {}"#, codes::N1_PRINCIPAL_SHAPE),
        (r#""Principal": {"AWS": []}"#, codes::N1_PRINCIPAL_SHAPE),
        (r#""Principal": {"aws": "*"}"#, codes::P3_UNKNOWN_ELEMENT),
        (r#""Principal": {"AWS": "arn:aws:iam::123456789012:user/*"}"#, codes::N4_WILDCARD_PRINCIPAL),
        (r#""Principal": {"AWS": "arn:aws:iam::123456789012:group/g"}"#, codes::N4_GROUP_PRINCIPAL),
        (r#""Principal": {"AWS": "alice"}"#, codes::N3_UNRECOGNIZED_PRINCIPAL),
        (r#""Principal": {"AWS": "AIDAEFF2ANRHJRCCCVQHN"}"#, codes::N5_UNHELD_ID),
        (r#""Principal": {"Service": "*"}"#, codes::N5_WILDCARD_PRINCIPAL),
        (r#""Principal": {"Federated": ["*"]}"#, codes::N5_WILDCARD_PRINCIPAL),
    ] {
        assert!(with(bad).contains(&code), "{bad}: {:?}", with(bad));
    }
}

#[test]
fn origins_are_lines_and_columns() {
    let statements =
        statements("{\"Statement\": [\n  {\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\"}]}");
    assert_eq!((statements[0].origin.line, statements[0].origin.column), (2, 3));
}
