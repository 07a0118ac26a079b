//! The vocabulary: every exact action of the bundle and the known actions of the services that occur, and their classes.
//!
//! Two actions of a service are in one class if no pattern of the bundle tells them apart. What is outside the vocabulary is decided by
//! rule roots.

use std::collections::{BTreeMap, BTreeSet};

use super::glob;
use crate::facts;
use crate::intern::{HashMap, Interner};
use crate::ir::Ir;
use crate::pattern::{ActionForm, Glob};

/// An action of the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// `service:name` in lower case.
    pub name: String,
    /// Service.
    pub service: u32,
    /// Class within the service.
    pub class: u32,
}

/// A service of the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Prefix in lower case.
    pub name: String,
    /// By class: the patterns that cover it, `*` aside, as sorted ids.
    pub classes: Vec<Vec<u32>>,
}

/// The vocabulary.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Services, sorted by name.
    pub services: Vec<Service>,
    /// Actions, sorted by service and name.
    pub actions: Vec<Action>,
    /// Distinct patterns, `*` aside.
    pub patterns: Interner<ActionForm>,
    /// By pattern: the services that its service half covers.
    pub pattern_services: Vec<Vec<u32>>,
}

/// Services whose actions carry facts that every bundle needs (rules R4, E8, E11), whether a policy names them or not.
const ALWAYS: [&str; 4] = ["iam", "kms", "s3", "sts"];

impl Vocabulary {
    /// Collects the vocabulary of an IR. Time: patterns with wildcards times the actions of their services.
    #[must_use]
    pub fn of(ir: &Ir) -> Self {
        let mut vocabulary = Self::default();
        for set in ir.action_sets.items() {
            for pattern in set.patterns.iter().filter(|pattern| **pattern != ActionForm::Everything) {
                vocabulary.patterns.intern(pattern.clone());
            }
        }
        let names = names(vocabulary.patterns.items());
        let service_names: Vec<String> = names.keys().cloned().collect();
        let service_ids: HashMap<&str, u32> = service_names.iter().map(String::as_str).zip(0..).collect();
        let covering = Covering::new(vocabulary.patterns.items(), &service_names, &service_ids);
        for (number, (service, actions)) in (0..).zip(&names) {
            let mut classes = Interner::<Vec<u32>>::default();
            for action in actions {
                let class = classes.intern(covering.patterns_of(number, action));
                vocabulary.actions.push(Action {
                    name: format!("{service}:{action}"),
                    service: number,
                    class,
                });
            }
            vocabulary.services.push(Service { name: service.clone(), classes: classes.items().to_vec() });
        }
        vocabulary.pattern_services = covering.services;
        vocabulary
    }
}

/// The action names of every service that occurs, in lower case and sorted.
fn names(patterns: &[ActionForm]) -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for service in ALWAYS {
        names.entry(service.to_owned()).or_default();
    }
    for pattern in patterns {
        let ActionForm::Named { service, name } = pattern else { continue };
        let Some(service) = service.as_literal() else { continue };
        let known = names.entry(service.to_owned()).or_default();
        if let Some(name) = name.as_literal() {
            known.insert(name.to_owned());
        }
    }
    for (service, actions) in &mut names {
        if let Some(known) = facts::known_service(service) {
            actions.extend(known.actions.iter().map(|name| name.to_ascii_lowercase()));
        }
    }
    names
}

/// Which patterns can cover the actions of a service: exact names by hash, the others in a list.
struct Covering<'a> {
    /// By pattern: services covered.
    services: Vec<Vec<u32>>,
    /// By service: exact names.
    exact: Vec<HashMap<&'a str, Vec<u32>>>,
    /// By service: patterns with a wildcard in the name.
    wild: Vec<Vec<(u32, &'a Glob)>>,
}

impl<'a> Covering<'a> {
    fn new(patterns: &'a [ActionForm], names: &[String], ids: &HashMap<&str, u32>) -> Self {
        let mut covering = Self {
            services: Vec::new(),
            exact: vec![HashMap::default(); names.len()],
            wild: vec![Vec::new(); names.len()],
        };
        for (number, pattern) in (0..).zip(patterns) {
            let ActionForm::Named { service, name } = pattern else {
                covering.services.push(Vec::new());
                continue;
            };
            let services: Vec<u32> = match service.as_literal() {
                Some(literal) => ids.get(literal).copied().into_iter().collect(),
                None => (0..)
                    .zip(names)
                    .filter(|(_, text)| glob::matches(service, text))
                    .map(|(id, _)| id)
                    .collect(),
            };
            for &id in &services {
                match name.as_literal() {
                    Some(literal) => {
                        if let Some(exact) = covering.exact.get_mut(id as usize) {
                            exact.entry(literal).or_default().push(number);
                        }
                    }
                    None => {
                        if let Some(wild) = covering.wild.get_mut(id as usize) {
                            wild.push((number, name));
                        }
                    }
                }
            }
            covering.services.push(services);
        }
        covering
    }

    /// The patterns that cover an action, sorted.
    fn patterns_of(&self, service: u32, name: &str) -> Vec<u32> {
        let exact =
            self.exact.get(service as usize).and_then(|exact| exact.get(name)).cloned().unwrap_or_default();
        let wild = self.wild.get(service as usize).map_or(&[][..], Vec::as_slice);
        let mut patterns = exact;
        patterns.extend(wild.iter().filter(|(_, glob)| glob::matches(glob, name)).map(|(number, _)| *number));
        patterns.sort_unstable();
        patterns
    }
}
