//! Rows: from (permission set, action class) to root lists, and the rule roots for actions outside the vocabulary.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_runtime::format::LIST_BIT;

use super::cache::Cache;
use super::classifiers::Classifiers;
use super::maker::Maker;
use super::residual::{Budget, Roots, TooLarge};
use super::unions::Unions;
use super::vocabulary::Vocabulary;
use crate::intern::{HashMap, Interner};
use crate::ir::Ir;
use crate::pattern::ActionForm;
use crate::workers::Workers;

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
    /// By set behind those of the IR: its policy, a rule list.
    pub besides: Vec<u32>,
    /// Distinct rule roots.
    pub rule_roots: Interner<RuleRoot>,
    /// Distinct lists of rule roots.
    pub rule_root_lists: Interner<Vec<u32>>,
}

/// What one rule list (one policy) has for every action class.
pub(super) struct PolicyRows {
    /// Residual of the actions of every service without a row.
    default: u32,
    /// By service, ascending: a row of residuals.
    rows: Vec<(u32, u32)>,
    /// Action set and residual of every rule that can match actions outside the vocabulary.
    loose: Vec<(u32, u32)>,
    pub(super) rule_roots: Option<u32>,
}

impl PolicyRows {
    /// The services that have a row.
    pub(super) fn services(&self) -> impl Iterator<Item = u32> {
        self.rows.iter().map(|(service, _)| *service)
    }
}

/// What is made once for all policies and sets that ask for the same.
#[derive(Default)]
struct Shared {
    /// Distinct rows of policies: a residual for each class of a service.
    policy_rows: Interner<Vec<u32>>,
    /// Distinct cells: what each policy of a set has for an action class, as residuals.
    cells: Interner<Vec<u32>>,
    /// What policies say together about a service: a row of cells. Most policies of a set say nothing about most of its services, so these
    /// are far fewer than the sets' services.
    joined: HashMap<Joined, usize>,
    joined_rows: Vec<Vec<u32>>,
}

/// Rows of policies, and, behind [`SILENT`], defaults of those that have none; both sorted, each once.
type Joined = Vec<u32>;

/// No id.
const SILENT: u32 = u32::MAX;

/// A permission set with rows of its own, before its cells have root lists.
struct Plan {
    default: u32,
    /// Services with what the policies say about them.
    services: Vec<(u32, usize)>,
    rule_root_lists: Vec<u32>,
}

/// Builds all automata. Time: distinct residuals and distinct cells; each automaton within the budget. Automata are built side by side; their
/// order, and so every id, is that of the IR. What a cache holds of them is taken from there, and equal.
///
/// # Errors
/// [`TooLarge`].
pub fn build(ir: &Ir, budget: Budget, cache: Option<&mut Cache>) -> Result<Automata, TooLarge> {
    let vocabulary = Vocabulary::of(ir);
    let classifiers = Classifiers::of(ir, budget);
    let roots = Roots::new(ir, &classifiers, budget);
    let mut automata = Automata { vocabulary, classifiers, roots, ..Automata::default() };
    let coverage = Coverage::of(ir, &automata.vocabulary);
    let mut shared = Shared::default();
    let maker = &mut Maker { workers: Workers::default(), cache };
    if let Some(cache) = &mut maker.cache {
        cache.begin();
    }
    let mut policies: Vec<PolicyRows> = ir
        .rule_lists
        .items()
        .iter()
        .map(|rules| automata.policy(ir, &coverage, &mut shared, rules))
        .collect();
    automata.roots.build(ir, maker);
    automata.rule_roots(ir, maker, &mut policies);
    let mut unions = Unions::of(ir, &policies, budget.services);
    let mut plans = Vec::with_capacity(ir.sets.len());
    for (id, lists) in (0..).zip(ir.sets.items()) {
        let parts: Vec<&PolicyRows> = lists.iter().filter_map(|&list| policies.get(list as usize)).collect();
        plans.push(match unions.joins(id) {
            true => Err(unions.table(lists, &parts)),
            false => Ok(shared.plan(&parts)),
        });
    }
    for &list in &unions.besides {
        let part: Vec<&PolicyRows> = policies.get(list as usize).into_iter().collect();
        plans.push(Ok(shared.plan(&part)));
    }
    automata.besides = unions.besides;
    let lists = automata.roots.lists(ir, maker, shared.cells.items());
    let rows: Vec<Vec<u32>> = shared.joined_rows.iter().map(|cells| pick(cells, &lists)).collect();
    // A row's id, once a set has it: for another all of it may be its default list.
    let mut ids: Vec<Option<u32>> = vec![None; rows.len()];
    for plan in plans {
        let table = match plan {
            Ok(plan) => automata.table(&plan, &lists, &rows, &mut ids),
            Err(union) => union,
        };
        automata.sets.push(table);
    }
    automata.roots.finish(MOST_WORDS)?;
    Ok(automata)
}

