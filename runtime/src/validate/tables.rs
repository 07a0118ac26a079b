//! Checks of all sections but the automata: strings, principals, sets, rows, vocabulary, patterns and guards.

use crate::error::LoadError;
use crate::format::{self as f, NONE, Section};
use crate::hash::hash;
use crate::view::View;

/// Number of records of each section that others refer to.
struct Counts {
    strings: u32,
    globs: u32,
    arn_patterns: u32,
    keys: u32,
    root_lists: u32,
    services: u32,
    sets: u32,
}

fn invalid(section: Section, index: u32, what: &'static str) -> LoadError {
    LoadError::Invalid { section, index, what }
}

/// `Ok` if the condition holds.
fn check(holds: bool, section: Section, index: u32, what: &'static str) -> Result<(), LoadError> {
    if holds { Ok(()) } else { Err(invalid(section, index, what)) }
}

/// Whether `start..start + length` lies within `count`.
fn within(start: u32, length: u32, count: u32) -> bool {
    start.checked_add(length).is_some_and(|end| end <= count)
}

fn optional(id: u32, count: u32) -> bool {
    id == NONE || id < count
}

/// Reads every record of a section and hands it to a check.
macro_rules! each {
    ($view:expr, $section:ident, $record:ident, $accessor:ident, |$index:ident, $item:ident| $body:block) => {
        for $index in 0..$view.count(Section::$section, f::$record::WORDS)? {
            let $item = $view.$accessor($index).ok_or(invalid(Section::$section, $index, "unreadable"))?;
            $body
        }
    };
}

pub(super) fn validate(view: View<'_>) -> Result<(), LoadError> {
    let strings = strings(view)?;
    let counts = Counts {
        strings,
        globs: view.count(Section::Globs, f::Range::WORDS)?,
        arn_patterns: view.count(Section::ArnPatterns, f::ArnPattern::WORDS)?,
        keys: view.count(Section::Keys, f::Key::WORDS)?,
        root_lists: view.count(Section::RootLists, f::Range::WORDS)?,
        services: view.count(Section::Services, f::Service::WORDS)?,
        sets: view.count(Section::Sets, f::Set::WORDS)?,
    };
    principals(view, &counts)?;
    sets(view, &counts)?;
    vocabulary(view, &counts)?;
    patterns(view, &counts)?;
    guards(view, &counts)?;
    rule_roots(view, &counts)
}

/// Offsets ascend from 0 to the length of the bytes; every string is UTF-8.
fn strings(view: View<'_>) -> Result<u32, LoadError> {
    let section = Section::StringOffsets;
    let count = view.count(section, 1)?.checked_sub(1).ok_or(invalid(section, 0, "no end offset"))?;
    let bytes = view.section_bytes(Section::StringBytes);
    let text = core::str::from_utf8(bytes).map_err(|_| invalid(Section::StringBytes, 0, "not UTF-8"))?;
    let mut before = 0;
    for index in 0..=count {
        let offset = view.word(section, index).ok_or(invalid(section, index, "unreadable"))?;
        check(
            offset >= before && text.is_char_boundary(offset as usize),
            section,
            index,
            "offset out of order",
        )?;
        check(index > 0 || offset == 0, section, index, "the first offset is not 0")?;
        before = offset;
    }
    check(before as usize == bytes.len(), section, count, "the last offset is not the end")?;
    Ok(count)
}

/// A hash table has a power of two of slots, at least one of them empty, holds every id once, and finds each by probing from its hash.
fn index(
    view: View<'_>,
    section: Section,
    count: u32,
    name: impl Fn(u32) -> Option<u32>,
) -> Result<(), LoadError> {
    let slots = view.count(section, 1)?;
    check(
        slots.is_power_of_two() && slots > count,
        section,
        0,
        "not a power of two above the number of entries",
    )?;
    let mut filled = 0;
    for slot in 0..slots {
        let id = view.word(section, slot).ok_or(invalid(section, slot, "unreadable"))?;
        check(id <= count, section, slot, "unknown id")?;
        filled += u32::from(id != 0);
    }
    check(filled == count, section, 0, "the number of filled slots is not that of the entries")?;
    for id in 0..count {
        let text =
            name(id).and_then(|string| view.string_bytes(string)).ok_or(invalid(section, id, "no name"))?;
        let mut slot = hash(text) as u32 & (slots - 1);
        loop {
            match view.word(section, slot) {
                Some(found) if found == id + 1 => break,
                // An equal name earlier on the probe path would hide this one.
                Some(found) if found != 0 => {
                    let other = name(found - 1).and_then(|string| view.string_bytes(string));
                    check(other != Some(text), section, id, "a name stands twice")?;
                }
                _ => return Err(invalid(section, id, "not found from its hash")),
            }
            slot = (slot + 1) & (slots - 1);
        }
    }
    Ok(())
}

