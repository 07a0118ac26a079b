//! The crafted bundles about accounts, resources and endpoints, as changes to the golden one.

use portcullis::runtime::format::{self as f, NONE, Section};

use super::cases::Change;

/// Sentence, the section whose record is refused, a part of what is said, and the change.
pub(super) const WORLD: &[(u32, Section, &str, Change)] = &[
    (46, Section::Accounts, "unknown string", |it| it.set(Section::Accounts, 0, 1)),
    (46, Section::Accounts, "unknown string", |it| it.set(Section::Accounts, 5, 1)),
    (46, Section::Accounts, "unknown string", |it| it.set(Section::Accounts, 6, 1)),
    (46, Section::Accounts, "too much room", |it| {
        // Many accounts that share one long place.
        let place = it.add_string(&vec![b'x'; 1 << 20]);
        let mut records = it.words(Section::Accounts);
        for number in 0_u32..64 {
            let name = it.add_string(format!("{number:012}").as_bytes());
            records.extend([name, 0, NONE, 0, NONE, NONE, place]);
        }
        it.set_words(Section::Accounts, &records);
    }),
    (47, Section::Accounts, "does not begin", |it| it.set(Section::Accounts, 1, 1)),
    (47, Section::Accounts, "where none apply", |it| {
        let at = it.find(Section::Accounts, f::Account::WORDS, |account| account[2] == NONE);
        it.set(Section::Accounts, at + 1, 1);
    }),
    (47, Section::Accounts, "250 levels", |it| it.set(Section::Accounts, 2, 251)),
    (47, Section::Levels, "no record", |it| {
        let set = it.words(Section::Levels)[0];
        it.content(Section::Levels).extend(set.to_le_bytes());
    }),
    (47, Section::Levels, "unknown set", |it| it.set(Section::Levels, 0, 1)),
    (48, Section::Grants, "unknown set", |it| it.set(Section::Grants, 0, 1)),
    (48, Section::Grants, "unknown set", |it| it.set(Section::Grants, 2, NONE)),
    (49, Section::Resources, "unknown string", |it| it.set(Section::Resources, 0, 1)),
    (49, Section::Resources, "unknown account", |it| it.set(Section::Resources, 1, 1 << 20)),
    (49, Section::Resources, "unknown grants", |it| it.set(Section::Resources, 4, 1 << 20)),
    (49, Section::Resources, "the request says", |it| {
        let at = it.find(Section::Resources, f::Resource::WORDS, |resource| resource[3] == NONE);
        it.set(Section::Resources, at + 2, 1);
    }),
    (50, Section::DeclaredServices, "unknown string", |it| it.set(Section::DeclaredServices, 0, 1)),
    (50, Section::DeclaredServices, "ascending", |it| {
        let first = it.words(Section::DeclaredServices)[0];
        it.set(Section::DeclaredServices, 1, first);
    }),
    (51, Section::Endpoints, "unknown string", |it| it.set(Section::Endpoints, 0, 1)),
    (51, Section::Endpoints, "unknown set", |it| it.set(Section::Endpoints, 1, 1)),
    (52, Section::World, "one record", |it| it.content(Section::World).clear()),
    (52, Section::World, "one record", |it| it.content(Section::World).extend([0xff; 8])),
    (52, Section::World, "unknown set", |it| it.set(Section::World, 0, 1)),
    (52, Section::World, "unknown set", |it| it.set(Section::World, 1, 1)),
    (53, Section::BehindIndex, "twice", |it| {
        it.set(Section::Principals, f::Principal::WORDS + 12, it.words(Section::Principals)[12]);
    }),
    (53, Section::AccountIndex, "twice", |it| {
        it.set(Section::Accounts, f::Account::WORDS, it.words(Section::Accounts)[0]);
    }),
    (53, Section::ResourceIndex, "twice", |it| {
        it.set(Section::Resources, f::Resource::WORDS, it.words(Section::Resources)[0]);
    }),
    (54, Section::Classifiers, "out of order", |it| {
        let at = it.find(Section::Classifiers, f::Classifier::WORDS, |it| it[6] != NONE);
        it.set(Section::Classifiers, at + 6, 7);
    }),
    (54, Section::Classifiers, "do not define", |it| {
        let at = it.find(Section::Classifiers, f::Classifier::WORDS, |it| it[6] == NONE);
        it.set(Section::Classifiers, at + 6, 0);
    }),
    (55, Section::PrincipalClasses, "not as many", |it| {
        it.content(Section::PrincipalClasses).extend([0; 4]);
    }),
    (55, Section::PrincipalClasses, "unknown class", |it| it.set(Section::PrincipalClasses, 0, 1 << 20)),
    (55, Section::Principals, "unknown classes", |it| it.set(Section::Principals, 14, 1)),
    (55, Section::Principals, "unknown classes", |it| it.content(Section::PrincipalClasses).clear()),
    (55, Section::PrincipalClasses, "not as many", |it| {
        let mut words = it.words(Section::Classifiers);
        words.chunks_mut(f::Classifier::WORDS).for_each(|it| it[6] = NONE);
        it.set_words(Section::Classifiers, &words);
    }),
];
