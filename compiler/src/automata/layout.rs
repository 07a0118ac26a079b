//! The nodes of an automaton, and their layout as the words of FORMAT.md.

use bincode::{Decode, Encode};
use portcullis_runtime::format::{LIST_BIT, NONE, node, segment, slot};
use portcullis_runtime::hash::{Multipliers, segment_words};

use super::nfa::Segment;
use super::slots::Slots;

/// Where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Terminal(u32),
    State(u32),
}

/// A node whose edges still name states.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal {
        bytes: Vec<u8>,
        end: u32,
        miss: Target,
        next: Target,
    },
    Branch {
        end: u32,
        default: Target,
        edges: Vec<(u8, Target)>,
    },
    Table {
        end: u32,
        targets: Vec<Target>,
        index: Box<[u8; 256]>,
    },
    /// Over so many occurrences of a byte.
    Skip {
        byte: u8,
        count: usize,
        end: u32,
        next: Target,
    },
    /// The literal, or on from behind the next such byte.
    Search {
        bytes: Vec<u8>,
        byte: u8,
        end: u32,
        again: Target,
        next: Target,
    },
    Suffix {
        bytes: Vec<u8>,
        no: u32,
        yes: u32,
    },
    Segment {
        delimiter: u8,
        end: u32,
        miss: u32,
        slots: Slots<(Segment, Target)>,
    },
    /// One of several texts, looked up by so many of its bytes.
    Prefixes {
        hashed: usize,
        other: Target,
        slots: Slots<(Vec<u8>, Target)>,
    },
}

impl Node {
    /// Where it leads, and what of the text is left then; nothing at an end.
    pub(super) fn step<'a>(&self, rest: &'a [u8]) -> (Target, Option<&'a [u8]>) {
        match self {
            Self::Literal { bytes, end, miss, next } => {
                let equal = rest.iter().zip(bytes).take_while(|(a, b)| a == b).count();
                if equal == bytes.len() {
                    return (*next, rest.get(equal..));
                }
                rest.get(equal + 1..).map_or((Target::Terminal(*end), None), |rest| (*miss, Some(rest)))
            }
            Self::Branch { end, default, edges } => match rest.split_first() {
                Some((byte, rest)) => {
                    let edge = edges.iter().find(|(key, _)| key == byte);
                    (edge.map_or(*default, |(_, target)| *target), Some(rest))
                }
                None => (Target::Terminal(*end), None),
            },
            Self::Table { end, targets, index } => match rest.split_first() {
                Some((&byte, rest)) => {
                    let place = index.get(usize::from(byte)).copied().unwrap_or(0);
                    let target = targets.get(usize::from(place)).copied();
                    (target.unwrap_or(Target::Terminal(NONE)), Some(rest))
                }
                None => (Target::Terminal(*end), None),
            },
            Self::Skip { byte, count, end, next } => {
                let behind = (0..*count).try_fold(rest, |rest, _| behind(rest, *byte));
                behind.map_or((Target::Terminal(*end), None), |rest| (*next, Some(rest)))
            }
            Self::Search { bytes, byte, end, again, next } => {
                let equal = rest.iter().zip(bytes).take_while(|(a, b)| a == b).count();
                if equal == bytes.len() {
                    return (*next, rest.get(equal..));
                }
                let behind = rest.get(equal..).and_then(|rest| behind(rest, *byte));
                behind.map_or((Target::Terminal(*end), None), |rest| (*again, Some(rest)))
            }
            Self::Segment { delimiter, end, miss, slots, .. } => {
                let found = rest.iter().position(|byte| byte == delimiter);
                let (bytes, behind) = rest.split_at(found.unwrap_or(rest.len()));
                let mut known = slots.entries();
                match known.find(|(it, _)| it.bytes == bytes && it.ends == found.is_none()) {
                    _ if rest.is_empty() => (Target::Terminal(*end), None),
                    Some((_, target)) if found.is_some() => (*target, behind.get(1..)),
                    Some((_, target)) => (*target, None),
                    None => (Target::Terminal(*miss), None),
                }
            }
            Self::Prefixes { other, slots, .. } => {
                let mut known = slots.entries();
                match known.find(|(text, _)| rest.starts_with(text)) {
                    Some((text, target)) => (*target, rest.get(text.len()..)),
                    None => (*other, Some(rest).filter(|_| matches!(other, Target::State(_)))),
                }
            }
            Self::Suffix { bytes, no, yes } => {
                (Target::Terminal(if rest.ends_with(bytes) { *yes } else { *no }), None)
            }
        }
    }
}

