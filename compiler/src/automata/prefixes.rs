//! Several texts, one of which the rest of a resource has to begin with: looked up at once, where a branch a byte and literals between them would
//! stand else.

use portcullis_runtime::format::node;
use portcullis_runtime::hash::hash_segment;

use super::determinize::{Bytes, Determinizer, Ends, OverBudget};
use super::layout::{Node, Target};
use super::nfa::State;
use super::slots::place;

/// Most texts of one node.
const MOST: usize = 1_024;

/// A text, and the state behind it.
type Leaf = (Vec<u8>, State);

/// What all ways out of the texts come to.
struct Ways<'a> {
    /// The end of a resource within a text.
    end: u32,
    /// Every byte that no text goes on with.
    other: &'a State,
    /// Where that is not the end: the byte up to which it leads, and the state behind.
    delimiter: Option<(u8, State)>,
}

impl<E: Ends> Determinizer<'_, E> {
    /// Whatever leaves the texts comes to the same, and so does a resource that ends within one: to an end, or up to the next delimiter, which stands at
    /// most at the end of a text.
    pub(super) fn prefixes(
        &mut self,
        state: &State,
        bytes: &Bytes,
        end: u32,
        other: &State,
    ) -> Result<Option<Node>, OverBudget> {
        // Where one position is live, there is one text.
        if state.live.len() < 2
            || bytes.continuation.is_some()
            || bytes.listed.is_empty()
            || other == state
            || self.end(other) != end
        {
            return Ok(None);
        }
        let delimiter = match other.live.is_empty() {
            true => None,
            false => match self.skipped(other)? {
                Some(delimiter) => Some(delimiter),
                None => return Ok(None),
            },
        };
        let ways = Ways { end, other, delimiter };
        let Some(leaves) = self.leaves(state, &ways)? else { return Ok(None) };
        let hashed = leaves.iter().map(|(text, _)| text.len()).min().unwrap_or(0);
        let mut entries: Vec<(Vec<u8>, Target)> = Vec::new();
        for alike in leaves.chunk_by(|(one, _), (other, _)| one.get(..hashed) == other.get(..hashed)) {
            let (text, behind) = match alike {
                [leaf] => leaf.clone(),
                [(first, _), .., (last, _)] => {
                    let shared = first.iter().zip(last).take_while(|(a, b)| a == b).count();
                    let text = first.get(..shared).unwrap_or(first);
                    let mut at = state.clone();
                    for &byte in text {
                        at = self.step(&at, byte)?;
                    }
                    (text.to_vec(), at)
                }
                [] => continue,
            };
            entries.push((text, self.target(behind)?));
        }
        let hash = |(text, _): &(Vec<u8>, Target), seed| {
            (hash_segment(seed, text.get(..hashed).unwrap_or(text), None), 3)
        };
        let placed = place(entries, hash, self.budget.work, &mut self.work);
        self.within()?;
        let Some(slots) = placed else { return Ok(None) };
        let other =
            if ways.delimiter.is_some() { self.target(other.clone())? } else { Target::Terminal(end) };
        Ok(Some(Node::Prefixes { hashed, other, slots }))
    }

    /// The texts, sorted, none of which begins with another; nothing where there are fewer than two or too many, or where a literal before them would bring
    /// them nearer.
    fn leaves(&mut self, state: &State, ways: &Ways<'_>) -> Result<Option<Vec<Leaf>>, OverBudget> {
        let mut leaves: Vec<Leaf> = Vec::new();
        let mut open = vec![(Vec::new(), state.clone())];
        let mut cut = false;
        while let Some((text, at)) = open.pop() {
            match self.on(&text, &at, ways)? {
                Some(_) if text.len() == node::SHORT_BYTES => {
                    cut = true;
                    leaves.push((text, at));
                }
                // The last one is taken first.
                Some(on) => {
                    open.extend(
                        on.into_iter().rev().map(|(byte, next)| ([&text[..], &[byte]].concat(), next)),
                    );
                }
                None if text.is_empty() => return Ok(None),
                None => leaves.push((text, at)),
            }
            if leaves.len() + open.len() > MOST {
                return Ok(None);
            }
        }
        let parts = leaves
            .iter()
            .zip(leaves.iter().skip(1))
            .any(|((one, _), (other, _))| one.first() != other.first());
        Ok((leaves.len() > 1 && (parts || !cut)).then_some(leaves))
    }

    /// The bytes that texts go on with from a state, and the states behind them; nothing where a text ends.
    fn on(
        &mut self,
        text: &[u8],
        at: &State,
        ways: &Ways<'_>,
    ) -> Result<Option<Vec<(u8, State)>>, OverBudget> {
        let delimiter = ways.delimiter.as_ref();
        let is_behind = delimiter.is_some_and(|(byte, _)| text.last() == Some(byte));
        if at.live.is_empty() || is_behind || !text.is_empty() && self.states.contains_key(at) {
            return Ok(None);
        }
        let bytes = Bytes::of(self.nfa, at);
        if bytes.continuation.is_some()
            || self.end(at) != ways.end
            || self.step(at, bytes.other)? != *ways.other
        {
            return Ok(None);
        }
        if let Some((byte, _)) = delimiter
            && !bytes.listed.contains(byte)
        {
            return Ok(None);
        }
        let mut on = Vec::new();
        for &byte in &bytes.listed {
            let next = self.step(at, byte)?;
            if delimiter.is_none_or(|(it, behind)| byte != *it || next != *behind) {
                on.push((byte, next));
            }
        }
        Ok((!on.is_empty()).then_some(on))
    }
}
