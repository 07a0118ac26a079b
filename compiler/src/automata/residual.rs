//! Residuals: what is left of a policy once the action is known, hash-consed before anything is built.
//!
//! A residual is the ordered list of the rules that can still matter. Each distinct one becomes a short list of roots: normally one
//! automaton; past the budget one for every rule, and past that a set leaf. So the bundle always compiles, and every decision stays exact.

use std::cell::OnceCell;

use portcullis_runtime::format::{self, TERMINAL_BIT, node};

use super::ResidualRule;
use super::classifiers::Classifiers;
use super::draft::{Attempt, Draft};
use super::layout::Built;
use super::maker::{Maker, Wanted};
use super::nfa::Nfa;
use super::set_leaf::Leaf;
use super::terminal::{Matched, RuleFacts, Terminals};
use crate::intern::{HashMap, HashSet, Interner};
use crate::ir::Ir;
use crate::model::Effect;

/// How much one automaton may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// What all attempts to join policies may cost together, in the [`Budget::work`] of one automaton: past it root lists stay as they are.
const MERGING: usize = 256;

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
    Automaton(Built),
    Leaf(Leaf),
}

/// The nodes are more than references can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

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
    by_rules: HashMap<Vec<u32>, u32>,
    table: Vec<Residual>,
    /// How many of the residuals are built.
    built: usize,
    /// By rule that is split off: the root of its automaton, if it fits.
    alone: HashMap<u32, Option<u32>>,
    /// By rules of several policies: the root of their automaton, or how many states were too few for it.
    merged: HashMap<Vec<u32>, Result<u32, usize>>,
    /// What joining may still cost.
    merging: usize,
}

impl Roots {
    /// An empty arena.
    #[must_use]
    pub fn new(ir: &Ir, classifiers: &Classifiers, budget: Budget) -> Self {
        let merging = budget.work.saturating_mul(MERGING);
        Self { budget, merging, terminals: Terminals::new(ir, classifiers), ..Self::default() }
    }

    /// Number of distinct residuals.
    #[must_use]
    pub fn residuals(&self) -> usize {
        self.table.len()
    }

    /// The residual of some rules of one policy; its roots are for [`Roots::build`] to make.
    pub(super) fn residual(&mut self, ir: &Ir, rules: &[u32]) -> u32 {
        let rules = simplify(ir, rules);
        if let Some(&known) = self.by_rules.get(&rules) {
            return known;
        }
        let id = self.table.len() as u32;
        self.table.push(Residual { rules: rules.clone(), roots: Vec::new(), states: 0 });
        self.by_rules.insert(rules, id);
        id
    }

    /// Makes the roots of all residuals so far: the automata side by side, the rest in the residuals' order.
    pub(super) fn build(&mut self, ir: &Ir, maker: &mut Maker<'_>) {
        let rules = |residual: &Residual| (residual.rules.clone(), self.budget);
        let wanted: Vec<Wanted> = self.table.iter().skip(self.built).map(rules).collect();
        let mut rest = wanted.as_slice();
        while !rest.is_empty() {
            let made = maker.some(ir, rest);
            let (some, behind) = rest.split_at(made.len());
            rest = behind;
            for ((rules, _), attempt) in some.iter().zip(made) {
                let before = self.states;
                let roots = match self.place(ir, rules, attempt, self.budget).0 {
                    _ if rules.is_empty() => Vec::new(),
                    Some(root) => vec![root],
                    None => self.split(ir, maker, rules),
                };
                if let Some(residual) = self.table.get_mut(self.built) {
                    *residual = Residual { roots, states: self.states - before, rules: rules.clone() };
                }
                self.built += 1;
            }
        }
    }

    /// The roots of a residual that fits no automaton.
    fn split(&mut self, ir: &Ir, maker: &mut Maker<'_>, rules: &[u32]) -> Vec<u32> {
        let mut roots = Vec::new();
        let mut left = Vec::new();
        for &rule in rules {
            let fits = if rules.len() > 1 && roots.len() < SPLIT && left.len() < SPLIT {
                self.alone(ir, maker, rule)
            } else {
                None
            };
            match fits {
                Some(root) => roots.push(root),
                None => left.push(rule),
            }
        }
        let leaves = left.chunks(format::leaf::RULES);
        roots.extend(leaves.map(|group| self.leaf(ir, group)));
        roots
    }

    /// The automaton of one rule of a residual that does not fit, made once.
    fn alone(&mut self, ir: &Ir, maker: &mut Maker<'_>, rule: u32) -> Option<u32> {
        if let Some(&known) = self.alone.get(&rule) {
            return known;
        }
        let budget = Budget { work: self.budget.work / 4, ..self.budget };
        let made = maker.one(ir, (vec![rule], budget));
        let root = made.and_then(|attempt| self.place(ir, &[rule], attempt, budget).0);
        self.alone.insert(rule, root);
        root
    }

