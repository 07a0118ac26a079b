//! Resource policies, key and trust policies, endpoints, and principals without identity policies.

use super::super::super::support::{
    OTHER, OWN, World, allow, deny, not_to, request, to, when, with, without_resource, world,
};
use super::*;

const ALICE: &str = "arn:aws:iam::111111111111:user/alice";
const BOB: &str = "arn:aws:iam::111111111111:user/bob";
const NOBODY: &str = "arn:aws:iam::111111111111:user/nobody";
const FOREIGN: &str = "arn:aws:iam::222222222222:user/x";
const ROOT: &str = "arn:aws:iam::111111111111:root";
const ROLE: &str = "arn:aws:iam::111111111111:role/r";
const BUCKET: &str = "arn:aws:s3:::b";
const KEY: &str = "arn:aws:kms:r:111111111111:key/k";

fn outcome(model: &Model, request: &Request) -> (Effect, Layer, Reason) {
    let decision = decide(model, request);
    (decision.effect, decision.layer, decision.reason)
}

const BY_RESOURCE: (Effect, Layer, Reason) = (Effect::Allow, Layer::Resource, Reason::Statement);
const NO_IDENTITY: (Effect, Layer, Reason) = (Effect::ImplicitDeny, Layer::Identity, Reason::NoStatement);
const UNKNOWN: (Effect, Layer, Reason) = (Effect::ImplicitDeny, Layer::Identity, Reason::UnknownPrincipal);

fn full() -> Vec<Statement> {
    vec![allow("*", "*")]
}

/// Alice may read, Bob may nothing; the bucket is what the case says.
fn bucket(account: &str, policy: Vec<Statement>) -> Model {
    world().user(ALICE, vec![allow("s3:Get*", "*")]).user(BOB, vec![]).resource(
        BUCKET,
        Some(account),
        Some(policy),
    )
}

fn ask(principal: &str) -> Request {
    request(principal, "s3:GetObject", "arn:aws:s3:::b/x")
}

#[test]
fn e3_identity_or_resource_policy() {
    let object = "arn:aws:s3:::b/*";
    let model = bucket(OWN, vec![to(allow("s3:*", object), &[&format!("aws:{BOB}")])]);
    assert_eq!(outcome(&model, &ask(ALICE)), GRANTED);
    assert_eq!(outcome(&model, &ask(BOB)), BY_RESOURCE);
    // By its account alone nobody is granted anything.
    let model = bucket(OWN, vec![to(allow("s3:*", object), &[&format!("aws:{OWN}")])]);
    assert_eq!(outcome(&model, &ask(BOB)), NO_IDENTITY);
    // An Allow of the identity took part together with the resource's.
    let model = bucket(
        OWN,
        vec![to(allow("s3:*", object), &["*"]), to(allow("s3:*", object), &[&format!("aws:{OWN}")])],
    );
    let decision = decide(&model, &ask(ALICE));
    let named: Vec<_> =
        decision.statements.iter().map(|it| (it.layer, it.policy.as_str(), it.statement)).collect();
    assert_eq!(named, [(Layer::Resource, BUCKET, 0), (Layer::Identity, "inline", 0)]);
}

#[test]
fn v1_v5_a_deny_of_the_resource_policy() {
    let denies = to(deny("s3:*", "arn:aws:s3:::b/*"), &[&format!("aws:{OWN}")]);
    let model = bucket(OWN, vec![denies.clone(), to(allow("s3:*", "*"), &["*"]), denies]);
    let decision = decide(&model, &ask(ALICE));
    assert_eq!((decision.effect, decision.layer), (Effect::ExplicitDeny, Layer::Resource));
    let named: Vec<_> =
        decision.statements.iter().map(|it| (it.policy.as_str(), it.statement, &it.holder)).collect();
    assert_eq!(named, [(BUCKET, 0, &None), (BUCKET, 2, &None)]);
}

#[test]
fn p2_a_statement_without_a_resource_covers_the_resource_itself() {
    let model = bucket(OWN, vec![to(without_resource(allow("s3:*", "*")), &["*"])]);
    assert_eq!(outcome(&model, &request(BOB, "s3:ListBucket", BUCKET)), BY_RESOURCE);
    assert_eq!(outcome(&model, &ask(BOB)), NO_IDENTITY);
}

