//! Nodes that look a part of the text up by its hash: whole segments, and texts that the rest may begin with.
//!
//! The next node waits for what is found, so what a look-up waits for is kept short: one window of the text, a mask, two products, a slot. Only the
//! comparison that follows reads more, and no later step waits for it while it comes out as expected.

use super::{bytes_at, fixed};
use crate::bytes::{equal16, find};
use crate::format::{node, segment, slot};
use crate::hash::{
    Multipliers, equal, hash_middle_segment, hash_segment, hash_short_segment, lookup_slot, segment_words,
};

/// One in each byte, and in each word.
const EACH_BYTE: u128 = u128::MAX / 0xff;
const EACH_WORD: u128 = u128::MAX / 0xffff_ffff;

/// The first sixteen bytes of the rest of a text, and zeros behind its end.
#[inline(always)]
fn window(text: &[u8], rest: &[u8]) -> u128 {
    match (rest.first_chunk(), text.last_chunk::<16>()) {
        (Some(start), _) => u128::from_le_bytes(*start),
        // Near the end of the text, where that is.
        (None, Some(last)) => only_last(last, rest.len()),
        (None, None) => short_window(rest),
    }
}

/// The last of sixteen bytes, fewer than all, and zeros behind them.
#[inline(always)]
fn only_last(bytes: &[u8; 16], count: usize) -> u128 {
    u128::from_le_bytes(*bytes).checked_shr(128 - 8 * count as u32).unwrap_or(0)
}

/// [`window`] of a text of fewer bytes.
#[inline(never)]
fn short_window(rest: &[u8]) -> u128 {
    rest.iter().rev().fold(0, |window, &byte| window << 8 | u128::from(byte))
}

/// The highest bit of the first byte that is a delimiter, and perhaps of some behind it; zero where there is none.
#[inline(always)]
fn first_of(window: u128, delimiters: u32) -> u128 {
    let other = window ^ (u128::from(delimiters) * EACH_WORD);
    other.wrapping_sub(EACH_BYTE) & !other & EACH_BYTE << 7
}

/// What of a window stands before the first delimiter, and of that the lower bits: from what [`first_of`] says.
#[inline(always)]
const fn before(window: u128, found: u128) -> u128 {
    window & found.wrapping_sub(1) & !found
}

/// The multipliers in four words of a node.
#[inline(always)]
fn multipliers(words: &[[u8; 4]; 4]) -> Option<Multipliers> {
    let (a, b) = words.as_flattened().split_first_chunk()?;
    Some(Multipliers([u64::from_le_bytes(*a), u64::from_le_bytes(*b.first_chunk()?)]))
}

/// A slot of a table.
struct Slot<'n> {
    /// The length, and perhaps more; zero of an empty one.
    size: u32,
    target: u32,
    stored: &'n [u8; 16],
}

/// The slot of a hash that holds what is looked for, among as many as the node's parameter says; nothing inside if none does.
#[inline(always)]
fn probe<'n>(
    nodes: &'n [[u8; 4]],
    first_slot: usize,
    parameter: u32,
    hash: u64,
    is_wanted: impl Fn(&Slot<'n>) -> Option<bool>,
) -> Option<Option<Slot<'n>>> {
    for further in 0..=u64::from(parameter >> 8) {
        let number = lookup_slot(hash, parameter, further) as usize;
        let words = fixed::<{ slot::WORDS }>(nodes, first_slot + number * slot::WORDS)?;
        let (head, stored) = words.split_first_chunk::<2>()?;
        let [size, target] = head.map(u32::from_le_bytes);
        let slot = Slot { size, target, stored: stored.as_flattened().first_chunk()? };
        if size == 0 {
            break;
        }
        if is_wanted(&slot)? {
            return Some(Some(slot));
        }
    }
    Some(None)
}

/// Where a node of prefixes leads the rest of a text, and past how many bytes. If it begins with none of them, past none, to a terminal or a node that
/// goes on from here.
#[inline(always)]
pub(super) fn find_prefix(nodes: &[[u8; 4]], at: usize, text: &[u8], rest: &[u8]) -> Option<(u32, usize)> {
    let header = fixed::<{ node::PREFIXES_WORDS }>(nodes, at)?;
    let ([first, other], of) = header.split_first_chunk::<2>()?;
    let (of, mask) = of.split_first_chunk()?;
    let mask = u128::from_le_bytes(*mask.as_flattened().first_chunk()?);
    let window = window(text, rest);
    let hash = hash_short_segment(multipliers(of)?, window & mask);
    let found = probe(nodes, at + node::PREFIXES_WORDS, u32::from_le_bytes(*first) >> 8, hash, |slot| {
        let equal = equal16(&window.to_le_bytes(), slot.stored);
        Some(!equal & ((1 << slot.size) - 1) == 0 && slot.size as usize <= rest.len())
    })?;
    Some(found.map_or((u32::from_le_bytes(*other), 0), |slot| (slot.target, slot.size as usize)))
}

/// What stands in a segment node before its slots.
struct Segments {
    parameter: u32,
    /// Where an unknown segment leads.
    miss: u32,
    delimiters: u32,
    of: Multipliers,
}

