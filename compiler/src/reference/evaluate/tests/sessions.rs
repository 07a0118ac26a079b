//! Sessions of roles and of federated users, and session policies.

use super::super::super::support::{OTHER, OWN, World, allow, deny, in_session, request, to, when, world};
use super::*;

const BOB: &str = "arn:aws:iam::111111111111:user/team/bob";
const ROLE: &str = "arn:aws:iam::111111111111:role/team/r";
const ROLE_SESSION: &str = "arn:aws:sts::111111111111:assumed-role/r/s";
const FEDERATED: &str = "arn:aws:sts::111111111111:federated-user/bob";
const ROOT: &str = "arn:aws:iam::111111111111:root";
const BUCKET: &str = "arn:aws:s3:::b";

const BY_RESOURCE: (Effect, Layer, Reason) = (Effect::Allow, Layer::Resource, Reason::Statement);
const NOT_IN_SESSION: (Effect, Layer, Reason) = (Effect::ImplicitDeny, Layer::Session, Reason::NoStatement);
const NO_IDENTITY: (Effect, Layer, Reason) = (Effect::ImplicitDeny, Layer::Identity, Reason::NoStatement);

fn outcome(model: &Model, request: &Request) -> (Effect, Layer, Reason) {
    let decision = decide(model, request);
    (decision.effect, decision.layer, decision.reason)
}

/// Role and user may do svc:*; the bucket's policy grants to one entry.
fn world_with(account: &str, entry: &str) -> Model {
    world().role(ROLE, vec![allow("svc:*", "*")]).user(BOB, vec![allow("svc:*", "*")]).resource(
        BUCKET,
        Some(account),
        Some(vec![to(allow("s3:*", "*"), &[entry])]),
    )
}

#[test]
fn e6_a_role_session_evaluates_with_the_policies_of_its_role() {
    let model = world_with(OWN, "service:x");
    assert_eq!(outcome(&model, &request(ROLE_SESSION, "svc:Get", "*")), GRANTED);
    assert_eq!(outcome(&model, &request(ROLE_SESSION, "other:Get", "*")), NO_IDENTITY);
    let other = "arn:aws:sts::111111111111:assumed-role/R/s";
    assert_eq!(outcome(&model, &request(other, "svc:Get", "*")).2, Reason::UnknownPrincipal);
    let bounded = model.bounded(vec![deny("svc:Get", "*")]);
    assert_eq!(outcome(&bounded, &request(ROLE_SESSION, "svc:Get", "*")).1, Layer::Boundary);
}

#[test]
fn e6_session_policies_intersect() {
    let model = world_with(OWN, "service:x");
    let ask = |action, policies| in_session(request(ROLE_SESSION, action, "*"), policies);
    assert_eq!(outcome(&model, &ask("svc:Get", vec![])), GRANTED, "none is no session policy");
    assert_eq!(outcome(&model, &ask("svc:Get", vec![vec![]])), NOT_IN_SESSION);
    assert_eq!(outcome(&model, &ask("svc:Get", vec![vec![allow("svc:Put", "*")]])), NOT_IN_SESSION);
    assert_eq!(outcome(&model, &ask("other:Get", vec![vec![allow("*", "*")]])), NO_IDENTITY);
    // V3: several are one policy, which allows where any of them does.
    let two = vec![vec![allow("svc:Put", "*")], vec![allow("svc:Get", "*")]];
    let decision = decide(&model, &ask("svc:Get", two));
    let named: Vec<_> =
        decision.statements.iter().map(|it| (it.layer, it.policy.as_str(), it.statement)).collect();
    assert_eq!(named, [(Layer::Identity, "inline", 0), (Layer::Session, "session_policies[1]", 0)]);
    let denied = decide(&model, &ask("svc:Get", vec![vec![allow("*", "*"), deny("svc:Get", "*")]]));
    assert_eq!((denied.effect, denied.layer), (Effect::ExplicitDeny, Layer::Session));
    assert_eq!(
        (denied.statements[0].policy.as_str(), denied.statements[0].statement),
        ("session_policies[0]", 1)
    );
    // A user's too.
    let ask = in_session(request(BOB, "svc:Get", "*"), vec![vec![]]);
    assert_eq!(outcome(&model, &ask), NOT_IN_SESSION);
}

