//! Checks of the nodes that look a part of a text up: every entry stands where a walk looks for it, and once.

use super::checks::{check, invalid, within};
use super::nodes::{References, words_of};
use crate::error::LoadError;
use crate::format::{Section, node, segment, slot};
use crate::hash::{Multipliers, hash_segment, lookup_slot, segment_words};
use crate::view::View;

/// Whether the parameter of a node is one of a table.
pub(super) fn is_table(parameter: u32) -> bool {
    slot::SHIFTS.contains(&(parameter & 0xff)) && u64::from(parameter >> 8) < slot::PROBES
}

/// Words of the slots of a table, from its parameter.
pub(super) const fn slot_words(parameter: u32) -> u32 {
    (1 << (64 - (parameter & 0xff))) * slot::WORDS as u32
}

/// The slots of a node.
struct Table<'v> {
    view: View<'v>,
    section: Section,
    /// The first word of the node.
    at: u32,
    /// How many words stand before the slots.
    header: u32,
    parameter: u32,
}

impl Table<'_> {
    fn check(&self, holds: bool, what: &'static str) -> Result<(), LoadError> {
        check(holds, self.section, self.at, what)
    }

    fn word(&self, index: u32) -> Result<u32, LoadError> {
        self.view.word(self.section, self.at + index).ok_or(invalid(self.section, self.at, "unreadable"))
    }

    /// The multipliers from a word on.
    fn multipliers(&self, at: u32) -> Result<Multipliers, LoadError> {
        let number =
            |at: u32| Ok::<u64, LoadError>(u64::from(self.word(at)?) | u64::from(self.word(at + 1)?) << 32);
        Ok(Multipliers([number(at)?, number(at + 2)?]))
    }

    const fn count(&self) -> u64 {
        1 << (64 - (self.parameter & 0xff))
    }

    /// Where a slot begins, counted from the node's first word.
    const fn place(&self, number: u64) -> u32 {
        self.header + number as u32 * slot::WORDS as u32
    }

    /// A slot: the length of a text, where it leads, and four words.
    fn slot(&self, number: u64) -> Result<(u32, u32, [u32; 4]), LoadError> {
        let at = self.place(number);
        let word = |index: u32| self.word(at + index);
        Ok((word(0)?, word(1)?, [word(2)?, word(3)?, word(4)?, word(5)?]))
    }

    /// Some bytes from a word of the node on; none where they are not there.
    fn bytes(&self, place: u32, length: u32) -> &[u8] {
        let at = self.at.checked_add(place).map(|at| at as usize);
        at.and_then(|at| self.view.bytes_at(self.section, at, length as usize)).unwrap_or(&[])
    }

    /// No further from the slot of its hash than a walk looks, with no empty one between, and none that `is_twin`.
    fn placed(
        &self,
        number: u64,
        hash: u64,
        is_twin: impl Fn(u32, [u32; 4]) -> bool,
    ) -> Result<(), LoadError> {
        let far = number.wrapping_sub(lookup_slot(hash, self.parameter, 0)) & (self.count() - 1);
        self.check(far <= u64::from(self.parameter >> 8), "a text that does not belong there")?;
        for further in 0..far {
            let (size, _, words) = self.slot(lookup_slot(hash, self.parameter, further))?;
            self.check(size != 0, "a text that does not belong there")?;
            self.check(!is_twin(size, words), "a text that stands twice")?;
        }
        Ok(())
    }
}

