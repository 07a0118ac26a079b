//! The order of the rules, on a small account made by hand.

use super::super::support::request;
use super::*;
use crate::model::{
    AccountId, ActionClause, ActionPattern, Document, DocumentKind, DocumentVersion, FileId, Group, GroupId,
    Identity, InlinePolicy, ManagedPolicy, Origin, PolicyId, PolicyVersion, ResourceClause, ResourcePattern,
    Role, Statement, Tag, User,
};
use crate::pattern::{ActionForm, ResourceForm};
use crate::request::ContextValue;

mod organizations;
mod resources;
mod sessions;

const ORIGIN: Origin = Origin { file: FileId(0), line: 1, column: 1 };
const ALICE: &str = "arn:aws:iam::123456789012:user/alice";
const ROLE: &str = "arn:aws:iam::123456789012:role/r";

fn document(statements: &[(model::Effect, &str, &str)]) -> Document {
    let statement = |(effect, action, resource): &(model::Effect, &str, &str)| Statement {
        sid: Some(format!("{effect:?}").into()),
        effect: *effect,
        principals: None,
        actions: ActionClause {
            negated: false,
            patterns: vec![ActionPattern { form: ActionForm::Nothing, text: (*action).into() }],
        },
        resources: Some(ResourceClause {
            negated: false,
            patterns: vec![ResourcePattern { form: ResourceForm::Nothing, text: (*resource).into() }],
        }),
        conditions: Vec::new(),
        variables: true,
        origin: ORIGIN,
    };
    Document {
        version: DocumentVersion::V2012,
        kind: DocumentKind::Identity,
        statements: statements.iter().map(statement).collect(),
        origin: ORIGIN,
    }
}

fn identity(arn: &str, inline: &[(model::Effect, &str, &str)]) -> Identity {
    let name = arn.rsplit('/').next().unwrap();
    Identity {
        arn: arn.into(),
        name: name.into(),
        path: "/".into(),
        unique_id: format!("AIDA{name}").into(),
        account: AccountId(0),
        inline: vec![InlinePolicy { name: "inline".into(), document: document(inline) }],
        attached: Vec::new(),
        origin: ORIGIN,
    }
}

fn managed(arn: &str, versions: &[&[(model::Effect, &str, &str)]], default: u32) -> ManagedPolicy {
    let version = |(index, statements): (usize, &&[(model::Effect, &str, &str)])| PolicyVersion {
        id: format!("v{index}").into(),
        document: document(statements),
    };
    ManagedPolicy {
        arn: arn.into(),
        name: arn.into(),
        versions: versions.iter().enumerate().map(version).collect(),
        default,
        origin: ORIGIN,
    }
}

use model::Effect::{Allow, Deny};

/// Alice may do everything in svc and a little more; her group adds grp:*; her boundary holds what she gets.
fn world() -> Model {
    let mut alice = User {
        identity: identity(
            ALICE,
            &[
                (Allow, "svc:*", "*"),
                (Deny, "svc:Denied", "*"),
                (Allow, "iam:*", "*"),
                (Allow, "kms:*", "*"),
                (Allow, "sts:*", "*"),
                (Allow, "svc:*", "arn:aws:svc:::${aws:username}-${aws:PrincipalTag/team}"),
                (Allow, "home:Get", "arn:aws:home:::${aws:username}/${aws:PrincipalTag/team}"),
            ],
        ),
        groups: vec![GroupId(0)],
        boundary: Some(PolicyId(0)),
        tags: vec![Tag { key: "Team".into(), value: "blue".into() }],
    };
    alice.identity.attached.push(PolicyId(1));
    Model {
        files: vec!["test".into()],
        accounts: vec!["123456789012".into()],
        users: vec![alice],
        groups: vec![Group {
            identity: identity("arn:aws:iam::123456789012:group/g", &[(Allow, "grp:*", "*")]),
        }],
        roles: vec![Role {
            identity: identity(ROLE, &[(Allow, "svc:*", "*")]),
            trust: None,
            boundary: None,
            tags: Vec::new(),
            max_session_seconds: None,
        }],
        policies: vec![
            managed(
                "boundary",
                &[&[(Allow, "*", "*"), (Deny, "svc:Bounded", "*"), (Deny, "svc:Denied", "*")]],
                0,
            ),
            managed("attached", &[&[(Allow, "old:*", "*")], &[(Allow, "new:*", "*")]], 1),
        ],
        ..Model::default()
    }
}

fn outcome(request: &Request) -> (Effect, Layer, Reason) {
    let decision = decide(&world(), request);
    (decision.effect, decision.layer, decision.reason)
}

