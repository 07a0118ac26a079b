//! Set leaves: bit-parallel matching of many patterns at once, where an automaton would be too large (DESIGN section 3, budget).
//!
//! One bit per position of a pattern. A byte moves the bits of the positions that it fits one place up and keeps those that a wildcard
//! lets stay. The state is a fixed array, so that deciding allocates nothing.

use crate::format::{NONE, Section, leaf};
use crate::view::View;

/// A leaf that was run over a text: which of its alternatives accept.
pub(crate) struct Accepted<'a> {
    view: View<'a>,
    at: usize,
    rules: u32,
    bits: [u64; leaf::ALTERNATIVES / 64],
}

/// One rule of a leaf; alternatives as a range.
#[derive(Clone, Copy)]
pub(crate) struct LeafRule {
    pub(crate) rule: u32,
    pub(crate) flags: u32,
    pub(crate) guard: u32,
    alternatives: u32,
    count: u32,
}

fn word(view: View<'_>, at: usize) -> Option<u32> {
    view.words_at(Section::Leaves, at)?.first().map(|word| u32::from_le_bytes(*word))
}

fn wide(words: &[[u8; 4]], index: usize) -> Option<u64> {
    let low = u32::from_le_bytes(*words.get(index * 2)?);
    let high = u32::from_le_bytes(*words.get(index * 2 + 1)?);
    Some(u64::from(high) << 32 | u64::from(low))
}

/// The terminal that holds whatever the alternatives say.
pub(crate) fn base_terminal(view: View<'_>, leaf: u32) -> Option<u32> {
    word(view, leaf as usize)
}

/// Runs a leaf over the rest of a resource. Linear in the rest times the leaf's state words.
pub(crate) fn run<'a>(view: View<'a>, leaf: u32, rest: &[u8]) -> Option<Accepted<'a>> {
    let at = leaf as usize;
    let (rules, alternatives, blocks) = (word(view, at + 1)?, word(view, at + 2)?, word(view, at + 3)?);
    let first_alternative = at + 4 + rules as usize * 5;
    let table = first_alternative + alternatives as usize * 3;
    let mut accepted = Accepted { view, at, rules, bits: [0; leaf::ALTERNATIVES / 64] };
    for block in 0..blocks {
        let mut state = [0; leaf::BLOCK_WORDS];
        let block_at = at + word(view, table + block as usize)? as usize;
        run_block(view, block_at, rest, &mut state)?;
        for alternative in 0..alternatives {
            let record = first_alternative + alternative as usize * 3;
            if word(view, record + 1)? != block {
                continue;
            }
            let bit = word(view, record + 2)? as usize;
            if state.get(bit / 64)? >> (bit % 64) & 1 == 1 {
                *accepted.bits.get_mut(alternative as usize / 64)? |= 1 << (alternative % 64);
            }
        }
    }
    Some(accepted)
}

fn run_block(view: View<'_>, at: usize, rest: &[u8], state: &mut [u64; leaf::BLOCK_WORDS]) -> Option<()> {
    let width = word(view, at)? as usize;
    let classes = view.bytes_at(Section::Leaves, at + 2, 256)?;
    let masks = view.words_at(Section::Leaves, at + 2 + 64)?;
    let state = state.get_mut(..width)?;
    for (index, to) in state.iter_mut().enumerate() {
        *to = wide(masks, index)?;
    }
    for &byte in rest {
        let class = usize::from(*classes.get(usize::from(byte))?);
        let advance = width + class * 2 * width;
        let stay = advance + width;
        let mut carry = 0;
        let mut live = 0;
        for (index, to) in state.iter_mut().enumerate() {
            let moved = *to & wide(masks, advance + index)?;
            *to = moved << 1 | carry | *to & wide(masks, stay + index)?;
            carry = moved >> 63;
            live |= *to;
        }
        if live == 0 {
            break;
        }
    }
    Some(())
}

impl Accepted<'_> {
    /// The rules of the leaf.
    pub(crate) fn rules(&self) -> impl Iterator<Item = Option<LeafRule>> {
        let (view, at) = (self.view, self.at);
        (0..self.rules as usize).map(move |index| {
            let record = at + 4 + index * 5;
            Some(LeafRule {
                rule: word(view, record)?,
                flags: word(view, record + 1)?,
                guard: word(view, record + 2)?,
                alternatives: word(view, record + 3)?,
                count: word(view, record + 4)?,
            })
        })
    }

    /// Whether any alternative of a rule matches; those with variables are verified by `verify`.
    pub(crate) fn any_matches(&self, rule: LeafRule, verify: impl Fn(u32) -> Option<bool>) -> Option<bool> {
        for alternative in rule.alternatives..rule.alternatives + rule.count {
            if self.bits.get(alternative as usize / 64)? >> (alternative % 64) & 1 == 0 {
                continue;
            }
            let record = self.at + 4 + self.rules as usize * 5 + alternative as usize * 3;
            let pattern = word(self.view, record)?;
            if pattern == NONE || verify(pattern)? {
                return Some(true);
            }
        }
        Some(false)
    }
}