#[test]
fn e4_across_accounts_both_sides() {
    let model = bucket(OTHER, vec![to(allow("s3:*", "*"), &[&format!("aws:{OWN}")])]);
    assert_eq!(outcome(&model, &ask(ALICE)), GRANTED);
    assert_eq!(outcome(&model, &ask(BOB)), NO_IDENTITY);
    // An unknown principal's own side grants nothing (E13).
    let model = bucket(OTHER, vec![to(allow("s3:*", "*"), &["*"])]);
    assert_eq!(outcome(&model, &ask(NOBODY)), UNKNOWN);
    assert_eq!(outcome(&model, &ask(FOREIGN)), BY_RESOURCE, "the bucket is its account's");
    let model = bucket(OTHER, vec![to(allow("s3:*", "*"), &[&format!("aws:{BOB}")])]);
    assert_eq!(outcome(&model, &ask(ALICE)), implicit(Layer::Resource, Reason::NoStatement));
    assert_eq!(
        outcome(
            &world().user(ALICE, vec![allow("*", "*")]),
            &Request { resource_account: Some(OTHER.to_owned()), ..ask(ALICE) }
        ),
        implicit(Layer::Resource, Reason::CrossAccount)
    );
}

#[test]
fn e5_a_direct_match_grants_past_the_boundary() {
    for (entry, expected) in [
        (format!("aws:{BOB}"), BY_RESOURCE),
        ("*".to_owned(), BY_RESOURCE),
        ("aws:*".to_owned(), BY_RESOURCE),
        (format!("aws:{OWN}"), NO_IDENTITY),
    ] {
        let model = bucket(OWN, vec![to(allow("s3:*", "*"), &[&entry])]).bounded(vec![allow("ec2:*", "*")]);
        assert_eq!(outcome(&model, &ask(BOB)), expected, "{entry}");
    }
    // The bare role is matched at session level, which the boundary limits.
    let role = |boundary| {
        let model = world().role(ROLE, vec![]).bounded(boundary);
        model.resource(BUCKET, Some(OWN), Some(vec![to(allow("s3:*", "*"), &[&format!("aws:{ROLE}")])]))
    };
    assert_eq!(outcome(&role(vec![]), &ask(ROLE)), implicit(Layer::Boundary, Reason::NoStatement));
    let decision = decide(&role(vec![allow("s3:*", "*")]), &ask(ROLE));
    let layers: Vec<_> = decision.statements.iter().map(|it| it.layer).collect();
    assert_eq!((decision.layer, layers), (Layer::Resource, vec![Layer::Resource, Layer::Boundary]));
    // A boundary that a direct match does not need took no part, even where it allows.
    let model = bucket(OWN, vec![to(allow("s3:*", "*"), &["*"])]).bounded(full());
    assert_eq!(decide(&model, &ask(BOB)).statements.len(), 1);
    // An explicit deny in it always denies.
    let model = bucket(OWN, vec![to(allow("s3:*", "*"), &["*"])]).bounded(vec![deny("s3:*", "*")]);
    assert_eq!(outcome(&model, &ask(BOB)).1, Layer::Boundary);
}

#[test]
fn n6_not_principal_and_boundaries() {
    let spares_bob = not_to(deny("s3:*", "*"), &[&format!("aws:{BOB}")]);
    let policy = || vec![spares_bob.clone(), to(allow("s3:*", "*"), &["*"])];
    let model = bucket(OWN, policy());
    assert_eq!(outcome(&model, &ask(BOB)), BY_RESOURCE);
    assert_eq!(outcome(&model, &ask(ALICE)).0, Effect::ExplicitDeny);
    assert_eq!(outcome(&model, &ask("*")).0, Effect::ExplicitDeny);
    let model = model.bounded(vec![allow("*", "*")]);
    assert_eq!(outcome(&model, &ask(BOB)), (Effect::ExplicitDeny, Layer::Resource, Reason::Statement));
}