fn implicit(layer: Layer, reason: Reason) -> (Effect, Layer, Reason) {
    (Effect::ImplicitDeny, layer, reason)
}

const GRANTED: (Effect, Layer, Reason) = (Effect::Allow, Layer::Identity, Reason::Statement);

#[test]
fn v1_explicit_denies_win_and_v5_names_the_first_layer() {
    assert_eq!(outcome(&request(ALICE, "svc:Get", "*")), GRANTED);
    let denied = |layer| (Effect::ExplicitDeny, layer, Reason::Statement);
    assert_eq!(outcome(&request(ALICE, "svc:Denied", "*")), denied(Layer::Identity));
    assert_eq!(outcome(&request(ALICE, "svc:Bounded", "*")), denied(Layer::Boundary));
    let decision = decide(&world(), &request(ALICE, "svc:Denied", "*"));
    assert_eq!(decision.statements.len(), 1);
    assert_eq!((decision.statements[0].policy.as_str(), decision.statements[0].statement), ("inline", 1));
}

#[test]
fn v2_a_boundary_that_is_there_but_silent_grants_nothing() {
    let mut model = world();
    model.policies[0] = managed("boundary", &[&[]], 0);
    let decision = decide(&model, &request(ALICE, "svc:Get", "*"));
    assert_eq!((decision.layer, decision.reason), (Layer::Boundary, Reason::NoStatement));
    model.users[0].boundary = None;
    assert_eq!(decide(&model, &request(ALICE, "svc:Get", "*")).effect, Effect::Allow);
}

#[test]
fn v4_limits() {
    let limit = implicit(Layer::Limit, Reason::LimitExceeded);
    let long = |length: usize| format!("arn:aws:svc:::{}", "x".repeat(length - 14));
    assert_eq!(outcome(&request(ALICE, "svc:Get", &long(2_048))), GRANTED);
    assert_eq!(outcome(&request(ALICE, "svc:Get", &long(2_049))), limit);
    assert_eq!(outcome(&request(ALICE, &format!("svc:{}", "x".repeat(252)), "*")), GRANTED);
    assert_eq!(outcome(&request(ALICE, &format!("svc:{}", "x".repeat(253)), "*")), limit);
    assert_eq!(outcome(&request(&long(2_049), "svc:Get", "*")), limit);
    let with = |context| Request { context, ..request(ALICE, "svc:Get", "*") };
    let text = |length| vec![("k".to_owned(), ContextValue::Many(vec!["x".repeat(length)]))];
    assert_eq!(outcome(&with(text(8_192))), GRANTED);
    assert_eq!(outcome(&with(text(8_193))), limit);
    let keys =
        |count: usize| (0..count).map(|key| (key.to_string(), ContextValue::Many(Vec::new()))).collect();
    assert_eq!(outcome(&with(keys(256))), GRANTED);
    assert_eq!(outcome(&with(keys(257))), limit);
}

#[test]
fn v6_the_account_of_the_resource() {
    let cross = implicit(Layer::Resource, Reason::CrossAccount);
    let mut asked = request(ALICE, "svc:Get", "arn:aws:svc::999999999999:x");
    assert_eq!(outcome(&asked), cross);
    asked.resource_account = Some("123456789012".to_owned());
    assert_eq!(outcome(&asked), GRANTED);
    let mut asked = request(ALICE, "svc:Get", "arn:aws:svc:::x");
    assert_eq!(outcome(&asked), GRANTED);
    asked.resource_account = Some("999999999999".to_owned());
    assert_eq!(outcome(&asked), cross);
    assert_eq!(
        outcome(&request(ALICE, "svc:Get", "arn:aws:svc::99999999999:x")),
        GRANTED,
        "eleven digits are no account"
    );
}

#[test]
fn e5_every_layer_that_must_grant_grants() {
    assert_eq!(outcome(&request(ALICE, "other:Get", "*")), implicit(Layer::Identity, Reason::NoStatement));
    let decision = decide(&world(), &request(ALICE, "svc:Get", "*"));
    assert_eq!(
        decision.statements.iter().map(|statement| statement.layer).collect::<Vec<_>>(),
        [Layer::Identity, Layer::Boundary]
    );
}

#[test]
fn e9_e10_services_and_nobody_are_granted_by_resource_policies_only() {
    for (principal, layer, reason) in [
        ("*", Layer::Resource, Reason::NoResourcePolicy),
        ("ec2.amazonaws.com", Layer::Resource, Reason::NoResourcePolicy),
        ("arn:aws:iam::123456789012:saml-provider/idp", Layer::Resource, Reason::NoResourcePolicy),
        ("arn:aws:s3:::b", Layer::None, Reason::MalformedPrincipal),
    ] {
        assert_eq!(outcome(&request(principal, "svc:Get", "*")), implicit(layer, reason), "{principal}");
    }
}