fn principals(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let section = Section::Principals;
    let tags = view.count(Section::Tags, f::Tag::WORDS)?;
    each!(view, Principals, Principal, principal, |at, principal| {
        let texts = [principal.arn, principal.account, principal.name];
        check(texts.iter().all(|&text| text < counts.strings), section, at, "unknown string")?;
        check(optional(principal.unique_id, counts.strings), section, at, "unknown string")?;
        check(principal.kind <= f::PRINCIPAL_ROLE, section, at, "unknown kind")?;
        check(principal.identity < counts.sets, section, at, "unknown identity set")?;
        check(optional(principal.boundary, counts.sets), section, at, "unknown boundary set")?;
        check(within(principal.tags, principal.tag_count, tags), section, at, "tags out of range")?;
        check(principal.reserved == 0, section, at, "reserved word is not zero")?;
    });
    each!(view, Tags, Tag, tag, |at, tag| {
        check(tag.key < counts.strings && tag.value < counts.strings, Section::Tags, at, "unknown string")?;
    });
    let count = view.count(section, f::Principal::WORDS)?;
    index(view, Section::PrincipalIndex, count, |id| view.principal(id).map(|principal| principal.arn))
}

fn sets(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let services = view.count(Section::SetServices, f::SetService::WORDS)?;
    let lists = view.count(Section::SetRuleRoots, 1)?;
    let rule_root_lists = view.count(Section::RuleRootLists, f::Range::WORDS)?;
    let rows = view.count(Section::Rows, f::Row::WORDS)?;
    each!(view, Sets, Set, set, |at, set| {
        let section = Section::Sets;
        check(within(set.services, set.service_count, services), section, at, "services out of range")?;
        check(set.default_list < counts.root_lists, section, at, "unknown root list")?;
        check(within(set.rule_roots, set.rule_root_count, lists), section, at, "rule roots out of range")?;
        let mut before = None;
        for index in set.services..set.services + set.service_count {
            let section = Section::SetServices;
            let entry = view.set_service(index).ok_or(invalid(section, index, "unreadable"))?;
            check(
                before.is_none_or(|before| before < entry.service),
                section,
                index,
                "services not ascending",
            )?;
            before = Some(entry.service);
        }
    });
    for index in 0..lists {
        let list = view.word(Section::SetRuleRoots, index).unwrap_or(NONE);
        check(list < rule_root_lists, Section::SetRuleRoots, index, "unknown rule root list")?;
    }
    each!(view, SetServices, SetService, set_service, |at, entry| {
        let section = Section::SetServices;
        check(entry.service < counts.services && entry.row < rows, section, at, "unknown service or row")?;
        let (service, row) = (view.service(entry.service), view.row(entry.row));
        let (service, row) = service.zip(row).ok_or(invalid(section, at, "unreadable"))?;
        check(
            row.width == 0 || row.cell_count == service.classes,
            section,
            at,
            "the row does not fit the service",
        )?;
    });
    each!(view, Services, Service, service, |at, service| {
        check(service.name < counts.strings, Section::Services, at, "unknown string")?;
    });
    let palettes = view.count(Section::Palettes, 1)?;
    for index in 0..palettes {
        let list = view.word(Section::Palettes, index).unwrap_or(NONE);
        check(list < counts.root_lists, Section::Palettes, index, "unknown root list")?;
    }
    let cells = view.section_bytes(Section::Cells);
    each!(view, Rows, Row, row, |at, row| {
        let section = Section::Rows;
        check(row.palette_length > 0, section, at, "empty palette")?;
        check(within(row.palette, row.palette_length, palettes), section, at, "palette out of range")?;
        check(row.width <= 2, section, at, "unknown width")?;
        check(row.width > 0 || row.cell_count == 0, section, at, "a row without cells counts some")?;
        let start = row.cells as usize;
        let end = (row.cell_count as usize)
            .checked_mul(row.width as usize)
            .and_then(|bytes| start.checked_add(bytes));
        let own =
            end.and_then(|end| cells.get(start..end)).ok_or(invalid(section, at, "cells out of range"))?;
        let known = match row.width {
            1 => own.iter().all(|&cell| u32::from(cell) < row.palette_length),
            2 => own
                .as_chunks::<2>()
                .0
                .iter()
                .all(|&cell| u32::from(u16::from_le_bytes(cell)) < row.palette_length),
            _ => true,
        };
        check(known, section, at, "a cell is past the palette")?;
    });
    Ok(())
}

