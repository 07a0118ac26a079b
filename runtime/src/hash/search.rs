//! Looking for names in the hash tables of a bundle. A name in its first place, where most are, takes neither a loop nor many registers; the
//! others are looked for in a function of their own.

use super::{
    SHORT_BYTES, class, equal, equal_long, equal_windows, equal_with, finish, hash, hash_long, slot, start,
    sums, windows,
};
use crate::format::Section;
use crate::format::index::{PROBES, Slot, packed_home, packed_tag};
use crate::view::{Index, View};

/// A hash table of names, as the bundle stores it.
pub(crate) trait Table: Copy {
    /// The bundle.
    fn view(&self) -> View<'_>;
    /// The table.
    fn index(&self) -> &Index;
    /// What tells those names that are looked for from others of the same text.
    #[inline(always)]
    fn tweak(&self) -> u32 {
        0
    }
    /// The name of a slot if it has this length. Most names are strings.
    #[inline(always)]
    fn name(&self, [_, _, string, _]: Slot, length: usize) -> Option<&[u8]> {
        self.view().string_of_length(string, length)
    }
    /// Whether a slot is one of those that are looked for.
    #[inline(always)]
    fn fits(&self, slot: Slot) -> bool {
        let _ = slot;
        true
    }
}

/// What a look-up finds, in words that registers hold: an id + 1, or 0 where there is none, and the last two words of the slot.
#[derive(Clone, Copy)]
pub(crate) struct Found(u32, u64);

impl Found {
    pub(crate) const NOTHING: Self = Self(0, 0);

    #[inline(always)]
    pub(crate) const fn of([_, entry, low, high]: Slot) -> Self {
        Self(entry, (high as u64) << 32 | low as u64)
    }

    /// The id that stands in the slot, or [`NONE`](crate::format::NONE).
    #[inline(always)]
    pub(crate) const fn id(self) -> u32 {
        self.0.wrapping_sub(1)
    }

    /// The last word of the slot.
    #[inline(always)]
    pub(crate) const fn last(self) -> u32 {
        (self.1 >> 32) as u32
    }

    /// The last two words of the slot, the last one in the upper half. They mean nothing where there is no id.
    #[inline(always)]
    pub(crate) const fn words(self) -> u64 {
        self.1
    }
}

/// Whether a slot is that of a name.
#[inline(always)]
fn is_of(
    found: Slot,
    hash: u64,
    length: usize,
    table: impl Table,
    equal: impl Fn(&[u8]) -> Option<bool>,
) -> bool {
    let [tag, ..] = found;
    // Another name is not even looked at; another classifier's text has no name here.
    tag == (hash >> 32) as u32 && table.name(found, length).and_then(equal) == Some(true) && table.fits(found)
}

/// Looks for a name by its hash where it does not stand in its first place.
#[inline(never)]
fn further<const FOLD: bool>(hash: u64, text: &[u8], table: impl Table) -> Found {
    let index = table.index();
    for distance in 1..u64::from(PROBES) {
        let place = slot(hash.wrapping_add(distance), index.slots);
        let Some(found) = table.view().slot(index, place).filter(|[_, entry, ..]| *entry != 0) else { break };
        if is_of(found, hash, text.len(), table, |name| equal_with::<FOLD>(name, text)) {
            return Found::of(found);
        }
    }
    Found::NOTHING
}

/// Looks for a name by its hash.
#[inline(always)]
fn probe<const FOLD: bool>(
    hash: u64,
    text: &[u8],
    table: impl Table,
    equal: impl Fn(&[u8]) -> Option<bool>,
) -> Found {
    let index = table.index();
    let Some(found) = table.view().slot(index, slot(hash, index.slots)) else { return Found::NOTHING };
    let [_, entry, ..] = found;
    if entry == 0 {
        return Found::NOTHING;
    }
    if is_of(found, hash, text.len(), table, equal) {
        return Found::of(found);
    }
    further::<FOLD>(hash, text, table)
}

