//! SCPs and RCPs.

use super::super::super::support::{OTHER, OWN, World, allow, deny, request, to, world};
use super::*;
use crate::model::ControlId;

const ALICE: &str = "arn:aws:iam::111111111111:user/alice";
const ROOT: &str = "arn:aws:iam::111111111111:root";
const LINKED: &str = "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/L";
const LINKED_SESSION: &str = "arn:aws:sts::111111111111:assumed-role/L/s";
const BUCKET: &str = "arn:aws:s3:::b";

fn outcome(model: &Model, request: &Request) -> (Effect, Layer, Option<usize>) {
    let decision = decide(model, request);
    (decision.effect, decision.layer, decision.level)
}

const ALLOWED: (Effect, Layer, Option<usize>) = (Effect::Allow, Layer::Identity, None);
const BY_RESOURCE: (Effect, Layer, Option<usize>) = (Effect::Allow, Layer::Resource, None);

fn full() -> Vec<Statement> {
    vec![allow("*", "*")]
}

fn principals() -> Model {
    world().user(ALICE, full()).role(LINKED, full())
}

/// The SCPs of the root and of the accounts.
fn under(root: Vec<Statement>, account: Vec<Statement>) -> Model {
    principals().organization([root, vec![]], [account, vec![]])
}

/// A bucket of this account that is open to everybody, under these RCPs of the root and of the accounts.
fn guarded(owner: &str, root: Vec<Statement>, account: Vec<Statement>) -> Model {
    principals().organization([full(), root], [full(), account]).resource(
        BUCKET,
        Some(owner),
        Some(vec![to(allow("*", "*"), &["*"])]),
    )
}

fn everybody(statement: Statement) -> Statement {
    to(statement, &["*"])
}

#[test]
fn e1_every_level_has_to_allow() {
    let ask = request(ALICE, "svc:Get", "*");
    let silent = |level| (Effect::ImplicitDeny, Layer::Scp, Some(level));
    assert_eq!(outcome(&under(full(), full()), &ask), ALLOWED);
    assert_eq!(outcome(&under(vec![], full()), &ask), silent(0));
    assert_eq!(outcome(&under(full(), vec![]), &ask), silent(1));
    assert_eq!(outcome(&under(vec![], vec![]), &ask), silent(0));
    assert_eq!(outcome(&under(full(), vec![allow("other:*", "*")]), &ask), silent(1));
    let decision = decide(&under(full(), full()), &ask);
    let named: Vec<_> = decision.statements.iter().map(|it| (it.layer, it.policy.as_str())).collect();
    assert_eq!(
        named,
        [(Layer::Scp, "p-root-scp"), (Layer::Scp, "p-account-scp"), (Layer::Identity, "inline")]
    );
}

#[test]
fn e1_a_deny_at_any_level_denies() {
    let ask = request(ALICE, "svc:Get", "*");
    let denies = || vec![allow("*", "*"), deny("svc:*", "*"), deny("*", "*")];
    let decision = decide(&under(full(), denies()), &ask);
    assert_eq!(
        (decision.effect, decision.layer, decision.level),
        (Effect::ExplicitDeny, Layer::Scp, Some(1))
    );
    let named: Vec<_> = decision.statements.iter().map(|it| (it.policy.as_str(), it.statement)).collect();
    assert_eq!(named, [("p-account-scp", 1), ("p-account-scp", 2)]);
    // V5: of two the one nearer to the root, and of a deny and a silent level the deny.
    assert_eq!(outcome(&under(denies(), denies()), &ask).2, Some(0));
    assert_eq!(outcome(&under(vec![], denies()), &ask), (Effect::ExplicitDeny, Layer::Scp, Some(1)));
}

#[test]
fn e1_to_whom_scps_apply() {
    let silent = under(vec![], vec![]);
    let applies =
        |model: &Model, principal: &str| outcome(model, &request(principal, "svc:Get", "*")).1 == Layer::Scp;
    for principal in [
        ALICE,
        ROOT,
        "arn:aws:iam::111111111111:user/nobody",
        "arn:aws:sts::222222222222:assumed-role/r/s",
        "arn:aws:sts::111111111111:federated-user/alice",
        // Never by name: this role is not held.
        "arn:aws:iam::222222222222:role/aws-service-role/x.amazonaws.com/L",
    ] {
        assert!(applies(&silent, principal), "{principal}");
    }
    for principal in [
        LINKED,
        LINKED_SESSION,
        "x.amazonaws.com",
        "*",
        "arn:aws:iam::111111111111:saml-provider/idp",
        // The management account, and one outside of the organization.
        "arn:aws:iam::333333333333:user/x",
        "arn:aws:iam::444444444444:root",
    ] {
        assert!(!applies(&silent, principal), "{principal}");
    }
    // The path begins so; further down it is a path like any other.
    let role = "arn:aws:iam::111111111111:role/x/aws-service-role/L";
    assert!(applies(&under(vec![], vec![]).role(role, full()), role));
    // V2: SCPs that are not switched on are not there.
    let mut off = silent;
    off.organization.as_mut().unwrap().scps = false;
    assert!(!applies(&off, ALICE));
}