fn vocabulary(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let section = Section::Actions;
    each!(view, Actions, Action, action, |at, action| {
        check(action.name < counts.strings, section, at, "unknown string")?;
        check(optional(action.service_arn, counts.strings), section, at, "unknown string")?;
        check(action.flags & !f::ACTION_FLAGS == 0, section, at, "unknown flags")?;
        check(action.service < counts.services, section, at, "unknown service")?;
        let service = view.service(action.service);
        check(
            service.is_some_and(|service| action.class < service.classes),
            section,
            at,
            "class past its service",
        )?;
        let name = view.string_bytes(action.name).unwrap_or(&[]);
        check(!name.iter().any(u8::is_ascii_uppercase), section, at, "name not in lower case")?;
    });
    let count = view.count(section, f::Action::WORDS)?;
    index(view, Section::ActionIndex, count, |id| view.action(id).map(|action| action.name))
}

fn patterns(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    each!(view, ArnPatterns, ArnPattern, arn_pattern, |at, arn| {
        let globs = [arn.part0, arn.part1, arn.part2, arn.part3, arn.part4, arn.part5];
        check(globs.iter().all(|&glob| glob < counts.globs), Section::ArnPatterns, at, "unknown glob")?;
    });
    let pieces = view.count(Section::Pieces, f::Piece::WORDS)?;
    each!(view, Globs, Range, glob, |at, glob| {
        check(within(glob.start, glob.length, pieces), Section::Globs, at, "pieces out of range")?;
    });
    each!(view, Pieces, Piece, piece, |at, piece| {
        let known = match piece.kind {
            f::PIECE_LITERAL => piece.value < counts.strings && piece.default == 0,
            f::PIECE_ANY_RUN | f::PIECE_ANY_ONE => piece.value == 0 && piece.default == 0,
            f::PIECE_VARIABLE => piece.value < counts.keys && optional(piece.default, counts.strings),
            _ => false,
        };
        check(known, Section::Pieces, at, "unknown kind, string or key")?;
    });
    Ok(())
}

/// Whether an operand kind may stand under a comparison.
fn fits(comparison: u32, kind: u32) -> bool {
    match comparison {
        f::COMPARE_STRING | f::COMPARE_STRING_IGNORE_CASE => kind == f::OPERAND_TEXT,
        f::COMPARE_LIKE => kind == f::OPERAND_LIKE,
        f::COMPARE_NUMBER_EQUAL..=f::COMPARE_NUMBER_GREATER_EQUAL => kind == f::OPERAND_NUMBER,
        f::COMPARE_DATE_EQUAL..=f::COMPARE_DATE_GREATER_EQUAL => kind == f::OPERAND_DATE,
        f::COMPARE_BOOL => kind == f::OPERAND_BOOL || kind == f::OPERAND_TEXT,
        f::COMPARE_BINARY => kind == f::OPERAND_BINARY,
        f::COMPARE_IP => kind == f::OPERAND_IP,
        f::COMPARE_ARN => kind == f::OPERAND_ARN || kind == f::OPERAND_ARN_NOTHING,
        f::COMPARE_NULL => kind == f::OPERAND_BOOL,
        _ => false,
    }
}

