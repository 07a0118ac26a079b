//! Checks of the automata: nodes, root lists, terminals and residues.
//!
//! Every edge consumes at least one byte of the resource, so every walk ends.

use super::checks::{Bits, SideBySide, check, invalid};
use super::leaves::leaves;
use crate::error::LoadError;
use crate::format::{self as f, NONE, Section, TERMINAL_BIT, node};
use crate::view::View;

/// Number of words that hold so many bytes.
fn words_of(bytes: u32) -> u32 {
    bytes.div_ceil(4)
}

pub(super) fn validate(view: View<'_>) -> Result<(), LoadError> {
    let terminals = terminals(view)?;
    let leaf_starts = leaves(view)?;
    let words = view.count(Section::Nodes, 1)?;
    let node_starts = node_starts(view, words)?;
    let reference = |reference: u32| match reference & TERMINAL_BIT {
        0 => reference < words && node_starts.has(reference),
        _ => reference & !TERMINAL_BIT < terminals,
    };
    let mut at = 0;
    while at < words {
        at += edges(view, at, terminals, &reference, &leaf_starts)?;
    }
    let mut roots = SideBySide::new(Section::Roots, view.count(Section::Roots, 1)?);
    for index in 0..view.count(Section::RootLists, f::RootList::WORDS)? {
        let list = view.root_list(index).ok_or(invalid(Section::RootLists, index, "unreadable"))?;
        check(reference(list.root), Section::RootLists, index, "unknown node or terminal")?;
        let rest = roots.take(list.rest, list.rest_count, Section::RootLists, index)?;
        let alone = rest.is_empty() || list.root != TERMINAL_BIT;
        check(alone, Section::RootLists, index, "others behind the empty terminal")?;
        let mut before = list.root ^ TERMINAL_BIT;
        for place in rest {
            let root =
                view.word(Section::Roots, place).ok_or(invalid(Section::Roots, place, "unreadable"))?;
            check(reference(root), Section::Roots, place, "unknown node or terminal")?;
            // Terminals first, and none twice.
            let rank = root ^ TERMINAL_BIT;
            check(before < rank, Section::Roots, place, "out of order")?;
            before = rank;
        }
    }
    roots.finish()
}

/// Words of the node at `at`, by its first word.
fn node_length(first: u32) -> Option<u32> {
    let parameter = first >> 8;
    match first & 0xff {
        node::LITERAL if parameter > 0 => Some(4 + words_of(parameter)),
        node::BRANCH if (1..=node::BRANCH_KEYS as u32).contains(&parameter) => {
            Some(3 + words_of(parameter) + parameter)
        }
        node::TABLE if (1..=256).contains(&parameter) => Some(2 + node::TABLE_WORDS as u32 + parameter),
        node::SKIP if parameter <= 0xff => Some(3),
        node::SUFFIX if parameter > 0 => Some(3 + words_of(parameter)),
        node::LEAF if parameter == 0 => Some(2),
        _ => None,
    }
}

fn node_starts(view: View<'_>, words: u32) -> Result<Bits, LoadError> {
    let section = Section::Nodes;
    let mut starts = Bits::new(words);
    let mut at = 0;
    while at < words {
        starts.set(at);
        let length =
            view.word(section, at).and_then(node_length).ok_or(invalid(section, at, "unknown node"))?;
        check(super::checks::within(at, length, words), section, at, "node past the end")?;
        at += length;
    }
    Ok(starts)
}

