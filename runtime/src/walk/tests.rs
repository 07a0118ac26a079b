//! Nodes of every kind at every place of a text.

use super::*;
use crate::format::{segment, slot};
use crate::hash::{Multipliers, hash_segment, lookup_slot, segment_words};
use alloc::vec;
use alloc::vec::Vec;

const END: u32 = terminal::ALLOWS | 1;
const MISS: u32 = terminal::ALLOWS | 2;
const NEXT: u32 = terminal::ALLOWS | 3;

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(4), 0);
    let (words, _) = padded.as_chunks::<4>();
    words.iter().map(|word| u32::from_le_bytes(*word)).collect::<Vec<_>>().into_iter()
}

/// As a section stands in a bundle: with words behind it, which are not zero.
fn section(words: Vec<u32>) -> Vec<[u8; 4]> {
    words.into_iter().chain([u32::MAX; node::WORDS_BEHIND]).map(u32::to_le_bytes).collect()
}

fn reached(nodes: &[[u8; 4]], text: &[u8]) -> u32 {
    match walk(nodes, 0, text) {
        Some(End::Terminal(terminal)) => terminal,
        other => panic!("{other:?}"),
    }
}

/// A literal of every length, behind a text of every length that a skip leads over, before every end, equal and with one byte changed.
#[test]
fn literals_of_every_length_at_every_place() {
    let long: Vec<u8> = (0..40_u8).map(|at| if at % 7 == 3 { 0 } else { b'a' + at % 26 }).collect();
    let mut walked = 0;
    for length in 1..=36 {
        let literal = &long[..length];
        for miss in [MISS, END] {
            let skip = [node::SKIP | u32::from(b'|') << 8, NEXT ^ 7, 3];
            let nodes = section(
                skip.into_iter()
                    .chain([node::LITERAL | (length as u32) << 8, END, miss, NEXT])
                    .chain(words(literal))
                    .collect(),
            );
            for before in [0, 1, 14, 15, 16, 17] {
                for rest in 0..=40_usize {
                    for changed in [None, Some(0), Some(rest / 2), rest.checked_sub(1)] {
                        let mut text = vec![b'-'; before];
                        text.push(b'|');
                        text.extend(&long[..rest]);
                        if let Some(byte) = changed.and_then(|at| text.get_mut(before + 1 + at)) {
                            *byte ^= 1;
                        }
                        let behind = &text[before + 1..];
                        let expected = match behind.iter().zip(literal).position(|(a, b)| a != b) {
                            Some(_) => miss,
                            None if behind.len() < length => END,
                            None => NEXT,
                        };
                        assert_eq!(reached(&nodes, &text), expected, "{length} {text:?}");
                        // The literal at the begin of an automaton.
                        assert_eq!(reach(&nodes, 3, behind), expected, "{length} {behind:?}");
                        walked += 1;
                    }
                }
            }
        }
    }
    assert!(walked > 50_000);
}

/// A literal that is looked for, of every length: at once, at a place of many, behind none.
#[test]
fn searches_of_every_length_at_every_place() {
    let mut state = 1_u64;
    let mut walked = [0; 2];
    for length in 1..=36 {
        for number in 0..400 {
            let mut letters = |count: usize| -> Vec<u8> {
                let letter = |_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    *b"aaaaaaaaaaaaaaaa/aaaaaaaaab\0".get((state >> 59) as usize).unwrap_or(&b'a')
                };
                (0..count).map(letter).collect()
            };
            let literal = letters(length);
            let (before, between, behind) =
                (letters(length % 7), letters(length % 19), letters(length * 5 % 23));
            // The literal or its beginning, and perhaps all of it later.
            let cut = behind.len() % (length + 1);
            let later = &literal[..if number % 3 == 0 { cut } else { length }];
            let text = [&before[..], b"|", &literal[..cut], &between, b"/", later, &behind].concat();
            let node = [node::SEARCH | ((length as u32) | u32::from(b'/') << 16) << 8, END, 3, NEXT];
            let skip = [node::SKIP | u32::from(b'|') << 8, MISS, 3];
            let nodes = section(skip.into_iter().chain(node).chain(words(&literal)).collect());
            let mut rest = &text[before.len() + 1..];
            let expected = loop {
                let equal = rest.iter().zip(&literal).take_while(|(a, b)| a == b).count();
                if equal == length {
                    break NEXT;
                }
                match rest[equal..].iter().position(|&byte| byte == b'/') {
                    Some(found) => rest = &rest[equal + found + 1..],
                    None => break END,
                }
            };
            assert_eq!(reached(&nodes, &text), expected, "{literal:?} {text:?}");
            walked[usize::from(expected == NEXT)] += 1;
        }
    }
    assert!(walked.iter().all(|&count| count > 1_000), "{walked:?}");
}

