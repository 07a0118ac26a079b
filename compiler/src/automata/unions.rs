//! Which permission sets get rows of their own, and which are unions of sets of one policy.
//!
//! Rows of its own make a set fast: one look-up, and its policies merged. But they are as many as there are combinations of policies, and at
//! a hundred thousand identities nearly all of the bundle. So where not all sets fit the budget, those that most principals have come first,
//! as far as a quarter of it goes.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::rows::{PolicyRows, SetTable};
use crate::ir::Ir;

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
        let mut holders = vec![0_u32; count];
        for principal in &ir.principals {
            for set in [Some(principal.identity), principal.boundary].into_iter().flatten() {
                if let Some(holders) = holders.get_mut(set as usize) {
                    *holders += 1;
                }
            }
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&set| Reverse(holders.get(set).copied()));
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
