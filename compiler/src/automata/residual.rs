//! Residuals: what is left of a policy once the action is known, hash-consed before anything is built.
//!
//! A residual is the ordered list of the rules that can still matter. Each distinct one becomes a short list of roots: normally one
//! automaton; past the budget one for every rule, and past that a set leaf. So the bundle always compiles, and every decision stays exact.

use std::collections::{HashMap, HashSet};

use portcullis_runtime::format::{self, TERMINAL_BIT, node};

use super::ResidualRule;
use super::classifiers::Classifiers;
use super::determinize::determinize;
use super::layout::Built;
use super::nfa::Nfa;
use super::set_leaf::Leaf;
use super::terminal::Terminals;
use crate::intern::Interner;
use crate::ir::Ir;
use crate::model::Effect;

/// How much one automaton may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// States.
    pub states: usize,
    /// Positions looked at while it is built.
    pub work: usize,
    /// Not of one automaton but of all permission sets of several policies together: the services for which they may have rows of their
    /// own. Past it only the most common sets have them, a quarter as many, and the others are unions of sets of one policy: a decision
    /// looks at each of their policies.
    pub services: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { states: 4_096, work: 8_000_000, services: 1 << 19 }
    }
}

/// Most automata that a residual over the budget is split into before a set leaf serves it better, and most rules that may fail to be one:
/// every failure costs a share of the budget.
const SPLIT: usize = 4;

/// Most states of an automaton that joins several policies.
const MERGED_STATES: usize = 32_768;

/// Longest root list that is left as it is where its policies do not fit one automaton: every root is a walk at each request. A longer one
/// is tried by halves.
const SHORT_LIST: usize = 4;

/// A residual with its roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Residual {
    /// Rules, simplified.
    pub(super) rules: Vec<u32>,
    /// References.
    pub(super) roots: Vec<u32>,
    /// States of its automata.
    pub(super) states: usize,
}

/// What a root leads to. Its place among all of them, until the arena is made of those that are used, stands for it.
#[derive(Clone, Debug)]
enum Part {
    Automaton { start: u32, built: Built },
    Leaf { start: u32, leaf: Leaf },
}

/// All automata of a bundle: one arena of nodes, one of set leaves, and the root lists.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// Node words.
    pub nodes: Vec<u32>,
    /// Set leaves.
    pub leaves: Vec<Leaf>,
    /// Distinct root lists: references.
    pub lists: Interner<Vec<u32>>,
    /// Terminals.
    pub terminals: Terminals,
    /// Set leaves in use.
    pub set_leaves: usize,
    /// States of all automata in use.
    pub states: usize,
    budget: Budget,
    parts: Vec<Part>,
    /// Words of all parts, side by side.
    length: u32,
    by_rules: HashMap<Vec<u32>, u32>,
    table: Vec<Residual>,
    by_cell: HashMap<Vec<u32>, u32>,
}

impl Roots {
    /// An empty arena.
    #[must_use]
    pub fn new(ir: &Ir, classifiers: &Classifiers, budget: Budget) -> Self {
        Self { budget, terminals: Terminals::new(ir, classifiers), ..Self::default() }
    }

    /// Number of distinct residuals.
    #[must_use]
    pub fn residuals(&self) -> usize {
        self.table.len()
    }

    /// The residual of some rules of one policy.
    pub(super) fn residual(&mut self, ir: &Ir, rules: &[u32]) -> u32 {
        let rules = simplify(ir, rules);
        if let Some(&known) = self.by_rules.get(&rules) {
            return known;
        }
        let before = self.states;
        let roots = self.build(ir, &rules);
        let id = self.table.len() as u32;
        self.table.push(Residual { rules: rules.clone(), roots, states: self.states - before });
        self.by_rules.insert(rules, id);
        id
    }

