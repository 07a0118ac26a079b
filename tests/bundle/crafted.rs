//! Crafted bundles: for each sentence of FORMAT.md at least one bundle that breaks that sentence, under a digest that fits.

#[path = "crafted/cases.rs"]
mod cases;
#[path = "crafted/names.rs"]
mod names;
#[path = "crafted/packed.rs"]
mod packed;
#[path = "crafted/routes.rs"]
mod routes;
#[path = "crafted/segments.rs"]
mod segments;
#[path = "crafted/world.rs"]
mod world;

use std::collections::BTreeSet;

use portcullis::runtime::format::{self as f, ALIGNMENT, HEADER_BYTES, MAGIC, SECTION_ENTRY_BYTES, Section};
use portcullis::runtime::hash::{Keys, hash, slot};
use portcullis::runtime::{Bundle, LoadError, seal};

use super::golden;
use cases::{Change, STRUCTURE};

/// All cases: sentence, the section whose record is refused, a part of what is said, and the change.
fn cases() -> impl Iterator<Item = &'static (u32, Section, &'static str, Change)> {
    STRUCTURE.iter().chain(names::NAMES).chain(segments::SEGMENTS).chain(world::WORLD).chain(routes::ROUTES)
}

/// Those of packed principals.
fn packed_cases() -> impl Iterator<Item = &'static (u32, Section, &'static str, Change)> {
    packed::PACKED.iter()
}

/// A bundle taken apart.
#[derive(Clone)]
pub(super) struct Parts {
    version: u32,
    oldest: u32,
    sections: Vec<(u32, Vec<u8>)>,
}

impl Parts {
    pub(super) fn golden() -> Self {
        Self::of(golden::bytes(), f::OLDEST_READER)
    }

    fn packed() -> Self {
        Self::of(golden::packed_bytes(), f::OLDEST_READER)
    }

