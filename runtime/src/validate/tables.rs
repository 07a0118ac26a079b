//! Checks of permission sets, rows, vocabulary and rule roots.

use super::checks::{SideBySide, Starts, check, each, invalid, within};
use super::index::index;
use super::nodes::Automata;
use super::{Counts, conditions::Globs};
use crate::error::LoadError;
use crate::format::index::action_word;
use crate::format::{self as f, NONE, Section, row};
use crate::view::View;

/// Permission sets stand side by side and use the section up. Gives the words at which they begin.
pub(super) fn sets(view: View<'_>, counts: &Counts, roots: &Automata) -> Result<Starts, LoadError> {
    let section = Section::Sets;
    each!(view, Services, Service, service, |at, service| {
        check(counts.strings.known(service.name), Section::Services, at, "unknown string")?;
    });
    let rows = rows(view, roots)?;
    let mut lists = SideBySide::new(Section::SetRuleRoots, view.count(Section::SetRuleRoots, 1)?);
    let words = view.count(section, 1)?;
    let mut starts = Starts::new(words);
    // Those of which unions can be made.
    let mut parts = Starts::new(words);
    let mut at = 0;
    while at < words {
        check(within(at, f::Set::WORDS as u32, words), section, at, "a set past the end")?;
        let set = view.set(at).ok_or(invalid(section, at, "unreadable"))?;
        let is_union = set.slots == 0;
        check(is_union || set.slots.is_power_of_two(), section, at, "not a power of two of slots")?;
        let length =
            if is_union { Some(set.seed) } else { set.slots.checked_mul(f::SetService::WORDS as u32) };
        let end = length.and_then(|length| length.checked_add(at + f::Set::WORDS as u32));
        let end = end.filter(|&end| end <= words).ok_or(invalid(section, at, "a set past the end"))?;
        check(roots.known_list(set.default_list), section, at, "unknown root list")?;
        for slot in 0..set.slots {
            let entry = view.set_service(at, slot).ok_or(invalid(section, at, "unreadable"))?;
            if entry.service == NONE {
                check(entry.row == 0, section, at, "a row in an empty slot")?;
                continue;
            }
            check(entry.service < counts.services, section, at, "unknown service")?;
            let placed = f::service_slot(entry.service, set.seed, set.slots) == slot;
            check(placed, section, at, "a service in another slot than its own")?;
            check(rows.known(entry.row & row::PLACE), section, at, "unknown row")?;
            let cells = view.word(Section::Rows, entry.row & row::PLACE);
            let classes = view.service(entry.service).map(|service| service.classes);
            let fits = if entry.row & row::CONSTANT == 0 { cells == classes } else { cells == Some(1) };
            check(fits, section, at, "the row does not fit the service")?;
        }
        let own = lists.take(set.rule_roots, set.rule_root_count, section, at)?;
        ascending(view, Section::SetRuleRoots, own, counts.rule_root_lists)?;
        starts.set(at);
        if is_union {
            let silent = set.default_list == f::terminal::NOTHING;
            check(silent && set.seed >= 2, section, at, "a union of less than two, or with a default list")?;
            ascending(view, section, at + f::Set::WORDS as u32..end, at)?;
            for place in at + f::Set::WORDS as u32..end {
                let known = view.word(section, place).is_some_and(|part| parts.known(part));
                check(known, section, at, "a union of what is no set with slots")?;
            }
        } else {
            parts.set(at);
        }
        at = end;
    }
    lists.finish()?;
    Ok(starts)
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

/// Rows stand side by side and use the section up. Gives the words of their numbers of cells.
fn rows(view: View<'_>, roots: &Automata) -> Result<Starts, LoadError> {
    let section = Section::Rows;
    let words = view.count(section, 1)?;
    let mut starts = Starts::new(words);
    let mut at = 0;
    while at < words {
        let count = view.word(section, at).ok_or(invalid(section, at, "unreadable"))?;
        check(count > 0, section, at, "a row without cells")?;
        check(within(at + 1, count, words), section, at, "a row past the end")?;
        for place in at + 1..=at + count {
            let list = view.word(section, place).ok_or(invalid(section, place, "unreadable"))?;
            check(roots.known_list(list), section, place, "unknown root list")?;
        }
        starts.set(at);
        at += count + 1;
    }
    Ok(starts)
}

/// Actions stand side by side and use the section up.
pub(super) fn vocabulary(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let section = Section::Actions;
    let words = view.count(section, 1)?;
    let mut starts = Starts::new(words);
    let (mut at, mut count) = (0, 0);
    while at < words {
        check(within(at, f::Action::WORDS as u32, words), section, at, "an action past the end")?;
        let action = view.action(at).ok_or(invalid(section, at, "unreadable"))?;
        check(counts.strings.optional(action.service_arn), section, at, "unknown string")?;
        check(action.flags & !f::ACTION_FLAGS == 0, section, at, "unknown flags")?;
        check(action.service < counts.services, section, at, "unknown service")?;
        let service = view.service(action.service);
        let known = service.is_some_and(|service| action.class < service.classes);
        check(known, section, at, "class past its service")?;
        check(
            action_word(action.class, action.flags).is_some(),
            section,
            at,
            "a class without room in a slot",
        )?;
        let name = at + f::Action::WORDS as u32;
        let length = action.name_length.div_ceil(4);
        check(within(name, length, words), section, at, "an action past the end")?;
        let whole = view.bytes_at(section, name as usize, length as usize * 4).unwrap_or(&[]);
        let (text, gap) = whole.split_at_checked(action.name_length as usize).unwrap_or_default();
        check(core::str::from_utf8(text).is_ok(), section, at, "not UTF-8")?;
        check(!text.iter().any(u8::is_ascii_uppercase), section, at, "name not in lower case")?;
        check(gap.iter().all(|&byte| byte == 0), section, at, "not zero behind a name")?;
        starts.set(at);
        count += 1;
        at = name + length;
    }
    let rest = |id| {
        let action = view.action(id)?;
        Some([action.service, action_word(action.class, action.flags)?])
    };
    index(view, Section::ActionIndex, count, &starts, |_| 0, |id| view.action_name(id), rest)
}

pub(super) fn rule_roots(
    view: View<'_>,
    counts: &Counts,
    globs: &Globs,
    roots: &Automata,
) -> Result<(), LoadError> {
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
        check(roots.known_list(root.list), section, at, "unknown root list")?;
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