/// A node of one entry in a table of two slots: its words before the slots, and the slots.
fn table(head: &[u32], hash: u64, entry: [u32; slot::WORDS]) -> Vec<u32> {
    let mut words = head.to_vec();
    for number in 0..2 {
        words.extend(if lookup_slot(hash, 63, 0) == number { entry } else { [0; slot::WORDS] });
    }
    words
}

/// Multipliers, and their words.
const OF: Multipliers = Multipliers::of(9);

fn multipliers() -> [u32; 4] {
    let Multipliers([a, b]) = OF;
    four(u128::from(b) << 64 | u128::from(a))
}

/// The four words of a text.
fn four(word: u128) -> [u32; 4] {
    core::array::from_fn(|at| (word >> (32 * at)) as u32)
}

/// Behind a skip, whose text is as long as it is said.
fn behind_skip(node: Vec<u32>) -> Vec<[u8; 4]> {
    section([node::SKIP | u32::from(b'|') << 8, NEXT ^ 7, 3].into_iter().chain(node).collect())
}

/// What every text begins with that a node behind it is asked about without the loop of the walk.
const FRONT: &[u8] = b"arn:aws:s3:::one/first/";

/// Behind a literal and a segment that are known, which [`reach`] goes over by itself.
fn behind_front(node: Vec<u32>) -> Vec<[u8; 4]> {
    let (literal, segment) = FRONT.split_at(17);
    let [word, _] = segment_words(&segment[..5], Some(b'/')).unwrap();
    let literal = [node::LITERAL | 17 << 8, NEXT ^ 8, NEXT ^ 16, 9].into_iter().chain(words(literal));
    let own = four(word);
    let entry = [5, 9 + (segment::HEADER_WORDS + 2 * slot::WORDS) as u32, own[0], own[1], own[2], own[3]];
    let head =
        [&[node::SEGMENT | 63 << 8, NEXT ^ 24, NEXT ^ 32, 0x2f2f_2f2f][..], &multipliers(), &[0]].concat();
    let segments = table(&head, hash_segment(OF, &segment[..5], Some(b'/')), entry);
    section(literal.chain(segments).chain(node).collect())
}

