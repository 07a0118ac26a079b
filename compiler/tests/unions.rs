//! Permission sets that are unions: which ones become so, and what is checked of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

use portcullis_compiler::CompileOptions;
use portcullis_compiler::automata::{Automata, Budget, build, verify};
use portcullis_compiler::bundle::{WriteError, write};
use portcullis_compiler::ir::{
    Account, ActionSet, Ir, Layer, Principal, Resource, ResourcePolicy, ResourceSet, Rule,
};
use portcullis_compiler::merge::{DocumentSource, PrincipalRef};
use portcullis_compiler::model::{Effect, Model};
use portcullis_compiler::pattern::{ActionForm, Glob, ResourceForm};

/// Policies that each allow something of a service of their own, and the sets of some of them.
fn ir(policies: u32, sets: &[&[u32]]) -> Ir {
    let mut ir = Ir::default();
    let patterns = vec![ResourceForm::Everything];
    let resources = ir.resource_sets.intern(ResourceSet { negated: false, patterns });
    for policy in 0..policies {
        let service = Glob::literal(&format!("svc{policy}"));
        let names = [Glob::literal("get"), Glob::wildcards("get*")];
        let patterns = names.map(|name| ActionForm::Named { service: service.clone(), name }).to_vec();
        let actions = ir.action_sets.intern(ActionSet { negated: false, patterns });
        let rule = ir.rules.intern(Rule { effect: Effect::Allow, actions, resources, guard: None });
        ir.rule_lists.intern(vec![rule]);
    }
    for set in sets {
        ir.sets.intern(set.to_vec());
    }
    ir
}

fn built(ir: &Ir, services: usize) -> Automata {
    let automata = build(ir, Budget { services, ..Budget::default() }, None).unwrap();
    verify(ir, &automata).unwrap();
    automata
}

/// What the verifier says of automata that a fault got into.
fn refused(ir: &Ir, fault: impl Fn(&mut Automata)) -> &'static str {
    let mut automata = built(ir, 0);
    fault(&mut automata);
    verify(ir, &automata).unwrap_err().what
}

/// Two unions of three policies; one policy also stands alone in the IR.
#[test]
fn a_union_is_of_its_policies() {
    let ir = ir(3, &[&[0, 1], &[1, 2], &[1]]);
    let sets = built(&ir, 0).sets;
    assert_eq!(sets[0].parts, [2, 3]);
    assert_eq!(sets[1].parts, [2, 4]);
    assert!(built(&ir, 100).sets.iter().all(|set| set.parts.is_empty()));
    let other = "a union of other policies than its own";
    assert_eq!(refused(&ir, |it| it.sets[0].parts = vec![2, 4]), other);
    assert_eq!(refused(&ir, |it| it.sets[0].parts = vec![2, 3, 4]), other);
    assert_eq!(
        refused(&ir, |it| it.sets[3].parts = vec![2, 4]),
        "a union of less than two, or of what is no set with rows"
    );
    assert_eq!(
        refused(&ir, |it| it.sets[4].parts = vec![2, 3]),
        "a union of less than two, or of what is no set with rows"
    );
    let behind = "sets behind those of the IR that are not of a policy each";
    assert_eq!(refused(&ir, |it| it.besides.swap(0, 1)), other);
    assert_eq!(refused(&ir, |it| it.besides[1] = 0), behind);
    assert_eq!(refused(&ir, |it| it.besides[1] = 3), behind);
    assert_eq!(refused(&ir, |it| it.sets.truncate(4)), behind);
}

#[test]
fn a_union_has_the_rule_roots_of_its_parts() {
    let ir = ir(3, &[&[0, 1], &[1, 2]]);
    let lists = "a union with other rule root lists than its parts";
    assert_eq!(built(&ir, 0).sets[0].rule_root_lists.len(), 2);
    assert_eq!(refused(&ir, |it| it.sets[0].rule_root_lists.truncate(1)), lists);
    assert_eq!(refused(&ir, |it| it.sets[0].rule_root_lists = it.sets[1].rule_root_lists.clone()), lists);
}

fn layer(set: u32) -> Layer {
    Layer { set, documents: Vec::new() }
}

fn resource_policy(set: u32) -> ResourcePolicy {
    ResourcePolicy { direct: set, session: set, account: set, document: DocumentSource::Trust(0) }
}

fn principal(identity: u32) -> Principal {
    Principal {
        principal: PrincipalRef::User(0),
        identity,
        boundary: None,
        identity_documents: Vec::new(),
        boundary_documents: Vec::new(),
        trust: None,
    }
}

fn account(scps: Option<u32>, rcps: Option<u32>) -> Account {
    let levels = |set: Option<u32>| set.map(|set| vec![layer(set)]);
    Account { number: "123456789012".into(), scps: levels(scps), rcps: levels(rcps) }
}

/// The only set with rows of its own: of five sets of two services a quarter of the budget is one.
fn own_rows(change: impl Fn(&mut Ir)) -> usize {
    let mut ir = ir(10, &[&[0, 1], &[2, 3], &[4, 5], &[6, 7], &[8, 9]]);
    change(&mut ir);
    let sets = built(&ir, 8).sets;
    let own: Vec<usize> = (0..5).filter(|&set| sets[set].parts.is_empty()).collect();
    assert_eq!(own.len(), 1, "{own:?}");
    own[0]
}

/// What stands in everybody's way comes before what two principals have, and that before what nobody asks.
#[test]
fn what_is_asked_most_has_rows_of_its_own() {
    assert_eq!(own_rows(|_| ()), 0);
    let two = |ir: &mut Ir| ir.principals = vec![principal(3), principal(3)];
    assert_eq!(own_rows(two), 3);
    let with = |change: &dyn Fn(&mut Ir)| {
        own_rows(|ir| {
            two(ir);
            change(ir);
        })
    };
    assert_eq!(with(&|ir| ir.principals[0].boundary = Some(4)), 3);
    assert_eq!(with(&|ir| ir.principals[0].trust = Some(resource_policy(4))), 4);
    assert_eq!(with(&|ir| ir.accounts.push(account(Some(4), None))), 4);
    assert_eq!(with(&|ir| ir.accounts.push(account(None, Some(4)))), 4);
    assert_eq!(with(&|ir| ir.resources.push(Resource { policy: None, rcps: Some(vec![layer(4)]) })), 4);
    assert_eq!(with(&|ir| ir.resources.push(Resource { policy: Some(resource_policy(4)), rcps: None })), 4);
    assert_eq!(with(&|ir| ir.endpoints.push(layer(4))), 4);
    assert_eq!(with(&|ir| ir.session = Some(layer(4))), 4);
}

/// Services that find no slots are an error of the writer, not a set without any.
#[test]
fn a_service_twice_is_no_bundle() {
    let ir = ir(2, &[&[0]]);
    let mut automata = built(&ir, 0);
    assert!(
        write(
            &Model::default(),
            &ir,
            &automata,
            &CompileOptions { strip: true, ..CompileOptions::default() }
        )
        .is_ok()
    );
    let twice = automata.sets[0].services[0];
    automata.sets[0].services.push(twice);
    let written = write(
        &Model::default(),
        &ir,
        &automata,
        &CompileOptions { strip: true, ..CompileOptions::default() },
    );
    assert!(matches!(written, Err(WriteError::Services)), "{written:?}");
}
