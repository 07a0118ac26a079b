//! The automata's verifier. A violation is a bug of this compiler, never the user's.
//!
//! - Every action that the combination treats by a contract of its own (rules R4, E8, E11) is in the vocabulary, where its flags stand.
//! - Every row has a root list for each class of its service, and every root list is known.
//! - The services of a permission set ascend, and no row says only what the default says; a union has none, and ascending parts, at least
//!   two, that are no unions. Its parts are the sets of its policies, each alone, and its rule root lists are those of its parts.
//! - Root lists have their terminals first, no root twice, and none that says nothing.
//! - Behind the sets of the IR stand sets of one policy each, none twice, and nothing else.
//! - Every rule root list names known rule roots; it ascends, and so do the lists of a permission set.
//! - Every classifier has the classes that all have, and every atom of one holds of classes that it has; `Null` aside none
//!   holds of a list (rule C6).

use std::collections::BTreeSet;

use portcullis_runtime::format::{TERMINAL_BIT, class, terminal};

use super::Automata;
use crate::facts;
use crate::ir::{Ir, Violation};
use crate::model::BaseOperator;

/// Checks all sentences. Linear in the tables. The node arena itself is checked by the runtime's validation, which every bundle passes
/// before it is written.
///
/// # Errors
/// The first violation found.
pub fn verify(ir: &Ir, automata: &Automata) -> Result<(), Violation> {
    let check =
        |holds: bool, table, index, what| if holds { Ok(()) } else { Err(Violation { table, index, what }) };
    for action in facts::controlled_actions() {
        let known = automata.vocabulary.actions.iter().any(|known| known.name == action);
        check(known, "vocabulary", 0, "an action with a contract of its own is missing")?;
    }
    let lists = automata.roots.lists.len() as u32;
    for (index, row) in automata.rows.items().iter().enumerate() {
        check(row.iter().all(|&list| list < lists), "row", index, "unknown root list")?;
    }
    let besides: BTreeSet<u32> = automata.besides.iter().copied().collect();
    let distinct = besides.len() == automata.besides.len();
    let known = besides.last().is_none_or(|&list| ir.rule_lists.get(list).is_some());
    let count = ir.sets.len() + automata.besides.len();
    let besides = distinct && known && automata.sets.len() == count;
    check(besides, "permission set", count, "sets behind those of the IR that are not of a policy each")?;
    for (index, set) in automata.sets.iter().enumerate() {
        let plain = |&part: &u32| automata.sets.get(part as usize).is_some_and(|part| part.parts.is_empty());
        let joins = set.parts.is_empty()
            || set.parts.len() >= 2
                && set.services.is_empty()
                && set.parts.is_sorted_by(|a, b| a < b)
                && set.parts.iter().all(plain);
        check(joins, "permission set", index, "a union of less than two, or of what is no set with rows")?;
        let exact = set.parts.is_empty() || joins_its_policies(ir, automata, index, &set.parts);
        check(exact, "permission set", index, "a union of other policies than its own")?;
        let inherits = set.parts.is_empty() || set.rule_root_lists == lists_of(automata, &set.parts);
        check(inherits, "permission set", index, "a union with other rule root lists than its parts")?;
        check(set.default_list < lists, "permission set", index, "unknown default list")?;
        check(
            set.services.is_sorted_by(|a, b| a.0 < b.0),
            "permission set",
            index,
            "services not ascending",
        )?;
        for &(service, row) in &set.services {
            let classes =
                automata.vocabulary.services.get(service as usize).map(|service| service.classes.len());
            let row = automata.rows.get(row);
            check(row.map(Vec::len) == classes, "permission set", index, "a row does not fit its service")?;
            let differs = row.is_some_and(|row| row.iter().any(|&list| list != set.default_list));
            check(differs, "permission set", index, "a row says what the default says")?;
        }
        let known = |&list: &u32| automata.rule_root_lists.get(list).is_some();
        check(set.rule_root_lists.iter().all(known), "permission set", index, "unknown rule root list")?;
        let ascending = set.rule_root_lists.is_sorted_by(|a, b| a < b);
        check(ascending, "permission set", index, "rule root lists not ascending")?;
    }
    for (index, list) in automata.roots.lists.items().iter().enumerate() {
        let ordered = list.is_sorted_by(|a, b| a ^ TERMINAL_BIT < b ^ TERMINAL_BIT);
        check(ordered, "root list", index, "terminals not first, or a root twice")?;
        let speaks = list.iter().all(|&root| root != terminal::NOTHING);
        check(speaks, "root list", index, "a root that says nothing")?;
    }
    for (index, list) in automata.rule_root_lists.items().iter().enumerate() {
        check(
            list.iter().all(|&root| automata.rule_roots.get(root).is_some()),
            "rule root list",
            index,
            "unknown root",
        )?;
        check(list.is_sorted_by(|a, b| a < b), "rule root list", index, "not ascending")?;
    }
    for (index, classifier) in automata.classifiers.items.iter().enumerate() {
        let least = classifier.classes > class::OTHER;
        check(least, "classifier", index, "a class that every classifier has is missing")?;
    }
    for (index, atom) in automata.classifiers.atoms.iter().enumerate() {
        let Some((classifier, set)) = atom else { continue };
        let classes = automata.classifiers.items.get(*classifier as usize).map_or(0, |it| it.classes);
        let set = automata.classifiers.sets.get(*set);
        let known = set.is_some_and(|set| set.runs().last().is_none_or(|&(_, end)| end <= classes));
        check(known, "atom", index, "holds of classes that are not its classifier's")?;
        let listed = set.is_some_and(|set| set.has(class::LIST));
        check(!listed || is_null(ir, index), "atom", index, "holds of a list")?;
    }
    Ok(())
}

/// Whether parts are the sets of the policies of a set, each of one policy alone.
fn joins_its_policies(ir: &Ir, automata: &Automata, set: usize, parts: &[u32]) -> bool {
    let policy = |&part: &u32| match ir.sets.items().get(part as usize) {
        Some(lists) => lists.first().copied().filter(|_| lists.len() == 1),
        None => automata.besides.get((part as usize).checked_sub(ir.sets.len())?).copied(),
    };
    let policies: Option<Vec<u32>> = parts.iter().map(policy).collect();
    policies.is_some_and(|mut policies| {
        policies.sort_unstable();
        ir.sets.items().get(set) == Some(&policies)
    })
}

/// The rule root lists of some sets, sorted, each once.
fn lists_of(automata: &Automata, sets: &[u32]) -> Vec<u32> {
    let sets = sets.iter().filter_map(|&set| automata.sets.get(set as usize));
    let lists: BTreeSet<u32> = sets.flat_map(|set| set.rule_root_lists.iter().copied()).collect();
    lists.into_iter().collect()
}

fn is_null(ir: &Ir, atom: usize) -> bool {
    ir.atoms.items().get(atom).is_some_and(|atom| atom.operator.base == BaseOperator::Null)
}