/// For texts of one class: by itself, so that few registers need be saved.
#[inline(never)]
fn search_class<const CLASS: u8, const FOLD: bool>(text: &[u8], table: impl Table) -> Found {
    let Some(own) = windows::<CLASS, FOLD>(text) else { return Found::NOTHING };
    let hash =
        finish(start(table.tweak(), text.len()), sums::<CLASS>(&own, &table.index().keys, table.tweak()));
    probe::<FOLD>(hash, text, table, |name| {
        Some(equal_windows::<CLASS>(&windows::<CLASS, false>(name)?, &own))
    })
}

/// For texts of at most [`SHORT_BYTES`]: one branch on the length for the whole look-up, the usual one first.
#[inline(always)]
fn search_some<const FOLD: bool>(text: &[u8], table: impl Table) -> Found {
    match text.len() {
        33.. => search_class::<{ class::TO_64 }, FOLD>(text, table),
        17.. => search_class::<{ class::TO_32 }, FOLD>(text, table),
        8.. => search_class::<{ class::TO_16 }, FOLD>(text, table),
        _ => search_class::<{ class::SHORT }, FOLD>(text, table),
    }
}

#[inline(always)]
fn search_any<const FOLD: bool>(text: &[u8], table: impl Table) -> Found {
    if text.len() <= SHORT_BYTES {
        return search_some::<FOLD>(text, table);
    }
    let hash = hash_long::<FOLD>(&table.index().keys, table.tweak(), text);
    let Some(hash) = hash else { return Found::NOTHING };
    probe::<FOLD>(hash, text, table, |name| Some(equal_long::<FOLD>(name, text)))
}

/// [`search`] for a text of at most [`SHORT_BYTES`]; a longer one is not found.
#[inline(always)]
pub(crate) fn search_short(text: &[u8], table: impl Table) -> Found {
    if text.len() <= SHORT_BYTES { search_some::<false>(text, table) } else { Found::NOTHING }
}

/// [`search_folded`] for a text of at most [`SHORT_BYTES`]; a longer one is not found.
#[inline(always)]
pub(crate) fn search_short_folded(text: &[u8], table: impl Table) -> Found {
    if text.len() <= SHORT_BYTES { search_some::<true>(text, table) } else { Found::NOTHING }
}

/// The slot of a name; never further from its home than validation lets an entry stand.
#[inline(always)]
pub(crate) fn search(text: &[u8], table: impl Table) -> Found {
    search_any::<false>(text, table)
}

/// The id of a principal of a packed table by its ARN.
#[inline(never)]
pub(crate) fn search_packed(text: &[u8], view: &View<'_>) -> Option<u32> {
    let index = view.index(Section::PrincipalIndex);
    let hash = hash(&index.keys, 0, text);
    let tag = packed_tag(hash, index.bits);
    let mut place = packed_home(hash, index.slots);
    for _ in 0..PROBES {
        let found = view.packed_slot(index, place)?;
        if found == 0 {
            return None;
        }
        if found >> index.bits == tag {
            let id = (found & !(u32::MAX << index.bits)).wrapping_sub(1);
            let name = view.string_of_length(view.packed_principal(id)?.arn, text.len());
            if name.is_some_and(|name| equal(name, text)) {
                return Some(id);
            }
        }
        place = if place + 1 == index.slots { 0 } else { place + 1 };
    }
    None
}

/// The id of a name.
#[inline(always)]
pub(crate) fn search_id(text: &[u8], table: impl Table) -> Option<u32> {
    let Found(entry, _) = search(text, table);
    entry.checked_sub(1)
}

/// The slot of a name in lower case, ignoring the text's ASCII case (rule A1: ASCII folding only).
#[inline(always)]
pub(crate) fn search_folded(text: &[u8], table: impl Table) -> Found {
    search_any::<true>(text, table)
}
