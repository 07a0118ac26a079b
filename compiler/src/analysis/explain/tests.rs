//! Explanations of small worlds made by hand: what is matched, what nearly, and the obstacles in their order.

use portcullis_runtime::decision::Effect as Answer;

use super::*;
use crate::model::{ManagedPolicy, Statement};
use crate::reference::support::{
    OTHER, OWN, World as _, allow, deny, in_session, not_to, request, to, when, with, without_resource, world,
};

const ALICE: &str = "arn:aws:iam::111111111111:user/alice";
const BUCKET: &str = "arn:aws:s3:::b";

fn explained(model: &Model, request: &Request) -> Explanation {
    let explanation = explain(model, request, &["narrow.json".to_owned()]);
    assert_eq!(explanation.decision, crate::reference::decide(model, request), "it explains the decision");
    assert_eq!(explanation.obstacles.is_empty(), explanation.decision.effect == Answer::Allow);
    explanation
}

fn of(explanation: &Explanation, layer: Layer, level: Option<usize>) -> &LayerReport {
    let mut reports = explanation.layers.iter();
    reports.find(|report| report.layer == layer && report.level == level).unwrap()
}

/// The layers, and the level, of the obstacles.
fn obstacles(explanation: &Explanation) -> Vec<(Layer, Option<usize>, &'static str)> {
    let kind = |kind: &ObstacleKind| match kind {
        ObstacleKind::Denied(_) => "denied",
        ObstacleKind::Silent { .. } => "silent",
        ObstacleKind::Other(reason) => reason.name(),
    };
    explanation.obstacles.iter().map(|it| (it.layer, it.level, kind(&it.kind))).collect()
}

fn asks() -> Request {
    request(ALICE, "s3:Get", BUCKET)
}

#[test]
fn a_statement_fails_in_the_parts_that_fail() {
    let condition = |statement| when(when(statement, "k:x", "1"), "k:y", "2");
    let model = world().user(
        ALICE,
        vec![
            allow("s3:Put", BUCKET),
            condition(allow("s3:Get", BUCKET)),
            condition(allow("s3:Get", "arn:aws:s3:::${aws:username}")),
            condition(allow("s3:*", "arn:aws:s3:::${k:none}")),
        ],
    );
    let explanation = explained(&model, &with(asks(), "k:x", "1"));
    let report = of(&explanation, Layer::Identity, None);
    assert_eq!((report.verdict, report.of.as_str()), (Verdict::Silent, ALICE));
    assert_eq!((report.matched.len(), report.near.len(), report.others), (0, 3, 1));
    let places: Vec<usize> = report.near.iter().map(|miss| miss.statement.index).collect();
    assert_eq!(places, [1, 2, 3], "what fails in fewer parts comes first");
    let [Part::Condition(condition)] = &*report.near[0].failed else { panic!("{:?}", report.near[0]) };
    assert_eq!((condition.key.as_str(), &condition.request), ("k:y", &None));
    assert_eq!(condition.values, ["2"]);
    let [Part::Resource(Some(resources)), Part::Condition(_)] = &*report.near[1].failed else {
        panic!("{:?}", report.near[1])
    };
    let alice = ContextValue::One("alice".to_owned());
    assert_eq!(resources.variables, [("aws:username".to_owned(), Some(alice))]);
    let neither = explained(&model, &asks());
    let report = of(&neither, Layer::Identity, None);
    assert_eq!((report.near.len(), report.others), (1, 3), "three parts that fail are too many");
}

#[test]
fn statements_are_named_by_policy_version_and_file() {
    let mut model = world().user(ALICE, vec![allow("s3:Get", "*")]).bounded(vec![allow("s3:*", "*")]);
    let explanation = explained(&model, &asks());
    let names: Vec<(&str, Option<&str>)> =
        explanation.statements.iter().map(|it| (it.policy.as_str(), it.version.as_deref())).collect();
    assert_eq!(names, [("arn:aws:iam::111111111111:user/alice#inline", None), ("boundary", Some("v1"))]);
    let first = &explanation.statements[0];
    assert_eq!((first.file.as_str(), first.line, first.sid.as_deref()), ("test", 1, Some("Allow")));
    model.policies.iter_mut().for_each(|policy: &mut ManagedPolicy| policy.arn = "other".into());
    assert_eq!(explained(&model, &asks()).statements[1].policy, "other");
    let session = in_session(asks(), vec![vec![allow("s3:*", "*")]]);
    let explanation = explained(&model, &session);
    let report = of(&explanation, Layer::Session, None);
    assert_eq!(report.matched[0].statement.file, "narrow.json");
    assert_eq!((report.of.as_str(), report.verdict), (ALICE, Verdict::Allows));
}

/// Rule V5: denials first, from the outside in; then what had to allow.
#[test]
fn v5_obstacles_come_in_the_order_in_which_they_are_met() {
    let all = || vec![allow("*", "*")];
    let denies = || vec![allow("*", "*"), deny("s3:Get", "*")];
    let model = world()
        .user(ALICE, vec![deny("s3:Get", BUCKET)])
        .bounded(Vec::new())
        .resource(BUCKET, Some(OWN), Some(vec![to(deny("s3:*", "*"), &["*"])]))
        .organization([denies(), vec![to(deny("*", "*"), &["*"])]], [Vec::new(), Vec::new()]);
    assert_eq!(
        obstacles(&explained(&model, &asks())),
        [
            (Layer::Rcp, Some(0), "denied"),
            (Layer::Scp, Some(0), "denied"),
            (Layer::Resource, None, "denied"),
            (Layer::Identity, None, "denied"),
            (Layer::Scp, Some(1), "silent"),
            (Layer::Identity, None, "silent"),
            (Layer::Boundary, None, "silent"),
        ]
    );
    let open = world().user(ALICE, all()).organization([all(), Vec::new()], [denies(), Vec::new()]);
    let explanation = explained(&open, &asks());
    assert_eq!(obstacles(&explanation), [(Layer::Scp, Some(1), "denied")]);
    let (root, account) = (of(&explanation, Layer::Scp, Some(0)), of(&explanation, Layer::Scp, Some(1)));
    assert_eq!((root.of.as_str(), root.verdict), ("root", Verdict::Allows));
    assert_eq!((account.of.as_str(), account.verdict), ("account 111111111111", Verdict::Denies));
}

