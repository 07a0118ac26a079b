//! The crafted bundles that break a sentence about nodes with a table: of segments and of prefixes.

use portcullis::runtime::format::{NONE, Section, node, segment, slot, terminal};
use portcullis::runtime::hash::{Multipliers, hash_segment, lookup_slot, segment_words};

use super::Parts;
use super::cases::Change;
use crate::nodes::nodes;

/// The parameter of a table of four slots, in which an entry stands in its own or in one of two behind it.
const TABLE: u32 = (62 | 2 << 8) << 8;
/// Where the slots of a segment node begin, and what stands beside them, counted from the node's first word.
const SLOTS: usize = segment::HEADER_WORDS;
const BESIDE: usize = SLOTS + 4 * slot::WORDS;
/// Where those of a node of prefixes begin.
const PREFIX_SLOTS: usize = node::PREFIXES_WORDS;

/// The multipliers of the nodes.
const OF: Multipliers = Multipliers::of(3);
/// Where what says how much stands beside the slots, and where the mask of a node of prefixes stands.
const COUNT: usize = SLOTS - 1;
const MASK: usize = PREFIX_SLOTS - 4;

fn multipliers(Multipliers([a, b]): Multipliers) -> [u32; 4] {
    [a as u32, (a >> 32) as u32, b as u32, (b >> 32) as u32]
}

/// The slot of a hash.
fn home(hash: u64) -> usize {
    usize::try_from(lookup_slot(hash, 62, 0)).expect("one of four")
}

/// The four words of the first or the second half of a segment's words.
fn four(text: &[u8], behind: Option<u8>, half: usize) -> [u32; 4] {
    let word = segment_words(text, behind).expect("a short text")[half];
    std::array::from_fn(|at| (word >> (32 * at)) as u32)
}

/// Adds a segment node of four slots with one segment behind which the resource may end. Gives its first word.
fn add_with(it: &mut Parts, text: &[u8]) -> usize {
    let mut words = it.words(Section::Nodes);
    let at = words.len();
    let mut beside = Vec::new();
    let stored = if text.len() <= 16 {
        four(text, None, 0)
    } else {
        beside.extend([four(text, None, 0), four(text, None, 1)].concat());
        [BESIDE as u32, 0, 0, 0]
    };
    words.extend([TABLE | node::SEGMENT, terminal::NOTHING, terminal::NOTHING, 0x2f2f_2f2f]);
    words.extend(multipliers(OF));
    words.push(beside.len() as u32);
    for number in 0..4 {
        let head = [text.len() as u32 | segment::ENDS, terminal::NOTHING];
        words.extend(match home(hash_segment(OF, text, None)) == number {
            true => [head[0], head[1], stored[0], stored[1], stored[2], stored[3]],
            false => [0; slot::WORDS],
        });
    }
    words.extend(beside);
    it.set_words(Section::Nodes, &words);
    at
}

/// The same with the text `ab`.
pub(super) fn add(it: &mut Parts) -> usize {
    add_with(it, b"ab")
}

/// The same, and the slot that holds the text.
fn full_with(it: &mut Parts, text: &[u8]) -> usize {
    add_with(it, text) + SLOTS + slot::WORDS * home(hash_segment(OF, text, None))
}

fn full(it: &mut Parts) -> usize {
    full_with(it, b"ab")
}

/// A segment that stands beside its slot.
const MIDDLE: &[u8] = b"seventeen-letters";

/// Adds a segment node of four slots with one text twice: in the slot that its hash gives, and in the one behind it. The multipliers are the
/// first with which the text belongs into a slot. Gives the node's first word.
fn twice(it: &mut Parts, text: &[u8], wanted: usize) -> usize {
    let of = (0..1 << 10).map(Multipliers::of).find(|&of| home(hash_segment(of, text, None)) == wanted);
    let of = of.expect("one of many");
    let mut words = it.words(Section::Nodes);
    let at = words.len();
    let short = text.len() <= 16;
    words.extend([TABLE | node::SEGMENT, terminal::NOTHING, terminal::NOTHING, 0x2f2f_2f2f]);
    words.extend(multipliers(of));
    words.push(if short { 0 } else { 16 });
    let mut beside = BESIDE as u32;
    for number in 0..4 {
        if number != wanted && number != (wanted + 1) % 4 {
            words.extend([0; slot::WORDS]);
            continue;
        }
        let stored = if short { four(text, None, 0) } else { [beside, 0, 0, 0] };
        words.extend([text.len() as u32 | segment::ENDS, terminal::NOTHING]);
        words.extend(stored);
        beside += 8;
    }
    if !short {
        (0..2).for_each(|_| words.extend([four(text, None, 0), four(text, None, 1)].concat()));
    }
    it.set_words(Section::Nodes, &words);
    at
}

/// Moves an entry into the next slot.
fn move_on(it: &mut Parts, first_slot: usize, entry: usize) {
    let next = first_slot + (entry - first_slot + slot::WORDS) % (4 * slot::WORDS);
    let words = it.words(Section::Nodes);
    for word in 0..slot::WORDS {
        it.set(Section::Nodes, next + word, words[entry + word]);
        it.set(Section::Nodes, entry + word, 0);
    }
}

