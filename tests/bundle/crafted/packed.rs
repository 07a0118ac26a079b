//! The crafted bundles about packed principals, as changes to the golden one of them.

use portcullis::runtime::format::{self as f, NONE, Section};

use super::cases::Change;

/// Words of a packed principal, and of a profile.
const PRINCIPAL: usize = f::PackedPrincipal::WORDS;
const PROFILE: usize = f::Profile::WORDS;

/// Sentence, the section whose record is refused, a part of what is said, and the change.
pub(super) const PACKED: &[(u32, Section, &str, Change)] = &[
    (7, Section::Principals, "no multiple", |it| it.content(Section::Principals).extend([0; 4])),
    (7, Section::Profiles, "no multiple", |it| it.content(Section::Profiles).extend([0; 4])),
    (55, Section::Profiles, "unknown classes", |it| it.set(Section::Profiles, 10, 1)),
    (61, Section::Principals, "unknown string", |it| it.set(Section::Principals, 0, 1)),
    (61, Section::Principals, "unknown identity set", |it| it.set(Section::Principals, 1, 1)),
    (61, Section::Principals, "unknown profile", |it| it.set(Section::Principals, 2, 1 << 20)),
    (61, Section::Principals, "twice", |it| {
        it.set(Section::Principals, PRINCIPAL, it.words(Section::Principals)[0]);
    }),
    (61, Section::Principals, "no unique id", |it| {
        // Behind the last string there is none.
        let last = it.add_string(b"arn:aws:iam::123456789012:user/x");
        let named = it.find(Section::Profiles, PROFILE, |profile| profile[3] == f::BEHIND_ARN) / PROFILE;
        let at = it.find(Section::Principals, PRINCIPAL, |principal| principal[2] == named as u32);
        it.set(Section::Principals, at, last);
    }),
    (61, Section::Principals, "no unique id", |it| {
        let last = it.add_string(b"arn:aws:iam::123456789012:user/x");
        it.add_string(&[b'x'; 129]);
        let named = it.find(Section::Profiles, PROFILE, |profile| profile[3] == f::BEHIND_ARN) / PROFILE;
        let at = it.find(Section::Principals, PRINCIPAL, |principal| principal[2] == named as u32);
        it.set(Section::Principals, at, last);
    }),
    (61, Section::Principals, "does not tell", |it| {
        let named = it.find(Section::Profiles, PROFILE, |profile| profile[3] == NONE) / PROFILE;
        let at = it.find(Section::Principals, PRINCIPAL, |principal| principal[2] == named as u32);
        let other = it.add_string(b"arn:aws:iam::123456789012:group/x");
        it.set(Section::Principals, at, other);
    }),
    (62, Section::Profiles, "other than digits", |it| it.set(Section::Profiles, 0, 0)),
    (62, Section::Profiles, "unique id", |it| it.set(Section::Profiles, 3, 0)),
    (62, Section::Profiles, "unknown kind", |it| it.set(Section::Profiles, 4, 3)),
    (62, Section::Profiles, "unknown boundary set", |it| it.set(Section::Profiles, 5, 1)),
    (62, Section::Profiles, "unknown account", |it| it.set(Section::Profiles, 8, NONE)),
    (62, Section::Profiles, "not the number", |it| {
        let other = 1 - it.words(Section::Profiles)[8];
        it.set(Section::Profiles, 8, other);
    }),
    (62, Section::Profiles, "unknown grants", |it| it.set(Section::Profiles, 9, 1 << 20)),
    (63, Section::Profiles, "does not begin at 0", |it| {
        let at = it.find(Section::Profiles, PROFILE, |profile| profile[7] == 0);
        it.set(Section::Profiles, at + 6, 1);
    }),
    (63, Section::Profiles, "the one before it ends", |it| {
        let at = it.find(Section::Profiles, PROFILE, |profile| profile[7] > 0);
        it.set(Section::Profiles, at + 6, 1);
    }),
    (63, Section::Profiles, "the one before it ends", |it| {
        let at = it.find(Section::Profiles, PROFILE, |profile| profile[7] > 0);
        it.set(Section::Profiles, at + 7, 1 << 20);
    }),
    (64, Section::PrincipalIndex, "no slots", |it| it.content(Section::PrincipalIndex).truncate(8)),
    (64, Section::PrincipalIndex, "not zero behind", |it| it.set(Section::PrincipalIndex, 1, 1)),
    (64, Section::PrincipalIndex, "no empty slot", |it| {
        let words: Vec<u32> =
            it.words(Section::PrincipalIndex).into_iter().filter(|&word| word != 0).collect();
        it.set_words(Section::PrincipalIndex, &[vec![0, 0], words].concat());
    }),
    (64, Section::PrincipalIndex, "unknown id", |it| {
        let at = packed_slot(it, |word| word != 0);
        it.set(Section::PrincipalIndex, at, it.words(Section::PrincipalIndex)[at] | 0xf);
    }),
    (64, Section::PrincipalIndex, "stands twice", |it| {
        let (from, to) = (packed_slot(it, |word| word != 0), packed_slot(it, |word| word == 0));
        it.set(Section::PrincipalIndex, to, it.words(Section::PrincipalIndex)[from]);
    }),
    (64, Section::PrincipalIndex, "number of filled", |it| {
        let at = packed_slot(it, |word| word != 0);
        it.set(Section::PrincipalIndex, at, 0);
    }),
    (64, Section::PrincipalIndex, "another hash", |it| {
        let at = packed_slot(it, |word| word != 0);
        it.set(Section::PrincipalIndex, at, it.words(Section::PrincipalIndex)[at] ^ 1 << 31);
    }),
    (64, Section::PrincipalIndex, "stands twice", |it| {
        // Two texts that are the same, each a string of its own: the same home and the same hash.
        let records = it.words(Section::Principals);
        let copy = it.add_string(&it.string(records[0]));
        it.add_string(b"AIDA");
        it.set(Section::Principals, PRINCIPAL, copy);
        it.index_packed();
    }),
    (65, Section::BehindIndex, "unknown id", |it| {
        let at = it.slot(Section::BehindIndex, |entry| entry != 0);
        it.set(Section::BehindIndex, at + 1, 1 << 20);
    }),
    (65, Section::BehindIndex, "unknown string", |it| {
        let at = it.slot(Section::BehindIndex, |entry| entry != 0);
        it.set(Section::BehindIndex, at + 2, 1);
    }),
    (65, Section::BehindIndex, "id, or one that stands twice", |it| {
        let (from, to) = (
            it.slot(Section::BehindIndex, |entry| entry != 0),
            it.slot(Section::BehindIndex, |entry| entry == 0),
        );
        let words = it.words(Section::BehindIndex);
        (0..4).for_each(|word| it.set(Section::BehindIndex, to + word, words[from + word]));
    }),
    (65, Section::BehindIndex, "not what stands behind", |it| {
        let at = it.slot(Section::BehindIndex, |entry| entry != 0);
        let other = it.add_string(b"arn:aws:sts::123456789012:federated-user/x");
        it.set(Section::BehindIndex, at + 2, other);
    }),
    (65, Section::BehindIndex, "another hash", |it| {
        let at = it.slot(Section::BehindIndex, |entry| entry != 0);
        it.set(Section::BehindIndex, at, it.words(Section::BehindIndex)[at] ^ 1);
    }),
];

/// The place of the first slot that a test picks.
fn packed_slot(parts: &super::Parts, pick: impl Fn(u32) -> bool) -> usize {
    2 + parts.words(Section::PrincipalIndex)[2..].iter().position(|&word| pick(word)).unwrap()
}
