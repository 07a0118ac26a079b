//! Rows: from (permission set, action class) to root lists, and the rule roots for actions outside the vocabulary.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::classifiers::Classifiers;
use super::residual::{Budget, Roots};
use super::unions::Unions;
use super::vocabulary::Vocabulary;
use crate::intern::Interner;
use crate::ir::Ir;
use crate::pattern::ActionForm;

/// A rule that can match actions outside the vocabulary: one whose action part holds a wildcard or is negated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RuleRoot {
    /// The action set.
    pub actions: u32,
    /// Root list of the rule alone.
    pub list: u32,
}

/// One permission set: with rows of its own, or a union of sets that have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetTable {
    /// Of a union: the sets that it joins, at least two, each of one policy. Then it has no services.
    pub parts: Vec<u32>,
    /// Services with a row of their own, sorted, and the rows.
    pub services: Vec<(u32, u32)>,
    /// Root list of vocabulary actions of every other service.
    pub default_list: u32,
    /// Rule root lists of its policies, sorted, each once.
    pub rule_root_lists: Vec<u32>,
}

/// Everything that decides, before it becomes bytes.
#[derive(Clone, Debug, Default)]
pub struct Automata {
    /// The vocabulary.
    pub vocabulary: Vocabulary,
    /// What conditions tell apart about context keys.
    pub classifiers: Classifiers,
    /// Automata, terminals and root lists.
    pub roots: Roots,
    /// Distinct rows: a root list for each class of a service.
    pub rows: Interner<Vec<u32>>,
    /// By permission set; behind those of the IR the sets of one policy that unions need besides.
    pub sets: Vec<SetTable>,
    /// Distinct rule roots.
    pub rule_roots: Interner<RuleRoot>,
    /// Distinct lists of rule roots.
    pub rule_root_lists: Interner<Vec<u32>>,
}

/// What one rule list (one policy) has for every action class.
pub(super) struct PolicyRows {
    /// Residual of the actions of every service without a row.
    default: u32,
    /// By service: a row of residuals.
    rows: BTreeMap<u32, u32>,
    pub(super) rule_roots: Option<u32>,
}

/// What is made once for all policies and sets that ask for the same.
#[derive(Default)]
struct Shared {
    /// Distinct rows of policies: a residual for each class of a service.
    policy_rows: Interner<Vec<u32>>,
    /// What policies say together about a service, their distinct rows and defaults: the row of root lists. Most policies of a set say nothing
    /// about most of its services, so these are far fewer than the sets' services.
    joined: HashMap<Joined, JoinedRow>,
}

/// A row of root lists.
struct JoinedRow {
    lists: Vec<u32>,
    /// Its id in the bundle, once a set has it: for another all of it may be its default list.
    id: Option<u32>,
}

/// Rows of policies, and defaults of those that have none; both sorted, each once.
type Joined = (Vec<u32>, Vec<u32>);

impl PolicyRows {
    /// The services that have a row.
    pub(super) fn services(&self) -> impl Iterator<Item = u32> {
        self.rows.keys().copied()
    }
}

/// Builds all automata. Time: distinct residuals and distinct cells; each automaton within the budget.
#[must_use]
pub fn build(ir: &Ir, budget: Budget) -> Automata {
    let vocabulary = Vocabulary::of(ir);
    let classifiers = Classifiers::of(ir, budget);
    let roots = Roots::new(ir, &classifiers, budget);
    let mut automata = Automata { vocabulary, classifiers, roots, ..Automata::default() };
    let coverage = Coverage::of(ir, &automata.vocabulary);
    let mut shared = Shared::default();
    let policies: Vec<PolicyRows> = ir
        .rule_lists
        .items()
        .iter()
        .map(|rules| automata.policy(ir, &coverage, &mut shared, rules))
        .collect();
    let mut unions = Unions::of(ir, &policies, budget.services);
    for (id, lists) in (0..).zip(ir.sets.items()) {
        let parts: Vec<&PolicyRows> = lists.iter().filter_map(|&list| policies.get(list as usize)).collect();
        let table = if unions.joins(id) {
            unions.table(lists, &parts)
        } else {
            automata.set(ir, &mut shared, &parts)
        };
        automata.sets.push(table);
    }
    for list in unions.besides {
        let part: Vec<&PolicyRows> = policies.get(list as usize).into_iter().collect();
        let table = automata.set(ir, &mut shared, &part);
        automata.sets.push(table);
    }
    automata.roots.finish();
    automata
}

