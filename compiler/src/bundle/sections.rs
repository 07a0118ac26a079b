//! The container: sections side by side, aligned, with a table before them and a digest over all.

use portcullis_runtime::format::{
    ALIGNMENT, FORMAT_VERSION, HEADER_BYTES, MAGIC, OLDEST_READER, SECTION_ENTRY_BYTES, Section,
};
use portcullis_runtime::seal;

/// The bytes of every section, in any order.
#[derive(Debug, Default)]
pub(super) struct Sections {
    entries: Vec<(Section, Vec<u8>)>,
}

impl Sections {
    pub(super) fn put(&mut self, section: Section, bytes: Vec<u8>) {
        self.entries.push((section, bytes));
    }

    /// Puts a section in the place of one that may be there.
    pub(super) fn set(&mut self, section: Section, bytes: Vec<u8>) {
        self.entries.retain(|(kind, _)| *kind != section);
        self.put(section, bytes);
    }

    pub(super) fn put_words(&mut self, section: Section, words: impl IntoIterator<Item = u32>) {
        let words = words.into_iter();
        let mut bytes = Vec::with_capacity(4 * words.size_hint().0);
        words.for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
        self.put(section, bytes);
    }

    /// Sets one word of some records of a section, by their places in it.
    pub(super) fn patch(&mut self, section: Section, words: usize, word: usize, values: Vec<(usize, u32)>) {
        let Some((_, bytes)) = self.entries.iter_mut().find(|(kind, _)| *kind == section) else { return };
        let (all, _) = bytes.as_chunks_mut::<4>();
        for (record, value) in values {
            if let Some(to) = all.get_mut(record * words + word) {
                *to = value.to_le_bytes();
            }
        }
    }

    /// The bytes of a section; none if it was not put.
    pub(super) fn bytes(&self, section: Section) -> &[u8] {
        self.entries.iter().find(|(kind, _)| *kind == section).map_or(&[], |(_, bytes)| bytes)
    }

    /// The whole bundle; `None` if it would pass 4 GiB, which its offsets cannot hold.
    pub(super) fn assemble(&self) -> Option<Vec<u8>> {
        let mut at = HEADER_BYTES + Section::ALL.len() * SECTION_ENTRY_BYTES;
        let mut table = Vec::new();
        for &section in Section::ALL {
            let (start, length) = (at.next_multiple_of(ALIGNMENT), self.bytes(section).len());
            at = start + length;
            for field in [section as u32, u32::try_from(start).ok()?, u32::try_from(length).ok()?, 0] {
                table.extend_from_slice(&field.to_le_bytes());
            }
        }
        let mut bundle = Vec::with_capacity(at);
        bundle.extend_from_slice(&MAGIC);
        bundle.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bundle.extend_from_slice(&OLDEST_READER.to_le_bytes());
        bundle.extend_from_slice(&(u32::try_from(at).ok()? as u64).to_le_bytes());
        bundle.extend_from_slice(&(Section::ALL.len() as u32).to_le_bytes());
        bundle.extend_from_slice(&0_u32.to_le_bytes());
        bundle.resize(HEADER_BYTES, 0);
        bundle.extend_from_slice(&table);
        for &section in Section::ALL {
            bundle.resize(bundle.len().next_multiple_of(ALIGNMENT), 0);
            bundle.extend_from_slice(self.bytes(section));
        }
        seal(&mut bundle);
        Some(bundle)
    }
}
