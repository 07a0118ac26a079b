//! Checks of strings, principals, permission sets, rows, vocabulary and rule roots.

use super::checks::{SideBySide, check, each, invalid, optional};
use super::index::index;
use super::{Counts, conditions::Globs};
use crate::error::LoadError;
use crate::format::{self as f, NONE, Section};
use crate::view::View;

/// Offsets ascend from 0 to the length of the bytes; every string is UTF-8. Gives the number of strings.
pub(super) fn strings(view: View<'_>) -> Result<u32, LoadError> {
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

pub(super) fn principals(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let section = Section::Principals;
    let mut tags = SideBySide::new(Section::Tags, view.count(Section::Tags, f::Tag::WORDS)?);
    each!(view, Principals, Principal, principal, |at, principal| {
        let texts = [principal.arn, principal.account, principal.name];
        check(texts.iter().all(|&text| text < counts.strings), section, at, "unknown string")?;
        check(optional(principal.unique_id, counts.strings), section, at, "unknown string")?;
        check(principal.kind <= f::PRINCIPAL_ROLE, section, at, "unknown kind")?;
        check(principal.identity < counts.sets, section, at, "unknown identity set")?;
        check(optional(principal.boundary, counts.sets), section, at, "unknown boundary set")?;
        tags.take(principal.tags, principal.tag_count, section, at)?;
        check(principal.reserved == 0, section, at, "reserved word is not zero")?;
    });
    tags.finish()?;
    each!(view, Tags, Tag, tag, |at, tag| {
        check(tag.key < counts.strings && tag.value < counts.strings, Section::Tags, at, "unknown string")?;
    });
    let count = view.count(section, f::Principal::WORDS)?;
    index(view, Section::PrincipalIndex, count, counts.strings, |id| {
        view.principal(id).map(|principal| principal.arn)
    })
}

pub(super) fn sets(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let rows = view.count(Section::Rows, f::Row::WORDS)?;
    let entries = view.count(Section::SetServices, f::SetService::WORDS)?;
    let mut services = SideBySide::new(Section::SetServices, entries);
    let mut lists = SideBySide::new(Section::SetRuleRoots, view.count(Section::SetRuleRoots, 1)?);
    each!(view, Sets, Set, set, |at, set| {
        let section = Section::Sets;
        check(set.default_list < counts.root_lists, section, at, "unknown root list")?;
        let mut least = 0;
        for index in services.take(set.services, set.service_count, section, at)? {
            let section = Section::SetServices;
            let entry = view.set_service(index).ok_or(invalid(section, index, "unreadable"))?;
            check(entry.service >= least, section, index, "services not ascending")?;
            check(entry.service < counts.services, section, index, "unknown service")?;
            least = entry.service + 1;
        }
        let own = lists.take(set.rule_roots, set.rule_root_count, section, at)?;
        ascending(view, Section::SetRuleRoots, own, counts.rule_root_lists)?;
    });
    services.finish()?;
    lists.finish()?;
    each!(view, SetServices, SetService, set_service, |at, entry| {
        let section = Section::SetServices;
        check(entry.row < rows, section, at, "unknown row")?;
        let (service, row) = (view.service(entry.service), view.row(entry.row));
        let (service, row) = service.zip(row).ok_or(invalid(section, at, "unreadable"))?;
        let fits = row.width == 0 || row.cell_count == service.classes;
        check(fits, section, at, "the row does not fit the service")?;
    });
    each!(view, Services, Service, service, |at, service| {
        check(service.name < counts.strings, Section::Services, at, "unknown string")?;
    });
    palettes_and_rows(view, counts)
}

/// Words that are ids below a count, each greater than the one before it.
fn ascending(
    view: View<'_>,
    section: Section,
    range: core::ops::Range<u32>,
    count: u32,
) -> Result<(), LoadError> {
    let mut least = 0;
    for index in range {
        let id = view.word(section, index).ok_or(invalid(section, index, "unreadable"))?;
        check(id >= least && id < count, section, index, "unknown id, or ids not ascending")?;
        least = id + 1;
    }
    Ok(())
}

fn palettes_and_rows(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let palettes = view.count(Section::Palettes, 1)?;
    for index in 0..palettes {
        let list = view.word(Section::Palettes, index).unwrap_or(NONE);
        check(list < counts.root_lists, Section::Palettes, index, "unknown root list")?;
    }
    let bytes = view.section_bytes(Section::Cells);
    // A section is shorter than 4 GiB, so its length fits.
    let mut cells = SideBySide::new(Section::Cells, bytes.len() as u32);
    each!(view, Rows, Row, row, |at, row| {
        let section = Section::Rows;
        check(row.palette_length > 0, section, at, "empty palette")?;
        let palette = super::checks::within(row.palette, row.palette_length, palettes);
        check(palette, section, at, "palette out of range")?;
        check(row.width <= 2, section, at, "unknown width")?;
        check(row.width > 0 || row.cell_count == 0, section, at, "a row without cells counts some")?;
        let length = row.cell_count.checked_mul(row.width).ok_or(invalid(section, at, "too many cells"))?;
        let own = cells.take(row.cells, length, section, at)?;
        let own = bytes.get(own.start as usize..own.end as usize).unwrap_or(&[]);
        let known = match row.width {
            1 => own.iter().all(|&cell| u32::from(cell) < row.palette_length),
            2 => {
                let pairs = own.as_chunks::<2>().0;
                pairs.iter().all(|&cell| u32::from(u16::from_le_bytes(cell)) < row.palette_length)
            }
            _ => true,
        };
        check(known, section, at, "a cell is past the palette")?;
    });
    cells.finish()
}

pub(super) fn vocabulary(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
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
    });
    let count = view.count(section, f::Action::WORDS)?;
    index(view, Section::ActionIndex, count, counts.strings, |id| view.action(id).map(|action| action.name))?;
    // Only now is it known that no two actions share a string, which makes this linear.
    each!(view, Actions, Action, action, |at, action| {
        let name = view.string_bytes(action.name).unwrap_or(&[]);
        check(!name.iter().any(u8::is_ascii_uppercase), section, at, "name not in lower case")?;
    });
    Ok(())
}

