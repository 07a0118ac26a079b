//! The string table, and hash tables over names.

use portcullis_runtime::format::index::{PROBES, SLOT_WORDS, packed_bits, packed_home, packed_tag};
use portcullis_runtime::hash::{Keys, hash};

use crate::intern::HashMap;

/// All strings of a bundle, each once but for pairs, as the bytes of their section.
#[derive(Debug, Default)]
pub(super) struct Strings {
    places: HashMap<String, u32>,
    bytes: Vec<u8>,
}

impl Strings {
    /// The place of a string: the word where its length stands.
    pub(super) fn id(&mut self, text: &str) -> u32 {
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        let place = self.append(text);
        self.places.insert(text.to_owned(), place);
        place
    }

    /// The place of a string that has another one right behind it. Neither is one of those that stand once.
    pub(super) fn pair(&mut self, text: &str, behind: &str) -> u32 {
        let place = self.append(text);
        self.append(behind);
        place
    }

    fn append(&mut self, text: &str) -> u32 {
        let place = (self.bytes.len() / 4) as u32;
        self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        place
    }

    /// The bytes of the section.
    pub(super) fn section(self) -> Vec<u8> {
        self.bytes
    }
}

/// A name in a hash table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) text: &'a str,
    pub(super) id: u32,
    /// What else its slot holds.
    pub(super) rest: [u32; 2],
}

/// A hash table over distinct names with their ids, as its section's bytes: the first seed under which no entry stands too far from its place, and the
/// slots, at most half of them filled, in a small table a quarter. `None` if no seed does, which names would have to be made for.
pub(super) fn index(names: &[Named<'_>]) -> Option<Vec<u8>> {
    index_by(names, |_| 0)
}

/// The same where a tweak tells an id from others of its name.
pub(super) fn index_by(names: &[Named<'_>], tweak_of: impl Fn(u32) -> u32) -> Option<Vec<u8>> {
    let room = if names.len() <= SMALL { 4 } else { 2 };
    let slots = (names.len() * room + 1).next_power_of_two();
    let (seed, table) =
        (0..SEEDS).find_map(|seed| Some((seed, place(names, &Keys::of(seed), &tweak_of, slots)?)))?;
    Some([seed, 0].into_iter().chain(table.into_iter().flatten()).flat_map(u32::to_le_bytes).collect())
}

/// Names up to which a table is small.
const SMALL: usize = 32_768;

/// Seeds that are tried.
const SEEDS: u32 = 1_024;

fn place(
    names: &[Named<'_>],
    keys: &Keys,
    tweak_of: impl Fn(u32) -> u32,
    slots: usize,
) -> Option<Vec<[u32; SLOT_WORDS]>> {
    let mut table = vec![[0; SLOT_WORDS]; slots];
    for &Named { text, id, rest: [third, fourth] } in names {
        let hash = hash(keys, tweak_of(id), text.as_bytes());
        let home = hash as usize;
        let free = (0..PROBES as usize).find_map(|distance| {
            let slot = home.wrapping_add(distance) & (slots - 1);
            table.get(slot).is_some_and(|[_, taken, ..]| *taken == 0).then_some(slot)
        })?;
        if let Some(slot) = table.get_mut(free) {
            *slot = [(hash >> 32) as u32, id + 1, third, fourth];
        }
    }
    Some(table)
}

/// A packed hash table over distinct names, whose ids are their places in the list: four fifths of the slots filled, those of one home side by side.
/// `None` if no seed puts every entry near its place.
pub(super) fn packed_index(names: &[&str]) -> Option<Vec<u8>> {
    let count = u32::try_from(names.len()).ok()?;
    let bits = packed_bits(count)?;
    let slots = u32::try_from(names.len() + names.len() / 4 + 1).ok()?;
    (0..SEEDS).find_map(|seed| {
        let keys = Keys::of(seed);
        let mut entries: Vec<(u32, u32, u32)> = names
            .iter()
            .zip(1..)
            .map(|(text, entry)| {
                let hash = hash(&keys, 0, text.as_bytes());
                (packed_home(hash, slots), entry, packed_tag(hash, bits))
            })
            .collect();
        // In the order of their homes: so none stands much further from its own than others do.
        entries.sort_unstable();
        let mut table = vec![0; slots as usize];
        let mut next = 0;
        for (home, entry, tag) in entries {
            let mut place = home.max(next);
            if place >= slots {
                let free = table.iter().position(|word| *word == 0)?;
                place = u32::try_from(free).ok()?;
            } else {
                next = place + 1;
            }
            let distance = (place + slots - home) % slots;
            if distance >= PROBES {
                return None;
            }
            *table.get_mut(place as usize)? = tag << bits | entry;
        }
        Some([seed, 0].into_iter().chain(table).flat_map(u32::to_le_bytes).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// THREATS: names that were chosen to collide get another seed.
    #[test]
    fn colliding_names_get_another_seed() {
        let colliding: Vec<String> = (0_u32..)
            .map(|number| format!("user/{number}"))
            .filter(|name| hash(&Keys::of(0), 0, name.as_bytes()) & 0x7ff == 0)
            .take(300)
            .collect();
        let names: Vec<Named<'_>> =
            colliding.iter().zip(0..).map(|(text, id)| Named { text, id, rest: [0; 2] }).collect();
        let bytes = index(&names).unwrap();
        assert_ne!(bytes.first_chunk::<4>(), Some(&[0; 4]));
        assert_eq!(bytes.len(), 4 * (2 + 4 * 2_048));
        assert_eq!(index(&[]).map(|bytes| bytes.len()), Some(24));
    }

    /// Every name is found from its home on, before an empty slot, whatever the number of them: also around the end.
    #[test]
    fn packed_names_are_found_from_their_homes_on() {
        let all: Vec<String> =
            (0..5_000).map(|number| format!("arn:aws:iam::123456789012:user/{number}")).collect();
        let (mut around, mut furthest) = (0, 0);
        for count in (1..200).chain([1_000, 4_999, 5_000]) {
            let names: Vec<&str> = all.iter().take(count).map(String::as_str).collect();
            let bytes = packed_index(&names).unwrap();
            let words: Vec<u32> =
                bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
            let (header, table) = words.split_at(2);
            let (slots, bits) = (table.len() as u32, packed_bits(count as u32).unwrap());
            assert!(table.len() > count && table.len() <= count + count / 4 + 1);
            for (name, entry) in names.iter().zip(1..) {
                let hash = hash(&Keys::of(header[0]), 0, name.as_bytes());
                let home = packed_home(hash, slots);
                let wanted = packed_tag(hash, bits) << bits | entry;
                let distance = (0..PROBES).find(|distance| {
                    let found = table[((home + distance) % slots) as usize];
                    assert_ne!(found, 0, "{name} of {count}");
                    found == wanted
                });
                furthest = furthest.max(distance.unwrap());
                around += u32::from(home + distance.unwrap() >= slots);
            }
        }
        assert!(around > 10 && furthest > 5, "{around} {furthest}");
        assert_eq!(packed_index(&[]).map(|bytes| bytes.len()), Some(12));
    }
}