/// Adds a node of prefixes of four slots with the text `abc`, of which two bytes are hashed, and which leads to nothing else. Gives its first word, and the slot that holds
/// the text.
fn prefixes(it: &mut Parts) -> (usize, usize) {
    let mut words = it.words(Section::Nodes);
    let at = words.len();
    words.extend([TABLE | node::PREFIXES, terminal::NOTHING]);
    words.extend(multipliers(OF));
    words.extend([0xffff, 0, 0, 0]);
    let own = home(hash_segment(OF, b"ab", None));
    for number in 0..4 {
        words.extend(match own == number {
            true => [3, terminal::NOTHING, u32::from_le_bytes(*b"abc\0"), 0, 0, 0],
            false => [0; slot::WORDS],
        });
    }
    it.set_words(Section::Nodes, &words);
    (at, at + PREFIX_SLOTS + slot::WORDS * own)
}

/// Sentence, the section whose record is refused, a part of what is said, and the change.
pub(super) const SEGMENTS: &[(u32, Section, &str, Change)] = &[
    (42, Section::Nodes, "unknown node", |it| {
        let at = add(it);
        it.set(Section::Nodes, at, 39 << 8 | node::SEGMENT);
    }),
    (42, Section::Nodes, "unknown node", |it| {
        let at = add(it);
        it.set(Section::Nodes, at, 64 << 8 | node::SEGMENT);
    }),
    (42, Section::Nodes, "unknown node", |it| {
        // Eight slots further is further than any reader looks.
        let at = add(it);
        it.set(Section::Nodes, at, (62 | 8 << 8) << 8 | node::SEGMENT);
    }),
    (42, Section::Nodes, "past the end", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + COUNT, 2);
    }),
    (66, Section::Nodes, "do not use the node up", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + COUNT, 1);
        it.content(Section::Nodes).extend([0; 4]);
    }),
    (42, Section::Nodes, "unknown node", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + COUNT, u32::MAX);
    }),
    (43, Section::Nodes, "unknown terminal", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + 2, NONE);
    }),
    (43, Section::Nodes, "unknown node or terminal", |it| {
        // Behind the end of a resource no node can be.
        let slot = full(it);
        it.set(Section::Nodes, slot + 1, 0);
    }),
    (66, Section::Nodes, "several delimiters", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + 3, 0x2f2f_2f3a);
    }),
    (66, Section::Nodes, "a delimiter that cannot be", |it| {
        // It would be found behind the end of every text.
        let at = add(it);
        it.set(Section::Nodes, at + 3, 0);
    }),
    (66, Section::Nodes, "a delimiter that cannot be", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + 3, 0x8080_8080);
    }),
    (66, Section::Nodes, "not zero", |it| {
        let slot = full(it);
        it.set(Section::Nodes, slot, 0);
    }),
    (66, Section::Nodes, "without text", |it| {
        let slot = full(it);
        it.set(Section::Nodes, slot, segment::ENDS);
    }),
    (66, Section::Nodes, "something else behind", |it| {
        let slot = full(it);
        it.set(Section::Nodes, slot + 5, 1);
    }),
    (66, Section::Nodes, "something else behind", |it| {
        // No delimiter follows it.
        let slot = full(it);
        it.set(Section::Nodes, slot, 2);
    }),
    (66, Section::Nodes, "something else behind", |it| {
        let slot = full_with(it, MIDDLE);
        let at = it.words(Section::Nodes).len() - 1;
        assert!(at > slot);
        it.set(Section::Nodes, at, 1);
    }),
    (66, Section::Nodes, "outside of its node", |it| {
        let slot = full_with(it, MIDDLE);
        it.set(Section::Nodes, slot + 2, BESIDE as u32 + 1);
    }),
    (66, Section::Nodes, "outside of its node", |it| {
        let slot = full_with(it, MIDDLE);
        it.set(Section::Nodes, slot + 2, 1);
    }),
    (66, Section::Nodes, "outside of its node", |it| {
        let slot = full_with(it, MIDDLE);
        it.set(Section::Nodes, slot + 3, 1);
    }),
    (66, Section::Nodes, "outside of its node", |it| {
        // Longer than what stands there.
        let slot = full_with(it, MIDDLE);
        it.set(Section::Nodes, slot, 33 | segment::ENDS);
    }),
    (66, Section::Nodes, "does not belong", |it| {
        let slot = full(it);
        it.set(Section::Nodes, slot + 2, u32::from_le_bytes(*b"ac\0\0"));
        let name = |text: &[u8]| home(hash_segment(OF, text, None));
        assert_ne!(name(b"ab"), name(b"ac"));
    }),
    (66, Section::Nodes, "does not belong", |it| {
        // An empty slot between its own and where it stands.
        let slot = full(it);
        let at = it.words(Section::Nodes).len() - BESIDE;
        move_on(it, at + SLOTS, slot);
    }),
    (66, Section::Nodes, "does not belong", |it| {
        // Further than the node says.
        let at = twice(it, b"ab", 1);
        it.set(Section::Nodes, at, 62 << 8 | node::SEGMENT);
    }),
    (66, Section::Nodes, "with its delimiter", |it| {
        // The delimiter is a letter of the text.
        let at = add(it);
        it.set(Section::Nodes, at + 3, u32::from_le_bytes(*b"bbbb"));
    }),
    (66, Section::Nodes, "stands twice", |it| {
        twice(it, b"ab", 1);
    }),
    (66, Section::Nodes, "stands twice", |it| {
        // The second one stands in the first slot, and is checked before the first one.
        twice(it, b"ab", 3);
    }),
    (66, Section::Nodes, "stands twice", |it| {
        twice(it, MIDDLE, 1);
    }),
    (66, Section::Nodes, "outside of its node", |it| {
        // The place of the first one's text, not checked yet when the second is, is no place at all.
        let at = twice(it, MIDDLE, 3);
        it.set(Section::Nodes, at + SLOTS + 3 * slot::WORDS + 2, u32::MAX);
    }),
    (42, Section::Nodes, "unknown node", |it| {
        let (at, _) = prefixes(it);
        it.set(Section::Nodes, at, 64 << 8 | node::PREFIXES);
    }),
    (42, Section::Nodes, "past the end", |it| {
        let (at, _) = prefixes(it);
        it.set(Section::Nodes, at, 61 << 8 | node::PREFIXES);
    }),
    (43, Section::Nodes, "unknown node or terminal", |it| {
        let (_, slot) = prefixes(it);
        it.set(Section::Nodes, slot + 1, NONE);
    }),
    (67, Section::Nodes, "neither a terminal nor a skip", |it| {
        let (at, _) = prefixes(it);
        it.set(Section::Nodes, at + 1, NONE);
    }),
    (67, Section::Nodes, "neither a terminal nor a skip", |it| {
        // To itself: a walk would never end.
        let (at, _) = prefixes(it);
        it.set(Section::Nodes, at + 1, at as u32);
    }),
    (67, Section::Nodes, "neither a terminal nor a skip", |it| {
        // Of another kind.
        let (at, _) = prefixes(it);
        let literal =
            nodes(&it.words(Section::Nodes)).iter().find(|node| node.kind == node::LITERAL).expect("one").at;
        it.set(Section::Nodes, at + 1, literal as u32);
    }),
    (67, Section::Nodes, "neither a terminal nor a skip", |it| {
        // To another one that leads back.
        let (one, _) = prefixes(it);
        let (other, _) = prefixes(it);
        it.set(Section::Nodes, one + 1, other as u32);
        it.set(Section::Nodes, other + 1, one as u32);
    }),
    (67, Section::Nodes, "neither a terminal nor a skip", |it| {
        // In the middle of one.
        let (at, _) = prefixes(it);
        let skip =
            nodes(&it.words(Section::Nodes)).iter().find(|node| node.kind == node::SKIP).expect("one").at;
        it.set(Section::Nodes, at + 1, skip as u32 + 1);
    }),
    (67, Section::Nodes, "a mask that cannot be", |it| {
        let (at, _) = prefixes(it);
        it.set(Section::Nodes, at + MASK, 0);
    }),
    (67, Section::Nodes, "a mask that cannot be", |it| {
        let (at, _) = prefixes(it);
        it.set(Section::Nodes, at + MASK, 0x1ffff);
    }),
    (67, Section::Nodes, "a mask that cannot be", |it| {
        let (at, _) = prefixes(it);
        it.set(Section::Nodes, at + MASK + 3, 1 << 31);
    }),
    (67, Section::Nodes, "not zero", |it| {
        let (_, slot) = prefixes(it);
        it.set(Section::Nodes, slot, 0);
    }),
    (67, Section::Nodes, "too short", |it| {
        let (_, slot) = prefixes(it);
        it.set(Section::Nodes, slot, 1);
    }),
    (67, Section::Nodes, "too long", |it| {
        let (_, slot) = prefixes(it);
        it.set(Section::Nodes, slot, 17);
    }),
    (67, Section::Nodes, "something else behind", |it| {
        let (_, slot) = prefixes(it);
        it.set(Section::Nodes, slot, 2);
    }),
    (67, Section::Nodes, "something else behind", |it| {
        let (_, slot) = prefixes(it);
        it.set(Section::Nodes, slot + 5, 1);
    }),
    (67, Section::Nodes, "does not belong", |it| {
        let (at, slot) = prefixes(it);
        move_on(it, at + PREFIX_SLOTS, slot);
    }),
    (67, Section::Nodes, "stands twice", |it| {
        // Another text with the same hashed bytes, in the slot behind it.
        let (at, entry) = prefixes(it);
        let first = at + PREFIX_SLOTS;
        let next = first + (entry - first + slot::WORDS) % (4 * slot::WORDS);
        for (word, value) in (0..).zip([3, terminal::NOTHING, u32::from_le_bytes(*b"abd\0")]) {
            it.set(Section::Nodes, next + word, value);
        }
    }),
];
