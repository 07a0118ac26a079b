//! All sections of a bundle, in one pass over model, IR and automata; then the bytes are loaded once to see that they hold.

use std::fmt;

use portcullis_runtime::format::{self as f, NONE, Section};
use portcullis_runtime::provenance::encode;
use portcullis_runtime::{Bundle, LoadError};

use super::conditions::Patterns;
use super::facts::BuildFacts;
use super::provenance::provenance;
use super::sections::Sections;
use super::strings::{Strings, index};
use crate::automata::Automata;
use crate::facts;
use crate::intern::Interner;
use crate::ir::Ir;
use crate::merge::PrincipalRef;
use crate::model::{Identity, Model, Tag};
use crate::pattern::ActionForm;

/// Why no bundle was written.
#[derive(Debug)]
pub enum WriteError {
    /// The bundle would pass 4 GiB.
    TooLarge,
    /// Two principals have one ARN: the hash table could hold one of them only.
    DuplicatePrincipal(String),
    /// A hash table has no seed under which its names stand near their places.
    Crowded,
    /// A cold section could not be encoded: a bug of this compiler.
    Encode(bincode::error::EncodeError),
    /// The runtime refused the bytes: a bug of this compiler.
    Reread(LoadError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the bundle would be larger than 4 GiB"),
            Self::DuplicatePrincipal(arn) => write!(f, "the principal {arn} is declared twice"),
            Self::Crowded => {
                f.write_str("principals or actions have names that were made to collide in a hash table")
            }
            Self::Encode(error) => write!(f, "internal error: a cold section does not encode: {error}"),
            Self::Reread(error) => {
                write!(f, "internal error: the runtime refuses the bundle just written: {error}")
            }
        }
    }
}

impl std::error::Error for WriteError {}

/// Writes a bundle; `strip` leaves the model out. Deterministic: equal inputs give equal bytes.
///
/// # Errors
/// [`WriteError`]; nothing but a bundle that loads is ever returned.
pub fn write(model: &Model, ir: &Ir, automata: &Automata, strip: bool) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer::default();
    writer.principals(model, ir)?;
    writer.sets(automata);
    writer.vocabulary(automata)?;
    writer.patterns.guards(ir, &mut writer.strings, &mut writer.sections);
    writer.automata(automata);
    writer.rule_roots(ir, automata);
    let cold = |result: Result<Vec<u8>, _>| result.map_err(WriteError::Encode);
    writer.sections.put(Section::Provenance, cold(encode(&provenance(model, ir)))?);
    if !strip {
        writer.sections.put(Section::Model, cold(encode(model))?);
    }
    writer.sections.put(Section::Facts, cold(encode(&BuildFacts::of(model, ir, automata)))?);
    writer.patterns.finish(&mut writer.strings, &mut writer.sections);
    let (offsets, bytes) = writer.strings.sections();
    writer.sections.put(Section::StringOffsets, offsets);
    writer.sections.put(Section::StringBytes, bytes);
    let bytes = writer.sections.assemble().ok_or(WriteError::TooLarge)?;
    let bundle = Bundle::from_bytes(bytes).map_err(WriteError::Reread)?;
    Ok(bundle.into_bytes())
}

#[derive(Default)]
struct Writer {
    strings: Strings,
    patterns: Patterns,
    sections: Sections,
}

