//! Subset construction, straight into path-compressed nodes, within a budget.
//!
//! A chain of states with one way on is one literal node and never becomes states of its own; a state in which nothing is live is a
//! terminal at once; a lone alternative whose rest is `*` and a literal is a suffix node.

use std::collections::HashMap;

use portcullis_runtime::format::{NONE, node};

use super::nfa::{Element, Nfa, State, Stay};
use super::residual::Budget;
use super::terminal::Terminals;

/// The residual does not fit the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OverBudget;

/// Longest run of one literal node, in bytes.
const RUN: usize = 1_024;

/// Where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Terminal(u32),
    State(u32),
}

/// A node whose edges still name states.
#[derive(Clone, Debug)]
enum Node {
    Literal { bytes: Vec<u8>, end: u32, miss: Target, next: Target },
    Branch { end: u32, default: Target, edges: Vec<(u8, Target)> },
    Table { end: u32, targets: Vec<Target>, index: Box<[u8; 256]> },
    Skip { byte: u8, end: u32, next: Target },
    Suffix { bytes: Vec<u8>, no: u32, yes: u32 },
}

/// An automaton as words, with references relative to its first word, and the reference of its root.
pub(super) struct Built {
    pub(super) words: Vec<u32>,
    /// Places of words that are references to nodes and move with the automaton.
    pub(super) relocations: Vec<u32>,
    pub(super) root: u32,
    pub(super) states: usize,
}

/// What the states of an automaton mean where a text ends.
pub(super) trait Ends {
    /// The terminal of a state.
    fn end(&mut self, nfa: &Nfa, state: &State) -> u32;
}

impl Ends for Terminals {
    fn end(&mut self, nfa: &Nfa, state: &State) -> u32 {
        self.fold(nfa.outcomes(state))
    }
}

struct Determinizer<'a, E> {
    nfa: &'a Nfa,
    ends: &'a mut E,
    states: HashMap<State, u32>,
    queue: Vec<State>,
    nodes: Vec<Node>,
    work: usize,
    budget: Budget,
}

/// Builds the automaton of an NFA.
pub(super) fn determinize(nfa: &Nfa, ends: &mut impl Ends, budget: Budget) -> Result<Built, OverBudget> {
    let mut builder = Determinizer {
        nfa,
        ends,
        states: HashMap::new(),
        queue: Vec::new(),
        nodes: Vec::new(),
        work: 0,
        budget,
    };
    let root = builder.target(nfa.start())?;
    while let Some(state) = builder.queue.get(builder.nodes.len()).cloned() {
        let node = builder.node(state)?;
        builder.nodes.push(node);
    }
    Ok(layout(&builder.nodes, root))
}

impl<E: Ends> Determinizer<'_, E> {
    fn end(&mut self, state: &State) -> u32 {
        self.ends.end(self.nfa, state)
    }

    fn target(&mut self, state: State) -> Result<Target, OverBudget> {
        if state.live.is_empty() {
            return Ok(Target::Terminal(self.end(&state)));
        }
        if let Some(&known) = self.states.get(&state) {
            return Ok(Target::State(known));
        }
        if self.queue.len() >= self.budget.states {
            return Err(OverBudget);
        }
        let id = self.queue.len() as u32;
        self.states.insert(state.clone(), id);
        self.queue.push(state);
        Ok(Target::State(id))
    }

    fn step(&mut self, state: &State, byte: u8) -> Result<State, OverBudget> {
        self.work += state.live.len() + state.matched.len() + state.pending.len() + 1;
        if self.work > self.budget.work { Err(OverBudget) } else { Ok(self.nfa.step(state, byte)) }
    }

    fn node(&mut self, state: State) -> Result<Node, OverBudget> {
        let end = self.end(&state);
        if let Some(node) = self.suffix(&state, end) {
            return Ok(node);
        }
        let bytes = Bytes::of(self.nfa, &state);
        let other = self.step(&state, bytes.other)?;
        if let Some(continuation) = bytes.continuation {
            let behind = self.step(&state, continuation)?;
            if behind != other {
                return self.table(&state, &bytes, end, other, behind);
            }
        }
        if let ([byte], false) = (bytes.listed.as_slice(), other == state) {
            return self.literal(&state, *byte, end, other);
        }
        let mut edges = Vec::with_capacity(bytes.listed.len());
        for &byte in &bytes.listed {
            let next = self.step(&state, byte)?;
            if next != other {
                edges.push((byte, next));
            }
        }
        if other == state
            && edges.len() == 1
            && let Some((byte, next)) = edges.pop()
        {
            return Ok(Node::Skip { byte, end, next: self.target(next)? });
        }
        if edges.len() > node::BRANCH_KEYS {
            let behind = other.clone();
            return self.table(&state, &bytes, end, other, behind);
        }
        let default = self.target(other)?;
        let edges =
            edges.into_iter().map(|(byte, next)| Ok((byte, self.target(next)?))).collect::<Result<_, _>>()?;
        Ok(Node::Branch { end, default, edges })
    }

    /// One live position with a loop over anything, and only literals behind it.
    fn suffix(&mut self, state: &State, end: u32) -> Option<Node> {
        let &[at] = state.live.as_slice() else { return None };
        let rest = self.nfa.positions.get(at as usize..)?;
        if rest.first()?.stay != Stay::Any {
            return None;
        }
        let mut bytes = Vec::new();
        for (offset, position) in rest.iter().enumerate() {
            if offset > 0 && (position.stay != Stay::No || position.after_one) {
                return None;
            }
            match position.element {
                Element::Byte(byte) => bytes.push(byte),
                Element::One { .. } => return None,
                Element::End => break,
            }
        }
        let last = at + bytes.len() as u32;
        let accepting = State { live: vec![last], ..state.clone() };
        let yes = self.end(&accepting);
        (!bytes.is_empty()).then_some(Node::Suffix { bytes, no: end, yes })
    }

    /// A run of bytes with one way on each, all with the same end and the same miss.
    fn literal(&mut self, state: &State, byte: u8, end: u32, other: State) -> Result<Node, OverBudget> {
        let mut bytes = vec![byte];
        let mut next = self.step(state, byte)?;
        while bytes.len() < RUN && !next.live.is_empty() && !self.states.contains_key(&next) {
            let ways = Bytes::of(self.nfa, &next);
            let &[way] = ways.listed.as_slice() else { break };
            if ways.continuation.is_some() || self.end(&next) != end || self.step(&next, ways.other)? != other
            {
                break;
            }
            bytes.push(way);
            next = self.step(&next, way)?;
        }
        Ok(Node::Literal { bytes, end, miss: self.target(other)?, next: self.target(next)? })
    }

    fn table(
        &mut self,
        state: &State,
        bytes: &Bytes,
        end: u32,
        other: State,
        behind: State,
    ) -> Result<Node, OverBudget> {
        let mut targets = vec![self.target(other)?];
        let mut index = Box::new([0; 256]);
        let place = |targets: &mut Vec<Target>, target: Target| {
            let known = targets.iter().position(|known| *known == target);
            known.unwrap_or_else(|| {
                targets.push(target);
                targets.len() - 1
            }) as u8
        };
        let behind = self.target(behind)?;
        let behind = place(&mut targets, behind);
        if bytes.continuation.is_some()
            && let Some(range) = index.get_mut(0x80..=0xbf)
        {
            range.fill(behind);
        }
        for &byte in &bytes.listed {
            let next = self.step(state, byte)?;
            let next = self.target(next)?;
            if let Some(entry) = index.get_mut(usize::from(byte)) {
                *entry = place(&mut targets, next);
            }
        }
        Ok(Node::Table { end, targets, index })
    }
}

