//! Checks of the automata: nodes, leaves, root lists, terminals and residues.
//!
//! Every edge consumes at least one byte of the resource, so every walk ends.

use alloc::vec;
use alloc::vec::Vec;

use crate::error::LoadError;
use crate::format::{self as f, NONE, Section, TERMINAL_BIT, leaf, node};
use crate::view::View;

/// One bit per word of a section: whether a record starts there.
struct Starts(Vec<u64>);

impl Starts {
    fn new(words: u32) -> Self {
        Self(vec![0; words as usize / 64 + 1])
    }

    fn set(&mut self, at: u32) {
        if let Some(word) = self.0.get_mut(at as usize / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn has(&self, at: u32) -> bool {
        self.0.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }
}

fn invalid(section: Section, index: u32, what: &'static str) -> LoadError {
    LoadError::Invalid { section, index, what }
}

fn check(holds: bool, section: Section, index: u32, what: &'static str) -> Result<(), LoadError> {
    if holds { Ok(()) } else { Err(invalid(section, index, what)) }
}

fn within(start: u32, length: u32, count: u32) -> bool {
    start.checked_add(length).is_some_and(|end| end <= count)
}

/// Number of words that hold so many bytes.
fn words_of(bytes: u32) -> u32 {
    bytes.div_ceil(4)
}

pub(super) fn validate(view: View<'_>) -> Result<(), LoadError> {
    let terminals = terminals(view)?;
    let leaf_starts = leaves(view, terminals)?;
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
    let roots = view.count(Section::Roots, 1)?;
    for index in 0..roots {
        let root = view.word(Section::Roots, index).ok_or(invalid(Section::Roots, index, "unreadable"))?;
        check(reference(root), Section::Roots, index, "unknown node or terminal")?;
    }
    for index in 0..view.count(Section::RootLists, f::Range::WORDS)? {
        let list = view.root_list(index).ok_or(invalid(Section::RootLists, index, "unreadable"))?;
        check(within(list.start, list.length, roots), Section::RootLists, index, "roots out of range")?;
    }
    Ok(())
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

fn node_starts(view: View<'_>, words: u32) -> Result<Starts, LoadError> {
    let section = Section::Nodes;
    let mut starts = Starts::new(words);
    let mut at = 0;
    while at < words {
        starts.set(at);
        let length =
            view.word(section, at).and_then(node_length).ok_or(invalid(section, at, "unknown node"))?;
        check(within(at, length, words), section, at, "node past the end")?;
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
    leaf_starts: &Starts,
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
            check(
                targets.iter().all(|&target| u32::from(target) < parameter),
                section,
                at,
                "index past the targets",
            )?;
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
    let rules = view.count(Section::TerminalRules, 1)?;
    let residues = view.count(Section::Residues, f::Residue::WORDS)?;
    let guards = view.count(Section::Guards, f::Range::WORDS)?;
    let checks = view.count(Section::Checks, 1)?;
    let patterns = view.count(Section::ArnPatterns, f::ArnPattern::WORDS)?;
    check(count > 0, section, 0, "no empty terminal")?;
    for index in 0..count {
        let terminal = view.terminal(index).ok_or(invalid(section, index, "unreadable"))?;
        check(terminal.flags <= f::TERMINAL_ALLOW | f::TERMINAL_DENY, section, index, "unknown flags")?;
        check(within(terminal.rules, terminal.rule_count, rules), section, index, "rules out of range")?;
        check(
            (terminal.flags != 0) == (terminal.rule_count > 0),
            section,
            index,
            "flags without rules, or rules without",
        )?;
        check(
            within(terminal.residues, terminal.residue_count, residues),
            section,
            index,
            "residues out of range",
        )?;
        let empty = terminal.flags == 0 && terminal.residue_count == 0;
        check(index > 0 || empty, section, index, "terminal 0 is not empty")?;
    }
    for index in 0..residues {
        let section = Section::Residues;
        let residue = view.residue(index).ok_or(invalid(section, index, "unreadable"))?;
        check(residue.flags <= f::RESIDUE_DENY | f::RESIDUE_NEGATED, section, index, "unknown flags")?;
        check(residue.guard == NONE || residue.guard < guards, section, index, "unknown guard")?;
        check(within(residue.checks, residue.check_count, checks), section, index, "checks out of range")?;
    }
    for index in 0..checks {
        let pattern = view.word(Section::Checks, index).unwrap_or(NONE);
        check(pattern < patterns, Section::Checks, index, "unknown ARN pattern")?;
    }
    Ok(count)
}

/// Set leaves: their parts lie side by side, in the order rules, alternatives, block offsets, blocks.
fn leaves(view: View<'_>, terminals: u32) -> Result<Starts, LoadError> {
    let section = Section::Leaves;
    let words = view.count(section, 1)?;
    let mut starts = Starts::new(words);
    let mut at = 0;
    while at < words {
        starts.set(at);
        at += leaf_at(view, at, words, terminals)?;
    }
    Ok(starts)
}

fn leaf_at(view: View<'_>, at: u32, words: u32, terminals: u32) -> Result<u32, LoadError> {
    let section = Section::Leaves;
    let word = |index: u32| {
        let place = at.checked_add(index).filter(|&place| place < words).ok_or(invalid(
            section,
            at,
            "leaf past the end",
        ))?;
        view.word(section, place).ok_or(invalid(section, at, "unreadable"))
    };
    let guards = view.count(Section::Guards, f::Range::WORDS)?;
    let patterns = view.count(Section::ArnPatterns, f::ArnPattern::WORDS)?;
    let (base, rules, alternatives, blocks) = (word(0)?, word(1)?, word(2)?, word(3)?);
    check(base < terminals, section, at, "unknown terminal")?;
    check(alternatives <= leaf::ALTERNATIVES as u32, section, at, "too many alternatives")?;
    check(
        rules <= leaf::ALTERNATIVES as u32 && blocks <= leaf::ALTERNATIVES as u32,
        section,
        at,
        "too many rules or blocks",
    )?;
    for rule in 0..rules {
        let record = 4 + rule * 5;
        check(word(record + 1)? <= f::RESIDUE_DENY | f::RESIDUE_NEGATED, section, at, "unknown flags")?;
        let guard = word(record + 2)?;
        check(guard == NONE || guard < guards, section, at, "unknown guard")?;
        check(
            within(word(record + 3)?, word(record + 4)?, alternatives),
            section,
            at,
            "alternatives out of range",
        )?;
    }
    let block_table = 4 + rules * 5 + alternatives * 3;
    let mut end = block_table + blocks;
    for block in 0..blocks {
        check(word(block_table + block)? == end, section, at, "blocks do not stand side by side")?;
        let (state_words, classes) = (word(end)?, word(end + 1)?);
        check((1..=leaf::BLOCK_WORDS as u32).contains(&state_words), section, at, "unknown block size")?;
        check((1..=256).contains(&classes), section, at, "unknown number of classes")?;
        let length = 2 + 64 + 2 * state_words + classes * 4 * state_words;
        check(within(at + end, length, words), section, at, "block past the end")?;
        let map = view.bytes_at(section, (at + end) as usize + 2, 256).unwrap_or(&[]);
        check(map.iter().all(|&class| u32::from(class) < classes), section, at, "unknown class")?;
        end += length;
    }
    for alternative in 0..alternatives {
        let record = 4 + rules * 5 + alternative * 3;
        let pattern = word(record)?;
        check(pattern == NONE || pattern < patterns, section, at, "unknown ARN pattern")?;
        let block = word(record + 1)?;
        check(block < blocks, section, at, "unknown block")?;
        let state_words = word(word(block_table + block)?)?;
        check(word(record + 2)? < state_words * 64, section, at, "accepting bit past its block")?;
    }
    Ok(end)
}