#[test]
fn e7_root() {
    let by_root = (Effect::Allow, Layer::Identity, Reason::RootUser);
    assert_eq!(outcome(&world(), &request(ROOT, "any:Thing", "*")), by_root);
    assert!(decide(&world(), &request(ROOT, "any:Thing", "*")).statements.is_empty());
    let denied = bucket(OWN, vec![to(deny("s3:*", "*"), &[&format!("aws:{OWN}")])]);
    assert_eq!(outcome(&denied, &ask(ROOT)), (Effect::ExplicitDeny, Layer::Resource, Reason::Statement));
    // Across accounts its own side always grants.
    assert_eq!(outcome(&bucket(OTHER, vec![]), &ask(ROOT)), implicit(Layer::Resource, Reason::NoStatement));
    let named = bucket(OTHER, vec![to(allow("s3:*", "*"), &[&format!("aws:{OWN}")])]);
    assert_eq!(outcome(&named, &ask(ROOT)), BY_RESOURCE);
    assert_eq!(decide(&named, &ask(ROOT)).statements.len(), 1);
    // For KMS keys and trust policies E8 holds for root too.
    let decrypt = request(ROOT, "kms:Decrypt", KEY);
    assert_eq!(outcome(&world(), &decrypt), implicit(Layer::Resource, Reason::NoKeyPolicy));
    let key = |entry: &str| world().resource(KEY, Some(OWN), Some(vec![to(allow("kms:*", "*"), &[entry])]));
    assert_eq!(outcome(&key(&format!("aws:{ROOT}")), &decrypt), by_root);
    assert_eq!(
        outcome(&key(&format!("aws:{OTHER}")), &decrypt),
        implicit(Layer::Resource, Reason::NoStatement)
    );
}

#[test]
fn e8_key_policies() {
    let key = |entry: &str| {
        let model = world().user(ALICE, vec![allow("kms:*", "*")]).user(BOB, vec![]);
        model.resource(KEY, Some(OWN), Some(vec![to(allow("kms:*", "*"), &[entry])]))
    };
    let ask = |principal: &str| request(principal, "kms:Decrypt", KEY);
    // The identity's grant counts where the key policy matches at any level.
    assert_eq!(outcome(&key(&format!("aws:{OWN}")), &ask(ALICE)), GRANTED);
    assert_eq!(outcome(&key(&format!("aws:{OWN}")), &ask(BOB)), NO_IDENTITY);
    assert_eq!(decide(&key(&format!("aws:{OWN}")), &ask(ALICE)).statements.len(), 2);
    // A direct match grants alone.
    assert_eq!(outcome(&key(&format!("aws:{BOB}")), &ask(BOB)), BY_RESOURCE);
    assert_eq!(
        outcome(&key(&format!("aws:{BOB}")), &ask(ALICE)),
        implicit(Layer::Resource, Reason::NoStatement)
    );
}

#[test]
fn e8_trust_policies() {
    let trusting = |statements| {
        world()
            .user(ALICE, vec![allow("sts:*", "*")])
            .user(BOB, vec![])
            .role(ROLE, vec![])
            .trusting(statements)
    };
    let ask = |principal: &str| request(principal, "sts:AssumeRole", ROLE);
    let trust = |entry: &str| trusting(vec![to(without_resource(allow("sts:AssumeRole", "*")), &[entry])]);
    let account = trust(&format!("aws:{OWN}"));
    assert_eq!(outcome(&account, &ask(ALICE)), GRANTED);
    assert_eq!(outcome(&account, &ask(BOB)), NO_IDENTITY);
    let named = trust(&format!("aws:{BOB}"));
    assert_eq!(outcome(&named, &ask(BOB)), BY_RESOURCE);
    assert_eq!(decide(&named, &ask(BOB)).statements[0].policy, ROLE);
    assert_eq!(outcome(&named, &ask(ALICE)), implicit(Layer::Resource, Reason::NoStatement));
    assert_eq!(outcome(&trust("service:ec2.amazonaws.com"), &ask("ec2.amazonaws.com")), BY_RESOURCE);
    assert_eq!(outcome(&trusting(vec![]), &ask(ALICE)), implicit(Layer::Resource, Reason::NoStatement));
    assert_eq!(
        outcome(&world().role(ROLE, vec![]), &ask("*")),
        implicit(Layer::Resource, Reason::NoTrustPolicy)
    );
    // For all other actions it says nothing.
    let denies = trusting(vec![to(without_resource(deny("*", "*")), &["*"])]);
    assert_eq!(outcome(&denies, &ask(ALICE)).0, Effect::ExplicitDeny);
    assert_eq!(outcome(&denies, &request(BOB, "iam:GetRole", ROLE)), NO_IDENTITY);
}

#[test]
fn e8_in_a_scenario_the_trust_policy_is_the_resources() {
    let policy = vec![to(without_resource(allow("sts:AssumeRole", "*")), &[&format!("aws:{BOB}")])];
    let model = world().user(BOB, vec![]).resource(ROLE, None, Some(policy)).scenario();
    assert_eq!(outcome(&model, &request(BOB, "sts:AssumeRole", ROLE)), BY_RESOURCE);
    assert_eq!(outcome(&model, &request(BOB, "iam:PassRole", ROLE)), NO_IDENTITY);
    // For all other actions it says nothing.
    let denies = Some(vec![to(without_resource(deny("*", "*")), &["*"])]);
    let model = world().user(BOB, vec![]).resource(ROLE, None, denies).scenario();
    assert_eq!(outcome(&model, &request(BOB, "sts:AssumeRole", ROLE)).0, Effect::ExplicitDeny);
    assert_eq!(outcome(&model, &request(BOB, "iam:PassRole", ROLE)), NO_IDENTITY);
}