/// What stands behind the first such byte.
fn behind(text: &[u8], byte: u8) -> Option<&[u8]> {
    text.get(text.iter().position(|&other| other == byte)? + 1..)
}

/// An automaton as words, with references relative to its first word, and the reference of its root.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Built {
    pub(super) words: Vec<u32>,
    /// Places of words that are references to nodes and move with the automaton.
    pub(super) relocations: Vec<u32>,
    /// Places of words that are terminals.
    pub(super) terminals: Vec<u32>,
    pub(super) root: u32,
    pub(super) states: usize,
}

/// Lays nodes out as words, one after the other; nothing where a reference could not name a word of them.
pub(super) fn layout(nodes: &[Node], root: Target) -> Option<Built> {
    let mut starts = Vec::with_capacity(nodes.len());
    let mut next = 0_u32;
    for node in nodes {
        starts.push(next);
        next = next.checked_add(length(node)).filter(|&next| next <= LIST_BIT)?;
    }
    let mut built = Built {
        words: Vec::with_capacity(next as usize),
        relocations: Vec::new(),
        terminals: Vec::new(),
        root: 0,
        states: nodes.len(),
    };
    let resolve = |target: Target| match target {
        Target::Terminal(terminal) => terminal,
        Target::State(state) => starts.get(state as usize).copied().unwrap_or(NONE),
    };
    for node in nodes {
        write(node, &mut built, &resolve);
    }
    built.root = resolve(root);
    Some(built)
}

fn length(node: &Node) -> u32 {
    (match node {
        Node::Literal { bytes, .. } | Node::Search { bytes, .. } => 4 + bytes.len().div_ceil(4),
        Node::Branch { edges, .. } => 3 + edges.len().max(1).div_ceil(4) + edges.len().max(1),
        Node::Table { targets, .. } => 2 + node::TABLE_WORDS + targets.len(),
        Node::Skip { .. } => 3,
        Node::Suffix { bytes, .. } => 3 + bytes.len().div_ceil(4),
        Node::Prefixes { slots, .. } => node::PREFIXES_WORDS + slots.slots.len() * slot::WORDS,
        Node::Segment { slots, delimiter, .. } => {
            segment::HEADER_WORDS + slots.slots.len() * slot::WORDS + text_words(slots, *delimiter)
        }
    }) as u32
}

/// What of a segment does not fit its slot.
fn beside(segment: &Segment, delimiter: u8) -> Option<Vec<u8>> {
    match segment_words(&segment.bytes, (!segment.ends).then_some(delimiter)) {
        _ if segment.bytes.len() <= node::SHORT_BYTES => None,
        Some([first, second]) => Some([first.to_le_bytes(), second.to_le_bytes()].concat()),
        None => Some(segment.bytes.clone()),
    }
}

/// Words of those.
fn text_words(slots: &Slots<(Segment, Target)>, delimiter: u8) -> usize {
    let texts = slots.entries().filter_map(|(segment, _)| beside(segment, delimiter));
    texts.map(|text| text.len().div_ceil(4)).sum()
}

/// Two numbers as four words.
fn multipliers(Multipliers([a, b]): Multipliers) -> [u32; 4] {
    [a as u32, (a >> 32) as u32, b as u32, (b >> 32) as u32]
}

fn push_bytes(words: &mut Vec<u32>, bytes: &[u8]) {
    for chunk in bytes.chunks(4) {
        let mut word = [0; 4];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        words.push(u32::from_le_bytes(word));
    }
}

