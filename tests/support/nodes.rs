//! Nodes of automata as FORMAT.md lays them out, for tests. A test uses this file as `#[path = "support/nodes.rs"] mod nodes;`.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "every integration test uses a part of its own")]

use portcullis::runtime::format::{node, segment, slot};

/// A node: its word, kind and parameter.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub at: usize,
    pub kind: u32,
    pub parameter: usize,
}

impl Node {
    /// Whether it goes over several bytes of one kind at once.
    pub const fn skips_several(&self) -> bool {
        self.kind == node::SKIP && self.parameter >> 8 > 0
    }
}

/// Slots of a table, from the parameter of its node.
pub const fn slots(parameter: usize) -> usize {
    1 << (64 - (parameter & 0xff))
}

/// All nodes of a section, one behind the other.
pub fn nodes(words: &[u32]) -> Vec<Node> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(first) = words.get(at) {
        let node = Node { at, kind: first & 0xff, parameter: (first >> 8) as usize };
        let parameter = node.parameter;
        at += match node.kind {
            node::LITERAL => 4 + parameter.div_ceil(4),
            node::SEARCH => 4 + (parameter & 0xffff).div_ceil(4),
            node::BRANCH => 3 + parameter.div_ceil(4) + parameter,
            node::TABLE => 2 + node::TABLE_WORDS + parameter,
            node::SKIP => 3,
            node::SUFFIX => 3 + parameter.div_ceil(4),
            node::LEAF => 2,
            node::SEGMENT => {
                let header = segment::HEADER_WORDS;
                header + slots(parameter) * slot::WORDS + words[at + header - 1] as usize
            }
            node::PREFIXES => node::PREFIXES_WORDS + slots(parameter) * slot::WORDS,
            other => panic!("node kind {other}"),
        };
        found.push(node);
    }
    found
}