/// Words of nodes that references can name.
const MOST_WORDS: usize = LIST_BIT as usize;

/// The items of some ids.
fn pick(ids: &[u32], items: &[u32]) -> Vec<u32> {
    ids.iter().filter_map(|&id| items.get(id as usize).copied()).collect()
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
        let mut classes: HashMap<u32, Vec<(u32, u32)>> = HashMap::default();
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
        let mut rows = Vec::with_capacity(services.len());
        for service in services {
            let classes =
                self.vocabulary.services.get(service as usize).map_or(0, |entry| entry.classes.len());
            let here: Vec<(u32, Option<&Vec<bool>>, bool)> =
                covered.iter().map(|(id, set)| (*id, set.services.get(&service), set.elsewhere)).collect();
            let mut known: HashMap<Vec<u32>, u32> = HashMap::default();
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
            rows.push((service, shared.policy_rows.intern(row)));
        }
        let loose = rules.iter().filter_map(|&id| {
            let rule = ir.rules.get(id)?;
            let actions = ir.action_sets.get(rule.actions)?;
            // Exact actions are all in the vocabulary.
            let exact = !actions.negated && actions.patterns.iter().all(is_exact);
            (!exact).then(|| (rule.actions, self.roots.residual(ir, &[id])))
        });
        PolicyRows { default, rows, loose: loose.collect(), rule_roots: None }
    }

    /// Gives every policy its list of rule roots, if it has any.
    fn rule_roots(&mut self, ir: &Ir, maker: &mut Maker<'_>, policies: &mut [PolicyRows]) {
        let mut cells = Interner::default();
        for (_, residual) in policies.iter().flat_map(|policy| &policy.loose) {
            cells.intern(vec![*residual]);
        }
        let lists = self.roots.lists(ir, maker, cells.items());
        for policy in policies.iter_mut().filter(|policy| !policy.loose.is_empty()) {
            let root = |&(actions, residual): &(u32, u32)| {
                let list = *lists.get(cells.find(&vec![residual])? as usize)?;
                Some(self.rule_roots.intern(RuleRoot { actions, list }))
            };
            let roots = distinct(policy.loose.iter().filter_map(root).collect());
            policy.rule_roots = Some(self.rule_root_lists.intern(roots));
        }
    }

    /// A set, now that its cells have root lists.
    fn table(&mut self, plan: &Plan, lists: &[u32], rows: &[Vec<u32>], ids: &mut [Option<u32>]) -> SetTable {
        // A cell that has no list cannot be: it would be found by the verifier.
        let default_list = lists.get(plan.default as usize).copied().unwrap_or(u32::MAX);
        let mut services = Vec::with_capacity(plan.services.len());
        for &(service, joined) in &plan.services {
            if let (Some(row), Some(id)) = (rows.get(joined), ids.get_mut(joined))
                && row.iter().any(|&list| list != default_list)
            {
                services.push((service, *id.get_or_insert_with(|| self.rows.intern(row.clone()))));
            }
        }
        let rule_root_lists = plan.rule_root_lists.clone();
        SetTable { default_list, services, rule_root_lists, parts: Vec::new() }
    }
}

