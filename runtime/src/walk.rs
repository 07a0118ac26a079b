//! The walk: a resource's bytes through one automaton, to a terminal or a set leaf.

mod lookup;

use self::lookup::{find_prefix, find_segment};
use crate::bytes::{equal16, find_in_end, find_nth_in_end, place};
use crate::format::{LIST_BIT, TERMINAL_BIT, node, terminal};

/// Where a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// At a terminal.
    Terminal(u32),
    /// At a set leaf, with the text from this offset on still to be read.
    Leaf {
        /// Word index of the leaf.
        leaf: u32,
        /// Byte offset into the resource.
        offset: usize,
    },
}

/// In place of a terminal: it takes more than one walk to know. No diagram has so high a place.
pub(crate) const UNKNOWN: u32 = terminal::DIAGRAM | terminal::VALUE;

/// The terminal that a root list leads to, or [`UNKNOWN`].
///
/// Most automata begin with a literal, and many end behind it: that takes no loop and few registers.
#[inline(always)]
pub(crate) fn reach(nodes: &[[u8; 4]], list: u32, text: &[u8]) -> u32 {
    if list & TERMINAL_BIT != 0 { list } else { reach_from(nodes, list, text) }
}

/// The same for a layer that few have.
#[inline(never)]
pub(crate) fn reach_apart(nodes: &[[u8; 4]], list: u32, text: &[u8]) -> u32 {
    reach(nodes, list, text)
}

#[inline(always)]
fn reach_from(nodes: &[[u8; 4]], root: u32, text: &[u8]) -> u32 {
    if root & LIST_BIT != 0 {
        return UNKNOWN;
    }
    match behind_literal(nodes, root, text) {
        Some((reached, _)) if reached & TERMINAL_BIT != 0 => reached,
        Some((reached, rest)) if is_look_up(nodes, reached) => reach_by_look_ups(nodes, reached, text, rest),
        Some((reached, rest)) => reach_behind(nodes, reached, text, rest),
        None => reach_behind(nodes, root, text, text),
    }
}

/// Whether a part of the text is looked up at a node.
#[inline(always)]
fn is_look_up(nodes: &[[u8; 4]], at: u32) -> bool {
    matches!(kind(nodes, at), node::SEGMENT | node::PREFIXES)
}

#[inline(always)]
fn kind(nodes: &[[u8; 4]], at: u32) -> u32 {
    nodes.get(at as usize).map_or(0, |[kind, ..]| u32::from(*kind))
}

/// What most automata do next: parts of the text are looked up, and behind them stands another literal, or nothing.
#[inline(never)]
fn reach_by_look_ups(nodes: &[[u8; 4]], at: u32, text: &[u8], rest: &[u8]) -> u32 {
    let (mut target, mut rest) = (at, rest);
    loop {
        let found = match kind(nodes, target) {
            // Where the text ends, the walk knows the end terminal.
            node::SEGMENT if !rest.is_empty() => find_segment(nodes, target as usize, text, rest),
            node::PREFIXES => find_prefix(nodes, target as usize, text, rest),
            _ => break,
        };
        let Some((found, used)) = found else { return UNKNOWN };
        if found & TERMINAL_BIT != 0 {
            return found;
        }
        let Some(behind) = rest.get(used..) else { return UNKNOWN };
        (target, rest) = (found, behind);
    }
    match behind_literal(nodes, target, rest) {
        Some((reached, _)) if reached & TERMINAL_BIT != 0 => reached,
        Some((reached, rest)) => reach_behind(nodes, reached, text, rest),
        None => reach_behind(nodes, target, text, rest),
    }
}

/// Where a literal leads, and what of the text it leaves. `None` for another node, and where that is not told at once.
#[inline(always)]
fn behind_literal<'t>(nodes: &[[u8; 4]], at: u32, rest: &'t [u8]) -> Option<(u32, &'t [u8])> {
    let (header, body) = nodes.get(at as usize..)?.split_first_chunk::<4>()?;
    let [first, second, third, fourth] = header.map(u32::from_le_bytes);
    if first & 0xff != node::LITERAL {
        return None;
    }
    let (length, literal) = ((first >> 8) as usize, body.as_flattened());
    let start = equal16(rest.first_chunk()?, literal.first_chunk()?);
    let equal = if length <= node::SHORT_BYTES {
        !start & ((1 << length) - 1) == 0
    } else if length <= 2 * node::SHORT_BYTES {
        let (own, literal) = (rest.get(..length)?, literal.get(..length)?);
        start & equal16(own.last_chunk()?, literal.last_chunk()?) == 0xffff
    } else {
        return None;
    };
    match equal {
        true => Some((fourth, rest.get(length..)?)),
        false if third == second => Some((second, &[])),
        false => None,
    }
}