/// The bytes that a state tells apart.
struct Bytes {
    /// Each by itself, ascending.
    listed: Vec<u8>,
    /// A byte that is not listed, standing for all others.
    other: u8,
    /// A continuation byte that is not listed, where `?` makes those a class of their own.
    continuation: Option<u8>,
}

impl Bytes {
    fn of(nfa: &Nfa, state: &State) -> Self {
        let mut listed = Vec::new();
        let mut classes = false;
        for &at in &state.live {
            let Some(position) = nfa.positions.get(at as usize) else { continue };
            match position.element {
                Element::Byte(byte) => listed.push(byte),
                Element::One { colon } => {
                    classes = true;
                    if !colon {
                        listed.push(b':');
                    }
                }
                Element::End => {}
            }
            if position.stay == Stay::NoColon {
                listed.push(b':');
            }
            classes |= position.after_one;
        }
        listed.sort_unstable();
        listed.dedup();
        let free = |from: u8, to: u8| (from..=to).find(|byte| listed.binary_search(byte).is_err());
        // Some byte below 0x80 is always free: 0xff never occurs in UTF-8 and stands in where a policy should list them all.
        let other = free(0, 0x7f).unwrap_or(0xff);
        let continuation = if classes { free(0x80, 0xbf) } else { None };
        Self { listed, other, continuation }
    }
}

/// Lays nodes out as words, one after the other.
fn layout(nodes: &[Node], root: Target) -> Built {
    let mut starts = Vec::with_capacity(nodes.len());
    let mut next = 0_u32;
    for node in nodes {
        starts.push(next);
        next += length(node);
    }
    let mut built = Built {
        words: Vec::with_capacity(next as usize),
        relocations: Vec::new(),
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
    built
}

fn length(node: &Node) -> u32 {
    (match node {
        Node::Literal { bytes, .. } => 4 + bytes.len().div_ceil(4),
        Node::Branch { edges, .. } => 3 + edges.len().max(1).div_ceil(4) + edges.len().max(1),
        Node::Table { targets, .. } => 2 + node::TABLE_WORDS + targets.len(),
        Node::Skip { .. } => 3,
        Node::Suffix { bytes, .. } => 3 + bytes.len().div_ceil(4),
    }) as u32
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
        if let Target::State(_) = target {
            built.relocations.push(words.len() as u32);
        }
        words.push(resolve(target));
    };
    match node {
        Node::Literal { bytes, end, miss, next } => {
            words.extend([tag(node::LITERAL, bytes.len()), *end]);
            edge(words, *miss);
            edge(words, *next);
            push_bytes(words, bytes);
        }
        Node::Branch { end, default, edges } => {
            // A branch without edges still needs a key: any byte, leading where all others lead.
            let stand_in = [(b':', *default)];
            let edges: &[(u8, Target)] = if edges.is_empty() { &stand_in } else { edges };
            words.extend([tag(node::BRANCH, edges.len()), *end]);
            edge(words, *default);
            push_bytes(words, &edges.iter().map(|(byte, _)| *byte).collect::<Vec<_>>());
            for (_, target) in edges {
                edge(words, *target);
            }
        }
        Node::Table { end, targets, index } => {
            words.extend([tag(node::TABLE, targets.len()), *end]);
            push_bytes(words, &index[..]);
            for target in targets {
                edge(words, *target);
            }
        }
        Node::Skip { byte, end, next } => {
            words.extend([tag(node::SKIP, usize::from(*byte)), *end]);
            edge(words, *next);
        }
        Node::Suffix { bytes, no, yes } => {
            words.extend([tag(node::SUFFIX, bytes.len()), *no, *yes]);
            push_bytes(words, bytes);
        }
    }
}
