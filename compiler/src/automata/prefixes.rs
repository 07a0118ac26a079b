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
type Text = (Vec<u8>, State);

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
    /// A node that looks the texts up which lead on from a state; nothing where there are fewer than two, or where what leaves them comes to different
    /// things.
    ///
    /// What leaves all texts, and what ends within one, comes to one end; or to one state, which skips to the next delimiter. A text holds that delimiter at its
    /// end at most. So what has begun as a text and is none holds no delimiter yet, and to skip from its begin is to skip from its end.
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
        let Some(texts) = self.texts(state, &ways)? else { return Ok(None) };
        let hashed = texts.iter().map(|(text, _)| text.len()).min().unwrap_or(0);
        let mut entries: Vec<(Vec<u8>, Target)> = Vec::new();
        // Those that agree in the hashed bytes lead on together, as far as they agree.
        for alike in texts.chunk_by(|(a, _), (b, _)| a.get(..hashed) == b.get(..hashed)) {
            let (text, behind) = match alike {
                [text] => text.clone(),
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
        let hash = |(text, _): &(Vec<u8>, Target), of| {
            (hash_segment(of, text.get(..hashed).unwrap_or(text), None), 3)
        };
        let placed = place(entries, hash, self.budget.work, &mut self.work);
        self.within()?;
        let Some(slots) = placed else { return Ok(None) };
        let other =
            if ways.delimiter.is_some() { self.target(other.clone())? } else { Target::Terminal(end) };
        Ok(Some(Node::Prefixes { hashed, other, slots }))
    }

    /// The texts, sorted, none of which begins with another. Nothing where there are fewer than two or too many; nor where all of them begin alike and do
    /// not fit: then a literal goes first, and what is behind it fits.
    fn texts(&mut self, state: &State, ways: &Ways<'_>) -> Result<Option<Vec<Text>>, OverBudget> {
        let mut texts: Vec<Text> = Vec::new();
        let mut open = vec![(Vec::new(), state.clone())];
        let mut cut = false;
        while let Some((text, at)) = open.pop() {
            match self.transitions(&text, &at, ways)? {
                Some(_) if text.len() == node::SHORT_BYTES => {
                    cut = true;
                    texts.push((text, at));
                }
                // The last one is taken first.
                Some(on) => {
                    open.extend(
                        on.into_iter().rev().map(|(byte, next)| ([&text[..], &[byte]].concat(), next)),
                    );
                }
                None if text.is_empty() => return Ok(None),
                None => texts.push((text, at)),
            }
            if texts.len() + open.len() > MOST {
                return Ok(None);
            }
        }
        let parts =
            texts.iter().zip(texts.iter().skip(1)).any(|((one, _), (other, _))| one.first() != other.first());
        Ok((texts.len() > 1 && (parts || !cut)).then_some(texts))
    }

    /// The bytes that texts go on with from a state, and the states behind them; nothing where a text ends.
    fn transitions(
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
