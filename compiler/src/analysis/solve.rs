//! Which outcomes of two functions of conditions some context has, and a context for each.
//!
//! Conditions on one key are not free of each other: no address is in two blocks that do not meet. So the functions are walked together, and
//! at each condition the values of its key that are still possible are kept; a way that leaves a key none is no way.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::apart;
use super::logic::{ALWAYS, Logic, Node};
use super::scene::Layers;
use super::universe::Known;
use super::values::{Candidates, candidates};
use crate::model::Condition;
use crate::reference::Fixed;
use crate::request::ContextValue;

/// A context: keys in lower case, `None` where the key is absent.
pub(super) type Given = Vec<(String, Option<ContextValue>)>;

/// What one side and the other allow.
pub(super) type Pair = (bool, bool);

/// Contexts in which the functions come out so, and whether it is sure that nothing else comes out.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcomes {
    /// For each outcome some contexts, best first.
    pub(super) found: BTreeMap<Pair, Vec<Witness>>,
    /// What may come out besides, for all that is known.
    pub(super) possible: BTreeSet<Pair>,
}

/// A context in which an outcome comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Witness {
    /// The context.
    pub(super) given: Given,
    /// Resource patterns with variables that have to match, or must not, by their number.
    pub(super) matches: Vec<(u32, bool)>,
}

/// How many contexts are kept for one outcome.
const MOST_WITNESSES: usize = 4;
/// How many steps a walk may take.
const MOST_STEPS: usize = 20_000;

/// A key that conditions look at, and what each candidate makes of those that look at nothing else.
#[derive(Debug)]
struct Key {
    name: String,
    candidates: Candidates,
    /// By condition: for each candidate whether it holds.
    truth: HashMap<u32, Vec<bool>>,
}

/// Finds contexts for functions of some conditions.
#[derive(Debug)]
pub(super) struct Solver {
    keys: Vec<Key>,
    /// Of each condition that looks at one key alone: the place of the key.
    of: HashMap<u32, usize>,
}

impl Solver {
    /// Prepares for the conditions of these ids.
    pub(super) fn new(atoms: &[Known], used: &BTreeSet<u32>, layers: &[Layers]) -> Self {
        let mut by_key: BTreeMap<&str, Vec<(u32, Open<'_>, bool)>> = BTreeMap::new();
        let mut several: Vec<&str> = Vec::new();
        for &atom in used {
            let Some(Known { written: Some((condition, variables)), keys, .. }) =
                atoms.get(apart::number(atom) as usize)
            else {
                continue;
            };
            let Some(fixed) = apart::fixed(layers, atom) else { continue };
            let free: Vec<&str> =
                keys.iter().filter(|key| fixed.get(key).is_none()).map(String::as_str).collect();
            let is_single = free.len() < 2;
            let open = Open { condition, variables: *variables, fixed };
            by_key.entry(&condition.key).or_default().push((atom, open, is_single));
            if !is_single {
                several.extend(free);
            }
        }
        for key in several {
            by_key.entry(key).or_default();
        }
        let mut keys = Vec::new();
        let mut of = HashMap::new();
        for (name, conditions) in by_key {
            let alone: Vec<Open<'_>> = conditions.iter().map(|(_, open, _)| *open).collect();
            let mut candidates = candidates(&alone);
            let own = layers.iter().rev().find_map(|layers| layers.fixed.held(name));
            if let (USER_ID, Some(ContextValue::One(own))) = (name, own) {
                of_session(&mut candidates, own);
            }
            let mut truth = HashMap::new();
            for (atom, open, is_single) in conditions {
                if !is_single {
                    candidates.complete = false;
                    continue;
                }
                let holds = candidates.values.iter().map(|value| open.holds(name, value.as_ref()));
                truth.insert(atom, holds.collect());
                of.insert(atom, keys.len());
            }
            let mut key = Key { name: name.to_owned(), candidates, truth };
            key.distinct();
            keys.push(key);
        }
        Self { keys, of }
    }

    /// What comes out of two functions.
    pub(super) fn outcomes(&self, logic: &Logic, functions: (Node, Node), matches: u32) -> Outcomes {
        let mut walk = Walk {
            solver: self,
            logic,
            matches,
            outcomes: Outcomes::default(),
            steps: 0,
            assumed: Vec::new(),
        };
        let alive = self.keys.iter().map(|key| (0..key.candidates.values.len()).collect()).collect();
        walk.step(functions, alive);
        if walk.steps > MOST_STEPS {
            walk.outcomes.possible.extend([(false, true), (true, false)]);
        }
        walk.outcomes
    }
}

/// A condition that is left open, in the world that has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open<'a> {
    pub(super) condition: &'a Condition,
    /// Whether variables are read in its values.
    pub(super) variables: bool,
    /// What is fixed in that world.
    pub(super) fixed: &'a Fixed,
}

impl Open<'_> {
    /// Whether it holds where a key has this value.
    fn holds(&self, key: &str, value: Option<&ContextValue>) -> bool {
        let mut value = value.cloned();
        // A session of the same name has the id of its own world's role.
        if key == USER_ID
            && let (Some(ContextValue::One(own)), Some(ContextValue::One(text))) =
                (self.fixed.held(key), &mut value)
            && let (Some(id), Some((_, name))) = (role_id(own), text.split_once(':'))
        {
            *text = format!("{id}:{name}");
        }
        self.fixed.holds(self.condition, self.variables, &[(key.to_owned(), value)])
    }
}

