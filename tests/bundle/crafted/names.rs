//! The crafted bundles that break a sentence about names: strings, hash tables, principals, actions, services.

use portcullis::runtime::format::{self as f, NONE, Section};
use portcullis::runtime::hash::{Keys, hash, slot};

use super::Parts;
use super::cases::Change;

/// Adds one to a word of the first slot of a hash table that is not empty.
fn one_more(it: &mut Parts, index: Section, word: usize) {
    let at = it.slot(index, |entry| entry != 0) + word;
    it.set(index, at, it.words(index)[at] + 1);
}

/// Sentence, the section whose record is refused, a part of what is said, and the change.
pub(super) const NAMES: &[(u32, Section, &str, Change)] = &[
    (8, Section::Strings, "past the end", |it| it.set(Section::Strings, 0, 1 << 20)),
    (8, Section::Strings, "past the end", |it| it.set(Section::Strings, 0, u32::MAX)),
    (8, Section::Strings, "not UTF-8", |it| it.content(Section::Strings)[4] = 0xff),
    (8, Section::Strings, "not zero", |it| {
        it.content(Section::Strings).extend([1, 0, 0, 0, b'x', 0, 1, 0]);
    }),
    (9, Section::PrincipalIndex, "no seed", |it| it.content(Section::PrincipalIndex).clear()),
    (9, Section::PrincipalIndex, "half a slot", |it| it.content(Section::PrincipalIndex).extend([0; 4])),
    (9, Section::PrincipalIndex, "not zero behind the seed", |it| it.set(Section::PrincipalIndex, 1, 1)),
    (9, Section::PrincipalIndex, "power of two", |it| it.content(Section::PrincipalIndex).extend([0; 16])),
    (9, Section::PrincipalIndex, "half of them", |it| {
        it.content(Section::PrincipalIndex).truncate(8 + 4 * 16);
    }),
    (9, Section::PrincipalIndex, "empty slot", |it| {
        let at = it.slot(Section::PrincipalIndex, |entry| entry == 0);
        it.set(Section::PrincipalIndex, at, 1);
    }),
    (10, Section::PrincipalIndex, "unknown id", |it| {
        let at = it.slot(Section::PrincipalIndex, |entry| entry != 0);
        it.set(Section::PrincipalIndex, at + 1, 50);
    }),
    (10, Section::ActionIndex, "unknown id", |it| {
        let at = it.slot(Section::ActionIndex, |entry| entry == 1);
        it.set(Section::ActionIndex, at + 1, 2);
    }),
    (10, Section::ActionIndex, "filled slots", |it| {
        let at = it.slot(Section::ActionIndex, |entry| entry != 0);
        (at..at + 4).for_each(|word| it.set(Section::ActionIndex, word, 0));
    }),
    (10, Section::ActionIndex, "not found", |it| {
        let at = it.slot(Section::ActionIndex, |entry| entry != 0);
        it.set(Section::ActionIndex, at, !it.words(Section::ActionIndex)[at]);
    }),
    (10, Section::PrincipalIndex, "not found", |it| {
        let at = it.slot(Section::PrincipalIndex, |entry| entry == 1);
        let other = it.slot(Section::PrincipalIndex, |entry| entry == 2);
        let words = it.words(Section::PrincipalIndex);
        (1..4).for_each(|word| it.set(Section::PrincipalIndex, at + word, words[other + word]));
    }),
    (10, Section::PrincipalIndex, "something else", |it| {
        let at = it.slot(Section::PrincipalIndex, |entry| entry == 1);
        let other = it.slot(Section::PrincipalIndex, |entry| entry == 2);
        let words = it.words(Section::PrincipalIndex);
        (2..4).for_each(|word| it.set(Section::PrincipalIndex, at + word, words[other + word]));
    }),
    (10, Section::PrincipalIndex, "something else", |it| {
        let at = it.slot(Section::PrincipalIndex, |entry| entry == 1);
        it.set(Section::PrincipalIndex, at + 2, it.words(Section::PrincipalIndex)[at + 2] + 1);
    }),
    (10, Section::ActionIndex, "something else", |it| {
        let at = it.slot(Section::ActionIndex, |entry| entry != 0);
        it.set(Section::ActionIndex, at + 3, it.words(Section::ActionIndex)[at + 3] + 1);
    }),
    (10, Section::ActionIndex, "something else", |it| {
        let at = it.slot(Section::ActionIndex, |entry| entry != 0);
        it.set(Section::ActionIndex, at + 2, u32::MAX);
    }),
    // Another identity set than the record's.
    (10, Section::PrincipalIndex, "something else", |it| {
        let at = it.slot(Section::PrincipalIndex, |entry| entry == 1);
        let set = it.words(Section::PrincipalIndex)[at + 3];
        let other = if set == 0 { 5 + 2 * it.words(Section::Sets)[0] } else { 0 };
        it.set(Section::PrincipalIndex, at + 3, other);
    }),
    (10, Section::AccountIndex, "something else", |it| one_more(it, Section::AccountIndex, 3)),
    (10, Section::BehindIndex, "something else", |it| one_more(it, Section::BehindIndex, 3)),
    (10, Section::ResourceIndex, "something else", |it| one_more(it, Section::ResourceIndex, 3)),
    (10, Section::EndpointIndex, "something else", |it| one_more(it, Section::EndpointIndex, 3)),
    (10, Section::ClassTextIndex, "something else", |it| one_more(it, Section::ClassTextIndex, 2)),
    (10, Section::ClassTextIndex, "something else", |it| one_more(it, Section::ClassTextIndex, 3)),
    // An entry 128 slots behind its home, all slots between filled with others.
    (10, Section::PrincipalIndex, "not found", |it| {
        let record = it.words(Section::Principals)[..f::Principal::WORDS].to_vec();
        let mut names = Vec::new();
        for number in 0_u32.. {
            let name = format!("n{number}");
            if slot(hash(&Keys::of(0), 0, name.as_bytes()), 512) == 7 {
                names.push(it.add_string(name.as_bytes()));
            }
            if names.len() == 129 {
                break;
            }
        }
        let mut records = Vec::new();
        for name in &names {
            records.extend(&record);
            let at = records.len() - record.len();
            records[at] = *name;
            records[at + 9..at + 11].fill(0);
            records[at + 14] = 0;
        }
        it.content(Section::Tags).clear();
        it.set_words(Section::Principals, &records);
        it.set_words(Section::PrincipalIndex, &[0; 2 + 4 * 512]);
        it.index_principals();
    }),
    (53, Section::PrincipalIndex, "twice", |it| {
        it.set(Section::Principals, f::Principal::WORDS, it.words(Section::Principals)[0]);
    }),
    (11, Section::PrincipalIndex, "twice", |it| {
        let twin = it.string(it.words(Section::Principals)[0]);
        let id = it.add_string(&twin);
        it.set(Section::Principals, f::Principal::WORDS, id);
        it.index_principals();
    }),
    (12, Section::Principals, "unknown string", |it| it.set(Section::Principals, 0, 1)),
    (12, Section::Principals, "unknown string", |it| it.set(Section::Principals, 5, NONE - 1)),
    (12, Section::Principals, "unknown kind", |it| it.set(Section::Principals, 6, 3)),
    (12, Section::Principals, "identity set", |it| it.set(Section::Principals, 7, NONE)),
    (12, Section::Principals, "boundary set", |it| it.set(Section::Principals, 8, 1 << 20)),
    (12, Section::Principals, "unknown account", |it| it.set(Section::Principals, 11, NONE)),
    (12, Section::Principals, "unknown string", |it| it.set(Section::Principals, 12, 1)),
    (12, Section::Principals, "unknown grants", |it| it.set(Section::Principals, 13, 1 << 20)),
    (12, Section::Principals, "128 bytes", |it| {
        let long = it.add_string(&[b'A'; 129]);
        it.set(Section::Principals, 5, long);
    }),
    (12, Section::Principals, "number of its account", |it| {
        it.set(Section::Principals, 1, u32::from_le_bytes(*b"9876"));
    }),
    (12, Section::Principals, "digits", |it| it.set(Section::Principals, 3, u32::from_le_bytes(*b"01a3"))),
    (13, Section::Principals, "does not begin", |it| it.set(Section::Principals, 9, 1)),
    (13, Section::Principals, "too long", |it| it.set(Section::Principals, 10, u32::MAX)),
    (13, Section::Tags, "no record", |it| it.content(Section::Tags).extend([0; 8])),
    (13, Section::Tags, "unknown string", |it| it.set(Section::Tags, 1, NONE)),
    (14, Section::Actions, "unknown string", |it| it.set(Section::Actions, 3, 1 << 20)),
    (14, Section::Actions, "unknown flags", |it| it.set(Section::Actions, 2, 1 << 8)),
    (14, Section::Actions, "unknown service", |it| it.set(Section::Actions, 0, 1 << 20)),
    (14, Section::Actions, "class past", |it| it.set(Section::Actions, 1, 1 << 20)),
    (14, Section::Actions, "past the end", |it| it.set(Section::Actions, 4, 1 << 20)),
    (14, Section::Actions, "past the end", |it| it.content(Section::Actions).extend([0; 4])),
    (14, Section::Actions, "not UTF-8", |it| it.content(Section::Actions)[20] = 0xff),
    (14, Section::Actions, "lower case", |it| it.content(Section::Actions)[20] = b'A'),
    (14, Section::Actions, "not zero behind", |it| {
        let place = it.action(|length| length % 4 != 0);
        let end = place * 4 + 20 + it.words(Section::Actions)[place + 4] as usize;
        it.content(Section::Actions)[end] = 1;
    }),
    (15, Section::Services, "unknown string", |it| it.set(Section::Services, 0, NONE)),
];
