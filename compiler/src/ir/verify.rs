//! The IR's verifier. A violation is a bug of this compiler, never the user's.
//!
//! - Every id leads to an item of its table.
//! - Action and resource sets are canonical: not empty, sorted, each pattern once, nothing that matches nothing, `*` alone and never negated.
//! - Guards are not empty, and hold each atom once.
//! - Every rule has a source; every rule list holds each rule once; every permission set is sorted and holds each list once.

use std::collections::BTreeSet;
use std::fmt;

use super::Ir;
use crate::pattern::{ActionForm, ResourceForm};

/// A sentence of the verifier that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The table.
    pub table: &'static str,
    /// The item.
    pub index: usize,
    /// What does not hold.
    pub what: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "internal error: IR {} {}: {}", self.table, self.index, self.what)
    }
}

impl std::error::Error for Violation {}

/// Whether a list of patterns is canonical.
fn canonical<T: Ord>(patterns: &[T], negated: bool, nothing: &T, everything: &T) -> bool {
    let alone = patterns.len() == 1 && !negated || !patterns.contains(everything);
    !patterns.is_empty() && patterns.is_sorted_by(|a, b| a < b) && !patterns.contains(nothing) && alone
}

/// Checks all sentences. Linear in the IR.
///
/// # Errors
/// The first violation found.
pub fn verify(ir: &Ir) -> Result<(), Violation> {
    let check =
        |holds: bool, table, index, what| if holds { Ok(()) } else { Err(Violation { table, index, what }) };
    for (index, set) in ir.action_sets.items().iter().enumerate() {
        let holds = canonical(&set.patterns, set.negated, &ActionForm::Nothing, &ActionForm::Everything);
        check(holds, "action set", index, "not canonical")?;
    }
    for (index, set) in ir.resource_sets.items().iter().enumerate() {
        let holds = canonical(&set.patterns, set.negated, &ResourceForm::Nothing, &ResourceForm::Everything);
        check(holds, "resource set", index, "not canonical")?;
    }
    for (index, guard) in ir.guards.items().iter().enumerate() {
        let distinct: BTreeSet<_> = guard.iter().collect();
        check(!guard.is_empty() && distinct.len() == guard.len(), "guard", index, "empty, or an atom twice")?;
        check(guard.iter().all(|&atom| ir.atoms.get(atom).is_some()), "guard", index, "unknown atom")?;
    }
    for (index, rule) in ir.rules.items().iter().enumerate() {
        let known =
            ir.action_sets.get(rule.actions).is_some() && ir.resource_sets.get(rule.resources).is_some();
        check(known, "rule", index, "unknown set")?;
        check(rule.guard.is_none_or(|guard| ir.guards.get(guard).is_some()), "rule", index, "unknown guard")?;
        check(ir.sources.get(index).is_some_and(|sources| !sources.is_empty()), "rule", index, "no source")?;
    }
    for (index, list) in ir.rule_lists.items().iter().enumerate() {
        let distinct: BTreeSet<_> = list.iter().collect();
        check(distinct.len() == list.len(), "rule list", index, "a rule twice")?;
        check(list.iter().all(|&rule| ir.rules.get(rule).is_some()), "rule list", index, "unknown rule")?;
    }
    for (index, set) in ir.sets.items().iter().enumerate() {
        check(set.is_sorted_by(|a, b| a < b), "permission set", index, "not sorted, or a list twice")?;
        check(
            set.iter().all(|&list| ir.rule_lists.get(list).is_some()),
            "permission set",
            index,
            "unknown list",
        )?;
    }
    for (index, principal) in ir.principals.iter().enumerate() {
        let known = |set: u32| ir.sets.get(set).is_some();
        let sets = known(principal.identity) && principal.boundary.is_none_or(known);
        check(sets, "principal", index, "unknown permission set")?;
        check(principal.identity_documents.is_sorted(), "principal", index, "documents not sorted")?;
    }
    Ok(())
}