/// Checks one node's edges and gives its length.
fn edges(
    view: View<'_>,
    at: u32,
    terminals: u32,
    reference: &impl Fn(u32) -> bool,
    leaf_starts: &Bits,
) -> Result<u32, LoadError> {
    let section = Section::Nodes;
    let word = |index: u32| view.word(section, at + index).ok_or(invalid(section, at, "unreadable"));
    let first = word(0)?;
    let parameter = first >> 8;
    let length = node_length(first).ok_or(invalid(section, at, "unknown node"))?;
    let edge = |index: u32| check(reference(word(index)?), section, at, "unknown node or terminal");
    let terminal = |index: u32| check(word(index)? < terminals, section, at, "unknown terminal");
    match first & 0xff {
        node::LITERAL => {
            terminal(1)?;
            edge(2)?;
            edge(3)?;
        }
        node::BRANCH => {
            terminal(1)?;
            edge(2)?;
            let keys = view.bytes_at(section, at as usize + 3, parameter as usize).unwrap_or(&[]);
            check(keys.is_sorted_by(|a, b| a < b), section, at, "keys not ascending")?;
            for index in 3 + words_of(parameter)..length {
                edge(index)?;
            }
        }
        node::TABLE => {
            terminal(1)?;
            let targets = view.bytes_at(section, at as usize + 2, 256).unwrap_or(&[]);
            let known = targets.iter().all(|&target| u32::from(target) < parameter);
            check(known, section, at, "index past the targets")?;
            for index in 2 + node::TABLE_WORDS as u32..length {
                edge(index)?;
            }
        }
        node::SKIP => {
            terminal(1)?;
            edge(2)?;
        }
        node::SUFFIX => {
            terminal(1)?;
            terminal(2)?;
        }
        _ => check(leaf_starts.has(word(1)?), section, at, "unknown leaf")?,
    }
    Ok(length)
}

/// Terminals and their residues; gives the number of terminals. Terminal 0 is there and says nothing: where nothing matched.
fn terminals(view: View<'_>) -> Result<u32, LoadError> {
    let section = Section::Terminals;
    let count = view.count(section, f::Terminal::WORDS)?;
    check(count > 0, section, 0, "no empty terminal")?;
    let mut rules = SideBySide::new(Section::TerminalRules, view.count(Section::TerminalRules, 1)?);
    let mut residues = SideBySide::new(Section::Residues, view.count(Section::Residues, f::Residue::WORDS)?);
    let mut checks = SideBySide::new(Section::Checks, view.count(Section::Checks, 1)?);
    for index in 0..count {
        let terminal = view.terminal(index).ok_or(invalid(section, index, "unreadable"))?;
        check(terminal.flags <= f::TERMINAL_DENY, section, index, "unknown flags, or both")?;
        let own = rules.take(terminal.rules, terminal.rule_count, section, index)?;
        let first = if own.is_empty() { Some(NONE) } else { view.word(Section::TerminalRules, own.start) };
        check(first == Some(terminal.rule), section, index, "its rule is not the first of its rules")?;
        // A verdict takes `NONE` for no rule: under that name a deny would be lost.
        let says = terminal.flags != 0;
        let founded = says == (terminal.rule_count > 0) && says == (terminal.rule != NONE);
        check(founded, section, index, "flags without rules, or rules without")?;
        let empty = terminal.flags == 0 && terminal.residue_count == 0;
        check(index > 0 || empty, section, index, "terminal 0 is not empty")?;
        let mut allows = false;
        for place in residues.take(terminal.residues, terminal.residue_count, section, index)? {
            let residue = residue(view, place, &mut checks)?;
            // A decision stops looking at the first allow; a deny behind it would be lost.
            let denies = residue.flags & f::RESIDUE_DENY != 0;
            check(!denies || !allows, Section::Residues, place, "a deny behind an allow")?;
            allows |= !denies;
        }
    }
    rules.finish()?;
    residues.finish()?;
    checks.finish()?;
    Ok(count)
}

fn residue(view: View<'_>, at: u32, checks: &mut SideBySide) -> Result<f::Residue, LoadError> {
    let section = Section::Residues;
    let guards = view.count(Section::Guards, f::Range::WORDS)?;
    let patterns = view.count(Section::ArnPatterns, f::ArnPattern::WORDS)?;
    let residue = view.residue(at).ok_or(invalid(section, at, "unreadable"))?;
    check(residue.rule != NONE, section, at, "no rule")?;
    check(residue.flags <= f::RESIDUE_DENY | f::RESIDUE_NEGATED, section, at, "unknown flags")?;
    check(super::checks::optional(residue.guard, guards), section, at, "unknown guard")?;
    let negated = residue.flags & f::RESIDUE_NEGATED != 0;
    check(!negated || residue.check_count > 0, section, at, "negated without a check")?;
    let mut least = 0;
    for place in checks.take(residue.checks, residue.check_count, section, at)? {
        let pattern = view.word(Section::Checks, place).unwrap_or(NONE);
        let holds = pattern >= least && pattern < patterns;
        check(holds, Section::Checks, place, "unknown ARN pattern, or patterns not ascending")?;
        least = pattern + 1;
    }
    Ok(residue)
}