    /// The root list of a cell: what the residuals of all policies of a set say together.
    ///
    /// Several are merged into one automaton where that stays small: about twice its parts.
    pub(super) fn list(&mut self, ir: &Ir, residuals: &[u32]) -> u32 {
        let mut cell: Vec<u32> = residuals.to_vec();
        cell.sort_unstable();
        cell.dedup();
        cell.retain(|&id| self.table.get(id as usize).is_some_and(|residual| !residual.rules.is_empty()));
        if let Some(&known) = self.by_cell.get(&cell) {
            return known;
        }
        let parts: Vec<Residual> =
            cell.iter().filter_map(|&id| self.table.get(id as usize)).cloned().collect();
        let mut roots = match parts.as_slice() {
            [] => Vec::new(),
            [part] => part.roots.clone(),
            parts => self.merge(ir, parts),
        };
        // Terminals first: a constant deny among them ends the decision before any walk. None twice, and none that says nothing: rules whose
        // conditions can never hold come to that.
        roots.retain(|&root| root != format::terminal::NOTHING);
        roots.sort_unstable_by_key(|root| root ^ TERMINAL_BIT);
        roots.dedup();
        let list = self.lists.intern(roots);
        self.by_cell.insert(cell, list);
        list
    }

    fn merge(&mut self, ir: &Ir, parts: &[Residual]) -> Vec<u32> {
        let rules =
            simplify(ir, &parts.iter().flat_map(|part| part.rules.iter().copied()).collect::<Vec<_>>());
        let states = parts.iter().map(|part| part.states).sum::<usize>();
        let whole = parts.iter().all(|part| part.roots.len() == 1);
        let known = self.by_rules.get(&rules).and_then(|&known| self.table.get(known as usize));
        if let Some(residual) = known {
            return residual.roots.clone();
        }
        if whole && states <= MERGED_STATES / 2 {
            // A share of the work: a long list that does not fit is tried again by halves, each of which may fail.
            let states = (2 * states + 8).min(MERGED_STATES);
            let budget = Budget { states, work: self.budget.work / 8, ..self.budget };
            if let Some(root) = self.automaton(ir, &rules, budget) {
                return vec![root];
            }
        }
        if parts.len() > SHORT_LIST {
            let (low, high) = parts.split_at(parts.len() / 2);
            let mut roots = self.merge(ir, low);
            roots.extend(self.merge(ir, high));
            return roots;
        }
        parts.iter().flat_map(|part| part.roots.iter().copied()).collect()
    }

    fn build(&mut self, ir: &Ir, rules: &[u32]) -> Vec<u32> {
        if rules.is_empty() {
            return Vec::new();
        }
        if let Some(root) = self.automaton(ir, rules, self.budget) {
            return vec![root];
        }
        let mut roots = Vec::new();
        let mut left = Vec::new();
        for &rule in rules {
            let fits = if rules.len() > 1 && roots.len() < SPLIT && left.len() < SPLIT {
                self.automaton(ir, &[rule], Budget { work: self.budget.work / 4, ..self.budget })
            } else {
                None
            };
            match fits {
                Some(root) => roots.push(root),
                None => left.push(rule),
            }
        }
        roots.extend(self.set_leaf(ir, &left));
        roots
    }

    /// One automaton, unless it passes the budget.
    fn automaton(&mut self, ir: &Ir, rules: &[u32], budget: Budget) -> Option<u32> {
        let nfa = Nfa::new(&resolve(ir, rules), &mut self.terminals);
        let built = determinize(&nfa, &mut self.terminals, budget).ok()?.layout();
        self.states += built.states;
        Some(self.place(built))
    }

    /// Adds an automaton, if it has any node.
    fn place(&mut self, built: Built) -> u32 {
        if built.root & TERMINAL_BIT != 0 {
            return built.root;
        }
        let (start, root) = (self.length, built.root);
        self.length += built.words.len() as u32;
        self.parts.push(Part::Automaton { start, built });
        start + root
    }

    /// Set leaves for rules that fit no automaton, as many as the number of rules needs.
    fn set_leaf(&mut self, ir: &Ir, rules: &[u32]) -> Vec<u32> {
        rules.chunks(format::leaf::RULES).map(|group| self.one_leaf(ir, group)).collect()
    }

    fn one_leaf(&mut self, ir: &Ir, rules: &[u32]) -> u32 {
        let nfa = Nfa::new(&resolve(ir, rules), &mut self.terminals);
        let leaf = Leaf::of(&nfa, &mut self.terminals);
        let start = self.length;
        self.length += LEAF_WORDS;
        self.parts.push(Part::Leaf { start, leaf });
        self.states += 1;
        start
    }

