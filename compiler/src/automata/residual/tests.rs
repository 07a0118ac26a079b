//! What is joined, and within which limits.

use super::*;
use crate::ir::{ActionSet, ResourceSet, Rule};
use crate::pattern::{Glob, ResourceForm};

/// Policies of one rule each, on a bucket each, all joined in one cell and in its halves.
fn joined(budget: Budget, merging: usize) -> Roots {
    let mut ir = Ir::default();
    let actions = ir.action_sets.intern(ActionSet { negated: false, patterns: Vec::new() });
    let part = |text: &str| Glob::literal(text);
    let parts = |name: &str| [part("arn"), part("aws"), part("s3"), part(""), part(""), part(name)];
    for name in ["one", "two", "three", "four", "five", "six"] {
        let patterns = vec![ResourceForm::Parts(Box::new(parts(name)))];
        let resources = ir.resource_sets.intern(ResourceSet { negated: false, patterns });
        ir.rules.intern(Rule { effect: Effect::Allow, actions, resources, guard: None });
    }
    let mut roots = Roots::new(&ir, &Classifiers::default(), budget);
    roots.merging = merging;
    let ids: Vec<u32> = (0..6).map(|rule| roots.residual(&ir, &[rule])).collect();
    let maker = &mut Maker::default();
    roots.build(&ir, maker);
    let cells = [ids.clone(), ids.iter().rev().copied().collect(), ids[..3].to_vec()];
    let lists = roots.lists(&ir, maker, &cells);
    assert_eq!(lists.first(), lists.get(1), "the order of a cell means nothing");
    roots
}

#[test]
fn what_is_joined_is_built_once() {
    let roots = joined(Budget::default(), usize::MAX);
    assert_eq!(roots.parts.len(), 6 + 2);
    assert_eq!(roots.merged.len(), 2);
    assert!(roots.lists.items().iter().all(|list| list.len() == 1));
}

/// What joining may cost is limited in all; past that a list keeps its roots.
#[test]
fn past_the_budget_nothing_more_is_joined() {
    let roots = joined(Budget::default(), 1);
    assert_eq!(roots.merged.values().filter(|root| root.is_ok()).count(), 1);
    assert_eq!(roots.lists.items().iter().filter(|list| list.len() > 1).count(), 1);
    let roots = joined(Budget::default(), 0);
    assert!(roots.merged.values().all(Result::is_err));
    assert!(roots.lists.items().iter().all(|list| list.len() > 1));
    let roots = joined(Budget { work: 0, ..Budget::default() }, usize::MAX);
    assert!(roots.lists.items().iter().all(|list| list.len() > 1));
}

/// A smaller limit that was too little takes nothing away.
#[test]
fn what_was_joined_stays() {
    let mut roots = Roots::default();
    let mut after = |came_to| {
        roots.remember(&[1, 2], came_to);
        roots.merged.get(&vec![1, 2]).copied()
    };
    assert_eq!(after(Err(100)), Some(Err(100)));
    assert_eq!(after(Err(50)), Some(Err(100)));
    assert_eq!(after(Err(200)), Some(Err(200)));
    assert_eq!(after(Ok(7)), Some(Ok(7)));
    assert_eq!(after(Err(300)), Some(Ok(7)));
    assert_eq!(after(Ok(8)), Some(Ok(7)));
}

#[test]
fn more_nodes_than_references_can_name_are_an_error() {
    let words = {
        let mut roots = joined(Budget::default(), usize::MAX);
        roots.finish(1_000).unwrap();
        roots.nodes.len()
    };
    assert_eq!(joined(Budget::default(), usize::MAX).finish(words), Ok(()));
    assert_eq!(joined(Budget::default(), usize::MAX).finish(words - 1), Err(TooLarge));
}
