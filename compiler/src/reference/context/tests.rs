//! Who defines which key (C12).

use super::super::support::{OTHER, OWN, World, request, with, world};
use super::*;
use crate::model::Tag;
use crate::request::Session;

const ALICE: &str = "arn:aws:iam::111111111111:user/team/alice";
const ROLE: &str = "arn:aws:iam::111111111111:role/team/r";
const ROLE_SESSION: &str = "arn:aws:sts::111111111111:assumed-role/r/s";
const FEDERATED: &str = "arn:aws:sts::111111111111:federated-user/alice";
const ROOT: &str = "arn:aws:iam::111111111111:root";

/// The keys that a caller might try to forge.
const KEYS: [&str; 11] = [
    "aws:username",
    "aws:userid",
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalType",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalTag/team",
    "aws:PrincipalTag/forged",
    "aws:SourceIdentity",
];

fn tags(pairs: &[(&str, &str)]) -> Vec<Tag> {
    pairs.iter().map(|(key, value)| Tag { key: (*key).into(), value: (*value).into() }).collect()
}

fn held_world() -> Model {
    let nothing = || [Vec::new(), Vec::new()];
    let mut model = world().user(ALICE, vec![]).role(ROLE, vec![]).organization(nothing(), nothing());
    model.users[0].tags = tags(&[("Team", "blue"), ("team", "red")]);
    model.roles[0].tags = tags(&[("team", "green")]);
    model.users[0].identity.unique_id = "AIDAALICE".into();
    model.roles[0].identity.unique_id = "AROAR".into();
    model
}

/// The values of [`KEYS`], `given` for what came from the request and a list in brackets, of a request that gives all of them.
fn values(model: &Model, principal: &str, session: Option<Session>) -> Vec<String> {
    let asked = KEYS
        .iter()
        .fold(request(principal, "a:b", "*"), |asked, key| with(asked, &key.to_ascii_uppercase(), "given"));
    let asked = Request { session, ..asked };
    let context = context(&Asker::of(model, principal), None, &asked);
    KEYS.iter()
        .map(|key| match context.get(key) {
            None => "-".to_owned(),
            Some(ContextValue::One(value)) => value.clone(),
            Some(ContextValue::Many(values)) => format!("{values:?}"),
        })
        .collect()
}

const ORG_PATHS: &str = "[\"o-1/r-1/\"]";

#[test]
fn c12_a_held_user_and_role() {
    let model = held_world();
    assert_eq!(
        values(&model, ALICE, None),
        ["alice", "AIDAALICE", ALICE, OWN, "User", "o-1", ORG_PATHS, "false", "blue", "-", "given"]
    );
    assert_eq!(
        values(&model, ROLE, None),
        ["-", "AROAR", ROLE, OWN, "AssumedRole", "o-1", ORG_PATHS, "false", "green", "-", "given"]
    );
    // Without an organization these keys are absent, as is a user id that the model does not know.
    let mut model = held_world();
    model.organization = None;
    model.users[0].identity.unique_id = "".into();
    assert_eq!(
        values(&model, ALICE, None),
        ["alice", "-", ALICE, OWN, "User", "-", "-", "false", "blue", "-", "given"]
    );
    // Nor does an organization without an id define them.
    let mut model = held_world();
    model.organization.as_mut().unwrap().id = "".into();
    assert_eq!(values(&model, ALICE, None)[5..7], ["-", "-"]);
}

#[test]
fn c12_sessions() {
    let session = Session {
        tags: vec![("TEAM".to_owned(), "session".to_owned()), ("team".to_owned(), "later".to_owned())],
        source_identity: Some("source".to_owned()),
        ..Session::default()
    };
    let model = held_world();
    // aws:PrincipalArn of a role session is the role's ARN with its path; the session's tags override the role's.
    assert_eq!(
        values(&model, ROLE_SESSION, Some(session.clone())),
        ["-", "AROAR:s", ROLE, OWN, "AssumedRole", "o-1", ORG_PATHS, "false", "session", "-", "source"]
    );
    assert_eq!(values(&model, ROLE_SESSION, None)[8], "green");
    // Of a federated user it is its sts ARN; the user's tags do not reach it.
    let id = "111111111111:alice";
    assert_eq!(
        values(&model, FEDERATED, Some(session.clone())),
        ["-", id, FEDERATED, OWN, "FederatedUser", "o-1", ORG_PATHS, "false", "session", "-", "source"]
    );
    assert_eq!(values(&model, FEDERATED, None)[8], "-");
}

