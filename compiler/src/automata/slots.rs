//! Tables of nodes that look a text up by its hash.

use portcullis_runtime::format::slot;
use portcullis_runtime::hash::{Multipliers, lookup_slot};

/// A table: slots with what stands in them.
#[derive(Clone, Debug)]
pub(super) struct Slots<T> {
    pub(super) of: Multipliers,
    /// Most slots between an entry and the slot that its hash gives.
    pub(super) further: u32,
    /// A power of two of them.
    pub(super) slots: Vec<Option<T>>,
}

impl<T> Slots<T> {
    /// All entries.
    pub(super) fn entries(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }

    /// The parameter of the node.
    pub(super) fn parameter(&self) -> usize {
        ((u64::BITS - self.slots.len().ilog2()) | (self.further << 8)) as usize
    }
}

/// Places every entry near its slot: each in its own in a table as small as can be, else in one that is at most half full, or less where no seed does. `hash`
/// gives the hash of an entry under some multipliers, and what that costs. What trying costs is added to `work`, and is `most` at most.
pub(super) fn place<T>(
    entries: Vec<T>,
    hash: impl Fn(&T, Multipliers) -> (u64, usize),
    most: usize,
    work: &mut usize,
) -> Option<Slots<T>> {
    let size = entries.len().next_power_of_two().max(2);
    let small = if entries.len() <= SMALL { find(&entries, &hash, size, 0, most, work) } else { None };
    let found = small.or_else(|| {
        (1..4).find_map(|doubled| find(&entries, &hash, size << doubled, slot::PROBES - 1, most, work))
    });
    let Found { seed, further, places, size, .. } = found?;
    let mut slots: Vec<Option<T>> = std::iter::repeat_with(|| None).take(size).collect();
    for (entry, place) in entries.into_iter().zip(places) {
        slots.get_mut(place)?.replace(entry);
    }
    Some(Slots { of: Multipliers::of(seed), further: further as u32, slots })
}

/// Entries for which a table without room to spare is looked for.
const SMALL: usize = 8;

/// Where a seed puts the entries.
struct Found {
    seed: u32,
    size: usize,
    places: Vec<usize>,
    displaced: usize,
    further: u64,
}

/// Of some seeds the one under which the fewest entries stand behind another, none further than allowed: each of those costs a walk a wrong guess.
fn find<T>(
    entries: &[T],
    hash: impl Fn(&T, Multipliers) -> (u64, usize),
    size: usize,
    furthest: u64,
    most: usize,
    work: &mut usize,
) -> Option<Found> {
    let shift = u64::BITS - size.ilog2();
    let mut taken = vec![false; size];
    let mut best: Option<Found> = None;
    'seeds: for seed in 0..SEEDS {
        if best.as_ref().is_some_and(|best| best.displaced == 0 || seed >= GOOD_SEEDS) {
            break;
        }
        *work += size / 8 + 1;
        if *work > most {
            return None;
        }
        let of = Multipliers::of(seed);
        taken.fill(false);
        let mut found =
            Found { seed, size, places: Vec::with_capacity(entries.len()), displaced: 0, further: 0 };
        for entry in entries {
            let (hash, cost) = hash(entry, of);
            *work += cost;
            let place = |further: u64| lookup_slot(hash, shift, further) as usize;
            let free = |&further: &u64| taken.get(place(further)) == Some(&false);
            let Some(further) = (0..=furthest).find(free) else { continue 'seeds };
            taken.iter_mut().skip(place(further)).take(1).for_each(|taken| *taken = true);
            found.places.push(place(further));
            found.displaced += usize::from(further > 0);
            found.further = found.further.max(further);
        }
        if best.as_ref().is_none_or(|best| found.displaced < best.displaced) {
            best = Some(found);
        }
    }
    best
}

/// Seeds that are tried until one fits, and until one fits well.
const SEEDS: u32 = 64;
const GOOD_SEEDS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// What all multipliers put into one slot has no table, once it is more than is looked at.
    #[test]
    fn what_collides_under_all_multipliers_has_no_table() {
        let place = |count: usize, work: &mut usize| {
            place((0..count).collect(), |_, _| (7 << 60, 1), usize::MAX, work).map(|slots| slots.further)
        };
        let mut work = 0;
        assert_eq!(place(8, &mut work), Some(7));
        assert_eq!(place(9, &mut work), None);
        assert!(work > 64 * 9, "{work}");
        // Nor is more tried than is allowed.
        let mut work = 0;
        let found = super::place(vec![0; 9], |_, _| (7 << 60, 1), 50, &mut work);
        assert!(found.is_none() && work < 100, "{work}");
    }

    /// A few stand each in its own slot, in a table of as few slots as they can fill; more in one that is half full.
    #[test]
    fn a_few_fill_their_table() {
        for (count, slots) in [(1, 2), (2, 2), (3, 4), (4, 4), (9, 32), (100, 256)] {
            let hash = |entry: &u64, Multipliers([a, _]): Multipliers| (entry.wrapping_mul(a), 1);
            let table = place((1..=count).collect(), hash, usize::MAX, &mut 0).unwrap();
            assert_eq!(table.slots.len(), slots, "{count}");
            assert!(table.slots.len() > 4 || table.further == 0, "{count}");
            let mut entries: Vec<u64> = table.entries().copied().collect();
            entries.sort_unstable();
            assert_eq!(entries, (1..=count).collect::<Vec<_>>());
            for (slot, entry) in table.slots.iter().enumerate() {
                let Some(entry) = entry else { continue };
                let shift = (table.parameter() & 0xff) as u32;
                let near = (0..=u64::from(table.further))
                    .map(|far| lookup_slot(hash(entry, table.of).0, shift, far));
                assert!(near.into_iter().any(|place| place as usize == slot), "{count} {entry}");
            }
        }
    }
}
