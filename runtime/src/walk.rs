//! The walk: a resource's bytes through one automaton, to a terminal or a set leaf.

use crate::format::{Section, TERMINAL_BIT, node};
use crate::hash::{equal, find, place};
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
    let mut offset = 0;
    loop {
        if reference & TERMINAL_BIT != 0 {
            return Some(End::Terminal(reference));
        }
        let words = view.words_at(section, reference as usize)?;
        // A leaf node has two words only, but four stand behind the last node (`node::WORDS_BEHIND`).
        let &[first, second, third, ..] = words else { return None };
        let first = u32::from_le_bytes(first);
        let end = End::Terminal(u32::from_le_bytes(second));
        let parameter = (first >> 8) as usize;
        let rest = text.get(offset..)?;
        match first & 0xff {
            node::LITERAL => {
                let literal = view.bytes_at(section, reference as usize + 4, parameter)?;
                if rest.get(..parameter).is_some_and(|start| equal(start, literal)) {
                    offset += parameter;
                    reference = u32::from_le_bytes(*words.get(3)?);
                } else if third == second {
                    // The same verdict whether the text ends or differs: no need to see where.
                    return Some(end);
                } else {
                    let equal = rest.iter().zip(literal).take_while(|(a, b)| a == b).count();
                    if equal == rest.len() {
                        return Some(end);
                    }
                    offset += equal + 1;
                    reference = u32::from_le_bytes(third);
                }
            }
            node::BRANCH => {
                let Some(byte) = rest.first() else { return Some(end) };
                // More than the keys, so that all of them are looked at in one or two steps: `node::WORDS_BEHIND` words are there.
                let keys = view.bytes_at(section, reference as usize + 3, node::BRANCH_KEYS)?;
                offset += 1;
                reference = match place(keys, parameter, *byte) {
                    Some(index) => u32::from_le_bytes(*words.get(3 + parameter.div_ceil(4) + index)?),
                    None => u32::from_le_bytes(third),
                };
            }
            node::TABLE => {
                let Some(&byte) = rest.first() else { return Some(end) };
                let targets = view.bytes_at(section, reference as usize + 2, 256)?;
                let target = usize::from(*targets.get(usize::from(byte))?);
                offset += 1;
                reference = u32::from_le_bytes(*words.get(2 + node::TABLE_WORDS + target)?);
            }
            node::SKIP => match find(rest, parameter as u8) {
                None => return Some(end),
                Some(found) => {
                    offset += found + 1;
                    reference = u32::from_le_bytes(third);
                }
            },
            node::SUFFIX => {
                let literal = view.bytes_at(section, reference as usize + 3, parameter)?;
                return Some(if rest.ends_with(literal) {
                    End::Terminal(u32::from_le_bytes(third))
                } else {
                    end
                });
            }
            node::LEAF => return Some(End::Leaf { leaf: u32::from_le_bytes(second), offset }),
            _ => return None,
        }
    }
}