#[test]
fn v3_the_scps_of_one_level_are_one_policy() {
    let mut model = under(full(), vec![allow("other:*", "*")]);
    // The root's full access, attached to the account too.
    model.organization.as_mut().unwrap().accounts[0].scps.push(ControlId(0));
    assert_eq!(outcome(&model, &request(ALICE, "svc:Get", "*")), ALLOWED);
}

#[test]
fn e2_rcps_bear_on_the_resources_of_member_accounts() {
    let denies = || vec![everybody(deny("s3:*", "*"))];
    let ask = |principal: &str| request(principal, "s3:GetObject", "arn:aws:s3:::b/x");
    for principal in [ALICE, ROOT, "*", "x.amazonaws.com", "arn:aws:iam::444444444444:user/x"] {
        for (model, level) in [(guarded(OWN, denies(), vec![]), 0), (guarded(OWN, vec![], denies()), 1)] {
            let expected = (Effect::ExplicitDeny, Layer::Rcp, Some(level));
            assert_eq!(outcome(&model, &ask(principal)), expected, "{principal}");
        }
    }
    let decision = decide(&guarded(OTHER, denies(), denies()), &ask(ALICE));
    assert_eq!((decision.layer, decision.statements.len()), (Layer::Rcp, 1));
    assert_eq!(decision.statements[0].policy, "p-root-rcp");
    // A full-access RCP stands on every level: nothing has to allow.
    assert_eq!(outcome(&guarded(OWN, vec![], vec![]), &ask(ALICE)), ALLOWED);
    // Not to the management account's resources, nor to those of strangers.
    for owner in ["333333333333", "444444444444"] {
        assert_eq!(outcome(&guarded(owner, denies(), denies()), &ask(ALICE)), ALLOWED, "{owner}");
    }
    // Not to calls of service-linked roles.
    let model = guarded(OWN, denies(), denies());
    assert_eq!(outcome(&model, &ask(LINKED)), ALLOWED);
    assert_eq!(outcome(&model, &ask(LINKED_SESSION)), ALLOWED);
    // P2: an absent principal means everybody.
    assert_eq!(outcome(&guarded(OWN, vec![deny("s3:*", "*")], vec![]), &ask("*")).1, Layer::Rcp);
}

#[test]
fn e2_for_the_services_that_support_them() {
    let model = guarded(OWN, vec![everybody(deny("*", "*"))], vec![]);
    assert_eq!(outcome(&model, &request(ALICE, "S3:ListAllMyBuckets", "*")).1, Layer::Rcp);
    assert_eq!(outcome(&model, &request(ALICE, "ec2:RunInstances", "*")), ALLOWED);
    assert_eq!(outcome(&model, &request(ALICE, "s3express:Get", "*")), ALLOWED);
}

#[test]
fn e2_the_rcps_of_a_scenario_always_apply() {
    let mut model = principals()
        .organization([full(), vec![]], [full(), vec![everybody(deny("ec2:*", "*"))]])
        .resource("*", None, None)
        .scenario();
    let ask = request(ALICE, "ec2:RunInstances", "*");
    assert_eq!(outcome(&model, &ask), ALLOWED);
    model.resources[0].rcps = Some(vec![vec![], vec![ControlId(3)]]);
    assert_eq!(outcome(&model, &ask), (Effect::ExplicitDeny, Layer::Rcp, Some(1)));
    // Except to a service-linked role that the scenario holds by its own ARN.
    assert_eq!(outcome(&model, &Request { principal: LINKED.to_owned(), ..ask }), ALLOWED);
}

#[test]
fn e8_without_a_caller_side_scps_do_not_apply_and_rcps_do() {
    let role = "arn:aws:iam::111111111111:role/r";
    let trust = || vec![to(allow("sts:*", "*"), &["*"])];
    let ask = request(ALICE, "sts:AssumeRoleWithSAML", role);
    let model = |rcp| {
        world()
            .user(ALICE, vec![])
            .role(role, vec![])
            .trusting(trust())
            .organization([vec![], rcp], [vec![], vec![]])
    };
    assert_eq!(outcome(&model(vec![]), &ask), BY_RESOURCE);
    assert_eq!(outcome(&model(vec![everybody(deny("sts:*", "*"))]), &ask).1, Layer::Rcp);
    assert_eq!(outcome(&model(vec![]), &request(ALICE, "sts:AssumeRole", role)).1, Layer::Scp);
}
