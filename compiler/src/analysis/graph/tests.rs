//! Pictures as data: what is in them, and what is not.

use petgraph::visit::EdgeRef as _;
use portcullis_grammar::source::Source;

use super::*;
use crate::automata::{self, Budget};
use crate::resolve::{Options, resolve};

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

fn model(gate: &str) -> Model {
    let resolved = resolve(&[Source::new("a.gate", gate)], &[], &Options::default());
    resolved.model.unwrap_or_else(|| panic!("{:#?}", resolved.diagnostics))
}

/// Every arrow in a line.
fn arrows(picture: &Picture) -> Vec<String> {
    let name = |at| {
        let node: &Node = &picture.graph[at];
        if node.id.is_empty() { node.label.clone() } else { node.id.clone() }
    };
    let line = |edge: petgraph::graph::EdgeReference<'_, Edge>| {
        let it = edge.weight();
        let label = if it.label.is_empty() { String::new() } else { format!(" ({})", it.label.join("; ")) };
        let conditional = if it.conditional { " conditional" } else { "" };
        format!("{} {:?} {}{label}{conditional}", name(edge.source()), it.kind, name(edge.target()))
    };
    picture.graph.edge_references().map(line).collect()
}

/// Rules N1 to N6: whom trust policies name.
#[test]
fn who_may_assume_whom() {
    let picture = access(&model(
        r#"account 123456789012 {
            user alice {}
            role a { trust { allow user alice if aws:MultiFactorAuthPresent  allow role b } }
            role b { trust { allow role a  allow service ec2.amazonaws.com  deny * if aws:SecureTransport = false } }
            role c { trust { allow account 123456789012  allow user alice for sts:TagSession } }
            role d { trust { allow * } }
        }"#,
    ));
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    let found = arrows(&picture);
    for line in [
        format!("{ALICE} Assumes {} (if aws:MultiFactorAuthPresent) conditional", role("a")),
        format!("{} Assumes {}", role("a"), role("b")),
        format!("{} Assumes {}", role("b"), role("a")),
        format!("ec2.amazonaws.com Assumes {}", role("b")),
        format!("123456789012 Assumes {} (if its policies allow)", role("c")),
        format!("everyone Assumes {}", role("d")),
        format!("everyone KeepsOut {} (if aws:SecureTransport) conditional", role("b")),
    ] {
        assert!(found.contains(&line), "{line}: {found:#?}");
    }
    // Passing tags is no taking of the role.
    assert!(!found.contains(&format!("{ALICE} Assumes {}", role("c"))), "{found:#?}");
}

#[test]
fn what_bears_on_one_identity_and_nothing_else() {
    let model = model(
        r#"account 123456789012 {
            policy Own { allow s3:* on * }
            policy Others { allow sqs:* on * }
            policy Most { allow * on * }
            group staff { attach Own }
            user alice in staff { boundary Most }
            user bob { attach Others }
            role mine { trust { allow user alice }  attach Others }
            role bobs { trust { allow user bob } }
        }"#,
    );
    let found = arrows(&bearing_on(&model, ALICE).unwrap());
    let arn = |rest: &str| format!("arn:aws:iam::123456789012:{rest}");
    assert_eq!(
        found,
        [
            format!("{ALICE} Member {}", arn("group/staff")),
            format!("{ALICE} Assumes {}", arn("role/mine")),
            format!("{ALICE} Boundary {} (boundary)", arn("policy/Most")),
            format!("{} Gets {}", arn("group/staff"), arn("policy/Own")),
        ]
    );
    assert!(bearing_on(&model, "alice").is_none());
    assert!(bearing_on(&model, &arn("group/staff")).is_none());
}

