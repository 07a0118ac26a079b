//! Goes through scenes, side by side, and gathers what is found into a report.
//!
//! A scene is looked at only where something in it can differ; scenes that differ in nothing that matters are looked at once.

mod leads;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use leads::{is_same, leads, meets};
use rayon::prelude::*;

use super::HashMap;
use super::apart;
use super::callers::{Asker, AskerKind, tagged};
use super::cover::Term;
use super::diff::{Access, Answer, Certainty, Change, Example, Group, Kind, Literal, Meaning, Report};
use super::examples::{answered, asked_by, granting, is_likely};
use super::regions::{Found, MATCHES, Query, Region, Scene, When};
use super::scene::{Effective, Layers, Place, Shape, declared};
use super::space::{Pattern, Walks, meet};
use super::universe::Universe;
use crate::model::Model;
use crate::reference;
use crate::request::Request;
use portcullis_runtime::decision::Effect;

/// Goes through scenes and gathers what is found.
pub(super) struct Survey<'u, 'm> {
    universe: &'u Universe<'m>,
    query: Query,
    places: Vec<Place>,
    /// Results by what they follow from.
    known: Mutex<HashMap<Following, Arc<Found>>>,
    walks: Walks,
    found: BTreeMap<Asker, Vec<Change>>,
    conditions: Vec<Meaning>,
    patterns: HashMap<String, usize>,
    too_large: Vec<(String, Place)>,
    documented: Vec<String>,
}

/// A scene and what is found in it.
type Scened = (Place, Arc<Found>);

/// Requests that show changes, with what comes out on either side.
type Shown = Vec<(Example, (bool, bool))>;

/// What the regions of a scene follow from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Following {
    rules: Vec<Vec<Effective>>,
    shapes: Vec<String>,
    account: Option<String>,
    is_root: bool,
    place: Place,
    fixed: Vec<(String, Option<Option<String>>)>,
}

impl<'u, 'm> Survey<'u, 'm> {
    pub(super) fn new(universe: &'u Universe<'m>, query: Query) -> Self {
        let mut conditions = Vec::new();
        for known in &universe.atoms {
            conditions.push(match &known.written {
                Some((condition, variables)) => Meaning::Condition(condition.clone(), *variables),
                None => Meaning::Fixed,
            });
        }
        let mut places: Vec<Place> = Vec::new();
        // Should the account of a resource have changed, the new one is told.
        for side in universe.sides.iter().rev() {
            for resource in &side.model.resources {
                let arn = resource.arn.to_string();
                let account = resource.account.as_deref().map(str::to_owned);
                places.push(Place::Declared { arn, account });
            }
            let roles = side.model.roles.iter().filter(|role| role.trust.is_some());
            places.extend(roles.map(|role| Place::Role { arn: role.identity.arn.to_string() }));
        }
        places.sort_by(|a, b| a.arn().cmp(&b.arn()));
        places.dedup_by(|a, b| match (a, b) {
            (Place::Declared { arn, .. }, Place::Declared { arn: other, .. }) => arn == other,
            (a, b) => a == b,
        });
        Self {
            universe,
            query,
            places,
            known: Mutex::default(),
            walks: Walks::default(),
            found: BTreeMap::new(),
            conditions,
            patterns: HashMap::default(),
            too_large: Vec::new(),
            documented: Vec::new(),
        }
    }

