//! Rules as the lines of a review: joined where that says the same in one line, however the statements were cut.
//!
//! What rules of one effect and one guard say about an action is taken together; actions about which they say the same share a line. So two
//! statements, or one with both their lists, have one text. Joining is for reading: the IR that is compiled keeps its rules. `NotAction` and
//! `NotResource` stand for themselves: of two such lists no third is the union.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActionSet, Ir, ResourceSet};
use crate::model::Effect;
use crate::pattern::{ActionForm, ResourceForm};

/// One line, before it is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) effect: Effect,
    pub(super) actions: ActionSet,
    pub(super) resources: ResourceSet,
    pub(super) guard: Option<u32>,
    /// The rules that it says.
    pub(super) rules: BTreeSet<u32>,
}

/// An action pattern, or a list under `NotAction` by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action<'a> {
    Pattern(&'a ActionForm),
    Not(u32),
}

/// The resources of a line: patterns, `*` alone; or a list under `NotResource` by its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Resources<'a> {
    Patterns(BTreeSet<&'a ResourceForm>),
    Not(u32),
}

/// Ids of resource sets, and the rules that have them.
type Held = BTreeMap<u32, BTreeSet<u32>>;

/// The lines of some rules, in no particular order. Time: the rules' lists, and the text of the lines.
pub(super) fn lines(ir: &Ir, rules: impl Iterator<Item = u32>) -> Vec<Line> {
    let mut groups: BTreeMap<(Effect, Option<u32>), BTreeMap<Action<'_>, Held>> = BTreeMap::new();
    for id in rules {
        let Some(rule) = ir.rules.get(id) else { continue };
        let Some(actions) = ir.action_sets.get(rule.actions) else { continue };
        let group = groups.entry((rule.effect, rule.guard)).or_default();
        let mut add = |action| group.entry(action).or_default().entry(rule.resources).or_default().insert(id);
        if actions.negated {
            add(Action::Not(rule.actions));
        } else {
            actions.patterns.iter().for_each(|pattern| {
                add(Action::Pattern(pattern));
            });
        }
    }
    let mut lines = Vec::new();
    for ((effect, guard), actions) in groups {
        for (resources, (actions, rules)) in joined(ir, actions) {
            let resources = match resources {
                Resources::Not(id) => ir.resource_sets.get(id).cloned(),
                Resources::Patterns(patterns) => {
                    Some(ResourceSet { negated: false, patterns: patterns.into_iter().cloned().collect() })
                }
            };
            let Some(resources) = resources else { continue };
            let line = |actions: ActionSet, rules: &BTreeSet<u32>| Line {
                effect,
                actions,
                resources: resources.clone(),
                guard,
                rules: rules.clone(),
            };
            let mut patterns = Vec::new();
            for action in actions {
                match action {
                    Action::Pattern(pattern) => patterns.push(pattern.clone()),
                    Action::Not(id) => {
                        lines.extend(ir.action_sets.get(id).map(|set| line(set.clone(), &rules)));
                    }
                }
            }
            if !patterns.is_empty() {
                lines.push(line(ActionSet { negated: false, patterns }, &rules));
            }
        }
    }
    lines
}

/// Actions, and the rules that speak of them.
type Said<'a> = (BTreeSet<Action<'a>>, BTreeSet<u32>);

/// By resources: the actions that have exactly them, and the rules that say so. What is said of every action is not said of one again.
fn joined<'a>(ir: &'a Ir, mut actions: BTreeMap<Action<'a>, Held>) -> BTreeMap<Resources<'a>, Said<'a>> {
    let every = Action::Pattern(&ActionForm::Everything);
    let of_every = actions.remove(&every).unwrap_or_default();
    let covered = put_together(ir, &of_every.keys().copied().collect(), &[]);
    // Of many actions most have the same sets, whose patterns then are put together once.
    let mut alike: BTreeMap<BTreeSet<u32>, Said<'a>> = BTreeMap::new();
    for (action, held) in actions {
        let (same, rules) = alike.entry(held.keys().copied().collect()).or_default();
        same.insert(action);
        rules.extend(held.into_values().flatten());
    }
    let mut lines: BTreeMap<Resources<'a>, Said<'a>> = BTreeMap::new();
    let mut say = |resources: Resources<'a>, actions: &BTreeSet<Action<'a>>, rules: &BTreeSet<u32>| {
        let (same, known) = lines.entry(resources).or_default();
        same.extend(actions);
        known.extend(rules);
    };
    let mut rules_of_every: BTreeSet<u32> = of_every.into_values().flatten().collect();
    for (sets, (actions, rules)) in alike {
        let left = put_together(ir, &sets, &covered);
        if left.is_empty() {
            rules_of_every.extend(&rules);
        }
        left.into_iter().for_each(|resources| say(resources, &actions, &rules));
    }
    for resources in covered {
        say(resources, &BTreeSet::from([every]), &rules_of_every);
    }
    // `*` is alone in its lines: of its resources no other action has any left.
    lines
}

/// What some resource sets are together, but for what is covered: one list of patterns, and every `NotResource` list beside it.
fn put_together<'a>(ir: &'a Ir, sets: &BTreeSet<u32>, covered: &[Resources<'a>]) -> Vec<Resources<'a>> {
    let everything = &ResourceForm::Everything;
    let has = |form: &'a ResourceForm| {
        covered.iter().any(|it| matches!(it, Resources::Patterns(patterns) if patterns.contains(form)))
    };
    let mut patterns: BTreeSet<&ResourceForm> = BTreeSet::new();
    let mut found = Vec::new();
    for &id in sets {
        match ir.resource_sets.get(id) {
            Some(set) if set.negated => found.push(Resources::Not(id)),
            Some(set) => patterns.extend(&set.patterns),
            None => {}
        }
    }
    if has(everything) {
        return Vec::new();
    }
    if patterns.contains(everything) {
        return vec![Resources::Patterns(BTreeSet::from([everything]))];
    }
    found.retain(|resources| !covered.contains(resources));
    patterns.retain(|&form| !has(form));
    if !patterns.is_empty() {
        found.push(Resources::Patterns(patterns));
    }
    found
}
