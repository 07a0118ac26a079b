//! Which permission sets get rows of their own, and which are unions of sets of one policy.
//!
//! Rows of its own make a set fast: one look-up, and its policies merged. But they are as many as there are combinations of policies, and at
//! a hundred thousand identities nearly all of the bundle. So where not all sets fit the budget, those that are asked most come first, as far
//! as a quarter of it goes: a set counts for each principal that has it, and a level of control policies for every principal there is.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::rows::{PolicyRows, SetTable};
use crate::intern::HashMap;
use crate::ir::{Ir, ResourcePolicy};

/// The sets that become unions.
pub(super) struct Unions {
    /// By set of the IR.
    joins: Vec<bool>,
    /// By policy: the set of it alone.
    alone: HashMap<u32, u32>,
    /// Policies whose sets stand behind those of the IR.
    pub(super) besides: Vec<u32>,
    /// Number of sets of the IR.
    count: u32,
}

impl Unions {
    /// Chooses. Time: services of all sets, and a sort.
    pub(super) fn of(ir: &Ir, policies: &[PolicyRows], budget: usize) -> Self {
        let count = ir.sets.len();
        let uses = uses(ir);
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&set| Reverse(uses.get(set).copied()));
        let services = |lists: &Vec<u32>| {
            if lists.len() < 2 {
                return 0;
            }
            let rows = lists.iter().filter_map(|&list| policies.get(list as usize));
            rows.flat_map(PolicyRows::services).collect::<BTreeSet<u32>>().len()
        };
        let services: Vec<usize> = ir.sets.items().iter().map(services).collect();
        let mut joins = vec![false; count];
        let mut left = if services.iter().sum::<usize>() <= budget { budget } else { budget / 4 };
        for set in order {
            match left.checked_sub(services.get(set).copied().unwrap_or(0)) {
                Some(rest) => left = rest,
                None => joins.iter_mut().skip(set).take(1).for_each(|joins| *joins = true),
            }
        }
        let alone = (0..).zip(ir.sets.items()).filter_map(|(set, lists)| match lists.as_slice() {
            &[list] => Some((list, set)),
            _ => None,
        });
        Self { joins, alone: alone.collect(), besides: Vec::new(), count: count as u32 }
    }

    /// Whether a set is a union.
    pub(super) fn joins(&self, set: u32) -> bool {
        self.joins.get(set as usize).copied().unwrap_or(false)
    }

    /// The union of some policies.
    pub(super) fn table(&mut self, lists: &[u32], policies: &[&PolicyRows]) -> SetTable {
        let mut parts: Vec<u32> = lists.iter().map(|&list| self.alone(list)).collect();
        parts.sort_unstable();
        let mut rule_root_lists: Vec<u32> = policies.iter().filter_map(|policy| policy.rule_roots).collect();
        rule_root_lists.sort_unstable();
        rule_root_lists.dedup();
        SetTable { parts, rule_root_lists, ..SetTable::default() }
    }

    fn alone(&mut self, list: u32) -> u32 {
        *self.alone.entry(list).or_insert_with(|| {
            self.besides.push(list);
            self.count + self.besides.len() as u32 - 1
        })
    }
}

/// By set of the IR: how many ask it. Time: all that names a set.
fn uses(ir: &Ir) -> Vec<u64> {
    let mut uses = vec![0_u64; ir.sets.len()];
    let mut add = |set: u32, more: u64| {
        if let Some(uses) = uses.get_mut(set as usize) {
            *uses = uses.saturating_add(more);
        }
    };
    let policy = |policy: &ResourcePolicy| [policy.direct, policy.session, policy.account];
    for principal in &ir.principals {
        add(principal.identity, 1);
        principal.boundary.into_iter().for_each(|set| add(set, 1));
        principal.trust.iter().flat_map(policy).for_each(|set| add(set, 1));
    }
    // Levels and endpoints stand in the way of whoever comes, also of principals that the bundle does not hold. They are few.
    let everyone = (ir.principals.len() as u64).saturating_add(1);
    for account in &ir.accounts {
        let levels = account.scps.iter().chain(&account.rcps).flatten();
        levels.for_each(|level| add(level.set, everyone));
    }
    for resource in &ir.resources {
        resource.policy.iter().flat_map(policy).for_each(|set| add(set, 1));
        resource.rcps.iter().flatten().for_each(|level| add(level.set, everyone));
    }
    ir.endpoints.iter().chain(&ir.session).for_each(|layer| add(layer.set, everyone));
    uses
}