    /// Makes the arena of what the root lists lead to, and nothing else: not of automata that others took the place of, nor of diagrams of
    /// automata that were given up. Linear; after it nothing can be added.
    pub(super) fn finish(&mut self) {
        let used: HashSet<u32> = self.lists.items().iter().flatten().copied().collect();
        let mut moved: HashMap<u32, u32> = HashMap::new();
        let mut terminals: Vec<u32> = used.iter().copied().filter(|root| root & TERMINAL_BIT != 0).collect();
        let (mut places, mut leaf_words) = (Vec::new(), 0);
        self.states = 0;
        for part in std::mem::take(&mut self.parts) {
            let base = self.nodes.len() as u32;
            match part {
                Part::Automaton { start, built } if used.contains(&(start + built.root)) => {
                    moved.insert(start + built.root, base + built.root);
                    self.states += built.states;
                    self.nodes.extend(&built.words);
                    for place in built.relocations {
                        if let Some(word) = self.nodes.get_mut((base + place) as usize) {
                            *word += base;
                        }
                    }
                    for place in built.terminals {
                        terminals.extend(built.words.get(place as usize));
                        places.push(base + place);
                    }
                }
                Part::Leaf { start, leaf } if used.contains(&start) => {
                    moved.insert(start, base);
                    self.states += 1;
                    self.nodes.extend([node::LEAF, leaf_words as u32]);
                    leaf_words += leaf.length();
                    terminals.extend(leaf.terminals());
                    self.leaves.push(leaf);
                }
                Part::Automaton { .. } | Part::Leaf { .. } => {}
            }
        }
        self.set_leaves = self.leaves.len();
        let swept = self.terminals.diagrams.sweep(terminals);
        for place in places {
            if let Some(word) = self.nodes.get_mut(place as usize) {
                *word = swept.terminal(*word);
            }
        }
        self.leaves.iter_mut().for_each(|leaf| leaf.change_terminals(|terminal| swept.terminal(terminal)));
        // Everything moved in its order: lists stay sorted, distinct, and under their ids.
        let mut lists = Interner::default();
        for list in self.lists.items() {
            let root = |root: &u32| moved.get(root).copied().unwrap_or_else(|| swept.terminal(*root));
            lists.intern(list.iter().map(root).collect::<Vec<u32>>());
        }
        self.lists = lists;
    }
}

/// Words of the node of a set leaf.
const LEAF_WORDS: u32 = 2;

/// The rules behind ids, as the automata see them.
pub(super) fn resolve<'a>(ir: &'a Ir, rules: &[u32]) -> Vec<ResidualRule<'a>> {
    rules
        .iter()
        .filter_map(|&id| {
            let rule = ir.rules.get(id)?;
            let resources = ir.resource_sets.get(rule.resources)?;
            Some(ResidualRule {
                rule: id,
                effect: rule.effect,
                guard: rule.guard,
                negated: resources.negated,
                patterns: &resources.patterns,
            })
        })
        .collect()
}

/// Drops rules that cannot matter: all but an unconditional deny, all other allows beside an unconditional allow, and rules that differ from
/// an earlier one in their actions alone (rule V1).
fn simplify(ir: &Ir, rules: &[u32]) -> Vec<u32> {
    let mut sorted: Vec<u32> = rules.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let resolved = resolve(ir, &sorted);
    let constant =
        |effect: Effect| resolved.iter().find(|rule| rule.effect == effect && rule.is_unconditional());
    if let Some(deny) = constant(Effect::Deny) {
        return vec![deny.rule];
    }
    let allow = constant(Effect::Allow).map(|rule| rule.rule);
    let mut seen = std::collections::HashSet::new();
    sorted
        .iter()
        .copied()
        .filter(|id| {
            let Some(rule) = ir.rules.get(*id) else { return false };
            let dropped = rule.effect == Effect::Allow && allow.is_some_and(|allow| allow != *id);
            !dropped && seen.insert((rule.effect, rule.resources, rule.guard))
        })
        .collect()
}