fn guards(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let guard_atoms = view.count(Section::GuardAtoms, 1)?;
    each!(view, Guards, Range, guard, |at, guard| {
        check(within(guard.start, guard.length, guard_atoms), Section::Guards, at, "atoms out of range")?;
        check(guard.length > 0, Section::Guards, at, "an empty guard")?;
    });
    let atoms = view.count(Section::Atoms, f::Atom::WORDS)?;
    for index in 0..guard_atoms {
        let atom = view.word(Section::GuardAtoms, index).unwrap_or(NONE);
        check(atom < atoms, Section::GuardAtoms, index, "unknown atom")?;
    }
    let operands = view.count(Section::Operands, f::Operand::WORDS)?;
    let bits =
        f::ATOM_COMPARISON | f::ATOM_NEGATED | f::ATOM_IF_EXISTS | f::ATOM_ANY_VALUE | f::ATOM_ALL_VALUES;
    each!(view, Atoms, Atom, atom, |at, atom| {
        let section = Section::Atoms;
        check(atom.operator & !bits == 0, section, at, "unknown operator bits")?;
        check(atom.key < counts.keys, section, at, "unknown key")?;
        check(atom.operand_count > 0, section, at, "no operand")?;
        check(within(atom.operands, atom.operand_count, operands), section, at, "operands out of range")?;
        for index in atom.operands..atom.operands + atom.operand_count {
            let operand = view.operand(index).ok_or(invalid(section, at, "unreadable operand"))?;
            check(
                fits(atom.operator & f::ATOM_COMPARISON, operand.kind),
                section,
                at,
                "operand of another operator",
            )?;
        }
    });
    each!(view, Operands, Operand, operand, |at, operand| {
        let known = match operand.kind {
            f::OPERAND_TEXT | f::OPERAND_LIKE => operand.a < counts.globs,
            f::OPERAND_ARN => operand.a < counts.arn_patterns,
            f::OPERAND_ARN_NOTHING => true,
            f::OPERAND_NUMBER | f::OPERAND_BINARY | f::OPERAND_DATE => operand.a < counts.strings,
            f::OPERAND_BOOL => operand.a <= 1,
            f::OPERAND_IP => {
                operand.a & 0xff <= if operand.a & 256 == 0 { 32 } else { 128 } && operand.a < 512
            }
            _ => false,
        };
        check(known, Section::Operands, at, "unknown kind or value")?;
    });
    each!(view, Keys, Key, key, |at, key| {
        let section = Section::Keys;
        check(
            key.name < counts.strings && key.source <= f::KEY_SOURCES,
            section,
            at,
            "unknown string or source",
        )?;
        let tag = if key.source == f::KEY_PRINCIPAL_TAG { key.tag < counts.strings } else { key.tag == NONE };
        check(tag, section, at, "a tag where none belongs, or none where one does")?;
    });
    Ok(())
}

fn rule_roots(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let ids = view.count(Section::RuleRootIds, 1)?;
    each!(view, RuleRootLists, Range, rule_root_list, |at, list| {
        check(within(list.start, list.length, ids), Section::RuleRootLists, at, "ids out of range")?;
    });
    let rule_roots = view.count(Section::RuleRoots, f::RuleRoot::WORDS)?;
    for index in 0..ids {
        let id = view.word(Section::RuleRootIds, index).unwrap_or(NONE);
        check(id < rule_roots, Section::RuleRootIds, index, "unknown rule root")?;
    }
    let patterns = view.count(Section::ActionPatterns, f::ActionPattern::WORDS)?;
    each!(view, RuleRoots, RuleRoot, rule_root, |at, root| {
        let section = Section::RuleRoots;
        check(within(root.patterns, root.pattern_count, patterns), section, at, "patterns out of range")?;
        check(root.negated <= 1, section, at, "unknown negation")?;
        check(root.list < counts.root_lists, section, at, "unknown root list")?;
    });
    each!(view, ActionPatterns, ActionPattern, action_pattern, |at, pattern| {
        let both = pattern.service < counts.globs && pattern.name < counts.globs;
        let everything = pattern.service == NONE && pattern.name == NONE;
        check(both || everything, Section::ActionPatterns, at, "unknown glob")?;
    });
    Ok(())
}
