//! Checks of the hash tables.

use super::checks::{Starts, check, invalid};
use crate::error::LoadError;
use crate::format::Section;
use crate::format::index::{HEADER_WORDS, PROBES, SLOT_WORDS, packed_bits, packed_home, packed_tag};
use crate::hash::{hash, slot};
use crate::view::{Index, View};

/// A table has a power of two of slots, at least half of them empty, and holds every id once, near the slot that its name's hash names,
/// with no empty slot and no equal name between, and with what `rest` says of it; `tweak_of` gives what tells an id from others of its name. Linear: an entry's way is bounded, and every id has a name of its own.
pub(super) fn index<'a>(
    view: View<'_>,
    section: Section,
    count: u32,
    ids: &Starts,
    tweak_of: impl Fn(u32) -> u32,
    name: impl Fn(u32) -> Option<&'a [u8]>,
    rest: impl Fn(u32) -> Option<[u32; 2]>,
) -> Result<(), LoadError> {
    let words = view.count(section, 1)? as usize;
    let slots = words.checked_sub(HEADER_WORDS).ok_or(invalid(section, 0, "no seed"))?;
    let whole = slots.is_multiple_of(SLOT_WORDS) && view.word(section, 1) == Some(0);
    check(whole, section, 0, "half a slot, or not zero behind the seed")?;
    let index = view.index(section);
    let Index { keys, slots, .. } = index;
    let slots = *slots;
    let roomy = slots.is_power_of_two() && slots / 2 >= count;
    check(roomy, section, 0, "not a power of two of slots, or less than half of them empty")?;
    let mut filled = 0;
    for place in 0..slots {
        let slot = view.slot(index, place).ok_or(invalid(section, place, "unreadable"))?;
        let [_, entry, ..] = slot;
        match entry.checked_sub(1) {
            Some(id) => check(ids.known(id), section, place, "unknown id")?,
            None => check(slot == [0; SLOT_WORDS], section, place, "not zero in an empty slot")?,
        }
        filled += u32::from(entry != 0);
    }
    check(filled == count, section, 0, "the number of filled slots is not that of the entries")?;
    for id in (0..ids.count()).filter(|&id| ids.known(id)) {
        let text = name(id).ok_or(invalid(section, id, "no name"))?;
        let hash = hash(keys, tweak_of(id), text);
        let home = slot(hash, slots);
        let mut found = false;
        for distance in 0..PROBES {
            match view.slot(index, slot(u64::from(home.wrapping_add(distance)), slots)) {
                Some([tag, here, third, fourth]) if here == id + 1 => {
                    check(rest(id) == Some([third, fourth]), section, id, "its slot says something else")?;
                    found = tag == (hash >> 32) as u32;
                    break;
                }
                // An equal name earlier on the way would hide this one.
                Some([_, here, ..]) if here != 0 => {
                    let same = tweak_of(here - 1) == tweak_of(id) && name(here - 1) == Some(text);
                    check(!same, section, id, "a name stands twice")?;
                }
                _ => break,
            }
        }
        check(found, section, id, "not found near the place of its hash, or under another hash")?;
    }
    Ok(())
}

/// The table of packed principals: every id once, with the highest bits of its name's hash, near its home, with no empty slot and no equal name
/// between. Linear.
pub(super) fn packed_index<'a>(
    view: View<'_>,
    count: u32,
    name: impl Fn(u32) -> Option<&'a [u8]>,
) -> Result<(), LoadError> {
    let section = Section::PrincipalIndex;
    let words = view.count(section, 1)? as usize;
    let whole = words > HEADER_WORDS && view.word(section, 1) == Some(0);
    check(whole, section, 0, "no slots, or not zero behind the seed")?;
    let index = view.index(section);
    let Index { keys, slots, .. } = index;
    let (slots, bits) = (*slots, packed_bits(count).ok_or(invalid(section, 0, "too many principals"))?);
    check(slots > count, section, 0, "no empty slot")?;
    let id_of = |word: u32| (word & !(u32::MAX << bits)).checked_sub(1);
    let (mut ids, mut filled) = (Starts::new(count), 0);
    for place in 0..slots {
        let word = view.packed_slot(index, place).ok_or(invalid(section, place, "unreadable"))?;
        if word != 0 {
            let id = id_of(word).filter(|&id| id < count && !ids.known(id));
            ids.set(id.ok_or(invalid(section, place, "unknown id, or one that stands twice"))?);
            filled += 1;
        }
    }
    check(filled == count, section, 0, "the number of filled slots is not that of the entries")?;
    for id in 0..count {
        let text = name(id).ok_or(invalid(section, id, "no name"))?;
        let hash = hash(keys, 0, text);
        let (tag, mut place, mut found) = (packed_tag(hash, bits), packed_home(hash, slots), false);
        for _ in 0..PROBES {
            let word = view.packed_slot(index, place).unwrap_or(0);
            let Some(here) = id_of(word) else { break };
            if here == id {
                found = word >> bits == tag;
                break;
            }
            // An equal name earlier on the way would hide this one; it would have the same hash.
            let same = word >> bits == tag && name(here) == Some(text);
            check(!same, section, id, "a name stands twice")?;
            place = if place + 1 == slots { 0 } else { place + 1 };
        }
        check(found, section, id, "not found near the place of its hash, or under another hash")?;
    }
    Ok(())
}