#[test]
fn c12_root() {
    assert_eq!(
        values(&held_world(), ROOT, None),
        ["-", OWN, ROOT, OWN, "Account", "o-1", ORG_PATHS, "false", "-", "-", "given"]
    );
    // Of an account that the model does not hold.
    let root = "arn:aws:iam::444444444444:root";
    assert_eq!(
        values(&held_world(), root, None),
        ["-", "given", root, "444444444444", "Account", "given", "given", "false", "given", "given", "given"]
    );
}

#[test]
fn c12_principals_that_are_not_held_are_read_off_their_arn() {
    let rest = ["given", "given", "false", "given", "given", "given"];
    for (principal, first) in [
        (
            "arn:aws:iam::222222222222:user/p/x",
            ["x", "given", "arn:aws:iam::222222222222:user/p/x", OTHER, "User"],
        ),
        (
            "arn:aws:iam::222222222222:role/p/x",
            ["-", "given", "arn:aws:iam::222222222222:role/p/x", OTHER, "AssumedRole"],
        ),
        (
            "arn:aws-cn:sts::222222222222:assumed-role/x/s",
            ["-", "given", "arn:aws-cn:iam::222222222222:role/x", OTHER, "AssumedRole"],
        ),
        (
            "arn:aws:sts::222222222222:federated-user/x",
            ["-", "given", "arn:aws:sts::222222222222:federated-user/x", OTHER, "FederatedUser"],
        ),
    ] {
        let expected: Vec<&str> = first.into_iter().chain(rest).collect();
        assert_eq!(values(&held_world(), principal, None), expected, "{principal}");
    }
}

#[test]
fn c12_principals_without_an_account() {
    for (principal, kind, is_service) in [
        ("*", "Anonymous", "false"),
        ("ec2.amazonaws.com", "-", "true"),
        ("ec2.amazonaws.com.cn", "-", "true"),
        ("accounts.google.com", "-", "false"),
        ("arn:aws:iam::111111111111:saml-provider/idp", "-", "false"),
    ] {
        assert_eq!(
            values(&held_world(), principal, None),
            ["-", "-", "-", "-", kind, "-", "-", is_service, "-", "-", "given"],
            "{principal}"
        );
    }
}

#[test]
fn c12_the_keys_of_a_held_resource() {
    let keys = [
        "aws:ResourceAccount",
        "aws:ResourceOrgID",
        "aws:ResourceOrgPaths",
        "aws:ResourceTag/env",
        "aws:ResourceTag/x",
    ];
    let values = |model: &Model, resource: &str| -> Vec<String> {
        let asked =
            keys.iter().fold(request(ALICE, "s3:Get", resource), |asked, key| with(asked, key, "given"));
        let owner = super::super::resource::owner(model, resource);
        let context = context(&Asker::of(model, ALICE), owner, &asked);
        let shown = |key: &&str| context.get(key).map_or("-".to_owned(), |value| value.values().join(","));
        keys.iter().map(shown).collect()
    };
    let bucket = "arn:aws:s3:::b";
    let mut model = held_world().resource(bucket, Some(OTHER), None);
    let given = "given";
    assert_eq!(
        values(&model, "arn:aws:s3:::b/x"),
        [OTHER, "o-1", "o-1/r-1/", given, given],
        "tags are not known"
    );
    model.resources[0].tags = Some(tags(&[("Env", "prod")]));
    assert_eq!(values(&model, bucket), [OTHER, "o-1", "o-1/r-1/", "prod", "-"]);
    model.resources[0].account = Some("999999999999".into());
    assert_eq!(values(&model, bucket), ["999999999999", "-", "-", "prod", "-"], "not of the organization");
    assert_eq!(values(&model, "arn:aws:s3:::other"), [given; 5], "else from the request");
}

#[test]
fn c12_the_time_and_a_scenario() {
    let model = held_world();
    let shown = |asked: &Request| {
        let context = context(&Asker::of(&model, ALICE), None, asked);
        ["aws:CurrentTime", "aws:EpochTime", "aws:username"]
            .map(|key| context.get(key).map(|value| value.values().join(",")))
    };
    let some = |text: &str| Some(text.to_owned());
    let asked = Request { now: Some(0), ..with(request(ALICE, "a:b", "*"), "AWS:epochtime", "1") };
    assert_eq!(shown(&asked), [some("1970-01-01T00:00:00Z"), some("1"), some("alice")]);
    assert_eq!(shown(&request(ALICE, "a:b", "*")), [None, None, some("alice")]);
    // In a scenario file the context is complete as written.
    assert_eq!(shown(&Request { context_complete: true, ..asked }), [None, some("1"), None]);
}
