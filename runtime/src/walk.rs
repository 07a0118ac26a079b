//! The walk: a resource's bytes through one automaton, to a terminal or a set leaf.

use crate::bytes::{find_in_end, place};
use crate::format::{Section, TERMINAL_BIT, node};
use crate::hash::equal;
use crate::view::View;

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

/// Walks from a root reference, into the nodes of a section, over the whole resource. `None` if a record cannot be read, which validation excludes.
///
/// Linear in the resource: every edge consumes at least one byte.
#[inline(always)]
pub(crate) fn walk(view: &View<'_>, section: Section, root: u32, text: &[u8]) -> Option<End> {
    let mut reference = root;
    let mut rest = text;
    loop {
        if reference & TERMINAL_BIT != 0 {
            return Some(End::Terminal(reference));
        }
        let at = reference as usize;
        // Some nodes are shorter, but at least four words stand behind the last one (`node::WORDS_BEHIND`).
        let [first, second, third, fourth] = view.fixed::<4>(section, at)?.map(u32::from_le_bytes);
        let end = End::Terminal(second);
        let parameter = (first >> 8) as usize;
        match first & 0xff {
            node::LITERAL => {
                if let Some((start, behind)) = rest.split_at_checked(parameter)
                    && is_literal(view, section, at + 4, start, rest)?
                {
                    rest = behind;
                    reference = fourth;
                } else if third == second {
                    // The same verdict whether the text ends or differs: no need to see where.
                    return Some(end);
                } else {
                    let literal = view.bytes_at(section, at + 4, parameter)?;
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
                let keys = view.bytes_at(section, at + 3, node::BRANCH_KEYS)?.first_chunk()?;
                reference = match place(keys, parameter, byte) {
                    Some(index) => {
                        let target = at + 3 + parameter.div_ceil(4) + index;
                        view.fixed::<1>(section, target)?.map(u32::from_le_bytes)[0]
                    }
                    None => third,
                };
            }
            node::TABLE => {
                let Some((&byte, behind)) = rest.split_first() else { return Some(end) };
                rest = behind;
                let targets = view.bytes_at(section, at + 2, 256)?.first_chunk::<256>()?;
                let target = at + 2 + node::TABLE_WORDS + usize::from(*targets.get(usize::from(byte))?);
                reference = view.fixed::<1>(section, target)?.map(u32::from_le_bytes)[0];
            }
            node::SKIP => match find_in_end(text, rest.len(), parameter as u8) {
                None => return Some(end),
                Some(found) => {
                    rest = rest.get(found + 1..)?;
                    reference = third;
                }
            },
            node::SUFFIX => {
                let literal = view.bytes_at(section, at + 3, parameter)?;
                return Some(if rest.ends_with(literal) { End::Terminal(third) } else { end });
            }
            node::LEAF => return Some(End::Leaf { leaf: second, offset: text.len() - rest.len() }),
            _ => return None,
        }
    }
}

/// Whether the start of a text is the literal that begins at a word: as many bytes as `start` has.
#[inline(always)]
fn is_literal(view: &View<'_>, section: Section, at: usize, start: &[u8], text: &[u8]) -> Option<bool> {
    let length = start.len();
    if length <= 8
        && let Some(eight) = text.first_chunk::<8>()
    {
        // What stands behind the literal is read and shifted out.
        let literal = view.fixed::<2>(section, at)?.as_flattened().first_chunk::<8>()?;
        let differs = u64::from_le_bytes(*eight) ^ u64::from_le_bytes(*literal);
        return Some(differs.checked_shl(64 - 8 * length as u32) == Some(0));
    }
    Some(equal(start, view.bytes_at(section, at, length)?))
}
