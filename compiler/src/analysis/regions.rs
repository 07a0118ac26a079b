//! The regions of a scene in which what is allowed differs between two worlds, or is allowed in one.
//!
//! Actions first, then for each class of actions resources, then for each class of those conditions: each step walks the automaton of all
//! patterns that are left, of both worlds at once, so that a region is a set of requests in which every rule of either world says the same up
//! to conditions, and those are compared as decision diagrams.

mod actions;
mod compare;
mod resources;

use std::collections::{BTreeMap, BTreeSet};

use actions::flags;
use resources::Resources;

use super::HashMap;
use super::cover::{Starts, Term, Wish, cover};
use super::logic::Cube;
use super::scene::{Effective, Layers, Place, Slot};
use super::space::{Pattern, TooMany, Walks, meet};
use super::universe::{Universe, named, spelled};
use crate::facts;
use crate::ir::{ActionSet, ResourceSet};
use crate::model::Effect;
use crate::pattern::{ActionForm, ResourceForm};
use crate::request::{ContextValue, Request};

/// What a question is limited to.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// Actions.
    pub(super) action: Option<ActionForm>,
    /// Resources.
    pub(super) resource: Option<ResourceForm>,
    /// Keys of the context, with their values.
    pub(super) given: Vec<(String, ContextValue)>,
}

/// When something is allowed: in one of these cases, each of which is conditions that hold, or do not.
pub(super) type When = Vec<Cube>;

/// A region as it is found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Region {
    pub(super) actions: Vec<Term>,
    pub(super) resources: Vec<Term>,
    pub(super) before: When,
    pub(super) after: When,
    /// Requests that may show the change, best first, with what each is expected to come to.
    pub(super) shown: Vec<(Request, (bool, bool))>,
    /// What can come out in it.
    pub(super) possible: BTreeSet<(bool, bool)>,
}

/// What is found in a scene.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) regions: Vec<Region>,
    /// Patterns of resources with variables that are not fixed; conditions from `matches` on stand for them.
    pub(super) variables: Vec<ResourceForm>,
    /// Whether something was too large to be looked at.
    pub(super) too_large: bool,
    /// Whether actions were too many to be walked, and documented ones alone were looked at.
    pub(super) documented: bool,
    /// Whether what the caller's own account says is assumed.
    pub(super) foreign: bool,
    /// Conditions that read the same and are not: what tells them apart.
    pub(super) apart: BTreeMap<u32, String>,
}

/// Conditions from this number on stand for resource patterns with variables.
pub(super) const MATCHES: u32 = 1 << 30;

/// A scene, ready to be looked at.
pub(super) struct Scene<'a, 'm> {
    pub(super) universe: &'a Universe<'m>,
    /// One world, or the old one and the new one.
    pub(super) layers: &'a [Layers],
    pub(super) principal: &'a str,
    pub(super) place: &'a Place,
    pub(super) query: &'a Query,
    /// The declared resource that owns one, on either side, if there is one.
    pub(super) owner: &'a dyn Fn(&str) -> Option<String>,
    /// Walks that other scenes took too.
    pub(super) walks: &'a Walks,
}

/// A rule of the scene and the worlds in which it stands.
struct Voiced {
    rule: Effective,
    sides: u8,
}

/// What a rule covers of the resources of a minterm.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Covers {
    No,
    Yes,
    /// Where one of these patterns matches, or, negated, none.
    Where {
        negated: bool,
        variables: Vec<u32>,
    },
}

/// Actions that the rules of the scene do not tell apart.
#[derive(Clone, Debug)]
struct Class {
    rules: Vec<usize>,
    minterms: Vec<usize>,
}

/// What of a rule says something of resources and conditions.
type Alike<'r> = (Slot, Effect, &'r ResourceSet, &'r Vec<u32>, u8);

/// What a region is told by, within a class of actions.
type Said = (Vec<Term>, When, When);

