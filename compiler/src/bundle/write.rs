//! All sections of a bundle: those that decide, in one pass over model, IR and automata, beside those that do not; then the bytes are loaded to see that
//! they hold.

use std::fmt;

use portcullis_runtime::format::{self as f, NONE, Section};
use portcullis_runtime::provenance::encode;
use portcullis_runtime::{Bundle, LoadError};

use super::conditions::Patterns;
use super::facts::BuildFacts;
use super::provenance::provenance;
use super::sections::Sections;
use super::strings::{Named, Strings, index};
use super::world::Packed;
use crate::CompileOptions;
use crate::automata::Automata;
use crate::facts;
use crate::intern::{HashMap, Interner};
use crate::ir::Ir;
use crate::model::Model;
use crate::pattern::ActionForm;
use crate::workers::Workers;

/// Why no bundle was written.
#[derive(Debug)]
pub enum WriteError {
    /// The bundle would pass 4 GiB.
    TooLarge,
    /// Two principals, resources or endpoints have one name: a hash table could hold one of them only.
    DuplicateName(String),
    /// A hash table has no seed under which its names stand near their places.
    Crowded,
    /// A permission set has a service twice: a bug of this compiler.
    Services,
    /// A cold section could not be encoded: a bug of this compiler.
    Encode(bincode::error::EncodeError),
    /// The runtime refused the bytes: a bug of this compiler.
    Reread(LoadError),
    /// The runtime did not tell the classes of the principals' own keys: a bug of this compiler.
    Unclassified,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the bundle would be larger than 4 GiB"),
            Self::DuplicateName(name) => write!(f, "{name} is declared twice"),
            Self::Crowded => {
                f.write_str("principals, actions or condition values have names that were made to collide in a hash table")
            }
            Self::Services => f.write_str("internal error: a permission set has a service twice"),
            Self::Encode(error) => write!(f, "internal error: a cold section does not encode: {error}"),
            Self::Reread(error) => {
                write!(f, "internal error: the runtime refuses the bundle just written: {error}")
            }
            Self::Unclassified => f.write_str("internal error: the runtime does not tell what principals are"),
        }
    }
}

impl std::error::Error for WriteError {}

/// Writes a bundle. Deterministic: equal inputs give equal bytes.
///
/// # Errors
/// [`WriteError`]; nothing but a bundle that loads is ever returned.
pub fn write(
    model: &Model,
    ir: &Ir,
    automata: &Automata,
    options: &CompileOptions,
) -> Result<Vec<u8>, WriteError> {
    // Terminals keep ids in the bits that their kinds leave.
    let diagrams = &automata.roots.terminals.diagrams.words;
    if ir.rules.len().max(diagrams.len()) > f::terminal::VALUE as usize {
        return Err(WriteError::TooLarge);
    }
    let work = ir.rules.len() + ir.principals.len();
    let (hot, cold) = Workers::default().both(
        work,
        || hot_sections(model, ir, automata, options.packed_from.0),
        || cold_sections(model, ir, automata, options.strip),
    );
    let mut sections = hot?;
    for (section, bytes) in cold? {
        sections.put(section, bytes);
    }
    Ok(loaded(&sections)?.into_bytes())
}

/// The bundle of some sections, which loads.
fn loaded(sections: &Sections) -> Result<Bundle, WriteError> {
    let bytes = sections.assemble().ok_or(WriteError::TooLarge)?;
    Bundle::from_bytes(bytes).map_err(WriteError::Reread)
}

/// The sections that no decision reads.
fn cold_sections(
    model: &Model,
    ir: &Ir,
    automata: &Automata,
    strip: bool,
) -> Result<Vec<(Section, Vec<u8>)>, WriteError> {
    let mut sections = vec![
        (Section::Provenance, encode(&provenance(model, ir))),
        (Section::Facts, encode(&BuildFacts::of(model, ir, automata))),
    ];
    if !strip {
        sections.push((Section::Model, encode(model)));
    }
    let sections =
        sections.into_iter().map(|(section, bytes)| Ok((section, bytes.map_err(WriteError::Encode)?)));
    sections.collect()
}

