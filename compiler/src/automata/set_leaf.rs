//! Set leaves: the position automaton itself as bit masks, for what no automaton within the budget can hold.
//!
//! The layout is that of FORMAT.md: rules, then blocks of positions, each with the alternatives that end in it.

use portcullis_runtime::format::{NONE, leaf};

use super::nfa::{Element, Nfa, Position};
use super::terminal::Terminals;

/// Bits of a block.
const BLOCK_BITS: usize = leaf::BLOCK_WORDS * 64;

/// A set leaf.
#[derive(Clone, Debug)]
pub struct Leaf {
    rules: Vec<[u32; leaf::RULE_WORDS]>,
    blocks: Vec<Encoded>,
}

/// A block as words, but for its alternatives.
#[derive(Clone, Debug)]
struct Encoded {
    words: Vec<u32>,
    alternatives: Vec<Alternative>,
}

/// Where a pattern ends, and whose it is.
#[derive(Clone, Copy, Debug)]
struct Alternative {
    rule: u32,
    /// The pattern to verify, if it holds a variable.
    variable: Option<u32>,
    bit: u32,
}

/// The alternatives of one block, side by side.
#[derive(Default)]
struct Block<'a> {
    positions: Vec<&'a Position>,
    starts: Vec<usize>,
    alternatives: Vec<Alternative>,
}

impl Leaf {
    /// A leaf that decides the rules of an NFA.
    pub(super) fn of(nfa: &Nfa, terminals: &mut Terminals) -> Self {
        let rules = nfa.rules.iter().map(|rule| {
            let negated = if rule.negated { leaf::NEGATED } else { 0 };
            [terminals.alone(*rule), negated]
        });
        let rules: Vec<[u32; leaf::RULE_WORDS]> = rules.collect();
        let variables: Vec<u32> =
            nfa.variables.items().iter().map(|it| terminals.patterns.intern(it.clone())).collect();
        let mut blocks: Vec<Encoded> = pack(nfa, &variables).iter().map(encode).collect();
        // A pattern that covers everything has no positions: one bit that is set from the start and stays serves all of them.
        if !nfa.matched.is_empty() {
            let alternatives =
                nfa.matched.iter().map(|&rule| Alternative { rule, variable: None, bit: 0 }).collect();
            blocks.push(Encoded { words: always_accepting(nfa.matched.len()), alternatives });
        }
        Self { rules, blocks }
    }

    /// Number of words.
    pub(super) fn length(&self) -> usize {
        let block = |block: &Encoded| block.words.len() + block.alternatives.len() * leaf::ALTERNATIVE_WORDS;
        leaf::HEADER_WORDS
            + self.rules.len() * leaf::RULE_WORDS
            + self.blocks.iter().map(block).sum::<usize>()
    }

    /// The terminals of its rules.
    pub(super) fn terminals(&self) -> impl Iterator<Item = u32> {
        self.rules.iter().map(|[terminal, _]| *terminal)
    }

    /// Puts other references in the place of its terminals.
    pub(super) fn change_terminals(&mut self, new: impl Fn(u32) -> u32) {
        self.rules.iter_mut().for_each(|[terminal, _]| *terminal = new(*terminal));
    }

    /// The words, with the patterns of the alternatives under the ids that `pattern` gives.
    pub fn words(&self, pattern: &impl Fn(u32) -> u32) -> Vec<u32> {
        let mut words = vec![self.rules.len() as u32, self.blocks.len() as u32];
        words.extend(self.rules.iter().flatten());
        for block in &self.blocks {
            words.extend_from_slice(&block.words);
            for alternative in &block.alternatives {
                words.extend([alternative.rule, alternative.variable.map_or(NONE, pattern), alternative.bit]);
            }
        }
        words
    }
}

/// Packs alternatives into blocks in order; `variables` are the ids of the patterns to verify.
fn pack<'a>(nfa: &'a Nfa, variables: &[u32]) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for alternative in &nfa.alternatives {
        let length = alternative.length as usize;
        if blocks.last().is_none_or(|block| block.positions.len() + length > BLOCK_BITS) {
            blocks.push(Block::default());
        }
        let Some(block) = blocks.last_mut() else { continue };
        let start = block.positions.len();
        let own = nfa.positions.iter().skip(alternative.start as usize).take(length);
        block.positions.extend(own);
        block.starts.push(start);
        let rule = alternative.rule;
        let variable = alternative.variable.map(|id| variables.get(id as usize).copied().unwrap_or(NONE));
        block.alternatives.push(Alternative { rule, variable, bit: (start + length - 1) as u32 });
    }
    blocks
}

/// A block of one bit that is set from the start and stays.
fn always_accepting(alternatives: usize) -> Vec<u32> {
    let mut words = vec![1, 1, alternatives as u32];
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

fn encode(block: &Block<'_>) -> Encoded {
    let width = block.positions.len().div_ceil(64);
    let (map, representatives) = classes(block);
    let mut words = vec![width as u32, representatives.len() as u32, block.alternatives.len() as u32];
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
        let (mut advance, mut stay) = (vec![0; width], vec![0; width]);
        for (bit, position) in block.positions.iter().enumerate() {
            if position.advances(byte) {
                set(&mut advance, bit);
            }
            if position.stays(byte) {
                set(&mut stay, bit);
            }
        }
        wide(&mut words, &advance);
        wide(&mut words, &stay);
    }
    Encoded { words, alternatives: block.alternatives.clone() }
}