#[test]
fn e3_within_one_account_the_resource_policy_may_be_enough() {
    let owned = |statement: Statement| {
        world().user(ALICE, Vec::new()).resource(BUCKET, Some(OWN), Some(vec![statement]))
    };
    let silent = |model: &Model| {
        let explanation = explained(model, &asks());
        match &explanation.obstacles[0].kind {
            ObstacleKind::Silent { or_resource, is_delegated, .. } => {
                (or_resource.as_ref().map(Vec::len), *is_delegated)
            }
            other => panic!("{other:?}"),
        }
    };
    let named = |name: &str| owned(to(allow("s3:Get", BUCKET), &[name]));
    assert_eq!(silent(&named("aws:arn:aws:iam::111111111111:user/bob")), (Some(1), false));
    assert_eq!(silent(&named("aws:111111111111")), (Some(0), true), "it delegates to the account");
    assert_eq!(silent(&world().user(ALICE, Vec::new())), (None, false), "there is none");
}

#[test]
fn e4_e13_another_account_and_who_is_not_held() {
    let bob = |statement| to(statement, &["aws:arn:aws:iam::111111111111:user/bob"]);
    let policy = vec![bob(allow("s3:Get", BUCKET)), bob(without_resource(allow("s3:Get", "*")))];
    let model = world().user(ALICE, Vec::new()).resource(BUCKET, Some(OTHER), Some(policy));
    let explanation = explained(&model, &asks());
    assert_eq!(
        obstacles(&explanation),
        [(Layer::Resource, None, "silent"), (Layer::Identity, None, "silent")]
    );
    let report = of(&explanation, Layer::Resource, None);
    let entries = vec!["arn:aws:iam::111111111111:user/bob".to_owned()];
    let wanted = Part::Principal(Some(Clause { negated: false, entries, variables: Vec::new() }));
    assert_eq!(report.near[0].failed[..], std::slice::from_ref(&wanted)[..]);
    assert_eq!(report.near[1].failed, [wanted]);
    let object = explained(&model, &request(ALICE, "s3:Get", "arn:aws:s3:::b/x"));
    let report = of(&object, Layer::Resource, None);
    assert_eq!(report.of, BUCKET, "the bucket's policy");
    assert_eq!(report.near[1].failed[1], Part::Resource(None));
    let stranger = explained(&model, &request("arn:aws:iam::111111111111:user/eve", "s3:Get", BUCKET));
    assert_eq!(
        obstacles(&stranger),
        [(Layer::Resource, None, "silent"), (Layer::Identity, None, "unknown_principal")]
    );
    assert_eq!(
        obstacles(&explained(&world(), &request("*", "s3:Get", BUCKET))),
        [(Layer::Resource, None, "no_resource_policy")]
    );
    assert_eq!(
        obstacles(&explained(&world(), &request("no principal", "s3:Get", BUCKET))),
        [(Layer::None, None, "malformed_principal")]
    );
}

#[test]
fn a_denial_tells_what_makes_it_apply() {
    let model = world().user(ALICE, vec![allow("*", "*"), when(deny("s3:*", "arn:aws:s3:::b*"), "k:x", "1")]);
    let explanation = explained(&model, &with(asks(), "k:x", "1"));
    let ObstacleKind::Denied(statements) = &explanation.obstacles[0].kind else { panic!() };
    assert_eq!(statements.len(), 1, "the allow is no obstacle");
    assert_eq!(statements[0].conditions[0].key, "k:x");
    assert_eq!(statements[0].resources.as_ref().unwrap().entries, ["arn:aws:s3:::b*"]);
    let spared = world().user(ALICE, vec![allow("*", "*")]).resource(
        BUCKET,
        Some(OWN),
        Some(vec![not_to(deny("s3:*", "*"), &[&format!("aws:{ALICE}")])]),
    );
    let explanation = explained(&spared, &asks());
    let report = of(&explanation, Layer::Resource, None);
    let Part::Principal(Some(clause)) = &report.near[0].failed[0] else { panic!() };
    assert!(clause.negated, "NotPrincipal spares the caller");
}

/// Rule E12: the endpoint through which the request came; another one is no layer of it.
#[test]
fn e12_endpoints() {
    let model = world().user(ALICE, vec![allow("*", "*")]).endpoint(Some("vpce-1"), Vec::new());
    assert!(explained(&model, &asks()).layers.iter().all(|report| report.layer != Layer::Endpoint));
    let explanation = explained(&model, &with(asks(), "aws:SourceVpce", "vpce-1"));
    assert_eq!(obstacles(&explanation), [(Layer::Endpoint, None, "silent")]);
    assert_eq!(of(&explanation, Layer::Endpoint, None).of, "vpce-1");
}