#[test]
fn e8_actions_that_no_policy_controls() {
    let free = (Effect::Allow, Layer::Service, Reason::NotControlled);
    let root = "arn:aws:iam::123456789012:root";
    let session = "arn:aws:sts::123456789012:assumed-role/r/s";
    for principal in [ALICE, ROLE, root, session, "ec2.amazonaws.com", "arn:aws:iam::999999999999:user/x"] {
        assert_eq!(outcome(&request(principal, "STS:getCallerIdentity", "*")), free, "{principal}");
    }
    for principal in [ALICE, root, "arn:aws:iam::999999999999:user/x"] {
        assert_eq!(outcome(&request(principal, "sts:GetSessionToken", "*")), free, "{principal}");
    }
    for principal in [ROLE, session, "ec2.amazonaws.com", "*"] {
        assert_ne!(outcome(&request(principal, "sts:GetSessionToken", "*")), free, "{principal}");
    }
    assert_eq!(
        outcome(&request("*", "sts:GetCallerIdentity", "*")),
        implicit(Layer::Resource, Reason::NoResourcePolicy)
    );
}

#[test]
fn e8_stricter_contracts() {
    let trust = implicit(Layer::Resource, Reason::NoTrustPolicy);
    assert_eq!(outcome(&request(ALICE, "sts:AssumeRole", ROLE)), trust);
    assert_eq!(outcome(&request(ALICE, "sts:TagSession", ROLE)), trust);
    assert_eq!(outcome(&request(ALICE, "sts:AssumeRole", "*")), GRANTED, "no role");
    assert_eq!(outcome(&request(ALICE, "STS:AssumeRoleWithSAML", "*")), trust, "no caller side");
    let key = "arn:aws:kms:eu-west-1:123456789012:key/k";
    assert_eq!(outcome(&request(ALICE, "kms:Decrypt", key)), implicit(Layer::Resource, Reason::NoKeyPolicy));
    assert_eq!(
        outcome(&request(ALICE, "kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:alias/k")),
        GRANTED
    );
}

#[test]
fn e11_what_aws_owns() {
    let owned = implicit(Layer::Service, Reason::OwnedByAws);
    assert_eq!(outcome(&request(ALICE, "iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/p")), owned);
    assert_eq!(
        outcome(&request(ALICE, "iam:PassRole", "arn:aws:iam::123456789012:role/aws-reserved/r")),
        owned
    );
    assert_eq!(
        outcome(&request(ALICE, "kms:DeleteAlias", "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3")),
        owned
    );
    assert_eq!(outcome(&request(ALICE, "iam:GetPolicy", "arn:aws:iam::aws:policy/p")), GRANTED);
    assert_eq!(outcome(&request(ALICE, "iam:PassRole", ROLE)), GRANTED);
}

#[test]
fn e13_unknown_principals() {
    let unknown = "arn:aws:iam::123456789012:user/nobody";
    assert_eq!(
        outcome(&request(unknown, "svc:Get", "*")),
        implicit(Layer::Identity, Reason::UnknownPrincipal)
    );
    assert_eq!(
        outcome(&request("arn:aws:iam::123456789012:user/Alice", "svc:Get", "*")).2,
        Reason::UnknownPrincipal
    );
}

#[test]
fn i1_i2_groups_and_default_versions() {
    assert_eq!(outcome(&request(ALICE, "grp:Get", "*")), GRANTED);
    assert_eq!(outcome(&request(ALICE, "new:Get", "*")), GRANTED);
    assert_eq!(outcome(&request(ALICE, "old:Get", "*")), implicit(Layer::Identity, Reason::NoStatement));
}

#[test]
fn c12_a_caller_cannot_forge_the_principals_keys() {
    let text = |key: &str, value: &str| (key.to_owned(), ContextValue::One(value.to_owned()));
    let mut asked = request(ALICE, "home:Get", "arn:aws:home:::alice/blue");
    assert_eq!(outcome(&asked), GRANTED);
    asked.context = vec![text("AWS:username", "bob"), text("aws:principaltag/TEAM", "red")];
    assert_eq!(outcome(&asked), GRANTED);
    // In a scenario the context is complete as written.
    asked.context_complete = true;
    assert_eq!(outcome(&asked), implicit(Layer::Identity, Reason::NoStatement));
    asked.resource = "arn:aws:home:::bob/red".to_owned();
    assert_eq!(outcome(&asked), GRANTED);
}