/// By itself, so that the loop of the walk has all registers.
#[inline(never)]
fn reach_behind(nodes: &[[u8; 4]], from: u32, text: &[u8], rest: &[u8]) -> u32 {
    match walk_from(nodes, from, text, rest) {
        Some(End::Terminal(terminal)) => terminal,
        // What cannot be read is found out by whoever needs to know more.
        Some(End::Leaf { .. }) | None => UNKNOWN,
    }
}

/// Some words from one of them on.
#[inline(always)]
fn fixed<const WORDS: usize>(words: &[[u8; 4]], at: usize) -> Option<&[[u8; 4]; WORDS]> {
    words.get(at..at + WORDS)?.first_chunk()
}

/// Walks from a root reference over the whole resource. `nodes` are the words of a section of nodes and what stands behind it. `None` if a
/// record cannot be read, which validation excludes.
///
/// Linear in the resource: every edge consumes at least one byte, but that of a node of prefixes to what else there is, which consumes one or ends.
#[inline(always)]
pub(crate) fn walk(nodes: &[[u8; 4]], root: u32, text: &[u8]) -> Option<End> {
    walk_from(nodes, root, text, text)
}

/// [`walk`] from a reference on, over the rest of a text.
#[inline(always)]
fn walk_from<'t>(nodes: &[[u8; 4]], mut reference: u32, text: &'t [u8], mut rest: &'t [u8]) -> Option<End> {
    loop {
        if reference & TERMINAL_BIT != 0 {
            return Some(End::Terminal(reference));
        }
        // Some nodes are shorter, but at least four words stand behind the last one (`node::WORDS_BEHIND`).
        let (header, body) = nodes.get(reference as usize..)?.split_first_chunk::<4>()?;
        let [first, second, third, fourth] = header.map(u32::from_le_bytes);
        let end = End::Terminal(second);
        let at = reference as usize;
        let parameter = (first >> 8) as usize;
        match first & 0xff {
            node::LITERAL => {
                let literal = body.as_flattened();
                let differ = match differing(text, rest, literal, parameter) {
                    Some(differ) => differ,
                    None if starts_with(rest, literal.get(..parameter)?)? => 0,
                    // The same verdict whether the text ends or differs: no need to see where.
                    None if third == second => return Some(end),
                    None => {
                        let equal = rest.iter().zip(literal).take_while(|(a, b)| a == b).count();
                        let Some(behind) = rest.get(equal + 1..) else { return Some(end) };
                        rest = behind;
                        reference = third;
                        continue;
                    }
                };
                if differ == 0 {
                    rest = rest.get(parameter..)?;
                    reference = fourth;
                } else if third == second {
                    return Some(end);
                } else {
                    let Some(behind) = rest.get(differ.trailing_zeros() as usize + 1..) else {
                        return Some(end);
                    };
                    rest = behind;
                    reference = third;
                }
            }
            node::BRANCH => {
                let Some((&byte, behind)) = rest.split_first() else { return Some(end) };
                rest = behind;
                // More than the keys, so that all of them are looked at in one step: `node::WORDS_BEHIND` words are there.
                let keys = fixed::<{ node::BRANCH_KEYS / 4 }>(nodes, at + 3)?.as_flattened().first_chunk()?;
                reference = match place(keys, parameter, byte) {
                    Some(index) => {
                        let target = at + 3 + parameter.div_ceil(4) + index;
                        u32::from_le_bytes(*nodes.get(target)?)
                    }
                    None => third,
                };
            }
            node::TABLE => {
                let Some((&byte, behind)) = rest.split_first() else { return Some(end) };
                rest = behind;
                let targets = bytes_at(nodes, at + 2, 256)?.first_chunk::<256>()?;
                let target = at + 2 + node::TABLE_WORDS + usize::from(*targets.get(usize::from(byte))?);
                reference = u32::from_le_bytes(*nodes.get(target)?);
            }
            node::SKIP => match find_nth_in_end(text, rest.len(), parameter as u8, parameter >> 8) {
                None => return Some(end),
                Some(found) => {
                    rest = rest.get(found + 1..)?;
                    reference = third;
                }
            },
            node::SEARCH => {
                let literal = body.as_flattened();
                let length = parameter & 0xffff;
                let equal = match differing(text, rest, literal, length) {
                    Some(differ) => (differ | 1 << length).trailing_zeros() as usize,
                    None => rest.iter().zip(literal.get(..length)?).take_while(|(a, b)| a == b).count(),
                };
                if equal == length {
                    rest = rest.get(length..)?;
                    reference = fourth;
                } else {
                    match find_in_end(text, rest.len() - equal, (parameter >> 16) as u8) {
                        None => return Some(end),
                        Some(found) => {
                            rest = rest.get(equal + found + 1..)?;
                            reference = third;
                        }
                    }
                }
            }
            node::SEGMENT if rest.is_empty() => return Some(end),
            node::SEGMENT => {
                let (target, used) = find_segment(nodes, at, text, rest)?;
                if target & TERMINAL_BIT != 0 {
                    return Some(End::Terminal(target));
                }
                rest = rest.get(used..)?;
                reference = target;
            }
            node::PREFIXES => {
                let (target, length) = find_prefix(nodes, at, text, rest)?;
                rest = rest.get(length..)?;
                reference = target;
            }
            node::SUFFIX => {
                let literal = bytes_at(nodes, at + 3, parameter)?;
                return Some(if rest.ends_with(literal) { End::Terminal(third) } else { end });
            }
            node::LEAF => return Some(End::Leaf { leaf: second, offset: text.len() - rest.len() }),
            _ => return None,
        }
    }
}

