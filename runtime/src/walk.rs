//! The walk: a resource's bytes through one automaton, to a terminal or a set leaf.

use crate::bytes::{find_in_end, halves, place};
use crate::format::{TERMINAL_BIT, node, segment};
use crate::hash::{equal, hash, slot};

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

/// Some words from one of them on.
#[inline(always)]
fn fixed<const WORDS: usize>(words: &[[u8; 4]], at: usize) -> Option<&[[u8; 4]; WORDS]> {
    words.get(at..at + WORDS)?.first_chunk()
}

/// Walks from a root reference over the whole resource. `nodes` are the words of a section of nodes and what stands behind it. `None` if a
/// record cannot be read, which validation excludes.
///
/// Linear in the resource: every edge consumes at least one byte.
#[inline(always)]
pub(crate) fn walk(nodes: &[[u8; 4]], root: u32, text: &[u8]) -> Option<End> {
    let mut reference = root;
    let mut rest = text;
    loop {
        if reference & TERMINAL_BIT != 0 {
            return Some(End::Terminal(reference));
        }
        let at = reference as usize;
        // Some nodes are shorter, but at least four words stand behind the last one (`node::WORDS_BEHIND`).
        let [first, second, third, fourth] = fixed::<4>(nodes, at)?.map(u32::from_le_bytes);
        let end = End::Terminal(second);
        let parameter = (first >> 8) as usize;
        match first & 0xff {
            node::LITERAL => {
                if let Some((start, behind)) = rest.split_at_checked(parameter)
                    && is_literal(nodes, at + 4, start, rest)?
                {
                    rest = behind;
                    reference = fourth;
                } else if third == second {
                    // The same verdict whether the text ends or differs: no need to see where.
                    return Some(end);
                } else {
                    let literal = bytes_at(nodes, at + 4, parameter)?;
                    let equal = rest.iter().zip(literal).take_while(|(a, b)| a == b).count();
                    let Some(behind) = rest.get(equal + 1..) else { return Some(end) };
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
            node::SKIP => match find_in_end(text, rest.len(), parameter as u8) {
                None => return Some(end),
                Some(found) => {
                    rest = rest.get(found + 1..)?;
                    reference = third;
                }
            },
            node::SEGMENT if rest.is_empty() => return Some(end),
            node::SEGMENT => match find_segment(nodes, at, parameter as u32, fourth, text, rest)? {
                None => return Some(End::Terminal(third)),
                Some((target, Some(behind))) => {
                    rest = behind;
                    reference = target;
                }
                Some((target, None)) => return Some(End::Terminal(target)),
            },
            node::SUFFIX => {
                let literal = bytes_at(nodes, at + 3, parameter)?;
                return Some(if rest.ends_with(literal) { End::Terminal(third) } else { end });
            }
            node::LEAF => return Some(End::Leaf { leaf: second, offset: text.len() - rest.len() }),
            _ => return None,
        }
    }
}

/// Where a segment node leads the rest of a text, and what of it stands behind the delimiter; `None` inside if it does not know the segment.
#[inline(always)]
#[expect(clippy::type_complexity, reason = "an answer that may be none, of a record that may not be there")]
fn find_segment<'t>(
    nodes: &[[u8; 4]],
    at: usize,
    slots: u32,
    delimiter_and_seed: u32,
    text: &[u8],
    rest: &'t [u8],
) -> Option<Option<(u32, Option<&'t [u8]>)>> {
    let (delimiter, seed) = (delimiter_and_seed as u8, delimiter_and_seed >> 8);
    let (own, behind) = match find_in_end(text, rest.len(), delimiter) {
        Some(found) => (rest.get(..found)?, Some(rest.get(found + 1..)?)),
        None => (rest, None),
    };
    let hash = hash(segment::seed(seed, behind.is_none()), own);
    let wanted = own.len() as u32 | if behind.is_none() { segment::ENDS } else { 0 };
    for distance in 0..segment::PROBES {
        let number = slot(hash.wrapping_add(distance), slots) as usize;
        let place = at + segment::HEADER_WORDS + number * segment::SLOT_WORDS;
        let [tag, length, place, target] =
            fixed::<{ segment::SLOT_WORDS }>(nodes, place)?.map(u32::from_le_bytes);
        if length == 0 {
            break;
        }
        if tag == (hash >> 32) as u32
            && length == wanted
            && equal(own, bytes_at(nodes, at + place as usize, own.len())?)
        {
            return Some(Some((target, behind)));
        }
    }
    Some(None)
}

/// Bytes, beginning at the byte of a word.
#[inline(always)]
fn bytes_at(words: &[[u8; 4]], at: usize, length: usize) -> Option<&[u8]> {
    words.get(at..)?.as_flattened().get(..length)
}

/// Whether the start of a text is the literal that begins at a word: as many bytes as `start` has.
///
/// Without a call: a walk keeps what it has in registers.
#[inline(always)]
fn is_literal(nodes: &[[u8; 4]], at: usize, start: &[u8], text: &[u8]) -> Option<bool> {
    let length = start.len();
    if length <= 8
        && let Some(eight) = text.first_chunk::<8>()
    {
        // What stands behind the literal is read and shifted out.
        let literal = fixed::<2>(nodes, at)?.as_flattened().first_chunk::<8>()?;
        let differs = u64::from_le_bytes(*eight) ^ u64::from_le_bytes(*literal);
        return Some(differs.checked_shl(64 - 8 * length as u32) == Some(0));
    }
    let literal = bytes_at(nodes, at, length)?;
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
    let mut differs = difference(first, literal.first_chunk()?) | difference(last, literal.last_chunk()?);
    let mut done = 16;
    while done + 16 < length {
        differs |= difference(start.get(done..)?.first_chunk()?, literal.get(done..)?.first_chunk()?);
        done += 16;
    }
    Some(differs == 0)
}

/// The bits in which sixteen bytes differ.
#[inline(always)]
fn difference(a: &[u8; 16], b: &[u8; 16]) -> u64 {
    let ([a, b], [c, d]) = (halves(a), halves(b));
    (a ^ c) | (b ^ d)
}
