//! Statements of a user's policy, each with what is found in it: above all with nothing where that is right.

use std::fmt::Write as _;

use super::command::Folder;

const GET: &str = r#""Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/*""#;
const LIST: &str = r#""Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::acme""#;
const DENY: &str = r#""Effect": "Deny", "Action": "s3:*", "Resource": "*""#;

/// The codes that are found in a document of each of these statements.
#[track_caller]
fn check(cases: &[(String, &[&str])]) {
    let folder = Folder::new();
    let mut attach = Vec::new();
    for (at, (members, _)) in cases.iter().enumerate() {
        let document = format!("{{\"Version\": \"2012-10-17\", \"Statement\": {{{members}}}}}");
        folder.write(&format!("{at}.json"), document);
        attach.push(format!("--attach=arn:aws:iam::123456789012:user/u{at}={at}.json"));
    }
    let mut arguments = vec!["check", "--format", "json"];
    arguments.extend(attach.iter().map(String::as_str));
    let report = folder.run(&arguments).json();
    let mut wrong = String::new();
    for (at, (members, expected)) in cases.iter().enumerate() {
        let here = report["diagnostics"].as_array().unwrap().iter();
        let here = here.filter(|it| it["place"]["file"].as_str() == Some(&format!("{at}.json")));
        let codes: Vec<&str> = here.map(|it| it["code"].as_str().unwrap()).collect();
        if codes != *expected {
            let _ = writeln!(wrong, "{members}: {codes:?}, not {expected:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn when(statement: &str, condition: &str) -> String {
    format!("{statement}, \"Condition\": {{{condition}}}")
}

#[test]
fn c4_keys_that_cannot_be_missing_are_left_alone() {
    let home = GET.replace("acme/*", "acme/${aws:PrincipalTag/team}/*");
    check(&[
        (when(GET, r#""StringNotEquals": {"aws:SourceVpce": "vpce-1"}"#), &["c4-negated-absent"]),
        (when(GET, r#""StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/guest"}"#), &[]),
        (when(GET, r#""StringNotEquals": {"aws:RequestedRegion": "us-east-1"}"#), &[]),
        (
            when(
                GET,
                r#""StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "StringLike": {"aws:SourceVpce": "vpce-*"}"#,
            ),
            &[],
        ),
        (
            when(
                GET,
                r#""StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "Null": {"aws:SourceVpce": "false"}"#,
            ),
            &[],
        ),
        (when(GET, r#""StringNotEquals": {"aws:PrincipalTag/team": ""}"#), &["c4-negated-absent"]),
        (when(&home, r#""StringNotEquals": {"aws:PrincipalTag/team": ""}"#), &[]),
        (
            when(
                LIST,
                r#""StringNotEquals": {"aws:PrincipalTag/team": ""}, "StringLike": {"s3:prefix": "${aws:PrincipalTag/team}/*"}"#,
            ),
            &[],
        ),
        (when(DENY, r#""StringNotEquals": {"aws:PrincipalTag/team": "reports"}"#), &[]),
        (when(DENY, r#""StringNotEquals": {"aws:SourceVpce": "vpce-1"}"#), &["c4-deny-network"]),
        (
            when(
                DENY,
                r#""StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:ViaAWSService": "false"}"#,
            ),
            &[],
        ),
        (when(DENY, r#""StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}"#), &[]),
    ]);
}

#[test]
fn c4_mfa_is_asked_for_in_the_right_way_or_told() {
    check(&[
        (when(GET, r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#), &[]),
        (when(GET, r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}"#), &["c4-mfa-absent"]),
        (when(GET, r#""NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}"#), &[]),
        (when(GET, r#""NumericLessThanIfExists": {"aws:MultiFactorAuthAge": "3600"}"#), &["c4-mfa-absent"]),
        (when(DENY, r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#), &[]),
        (when(DENY, r#""Bool": {"aws:MultiFactorAuthPresent": "false"}"#), &["c4-mfa-absent"]),
        (when(DENY, r#""Null": {"aws:MultiFactorAuthPresent": "true"}"#), &[]),
    ]);
}

#[test]
fn c5_set_operators_that_are_meant_so_are_left_alone() {
    let tag = r#""Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*""#;
    check(&[
        (when(tag, r#""ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}"#), &[]),
        (when(tag, r#""ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}"#), &[]),
        (when(tag, r#""ForAnyValue:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com"]}"#), &[]),
        (
            when(tag, r#""ForAllValues:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com"]}"#),
            &["c5-for-all-values-allow"],
        ),
        (
            when(
                &tag.replace("Allow", "Deny"),
                r#""ForAnyValue:StringNotEquals": {"aws:TagKeys": ["team"]}"#,
            ),
            &[],
        ),
        (
            when(tag, r#""ForAllValues:StringEquals": {"aws:SourceVpc": ["v"]}"#),
            &["c5-for-all-values-allow", "c5-single-valued-key"],
        ),
    ]);
}

#[test]
fn c1_conditions_that_exclude_each_other() {
    check(&[
        (
            when(LIST, r#""Null": {"s3:prefix": "true"}, "StringEquals": {"s3:prefix": "a"}"#),
            &["c1-contradiction"],
        ),
        (when(LIST, r#""Null": {"s3:prefix": "false"}, "StringEquals": {"s3:prefix": "a"}"#), &[]),
        (
            when(LIST, r#""StringEquals": {"s3:prefix": ["a", "b"]}, "StringLike": {"s3:prefix": "c*"}"#),
            &["c1-contradiction"],
        ),
        (when(LIST, r#""StringEquals": {"s3:prefix": ["a", "cd"]}, "StringLike": {"s3:prefix": "c*"}"#), &[]),
        (
            when(
                LIST,
                r#""NumericLessThan": {"s3:max-keys": "10"}, "NumericGreaterThan": {"s3:max-keys": "20"}"#,
            ),
            &["c1-contradiction"],
        ),
        (
            when(
                LIST,
                r#""NumericLessThan": {"s3:max-keys": "20"}, "NumericGreaterThan": {"s3:max-keys": "10"}"#,
            ),
            &[],
        ),
        (
            when(
                LIST,
                r#""DateLessThan": {"aws:CurrentTime": "2026-01-01"}, "DateGreaterThan": {"aws:CurrentTime": "2027-01-01"}"#,
            ),
            &["c1-contradiction"],
        ),
        (
            when(
                LIST,
                r#""StringEquals": {"s3:prefix": "${aws:username}"}, "StringNotEquals": {"s3:prefix": "a"}"#,
            ),
            &[],
        ),
    ]);
}

#[test]
fn r4_resources_and_actions_that_go_together_are_left_alone() {
    let on = |action: &str, resource: &str| {
        format!(r#""Effect": "Allow", "Action": {action}, "Resource": {resource}"#)
    };
    let both = r#"["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"]"#;
    check(&[
        (on(r#"["s3:GetObject", "s3:ListBucket"]"#, both), &[]),
        (on(r#""s3:*""#, both), &[]),
        (on(r#""s3:*""#, r#""arn:aws:s3:::acme*""#), &[]),
        (on(r#""s3:GetObject""#, r#""arn:aws:s3:::acme*""#), &[]),
        (on(r#""s3:GetObject""#, r#""arn:aws:s3:*""#), &[]),
        (on(r#""s3:GetObject""#, r#""arn:aws:s3:::${aws:username}""#), &[]),
        (on(r#""s3:GetObject""#, r#""arn:aws:sqs:*:*:acme""#), &["r4-no-such-resource"]),
        (on(r#""s3:ListAllMyBuckets""#, r#""arn:aws:s3:::*""#), &[]),
        (on(r#""s3:ListAllMyBuckets""#, r#""arn:aws:s3:::acme""#), &["r4-needs-star"]),
        (on(r#""nosuch:Thing""#, r#""arn:aws:nosuch:::acme""#), &["a1-unknown-service"]),
        (
            on(r#"["s3:GetObject", "nosuch:Thing"]"#, r#""arn:aws:nosuch:::acme""#),
            &["r4-action-elsewhere", "a1-unknown-service"],
        ),
        (on(r#""apigateway:GET""#, r#""arn:aws:apigateway:*::/apis/*""#), &[]),
        (on(r#""iam:GetUser""#, r#""arn:aws:iam::123456789012:user/team/${aws:username}""#), &[]),
        (
            on(r#""states:StartExecution""#, r#""arn:aws:states:*:*:statemachine:acme""#),
            &["r4-no-such-resource"],
        ),
    ]);
}

#[test]
fn ways_to_more_permissions_need_breadth() {
    let allow = |action: &str, resource: &str| {
        format!(r#""Effect": "Allow", "Action": {action}, "Resource": {resource}"#)
    };
    check(&[
        (allow(r#""iam:CreateAccessKey""#, r#""arn:aws:iam::*:user/${aws:username}""#), &[]),
        (allow(r#""iam:CreateAccessKey""#, r#""arn:aws:iam::*:user/*""#), &["risk-escalation"]),
        (
            when(
                &allow(r#""iam:CreateAccessKey""#, r#""*""#),
                r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#,
            ),
            &[],
        ),
        (
            allow(r#"["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]"#, r#""*""#),
            &["risk-pass-any-role", "risk-escalation"],
        ),
        (allow(r#"["lambda:CreateFunction", "lambda:InvokeFunction"]"#, r#""*""#), &[]),
        (
            when(
                &allow(r#""iam:PassRole""#, r#""*""#),
                r#""StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}"#,
            ),
            &[],
        ),
        (
            when(
                &allow(r#""iam:PassRole""#, r#""*""#),
                r#""ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}"#,
            ),
            &[],
        ),
        (
            allow(
                r#""ssm:SendCommand""#,
                r#"["arn:aws:ec2:*:*:instance/*", "arn:aws:ssm:*:*:document/Own"]"#,
            ),
            &[],
        ),
        (
            allow(r#""ssm:SendCommand""#, r#"["arn:aws:ec2:*:*:instance/*", "arn:aws:ssm:*:*:document/*"]"#),
            &["risk-escalation"],
        ),
    ]);
}