#[test]
fn e6_a_federated_user_without_a_session_policy_has_an_empty_one() {
    let model = world_with(OWN, "service:x");
    let ask = request(FEDERATED, "svc:Get", "*");
    assert_eq!(outcome(&model, &ask), NOT_IN_SESSION);
    assert_eq!(outcome(&model, &in_session(ask.clone(), vec![vec![allow("svc:*", "*")]])), GRANTED);
    let more = in_session(request(FEDERATED, "other:Get", "*"), vec![vec![allow("*", "*")]]);
    assert_eq!(outcome(&model, &more), NO_IDENTITY);
}

#[test]
fn e5_e6_resource_policies_and_sessions() {
    let ask = |principal: &str, limited: bool| {
        let asked = request(principal, "s3:GetObject", "arn:aws:s3:::b/x");
        if limited { in_session(asked, vec![vec![allow("svc:*", "*")]]) } else { asked }
    };
    for (entry, principal, free, limited) in [
        // The session itself is matched directly: past the session policy.
        (ROLE_SESSION, ROLE_SESSION, BY_RESOURCE, BY_RESOURCE),
        // The role behind it at session level: not past it.
        (ROLE, ROLE_SESSION, BY_RESOURCE, NOT_IN_SESSION),
        (FEDERATED, FEDERATED, BY_RESOURCE, BY_RESOURCE),
        (BOB, FEDERATED, NOT_IN_SESSION, NOT_IN_SESSION),
        ("*", FEDERATED, BY_RESOURCE, BY_RESOURCE),
        (OWN, ROLE_SESSION, NO_IDENTITY, NO_IDENTITY),
    ] {
        let model = world_with(OWN, &format!("aws:{entry}"));
        assert_eq!(outcome(&model, &ask(principal, false)), free, "{entry} {principal}");
        assert_eq!(outcome(&model, &ask(principal, true)), limited, "{entry} {principal} limited");
    }
    // Across accounts the whole own side has to allow.
    let across = world_with(OTHER, &format!("aws:{ROLE_SESSION}"));
    assert_eq!(outcome(&across, &ask(ROLE_SESSION, false)), NO_IDENTITY);
}

#[test]
fn e6_e7_session_policies_limit_the_unknown_too_and_not_root_or_services() {
    let none = || vec![vec![deny("*", "*")]];
    let root = in_session(request(ROOT, "svc:Get", "*"), none());
    assert_eq!(outcome(&world(), &root), (Effect::Allow, Layer::Identity, Reason::RootUser));
    let model = world_with(OWN, "*");
    let gone = "arn:aws:sts::111111111111:assumed-role/gone/s";
    let asked = in_session(request(gone, "s3:GetObject", "arn:aws:s3:::b/x"), none());
    assert_eq!(outcome(&model, &asked), (Effect::ExplicitDeny, Layer::Session, Reason::Statement));
    for principal in ["*", "ec2.amazonaws.com"] {
        let asked = in_session(request(principal, "s3:GetObject", "arn:aws:s3:::b/x"), none());
        assert_eq!(outcome(&model, &asked), BY_RESOURCE, "{principal}");
    }
}

#[test]
fn n3_the_path_of_a_role_in_a_scenario_is_not_known() {
    let role = "arn:aws:iam::111111111111:role/r";
    let policy = vec![to(allow("s3:*", "*"), &["aws:arn:aws:iam::111111111111:role/any/path/r"])];
    let model = world().role(role, vec![]).resource(BUCKET, None, Some(policy));
    let asked = request(ROLE_SESSION, "s3:ListBucket", BUCKET);
    assert_eq!(outcome(&model, &asked), NO_IDENTITY);
    assert_eq!(outcome(&model.scenario(), &asked), BY_RESOURCE);
}

#[test]
fn c12_a_session_cannot_forge_the_principals_keys() {
    let statement = when(allow("svc:*", "*"), "aws:PrincipalArn", ROLE);
    let model = world().role(ROLE, vec![statement]);
    let text = |key: &str, value: &str| (key.to_owned(), ContextValue::One(value.to_owned()));
    let asked = Request {
        context: vec![text("aws:principalarn", "forged")],
        ..request(ROLE_SESSION, "svc:Get", "*")
    };
    assert_eq!(outcome(&model, &asked), GRANTED);
    assert_eq!(outcome(&model, &Request { context_complete: true, ..asked }), NO_IDENTITY);
}