impl Scene<'_, '_> {
    /// Finds the regions.
    pub(super) fn regions(&self) -> Found {
        let foreign = self.layers.iter().any(|layers| layers.shape.is_foreign());
        let mut found = Found { foreign, ..Found::default() };
        let rules = self.rules();
        let Some(lead) = self.lead(&rules) else { return found };
        if self.is_role() && !lead.is_empty() {
            let takes =
                |at: &usize| rules.get(*at).is_some_and(|rule| self.universe.takes_roles(rule.rule.actions));
            if !lead.iter().any(takes) {
                return found;
            }
        }
        let (numbered, walked, action_minterms) = self.actions(&rules, &lead, &mut found.documented);
        let classes = self.classes(&rules, &lead, &numbered, &action_minterms);
        // By what is said of resources and conditions: the classes of actions of which it is said.
        let mut said: BTreeMap<Said, (Vec<usize>, Vec<Region>)> = BTreeMap::new();
        // Rules that differ in their actions alone say the same of resources.
        let mut alike: HashMap<Alike<'_>, usize> = HashMap::default();
        let mut of = Vec::with_capacity(rules.len());
        for Voiced { rule, sides } in &rules {
            let next = alike.len();
            of.push(
                *alike.entry((rule.slot, rule.effect, &rule.resources, &rule.guard, *sides)).or_insert(next),
            );
        }
        let mut known: HashMap<(Vec<usize>, Vec<bool>), Vec<Region>> = HashMap::default();
        for (number, class) in classes.iter().enumerate() {
            let Some(first) = class.minterms.first().and_then(|&at| action_minterms.get(at)) else {
                continue;
            };
            let action = spelled(&first.example);
            // What no policy controls is told where it is asked for, and is no change.
            if self.query.action.is_none() && self.is_not_controlled(&action) {
                continue;
            }
            let mut kinds: Vec<usize> =
                class.rules.iter().filter_map(|&rule| of.get(rule)).copied().collect();
            kinds.sort_unstable();
            kinds.dedup();
            let key = (kinds, flags(&action));
            let regions = match known.get(&key) {
                Some(regions) => {
                    // The same of other actions: only the examples name them.
                    let mut regions = regions.clone();
                    for region in &mut regions {
                        region.shown.iter_mut().for_each(|(request, _)| request.action.clone_from(&action));
                    }
                    regions
                }
                None => {
                    let regions = match self.resources(&rules, &lead, class, &action, &mut found) {
                        Ok(regions) => regions,
                        Err(TooMany) => {
                            found.too_large = true;
                            continue;
                        }
                    };
                    known.insert(key, regions.clone());
                    regions
                }
            };
            for region in regions {
                let key = (region.resources.clone(), region.before.clone(), region.after.clone());
                let entry = said.entry(key).or_default();
                entry.0.push(number);
                entry.1.push(region);
            }
        }
        // What no policy controls, and what nobody's own policies do, may be said with the rest.
        let wishes: Vec<Wish> = action_minterms
            .iter()
            .map(|minterm| if self.is_set_apart(&minterm.example) { Wish::Either } else { Wish::Unwanted })
            .collect();
        let mut starts = Starts::of(&numbered, &walked);
        for (_, (numbers, mut regions)) in said {
            let mut wishes = wishes.clone();
            for minterm in
                numbers.iter().filter_map(|&number| classes.get(number)).flat_map(|class| &class.minterms)
            {
                if let Some(wish) = wishes.get_mut(*minterm) {
                    *wish = Wish::Wanted;
                }
            }
            let actions = cover(&mut starts, &action_minterms, &wishes);
            let mut shown = Vec::new();
            for (&number, region) in numbers.iter().zip(&regions).take(3) {
                let minterm =
                    classes.get(number).and_then(|class| action_minterms.get(*class.minterms.first()?));
                let Some(minterm) = minterm else { continue };
                let action = self.example(&numbered, minterm);
                shown.extend(
                    region
                        .shown
                        .iter()
                        .take(4)
                        .cloned()
                        .map(|(request, pair)| (Request { action: action.clone(), ..request }, pair)),
                );
            }
            let possible = regions.iter().flat_map(|region| region.possible.iter().copied()).collect();
            let Some(region) = regions.pop() else { continue };
            found.regions.push(Region { actions, shown, possible, ..region });
        }
        found
    }

