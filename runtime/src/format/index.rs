//! The hash tables: how long a look-up may take, and what a slot holds.

use super::ACTION_FLAGS;

/// An entry stands less than this many slots behind the slot that its hash names.
pub const PROBES: u32 = 128;
/// Words before the slots: the seed, and zero.
pub const HEADER_WORDS: usize = 2;
/// Words of a slot, all 0 in an empty one: the high half of the hash; an id + 1; and of what it names what is wanted next, so that its
/// record need not be read for that. Of an action its service and [`action_word`]; of all others the string that is the name, and then of a
/// principal its identity set, of a text its classifier, else 0.
pub const SLOT_WORDS: usize = 4;
/// A slot.
pub type Slot = [u32; SLOT_WORDS];

/// What the slot of an action says of its class and its flags. `None` for a class that has no room beside them.
#[inline]
#[must_use]
pub const fn action_word(class: u32, flags: u32) -> Option<u32> {
    if class >> 24 == 0 && flags & !ACTION_FLAGS == 0 { Some(class << 8 | flags) } else { None }
}

/// The class in such a word.
#[inline]
#[must_use]
pub const fn action_class(word: u32) -> u32 {
    word >> 8
}

/// The flags in such a word.
#[inline]
#[must_use]
pub const fn action_flags(word: u32) -> u32 {
    word & ACTION_FLAGS
}

/// Bits of a packed slot that are an id + 1, of so many entries; the others are of the hash. `None` for more entries than a slot can tell.
#[inline]
#[must_use]
pub const fn packed_bits(count: u32) -> Option<u32> {
    if count >> 31 == 0 { Some(u32::BITS - count.leading_zeros()) } else { None }
}

/// What a packed slot holds beside an id + 1: the highest bits of the hash.
#[inline]
#[must_use]
pub const fn packed_tag(hash: u64, bits: u32) -> u32 {
    ((hash >> 32) as u32) >> bits
}

/// The home of a hash in a packed table: its low half, spread over the slots.
#[inline]
#[must_use]
pub const fn packed_home(hash: u64, slots: u32) -> u32 {
    (((hash as u32) as u64 * slots as u64) >> 32) as u32
}
