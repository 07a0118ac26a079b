//! Set leaves: the position automaton itself as bit masks, for what no automaton within the budget can hold.
//!
//! The layout is that of FORMAT.md: base terminal, rules, alternatives, block offsets, blocks.

use portcullis_runtime::format::{NONE, RESIDUE_DENY, RESIDUE_NEGATED, leaf::BLOCK_WORDS};

use super::nfa::{Element, Nfa, Position, Stay};
use super::terminal::EMPTY;
use crate::model::Effect;

/// Bits of a block.
const BLOCK_BITS: usize = BLOCK_WORDS * 64;

/// The alternatives of one block, side by side.
#[derive(Default)]
struct Block<'a> {
    positions: Vec<&'a Position>,
    starts: Vec<usize>,
}

/// Where an alternative's accepting bit is.
struct Accepting {
    block: usize,
    bit: usize,
}

/// The words of a leaf that decides the rules of an NFA.
pub(super) fn words(nfa: &Nfa) -> Vec<u32> {
    let (blocks, accepting) = pack(nfa);
    let everything = nfa.matched.len();
    let (rules, alternatives) = (nfa.rules.len(), nfa.alternatives.len() + everything);
    let mut words = vec![EMPTY, rules as u32, alternatives as u32];
    // A pattern that covers everything has no positions: it gets a block of its own that accepts from the start.
    let always = (everything > 0).then(always_accepting);
    words.push((blocks.len() + usize::from(always.is_some())) as u32);
    let mut records: Vec<[u32; 3]> = Vec::with_capacity(alternatives);
    for (number, rule) in (0_u32..).zip(&nfa.rules) {
        let start = records.len() as u32;
        if nfa.matched.contains(&number) {
            records.push([NONE, blocks.len() as u32, 0]);
        }
        for (alternative, accepting) in nfa.alternatives.iter().zip(&accepting) {
            if alternative.rule == number {
                records.push([
                    alternative.variable.unwrap_or(NONE),
                    accepting.block as u32,
                    accepting.bit as u32,
                ]);
            }
        }
        let deny = if rule.effect == Effect::Deny { RESIDUE_DENY } else { 0 };
        let flags = deny | if rule.negated { RESIDUE_NEGATED } else { 0 };
        words.extend([rule.rule, flags, rule.guard.unwrap_or(NONE), start, records.len() as u32 - start]);
    }
    words.extend(records.into_iter().flatten());
    let mut encoded: Vec<Vec<u32>> = blocks.iter().map(encode).collect();
    encoded.extend(always);
    let mut offset = words.len() + encoded.len();
    for block in &encoded {
        words.push(offset as u32);
        offset += block.len();
    }
    words.extend(encoded.into_iter().flatten());
    words
}

/// Packs alternatives into blocks in order.
fn pack(nfa: &Nfa) -> (Vec<Block<'_>>, Vec<Accepting>) {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut accepting = Vec::new();
    for alternative in &nfa.alternatives {
        let length = alternative.length as usize;
        if blocks.last().is_none_or(|block| block.positions.len() + length > BLOCK_BITS) {
            blocks.push(Block::default());
        }
        let number = blocks.len() - 1;
        let Some(block) = blocks.last_mut() else { continue };
        let start = block.positions.len();
        let own = nfa.positions.iter().skip(alternative.start as usize).take(length);
        block.positions.extend(own);
        block.starts.push(start);
        accepting.push(Accepting { block: number, bit: start + length - 1 });
    }
    (blocks, accepting)
}

/// A block of one bit that is set from the start and stays.
fn always_accepting() -> Vec<u32> {
    let mut words = vec![1, 1];
    words.extend([0; 64]);
    words.extend([1, 0]);
    words.extend([0, 0, 1, 0]);
    words
}

fn set(masks: &mut [u64], bit: usize) {
    if let Some(word) = masks.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

/// Which bytes a block tells apart: every byte that some position waits for, the colon, continuation bytes, and the rest.
fn classes(block: &Block<'_>) -> (Box<[u8; 256]>, Vec<u8>) {
    let mut special = [false; 256];
    let mut mark = |byte: u8| {
        if let Some(entry) = special.get_mut(usize::from(byte)) {
            *entry = true;
        }
    };
    mark(b':');
    for position in &block.positions {
        if let Element::Byte(byte) = position.element {
            mark(byte);
        }
    }
    let mut map = Box::new([0; 256]);
    let mut representatives: Vec<u8> = Vec::new();
    let (mut plain, mut continuation) = (None, None);
    for byte in 0..=255_u8 {
        let mut fresh = || {
            representatives.push(byte);
            (representatives.len() - 1) as u8
        };
        let class = if special.get(usize::from(byte)).copied().unwrap_or(false) {
            fresh()
        } else if byte & 0xc0 == 0x80 {
            *continuation.get_or_insert_with(fresh)
        } else {
            *plain.get_or_insert_with(fresh)
        };
        if let Some(entry) = map.get_mut(usize::from(byte)) {
            *entry = class;
        }
    }
    (map, representatives)
}

fn encode(block: &Block<'_>) -> Vec<u32> {
    let width = block.positions.len().div_ceil(64);
    let (map, representatives) = classes(block);
    let mut words = vec![width as u32, representatives.len() as u32];
    for chunk in map.as_chunks::<4>().0 {
        words.push(u32::from_le_bytes(*chunk));
    }
    let wide = |words: &mut Vec<u32>, masks: &[u64]| {
        words.extend(masks.iter().flat_map(|mask| [*mask as u32, (mask >> 32) as u32]));
    };
    let mut start = vec![0; width];
    for &bit in &block.starts {
        set(&mut start, bit);
    }
    wide(&mut words, &start);
    for &byte in &representatives {
        let continuation = byte & 0xc0 == 0x80;
        let (mut advance, mut stay) = (vec![0; width], vec![0; width]);
        for (bit, position) in block.positions.iter().enumerate() {
            let advances = match position.element {
                Element::Byte(wanted) => wanted == byte,
                Element::One { colon } => !continuation && (colon || byte != b':'),
                Element::End => false,
            };
            let stays = match position.stay {
                Stay::Any => true,
                Stay::NoColon => byte != b':',
                Stay::No => false,
            };
            if advances {
                set(&mut advance, bit);
            }
            if stays || position.after_one && continuation {
                set(&mut stay, bit);
            }
        }
        wide(&mut words, &advance);
        wide(&mut words, &stay);
    }
    words
}
