//! Automata as people see them: from each state the ways on, and what the ends come to.
//!
//! It reads the words that are written into bundles, so that what is shown is what decides.

use std::collections::BTreeSet;

use portcullis_runtime::format::{node, segment, slot, terminal};

use super::Roots;

/// A way on from a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What of the resource is read on it, for people.
    pub text: String,
    /// The bytes that are read on it, where they are all.
    pub bytes: Option<Vec<u8>>,
    /// Whether it is taken where no other fits.
    pub otherwise: bool,
    /// Whether it is read within a character: by itself it says nothing.
    pub within: bool,
    /// Where it leads: the word of a state, or a terminal.
    pub target: u32,
}

/// What an end comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This rule allows, whatever the context.
    Allows(u32),
    /// This rule denies, whatever the context.
    Denies(u32),
    /// No rule applies.
    Nothing,
    /// It depends on the context: the first of these rules that holds counts.
    Depends {
        /// Rules that may deny.
        denies: Vec<u32>,
        /// Rules that may allow.
        allows: Vec<u32>,
        /// Whether it may be that none holds.
        nothing: bool,
        /// Patterns with variables that the resource is checked against: ids of [`Terminals::patterns`](super::Terminals::patterns).
        checks: BTreeSet<u32>,
    },
}

/// Bytes of the resource, in quotes.
#[must_use]
pub(crate) fn quoted(bytes: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(bytes))
}

impl Roots {
    /// The ways on from a state, which is the word of its node; none where there is no such node. Linear in the node.
    #[must_use]
    pub fn ways(&self, at: u32) -> Vec<Way> {
        let at = at as usize;
        let word = |place: usize| self.nodes.get(at + place).copied().unwrap_or(terminal::NOTHING);
        let bytes = |place: usize, length: usize| -> Vec<u8> {
            let words = self.nodes.get(at + place..).unwrap_or(&[]).iter();
            words.take(length.div_ceil(4)).flat_map(|word| word.to_le_bytes()).take(length).collect()
        };
        let read =
            |text: String, target: u32| Way { text, bytes: None, otherwise: false, within: false, target };
        let exactly =
            |bytes: Vec<u8>, target: u32| Way { bytes: Some(bytes.clone()), ..read(quoted(&bytes), target) };
        let other = |text: &str, target: u32| Way { otherwise: true, ..read(text.to_owned(), target) };
        let parameter = (word(0) >> 8) as usize;
        let full_slots = |first: usize| {
            let slots = (0..1_usize << (64 - (parameter & 0xff))).map(move |slot| first + slot * slot::WORDS);
            slots.filter(|&slot| word(slot) != 0)
        };
        match word(0) & 0xff {
            node::LITERAL => vec![
                exactly(bytes(4, parameter), word(3)),
                other("else", word(2)),
                other("ends before", word(1)),
            ],
            node::BRANCH => {
                let first = 3 + parameter.div_ceil(4);
                let keys = bytes(3, parameter);
                let keys = keys.iter().zip(first..).map(|(key, place)| exactly(vec![*key], word(place)));
                keys.chain([other("else", word(2)), other("ends here", word(1))]).collect()
            }
            node::TABLE => {
                let first = 2 + node::TABLE_WORDS;
                let places = bytes(2, 256);
                // What most bytes lead to is what all others lead to.
                let count = |place: usize| places.iter().filter(|&&it| usize::from(it) == place).count();
                let most = (0..parameter).rev().max_by_key(|&place| count(place)).unwrap_or(0);
                let listed = places.iter().zip(0_u8..=255).filter(|(place, _)| usize::from(**place) != most);
                let listed = listed.map(|(place, byte)| {
                    let way = exactly(vec![byte], word(first + usize::from(*place)));
                    Way { within: byte >= 0x80, ..way }
                });
                listed.chain([other("else", word(first + most)), other("ends here", word(1))]).collect()
            }
            node::SKIP => {
                let byte = quoted(&[parameter as u8]);
                let (on, without) = match parameter >> 8 {
                    0 => (format!("up to the next {byte}"), format!("no {byte} is left")),
                    more => {
                        let count = more + 1;
                        (format!("up to the next {byte}, {count} times"), format!("fewer {byte} are left"))
                    }
                };
                vec![read(on, word(2)), other(&without, word(1))]
            }
            node::SEARCH => {
                let byte = quoted(&[(parameter >> 16) as u8]);
                vec![
                    exactly(bytes(4, parameter & 0xffff), word(3)),
                    other(&format!("else up to the next {byte}"), word(2)),
                    other(&format!("else no {byte} is left"), word(1)),
                ]
            }
            node::SUFFIX => {
                let text = format!("ends with {}", quoted(&bytes(3, parameter)));
                vec![read(text, word(2)), other("else", word(1))]
            }
            node::SEGMENT => {
                let delimiter = word(3) as u8;
                let known = full_slots(segment::HEADER_WORDS).map(|slot| {
                    let size = (word(slot) & !segment::ENDS) as usize;
                    let place = if size > node::SHORT_BYTES { word(slot + 2) as usize } else { slot + 2 };
                    let (ends, mut text) = (word(slot) & segment::ENDS != 0, bytes(place, size));
                    if !ends {
                        text.push(delimiter);
                    }
                    match ends {
                        false => exactly(text, word(slot + 1)),
                        true => read(quoted(&text), word(slot + 1)),
                    }
                });
                let mut ways: Vec<Way> = known.collect();
                ways.sort_by(|one, other| one.text.cmp(&other.text));
                ways.extend([other("else", word(2)), other("ends here", word(1))]);
                ways
            }
            node::PREFIXES => {
                let known = full_slots(node::PREFIXES_WORDS)
                    .map(|slot| exactly(bytes(slot + 2, word(slot) as usize), word(slot + 1)));
                let mut ways: Vec<Way> = known.collect();
                ways.sort_by(|one, other| one.text.cmp(&other.text));
                // Nothing is read there.
                ways.push(other("else", word(1)));
                ways
            }
            node::LEAF => {
                let mut start = 0;
                let leaf = self.leaves.iter().find(|leaf| {
                    let here = start == word(1) as usize;
                    start += leaf.length();
                    here
                });
                let ends = leaf.into_iter().flat_map(super::Leaf::terminals);
                ends.map(|terminal| read("if its patterns match".to_owned(), terminal)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a terminal comes to. Linear in its diagram.
    #[must_use]
    pub fn outcome(&self, reference: u32) -> Outcome {
        let rule = reference & terminal::VALUE;
        match reference & terminal::KIND {
            terminal::ALLOWS => return Outcome::Allows(rule),
            terminal::DENIES => return Outcome::Denies(rule),
            terminal::NOTHING => return Outcome::Nothing,
            _ => {}
        }
        let leaves = self.terminals.diagrams.leaves(reference);
        let of = |kind: u32| -> Vec<u32> {
            let rules = leaves.terminals.iter().filter(|&&leaf| leaf & terminal::KIND == kind);
            rules.map(|leaf| leaf & terminal::VALUE).collect()
        };
        let (denies, allows) = (of(terminal::DENIES), of(terminal::ALLOWS));
        let nothing = leaves.terminals.contains(&terminal::NOTHING);
        Outcome::Depends { denies, allows, nothing, checks: leaves.patterns }
    }
}