impl Segments {
    #[inline(always)]
    fn at(nodes: &[[u8; 4]], at: usize) -> Option<Self> {
        let header = fixed::<{ segment::HEADER_WORDS }>(nodes, at)?;
        let (words, of) = header.split_first_chunk::<4>()?;
        let [first, _, miss, delimiters] = words.map(u32::from_le_bytes);
        Some(Self { parameter: first >> 8, miss, delimiters, of: multipliers(of.first_chunk()?)? })
    }

    /// Where a segment of so many bytes leads; `is_stored` compares its text.
    #[inline(always)]
    fn target(
        &self,
        nodes: &[[u8; 4]],
        at: usize,
        hash: u64,
        (length, ends): (usize, bool),
        is_stored: impl Fn(&[u8; 16]) -> Option<bool>,
    ) -> Option<u32> {
        let wanted = length as u32 | if ends { segment::ENDS } else { 0 };
        let found = probe(nodes, at + segment::HEADER_WORDS, self.parameter, hash, |slot| {
            Some(slot.size == wanted && is_stored(slot.stored)?)
        })?;
        Some(found.map_or(self.miss, |slot| slot.target))
    }
}

/// Where a segment node leads the rest of a text, which is not empty, and past how many bytes of it. For an unknown segment, and where the text ends behind
/// it, that is a terminal.
#[inline(always)]
pub(super) fn find_segment(nodes: &[[u8; 4]], at: usize, text: &[u8], rest: &[u8]) -> Option<(u32, usize)> {
    let node = Segments::at(nodes, at)?;
    let window = window(text, rest);
    let found = first_of(window, node.delimiters);
    if found == 0 && rest.len() > node::SHORT_BYTES {
        return unpack(find_middle_segment(nodes, at, rest));
    }
    let own = before(window, found);
    let (ends, length) = (found == 0, rest.len().min(found.trailing_zeros() as usize / 8));
    let hash = hash_short_segment(node.of, own);
    let target =
        node.target(nodes, at, hash, (length, ends), |stored| Some(u128::from_le_bytes(*stored) == own))?;
    Some((target, length + 1))
}

/// A target and what was gone past in one register; [`u64::MAX`] for what cannot be read.
#[inline(always)]
fn pack(found: Option<(u32, usize)>) -> u64 {
    found.map_or(u64::MAX, |(target, used)| u64::from(target) | (used as u64) << 32)
}

#[inline(always)]
fn unpack(packed: u64) -> Option<(u32, usize)> {
    (packed != u64::MAX).then_some((packed as u32, (packed >> 32) as usize))
}

/// [`find_segment`] where no delimiter is among the first sixteen bytes, and more than these are there.
#[inline(never)]
fn find_middle_segment(nodes: &[[u8; 4]], at: usize, rest: &[u8]) -> u64 {
    let find = || {
        let node = Segments::at(nodes, at)?;
        let (first, behind) = rest.split_first_chunk::<16>()?;
        let first = u128::from_le_bytes(*first);
        let second = match behind.first_chunk() {
            Some(start) => u128::from_le_bytes(*start),
            None => only_last(rest.last_chunk()?, behind.len()),
        };
        let found = first_of(second, node.delimiters);
        let (ends, more) = (found == 0, behind.len().min(found.trailing_zeros() as usize / 8));
        if more == 0 || ends && behind.len() > 16 {
            return None;
        }
        let own = before(second, found);
        let (hash, length) = (hash_middle_segment(node.of, first, own), 16 + more);
        let target = node.target(nodes, at, hash, (length, ends), |stored| {
            let (start, end) = beside(nodes, at, stored)?.split_first_chunk()?;
            Some(u128::from_le_bytes(*start) == first && u128::from_le_bytes(*end.first_chunk()?) == own)
        })?;
        Some((target, length + 1))
    };
    find().map_or_else(|| find_long_segment(nodes, at, rest), |found| pack(Some(found)))
}

/// What of a middle segment stands beside its slot: its words.
#[inline(always)]
fn beside<'n>(nodes: &'n [[u8; 4]], at: usize, stored: &[u8; 16]) -> Option<&'n [u8; segment::MIDDLE_BYTES]> {
    let place = at + u32::from_le_bytes(*stored.first_chunk()?) as usize;
    bytes_at(nodes, place, segment::MIDDLE_BYTES)?.first_chunk()
}

/// [`find_segment`] for all others: of sixteen bytes before a delimiter, and of more than 32.
#[inline(never)]
fn find_long_segment(nodes: &[[u8; 4]], at: usize, rest: &[u8]) -> u64 {
    let find = || {
        let node = Segments::at(nodes, at)?;
        let delimiter = node.delimiters as u8;
        let found = find(rest, delimiter);
        let own = rest.get(..found.unwrap_or(rest.len()))?;
        let behind = found.map(|_| delimiter);
        let hash = hash_segment(node.of, own, behind);
        let words = segment_words(own, behind).map(|words| words.map(u128::to_le_bytes));
        let target = node.target(nodes, at, hash, (own.len(), behind.is_none()), |stored| {
            Some(match &words {
                Some([word, _]) if own.len() <= node::SHORT_BYTES => stored == word,
                Some(words) => beside(nodes, at, stored)? == words.as_flattened(),
                None => {
                    let place = at + u32::from_le_bytes(*stored.first_chunk()?) as usize;
                    equal(own, bytes_at(nodes, place, own.len())?)
                }
            })
        })?;
        Some((target, own.len() + 1))
    };
    pack(find())
}
