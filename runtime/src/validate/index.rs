//! Checks of the hash tables.

use super::checks::{Bits, check, invalid};
use crate::error::LoadError;
use crate::format::{Section, index::PROBES};
use crate::hash::{hash, slot};
use crate::view::View;

/// A table has a power of two of slots, more than half of them empty, and holds every id once, near the slot that its name's hash names,
/// with no empty slot and no equal name between. Linear: an entry's way is bounded, and no string is the name of two.
pub(super) fn index(
    view: View<'_>,
    section: Section,
    count: u32,
    strings: u32,
    name: impl Fn(u32) -> Option<u32>,
) -> Result<(), LoadError> {
    view.count(section, 1)?.checked_sub(1).ok_or(invalid(section, 0, "no seed"))?;
    let (seed, slots) = (view.seed(section), view.slots(section));
    let roomy = slots.is_power_of_two() && slots / 2 >= count;
    check(roomy, section, 0, "not a power of two of slots, or less than half of them empty")?;
    let mut filled = 0;
    for place in 0..slots {
        let id = view.slot(section, place).ok_or(invalid(section, place, "unreadable"))?;
        check(id <= count, section, place, "unknown id")?;
        filled += u32::from(id != 0);
    }
    check(filled == count, section, 0, "the number of filled slots is not that of the entries")?;
    let mut named = Bits::new(strings);
    for id in 0..count {
        let string = name(id).ok_or(invalid(section, id, "no name"))?;
        check(named.insert(string), section, id, "a name stands twice")?;
        let text = view.string_bytes(string).ok_or(invalid(section, id, "no name"))?;
        let home = slot(hash(seed, text), slots);
        let mut found = false;
        for distance in 0..PROBES {
            match view.slot(section, slot(u64::from(home + distance), slots)) {
                Some(here) if here == id + 1 => {
                    found = true;
                    break;
                }
                // An equal name earlier on the way would hide this one.
                Some(here) if here != 0 => {
                    let other = name(here - 1).and_then(|string| view.string_bytes(string));
                    check(other != Some(text), section, id, "a name stands twice")?;
                }
                _ => break,
            }
        }
        check(found, section, id, "not found near the place of its hash")?;
    }
    Ok(())
}
