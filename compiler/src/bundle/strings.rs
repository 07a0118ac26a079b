//! The string table, and hash tables over names.

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

/// An open-addressing hash table over names, as its section's bytes: id + 1, or 0. At most half full.
pub(super) fn index(names: &[&str]) -> Vec<u8> {
    let slots = (names.len() * 2 + 1).next_power_of_two();
    let mut table = vec![0_u32; slots];
    for (id, name) in (1..).zip(names) {
        let mut slot = hash(name.as_bytes()) as usize & (slots - 1);
        while table.get(slot).is_some_and(|taken| *taken != 0) {
            slot = (slot + 1) & (slots - 1);
        }
        if let Some(free) = table.get_mut(slot) {
            *free = id;
        }
    }
    table.into_iter().flat_map(u32::to_le_bytes).collect()
}