    /// Looks at all scenes of these principals that can have changed, side by side.
    pub(super) fn all(&mut self, askers: &[Asker]) {
        // Of each place, whether it is asked for, and whether what it itself has differs.
        let changed: Vec<(&Place, bool)> = self
            .places
            .iter()
            .filter(|place| !self.misses_query(place))
            .map(|place| (place, self.has_changed(place)))
            .collect();
        let found: Vec<Vec<Scened>> = askers.par_iter().map(|asker| self.scenes(asker, &changed)).collect();
        // Those for whom all of it is the same are told as one: the first of them has the examples.
        let alike = |found: &[Scened]| -> Vec<(Place, usize)> {
            found.iter().map(|(place, found)| (place.clone(), Arc::as_ptr(found) as usize)).collect()
        };
        let mut firsts: HashMap<Vec<(Place, usize)>, usize> = HashMap::default();
        let mut first: Vec<(&Asker, &[Scened])> = Vec::new();
        let mut told: Vec<usize> = Vec::new();
        for (asker, found) in askers.iter().zip(&found) {
            if found.iter().any(|(_, found)| found.documented) {
                self.documented.push(asker.principal.clone());
            }
            for (place, _) in found.iter().filter(|(_, found)| found.too_large) {
                self.too_large.push((asker.principal.clone(), place.clone()));
            }
            let next = first.len();
            let at = *firsts.entry(alike(found)).or_insert(next);
            if at == next {
                first.push((asker, found));
            }
            told.push(at);
        }
        // Deciding examples takes most of the time, and knows nothing of other changes.
        let shown: Vec<Vec<Shown>> = first
            .par_iter()
            .map(|(asker, found)| {
                regions(found)
                    .map(|(place, region, found)| self.examples(asker, place, region, found))
                    .collect()
            })
            .collect();
        let mut changes: Vec<Vec<Change>> = Vec::new();
        for ((asker, found), shown) in first.into_iter().zip(shown) {
            let mut all = Vec::new();
            for ((place, region, found), shown) in regions(found).zip(shown) {
                all.extend(self.change(asker, place, region, found, shown));
            }
            changes.push(all);
        }
        for (asker, at) in askers.iter().zip(told) {
            if let Some(changes) = changes.get(at).filter(|changes| !changes.is_empty()) {
                self.found.insert(asker.clone(), changes.clone());
            }
        }
    }

    /// Whether there are resources of its own account, and an input holds that account.
    fn has_own_place(&self, asker: &Asker) -> bool {
        let account = super::scene::own_account(&asker.principal);
        account.is_some_and(|account| self.universe.sides.iter().any(|side| side.account(&account).is_some()))
    }

    /// What is found in all scenes of one principal.
    fn scenes(&self, asker: &Asker, changed: &[(&Place, bool)]) -> Vec<Scened> {
        let mut results = Vec::new();
        let own = self.layers(&asker.principal, &Place::Own);
        let differs = own.as_ref().is_none_or(|own| !is_same(own));
        if let Some(own) = &own
            && differs
            && self.has_own_place(asker)
        {
            results.push((Place::Own, self.scene(asker, &Place::Own, own)));
            if let Some(elsewhere) = self.layers(&asker.principal, &Place::Elsewhere) {
                results.push((Place::Elsewhere, self.scene(asker, &Place::Elsewhere, &elsewhere)));
            }
        }
        // What others' policies ask of whoever asks, such as tags, may have changed where its own policies have not.
        let is_other = own.as_deref().is_some_and(|own| !matches!(own, [old, new] if old.fixed == new.fixed));
        let leads = match &own {
            Some(own) if differs && !is_other => leads(own),
            _ => vec![Vec::new()],
        };
        let moved = differs || is_other;
        for &(place, changed) in changed {
            let matters = changed || moved && meets(place, &leads);
            if !matters {
                continue;
            }
            if own.as_ref().is_some_and(|own| self.is_shut_out(asker, place, own)) {
                continue;
            }
            if let Some(layers) = self.layers(&asker.principal, place)
                && !is_same(&layers)
            {
                results.push((place.clone(), self.scene(asker, place, &layers)));
            }
        }
        results.retain(|(_, found)| !found.regions.is_empty() || found.too_large || found.documented);
        results
    }