#[test]
fn e8_without_a_caller_side_the_trust_policy_decides() {
    let action = "sts:AssumeRoleWithWebIdentity";
    let statement = to(without_resource(allow(action, "*")), &["federated:accounts.google.com"]);
    let model = world().role(ROLE, vec![]).trusting(vec![when(statement, "accounts.google.com:aud", "app")]);
    let ask = with(request("accounts.google.com", action, ROLE), "accounts.google.com:aud", "app");
    assert_eq!(outcome(&model, &ask), BY_RESOURCE);
    let other = request("accounts.google.com", action, ROLE);
    assert_eq!(outcome(&model, &other), implicit(Layer::Resource, Reason::NoStatement));
    // Identity policies play no part, their denies neither.
    let trusts = to(without_resource(allow("sts:*", "*")), &[&format!("aws:{ALICE}")]);
    let model = world()
        .user(ALICE, vec![deny("*", "*")])
        .bounded(vec![deny("*", "*")])
        .role(ROLE, vec![])
        .trusting(vec![trusts]);
    assert_eq!(outcome(&model, &request(ALICE, action, ROLE)), BY_RESOURCE);
    assert_eq!(outcome(&model, &request(ALICE, "sts:AssumeRole", ROLE)).0, Effect::ExplicitDeny);
    // So that of an allow the trust policy's statements are all.
    let trusts = to(without_resource(allow("sts:*", "*")), &[&format!("aws:{ROLE}")]);
    let model = world().role(ROLE, full()).bounded(full()).trusting(vec![trusts]);
    let layers: Vec<_> =
        decide(&model, &request(ROLE, action, ROLE)).statements.iter().map(|it| it.layer).collect();
    assert_eq!(layers, [Layer::Resource]);
    // A resource that is no role has no trust policy, whatever its own policy says.
    let model = bucket(OWN, vec![to(allow("*", "*"), &["*"])]);
    assert_eq!(
        outcome(&model, &request(BOB, action, BUCKET)),
        implicit(Layer::Resource, Reason::NoTrustPolicy)
    );
}

#[test]
fn e9_anonymous_requests_need_a_star() {
    for (entry, expected) in [
        ("*", BY_RESOURCE),
        ("aws:*", BY_RESOURCE),
        ("aws:111111111111", implicit(Layer::Resource, Reason::NoStatement)),
        ("service:*", implicit(Layer::Resource, Reason::NoStatement)),
    ] {
        let model = bucket(OWN, vec![to(allow("s3:*", "*"), &[entry])]);
        assert_eq!(outcome(&model, &ask("*")), expected, "{entry}");
    }
}

#[test]
fn e10_service_principals() {
    let model = bucket(OWN, vec![to(allow("s3:*", "*"), &["service:logs.amazonaws.com"])]);
    assert_eq!(outcome(&model, &ask("logs.amazonaws.com")), BY_RESOURCE);
    assert_eq!(outcome(&model, &ask("ec2.amazonaws.com")), implicit(Layer::Resource, Reason::NoStatement));
    assert_eq!(
        outcome(&model, &request("ec2.amazonaws.com", "sns:Publish", "arn:aws:sns:r:111111111111:t")),
        implicit(Layer::Resource, Reason::NoResourcePolicy)
    );
}

#[test]
fn e11_for_everybody_after_explicit_denies() {
    let owned = implicit(Layer::Service, Reason::OwnedByAws);
    let write = |principal| request(principal, "iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/p");
    for principal in [ROOT, ALICE, NOBODY, "*"] {
        assert_eq!(outcome(&bucket(OWN, vec![]), &write(principal)), owned, "{principal}");
    }
}

