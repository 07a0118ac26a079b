//! The regions of a scene in which what is allowed differs between two worlds, or is allowed in one.
//!
//! Actions first, then for each class of actions resources, then for each class of those conditions: each step walks the automaton of all
//! patterns that are left, of both worlds at once, so that a region is a set of requests in which every rule of either world says the same up
//! to conditions, and those are compared as decision diagrams.

use std::collections::{BTreeMap, BTreeSet};

use super::HashMap;
use super::cover::{Term, Wish, cover};
use super::logic::{ALWAYS, Cube, Logic, NEVER, Node, Spent};
use super::scene::{Effective, Kind, Layers, Place, Slot, VOICES, Voice};
use super::solve::{Outcomes, Solver};
use super::space::{Minterm, Pattern, TooMany, meet, minterms};
use super::universe::{Numbered, Universe, spelled};
use crate::facts;
use crate::ir::{ActionSet, ResourceSet};
use crate::model::Effect;
use crate::pattern::{ActionForm, Glob, ResourceForm};
use crate::reference::{self, combine::Contract};
use crate::request::{ContextValue, Request};
use portcullis_runtime::value::arn;

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
    /// Whether a key cannot have a value in this scene.
    pub(super) forbidden: &'a dyn Fn(&str, Option<&ContextValue>) -> bool,
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
        let mut found = Found::default();
        let rules = self.rules();
        let Some(lead) = self.lead(&rules) else { return found };
        if self.is_role() && !lead.is_empty() {
            let takes =
                |at: &usize| rules.get(*at).is_some_and(|rule| self.universe.takes_roles(rule.rule.actions));
            if !lead.iter().any(takes) {
                return found;
            }
        }
        let (numbered, walked, action_minterms) = self.actions(&rules, &lead);
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
        for (_, (numbers, mut regions)) in said {
            let mut wishes = wishes.clone();
            for minterm in
                numbers.iter().filter_map(|&number| classes.get(number)).flat_map(|class| &class.minterms)
            {
                if let Some(wish) = wishes.get_mut(*minterm) {
                    *wish = Wish::Wanted;
                }
            }
            let actions = cover(&numbered, &action_minterms, &wishes, &walked);
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

    /// The minterms of actions, with the patterns that led to them.
    #[allow(clippy::type_complexity, reason = "three results of one walk")]
    fn actions(&self, rules: &[Voiced], lead: &[usize]) -> (Numbered, Vec<u32>, Vec<Minterm>) {
        let mut numbered = Numbered::default();
        let mut walked: Vec<u32> = Vec::new();
        let add = |numbered: &mut Numbered, form: &ActionForm| {
            let pattern = Pattern::of_action(form)?;
            Some(numbered.add(pattern, || self.universe.action_text(form)))
        };
        // What changes is spoken of by a leading rule, and by one that grants: the walk follows those who speak of less.
        let mut everything = true;
        for leading in [lead.to_vec(), self.granting(rules)].iter().filter(|leading| !leading.is_empty()) {
            let sets =
                || leading.iter().filter_map(|&at| rules.get(at)).filter_map(|rule| self.action_set(rule));
            everything = sets().any(|set| set.negated || set.patterns.contains(&ActionForm::Everything));
            if !everything {
                let forms: BTreeSet<&ActionForm> = sets().flat_map(|set| &set.patterns).collect();
                walked.extend(forms.into_iter().filter_map(|form| add(&mut numbered, form)));
                break;
            }
        }
        if let Some(action) = &self.query.action {
            walked = add(&mut numbered, action).into_iter().collect();
        } else if self.is_role() {
            walked =
                facts::TRUST_ACTIONS.iter().filter_map(|action| add(&mut numbered, &named(action))).collect();
        } else if everything {
            walked = add(&mut numbered, &ActionForm::Everything).into_iter().collect();
        }
        let leading: Vec<Pattern> =
            walked.iter().filter_map(|&id| numbered.patterns.get(id as usize)).cloned().collect();
        let matters = |pattern: &Pattern| leading.iter().any(|lead| meet(lead, pattern));
        let mut forms: BTreeSet<&ActionForm> = BTreeSet::new();
        let speaking =
            rules.iter().filter(|rule| !self.is_role() || self.universe.takes_roles(rule.rule.actions));
        for set in speaking.filter_map(|rule| self.action_set(rule)) {
            forms.extend(&set.patterns);
        }
        for form in forms {
            if Pattern::of_action(form).is_some_and(|pattern| matters(&pattern)) {
                add(&mut numbered, form);
            }
        }
        // Actions that the combination itself tells apart, and services that control policies of resources speak of.
        for action in facts::controlled_actions() {
            let form = named(action);
            if Pattern::of_action(&form).is_some_and(|pattern| matters(&pattern)) {
                numbered.add(Pattern::of_action(&form).unwrap_or_default(), || spelled(action));
            }
        }
        if rules.iter().any(|rule| rule.rule.slot == Slot::Rcp) {
            for service in facts::RCP_SERVICES {
                let form = ActionForm::Named { service: Glob::literal(service), name: Glob::any() };
                let pattern = Pattern::of_action(&form).unwrap_or_default();
                if matters(&pattern) {
                    numbered.add(pattern, || format!("{service}:*"));
                }
            }
        }
        let found = match minterms(&numbered.patterns, Some(&walked)) {
            Ok(found) => found,
            Err(TooMany) => self.documented(&numbered, &walked),
        };
        (numbered, walked, found)
    }

    /// The minterms of documented actions, and of those that policies spell out: where patterns are too many to be walked at once.
    fn documented(&self, numbered: &Numbered, walked: &[u32]) -> Vec<Minterm> {
        let mut actions: BTreeSet<String> = BTreeSet::new();
        for service in facts::known_services() {
            let all = Pattern::literal(&format!("{}:", service.prefix)).and_more();
            let leads = walked.iter().filter_map(|&id| numbered.patterns.get(id as usize));
            if leads.into_iter().any(|lead| meet(lead, &all)) {
                let named = |name: &&str| format!("{}:{}", service.prefix, name.to_ascii_lowercase());
                actions.extend(service.actions.iter().map(named));
            }
        }
        actions.extend(numbered.patterns.iter().filter_map(Pattern::as_literal));
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for action in actions {
            let matching = (0..).zip(&numbered.patterns).filter(|(_, pattern)| pattern.matches(&action));
            let matched: Vec<u32> = matching.map(|(number, _)| number).collect();
            if matched.iter().any(|pattern| walked.contains(pattern)) && seen.insert(matched.clone()) {
                found.push(Minterm { matched, example: action });
            }
        }
        found
    }

    /// Whether an action is decided without the policies of a caller, so that it does not matter if it is named among others.
    fn is_set_apart(&self, action: &str) -> bool {
        let is_one_of = |table: &[&str]| table.iter().any(|known| known.eq_ignore_ascii_case(action));
        let of_caller = matches!(self.place, Place::Own | Place::Elsewhere);
        is_one_of(facts::UNCONTROLLED)
            || is_one_of(facts::UNCONTROLLED_FOR_USERS)
                && self.layers.iter().all(|layers| layers.shape.is_user_or_root())
            || of_caller && is_one_of(facts::NO_CALLER_SIDE)
    }

    fn is_role(&self) -> bool {
        matches!(self.place, Place::Role { .. })
    }

    /// Groups minterms of actions by the rules that speak of them; those of which no leading rule does are left out.
    fn classes(
        &self,
        rules: &[Voiced],
        lead: &[usize],
        numbered: &Numbered,
        found: &[Minterm],
    ) -> Vec<Class> {
        // By rule: the numbers of its patterns; whether it covers everything but those.
        let ids: HashMap<&Pattern, u32> = numbered.patterns.iter().zip(0..).collect();
        let number = |form: &ActionForm| ids.get(&Pattern::of_action(form)?).copied();
        let mut sets: HashMap<u32, (Vec<u32>, bool, bool)> = HashMap::default();
        for rule in rules {
            sets.entry(rule.rule.actions).or_insert_with(|| match self.action_set(rule) {
                Some(set) => {
                    let numbers = set.patterns.iter().filter_map(number).collect();
                    (numbers, set.negated, set.patterns.contains(&ActionForm::Everything))
                }
                None => (Vec::new(), false, false),
            });
        }
        let mut classes: BTreeMap<(Vec<usize>, Vec<bool>), Vec<usize>> = BTreeMap::new();
        for (at, minterm) in found.iter().enumerate() {
            let is_rcp_service = is_rcp_service(&minterm.example);
            let mut covered: HashMap<u32, bool> = HashMap::default();
            for (&set, (numbers, negated, everything)) in &sets {
                let some = *everything || numbers.iter().any(|&number| minterm.has(number));
                covered.insert(set, some != *negated);
            }
            let speaks = |rule: &Voiced| {
                covered.get(&rule.rule.actions) == Some(&true)
                    && (rule.rule.slot != Slot::Rcp || is_rcp_service)
            };
            let speaking: Vec<usize> =
                rules.iter().enumerate().filter(|(_, rule)| speaks(rule)).map(|(at, _)| at).collect();
            if lead.is_empty() || speaking.iter().any(|at| lead.contains(at)) {
                classes.entry((speaking, flags(&minterm.example))).or_default().push(at);
            }
        }
        classes.into_iter().map(|((rules, _), minterms)| Class { rules, minterms }).collect()
    }

    /// An action of a minterm, as AWS spells it; a documented one, if there is one.
    fn example(&self, numbered: &Numbered, minterm: &Minterm) -> String {
        let fits = |action: &str| {
            let lower = action.to_ascii_lowercase();
            (0..)
                .zip(&numbered.patterns)
                .all(|(number, pattern)| pattern.matches(&lower) == minterm.has(number))
        };
        let direct = spelled(&minterm.example);
        if direct != minterm.example {
            return direct;
        }
        let service = minterm.example.split_once(':').map_or("", |(service, _)| service);
        let services = [service, "s3", "ec2", "iam", "sqs"];
        let known = services.iter().filter_map(|service| facts::known_service(service));
        let actions = known
            .flat_map(|known| known.actions.iter().map(move |action| format!("{}:{action}", known.prefix)));
        actions.into_iter().take(2_000).find(|action| fits(action)).unwrap_or(direct)
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

    /// Compares what both worlds say of every minterm of resources. The second result is a declared resource that is in the way.
    fn compare(
        &self,
        rules: &[Voiced],
        class: &Class,
        action: &str,
        resources: &Resources,
        found: &mut Found,
    ) -> (Vec<Region>, Option<String>) {
        let mut logic = Logic::default();
        let mut by_said: BTreeMap<(When, When), (Vec<usize>, Vec<(usize, Outcomes)>)> = BTreeMap::new();
        let mut known: HashMap<(Vec<Covers>, Vec<bool>), Option<(When, When, Outcomes)>> = HashMap::default();
        let mut wishes = vec![Wish::Unwanted; resources.minterms.len()];
        for (at, minterm) in resources.minterms.iter().enumerate() {
            if !resources.is_here(self, minterm) {
                if let Some(wish) = wishes.get_mut(at) {
                    *wish = if resources.is_of_another_place(self, minterm) {
                        Wish::Either
                    } else {
                        Wish::Unwanted
                    };
                }
                continue;
            }
            let covers: Vec<Covers> = class
                .rules
                .iter()
                .filter_map(|&rule| rules.get(rule))
                .map(|rule| resources.covers(&rule.rule.resources, minterm, &mut found.variables))
                .collect();
            let request = self.request(action, &minterm.example);
            let contract = vec![
                reference::contract(&request) != Contract::Ordinary,
                reference::is_owned_by_aws(&request),
            ];
            let key = (covers, contract);
            if !known.contains_key(&key) {
                let result = self.functions(&mut logic, rules, class, &key.0, &request);
                let compared =
                    match result.and_then(|pair| Ok((pair, logic.sum(pair.0)?, logic.sum(pair.1)?))) {
                        Ok((pair, before, after)) if pair.0 != pair.1 => {
                            let outcomes = self.solve(&logic, pair, &before, &after);
                            let changes = outcomes.possible.iter().any(|(before, after)| before != after);
                            changes.then_some((before, after, outcomes))
                        }
                        Ok(_) => None,
                        Err(Spent) => {
                            found.too_large = true;
                            None
                        }
                    };
                known.insert(key.clone(), compared);
            }
            let Some(Some((before, after, outcomes))) = known.get(&key) else { continue };
            if !self.is_role() {
                let owner = (self.owner)(&minterm.example);
                let expected = match self.place {
                    Place::Declared { arn, .. } => Some(arn.clone()),
                    _ => None,
                };
                if let Some(owner) = owner.filter(|owner| Some(owner) != expected.as_ref()) {
                    return (Vec::new(), Some(owner));
                }
            }
            let entry = by_said.entry((before.clone(), after.clone())).or_default();
            entry.0.push(at);
            entry.1.push((at, outcomes.clone()));
        }
        let mut regions = Vec::new();
        for ((before, after), (ats, outcomes)) in by_said {
            let mut wishes = wishes.clone();
            for at in ats {
                if let Some(wish) = wishes.get_mut(at) {
                    *wish = Wish::Wanted;
                }
            }
            let terms = cover(&resources.numbered, &resources.minterms, &wishes, &resources.walked);
            let mut shown = Vec::new();
            let mut possible = BTreeSet::new();
            for (at, outcomes) in &outcomes {
                possible.extend(outcomes.possible.iter().copied());
                let Some(minterm) = resources.minterms.get(*at) else { continue };
                if shown.len() < 8 {
                    self.show(action, minterm, resources, outcomes, &found.variables, &mut shown);
                }
            }
            regions.push(Region { actions: Vec::new(), resources: terms, before, after, shown, possible });
        }
        (regions, None)
    }

    /// A request of this scene, without context.
    pub(super) fn request(&self, action: &str, resource: &str) -> Request {
        Request {
            action: action.to_owned(),
            resource: resource.to_owned(),
            ..self.place.probe(self.principal, &self.query.given)
        }
    }

    /// What either world allows, as functions of conditions.
    fn functions(
        &self,
        logic: &mut Logic,
        rules: &[Voiced],
        class: &Class,
        covers: &[Covers],
        request: &Request,
    ) -> Result<(Node, Node), Spent> {
        // A single world stands beside one that allows nothing.
        let mut functions = vec![NEVER; 2_usize.saturating_sub(self.layers.len())];
        for (side, layers) in self.layers.iter().enumerate() {
            let mut voices = [NEVER; VOICES.len()];
            let mut levels = vec![NEVER; layers.shape.scps() as usize];
            for (&at, covers) in class.rules.iter().zip(covers) {
                let Some(voiced) = rules.get(at).filter(|rule| rule.sides & 1 << side != 0) else { continue };
                let mut holds = self.covering(logic, covers)?;
                for &atom in &voiced.rule.guard {
                    let atom = logic.variable(atom)?;
                    holds = logic.and(holds, atom)?;
                }
                let slot = voiced.rule.slot;
                let voice = match voiced.rule.effect {
                    Effect::Deny => Voice::Denies(Kind::of(slot)),
                    Effect::Allow => Voice::Allows(slot),
                };
                for (known, function) in VOICES.iter().zip(&mut voices) {
                    if *known == voice {
                        *function = logic.or(*function, holds)?;
                    }
                }
                if let (Effect::Allow, Slot::Scp(level)) = (voiced.rule.effect, slot)
                    && let Some(function) = levels.get_mut(level as usize)
                {
                    *function = logic.or(*function, holds)?;
                }
            }
            let mut silent = NEVER;
            for level in levels {
                let level = logic.not(level)?;
                silent = logic.or(silent, level)?;
            }
            for (known, function) in VOICES.iter().zip(&mut voices) {
                if *known == Voice::Silent {
                    *function = silent;
                }
            }
            functions.push(logic.of(&voices, &|values| layers.shape.allows(request, values))?);
        }
        match functions.as_slice() {
            [old, new] => Ok((*old, *new)),
            _ => Err(Spent),
        }
    }

    fn covering(&self, logic: &mut Logic, covers: &Covers) -> Result<Node, Spent> {
        Ok(match covers {
            Covers::No => NEVER,
            Covers::Yes => ALWAYS,
            Covers::Where { negated, variables } => {
                let mut some = NEVER;
                for &variable in variables {
                    let matches = logic.variable(MATCHES + variable)?;
                    some = logic.or(some, matches)?;
                }
                if *negated { logic.not(some)? } else { some }
            }
        })
    }

    fn solve(&self, logic: &Logic, pair: (Node, Node), before: &When, after: &When) -> Outcomes {
        let used = before.iter().chain(after).flatten().map(|(variable, _)| *variable);
        let used: BTreeSet<u32> = used.filter(|variable| *variable < MATCHES).collect();
        let Some(layers) = self.layers.last() else { return Outcomes::default() };
        let solver = Solver::new(&self.universe.atoms, &used, &layers.fixed, self.forbidden);
        solver.outcomes(logic, pair, MATCHES)
    }

    /// Requests that show what comes out.
    fn show(
        &self,
        action: &str,
        minterm: &Minterm,
        resources: &Resources,
        outcomes: &Outcomes,
        variables: &[ResourceForm],
        shown: &mut Vec<(Request, (bool, bool))>,
    ) {
        let changing = outcomes.found.iter().filter(|((before, after), _)| before != after);
        // Growth before shrinking: that is what people look for first.
        let mut changing: Vec<_> = changing.collect();
        changing.sort_by_key(|((before, _), _)| *before);
        let nice = resources.nice(self, minterm);
        for (&pair, witnesses) in changing {
            for witness in witnesses {
                let forms = witness.matches.iter().filter(|(_, matches)| *matches);
                let forms = forms.filter_map(|(form, _)| variables.get(*form as usize));
                let mut given = witness.given.clone();
                let mut texts: Vec<String> = Vec::new();
                for form in forms {
                    texts.extend(with_values(form, &mut given));
                }
                if texts.is_empty() {
                    texts.push(nice.clone());
                    texts.push(minterm.example.clone());
                    texts.dedup();
                }
                for text in texts {
                    let mut request = self.request(action, &text);
                    give(&mut request, &given, self.layers);
                    shown.push((request, pair));
                }
            }
        }
    }
}

/// Puts a context into a request; tags that only a session brings go there.
fn give(request: &mut Request, given: &[(String, Option<ContextValue>)], layers: &[Layers]) {
    for (key, value) in given {
        let Some(value) = value else { continue };
        if let Some(tag) = key.strip_prefix("aws:principaltag/")
            && layers.iter().any(|layers| layers.fixed.has_session_tags())
        {
            let own = layers.iter().all(|layers| layers.fixed.own_tag(key) == Some(value));
            if let (ContextValue::One(text), false) = (value, own) {
                request.session.get_or_insert_default().tags.push((tag.to_owned(), text.clone()));
            }
            continue;
        }
        request.context.push((key.clone(), value.clone()));
    }
}

/// A text of a resource pattern whose variables stand for values of the context, which are chosen where it says nothing.
fn with_values(form: &ResourceForm, given: &mut Vec<(String, Option<ContextValue>)>) -> Option<String> {
    let made = {
        let ResourceForm::Parts(parts) = form else { return None };
        let keys = parts.iter().flat_map(|part| part.pieces()).filter_map(|piece| match piece {
            crate::pattern::Piece::Variable(variable) => Some(variable.key.to_string()),
            _ => None,
        });
        for key in keys {
            if !given.iter().any(|(known, _)| *known == key) {
                given.push((key, Some(ContextValue::One("value".to_owned()))));
            }
        }
        let value = |key: &str| {
            let found = given.iter().find(|(known, _)| *known == key);
            Some(found.and_then(|(_, value)| value.as_ref()))
        };
        super::universe::substituted(form, &value)
    };
    let ResourceForm::Parts(parts) = made else { return None };
    Some(parts.iter().map(super::values::instance).collect::<Vec<_>>().join(":"))
}

/// What the combination itself tells apart of an action.
fn flags(action: &str) -> Vec<bool> {
    let is_one_of = |table: &[&str]| table.iter().any(|known| known.eq_ignore_ascii_case(action));
    let tables = [
        facts::POLICY_WRITES,
        facts::ROLE_WRITES,
        facts::ALIAS_WRITES,
        facts::TRUST_ACTIONS,
        facts::NO_CALLER_SIDE,
        facts::UNCONTROLLED,
        facts::UNCONTROLLED_FOR_USERS,
    ];
    let mut flags: Vec<bool> = tables.iter().map(|table| is_one_of(table)).collect();
    flags.push(facts::SERVICE_LEVEL_ARNS.iter().any(|(known, _)| known.eq_ignore_ascii_case(action)));
    flags
}

fn is_rcp_service(action: &str) -> bool {
    let service = action.split_once(':').map_or("", |(service, _)| service);
    facts::RCP_SERVICES.iter().any(|known| known.eq_ignore_ascii_case(service))
}

/// An action as a pattern.
fn named(action: &str) -> ActionForm {
    let (service, name) = action.split_once(':').unwrap_or((action, ""));
    ActionForm::Named { service: Glob::literal(service), name: Glob::literal(&name.to_ascii_lowercase()) }
}

/// The resources of a class of actions.
struct Resources {
    numbered: Numbered,
    walked: Vec<u32>,
    minterms: Vec<Minterm>,
    scope: Vec<u32>,
    /// Patterns of declared resources that lie elsewhere.
    excluded: Vec<u32>,
    /// The caller's own account, and any account.
    accounts: Option<(u32, u32)>,
    query: Option<u32>,
    /// By form: its number.
    numbers: HashMap<ResourceForm, u32>,
    /// An action of the class.
    action: String,
}

impl Resources {
    fn walk(
        scene: &Scene<'_, '_>,
        rules: &[Voiced],
        lead: &[usize],
        class: &Class,
        action: &str,
        excluded: &[String],
    ) -> Result<Self, TooMany> {
        let mut numbered = Numbered::default();
        let mut numbers = HashMap::default();
        let sets: Vec<(usize, &ResourceSet)> =
            class.rules.iter().filter_map(|&at| Some((at, &rules.get(at)?.rule.resources))).collect();
        let mut add = |numbered: &mut Numbered, form: &ResourceForm| {
            if let Some(&known) = numbers.get(form) {
                return Some(known);
            }
            let id = numbered.add(Pattern::of_resource(form)?, || form.to_string());
            numbers.insert(form.clone(), id);
            Some(id)
        };
        let mut everything = true;
        let mut walked = Vec::new();
        let granting = scene.granting(rules);
        for leading in [lead, granting.as_slice()].into_iter().filter(|leading| !leading.is_empty()) {
            let leading = || sets.iter().filter(|(at, _)| leading.contains(at)).map(|(_, set)| set);
            everything = leading().any(|set| set.negated || set.patterns.contains(&ResourceForm::Everything));
            if !everything {
                let forms: BTreeSet<&ResourceForm> = leading().flat_map(|set| &set.patterns).collect();
                walked.extend(forms.into_iter().filter_map(|form| add(&mut numbered, form)));
                break;
            }
        }
        let scope: Vec<u32> =
            scene.place.scope().into_iter().map(|(pattern, text)| numbered.add(pattern, || text)).collect();
        let query = scene.query.resource.as_ref().and_then(|form| add(&mut numbered, form));
        let any_resource = matches!(scene.query.resource, None | Some(ResourceForm::Everything));
        if let Some(query) = query.filter(|_| !any_resource) {
            walked = vec![query];
        } else if !scope.is_empty() {
            walked.clone_from(&scope);
        } else if everything {
            walked = add(&mut numbered, &ResourceForm::Everything).into_iter().collect();
        }
        let leading: Vec<Pattern> =
            walked.iter().filter_map(|&id| numbered.patterns.get(id as usize)).cloned().collect();
        let matters = |pattern: &Pattern| leading.iter().any(|lead| meet(lead, pattern));
        let forms: BTreeSet<&ResourceForm> = sets.iter().flat_map(|(_, set)| &set.patterns).collect();
        for form in forms {
            if Pattern::of_resource(form).is_some_and(|pattern| matters(&pattern)) {
                add(&mut numbered, form);
            }
        }
        // What the combination itself tells apart: keys of KMS, and what AWS owns.
        let mut structural = vec!["arn:*:kms:*:*:key/*"];
        let is_one_of = |table: &[&str]| table.iter().any(|known| known.eq_ignore_ascii_case(action));
        if is_one_of(facts::POLICY_WRITES) {
            structural.push("arn:*:iam:*:aws:policy/*");
        }
        if is_one_of(facts::ROLE_WRITES) {
            structural.push("arn:*:iam:*:*:role/aws-reserved/*");
        }
        if is_one_of(facts::ALIAS_WRITES) {
            structural.push("arn:*:kms:*:*:alias/aws/*");
        }
        if is_one_of(facts::TRUST_ACTIONS) {
            structural.push("arn:*:iam:*:*:role/*");
        }
        for text in structural {
            let parts: Vec<Glob> = text.splitn(6, ':').map(Glob::wildcards).collect();
            let Ok(parts) = <[Glob; 6]>::try_from(parts) else { continue };
            let mut parts = parts;
            // The combination does not look at what stands before the service.
            let [head, partition, ..] = &mut parts;
            (*head, *partition) = (Glob::any(), Glob::any());
            let form = ResourceForm::Parts(Box::new(parts));
            if Pattern::of_resource(&form).is_some_and(|pattern| matters(&pattern)) {
                numbered.add(Pattern::of_resource(&form).unwrap_or_default(), || text.to_owned());
            }
        }
        let mut outside = Vec::new();
        for arn in excluded {
            let place = Place::Declared { arn: arn.clone(), account: None };
            outside.extend(place.scope().into_iter().map(|(pattern, text)| numbered.add(pattern, || text)));
        }
        let accounts = match (scene.place, super::scene::own_account(scene.principal)) {
            (Place::Own | Place::Elsewhere, Some(own)) => {
                let mine = numbered.add(Pattern::account(Some(&own)), || format!("*:*:*:*:{own}:*"));
                Some((mine, numbered.add(Pattern::account(None), || "*:*:*:*:????????????:*".to_owned())))
            }
            _ => None,
        };
        let mut minterms = minterms(&numbered.patterns, Some(&walked))?;
        for minterm in &mut minterms {
            // What is no ARN is matched by `*` alone: `*` itself stands for all of it.
            if arn::split(&minterm.example)
                .is_none_or(|[_, partition, service, ..]| partition.is_empty() || service.is_empty())
                && minterm.matched.iter().all(|&number| {
                    Pattern::everything()
                        == *numbered.patterns.get(number as usize).unwrap_or(&Pattern::everything())
                })
            {
                minterm.example = "*".to_owned();
            }
        }
        // R4: `*` may also be asked for as the ARN of a service.
        let service_level =
            facts::SERVICE_LEVEL_ARNS.iter().find(|(known, _)| known.eq_ignore_ascii_case(action));
        if let Some((_, arn)) = service_level.filter(|_| any_resource && *scene.place == Place::Own) {
            let covers = |form: &ResourceForm| {
                *form == ResourceForm::Everything
                    || Pattern::of_resource(form).is_some_and(|pattern| pattern.matches(arn))
            };
            let mut matched: Vec<u32> =
                numbers.iter().filter(|(form, _)| covers(form)).map(|(_, &number)| number).collect();
            matched.sort_unstable();
            matched.dedup();
            minterms.push(Minterm { matched, example: "*".to_owned() });
        }
        Ok(Self {
            numbered,
            walked,
            minterms,
            scope,
            excluded: outside,
            accounts,
            query,
            numbers,
            action: action.to_owned(),
        })
    }

    /// Whether the resources of a minterm lie in the scene's place.
    fn is_here(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> bool {
        let in_scope = self.scope.is_empty() || self.scope.iter().any(|&pattern| minterm.has(pattern));
        let asked = match (&scene.query.resource, self.query) {
            (Some(ResourceForm::Everything), _) | (_, None) => true,
            (_, Some(query)) => minterm.has(query),
        };
        let lies_here = match scene.place {
            Place::Elsewhere => {
                (self.is_foreign(minterm) || self.has_contract(scene, minterm))
                    && !self.is_aws_own(scene, minterm)
            }
            Place::Own => {
                let set_apart = self.has_contract(scene, minterm) || self.is_aws_own(scene, minterm);
                !self.is_foreign(minterm) && !set_apart
            }
            _ => true,
        };
        in_scope && asked && lies_here && !self.excluded.iter().any(|&pattern| minterm.has(pattern))
    }

    /// Whether the resource's own policy has to allow whatever the account (rule E8).
    fn has_contract(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> bool {
        let request = scene.request(&self.action, &minterm.example);
        reference::contract(&request) != Contract::Ordinary
    }

    /// Whether they lie in another account.
    fn is_foreign(&self, minterm: &Minterm) -> bool {
        self.accounts.is_some_and(|(own, any)| minterm.has(any) && !minterm.has(own))
    }

    /// Whether it does not matter if a description covers them: another place says what holds of them.
    fn is_of_another_place(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> bool {
        let lies_there = match scene.place {
            Place::Elsewhere | Place::Own => !self.is_here(scene, minterm),
            _ => false,
        };
        lies_there || self.excluded.iter().any(|&pattern| minterm.has(pattern))
    }

    /// Whether AWS owns it, and nobody may (rule E11).
    fn is_aws_own(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> bool {
        reference::is_owned_by_aws(&scene.request(&self.action, &minterm.example))
    }

    /// What a set covers of the resources of a minterm.
    fn covers(&self, set: &ResourceSet, minterm: &Minterm, variables: &mut Vec<ResourceForm>) -> Covers {
        let mut open = Vec::new();
        for form in &set.patterns {
            let matched = match form {
                ResourceForm::Everything => true,
                form => self.numbers.get(form).is_some_and(|&number| minterm.has(number)),
            };
            if !matched {
                continue;
            }
            if !form.has_variable() {
                return if set.negated { Covers::No } else { Covers::Yes };
            }
            let known = variables.iter().position(|known| known == form);
            let place = known.unwrap_or_else(|| {
                variables.push(form.clone());
                variables.len() - 1
            });
            open.push(place as u32);
        }
        open.sort_unstable();
        match (open.is_empty(), set.negated) {
            (true, false) => Covers::No,
            (true, true) => Covers::Yes,
            (false, negated) => Covers::Where { negated, variables: open },
        }
    }

    /// A resource of a minterm as people would write one, where there is one.
    fn nice(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> String {
        if minterm.example == "*" {
            return minterm.example.clone();
        }
        let account = super::scene::own_account(scene.principal);
        let account = account.as_deref().unwrap_or("123456789012");
        let mut candidates = Vec::new();
        for (form, number) in &self.numbers {
            if let ResourceForm::Parts(parts) = form
                && minterm.has(*number)
            {
                let [head, partition, service, region, owner, name] = &**parts;
                let or = |glob: &Glob, text: &str| {
                    if glob.is_any() { text.to_owned() } else { super::values::instance(glob) }
                };
                let no_region = matches!(service.as_literal(), Some("s3" | "iam" | "sts"));
                for (region_text, owner_text) in [("us-east-1", account), ("", account), ("", "")] {
                    let text = [
                        or(head, "arn"),
                        or(partition, "aws"),
                        or(service, "s3"),
                        or(region, if no_region { "" } else { region_text }),
                        or(owner, owner_text),
                        super::values::instance(name),
                    ];
                    candidates.push(text.join(":"));
                }
            }
        }
        candidates.extend([
            "arn:aws:s3:::example-bucket/example".to_owned(),
            format!("arn:aws:sqs:us-east-1:{account}:example"),
        ]);
        // The longest says the most.
        candidates.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let fits = |text: &String| {
            (0..)
                .zip(&self.numbered.patterns)
                .all(|(number, pattern)| pattern.matches(text) == minterm.has(number))
        };
        candidates.into_iter().find(fits).unwrap_or_else(|| minterm.example.clone())
    }
}
