//! Nodes of every kind at every place of a text.

use super::*;
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

/// Segments of every length, alone, before and behind others; what is known and what is not.
#[test]
fn segments_of_every_length_at_every_place() {
    let long: Vec<u8> = (0..40_u8).map(|at| if at == 5 { 0 } else { b'A' + at }).collect();
    for length in 1..=20 {
        let known = &long[..length];
        // One slot: the segment as it ends the text, or before a delimiter.
        for ends in [false, true] {
            let hash = hash_segment(segment::tweak(9, ends), known);
            let flag = if ends { segment::ENDS } else { 0 };
            let text_at = (3 + segment::HEADER_WORDS + segment::SLOT_WORDS) as u32;
            let skip = [node::SKIP | u32::from(b'|') << 8, NEXT ^ 7, 3];
            let head = [node::SEGMENT | 1 << 8, END, MISS, 9 << 8 | u32::from(b'/')];
            let slot = [(hash >> 32) as u32, length as u32 | flag, text_at - 3, NEXT];
            let texts: Vec<u32> = words(known).collect();
            let nodes = section(
                skip.into_iter().chain(head).chain([texts.len() as u32]).chain(slot).chain(texts).collect(),
            );
            for before in [0, 1, 9, 14, 15, 16, 17] {
                for own in 0..=24 {
                    for behind in [None, Some(0), Some(1), Some(30)] {
                        let mut text = vec![b'-'; before];
                        text.push(b'|');
                        text.extend(&long[..own]);
                        if let Some(behind) = behind {
                            text.push(b'/');
                            text.extend(vec![b'x'; behind]);
                        }
                        let expected = if own == 0 && behind.is_none() {
                            END
                        } else if own == length && behind.is_none() == ends {
                            NEXT
                        } else {
                            MISS
                        };
                        assert_eq!(reached(&nodes, &text), expected, "{length} {ends} {text:?}");
                    }
                }
            }
        }
    }
}
