//! Set leaves: bit-parallel matching of many patterns at once, where an automaton would be too large (DESIGN section 3, budget).
//!
//! One bit per position of a pattern. A byte moves the bits of the positions that it fits one place up and keeps those that a wildcard
//! lets stay. The state is a fixed array, so that deciding allocates nothing.

use crate::format::{NONE, Section, leaf};
use crate::view::View;

/// Which rules of a leaf have a pattern that matches.
pub(crate) struct Matched([u64; leaf::RULES / 64]);

impl Matched {
    /// Whether the rule at a place of the leaf has one.
    pub(crate) fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    fn set(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }
}

/// One rule of a leaf.
#[derive(Clone, Copy)]
pub(crate) struct LeafRule {
    pub(crate) terminal: u32,
    pub(crate) negated: bool,
}

fn words<'a>(view: &View<'a>, at: usize) -> Option<&'a [[u8; 4]]> {
    view.words_at(Section::Leaves, at)
}

fn word(words: &[[u8; 4]], index: usize) -> Option<u32> {
    words.get(index).map(|word| u32::from_le_bytes(*word))
}

fn wide(words: &[[u8; 4]], index: usize) -> Option<u64> {
    let (low, high) = (word(words, index * 2)?, word(words, index * 2 + 1)?);
    Some(u64::from(high) << 32 | u64::from(low))
}

/// The rules of a leaf, in its order. `None` if a record cannot be read, which validation excludes.
pub(crate) fn rules<'a>(view: &View<'a>, leaf: u32) -> Option<impl Iterator<Item = LeafRule> + use<'a>> {
    let words = words(view, leaf as usize)?;
    let count = word(words, 0)? as usize;
    let records = words.get(leaf::HEADER_WORDS..leaf::HEADER_WORDS + count * leaf::RULE_WORDS)?;
    let (records, _) = records.as_chunks::<{ leaf::RULE_WORDS }>();
    Some(records.iter().map(|record| {
        let [terminal, flags] = record.map(u32::from_le_bytes);
        LeafRule { terminal, negated: flags & leaf::NEGATED != 0 }
    }))
}

/// Runs a leaf over the rest of a resource and tells which rules match; an alternative with variables only if `verify` says so of its
/// pattern. Linear in the rest times the leaf's state words, and in its alternatives.
pub(crate) fn run(
    view: &View<'_>,
    leaf: u32,
    rest: &[u8],
    verify: impl Fn(u32) -> Option<bool>,
) -> Option<Matched> {
    let mut matched = Matched([0; leaf::RULES / 64]);
    let header = words(view, leaf as usize)?;
    let (rules, blocks) = (word(header, 0)? as usize, word(header, 1)?);
    let mut block = header.get(leaf::HEADER_WORDS + rules * leaf::RULE_WORDS..)?;
    for _ in 0..blocks {
        let (width, classes) = (word(block, 0)? as usize, word(block, 1)? as usize);
        let count = word(block, 2)? as usize;
        let mut room = [0; leaf::BLOCK_WORDS];
        let state = room.get_mut(..width)?;
        advance(block, rest, state)?;
        let alternatives = block.get(leaf::BLOCK_HEADER_WORDS + 2 * width + 4 * width * classes..)?;
        for place in 0..count {
            let record = alternatives.get(place * leaf::ALTERNATIVE_WORDS..)?;
            let (rule, pattern) = (word(record, 0)? as usize, word(record, 1)?);
            let bit = word(record, 2)? as usize;
            let accepts = state.get(bit / 64)? >> (bit % 64) & 1 == 1;
            if accepts && !matched.has(rule) && (pattern == NONE || verify(pattern)?) {
                matched.set(rule);
            }
        }
        block = alternatives.get(count * leaf::ALTERNATIVE_WORDS..)?;
    }
    Some(matched)
}

/// Runs one block from its start state over a text.
fn advance(block: &[[u8; 4]], rest: &[u8], state: &mut [u64]) -> Option<()> {
    let classes = block.get(3..leaf::BLOCK_HEADER_WORDS)?.as_flattened();
    let masks = block.get(leaf::BLOCK_HEADER_WORDS..)?;
    let width = state.len();
    for (index, to) in state.iter_mut().enumerate() {
        *to = wide(masks, index)?;
    }
    let of_classes = masks.get(2 * width..)?;
    // What moves on, behind a word of which nothing does.
    let mut moved = [0_u64; leaf::BLOCK_WORDS + 1];
    for &byte in rest {
        let class = usize::from(*classes.get(usize::from(byte))?);
        let of_class = of_classes.get(class * 4 * width..(class + 1) * 4 * width)?;
        let (advance, stay) = of_class.split_at_checked(2 * width)?;
        let (advance, stay) = (advance.as_flattened().as_chunks::<8>().0, stay.as_flattened().as_chunks().0);
        // In two steps, neither of which waits for the word before: compilers take several words at once.
        for ((moved, to), advance) in moved.iter_mut().skip(1).zip(&*state).zip(advance) {
            *moved = *to & u64::from_le_bytes(*advance);
        }
        let mut live = 0;
        for (((to, before), moved), stay) in state.iter_mut().zip(&moved).zip(moved.iter().skip(1)).zip(stay)
        {
            *to = moved << 1 | before >> 63 | *to & u64::from_le_bytes(*stay);
            live |= *to;
        }
        if live == 0 {
            break;
        }
    }
    Some(())
}