/// Whether a pattern is an action by its name.
fn is_exact(pattern: &ActionForm) -> bool {
    match pattern {
        ActionForm::Named { service, name } => service.as_literal().is_some() && name.as_literal().is_some(),
        ActionForm::Everything | ActionForm::Nothing => false,
    }
}

impl Shared {
    /// What a set of some policies needs. Time: the services of its policies, sorted, and each of them times the policies.
    fn plan(&mut self, parts: &[&PolicyRows]) -> Plan {
        let default = self.cells.intern(distinct(parts.iter().map(|part| part.default).collect()));
        // Service, row, and whose row it is.
        let mut named: Vec<(u32, u32, usize)> = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            named.extend(part.rows.iter().map(|&(service, row)| (service, row, number)));
        }
        named.sort_unstable();
        let mut silent = vec![true; parts.len()];
        let mut services = Vec::new();
        let mut joined = Joined::default();
        for here in named.chunk_by(|one, other| one.0 == other.0) {
            let Some(&(service, ..)) = here.first() else { continue };
            joined.clear();
            joined.extend(here.iter().map(|(_, row, _)| row));
            joined.dedup();
            if here.len() < parts.len() {
                joined.push(SILENT);
                let before = joined.len();
                silent.fill(true);
                for &(_, _, number) in here {
                    silent.iter_mut().skip(number).take(1).for_each(|silent| *silent = false);
                }
                let parts = parts.iter().zip(&silent).filter(|(_, silent)| **silent);
                joined.extend(parts.map(|(part, _)| part.default));
                if let Some(defaults) = joined.get_mut(before..) {
                    defaults.sort_unstable();
                }
                joined.dedup();
            }
            let place = match self.joined.get(&joined) {
                Some(&place) => place,
                None => {
                    let row = self.row(&joined);
                    self.joined_rows.push(row);
                    self.joined.insert(joined.clone(), self.joined_rows.len() - 1);
                    self.joined_rows.len() - 1
                }
            };
            services.push((service, place));
        }
        Plan {
            default,
            services,
            rule_root_lists: distinct(parts.iter().filter_map(|part| part.rule_roots).collect()),
        }
    }

    /// The row of cells of what several policies say together about a service. Time: its classes times the policies.
    fn row(&mut self, joined: &Joined) -> Vec<u32> {
        let mut halves = joined.split(|&id| id == SILENT);
        let (rows, defaults) = (halves.next().unwrap_or(&[]), halves.next().unwrap_or(&[]));
        let rows: Vec<&Vec<u32>> = rows.iter().filter_map(|&row| self.policy_rows.get(row)).collect();
        let classes = rows.first().map_or(0, |row| row.len());
        let mut ids = Vec::with_capacity(classes);
        let (mut cell, mut sorted) = (Vec::new(), Vec::new());
        // The classes of a service differ in few ways: most are found among the first that were seen, without sorting and hashing.
        let (mut seen, mut seen_ids): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for class in 0..classes {
            cell.clear();
            cell.extend(rows.iter().filter_map(|row| row.get(class)));
            let mut known = seen.chunks_exact(rows.len()).zip(&seen_ids);
            let id = match known.find(|(seen, _)| *seen == cell) {
                Some((_, id)) => *id,
                None => {
                    sorted.clear();
                    sorted.extend(cell.iter().chain(defaults));
                    sorted.sort_unstable();
                    sorted.dedup();
                    let id = self.cells.intern_list(&sorted);
                    if seen_ids.len() < NEAR {
                        seen.extend(&cell);
                        seen_ids.push(id);
                    }
                    id
                }
            };
            ids.push(id);
        }
        ids
    }
}

/// Different cells of a service, from the first on, that others are compared with before they are looked up.
const NEAR: usize = 16;

/// Sorted, each once.
fn distinct(mut ids: Vec<u32>) -> Vec<u32> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
