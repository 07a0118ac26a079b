//! Subset construction, straight into path-compressed nodes, within a budget.
//!
//! A chain of states with one way on is one literal node and never becomes states of its own; a state in which nothing is live is a
//! terminal at once; a lone alternative whose rest is `*` and a literal is a suffix node.

use portcullis_runtime::format::{NONE, node};
use portcullis_runtime::hash::hash_segment;

use super::layout::{Built, Node, Target, layout};
use super::nfa::{Element, Nfa, Segment, Segments, State, Stay};
use super::residual::Budget;
use super::slots::place;
use crate::intern::HashMap;

/// The residual does not fit the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OverBudget {
    /// What was spent until that was known.
    pub(super) work: usize,
}

/// Longest run of one literal node, in bytes.
const RUN: usize = 1_024;

/// An automaton whose edges name states.
pub(super) struct Graph {
    nodes: Vec<Node>,
    root: Target,
    work: usize,
}

impl Graph {
    /// The terminal of a text. Linear in the text.
    pub(super) fn walk(&self, text: &[u8]) -> u32 {
        let (mut target, mut rest) = (self.root, text);
        loop {
            let node = match target {
                Target::Terminal(terminal) => return terminal,
                Target::State(state) => self.nodes.get(state as usize),
            };
            let Some(node) = node else { return NONE };
            match node.step(rest) {
                (next, Some(behind)) => (target, rest) = (next, behind),
                (end, None) => target = end,
            }
        }
    }

    /// Its nodes as words; nothing if they are more than references can name.
    pub(super) fn layout(&self) -> Option<Built> {
        layout(&self.nodes, self.root)
    }

    /// What it cost to build.
    pub(super) const fn work(&self) -> usize {
        self.work
    }
}

/// What the states of an automaton mean where a text ends.
pub(super) trait Ends {
    /// The terminal of a state.
    fn end(&mut self, nfa: &Nfa, state: &State) -> u32;

    /// What all terminals have cost so far, as work of a budget.
    fn spent(&self) -> usize;
}

pub(super) struct Determinizer<'a, E> {
    pub(super) nfa: &'a Nfa,
    ends: &'a mut E,
    pub(super) states: HashMap<State, u32>,
    queue: Vec<State>,
    nodes: Vec<Node>,
    pub(super) work: usize,
    pub(super) budget: Budget,
}