    /// A set leaf for rules that fit no automaton.
    fn leaf(&mut self, ir: &Ir, rules: &[u32]) -> u32 {
        let nfa = Nfa::new(&resolve(ir, rules));
        let leaf = Leaf::of(&nfa, &mut self.terminals);
        self.states += 1;
        self.part(Part::Leaf(leaf))
    }

    fn part(&mut self, part: Part) -> u32 {
        self.parts.push(part);
        self.parts.len() as u32 - 1
    }

    /// Adds an automaton with its ends as terminals, unless it is none or those pass the budget. With what all of it cost.
    fn place(&mut self, ir: &Ir, rules: &[u32], attempt: Attempt, budget: Budget) -> (Option<u32>, usize) {
        let mut work = attempt.work;
        let Some(Draft { mut built, ends }) = attempt.draft else { return (None, work) };
        let rules = resolve(ir, rules);
        // Only ends with checks need them.
        let variables: OnceCell<Vec<u32>> = OnceCell::new();
        let mut terminals: Vec<Option<u32>> = vec![None; ends.len()];
        let mut terminal = |end: u32, table: &mut Terminals| {
            let id = (end & !TERMINAL_BIT) as usize;
            if let Some(known) = terminals.get(id).copied().flatten() {
                return Some(known);
            }
            let before = table.spent();
            let mut outcomes = Vec::new();
            for (number, matched) in ends.get(id)? {
                let matched = match matched {
                    Matched::Yes => Matched::Yes,
                    Matched::Depends(own) => {
                        let ids = variables.get_or_init(|| table.variables(&rules));
                        let shared = own.iter().map(|&id| ids.get(id as usize).copied());
                        let mut shared = shared.collect::<Option<Vec<u32>>>()?;
                        shared.sort_unstable();
                        Matched::Depends(shared)
                    }
                };
                outcomes.push((RuleFacts::of(rules.get(*number as usize)?), matched));
            }
            let folded = table.fold(outcomes);
            work += table.spent() - before;
            *terminals.get_mut(id)? = Some(folded);
            (work <= budget.work).then_some(folded)
        };
        if built.root & TERMINAL_BIT != 0 {
            let root = terminal(built.root, &mut self.terminals);
            return (root, work);
        }
        for &place in &built.terminals {
            let Some(word) = built.words.get_mut(place as usize) else { return (None, work) };
            match terminal(*word, &mut self.terminals) {
                Some(folded) => *word = folded,
                None => return (None, work),
            }
        }
        self.states += built.states;
        (Some(self.part(Part::Automaton(built))), work)
    }

    /// The root lists of cells: of each, what the residuals of all policies of a set say together.
    ///
    /// Several are merged into one automaton where that stays small, about twice its parts, and tried by halves where it does not. Automata
    /// are built side by side, each once; all of them within a budget of their own.
    pub(super) fn lists(&mut self, ir: &Ir, maker: &mut Maker<'_>, cells: &[Vec<u32>]) -> Vec<u32> {
        let mut roots: Vec<Vec<u32>> = vec![Vec::new(); cells.len()];
        let mut open: Vec<(usize, Vec<u32>)> = cells.iter().cloned().enumerate().collect();
        for (_, cell) in &mut open {
            cell.sort_unstable();
            cell.dedup();
            cell.retain(|&id| self.table.get(id as usize).is_some_and(|residual| !residual.rules.is_empty()));
        }
        while !open.is_empty() {
            let mut wanted = Vec::new();
            open.retain(|(number, cell)| {
                let parts: Vec<&Residual> =
                    cell.iter().filter_map(|&id| self.table.get(id as usize)).collect();
                match self.joined(ir, &parts, &mut wanted) {
                    Some(found) => {
                        roots.iter_mut().skip(*number).take(1).for_each(|to| to.clone_from(&found))
                    }
                    None => return true,
                }
                false
            });
            // Asked for with several limits, the largest serves all.
            let mut most: HashMap<Vec<u32>, usize> = HashMap::default();
            for (rules, budget) in &wanted {
                let most = most.entry(rules.clone()).or_default();
                *most = budget.states.max(*most);
            }
            wanted.retain_mut(|(rules, budget)| {
                most.remove(rules).is_some_and(|states| {
                    budget.states = states;
                    true
                })
            });
            let mut rest = wanted.as_slice();
            while !rest.is_empty() && self.merging > 0 {
                let made = maker.some(ir, rest);
                let (some, behind) = rest.split_at(made.len());
                rest = behind;
                for ((rules, budget), attempt) in some.iter().zip(made) {
                    // What was made beside the one that spent the rest is dropped, so that only what is asked for tells what is joined.
                    let (root, work) = match self.merging {
                        0 => (None, 0),
                        _ => self.place(ir, rules, attempt, *budget),
                    };
                    self.merging = self.merging.saturating_sub(work);
                    let never = if self.merging > 0 { budget.states } else { usize::MAX };
                    self.remember(rules, root.ok_or(never));
                }
            }
            rest.iter().for_each(|(rules, _)| self.remember(rules, Err(usize::MAX)));
        }
        let list = |mut roots: Vec<u32>| {
            // Terminals first: a constant deny among them ends the decision before any walk. None twice, and none that says nothing: rules
            // whose conditions can never hold come to that.
            roots.retain(|&root| root != format::terminal::NOTHING);
            roots.sort_unstable_by_key(|root| root ^ TERMINAL_BIT);
            roots.dedup();
            self.lists.intern(roots)
        };
        roots.into_iter().map(list).collect()
    }