/// All other sections.
fn hot_sections(
    model: &Model,
    ir: &Ir,
    automata: &Automata,
    packed_from: usize,
) -> Result<Sections, WriteError> {
    let mut writer = Writer { lists: root_lists(automata), packed_from, ..Writer::default() };
    writer.sets(automata)?;
    writer.world(model, ir)?;
    writer.vocabulary(automata)?;
    let classifiers = &automata.classifiers.items;
    let written = writer.patterns.classifiers(classifiers, &mut writer.strings, &mut writer.sections);
    written.ok_or(WriteError::Crowded)?;
    writer.automata(ir, automata);
    writer.rule_roots(ir, automata);
    writer.routes(model)?;
    writer.patterns.finish(&mut writer.strings, &mut writer.sections);
    writer.sections.put(Section::Strings, writer.strings.section());
    if !has_own_keys(&writer.sections) {
        return Ok(writer.sections);
    }
    // What a principal's own keys come to is asked of the bundle as far as it is, by the code that would ask at request time.
    let draft = loaded(&writer.sections)?;
    let (own, classes) = draft.own_classes().ok_or(WriteError::Unclassified)?;
    drop(draft);
    if !own.is_empty() && !classes.is_empty() {
        principal_classes(&mut writer.sections, writer.packed, &own, &classes);
    }
    Ok(writer.sections)
}

/// Whether any condition is about what principals define themselves.
fn has_own_keys(sections: &Sections) -> bool {
    let (words, _) = sections.bytes(Section::Keys).as_chunks::<4>();
    words.chunks(f::Key::WORDS).filter_map(f::Key::read).any(|key| f::is_own(key.source))
}

#[derive(Default)]
pub(super) struct Writer {
    /// By permission set of the automata: its place in the bundle.
    sets: Vec<u32>,
    /// By root list: what stands for it in the bundle.
    lists: Vec<u32>,
    pub(super) strings: Strings,
    patterns: Patterns,
    pub(super) sections: Sections,
    /// From how many principals on they are packed; and those that are.
    pub(super) packed_from: usize,
    pub(super) packed: Option<Packed>,
}

impl Writer {
    pub(super) fn set(&self, set: u32) -> u32 {
        self.sets.get(set as usize).copied().unwrap_or(NONE)
    }

    fn list(&self, list: u32) -> u32 {
        // No root list: the runtime would refuse the bundle.
        self.lists.get(list as usize).copied().unwrap_or(NONE)
    }

    /// The permission sets, each with its services; before all that names them by their places.
    fn sets(&mut self, automata: &Automata) -> Result<(), WriteError> {
        let rows = self.rows(automata);
        let (mut sets, mut lists) = (Vec::new(), Vec::new());
        self.sets = vec![NONE; automata.sets.len()];
        // A union stands behind its parts.
        let (unions, plain): (Vec<_>, Vec<_>) =
            automata.sets.iter().enumerate().partition(|(_, set)| !set.parts.is_empty());
        for (id, set) in plain.into_iter().chain(unions) {
            let place = (sets.len() / 4) as u32;
            self.sets.iter_mut().skip(id).take(1).for_each(|it| *it = place);
            let is_union = !set.parts.is_empty();
            let (seed, slots) = if is_union {
                (set.parts.len() as u32, Vec::new())
            } else {
                let services = automata.vocabulary.services.len();
                spread(&set.services, &rows, services).ok_or(WriteError::Services)?
            };
            f::Set {
                slots: slots.len() as u32,
                seed,
                default_list: if is_union { f::terminal::NOTHING } else { self.list(set.default_list) },
                rule_roots: lists.len() as u32,
                rule_root_count: set.rule_root_lists.len() as u32,
            }
            .write(&mut sets);
            for service in slots {
                service.write(&mut sets);
            }
            let mut parts: Vec<u32> = set.parts.iter().map(|&part| self.set(part)).collect();
            parts.sort_unstable();
            sets.extend(parts.into_iter().flat_map(u32::to_le_bytes));
            lists.extend_from_slice(&set.rule_root_lists);
        }
        self.sections.put(Section::Sets, sets);
        self.sections.put_words(Section::SetRuleRoots, lists);
        Ok(())
    }

    /// Rows; of those that are the same for all classes one cell. Gives the id of each.
    fn rows(&mut self, automata: &Automata) -> Vec<u32> {
        let (mut ids, mut words) = (Vec::new(), Vec::new());
        let mut constants: HashMap<u32, u32> = HashMap::default();
        for lists in automata.rows.items() {
            let place = words.len() as u32;
            match constant(lists) {
                Some(list) => {
                    let row = constants.entry(list).or_insert_with(|| {
                        words.extend([1, self.list(list)]);
                        f::row::CONSTANT | place
                    });
                    ids.push(*row);
                }
                None => {
                    words.push(lists.len() as u32);
                    words.extend(lists.iter().map(|&list| self.list(list)));
                    ids.push(place);
                }
            }
        }
        self.sections.put_words(Section::Rows, words);
        ids
    }