/// By action set: whether it covers each class of the services that its patterns name.
struct Coverage {
    sets: Vec<SetCoverage>,
}

struct SetCoverage {
    /// Whether it covers the actions of a service that none of its patterns names.
    elsewhere: bool,
    /// By service that a pattern names: by class.
    services: BTreeMap<u32, Vec<bool>>,
}

impl Coverage {
    fn of(ir: &Ir, vocabulary: &Vocabulary) -> Self {
        // By pattern: the classes that it covers.
        let mut classes: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
        for (service, entry) in (0..).zip(&vocabulary.services) {
            for (class, patterns) in (0..).zip(&entry.classes) {
                for &pattern in patterns {
                    classes.entry(pattern).or_default().push((service, class));
                }
            }
        }
        let sets = ir.action_sets.items().iter().map(|set| {
            let everything = set.patterns.contains(&ActionForm::Everything);
            let mut coverage =
                SetCoverage { elsewhere: everything || set.negated, services: BTreeMap::new() };
            for pattern in set.patterns.iter().filter_map(|pattern| vocabulary.patterns.find(pattern)) {
                for &service in
                    vocabulary.pattern_services.get(pattern as usize).map_or(&[][..], Vec::as_slice)
                {
                    let count =
                        vocabulary.services.get(service as usize).map_or(0, |entry| entry.classes.len());
                    coverage.services.entry(service).or_insert_with(|| vec![set.negated; count]);
                }
                for &(service, class) in classes.get(&pattern).map_or(&[][..], Vec::as_slice) {
                    let covered =
                        coverage.services.get_mut(&service).and_then(|row| row.get_mut(class as usize));
                    if let Some(covered) = covered {
                        *covered = !set.negated;
                    }
                }
            }
            coverage
        });
        Self { sets: sets.collect() }
    }

    fn set(&self, actions: u32) -> Option<&SetCoverage> {
        self.sets.get(actions as usize)
    }
}

impl Automata {
    fn policy(&mut self, ir: &Ir, coverage: &Coverage, shared: &mut Shared, rules: &[u32]) -> PolicyRows {
        let covered: Vec<(u32, &SetCoverage)> =
            rules.iter().filter_map(|&id| Some((id, coverage.set(ir.rules.get(id)?.actions)?))).collect();
        let elsewhere: Vec<u32> =
            covered.iter().filter(|(_, set)| set.elsewhere).map(|(id, _)| *id).collect();
        let default = self.roots.residual(ir, &elsewhere);
        let services: BTreeSet<u32> =
            covered.iter().flat_map(|(_, set)| set.services.keys().copied()).collect();
        let mut rows = BTreeMap::new();
        for service in services {
            let classes =
                self.vocabulary.services.get(service as usize).map_or(0, |entry| entry.classes.len());
            let here: Vec<(u32, Option<&Vec<bool>>, bool)> =
                covered.iter().map(|(id, set)| (*id, set.services.get(&service), set.elsewhere)).collect();
            let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
            let mut row = Vec::with_capacity(classes);
            for class in 0..classes {
                let matched: Vec<u32> = here
                    .iter()
                    .filter(|(_, row, elsewhere)| {
                        row.map_or(*elsewhere, |row| row.get(class).copied().unwrap_or(false))
                    })
                    .map(|(id, _, _)| *id)
                    .collect();
                let residual = match known.get(&matched) {
                    Some(&residual) => residual,
                    None => {
                        let residual = self.roots.residual(ir, &matched);
                        known.insert(matched, residual);
                        residual
                    }
                };
                row.push(residual);
            }
            rows.insert(service, shared.policy_rows.intern(row));
        }
        PolicyRows { default, rows, rule_roots: self.policy_rule_roots(ir, rules) }
    }