/// The key that ends with the name of a session.
pub(super) const USER_ID: &str = "aws:userid";

/// The id of a role before the name of a session.
pub(super) fn role_id(user_id: &str) -> Option<&str> {
    user_id.split_once(':').map(|(id, _)| id)
}

/// Of a role's sessions the part before the colon is the role's, and what stands behind it is free.
fn of_session(candidates: &mut Candidates, own: &str) {
    let Some(id) = role_id(own) else { return };
    let mut values = vec![Some(ContextValue::One(own.to_owned()))];
    for value in candidates.values.iter().flatten() {
        let ContextValue::One(text) = value else { continue };
        let name = text.rsplit_once(':').map_or(text.as_str(), |(_, name)| name);
        if !name.is_empty() {
            values.push(Some(ContextValue::One(format!("{id}:{name}"))));
        }
    }
    candidates.values = values;
}

impl Key {
    /// Of candidates that make the same of all conditions the first stays.
    fn distinct(&mut self) {
        if self.truth.is_empty() {
            return;
        }
        let mut atoms: Vec<&u32> = self.truth.keys().collect();
        atoms.sort_unstable();
        let row = |at: usize| -> Vec<Option<bool>> {
            atoms.iter().map(|atom| self.truth.get(atom)?.get(at).copied()).collect()
        };
        let mut seen = BTreeSet::new();
        let kept: Vec<usize> = (0..self.candidates.values.len()).filter(|&at| seen.insert(row(at))).collect();
        let pick = |list: &[bool]| kept.iter().filter_map(|&at| list.get(at).copied()).collect::<Vec<bool>>();
        let truth = self.truth.iter().map(|(&atom, list)| (atom, pick(list))).collect();
        self.candidates.values =
            kept.iter().filter_map(|&at| self.candidates.values.get(at).cloned()).collect();
        self.truth = truth;
    }
}

struct Walk<'a> {
    solver: &'a Solver,
    logic: &'a Logic,
    /// Variables from here on stand for resource patterns.
    matches: u32,
    outcomes: Outcomes,
    steps: usize,
    /// Conditions on several keys, and resource patterns, that this way assumes.
    assumed: Vec<(u32, bool)>,
}

impl Walk<'_> {
    fn step(&mut self, (old, new): (Node, Node), alive: Vec<Vec<usize>>) {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return;
        }
        let (left, right) = (self.logic.branch(old), self.logic.branch(new));
        let variable = match (left, right) {
            (None, None) => return self.leaf((old == ALWAYS, new == ALWAYS), &alive),
            (Some((a, ..)), Some((b, ..))) => a.min(b),
            (Some((a, ..)), None) | (None, Some((a, ..))) => a,
        };
        let take = |branch: Option<(u32, Node, Node)>, node: Node, value: bool| match branch {
            Some((first, no, yes)) if first == variable => {
                if value {
                    yes
                } else {
                    no
                }
            }
            _ => node,
        };
        for value in [true, false] {
            let next = (take(left, old, value), take(right, new, value));
            match self.solver.of.get(&variable) {
                None => {
                    self.assumed.push((variable, value));
                    self.step(next, alive.clone());
                    self.assumed.pop();
                }
                Some(&place) => {
                    let Some(key) = self.solver.keys.get(place) else { continue };
                    let truth = key.truth.get(&variable);
                    let mut narrowed = alive.clone();
                    if let Some(candidates) = narrowed.get_mut(place) {
                        candidates.retain(|&at| truth.and_then(|truth| truth.get(at)) == Some(&value));
                        if candidates.is_empty() {
                            // No value does that: so it is, or nobody knows of one.
                            if !key.candidates.complete {
                                self.may(next);
                            }
                            continue;
                        }
                    }
                    self.step(next, narrowed);
                }
            }
        }
    }

    /// Something may come out where no value was found.
    fn may(&mut self, (old, new): (Node, Node)) {
        if old != new {
            self.outcomes.possible.extend([(false, true), (true, false)]);
        }
    }

    fn leaf(&mut self, pair: Pair, alive: &[Vec<usize>]) {
        self.outcomes.possible.insert(pair);
        let witnesses = self.outcomes.found.entry(pair).or_default();
        if witnesses.len() >= MOST_WITNESSES {
            return;
        }
        let mut given = Given::new();
        for (key, candidates) in self.solver.keys.iter().zip(alive) {
            // Keys that nothing was asked about need no value.
            if candidates.len() < key.candidates.values.len()
                && let Some(value) = candidates.first().and_then(|&at| key.candidates.values.get(at))
            {
                given.push((key.name.clone(), value.clone()));
            }
        }
        let matches = self.assumed.iter().filter(|(variable, _)| *variable >= self.matches);
        let matches = matches.map(|&(variable, value)| (variable - self.matches, value)).collect();
        witnesses.push(Witness { given, matches });
    }
}