pub(super) fn rule_roots(view: View<'_>, counts: &Counts, globs: &Globs) -> Result<(), LoadError> {
    let rule_roots = view.count(Section::RuleRoots, f::RuleRoot::WORDS)?;
    let mut ids = SideBySide::new(Section::RuleRootIds, view.count(Section::RuleRootIds, 1)?);
    each!(view, RuleRootLists, Range, rule_root_list, |at, list| {
        let own = ids.take(list.start, list.length, Section::RuleRootLists, at)?;
        ascending(view, Section::RuleRootIds, own, rule_roots)?;
    });
    ids.finish()?;
    let count = view.count(Section::ActionPatterns, f::ActionPattern::WORDS)?;
    let mut patterns = SideBySide::new(Section::ActionPatterns, count);
    each!(view, RuleRoots, RuleRoot, rule_root, |at, root| {
        let section = Section::RuleRoots;
        patterns.take(root.patterns, root.pattern_count, section, at)?;
        check(root.negated <= 1, section, at, "unknown negation")?;
        check(root.list < counts.root_lists, section, at, "unknown root list")?;
    });
    patterns.finish()?;
    each!(view, ActionPatterns, ActionPattern, action_pattern, |at, pattern| {
        let section = Section::ActionPatterns;
        let known = |glob: u32| glob < counts.globs && !globs.variables.has(glob);
        let both = known(pattern.service) && known(pattern.name);
        let everything = pattern.service == NONE && pattern.name == NONE;
        check(both || everything, section, at, "unknown glob, or one with a variable")?;
    });
    Ok(())
}