    /// The rule roots of a policy's rules; `None` if it has none.
    fn policy_rule_roots(&mut self, ir: &Ir, rules: &[u32]) -> Option<u32> {
        let mut roots = Vec::new();
        for &id in rules {
            let Some(rule) = ir.rules.get(id) else { continue };
            let Some(actions) = ir.action_sets.get(rule.actions) else { continue };
            let exact = |pattern: &ActionForm| match pattern {
                ActionForm::Named { service, name } => {
                    service.as_literal().is_some() && name.as_literal().is_some()
                }
                ActionForm::Everything | ActionForm::Nothing => false,
            };
            // Exact actions are all in the vocabulary.
            if !actions.negated && actions.patterns.iter().all(exact) {
                continue;
            }
            let residual = self.roots.residual(ir, &[id]);
            let list = self.roots.list(ir, &[residual]);
            roots.push(self.rule_roots.intern(RuleRoot { actions: rule.actions, list }));
        }
        roots.sort_unstable();
        roots.dedup();
        (!roots.is_empty()).then(|| self.rule_root_lists.intern(roots))
    }

    fn set(&mut self, ir: &Ir, shared: &mut Shared, parts: &[&PolicyRows]) -> SetTable {
        let defaults = distinct(parts.iter().map(|part| part.default).collect());
        let default_list = self.roots.list(ir, &defaults);
        let services: BTreeSet<u32> = parts.iter().flat_map(|part| part.services()).collect();
        let mut table = SetTable { default_list, ..SetTable::default() };
        for service in services {
            let rows = distinct(parts.iter().filter_map(|part| part.rows.get(&service).copied()).collect());
            let silent = parts.iter().filter(|part| !part.rows.contains_key(&service));
            let joined = (rows, distinct(silent.map(|part| part.default).collect()));
            let row = match shared.joined.entry(joined) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => {
                    let lists = self.row(ir, &shared.policy_rows, free.key());
                    free.insert(JoinedRow { lists, id: None })
                }
            };
            if row.lists.iter().any(|&list| list != default_list) {
                let id = *row.id.get_or_insert_with(|| self.rows.intern(row.lists.clone()));
                table.services.push((service, id));
            }
        }
        table.rule_root_lists = distinct(parts.iter().filter_map(|part| part.rule_roots).collect());
        table
    }

    /// The row of root lists of what several policies say together about a service. Time: its classes times the policies.
    fn row(&mut self, ir: &Ir, policy_rows: &Interner<Vec<u32>>, (rows, defaults): &Joined) -> Vec<u32> {
        let rows: Vec<&Vec<u32>> = rows.iter().filter_map(|&row| policy_rows.get(row)).collect();
        let classes = rows.first().map_or(0, |row| row.len());
        let mut lists = Vec::with_capacity(classes);
        let mut cell = Vec::new();
        let mut before: Option<(Vec<u32>, u32)> = None;
        for class in 0..classes {
            cell.clear();
            cell.extend(rows.iter().filter_map(|row| row.get(class)));
            cell.extend(defaults);
            // Neighbouring classes are often equal: spare the hashing.
            let list = match &before {
                Some((same, list)) if *same == cell => *list,
                _ => self.roots.list(ir, &cell),
            };
            before = Some((cell.clone(), list));
            lists.push(list);
        }
        lists
    }
}

/// Sorted, each once.
fn distinct(mut ids: Vec<u32>) -> Vec<u32> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
