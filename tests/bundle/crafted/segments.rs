//! The crafted bundles that break a sentence about segment nodes.

use portcullis::runtime::format::{NONE, Section, node, segment, terminal};
use portcullis::runtime::hash::{hash_segment, slot};

use super::Parts;
use super::cases::Change;

/// The first slot, and the first text, counted from the node's first word.
const SLOTS: usize = segment::HEADER_WORDS;
const TEXTS: usize = SLOTS + 4 * segment::SLOT_WORDS;

/// Adds a segment node of four slots with the text `ab`, behind which the resource may end. Gives its first word.
pub(super) fn add(it: &mut Parts) -> usize {
    let mut words = it.words(Section::Nodes);
    let at = words.len();
    let name = hash_segment(segment::tweak(3, true), b"ab");
    words.extend([4 << 8 | node::SEGMENT, terminal::NOTHING, terminal::NOTHING, 3 << 8 | u32::from(b'/'), 1]);
    for number in 0..4 {
        words.extend(match slot(name, 4) == number {
            true => [(name >> 32) as u32, 2 | segment::ENDS, TEXTS as u32, terminal::NOTHING],
            false => [0; 4],
        });
    }
    words.push(u32::from(b'a') | u32::from(b'b') << 8);
    it.set_words(Section::Nodes, &words);
    at
}

/// The same, and the slot that holds the text.
fn full(it: &mut Parts) -> usize {
    let at = add(it);
    at + SLOTS + 4 * slot(hash_segment(segment::tweak(3, true), b"ab"), 4) as usize
}

/// Adds a segment node of four slots with the text `ab` twice: in the slot that its hash gives, and in the one behind it. The seed is the
/// first with which the text belongs into a slot. Gives the node's first word.
fn twice(it: &mut Parts, home: u32) -> usize {
    let name = |seed: u32| hash_segment(segment::tweak(seed, true), b"ab");
    let seed = (0..1 << 24).find(|&seed| slot(name(seed), 4) == home).expect("one of many");
    let mut words = it.words(Section::Nodes);
    let at = words.len();
    words.extend([4 << 8 | node::SEGMENT, terminal::NOTHING, terminal::NOTHING]);
    words.extend([seed << 8 | u32::from(b'/'), 2]);
    let mut text = TEXTS as u32;
    for number in 0..4 {
        if number != home && number != (home + 1) % 4 {
            words.extend([0; 4]);
            continue;
        }
        words.extend([(name(seed) >> 32) as u32, 2 | segment::ENDS, text, terminal::NOTHING]);
        text += 1;
    }
    words.extend([u32::from(b'a') | u32::from(b'b') << 8; 2]);
    it.set_words(Section::Nodes, &words);
    at
}

/// Sentence, the section whose record is refused, a part of what is said, and the change.
pub(super) const SEGMENTS: &[(u32, Section, &str, Change)] = &[
    (42, Section::Nodes, "unknown node", |it| {
        let at = add(it);
        it.set(Section::Nodes, at, 3 << 8 | node::SEGMENT);
    }),
    (42, Section::Nodes, "past the end", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + 4, 2);
    }),
    (44, Section::Nodes, "do not use the node up", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + 4, 2);
        it.content(Section::Nodes).extend([0; 4]);
    }),
    (42, Section::Nodes, "unknown node", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + 4, u32::MAX);
    }),
    (43, Section::Nodes, "unknown terminal", |it| {
        let at = add(it);
        it.set(Section::Nodes, at + 2, NONE);
    }),
    (43, Section::Nodes, "unknown node or terminal", |it| {
        // Behind the end of a resource no node can be.
        let slot = full(it);
        it.set(Section::Nodes, slot + 3, 0);
    }),
    (44, Section::Nodes, "not zero", |it| {
        let slot = full(it);
        it.set(Section::Nodes, slot + 1, 0);
    }),
    (44, Section::Nodes, "without text", |it| {
        let slot = full(it);
        it.set(Section::Nodes, slot + 1, segment::ENDS);
    }),
    (44, Section::Nodes, "outside of its node", |it| {
        let slot = full(it);
        it.set(Section::Nodes, slot + 2, TEXTS as u32 + 1);
    }),
    (44, Section::Nodes, "outside of its node", |it| {
        let slot = full(it);
        it.set(Section::Nodes, slot + 2, 1);
    }),
    (44, Section::Nodes, "does not belong", |it| {
        let slot = full(it);
        it.set(Section::Nodes, slot, 1);
    }),
    (44, Section::Nodes, "does not belong", |it| {
        // An empty slot between its own and where it stands.
        let slot = full(it);
        let at = it.words(Section::Nodes).len() - TEXTS - 1;
        let next = at + SLOTS + (slot - at - SLOTS + 4) % 16;
        let words = it.words(Section::Nodes);
        for word in 0..4 {
            it.set(Section::Nodes, next + word, words[slot + word]);
            it.set(Section::Nodes, slot + word, 0);
        }
    }),
    (44, Section::Nodes, "does not belong", |it| {
        // The delimiter is a letter of the text.
        let at = add(it);
        it.set(Section::Nodes, at + 3, 3 << 8 | u32::from(b'b'));
    }),
    (44, Section::Nodes, "stands twice", |it| {
        twice(it, 1);
    }),
    (44, Section::Nodes, "stands twice", |it| {
        // The second one stands in the first slot, and is checked before the first one.
        twice(it, 3);
    }),
    (44, Section::Nodes, "outside of its node", |it| {
        // The same, where the place of the first one's text, not checked yet, is no place at all.
        let at = twice(it, 3);
        it.set(Section::Nodes, at + SLOTS + 3 * segment::SLOT_WORDS + 2, u32::MAX);
    }),
];