    fn vocabulary(&mut self, automata: &Automata) -> Result<(), WriteError> {
        let vocabulary = &automata.vocabulary;
        let (mut services, mut actions, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for service in &vocabulary.services {
            f::Service { name: self.strings.id(&service.name), classes: service.classes.len() as u32 }
                .write(&mut services);
        }
        for action in &vocabulary.actions {
            let service_arn = facts::SERVICE_LEVEL_ARNS.iter().find(|(name, _)| *name == action.name);
            let id = (actions.len() / 4) as u32;
            let flags = action_flags(&action.name);
            let word = f::index::action_word(action.class, flags).ok_or(WriteError::TooLarge)?;
            names.push(Named { text: &action.name, id, rest: [action.service, word] });
            f::Action {
                service: action.service,
                class: action.class,
                flags,
                service_arn: service_arn.map_or(NONE, |(_, arn)| self.strings.id(arn)),
                name_length: action.name.len() as u32,
            }
            .write(&mut actions);
            actions.extend_from_slice(action.name.as_bytes());
            actions.resize(actions.len().next_multiple_of(4), 0);
        }
        self.sections.put(Section::Services, services);
        self.sections.put(Section::Actions, actions);
        self.sections.put(Section::ActionIndex, index(&names).ok_or(WriteError::Crowded)?);
        Ok(())
    }

    fn automata(&mut self, ir: &Ir, automata: &Automata) {
        let several = automata.roots.lists.items().iter().filter(|list| list.len() > 1);
        let roots = several.flat_map(|list| std::iter::once(list.len() as u32).chain(list.iter().copied()));
        self.sections.put_words(Section::Roots, roots);
        self.sections.put_words(Section::Nodes, automata.roots.nodes.iter().copied());
        self.terminals(ir, automata);
    }

    fn terminals(&mut self, ir: &Ir, automata: &Automata) {
        let table = &automata.roots.terminals;
        let patterns: Vec<u32> =
            table.patterns.items().iter().map(|parts| self.patterns.arn(parts)).collect();
        let pattern = |id: u32| patterns.get(id as usize).copied().unwrap_or(NONE);
        let leaves = automata.roots.leaves.iter().flat_map(|leaf| leaf.words(&pattern));
        self.sections.put_words(Section::Leaves, leaves);
        // Diagrams name patterns and atoms by the ids that the compiler gave; the bundle holds those that are used.
        let diagrams = &table.diagrams;
        let mut words = diagrams.words.clone();
        for &place in &diagrams.patterns {
            if let Some(word) = words.get_mut(place) {
                *word = pattern(*word);
            }
        }
        let mut used = Interner::<u32>::default();
        for &place in &diagrams.atoms {
            if let Some(word) = words.get_mut(place) {
                *word = used.intern(*word);
            }
        }
        self.patterns.atoms(ir, used.items(), &mut self.strings, &mut self.sections);
        self.sections.put_words(Section::Diagrams, words);
    }

    fn rule_roots(&mut self, ir: &Ir, automata: &Automata) {
        let (mut lists, mut ids) = (Vec::new(), Vec::new());
        for list in automata.rule_root_lists.items() {
            f::Range { start: ids.len() as u32, length: list.len() as u32 }.write(&mut lists);
            ids.extend_from_slice(list);
        }
        self.sections.put(Section::RuleRootLists, lists);
        self.sections.put_words(Section::RuleRootIds, ids);
        let (mut records, mut patterns, mut count) = (Vec::new(), Vec::new(), 0);
        for root in automata.rule_roots.items() {
            let Some(actions) = ir.action_sets.get(root.actions) else { continue };
            f::RuleRoot {
                patterns: count,
                pattern_count: actions.patterns.len() as u32,
                negated: u32::from(actions.negated),
                list: self.list(root.list),
            }
            .write(&mut records);
            count += actions.patterns.len() as u32;
            for pattern in &actions.patterns {
                let (service, name) = match pattern {
                    ActionForm::Named { service, name } => {
                        (self.patterns.glob(service), self.patterns.glob(name))
                    }
                    ActionForm::Everything | ActionForm::Nothing => (NONE, NONE),
                };
                f::ActionPattern { service, name }.write(&mut patterns);
            }
        }
        self.sections.put(Section::RuleRoots, records);
        self.sections.put(Section::ActionPatterns, patterns);
    }
}

/// The classes of the keys that principals define: principals with equal ones share them.
fn principal_classes(sections: &mut Sections, packed: Option<Packed>, own: &[u32], classes: &[Vec<u32>]) {
    let mut shared = Interner::<Vec<u32>>::default();
    let first = classes.iter().map(|of_one| shared.intern(of_one.clone()) * own.len() as u32);
    let first: Vec<(usize, u32)> = first.enumerate().collect();
    let last = |words: usize| words - 1;
    match packed {
        Some(mut packed) => {
            packed.classify(first.into_iter().map(|(_, first)| first));
            packed.write(sections);
        }
        None => sections.patch(Section::Principals, f::Principal::WORDS, last(f::Principal::WORDS), first),
    }
    let places = own.iter().zip(0..).map(|(&classifier, place)| (classifier as usize, place));
    let places: Vec<(usize, u32)> = places.collect();
    sections.patch(Section::Classifiers, f::Classifier::WORDS, last(f::Classifier::WORDS), places);
    sections.put_words(Section::PrincipalClasses, shared.items().iter().flatten().copied());
}

/// The root list of a row in which no other is.
fn constant(lists: &[u32]) -> Option<u32> {
    let first = *lists.first()?;
    lists.iter().all(|&list| list == first).then_some(first)
}

/// What stands for each root list in the bundle: its only root, or its place in `Roots`.
fn root_lists(automata: &Automata) -> Vec<u32> {
    let mut place = 0;
    let lists = automata.roots.lists.items().iter().map(|list| match list.as_slice() {
        [] => f::terminal::NOTHING,
        [root] => *root,
        roots => {
            let list = f::LIST_BIT | place;
            place += 1 + roots.len() as u32;
            list
        }
    });
    lists.collect()
}

/// The services of a set over slots of their own: as few as a few seeds allow. With seed 0 and a slot for every service of the bundle it
/// always works; `None` can only be where a service stands twice.
fn spread(services: &[(u32, u32)], rows: &[u32], all: usize) -> Option<(u32, Vec<f::SetService>)> {
    let empty = f::SetService { service: NONE, row: 0 };
    let largest = all.max(1).next_power_of_two();
    let mut size = services.len().max(1).next_power_of_two().min(largest);
    loop {
        'seeds: for seed in (0..SPREADS).map(|number: u32| number.wrapping_mul(0x9e37_79b1)) {
            let mut slots = vec![empty; size];
            for &(service, row) in services {
                let place = f::service_slot(service, seed, size as u32) as usize;
                match slots.get_mut(place) {
                    Some(slot) if slot.service == NONE => {
                        let row = rows.get(row as usize).copied().unwrap_or(NONE);
                        *slot = f::SetService { service, row };
                    }
                    _ => continue 'seeds,
                }
            }
            return Some((seed, slots));
        }
        if size >= largest {
            return None;
        }
        size *= 2;
    }
}

/// Seeds that are tried for a number of slots.
const SPREADS: u32 = 64;

/// The facts about an action that the combination needs, as bits.
fn action_flags(name: &str) -> u32 {
    let tables = [
        (facts::POLICY_WRITES, f::ACTION_WRITES_POLICY),
        (facts::ROLE_WRITES, f::ACTION_WRITES_ROLE),
        (facts::ALIAS_WRITES, f::ACTION_WRITES_ALIAS),
        (facts::TRUST_ACTIONS, f::ACTION_NEEDS_TRUST),
        (facts::NO_CALLER_SIDE, f::ACTION_NO_CALLER_SIDE),
        (facts::UNCONTROLLED, f::ACTION_UNCONTROLLED),
        (facts::UNCONTROLLED_FOR_USERS, f::ACTION_UNCONTROLLED_FOR_USERS),
    ];
    let service = name.split(':').next().unwrap_or_default();
    let rcp = if f::RCP_SERVICES.contains(&service) { f::ACTION_RCP } else { 0 };
    tables.iter().filter(|(names, _)| names.contains(&name)).fold(rcp, |flags, (_, bit)| flags | bit)
}