    /// Whether the policy of a place, which has to allow, says nothing for whoever asks.
    fn is_shut_out(&self, asker: &Asker, place: &Place, own: &[Layers]) -> bool {
        let must_allow = match place {
            Place::Own | Place::Elsewhere => false,
            Place::Role { .. } => true,
            Place::Declared { arn, .. } => {
                let own = super::scene::own_account(&asker.principal);
                let is_own = |side: &super::universe::Side<'_>| {
                    let resource = declared(side.model, arn).and_then(|at| side.model.resources.get(at));
                    let account = resource.and_then(|resource| resource.account.as_deref());
                    account.is_none() || account == own.as_deref()
                };
                !self.universe.sides.iter().any(is_own)
            }
        };
        let mut sides = self.universe.sides.iter().zip(own);
        must_allow && !sides.any(|(side, own)| own.is_let_in(self.universe, side, place))
    }

    /// Whether the place is none that is asked for.
    fn misses_query(&self, place: &Place) -> bool {
        if let (Place::Role { .. }, Some(action)) = (place, &self.query.action) {
            let asked = Pattern::of_action(action);
            let takes =
                |taking: &&str| asked.as_ref().is_some_and(|asked| meet(asked, &Pattern::literal(taking)));
            if !crate::facts::TRUST_ACTIONS.iter().any(takes) {
                return true;
            }
        }
        let asked = self.query.resource.as_ref().and_then(Pattern::of_resource);
        asked.is_some_and(|asked| !place.scope().iter().any(|(pattern, _)| meet(pattern, &asked)))
    }

    /// Whether what a place itself has differs between the worlds.
    fn has_changed(&self, place: &Place) -> bool {
        let said: Vec<_> = self
            .universe
            .sides
            .iter()
            .map(|side| {
                let rules = |policy: Option<&crate::ir::ResourcePolicy>| {
                    policy.map(|policy| {
                        [policy.direct, policy.session, policy.account].map(|set| side.set(set))
                    })
                };
                match place {
                    Place::Own | Place::Elsewhere => (None, None, None, Vec::new()),
                    Place::Role { arn } => {
                        let account = super::scene::own_account(arn);
                        let rcps = account.and_then(|account| side.account(&account)?.rcps.clone());
                        let rcps = rcps.into_iter().flatten().map(|layer| side.set(layer.set)).collect();
                        (rules(side.principal(arn).and_then(|role| role.trust.as_ref())), None, None, rcps)
                    }
                    Place::Declared { arn, .. } => {
                        let at = declared(side.model, arn);
                        let resource = at.and_then(|at| side.model.resources.get(at));
                        let policy = at.and_then(|at| side.ir.resources.get(at)?.policy.as_ref());
                        let account = resource.and_then(|resource| resource.account.clone());
                        let rcps = account.as_deref().and_then(|account| side.account(account)?.rcps.clone());
                        let rcps = rcps.into_iter().flatten().map(|layer| side.set(layer.set)).collect();
                        // Its keys that the organization gives it (rule C12).
                        let organization = side.model.organization.as_ref();
                        let path =
                            organization.zip(account.as_deref()).and_then(|(it, own)| it.org_path(own));
                        let tags = resource.map(|resource| resource.tags.clone());
                        (rules(policy), Some((account, path)), tags, rcps)
                    }
                }
            })
            .collect();
        match said.as_slice() {
            [old, new] => old != new,
            _ => true,
        }
    }

    fn layers(&self, principal: &str, place: &Place) -> Option<Vec<Layers>> {
        let sides = self.universe.sides.iter();
        let layers = sides.map(|side| Layers::of(self.universe, side, principal, place, &self.query.given));
        let mut layers: Vec<Layers> = layers.collect::<Option<_>>()?;
        apart::tell_apart(self.universe, &mut layers);
        Some(layers)
    }

    fn scene(&self, asker: &Asker, place: &Place, layers: &[Layers]) -> Arc<Found> {
        let following = self.following(&asker.principal, place, layers);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&following).cloned();
        if let Some(found) = known {
            return found;
        }
        let found = Arc::new(self.find(&asker.principal, place, layers));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(following).or_insert(found))
    }

    fn following(&self, principal: &str, place: &Place, layers: &[Layers]) -> Following {
        let mut fixed = Vec::new();
        let guards = layers.iter().flat_map(|layers| &layers.rules).flat_map(|rule| &rule.guard);
        let mut atoms: Vec<u32> = guards.map(|&atom| apart::number(atom)).collect();
        atoms.sort_unstable();
        atoms.dedup();
        for key in atoms
            .iter()
            .filter_map(|&atom| self.universe.atoms.get(atom as usize))
            .flat_map(|known| &known.keys)
        {
            for layers in layers {
                let value = layers.fixed.get(key).map(|value| value.map(|value| format!("{value:?}")));
                fixed.push((key.clone(), value));
                fixed.push((key.clone(), Some(layers.fixed.held(key).map(|value| format!("{value:?}")))));
            }
        }
        Following {
            rules: layers.iter().map(|layers| layers.rules.clone()).collect(),
            shapes: layers.iter().map(|layers| shape(&layers.shape)).collect(),
            account: super::scene::own_account(principal),
            is_root: principal.ends_with(":root"),
            place: place.clone(),
            fixed,
        }
    }

    fn find(&self, principal: &str, place: &Place, layers: &[Layers]) -> Found {
        let models: Vec<&Model> = self.universe.sides.iter().map(|side| side.model).collect();
        let owner = |resource: &str| {
            let owners = models.iter().filter_map(|model| reference::owner(model, resource));
            owners.map(|owner| owner.arn.to_string()).max_by_key(String::len)
        };
        let scene = Scene {
            universe: self.universe,
            layers,
            principal,
            place,
            query: &self.query,
            owner: &owner,
            walks: &self.walks,
        };
        Found { apart: apart::told(self.universe, layers), ..scene.regions() }
    }

    /// Requests that show what changes in a region, at most one for each way in which it does.
    fn examples(&self, asker: &Asker, place: &Place, region: &Region, found: &Found) -> Shown {
        let mut examples: Shown = Vec::new();
        let is_assumed = *place == Place::Elsewhere || found.foreign;
        let models: Vec<&Model> = self.universe.sides.iter().map(|side| side.model).collect();
        let mut shown: Vec<&(Request, (bool, bool))> = region.shown.iter().collect();
        shown.sort_by_key(|(request, _)| !is_likely(request));
        for (request, pair) in shown.into_iter().filter(|_| !is_assumed) {
            if examples.iter().any(|(_, known)| known == pair) {
                continue;
            }
            let request = asked_by(asker, request);
            let (request, answers) = answered(&models, request);
            let allowed = |answer: &Answer| answer.effect == Effect::Allow;
            let example = match answers.as_slice() {
                [old, new] if (allowed(old), allowed(new)) == *pair => {
                    Example { request, before: Some(old.clone()), after: new.clone() }
                }
                [new] if (false, allowed(new)) == *pair => {
                    Example { request, before: None, after: new.clone() }
                }
                _ => continue,
            };
            examples.push((example, *pair));
        }
        examples
    }

    /// A region as it is reported; `None` where a change that seemed possible is none.
    fn change(
        &mut self,
        asker: &Asker,
        place: &Place,
        region: &Region,
        found: &Found,
        examples: Shown,
    ) -> Option<Change> {
        let is_elsewhere = *place == Place::Elsewhere;
        let certainty = match examples.is_empty() {
            _ if is_elsewhere => Certainty::IfResourceAllows,
            _ if found.foreign => Certainty::IfCallerAllows,
            true => Certainty::May,
            false => Certainty::Sure,
        };
        // What no example shows is taken for possible as long as nothing speaks against it.
        let possible = |pair: (bool, bool)| region.possible.contains(&pair);
        let (grows, shrinks) = (possible((false, true)), possible((true, false)));
        let stays = possible((true, true));
        let kind = match (grows, shrinks) {
            (true, true) => Kind::Shifted,
            (true, false) if !stays => Kind::Granted,
            (true, false) => Kind::Widened,
            (false, true) if !stays => Kind::Revoked,
            (false, true) => Kind::Narrowed,
            (false, false) => return None,
        };
        // Where no decision shows it, the statements that grant are told all the same.
        let side = if kind.grows() { self.universe.sides.last() } else { self.universe.sides.first() };
        let request = region.shown.first().map(|(request, _)| asked_by(asker, request));
        let statements = match (side, request) {
            (Some(side), Some(request)) if examples.is_empty() => granting(side.model, &request),
            _ => Vec::new(),
        };
        let before = self.access(&region.before, found);
        let after = self.access(&region.after, found);
        Some(Change {
            kind,
            actions: region.actions.clone(),
            resources: region.resources.clone(),
            place: place.clone(),
            before,
            after,
            certainty,
            statements,
            examples: examples.into_iter().map(|(example, _)| example).collect(),
        })
    }

    fn access(&mut self, when: &When, found: &Found) -> Access {
        match when.as_slice() {
            [] => Access::Never,
            [only] if only.is_empty() => Access::Always,
            cubes => {
                let mut cases: Vec<Vec<Literal>> = Vec::new();
                for cube in cubes {
                    let mut case: Vec<Literal> =
                        cube.iter().map(|&(variable, holds)| self.literal(variable, holds, found)).collect();
                    case.sort();
                    cases.push(case);
                }
                cases.sort();
                Access::When(cases)
            }
        }
    }

    fn literal(&mut self, variable: u32, holds: bool, found: &Found) -> Literal {
        if variable < MATCHES {
            let number = apart::number(variable) as usize;
            let text = self.universe.atoms.get(number).map(|known| known.atom.to_string());
            let mut text = text.unwrap_or_default();
            if let Some(values) = found.apart.get(&variable) {
                text = format!("{text} ({values})");
            }
            return Literal { text, holds, number };
        }
        let form =
            found.variables.get((variable - MATCHES) as usize).map(ToString::to_string).unwrap_or_default();
        let next = self.conditions.len();
        let number = *self.patterns.entry(form.clone()).or_insert(next);
        if number == next {
            self.conditions.push(Meaning::Resource(form.clone()));
        }
        Literal { text: format!("the resource matches {form}"), holds, number }
    }

    /// Equal changes of several principals are told once, and changes of the same principals together.
    pub(super) fn report(self) -> Report {
        let mut told: BTreeMap<Told, (Change, Vec<Asker>)> = BTreeMap::new();
        for (asker, changes) in self.found {
            for change in changes {
                let Change { kind, actions, resources, place, before, after, certainty, .. } = change.clone();
                let key = (kind, place, actions, resources, before, after, certainty);
                let (_, askers) = told.entry(key).or_insert_with(|| (change, Vec::new()));
                askers.push(asker.clone());
            }
        }
        let mut groups: BTreeMap<Vec<Asker>, Vec<Change>> = BTreeMap::new();
        for (change, mut askers) in told.into_values() {
            // Sessions with tags of their own are told where they can do what others cannot.
            let plain: Vec<Asker> =
                askers.iter().filter(|asker| asker.kind == AskerKind::Role).cloned().collect();
            let is_told = |asker: &Asker| plain.iter().any(|role| asker.name == tagged(&role.name));
            askers.retain(|asker| asker.kind != AskerKind::TaggedRole || !is_told(asker));
            groups.entry(askers).or_default().push(change);
        }
        let groups = groups.into_iter().map(|(principals, changes)| Group { principals, changes }).collect();
        Report {
            groups,
            conditions: self.conditions,
            too_large: self.too_large,
            documented: self.documented,
            routes: Vec::new(),
            endpoints: Vec::new(),
        }
    }
}

/// What changes are told apart by.
type Told = (Kind, Place, Vec<Term>, Vec<Term>, Access, Access, Certainty);

/// All regions of several scenes.
fn regions(found: &[Scened]) -> impl Iterator<Item = (&Place, &Region, &Found)> {
    found.iter().flat_map(|(place, found)| found.regions.iter().map(move |region| (place, region, &**found)))
}

fn shape(shape: &Shape) -> String {
    format!("{shape:?}")
}