    /// The rules of all worlds, each with the worlds in which it stands.
    fn rules(&self) -> Vec<Voiced> {
        let mut all: BTreeMap<&Effective, u8> = BTreeMap::new();
        for (side, layers) in self.layers.iter().enumerate() {
            for rule in &layers.rules {
                *all.entry(rule).or_default() |= 1 << side;
            }
        }
        all.into_iter().map(|(rule, sides)| Voiced { rule: rule.clone(), sides }).collect()
    }

    /// The rules without one of which nothing changes, by their places; `None` where nothing can change.
    fn lead(&self, rules: &[Voiced]) -> Option<Vec<usize>> {
        let places = |wanted: &dyn Fn(&Voiced) -> bool| -> Vec<usize> {
            rules.iter().enumerate().filter(|(_, rule)| wanted(rule)).map(|(at, _)| at).collect()
        };
        let both = (1_u8 << self.layers.len()) - 1;
        let grants = |rule: &Voiced| rule.rule.effect == Effect::Allow && rule.rule.slot.grants();
        let same_shape = match self.layers {
            [old, new] => old.shape == new.shape,
            _ => false,
        };
        let changed = places(&|rule| rule.sides != both);
        if same_shape {
            return (!changed.is_empty()).then_some(changed);
        }
        // Of a layer that came or went, or of one world alone, what is granted matters; the root user needs no grant.
        if self.principal.ends_with(":root") {
            return Some(Vec::new());
        }
        // What no policy controls needs no grant either; it is looked at where it is asked for.
        let uncontrolled = facts::UNCONTROLLED.iter().chain(facts::UNCONTROLLED_FOR_USERS);
        let asked = self.query.action.as_ref().and_then(Pattern::of_action);
        let is_asked = |action: &&str| {
            let pattern = Pattern::of_action(&named(action));
            asked.as_ref().zip(pattern).is_some_and(|(asked, pattern)| meet(asked, &pattern))
        };
        if self.layers.len() == 1 && uncontrolled.into_iter().any(is_asked) {
            return Some(Vec::new());
        }
        let granting = places(&grants);
        (!granting.is_empty()).then_some(granting)
    }

    /// The rules without one of which nothing is allowed, by their places; empty where something may be allowed without any.
    fn granting(&self, rules: &[Voiced]) -> Vec<usize> {
        if self.principal.ends_with(":root") {
            return Vec::new();
        }
        let grants = |rule: &Voiced| rule.rule.effect == Effect::Allow && rule.rule.slot.grants();
        rules.iter().enumerate().filter(|(_, rule)| grants(rule)).map(|(at, _)| at).collect()
    }

    fn action_set(&self, rule: &Voiced) -> Option<&ActionSet> {
        self.universe.actions.get(rule.rule.actions)
    }

    /// The regions of a class of actions.
    fn resources(
        &self,
        rules: &[Voiced],
        lead: &[usize],
        class: &Class,
        action: &str,
        found: &mut Found,
    ) -> Result<Vec<Region>, TooMany> {
        let mut excluded: Vec<String> = Vec::new();
        loop {
            let resources = Resources::walk(self, rules, lead, class, action, &excluded)?;
            let (regions, owned) = self.compare(rules, class, action, &resources, found);
            // An example that a declared resource owns belongs to another place: what that resource is stays out, and the walk begins anew.
            match owned {
                Some(owner) if excluded.len() < 64 && !excluded.contains(&owner) => excluded.push(owner),
                Some(_) => return Err(TooMany),
                None => return Ok(regions),
            }
        }
    }
}