/// The picture of one identity's automata reads the words that are written into bundles: all states are found, and each leads on.
#[test]
fn every_state_is_reached() {
    let model = model(
        r#"account 123456789012 { user alice { inline all {
            allow s3:GetObject, s3:PutObject on arn:aws:s3:::a-*/x/?/*, arn:aws:s3:::b/${aws:username}/*
            deny s3:PutObject on arn:aws:s3:::a-*-sealed/* if aws:SourceIp in 10.0.0.0/8
            allow s3:GetObject on arn:aws:s3:::one/*, arn:aws:s3:::two/*, arn:aws:s3:::three/*, arn:aws:s3:::four/*, arn:aws:s3:::five/k
        } } }"#,
    );
    let ir = crate::lower(&model);
    let built = automata::build(&ir, Budget::default(), None).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let mut stack: Vec<u32> = built.roots.lists.items().iter().flatten().copied().collect();
    while let Some(reference) = stack.pop() {
        if reference >> 31 == 0 && seen.insert(reference) {
            let ways = built.roots.ways(reference);
            assert!(!ways.is_empty());
            stack.extend(ways.iter().map(|way| way.target));
        }
    }
    assert_eq!(seen.len(), built.roots.states);
    let picture = automaton(&model, ALICE, None).unwrap().unwrap();
    let kinds: Vec<NodeKind> = picture.graph.node_weights().map(|node| node.kind).collect();
    for kind in [
        NodeKind::User,
        NodeKind::Layer,
        NodeKind::Actions,
        NodeKind::State,
        NodeKind::Allow,
        NodeKind::Depends,
    ] {
        assert!(kinds.contains(&kind), "{kind:?}: {kinds:?}");
    }
}

#[test]
fn one_action_alone() {
    let model = model(
        r#"account 123456789012 { user alice { inline all {
            allow s3:Get*, mine:Do* on arn:aws:s3:::a/*
            deny s3:GetObject on arn:aws:s3:::a/sealed
        } } }"#,
    );
    let labels = |action: &str| -> Vec<String> {
        let picture = automaton(&model, ALICE, Some(action)).unwrap().unwrap();
        let shown = picture.graph.node_weights().filter(|node| node.kind != NodeKind::State);
        shown.map(|node| node.label.clone()).collect()
    };
    assert_eq!(labels("s3:getobject"), ["alice", "identity policies", "s3:GetObject", "allow", "deny"]);
    assert_eq!(
        labels("s3:PutObject"),
        ["alice", "identity policies", "s3:PutObject", "no statement applies"]
    );
    // Also one that nobody has heard of.
    assert_eq!(labels("mine:DoIt"), ["alice", "identity policies", "mine:doit", "allow"]);
    assert_eq!(labels("other:Thing"), ["alice", "identity policies", "other:thing", "no statement applies"]);
    assert!(automaton(&model, "alice", None).unwrap().is_none());
}

/// What fits nowhere is told once; what would otherwise be taken for something else is told.
#[test]
fn where_arrows_may_be_left_out() {
    let arrows = |policy: &str| -> Vec<String> {
        let model = model(&format!("account 123456789012 {{ user alice {{ inline all {{ {policy} }} }} }}"));
        arrows(&automaton(&model, ALICE, Some("s3:GetObject")).unwrap().unwrap()).split_off(2)
    };
    let step = |from: &str, to: &str, label: &str| format!("{from} Step {to} ({label})");
    // Rule R3: all but these.
    assert_eq!(
        arrows("allow s3:GetObject on * except arn:aws:s3:::a/*"),
        [
            "s3:GetObject Step ".to_owned(),
            "s3:GetObject Otherwise allow (else)".to_owned(),
            step("", "no statement applies", "\"arn:aws:s3:::a/\""),
        ]
    );
    assert_eq!(
        arrows("allow s3:GetObject on arn:aws:s3:::a/?"),
        [
            "s3:GetObject Step ".to_owned(),
            step("", "", "\"arn:aws:s3:::a/\""),
            step("", "", "any character"),
            " Otherwise allow (ends here)".to_owned(),
        ]
    );
    // What is looked for, though it leads where nothing else fits: else the loop would hide it.
    assert!(
        arrows("allow s3:GetObject on * except arn:aws:s3:::*  allow s3:GetObject on arn:aws:s3:::*/ab/*")
            .iter()
            .any(|arrow| arrow.ends_with("Step allow (\"ab/\")"))
    );
    // Two rules that say the same are one box.
    assert_eq!(
        arrows(
            "allow s3:GetObject on arn:aws:s3:::a/*, arn:aws:s3:::b/*  deny s3:GetObject on arn:aws:s3:::a/x"
        ),
        [
            "s3:GetObject Step ".to_owned(),
            step("", "", "\"arn:aws:s3:::a/\""),
            step("", "allow", "\"arn:aws:s3:::b/\""),
            step("", "", "\"x\""),
            " Otherwise allow (else; ends before)".to_owned(),
            step("", "allow", "any character"),
            " Otherwise deny (ends here)".to_owned(),
        ]
    );
}
