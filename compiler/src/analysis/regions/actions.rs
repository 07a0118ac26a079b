//! Classes of actions: those that no rule of a scene tells apart.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Class, Scene, Voiced};
use crate::analysis::HashMap;
use crate::analysis::scene::{Place, Slot};
use crate::analysis::space::{Minterm, Pattern, TooMany, meet};
use crate::analysis::universe::{Numbered, named, spelled};
use crate::facts;
use crate::pattern::{ActionForm, Glob};
use std::collections::BTreeMap;

impl Scene<'_, '_> {
    /// The minterms of actions, with the patterns that led to them.
    #[allow(clippy::type_complexity, reason = "three results of one walk")]
    pub(super) fn actions(
        &self,
        rules: &[Voiced],
        lead: &[usize],
        documented: &mut bool,
    ) -> (Numbered, Vec<u32>, Arc<[Minterm]>) {
        let mut numbered = Numbered::default();
        let mut walked: Vec<u32> = Vec::new();
        let add = |numbered: &mut Numbered, form: &ActionForm| {
            let pattern = Pattern::of_action(form)?;
            Some(numbered.add(pattern, || self.universe.action_text(form)))
        };
        // What changes is spoken of by a leading rule, and by one that grants: the walk follows those who speak of less.
        let mut everything = true;
        let granting = if lead.is_empty() { Vec::new() } else { self.granting(rules) };
        for leading in [lead.to_vec(), granting].iter().filter(|leading| !leading.is_empty()) {
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
        let mut sets: Vec<u32> = rules.iter().map(|rule| rule.rule.actions).collect();
        sets.sort_unstable();
        sets.dedup();
        sets.retain(|&set| !self.is_role() || self.universe.takes_roles(set));
        let mut forms: Vec<u32> = sets.iter().flat_map(|&set| self.universe.forms_of(set)).copied().collect();
        forms.sort_unstable();
        forms.dedup();
        for (form, pattern) in forms.into_iter().filter_map(|place| self.universe.form(place)) {
            if matters(pattern) {
                numbered.add(pattern.clone(), || self.universe.action_text(form));
            }
        }
        // Actions that the combination itself tells apart, and services that control policies of resources speak of.
        for (action, pattern) in &self.universe.controlled {
            if matters(pattern) {
                numbered.add(pattern.clone(), || spelled(action));
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
        let found = match self.walks.minterms(&numbered.patterns, &walked) {
            Ok(found) => found,
            Err(TooMany) => {
                *documented = true;
                self.documented(&numbered, &walked).into()
            }
        };
        (numbered, walked, found)
    }

    /// The minterms of documented actions, and of those that policies spell out: where patterns are too many to be walked at once.
    pub(super) fn documented(&self, numbered: &Numbered, walked: &[u32]) -> Vec<Minterm> {
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
    pub(super) fn is_set_apart(&self, action: &str) -> bool {
        let of_caller = matches!(self.place, Place::Own | Place::Elsewhere);
        self.is_not_controlled(action) || of_caller && is_one_of(action, facts::NO_CALLER_SIDE)
    }

    /// Whether an action is allowed to this caller whatever policies say (rule E8).
    pub(super) fn is_not_controlled(&self, action: &str) -> bool {
        let free = self.layers.iter().all(|layers| layers.shape.is_user_or_root());
        self.principal != "*" && is_one_of(action, facts::UNCONTROLLED)
            || free && is_one_of(action, facts::UNCONTROLLED_FOR_USERS)
    }

    pub(super) fn is_role(&self) -> bool {
        matches!(self.place, Place::Role { .. })
    }

    /// Groups minterms of actions by the rules that speak of them; those of which no leading rule does are left out.
    pub(super) fn classes(
        &self,
        rules: &[Voiced],
        lead: &[usize],
        numbered: &Numbered,
        found: &[Minterm],
    ) -> Vec<Class> {
        // By rule: the numbers of its patterns; whether it covers everything but those.
        let ids: HashMap<&Pattern, u32> = numbered.patterns.iter().zip(0..).collect();
        let number = |place: &u32| ids.get(&self.universe.form(*place)?.1).copied();
        let mut sets: HashMap<u32, (Vec<u32>, bool, bool)> = HashMap::default();
        for rule in rules {
            sets.entry(rule.rule.actions).or_insert_with(|| match self.action_set(rule) {
                Some(set) => {
                    let numbers =
                        self.universe.forms_of(rule.rule.actions).iter().filter_map(number).collect();
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
    pub(super) fn example(&self, numbered: &Numbered, minterm: &Minterm) -> String {
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
}

fn is_one_of(action: &str, table: &[&str]) -> bool {
    table.iter().any(|known| known.eq_ignore_ascii_case(action))
}

/// What the combination itself tells apart of an action.
pub(super) fn flags(action: &str) -> Vec<bool> {
    let tables = [
        facts::POLICY_WRITES,
        facts::ROLE_WRITES,
        facts::ALIAS_WRITES,
        facts::TRUST_ACTIONS,
        facts::NO_CALLER_SIDE,
        facts::UNCONTROLLED,
        facts::UNCONTROLLED_FOR_USERS,
    ];
    let mut flags: Vec<bool> = tables.iter().map(|table| is_one_of(action, table)).collect();
    flags.push(facts::SERVICE_LEVEL_ARNS.iter().any(|(known, _)| known.eq_ignore_ascii_case(action)));
    flags
}

fn is_rcp_service(action: &str) -> bool {
    let service = action.split_once(':').map_or("", |(service, _)| service);
    facts::RCP_SERVICES.iter().any(|known| known.eq_ignore_ascii_case(service))
}