/// The slots of a segment node: each is empty, or holds a segment that belongs there and leads to what is known.
pub(super) fn segments(
    view: View<'_>,
    section: Section,
    at: u32,
    length: u32,
    references: &impl References,
) -> Result<(), LoadError> {
    let header = segment::HEADER_WORDS as u32;
    let mut table = Table { view, section, at, header, parameter: 0 };
    table.parameter = table.word(0)? >> 8;
    let (delimiters, of) = (table.word(3)?, table.multipliers(4)?);
    let delimiter = delimiters as u8;
    table.check(delimiters.to_le_bytes() == [delimiter; 4], "several delimiters")?;
    // A zero stands behind the end of a text, and the highest bit tells where a delimiter was found.
    table.check((1..0x80).contains(&delimiter), "a delimiter that cannot be")?;
    // What does not fit the slots stands side by side, so that all of it together is read once.
    let mut next_beside = table.place(table.count());
    for number in 0..table.count() {
        let (size, target, words) = table.slot(number)?;
        if size == 0 {
            table.check((target, words) == (0, [0; 4]), "an empty slot that is not zero")?;
            continue;
        }
        let (bytes, ends) = (size & !segment::ENDS, size & segment::ENDS != 0);
        table.check(bytes > 0, "a segment without text")?;
        let is_short = bytes as usize <= node::SHORT_BYTES;
        let start = if is_short { table.place(number) + 2 } else { next_beside };
        if !is_short {
            let beside = words_of(bytes.max(segment::MIDDLE_BYTES as u32));
            let inside = words == [next_beside, 0, 0, 0] && within(next_beside, beside, length);
            table.check(inside, "a text outside of its node")?;
            next_beside += beside;
        }
        let own = table.bytes(start, bytes);
        let behind = (!ends).then_some(delimiter);
        if let Some([first, second]) = segment_words(own, behind) {
            let both = [first.to_le_bytes(), second.to_le_bytes()];
            let stored = table.bytes(start, if is_short { 16 } else { segment::MIDDLE_BYTES as u32 });
            table.check(both.as_flattened().starts_with(stored), "a text with something else behind it")?;
        }
        table.check(!own.contains(&delimiter), "a segment with its delimiter")?;
        table.placed(number, hash_segment(of, own, behind), |other, its| {
            // Of a slot that is not checked yet the place may be any word.
            let same = || if is_short { its == words } else { table.bytes(its[0], bytes) == own };
            other == size && same()
        })?;
        let known = if ends { references.terminal(target) } else { references.known(target) };
        table.check(known, "unknown node or terminal")?;
    }
    table.check(next_beside == length, "texts that do not use the node up")
}

/// The slots of a node of prefixes, and where it leads else.
pub(super) fn prefixes(
    view: View<'_>,
    section: Section,
    at: u32,
    references: &impl References,
) -> Result<(), LoadError> {
    let header = node::PREFIXES_WORDS as u32;
    let mut table = Table { view, section, at, header, parameter: 0 };
    table.parameter = table.word(0)? >> 8;
    let (other, of) = (table.word(1)?, table.multipliers(2)?);
    // No byte was consumed there: what goes on has to consume one or to end, or walks need not end.
    let goes_on = |kind: u32| matches!(kind & 0xff, node::SKIP | node::SUFFIX);
    let goes_on = references.node(other) && view.word(section, other).is_some_and(goes_on);
    table.check(references.terminal(other) || goes_on, "neither a terminal nor a skip or suffix")?;
    let mask = u128::from_le_bytes(*table.bytes(6, 16).first_chunk().unwrap_or(&[0; 16]));
    let hashed = mask.trailing_ones() / 8;
    table.check(hashed > 0 && mask == u128::MAX >> (128 - 8 * hashed), "a mask that cannot be")?;
    for number in 0..table.count() {
        let (size, target, words) = table.slot(number)?;
        if size == 0 {
            table.check((target, words) == (0, [0; 4]), "an empty slot that is not zero")?;
            continue;
        }
        let fits = size >= hashed && size as usize <= node::SHORT_BYTES;
        table.check(fits, "a text that is too short or too long")?;
        let word = |words: [u32; 4]| words.iter().rev().fold(0, |all, &it| all << 32 | u128::from(it));
        let behind = word(words) & !(u128::MAX >> (128 - 8 * size));
        table.check(behind == 0, "a text with something else behind it")?;
        let own = (word(words) & mask).to_le_bytes();
        let hash = hash_segment(of, own.get(..hashed as usize).unwrap_or(&own), None);
        table.placed(number, hash, |_, its| (word(its) ^ word(words)) & mask == 0)?;
        table.check(references.known(target), "unknown node or terminal")?;
    }
    Ok(())
}