fn write(node: &Node, built: &mut Built, resolve: &impl Fn(Target) -> u32) {
    let tag = |tag: u32, parameter: usize| tag | (parameter as u32) << 8;
    let words = &mut built.words;
    let mut edge = |words: &mut Vec<u32>, target: Target| {
        let places = match target {
            Target::State(_) => &mut built.relocations,
            Target::Terminal(_) => &mut built.terminals,
        };
        places.push(words.len() as u32);
        words.push(resolve(target));
    };
    match node {
        Node::Literal { bytes, end, miss, next } => {
            words.push(tag(node::LITERAL, bytes.len()));
            edge(words, Target::Terminal(*end));
            edge(words, *miss);
            edge(words, *next);
            push_bytes(words, bytes);
        }
        Node::Branch { end, default, edges } => {
            // A branch without edges still needs a key: any byte, leading where all others lead.
            let stand_in = [(b':', *default)];
            let edges: &[(u8, Target)] = if edges.is_empty() { &stand_in } else { edges };
            words.push(tag(node::BRANCH, edges.len()));
            edge(words, Target::Terminal(*end));
            edge(words, *default);
            push_bytes(words, &edges.iter().map(|(byte, _)| *byte).collect::<Vec<_>>());
            for (_, target) in edges {
                edge(words, *target);
            }
        }
        Node::Table { end, targets, index } => {
            words.push(tag(node::TABLE, targets.len()));
            edge(words, Target::Terminal(*end));
            push_bytes(words, &index[..]);
            for target in targets {
                edge(words, *target);
            }
        }
        Node::Skip { byte, count, end, next } => {
            words.push(tag(node::SKIP, usize::from(*byte) | (count - 1) << 8));
            edge(words, Target::Terminal(*end));
            edge(words, *next);
        }
        Node::Search { bytes, byte, end, again, next } => {
            words.push(tag(node::SEARCH, bytes.len() | usize::from(*byte) << 16));
            edge(words, Target::Terminal(*end));
            edge(words, *again);
            edge(words, *next);
            push_bytes(words, bytes);
        }
        Node::Segment { delimiter, end, miss, slots } => {
            words.push(tag(node::SEGMENT, slots.parameter()));
            edge(words, Target::Terminal(*end));
            edge(words, Target::Terminal(*miss));
            words.push(u32::from_le_bytes([*delimiter; 4]));
            words.extend(multipliers(slots.of));
            words.push(text_words(slots, *delimiter) as u32);
            let mut text = (segment::HEADER_WORDS + slots.slots.len() * slot::WORDS) as u32;
            for slot in &slots.slots {
                let Some((segment, target)) = slot else {
                    words.extend([0; slot::WORDS]);
                    continue;
                };
                let length = segment.bytes.len() as u32;
                words.push(length | if segment.ends { segment::ENDS } else { 0 });
                edge(words, *target);
                let behind = (!segment.ends).then_some(*delimiter);
                match (beside(segment, *delimiter), segment_words(&segment.bytes, behind)) {
                    (None, Some([word, _])) => push_bytes(words, &word.to_le_bytes()),
                    (beside, _) => {
                        words.extend([text, 0, 0, 0]);
                        text += beside.map_or(0, |beside| beside.len().div_ceil(4)) as u32;
                    }
                }
            }
            let texts = slots.entries().filter_map(|(segment, _)| beside(segment, *delimiter));
            texts.for_each(|text| push_bytes(words, &text));
        }
        Node::Prefixes { hashed, other, slots } => {
            words.push(tag(node::PREFIXES, slots.parameter()));
            edge(words, *other);
            words.extend(multipliers(slots.of));
            let mask = (0..16).map(|at| if at < *hashed { 0xff } else { 0 }).collect::<Vec<u8>>();
            push_bytes(words, &mask);
            for slot in &slots.slots {
                let Some((text, target)) = slot else {
                    words.extend([0; slot::WORDS]);
                    continue;
                };
                words.push(text.len() as u32);
                edge(words, *target);
                push_bytes(words, &segment_words(text, None).unwrap_or_default()[0].to_le_bytes());
            }
        }
        Node::Suffix { bytes, no, yes } => {
            words.push(tag(node::SUFFIX, bytes.len()));
            edge(words, Target::Terminal(*no));
            edge(words, Target::Terminal(*yes));
            push_bytes(words, bytes);
        }
    }
}
