//! What both worlds say of every minterm of resources, as functions of conditions, and requests that show where they differ.

use std::collections::{BTreeMap, BTreeSet};

use super::resources::Resources;
use super::{Class, Covers, Found, MATCHES, Region, Scene, Voiced, When};
use crate::analysis::HashMap;
use crate::analysis::cover::{Starts, Wish, cover};
use crate::analysis::logic::{ALWAYS, Logic, NEVER, Node, Spent};
use crate::analysis::scene::{Kind, Layers, Place, Slot, VOICES, Voice};
use crate::analysis::solve::{Outcomes, Solver};
use crate::analysis::space::Minterm;
use crate::analysis::universe::substituted;
use crate::analysis::values::instance;
use crate::model::Effect;
use crate::pattern::ResourceForm;
use crate::reference::{self, combine::Contract};
use crate::request::{ContextValue, Request};

/// When either world allows, where they differ, and what comes out.
type Compared = (When, When, Outcomes);

impl Scene<'_, '_> {
    /// Compares what both worlds say of every minterm of resources. The second result is a declared resource that is in the way.
    pub(super) fn compare(
        &self,
        rules: &[Voiced],
        class: &Class,
        action: &str,
        resources: &Resources,
        found: &mut Found,
    ) -> (Vec<Region>, Option<String>) {
        let mut logic = Logic::default();
        let mut by_said: BTreeMap<(When, When), Vec<(usize, Outcomes)>> = BTreeMap::new();
        let mut known: HashMap<(Vec<Covers>, [bool; 2]), Option<Compared>> = HashMap::default();
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
            let contract =
                [reference::contract(&request) != Contract::Ordinary, reference::is_owned_by_aws(&request)];
            let key = (covers, contract);
            if !known.contains_key(&key) {
                let result = self.functions(&mut logic, rules, class, &key.0, &request);
                let compared =
                    match result.and_then(|pair| Ok((pair, logic.sum(pair.0)?, logic.sum(pair.1)?))) {
                        Ok((pair, before, after)) if pair.0 != pair.1 => {
                            let mut outcomes = self.solve(&logic, pair, &before, &after);
                            // Where one side follows from the other, nothing can change but in one direction, whatever is known of contexts.
                            for (change, from, to) in
                                [((false, true), pair.0, pair.1), ((true, false), pair.1, pair.0)]
                            {
                                let gone = logic.not(from).and_then(|gone| logic.and(gone, to));
                                if gone == Ok(NEVER) {
                                    outcomes.possible.remove(&change);
                                }
                            }
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
            entry.push((at, outcomes.clone()));
        }
        let mut regions = Vec::new();
        let mut starts = Starts::of(&resources.numbered, &resources.walked);
        for ((before, after), outcomes) in by_said {
            let mut wishes = wishes.clone();
            for (at, _) in &outcomes {
                if let Some(wish) = wishes.get_mut(*at) {
                    *wish = Wish::Wanted;
                }
            }
            let terms = cover(&mut starts, &resources.minterms, &wishes);
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
    pub(super) fn functions(
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

    pub(super) fn solve(&self, logic: &Logic, pair: (Node, Node), before: &When, after: &When) -> Outcomes {
        let used = before.iter().chain(after).flatten().map(|(variable, _)| *variable);
        let used: BTreeSet<u32> = used.filter(|variable| *variable < MATCHES).collect();
        let solver = Solver::new(&self.universe.atoms, &used, self.layers);
        solver.outcomes(logic, pair, MATCHES)
    }

    /// Requests that show what comes out.
    pub(super) fn show(
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
                let needs_values = witness.matches.iter().any(|(_, matches)| *matches);
                for form in forms {
                    texts.extend(with_values(form, &mut given).filter(|text| resources.is_of(text, minterm)));
                }
                if !needs_values {
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
            let own = layers.iter().all(|layers| layers.fixed.held(key) == Some(value));
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
        substituted(form, &value)
    };
    let ResourceForm::Parts(parts) = made else { return None };
    Some(parts.iter().map(instance).collect::<Vec<_>>().join(":"))
}
