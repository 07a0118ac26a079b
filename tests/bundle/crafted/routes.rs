//! Crafted bundles about routes and the automaton of their paths.

use portcullis::runtime::format::{self as f, NONE, Section};

use super::Parts;
use super::cases::Change;

/// The first word of the first record of a section, of so many words, that a test picks.
fn record(parts: &Parts, section: Section, words: usize, pick: impl Fn(&[u32]) -> bool) -> usize {
    parts.find(section, words, pick)
}

/// The first word of the first of the edges of a state that has several of one length.
fn twins(parts: &Parts) -> usize {
    let edges = parts.words(Section::RouteEdges);
    let state = parts.words(Section::RouteStates);
    let state = state.chunks(f::RouteState::WORDS).find(|state| state[1] > 1).unwrap();
    assert!(edges.len() > 2 * state[0] as usize + 2);
    f::RouteEdge::WORDS * state[0] as usize
}

/// The first word of the first end of a state that has one of all methods.
fn end(parts: &Parts, last: u32) -> usize {
    record(parts, Section::RouteEnds, f::RouteEnd::WORDS, |end| (end[0] == NONE) == (last == NONE))
}

/// The number of the record behind the last of a section.
fn behind(parts: &Parts, section: Section, words: usize) -> u32 {
    u32::try_from(parts.words(section).len() / words).unwrap()
}

pub(super) const ROUTES: &[(u32, Section, &str, Change)] = &[
    (56, Section::Routes, "unknown string", |it| it.set(Section::Routes, 0, 1)),
    (56, Section::Routes, "unknown string", |it| it.set(Section::Routes, 1, NONE)),
    (56, Section::Routes, "without a piece", |it| it.set(Section::Routes, 3, 0)),
    (56, Section::Routes, "does not begin", |it| it.set(Section::Routes, 2, 1)),
    (56, Section::RoutePieces, "belongs to no record", |it| {
        it.content(Section::RoutePieces).extend([0; 8]);
    }),
    (57, Section::RoutePieces, "unknown kind", |it| it.set(Section::RoutePieces, 0, f::ROUTE_REST + 1)),
    (57, Section::RoutePieces, "unknown string", |it| {
        let literal = record(it, Section::RoutePieces, 2, |piece| piece[0] == f::ROUTE_LITERAL);
        it.set(Section::RoutePieces, literal + 1, 1);
    }),
    (58, Section::RouteStates, "states without a route", |it| {
        for section in [Section::RouteStates, Section::RouteEdges, Section::RouteEnds] {
            it.content(section).clear();
        }
    }),
    (58, Section::RouteStates, "states without a route", |it| {
        for section in [Section::Routes, Section::RoutePieces] {
            it.content(section).clear();
        }
    }),
    (58, Section::RouteStates, "does not begin", |it| it.set(Section::RouteStates, 0, 1)),
    (58, Section::RouteStates, "does not begin", |it| it.set(Section::RouteStates, 3, 1)),
    (58, Section::RouteStates, "unknown state", |it| {
        it.set(Section::RouteStates, 2, behind(it, Section::RouteStates, f::RouteState::WORDS));
    }),
    (58, Section::RouteEdges, "belongs to no record", |it| it.content(Section::RouteEdges).extend([0; 8])),
    (58, Section::RouteEnds, "belongs to no record", |it| it.content(Section::RouteEnds).extend([0; 8])),
    (59, Section::RouteEdges, "unknown string", |it| it.set(Section::RouteEdges, 0, 1)),
    (59, Section::RouteEdges, "unknown state", |it| {
        it.set(Section::RouteEdges, 1, behind(it, Section::RouteStates, f::RouteState::WORDS));
    }),
    (59, Section::RouteEdges, "ascending", |it| {
        let first = twins(it);
        it.set(Section::RouteEdges, first + 2, it.words(Section::RouteEdges)[first]);
    }),
    (59, Section::RouteEdges, "ascending", |it| {
        let first = twins(it);
        let longest = it.add_string(&[b'z'; 255]);
        it.set(Section::RouteEdges, first, longest);
    }),
    (59, Section::RouteEdges, "more than 255 bytes", |it| {
        let longest = it.add_string(&[b'z'; 256]);
        it.set(Section::RouteEdges, 0, longest);
    }),
    (60, Section::RouteEnds, "unknown string", |it| it.set(Section::RouteEnds, end(it, 0), 1)),
    (60, Section::RouteEnds, "unknown route", |it| {
        it.set(Section::RouteEnds, 1, behind(it, Section::Routes, f::Route::WORDS));
    }),
    (60, Section::RouteEnds, "not the last", |it| {
        // Of two methods the first becomes all others.
        let states = it.words(Section::RouteStates);
        let several = states.chunks(f::RouteState::WORDS).find(|state| state[4] > 1).unwrap();
        it.set(Section::RouteEnds, several[3] as usize * f::RouteEnd::WORDS, NONE);
    }),
    (60, Section::RouteEnds, "ascending", |it| {
        let states = it.words(Section::RouteStates);
        let several = states.chunks(f::RouteState::WORDS).find(|state| state[4] > 1).unwrap();
        let first = several[3] as usize * f::RouteEnd::WORDS;
        it.set(Section::RouteEnds, first + 2, it.words(Section::RouteEnds)[first]);
    }),
    (60, Section::RouteEnds, "more than 255 bytes", |it| {
        let longest = it.add_string(&[b'Z'; 256]);
        it.set(Section::RouteEnds, end(it, 0), longest);
    }),
];
