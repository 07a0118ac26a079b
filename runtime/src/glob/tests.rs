//! The matcher against an obvious one, over all short patterns and texts of a small alphabet.

use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::format::{NONE, Section};
use crate::view::{Extent, Layout, SECTIONS};

/// The pieces of the small language: literals, wildcards, variables with and without a text.
#[derive(Clone, Copy, Debug)]
enum Word {
    Literal(&'static str),
    Run,
    One,
    Variable(u32),
}

const VARIABLES: [Option<&str>; 4] = [Some("a"), Some("ab"), Some(""), None];

struct Fixed;

impl Variables for Fixed {
    fn resolve(&self, piece: &Piece) -> Option<Text<'_>> {
        VARIABLES[piece.value as usize].map(Text::Borrowed)
    }
}

/// The three sections of a bundle that hold one glob.
fn stored(pattern: &[Word]) -> (Vec<u8>, Layout) {
    let mut pieces = Vec::new();
    let mut strings = Vec::new();
    for word in pattern {
        let (kind, value) = match word {
            Word::Literal(text) => {
                let place = strings.len() as u32 / 4;
                strings.extend((text.len() as u32).to_le_bytes());
                strings.extend(text.bytes());
                strings.resize(strings.len().next_multiple_of(4), 0);
                (PIECE_LITERAL, place)
            }
            Word::Run => (PIECE_ANY_RUN, 0),
            Word::One => (PIECE_ANY_ONE, 0),
            Word::Variable(key) => (PIECE_VARIABLE, *key),
        };
        pieces.extend([kind, value, NONE]);
    }
    let mut extents = [Extent::default(); SECTIONS];
    let mut bytes = Vec::new();
    let mut put = |section: Section, content: Vec<u8>| {
        extents[section as usize - 1] = Extent { start: bytes.len(), length: content.len() };
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    };
    let words = |words: Vec<u32>| words.into_iter().flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
    put(Section::Globs, words(alloc::vec![0, pattern.len() as u32]));
    put(Section::Pieces, words(pieces));
    put(Section::Strings, strings);
    let layout = Layout::new(&bytes, extents);
    (bytes, layout)
}

fn matches_stored(pattern: &[Word], text: &str) -> bool {
    let (bytes, layout) = stored(pattern);
    let view = View::new(&bytes, &layout);
    matches(&view, 0, text.as_bytes(), &Fixed).unwrap()
}

/// What a pattern means, as directly as can be said.
fn means(pattern: &[Word], text: &str) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return text.is_empty() };
    let literal = |literal: &str| text.strip_prefix(literal).is_some_and(|text| means(rest, text));
    match first {
        Word::Literal(text) => literal(text),
        Word::Variable(key) => VARIABLES[*key as usize].is_some_and(literal),
        Word::One => {
            let mut characters = text.chars();
            characters.next().is_some() && means(rest, characters.as_str())
        }
        Word::Run => (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| means(rest, text))),
    }
}

/// All sequences of up to `length` items.
fn sequences<T: Copy>(items: &[T], length: usize) -> Vec<Vec<T>> {
    let mut all = alloc::vec![Vec::new()];
    let mut from = 0;
    for _ in 0..length {
        let to = all.len();
        for at in from..to {
            for item in items {
                let mut longer = all[at].clone();
                longer.push(*item);
                all.push(longer);
            }
        }
        from = to;
    }
    all
}

#[test]
fn every_short_pattern_matches_what_it_means() {
    let words = [
        Word::Literal("a"),
        Word::Literal("ab"),
        Word::Literal("é"),
        Word::Run,
        Word::One,
        Word::Variable(1),
        Word::Variable(2),
    ];
    let texts: Vec<String> = sequences(&["a", "b", "é"], 5).into_iter().map(|it| it.concat()).collect();
    for pattern in sequences(&words, 4) {
        let (bytes, layout) = stored(&pattern);
        let view = View::new(&bytes, &layout);
        for text in &texts {
            let found = matches(&view, 0, text.as_bytes(), &Fixed);
            assert_eq!(found, Some(means(&pattern, text)), "{pattern:?} on {text:?}");
        }
    }
}

#[test]
fn x3_a_variable_without_a_text_matches_nothing_wherever_it_stands() {
    for pattern in
        [&[Word::Variable(3)][..], &[Word::Run, Word::Variable(3)], &[Word::Variable(3), Word::Run]]
    {
        for text in ["", "a", "ab"] {
            assert!(!matches_stored(pattern, text), "{pattern:?} on {text:?}");
        }
    }
}

/// The joined hash of several pieces must find every place, also behind near misses.
#[test]
fn long_segments_of_several_pieces_are_found() {
    let pattern = [
        Word::Run,
        Word::Literal("aaaaaaab"),
        Word::Variable(1),
        Word::Literal("/"),
        Word::Run,
        Word::Literal("c"),
    ];
    let miss = "aaaaaaabaa/".repeat(50);
    assert!(!matches_stored(&pattern, &(miss.clone() + "c")));
    assert!(matches_stored(&pattern, &(miss.clone() + "aaaaaaabab/" + &miss + "c")));
    assert!(matches_stored(&pattern, &(miss + "aaaaaaaaabab/c")));
}