/// Builds the automaton of an NFA.
pub(super) fn determinize(nfa: &Nfa, ends: &mut impl Ends, budget: Budget) -> Result<Graph, OverBudget> {
    let mut builder = Determinizer {
        nfa,
        ends,
        states: HashMap::default(),
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
    Ok(Graph { nodes: builder.nodes, root, work: builder.work })
}

impl<E: Ends> Determinizer<'_, E> {
    /// The terminal of a state. Charged here, and noticed at the next node.
    pub(super) fn end(&mut self, state: &State) -> u32 {
        let before = self.ends.spent();
        let end = self.ends.end(self.nfa, state);
        self.work += self.ends.spent() - before + 1;
        end
    }

    pub(super) fn target(&mut self, state: State) -> Result<Target, OverBudget> {
        if state.live.is_empty() {
            return Ok(Target::Terminal(self.end(&state)));
        }
        if let Some(&known) = self.states.get(&state) {
            return Ok(Target::State(known));
        }
        if self.queue.len() >= self.budget.states {
            return Err(self.over_budget());
        }
        let id = self.queue.len() as u32;
        self.states.insert(state.clone(), id);
        self.queue.push(state);
        Ok(Target::State(id))
    }

    pub(super) fn step(&mut self, state: &State, byte: u8) -> Result<State, OverBudget> {
        self.work += state.live.len() + state.matched.len() + state.pending.len() + 1;
        self.within()?;
        Ok(self.nfa.step(state, byte))
    }

    const fn over_budget(&self) -> OverBudget {
        OverBudget { work: self.work }
    }

    pub(super) const fn within(&self) -> Result<(), OverBudget> {
        if self.work > self.budget.work { Err(self.over_budget()) } else { Ok(()) }
    }

    fn node(&mut self, state: State) -> Result<Node, OverBudget> {
        self.within()?;
        let end = self.end(&state);
        if let Some(node) = self.suffix(&state, end) {
            return Ok(node);
        }
        let bytes = Bytes::of(self.nfa, &state);
        let other = self.step(&state, bytes.other)?;
        if let Some(node) = self.segment(&state, end, &other, bytes.listed.len() > 1)? {
            return Ok(node);
        }
        if let Some(continuation) = bytes.continuation {
            let behind = self.step(&state, continuation)?;
            if behind != other {
                return self.table(&state, &bytes, end, other, behind);
            }
        }
        if let Some(node) = self.prefixes(&state, &bytes, end, &other)? {
            return Ok(node);
        }
        if let Some(node) = self.search(&state, &bytes, end, &other)? {
            return Ok(node);
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
            return self.skip(byte, end, next);
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

    /// Many literals, each up to the next slash or colon: the whole segment is looked up.
    ///
    /// What all of them begin with is a literal before it, where that spares a longer segment than a walk reads at once; not so where they
    /// part at once.
    fn segment(
        &mut self,
        state: &State,
        end: u32,
        dead: &State,
        parts: bool,
    ) -> Result<Option<Node>, OverBudget> {
        if state.live.len() < SEGMENTS || !dead.live.is_empty() {
            return Ok(None);
        }
        let mut usable = None;
        for delimiter in *b"/:" {
            let segments = self.nfa.segments(state, delimiter, &mut self.work);
            self.within()?;
            let fits = |found: &Segments| {
                found.len() >= SEGMENTS && found.iter().all(|(it, _)| it.ends || !it.bytes.is_empty())
            };
            if let Some(segments) = segments.filter(fits) {
                usable = Some((delimiter, segments));
                break;
            }
        }
        let Some((delimiter, segments)) = usable else { return Ok(None) };
        let longest = segments.iter().map(|(it, _)| it.bytes.len()).max().unwrap_or(0);
        if !parts && longest > node::SHORT_BYTES && shared(&segments) > 0 {
            return Ok(None);
        }
        let mut entries = Vec::with_capacity(segments.len());
        // Of a text that ends here the end tells.
        for (segment, next) in segments.into_iter().filter(|(it, _)| !it.bytes.is_empty()) {
            self.within()?;
            let target = if segment.ends { Target::Terminal(self.end(&next)) } else { self.target(next)? };
            entries.push((segment, target));
        }
        let hash = |(it, _): &(Segment, Target), of| {
            let behind = (!it.ends).then_some(delimiter);
            (hash_segment(of, &it.bytes, behind), it.bytes.len() / 8 + 1)
        };
        let placed = place(entries, hash, self.budget.work, &mut self.work);
        self.within()?;
        let Some(slots) = placed else { return Ok(None) };
        let miss = self.end(dead);
        Ok(Some(Node::Segment { delimiter, end, miss, slots }))
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

    /// Up to a byte, and on to as many more as nothing else stands between.
    fn skip(&mut self, byte: u8, end: u32, mut next: State) -> Result<Node, OverBudget> {
        let mut count = 1;
        while count < node::SKIP_COUNT && !next.live.is_empty() && self.end(&next) == end {
            match self.skipped(&next)? {
                Some((other, behind)) if other == byte => next = behind,
                _ => break,
            }
            count += 1;
        }
        Ok(Node::Skip { byte, count, end, next: self.target(next)? })
    }

    /// The one byte that leads on from a state, all others leading back to it, and where that leads.
    pub(super) fn skipped(&mut self, state: &State) -> Result<Option<(u8, State)>, OverBudget> {
        let bytes = Bytes::of(self.nfa, state);
        let &[byte] = bytes.listed.as_slice() else { return Ok(None) };
        let stays = |continuation| matches!(continuation, Ok(it) if it == *state);
        if !stays(self.step(state, bytes.other))
            || !bytes.continuation.is_none_or(|byte| stays(self.step(state, byte)))
        {
            self.within()?;
            return Ok(None);
        }
        Ok(Some((byte, self.step(state, byte)?)))
    }

    /// A literal that is looked for behind every such byte as one delimiter: whatever does not fit it leads up to the next delimiter.
    ///
    /// From each state of the run the delimiter leads where it leads from the state that skips to it, and all that neither fits nor is one
    /// leads to that state.
    fn search(
        &mut self,
        state: &State,
        bytes: &Bytes,
        end: u32,
        other: &State,
    ) -> Result<Option<Node>, OverBudget> {
        if other == state || other.live.is_empty() || bytes.listed.len() > 2 {
            return Ok(None);
        }
        let Some((delimiter, behind)) = self.skipped(other)? else { return Ok(None) };
        if self.end(other) != end {
            return Ok(None);
        }
        let mut literal = Vec::new();
        let mut at = state.clone();
        while literal.len() < RUN
            && !at.live.is_empty()
            && (literal.is_empty() || !self.states.contains_key(&at))
        {
            let ways = Bytes::of(self.nfa, &at);
            let mut on = ways.listed.iter().copied().filter(|&byte| byte != delimiter);
            let (way, more) = (on.next(), on.next());
            let (None, false, true) = (more, ways.continuation.is_some(), self.end(&at) == end) else {
                break;
            };
            // The literal may go on with the delimiter itself.
            let way = match way {
                Some(byte) if self.step(&at, delimiter)? == behind => byte,
                None if self.step(&at, delimiter)? != behind => delimiter,
                _ => break,
            };
            if self.step(&at, ways.other)? != *other {
                break;
            }
            literal.push(way);
            at = self.step(&at, way)?;
        }
        if literal.is_empty() {
            return Ok(None);
        }
        let (again, next) = (self.target(behind)?, self.target(at)?);
        Ok(Some(Node::Search { bytes: literal, byte: delimiter, end, again, next }))
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

/// How many bytes all segments begin with.
fn shared(segments: &Segments) -> usize {
    let Some(((first, _), others)) = segments.split_first() else { return 0 };
    others.iter().fold(first.bytes.len(), |most, (it, _)| {
        first.bytes.iter().zip(&it.bytes).take(most).take_while(|(a, b)| a == b).count()
    })
}

/// Fewest segments for which a look-up is better than going byte by byte.
const SEGMENTS: usize = 4;

/// The bytes that a state tells apart.
pub(super) struct Bytes {
    /// Each by itself, ascending.
    pub(super) listed: Vec<u8>,
    /// A byte that is not listed, standing for all others.
    pub(super) other: u8,
    /// A continuation byte that is not listed, where `?` makes those a class of their own.
    pub(super) continuation: Option<u8>,
}

impl Bytes {
    pub(super) fn of(nfa: &Nfa, state: &State) -> Self {
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
