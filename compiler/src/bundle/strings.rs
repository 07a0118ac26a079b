//! The string table, and hash tables over names.

use portcullis_runtime::format::index::PROBES;
use portcullis_runtime::hash::hash;

use crate::intern::Interner;

/// All strings of a bundle, each once.
#[derive(Debug, Default)]
pub(super) struct Strings {
    table: Interner<String>,
}

impl Strings {
    pub(super) fn id(&mut self, text: &str) -> u32 {
        self.table.intern(text.to_owned())
    }

    /// The bytes of the two string sections.
    pub(super) fn sections(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut offsets, mut bytes) = (Vec::new(), Vec::new());
        offsets.extend_from_slice(&0_u32.to_le_bytes());
        for text in self.table.items() {
            bytes.extend_from_slice(text.as_bytes());
            offsets.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        }
        (offsets, bytes)
    }
}

/// A hash table over distinct names as its section's bytes: the first seed under which no entry stands too far from its place, and the
/// slots, at most half of them filled. `None` if no seed does, which names would have to be made for.
pub(super) fn index(names: &[&str]) -> Option<Vec<u8>> {
    let slots = (names.len() * 2 + 1).next_power_of_two();
    let (seed, table) = (0..SEEDS).find_map(|seed| Some((seed, place(names, seed, slots)?)))?;
    Some(std::iter::once(seed).chain(table).flat_map(u32::to_le_bytes).collect())
}

/// Seeds that are tried.
const SEEDS: u32 = 1_024;

fn place(names: &[&str], seed: u32, slots: usize) -> Option<Vec<u32>> {
    let mut table = vec![0_u32; slots];
    for (id, name) in (1..).zip(names) {
        let home = hash(seed, name.as_bytes()) as usize;
        let free = (0..PROBES as usize).find_map(|distance| {
            let slot = home.wrapping_add(distance) & (slots - 1);
            table.get(slot).is_some_and(|taken| *taken == 0).then_some(slot)
        })?;
        if let Some(slot) = table.get_mut(free) {
            *slot = id;
        }
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// THREATS: names that were chosen to collide get another seed.
    #[test]
    fn colliding_names_get_another_seed() {
        let colliding: Vec<String> = (0_u32..)
            .map(|number| format!("user/{number}"))
            .filter(|name| hash(0, name.as_bytes()) & 0x3ff == 0)
            .take(300)
            .collect();
        let names: Vec<&str> = colliding.iter().map(String::as_str).collect();
        let bytes = index(&names).unwrap();
        assert_ne!(bytes.first_chunk::<4>(), Some(&[0; 4]));
        assert_eq!(bytes.len(), 4 * (1 + 1_024));
        assert_eq!(index(&[]).map(|bytes| bytes.len()), Some(8));
    }
}