impl Writer {
    fn principals(&mut self, model: &Model, ir: &Ir) -> Result<(), WriteError> {
        let (mut records, mut tags) = (Vec::new(), Vec::new());
        let mut tag_count = 0;
        let mut arns: Vec<&str> = Vec::new();
        for principal in &ir.principals {
            let found: Option<(&Identity, &[Tag], u32)> = match principal.principal {
                PrincipalRef::User(id) => {
                    model.users.get(id as usize).map(|user| (&user.identity, &*user.tags, f::PRINCIPAL_USER))
                }
                PrincipalRef::Role(id) => {
                    model.roles.get(id as usize).map(|role| (&role.identity, &*role.tags, f::PRINCIPAL_ROLE))
                }
            };
            let Some((identity, own_tags, kind)) = found else { continue };
            let account = model.accounts.get(identity.account.index()).map_or("", |account| account);
            f::Principal {
                arn: self.strings.id(&identity.arn),
                account: self.strings.id(account),
                name: self.strings.id(&identity.name),
                unique_id: if identity.unique_id.is_empty() {
                    NONE
                } else {
                    self.strings.id(&identity.unique_id)
                },
                kind,
                identity: principal.identity,
                boundary: principal.boundary.unwrap_or(NONE),
                tags: tag_count,
                tag_count: own_tags.len() as u32,
                reserved: 0,
            }
            .write(&mut records);
            tag_count += own_tags.len() as u32;
            for tag in own_tags {
                let key = self.strings.id(&tag.key.to_ascii_lowercase());
                f::Tag { key, value: self.strings.id(&tag.value) }.write(&mut tags);
            }
            arns.push(&identity.arn);
        }
        let mut sorted = arns.clone();
        sorted.sort_unstable();
        if let Some((twice, _)) = sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| a == b) {
            return Err(WriteError::DuplicatePrincipal((*twice).to_owned()));
        }
        self.sections.put(Section::Principals, records);
        self.sections.put(Section::PrincipalIndex, index(&arns).ok_or(WriteError::Crowded)?);
        self.sections.put(Section::Tags, tags);
        Ok(())
    }

    fn sets(&mut self, automata: &Automata) {
        let (mut sets, mut services, mut lists) = (Vec::new(), Vec::new(), Vec::new());
        let mut service_count = 0;
        for set in &automata.sets {
            f::Set {
                services: service_count,
                service_count: set.services.len() as u32,
                default_list: set.default_list,
                rule_roots: lists.len() as u32,
                rule_root_count: set.rule_root_lists.len() as u32,
            }
            .write(&mut sets);
            service_count += set.services.len() as u32;
            for &(service, row) in &set.services {
                f::SetService { service, row }.write(&mut services);
            }
            lists.extend_from_slice(&set.rule_root_lists);
        }
        self.sections.put(Section::Sets, sets);
        self.sections.put(Section::SetServices, services);
        self.sections.put_words(Section::SetRuleRoots, lists);
        self.rows(automata);
    }

    /// Rows as small indices into palettes; equal palettes stand once.
    fn rows(&mut self, automata: &Automata) {
        let (mut records, mut cells) = (Vec::new(), Vec::new());
        let mut palettes = Vec::new();
        let mut starts = std::collections::HashMap::<Vec<u32>, u32>::new();
        for row in automata.rows.items() {
            let mut palette = Interner::<u32>::default();
            let indices: Vec<u32> = row.iter().map(|&list| palette.intern(list)).collect();
            let start = *starts.entry(palette.items().to_vec()).or_insert_with(|| {
                palettes.extend_from_slice(palette.items());
                (palettes.len() - palette.len()) as u32
            });
            let width = match palette.len() {
                0 | 1 => 0,
                2..=256 => 1,
                _ => 2,
            };
            f::Row {
                palette: start,
                palette_length: palette.len() as u32,
                width,
                cells: cells.len() as u32,
                cell_count: if width == 0 { 0 } else { indices.len() as u32 },
            }
            .write(&mut records);
            match width {
                0 => {}
                1 => cells.extend(indices.iter().map(|&index| index as u8)),
                _ => cells.extend(indices.iter().flat_map(|&index| (index as u16).to_le_bytes())),
            }
        }
        self.sections.put(Section::Rows, records);
        self.sections.put_words(Section::Palettes, palettes);
        self.sections.put(Section::Cells, cells);
    }

    fn vocabulary(&mut self, automata: &Automata) -> Result<(), WriteError> {
        let vocabulary = &automata.vocabulary;
        let (mut services, mut actions) = (Vec::new(), Vec::new());
        for service in &vocabulary.services {
            f::Service { name: self.strings.id(&service.name), classes: service.classes.len() as u32 }
                .write(&mut services);
        }
        for action in &vocabulary.actions {
            let service_arn = facts::SERVICE_LEVEL_ARNS.iter().find(|(name, _)| *name == action.name);
            f::Action {
                name: self.strings.id(&action.name),
                service: action.service,
                class: action.class,
                flags: action_flags(&action.name),
                service_arn: service_arn.map_or(NONE, |(_, arn)| self.strings.id(arn)),
            }
            .write(&mut actions);
        }
        let names: Vec<&str> = vocabulary.actions.iter().map(|action| action.name.as_str()).collect();
        self.sections.put(Section::Services, services);
        self.sections.put(Section::Actions, actions);
        self.sections.put(Section::ActionIndex, index(&names).ok_or(WriteError::Crowded)?);
        Ok(())
    }

    fn automata(&mut self, automata: &Automata) {
        let (mut lists, mut roots) = (Vec::new(), Vec::new());
        for list in automata.roots.lists.items() {
            let (root, rest) =
                list.split_first().map_or((f::TERMINAL_BIT, &[][..]), |(root, rest)| (*root, rest));
            f::RootList { root, rest: roots.len() as u32, rest_count: rest.len() as u32 }.write(&mut lists);
            roots.extend_from_slice(rest);
        }
        self.sections.put(Section::RootLists, lists);
        self.sections.put_words(Section::Roots, roots);
        self.sections.put_words(Section::Nodes, automata.roots.nodes.iter().copied());
        self.terminals(automata);
    }

    fn terminals(&mut self, automata: &Automata) {
        let table = &automata.roots.terminals;
        let patterns: Vec<u32> =
            table.patterns.items().iter().map(|parts| self.patterns.arn(parts)).collect();
        let pattern = |id: u32| patterns.get(id as usize).copied().unwrap_or(NONE);
        let leaves = automata.roots.leaves.iter().flat_map(|leaf| leaf.words(&pattern));
        self.sections.put_words(Section::Leaves, leaves);
        let (mut terminals, mut rules) = (Vec::new(), Vec::new());
        let (mut residues, mut residue_count, mut checks) = (Vec::new(), 0, Vec::new());
        for terminal in table.table.items() {
            let (flags, own) = match (terminal.denies.as_slice(), terminal.allows.as_slice()) {
                ([], []) => (0, &[][..]),
                ([], allows) => (f::TERMINAL_ALLOW, allows),
                (denies, _) => (f::TERMINAL_DENY, denies),
            };
            f::Terminal {
                flags,
                rule: own.first().copied().unwrap_or(NONE),
                rules: rules.len() as u32,
                rule_count: own.len() as u32,
                residues: residue_count,
                residue_count: terminal.residues.len() as u32,
            }
            .write(&mut terminals);
            rules.extend_from_slice(own);
            residue_count += terminal.residues.len() as u32;
            for residue in &terminal.residues {
                let bits = |on: bool, bit| if on { bit } else { 0 };
                f::Residue {
                    rule: residue.rule,
                    flags: bits(!residue.allows, f::RESIDUE_DENY) | bits(residue.negated, f::RESIDUE_NEGATED),
                    guard: residue.guard.unwrap_or(NONE),
                    checks: checks.len() as u32,
                    check_count: residue.checks.len() as u32,
                }
                .write(&mut residues);
                let mut own: Vec<u32> = residue.checks.iter().map(|&check| pattern(check)).collect();
                own.sort_unstable();
                checks.extend(own);
            }
        }
        self.sections.put(Section::Terminals, terminals);
        self.sections.put_words(Section::TerminalRules, rules);
        self.sections.put(Section::Residues, residues);
        self.sections.put_words(Section::Checks, checks);
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
                list: root.list,
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
    tables.iter().filter(|(names, _)| names.contains(&name)).fold(0, |flags, (_, bit)| flags | bit)
}