    fn of(bytes: Vec<u8>, oldest: u32) -> Self {
        let bundle = Bundle::from_bytes(bytes).unwrap();
        let sections = bundle.sections();
        let part = |&(section, _): &(Section, usize)| (section as u32, bundle.section(section).to_vec());
        Self { version: f::FORMAT_VERSION, oldest, sections: sections.iter().map(part).collect() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut table: Vec<u8> = Vec::new();
        let mut body: Vec<u8> = Vec::new();
        let base = HEADER_BYTES + self.sections.len() * SECTION_ENTRY_BYTES;
        for (kind, content) in &self.sections {
            body.resize((base + body.len()).next_multiple_of(ALIGNMENT) - base, 0);
            for word in [*kind, (base + body.len()) as u32, content.len() as u32, 0] {
                table.extend(word.to_le_bytes());
            }
            body.extend(content);
        }
        let mut bytes = MAGIC.to_vec();
        for word in [self.version, self.oldest, (base + body.len()) as u32, 0, self.sections.len() as u32] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.resize(HEADER_BYTES, 0);
        bytes.extend(table);
        bytes.extend(body);
        seal(&mut bytes);
        bytes
    }

    fn content(&mut self, section: Section) -> &mut Vec<u8> {
        &mut self.sections[section as usize - 1].1
    }

    fn words(&self, section: Section) -> Vec<u32> {
        let (words, _) = self.sections[section as usize - 1].1.as_chunks::<4>();
        words.iter().map(|word| u32::from_le_bytes(*word)).collect()
    }

    fn set_words(&mut self, section: Section, words: &[u32]) {
        *self.content(section) = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    }

    fn set(&mut self, section: Section, word: usize, value: u32) {
        self.content(section)[word * 4..word * 4 + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// The place of the first word of the first record that a test picks.
    fn find(&self, section: Section, words: usize, pick: impl Fn(&[u32]) -> bool) -> usize {
        words * self.words(section).chunks(words).position(pick).unwrap()
    }

    fn string(&self, id: u32) -> Vec<u8> {
        let bytes = &self.sections[Section::Strings as usize - 1].1[id as usize * 4..];
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        bytes[4..4 + length].to_vec()
    }

    fn add_string(&mut self, text: &[u8]) -> u32 {
        let strings = self.content(Section::Strings);
        let place = strings.len() / 4;
        strings.extend((text.len() as u32).to_le_bytes());
        strings.extend(text);
        strings.resize(strings.len().next_multiple_of(4), 0);
        place as u32
    }

    /// Fills the hash table of principals anew, without looking whether names stand twice.
    fn index_principals(&mut self) {
        let (index, principals) = (Section::PrincipalIndex, self.words(Section::Principals));
        let slots = (self.words(index).len() - 2) / 4;
        let mut table = vec![[0; 4]; slots];
        for (id, record) in (1..).zip(principals.chunks(f::Principal::WORDS)) {
            let hash = hash(&Keys::of(0), 0, &self.string(record[0]));
            let mut at = slot(hash, slots as u32) as usize;
            while table[at][1] != 0 {
                at = (at + 1) % slots;
            }
            table[at] = [(hash >> 32) as u32, id, record[0], record[7]];
        }
        self.set_words(index, &[vec![0, 0], table.concat()].concat());
    }

    /// The same of packed ones.
    fn index_packed(&mut self) {
        let (index, principals) = (Section::PrincipalIndex, self.words(Section::Principals));
        let slots = (self.words(index).len() - 2) as u32;
        let records = principals.chunks(f::PackedPrincipal::WORDS);
        let bits = f::index::packed_bits(records.len() as u32).unwrap();
        let mut table = vec![0; slots as usize];
        for (entry, record) in (1..).zip(records) {
            let hash = hash(&Keys::of(0), 0, &self.string(record[0]));
            let mut at = f::index::packed_home(hash, slots) as usize;
            while table[at] != 0 {
                at = (at + 1) % slots as usize;
            }
            table[at] = f::index::packed_tag(hash, bits) << bits | entry;
        }
        self.set_words(index, &[vec![0, 0], table].concat());
    }

    /// The first word of the first slot whose entry a test picks.
    fn slot(&self, index: Section, pick: impl Fn(u32) -> bool) -> usize {
        let words = self.words(index);
        (2..words.len()).step_by(4).find(|&at| pick(words[at + 1])).unwrap()
    }

    /// The first word of the first action whose name's length a test picks.
    fn action(&self, pick: impl Fn(u32) -> bool) -> usize {
        let words = self.words(Section::Actions);
        let mut at = 0;
        while !pick(words[at + 4]) {
            at += 5 + words[at + 4].div_ceil(4) as usize;
        }
        at
    }

    /// Adds a union of the first sets.
    fn union(&mut self, default_list: u32, count: usize) {
        let words = self.words(Section::Sets);
        let (mut sets, mut at) = (Vec::new(), 0);
        while at < words.len() && words[at] != 0 {
            sets.push(at as u32);
            at += 5 + 2 * words[at] as usize;
        }
        let rule_roots = self.words(Section::SetRuleRoots).len() as u32;
        let union = [0, count as u32, default_list, rule_roots, 0];
        let all = [&words[..], &union, &sets[..count]].concat();
        self.set_words(Section::Sets, &all);
    }

    /// The places of the slots of all sets.
    fn slots(&self) -> Vec<usize> {
        let words = self.words(Section::Sets);
        let (mut slots, mut at) = (Vec::new(), 0);
        while at < words.len() {
            let end = at + 5 + 2 * words[at] as usize;
            slots.extend((at + 5..end).step_by(2));
            at = end;
        }
        slots
    }

    /// The place of the first slot with a service, and with a row that is not the first of its section.
    fn service(&self) -> usize {
        let words = self.words(Section::Sets);
        self.slots().into_iter().find(|&slot| words[slot] != u32::MAX && words[slot + 1] != 0).unwrap()
    }

    /// The id of the first row whose number of cells a test picks.
    fn row(&self, pick: impl Fn(u32) -> bool) -> usize {
        let words = self.words(Section::Rows);
        let mut at = 0;
        while !pick(words[at]) {
            at += words[at] as usize + 1;
        }
        at
    }

    /// The first word of the first classifier of a reading.
    fn classifier(&self, reading: u32) -> usize {
        self.find(Section::Classifiers, 7, |classifier| classifier[0] == reading)
    }

    /// The first word of the first diagram node of a kind.
    fn diagram(&self, kind: u32) -> usize {
        *golden::diagrams(&self.words(Section::Diagrams), &self.words(Section::Classifiers))
            .get(&kind)
            .unwrap()
    }
}

#[test]
fn what_was_taken_apart_and_put_together_is_the_same() {
    assert!(Parts::golden().bytes() == golden::bytes());
    assert!(Parts::packed().bytes() == golden::packed_bytes());
}

#[test]
fn a_union_of_sets_is_read() {
    let mut parts = Parts::golden();
    parts.union(portcullis::runtime::format::terminal::NOTHING, 2);
    assert!(Bundle::from_bytes(parts.bytes()).is_ok());
}

#[test]
fn a_segment_node_is_read() {
    let mut parts = Parts::golden();
    segments::add(&mut parts);
    assert!(Bundle::from_bytes(parts.bytes()).is_ok());
}

#[test]
fn every_broken_sentence_is_refused() {
    let mut wrong = Vec::new();
    let plain = cases().map(|case| (Parts::golden(), case));
    for (mut parts, (sentence, section, what, change)) in
        plain.chain(packed_cases().map(|case| (Parts::packed(), case)))
    {
        change(&mut parts);
        match Bundle::from_bytes(parts.bytes()).err() {
            Some(LoadError::Invalid { section: found, what: said, .. })
                if found == *section && said.contains(what) => {}
            other => wrong.push(format!("{sentence}: {what}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_broken_container_is_refused() {
    let refused = |change: fn(&mut Vec<u8>), error: LoadError| {
        let mut bytes = golden::bytes();
        change(&mut bytes);
        seal(&mut bytes);
        assert_eq!(Bundle::from_bytes(bytes).err(), Some(error));
    };
    // Sentences 1 to 3.
    refused(|bytes| bytes.truncate(HEADER_BYTES - 1), LoadError::TooShort);
    refused(|bytes| bytes[0] = b'p', LoadError::NotABundle);
    refused(|bytes| bytes[28] = 1, LoadError::SectionTable);
    refused(|bytes| bytes[12] = 0, LoadError::UnknownVersion { version: 7 });
    refused(|bytes| bytes[12] = 8, LoadError::TooNew { needs: 8 });
    refused(
        |bytes| {
            bytes[8] = 6;
            bytes[12] = 6;
        },
        LoadError::TooOld { version: 6 },
    );
    refused(|bytes| bytes[8] = 0, LoadError::UnknownVersion { version: 0 });
    let length = golden::bytes().len() as u64;
    let wrong = LoadError::WrongLength { expected: length + (1 << 32), actual: length };
    refused(|bytes| bytes[20] = 1, wrong);
    // Sentence 4: not sealed again.
    let mut bytes = golden::bytes();
    bytes[40] ^= 1;
    assert_eq!(Bundle::from_bytes(bytes).err(), Some(LoadError::WrongDigest));
    // Sentences 5 and 6.
    for (at, value) in
        [(24, 50), (24, 52), (24, 45), (64, 2), (64 + 12, 1), (64 + 4, 8), (64 + 5, 0xff), (64 + 8, 1)]
    {
        let mut bytes = golden::bytes();
        bytes[at] = value;
        seal(&mut bytes);
        assert_eq!(Bundle::from_bytes(bytes).err(), Some(LoadError::SectionTable), "byte {at}");
    }
    let mut parts = Parts::golden();
    parts.content(Section::Model).truncate(1);
    let mut bytes = parts.bytes();
    let model = super::damage::start(&bytes, Section::Model);
    bytes[model + 1] = 1;
    seal(&mut bytes);
    assert_eq!(Bundle::from_bytes(bytes).err(), Some(LoadError::SectionTable), "what is not zero in a gap");
    for sections in [vec![(51, Vec::new())], vec![(60, Vec::new()), (60, Vec::new())]] {
        let mut parts = Parts::golden();
        parts.sections.extend(sections);
        assert_eq!(Bundle::from_bytes(parts.bytes()).err(), Some(LoadError::SectionTable));
    }
}

#[test]
fn a_later_version_that_names_this_reader_is_read() {
    let mut parts = Parts::golden();
    parts.version = 8;
    parts.sections.extend([(52, vec![1, 2, 3]), (90, Vec::new())]);
    let bundle = Bundle::from_bytes(parts.bytes()).unwrap();
    let old = Bundle::from_bytes(golden::bytes()).unwrap();
    for (_, request, _) in golden::recorded() {
        let [new, old] = [&bundle, &old].map(|bundle| portcullis::ask::ask(bundle, &request).unwrap());
        assert_eq!((new.effect(), new.reason()), (old.effect(), old.reason()));
    }
    parts.oldest = 8;
    assert_eq!(Bundle::from_bytes(parts.bytes()).err(), Some(LoadError::TooNew { needs: 8 }));
}

/// Sentences 1 to 6 are the container's, tested above; each of the others has a case.
#[test]
fn every_sentence_of_the_format_has_a_case() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime/FORMAT.md");
    let text = std::fs::read_to_string(path).unwrap();
    let numbers = text.lines().filter_map(|line| line.split_once(". ")?.0.parse::<u32>().ok());
    let sentences: BTreeSet<u32> = numbers.collect();
    assert_eq!(sentences, (1..=sentences.len() as u32).collect());
    let cases: BTreeSet<u32> =
        (1..=6).chain(cases().chain(packed_cases()).map(|(sentence, ..)| *sentence)).collect();
    assert_eq!(cases, sentences);
}