    /// Notes what joining came to. One list may be asked for with several limits: what was made stays, and else the largest that was too little.
    fn remember(&mut self, rules: &[u32], came_to: Result<u32, usize>) {
        let known = self.merged.entry(rules.to_vec()).or_insert(came_to);
        *known = match (*known, came_to) {
            (Ok(root), _) | (Err(_), Ok(root)) => Ok(root),
            (Err(one), Err(other)) => Err(one.max(other)),
        };
    }

    /// The roots of what several residuals say together; `None` where an automaton has to be tried before that is known.
    fn joined(&self, ir: &Ir, parts: &[&Residual], wanted: &mut Vec<Wanted>) -> Option<Vec<u32>> {
        match parts {
            [] => return Some(Vec::new()),
            [part] => return Some(part.roots.clone()),
            _ => {}
        }
        let rules =
            simplify(ir, &parts.iter().flat_map(|part| part.rules.iter().copied()).collect::<Vec<_>>());
        let known = self.by_rules.get(&rules).and_then(|&known| self.table.get(known as usize));
        if let Some(residual) = known {
            return Some(residual.roots.clone());
        }
        let states = parts.iter().map(|part| part.states).sum::<usize>();
        if parts.iter().all(|part| part.roots.len() == 1) && states <= MERGED_STATES / 2 {
            let states = (2 * states + 8).min(MERGED_STATES);
            match self.merged.get(&rules) {
                Some(Ok(root)) => return Some(vec![*root]),
                Some(Err(too_few)) if *too_few >= states => {}
                _ => {
                    // A share of the work: a long list that does not fit is tried again by halves, each of which may fail.
                    wanted.push((rules, Budget { states, work: self.budget.work / 8, ..self.budget }));
                    return None;
                }
            }
        }
        if parts.len() > SHORT_LIST {
            let (low, high) = parts.split_at(parts.len() / 2);
            // Both are asked, so that what both want is built side by side.
            let (low, high) = (self.joined(ir, low, wanted), self.joined(ir, high, wanted));
            let (mut low, high) = low.zip(high)?;
            low.extend(high);
            return Some(low);
        }
        Some(parts.iter().flat_map(|part| part.roots.iter().copied()).collect())
    }

    /// Makes the arena of what the root lists lead to, and nothing else: not of automata that others took the place of, nor of diagrams of
    /// automata that were given up. Linear; after it nothing can be added.
    ///
    /// # Errors
    /// [`TooLarge`] past `most` words of nodes, at most as many as references can name.
    pub(super) fn finish(&mut self, most: usize) -> Result<(), TooLarge> {
        let used: HashSet<u32> = self.lists.items().iter().flatten().copied().collect();
        let mut moved: HashMap<u32, u32> = HashMap::default();
        let mut terminals: Vec<u32> = used.iter().copied().filter(|root| root & TERMINAL_BIT != 0).collect();
        terminals.sort_unstable();
        let (mut places, mut leaf_words) = (Vec::new(), 0);
        self.states = 0;
        for (part, number) in std::mem::take(&mut self.parts).into_iter().zip(0..) {
            if !used.contains(&number) {
                continue;
            }
            let base = self.nodes.len() as u32;
            match part {
                Part::Automaton(built) => {
                    moved.insert(number, base + built.root);
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
                Part::Leaf(leaf) => {
                    moved.insert(number, base);
                    self.states += 1;
                    self.nodes.extend([node::LEAF, leaf_words as u32]);
                    leaf_words += leaf.length();
                    terminals.extend(leaf.terminals());
                    self.leaves.push(leaf);
                }
            }
            if self.nodes.len().max(leaf_words) > most {
                return Err(TooLarge);
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
        Ok(())
    }
}

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
    let mut seen = HashSet::default();
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

#[cfg(test)]
mod tests;