/// In which bytes the rest of a text differs from a literal of at most sixteen, as bits; `None` for longer ones, and for texts of fewer.
///
/// What stands behind the literal is read, and left out of account; what is missing of the rest differs.
#[inline(always)]
fn differing(text: &[u8], rest: &[u8], literal: &[u8], length: usize) -> Option<u32> {
    if length > node::SHORT_BYTES {
        return None;
    }
    let literal = literal.first_chunk()?;
    let differ = match rest.first_chunk() {
        Some(start) => !equal16(start, literal),
        // Near the end of the text, where that is.
        None => {
            let last = text.last_chunk()?;
            let start = u128::from_le_bytes(*last).checked_shr(128 - 8 * rest.len() as u32);
            !equal16(&start.unwrap_or(0).to_le_bytes(), literal) | u32::MAX << rest.len()
        }
    };
    Some(differ & ((1 << length) - 1))
}

/// Bytes, beginning at the byte of a word.
#[inline(always)]
fn bytes_at(words: &[[u8; 4]], at: usize, length: usize) -> Option<&[u8]> {
    words.get(at..)?.as_flattened().get(..length)
}

/// Whether a text begins with a literal, which is longer than sixteen bytes or stands near the end.
///
/// Without a call: a walk keeps what it has in registers.
#[inline(always)]
fn starts_with(text: &[u8], literal: &[u8]) -> Option<bool> {
    let Some(start) = text.get(..literal.len()) else { return Some(false) };
    let (Some(first), Some(last)) = (start.first_chunk::<16>(), start.last_chunk::<16>()) else {
        return Some(
            match (start.first_chunk(), start.last_chunk(), literal.first_chunk(), literal.last_chunk()) {
                (Some(first), Some(last), Some(own_first), Some(own_last)) => {
                    let differs = |a: &[u8; 8], b: &[u8; 8]| u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
                    differs(first, own_first) | differs(last, own_last) == 0
                }
                // Shorter than a word, at the end of the text.
                _ => start.iter().zip(literal).all(|(a, b)| a == b),
            },
        );
    };
    let mut equal = equal16(first, literal.first_chunk()?) & equal16(last, literal.last_chunk()?);
    let mut done = 16;
    while done + 16 < literal.len() {
        equal &= equal16(start.get(done..)?.first_chunk()?, literal.get(done..)?.first_chunk()?);
        done += 16;
    }
    Some(equal == 0xffff)
}

#[cfg(test)]
mod tests;