#[test]
fn e12_endpoint_policies() {
    let through = |id, statements| bucket(OWN, vec![]).endpoint(id, statements);
    let blocked = implicit(Layer::Endpoint, Reason::NoStatement);
    // Without an id every request comes through it. P2: an absent principal means everybody.
    assert_eq!(outcome(&through(None, vec![]), &ask(ALICE)), blocked);
    assert_eq!(outcome(&through(None, vec![allow("s3:*", "*")]), &ask(ALICE)), GRANTED);
    assert_eq!(
        outcome(&through(None, vec![to(allow("s3:*", "*"), &["aws:111111111111"])]), &ask(ALICE)),
        GRANTED
    );
    let denied = decide(&through(None, vec![deny("s3:*", "*")]), &ask(ALICE));
    assert_eq!((denied.layer, denied.statements[0].policy.as_str()), (Layer::Endpoint, "endpoint"));
    // With one those whose context names it.
    let model = through(Some("vpce-1"), vec![]);
    assert_eq!(outcome(&model, &ask(ALICE)), GRANTED);
    assert_eq!(outcome(&model, &with(ask(ALICE), "aws:sourceVpce", "vpce-1")), blocked);
    assert_eq!(outcome(&model, &with(ask(ALICE), "aws:SourceVpce", "vpce-2")), GRANTED);
    // A list does not say through which one: nothing passes.
    for ids in [&["vpce-1"][..], &["vpce-2", "vpce-3"], &[]] {
        let mut unclear = ask(ALICE);
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        unclear.context.push(("aws:SourceVpce".to_owned(), ContextValue::Many(ids)));
        assert_eq!(outcome(&through(Some("vpce-1"), vec![allow("*", "*")]), &unclear), blocked);
        assert_eq!(outcome(&bucket(OWN, vec![]), &unclear), GRANTED);
    }
    // It bears on root, services and nobody in particular alike.
    assert_eq!(outcome(&through(None, vec![]), &ask(ROOT)), blocked);
    assert_eq!(outcome(&through(None, vec![]), &ask("*")), blocked);
}

#[test]
fn e13_unknown_principals_and_resource_policies() {
    let bare = "arn:aws:iam::111111111111:role/gone";
    let session = "arn:aws:sts::111111111111:assumed-role/gone/s";
    for (entry, user, role, behind) in [
        ("*", BY_RESOURCE, BY_RESOURCE, BY_RESOURCE),
        ("aws:arn:aws:iam::111111111111:user/nobody", BY_RESOURCE, UNKNOWN, UNKNOWN),
        // A session of an unknown role is granted by its session ARN only.
        ("aws:arn:aws:iam::111111111111:role/gone", UNKNOWN, BY_RESOURCE, UNKNOWN),
        ("aws:arn:aws:sts::111111111111:assumed-role/gone/s", UNKNOWN, UNKNOWN, BY_RESOURCE),
        ("aws:111111111111", UNKNOWN, UNKNOWN, UNKNOWN),
    ] {
        let model = bucket(OWN, vec![to(allow("s3:*", "*"), &[entry])]);
        for (principal, expected) in [(NOBODY, user), (bare, role), (session, behind)] {
            assert_eq!(outcome(&model, &ask(principal)), expected, "{entry} {principal}");
        }
        let denies = bucket(OWN, vec![to(allow("s3:*", "*"), &["*"]), to(deny("s3:*", "*"), &[entry])]);
        if entry.contains("role/gone") || entry == "*" {
            assert_eq!(
                outcome(&denies, &ask(session)).0,
                Effect::ExplicitDeny,
                "a deny takes effect at any level"
            );
        }
    }
}

#[test]
fn v6_an_undeclared_resource_of_a_declared_service_is_another_accounts() {
    let model = bucket(OWN, vec![]);
    let elsewhere = request(ALICE, "s3:GetObject", "arn:aws:s3:::elsewhere/x");
    assert_eq!(outcome(&model, &elsewhere), implicit(Layer::Resource, Reason::CrossAccount));
    let told = Request { resource_account: Some(OWN.to_owned()), ..elsewhere };
    assert_eq!(outcome(&model, &told), GRANTED);
}

#[test]
fn c12_resource_tags_are_the_models() {
    let tagged = |key: &str| when(allow("s3:*", "*"), key, "prod");
    let mut model =
        world().user(ALICE, vec![tagged("aws:ResourceTag/env")]).resource(BUCKET, Some(OWN), None);
    let forged = with(ask(ALICE), "aws:ResourceTag/env", "prod");
    assert_eq!(outcome(&model, &forged), GRANTED, "nothing is known of its tags");
    model.resources[0].tags = Some(vec![]);
    assert_eq!(outcome(&model, &forged), NO_IDENTITY);
    assert_eq!(outcome(&model, &Request { context_complete: true, ..forged }), GRANTED);
}