/// Segments of every length, alone, before and behind others; what is known and what is not. Some bytes are zero, which stand behind the end of a
/// text too, and some are those next to the delimiter.
#[test]
fn segments_of_every_length_at_every_place() {
    let byte =
        |at: u8| [b'A' + at % 50, 0, b'.', b'0', 0xaf].get(usize::from(at % 7)).copied().unwrap_or(at + 100);
    let long: Vec<u8> = (0..70).map(byte).collect();
    for length in 1..=66 {
        let known = &long[..length];
        // The segment as it ends the text, or before a delimiter.
        for behind in [None, Some(b'/')] {
            let hash = hash_segment(OF, known, behind);
            let flag = if behind.is_none() { segment::ENDS } else { 0 };
            let place = (segment::HEADER_WORDS + 2 * slot::WORDS) as u32;
            let (text, beside) = match segment_words(known, behind) {
                Some([word, _]) if length <= 16 => (four(word), Vec::new()),
                Some([first, second]) => ([place, 0, 0, 0], [four(first), four(second)].concat()),
                None => ([place, 0, 0, 0], words(known).collect()),
            };
            let entry = [length as u32 | flag, NEXT, text[0], text[1], text[2], text[3]];
            let head = [node::SEGMENT | 63 << 8, END, MISS, 0x2f2f_2f2f];
            let head = [&head[..], &multipliers(), &[beside.len() as u32]].concat();
            let node = [table(&head, hash, entry), beside].concat();
            let (nodes, fronted) = (behind_skip(node.clone()), behind_front(node));
            for before in [0, 1, 9, 14, 15, 16, 17] {
                for own in
                    (0..=24.max(length + 3)).filter(|&own| own <= 24 || own + 4 > length || own % 9 == 0)
                {
                    for behind_own in [None, Some(0), Some(1), Some(30)] {
                        for changed in [None, Some(own / 2), own.checked_sub(1)] {
                            let mut text = vec![b'-'; before];
                            text.push(b'|');
                            text.extend(&long[..own]);
                            if let Some(byte) = changed.and_then(|at| text.get_mut(before + 1 + at)) {
                                *byte = byte.wrapping_add(0x40);
                            }
                            let is_known = text[before + 1..] == *known;
                            if let Some(behind) = behind_own {
                                text.push(b'/');
                                text.extend(vec![b'x'; behind]);
                            }
                            let expected = if own == 0 && behind_own.is_none() {
                                END
                            } else if is_known && behind_own.is_none() == behind.is_none() {
                                NEXT
                            } else {
                                MISS
                            };
                            assert_eq!(reached(&nodes, &text), expected, "{length} {behind:?} {text:?}");
                            if before == 0 {
                                let text = [FRONT, &text[1..]].concat();
                                assert_eq!(
                                    reach(&fronted, 0, &text),
                                    expected,
                                    "{length} {behind:?} {text:?}"
                                );
                                assert_eq!(reached(&fronted, &text), expected);
                            }
                            // Where the automaton begins with it.
                            if before == 0 && !text[1..].contains(&b'|') {
                                assert_eq!(
                                    reach(&nodes, 3, &text[1..]),
                                    expected,
                                    "{length} {behind:?} {text:?}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Texts of every length that a resource may begin with, of which every number of bytes is hashed, before every end and changed at every place.
#[test]
fn prefixes_of_every_length_at_every_place() {
    let long: Vec<u8> = (0..40_u8).map(|at| if at % 6 == 5 { 0 } else { b'a' + at % 26 }).collect();
    let mut walked = 0;
    for length in 1..=16 {
        let [word, _] = segment_words(&long[..length], None).unwrap();
        let text = four(word);
        for hashed in 1..=length {
            let mask = u128::MAX >> (128 - 8 * hashed);
            let head = [&[node::PREFIXES | 63 << 8, MISS][..], &multipliers(), &four(mask)].concat();
            let entry = [length as u32, NEXT, text[0], text[1], text[2], text[3]];
            let node = table(&head, hash_segment(OF, &long[..hashed], None), entry);
            let (nodes, fronted) = (behind_skip(node.clone()), behind_front(node));
            for before in [0, 1, 15] {
                for rest in 0..=18 {
                    for changed in core::iter::once(None).chain((0..rest).map(Some)) {
                        let mut text = vec![b'-'; before];
                        text.push(b'|');
                        text.extend(&long[..rest]);
                        if let Some(byte) = changed.and_then(|at| text.get_mut(before + 1 + at)) {
                            *byte ^= 1;
                        }
                        let expected =
                            if text[before + 1..].starts_with(&long[..length]) { NEXT } else { MISS };
                        assert_eq!(reached(&nodes, &text), expected, "{length} {hashed} {text:?}");
                        if before == 0 {
                            let text = [FRONT, &text[1..]].concat();
                            assert_eq!(reach(&fronted, 0, &text), expected, "{length} {hashed} {text:?}");
                            assert_eq!(reached(&fronted, &text), expected);
                        }
                        walked += 1;
                    }
                }
            }
        }
    }
    assert!(walked > 50_000, "{walked}");
}

/// What begins with no text of a table goes on from where it is: here, up to a delimiter.
#[test]
fn what_has_no_prefix_goes_on_from_its_begin() {
    let mask = u128::MAX >> (128 - 8 * 2);
    let entry = [3, NEXT, u32::from_le_bytes(*b"ab/\0"), 0, 0, 0];
    let head = [&[node::PREFIXES | 63 << 8, 0][..], &multipliers(), &four(mask)].concat();
    let skip = [node::SKIP | u32::from(b'/') << 8, END, 3];
    let node = table(&head, hash_segment(OF, b"ab", None), entry);
    let nodes = section(skip.into_iter().chain(node).collect());
    let from_table = |text: &[u8]| match walk(&nodes, 3, text) {
        Some(End::Terminal(terminal)) => terminal,
        other => panic!("{other:?}"),
    };
    for (text, expected) in [
        (&b"ab/"[..], NEXT),
        (b"a/ab/", NEXT),
        (b"ab", END),
        (b"", END),
        (b"abc/b/ab/cd", NEXT),
        (b"abc/b/ab", END),
        (b"/ab/", NEXT),
        (b"a", END),
        (b"////////////////////ab/", NEXT),
    ] {
        assert_eq!(from_table(text), expected, "{text:?}");
    }
}

/// Entries that stand further from their slots are found as far as the node says, and no further.
#[test]
fn entries_behind_others() {
    // Of a table of eight: names of the last slot, so that the others go round.
    let names: Vec<[u8; 4]> = (0..5_000_u32)
        .map(|number| number.to_le_bytes().map(|byte| b'a' + byte % 26))
        .filter(|name| lookup_slot(hash_segment(OF, name, None), 61, 0) == 7)
        .take(4)
        .collect();
    assert_eq!(names.len(), 4);
    let mask = u128::MAX >> (128 - 8 * 4);
    let entry = |name: &[u8; 4], target| [4, target, u32::from_le_bytes(*name), 0, 0, 0];
    for further in 0..3_u32 {
        let mut slots = [[0; slot::WORDS]; 8];
        slots[7] = entry(&names[0], NEXT ^ 16);
        slots[0] = entry(&names[1], NEXT ^ 32);
        slots[1] = entry(&names[2], NEXT ^ 48);
        let head =
            [&[node::PREFIXES | (61 | further << 8) << 8, MISS][..], &multipliers(), &four(mask)].concat();
        let nodes = section([head, slots.as_flattened().to_vec()].concat());
        for (number, name) in (0..).zip(&names) {
            let expected = if number <= further && number < 3 { NEXT ^ (16 * (number + 1)) } else { MISS };
            assert_eq!(reached(&nodes, name), expected, "{number} {further}");
        }
    }
}
