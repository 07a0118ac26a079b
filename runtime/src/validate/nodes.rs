//! Checks of the automata: nodes and root lists.
//!
//! Every edge consumes at least one byte of the resource, but one that leads to a node which does or ends; so every walk ends.

use super::checks::{Starts, check, invalid, within};
use super::diagrams::Terminals;
use super::leaves::leaves;
use super::lookup::{is_table, prefixes, segments, slot_words};
use crate::error::LoadError;
use crate::format::{LIST_BIT, Section, TERMINAL_BIT, node, segment, terminal as kinds};
use crate::view::View;

/// Number of words that hold so many bytes.
pub(super) const fn words_of(bytes: u32) -> u32 {
    bytes.div_ceil(4)
}

/// What the edges of nodes may lead to.
pub(super) trait References {
    /// Whether this is the first word of a node.
    fn node(&self, place: u32) -> bool;
    /// Whether this is a terminal.
    fn terminal(&self, reference: u32) -> bool;
    /// Whether this is the first word of a set leaf.
    fn leaf(&self, place: u32) -> bool;

    /// Whether this is a node or a terminal.
    fn known(&self, reference: u32) -> bool {
        if reference & TERMINAL_BIT == 0 { self.node(reference) } else { self.terminal(reference) }
    }
}

/// Where nodes, root lists, diagrams and leaves begin.
pub(super) struct Automata {
    terminals: Terminals,
    nodes: Starts,
    leaves: Starts,
    lists: Starts,
}

impl References for Automata {
    fn node(&self, place: u32) -> bool {
        self.nodes.known(place)
    }

    fn terminal(&self, reference: u32) -> bool {
        self.terminals.known(reference)
    }

    fn leaf(&self, place: u32) -> bool {
        self.leaves.known(place)
    }
}

impl Automata {
    /// Whether this is a root list.
    pub(super) fn known_list(&self, list: u32) -> bool {
        match list & (TERMINAL_BIT | LIST_BIT) {
            LIST_BIT => self.lists.known(list & !LIST_BIT),
            _ => self.known(list),
        }
    }
}

/// Checks the automata of resources.
pub(super) fn validate(view: View<'_>, terminals: Terminals) -> Result<Automata, LoadError> {
    let leaves = leaves(view, &terminals)?;
    let words = view.count(Section::Nodes, 1)?;
    let lists = Starts::new(view.count(Section::Roots, 1)?);
    let mut roots = Automata { terminals, nodes: Starts::new(words), leaves, lists };
    nodes(view, Section::Nodes, 0..words, &mut roots, |roots| &mut roots.nodes)?;
    root_lists(view, &mut roots)?;
    Ok(roots)
}

/// Nodes stand side by side in a range of a section and use it up; their edges lead to what is known. Notes where they begin. A walk reads
/// sixteen bytes of keys and literals whatever their number, so something stands behind the last one.
pub(super) fn nodes<R: References>(
    view: View<'_>,
    section: Section,
    range: core::ops::Range<u32>,
    references: &mut R,
    starts: impl Fn(&mut R) -> &mut Starts,
) -> Result<(), LoadError> {
    let behind = view.words.len().saturating_sub(view.layout.extent(section).end() / 4);
    let close = !range.is_empty() && behind < node::WORDS_BEHIND;
    check(!close, section, range.start, "too close to the end of the bundle")?;
    let mut at = range.start;
    while at < range.end {
        starts(references).set(at);
        let length = node_length(view, section, at).ok_or(invalid(section, at, "unknown node"))?;
        check(within(at, length, range.end), section, at, "node past the end")?;
        at += length;
    }
    let mut at = range.start;
    while at < range.end {
        at += edges(view, section, at, references)?;
    }
    Ok(())
}

/// Root lists stand side by side and use the section up.
fn root_lists(view: View<'_>, roots: &mut Automata) -> Result<(), LoadError> {
    let section = Section::Roots;
    let word = |at: u32| view.word(section, at).ok_or(invalid(section, at, "unreadable"));
    let mut at = 0;
    while at < roots.lists.count() {
        roots.lists.set(at);
        let count = word(at)?;
        check(count >= 2, section, at, "a list of less than two roots")?;
        check(within(at + 1, count, roots.lists.count()), section, at, "list past the end")?;
        let mut least = 0;
        for place in at + 1..=at + count {
            let root = word(place)?;
            check(roots.known(root), section, place, "unknown node or terminal")?;
            check(root != kinds::NOTHING, section, place, "the empty terminal")?;
            // Terminals first, and none twice.
            let rank = root ^ TERMINAL_BIT;
            check(rank >= least, section, place, "out of order")?;
            least = rank + 1;
        }
        at += 1 + count;
    }
    Ok(())
}

/// Words of the node at `at`.
fn node_length(view: View<'_>, section: Section, at: u32) -> Option<u32> {
    let first = view.word(section, at)?;
    let parameter = first >> 8;
    match first & 0xff {
        node::LITERAL if parameter > 0 => Some(4 + words_of(parameter)),
        node::BRANCH if (1..=node::BRANCH_KEYS as u32).contains(&parameter) => {
            Some(3 + words_of(parameter) + parameter)
        }
        node::TABLE if (1..=256).contains(&parameter) => Some(2 + node::TABLE_WORDS as u32 + parameter),
        node::SKIP if parameter >> 8 < node::SKIP_COUNT as u32 => Some(3),
        node::SEARCH if parameter & 0xffff > 0 => Some(4 + words_of(parameter & 0xffff)),
        node::SUFFIX if parameter > 0 => Some(3 + words_of(parameter)),
        node::LEAF if parameter == 0 => Some(2),
        node::PREFIXES if is_table(parameter) => Some(node::PREFIXES_WORDS as u32 + slot_words(parameter)),
        node::SEGMENT if is_table(parameter) => {
            let slots = segment::HEADER_WORDS as u32 + slot_words(parameter);
            view.word(section, at.checked_add(segment::HEADER_WORDS as u32 - 1)?)?.checked_add(slots)
        }
        _ => None,
    }
}

/// Checks one node's edges and gives its length.
fn edges(view: View<'_>, section: Section, at: u32, references: &impl References) -> Result<u32, LoadError> {
    let word = |index: u32| view.word(section, at + index).ok_or(invalid(section, at, "unreadable"));
    let first = word(0)?;
    let parameter = first >> 8;
    let length = node_length(view, section, at).ok_or(invalid(section, at, "unknown node"))?;
    let edge = |index: u32| check(references.known(word(index)?), section, at, "unknown node or terminal");
    let terminal = |index: u32| check(references.terminal(word(index)?), section, at, "unknown terminal");
    match first & 0xff {
        node::LITERAL | node::SEARCH => {
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
        node::PREFIXES => prefixes(view, section, at, references)?,
        node::SEGMENT => {
            terminal(1)?;
            terminal(2)?;
            segments(view, section, at, length, references)?;
        }
        _ => check(references.leaf(word(1)?), section, at, "unknown leaf")?,
    }
    Ok(length)
}
