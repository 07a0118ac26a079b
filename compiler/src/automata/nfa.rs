//! The patterns of a residual as one position automaton over bytes.
//!
//! A pattern of six parts is a line of elements with colons between the parts; a position stands before an element and may have a loop: `*`.
//! In the first five parts neither `*` nor `?` takes a colon (rule R1). A variable is taken for a `*` of its part and verified later, so
//! that the automaton finds too much, never too little. `?` takes one Unicode scalar value: the lead byte by the element, continuation
//! bytes by staying behind it (the text is UTF-8, so they can only belong to it).

use std::collections::BTreeMap;

use portcullis_runtime::format::limits::RESOURCE_BYTES;

use super::ResidualRule;
use super::classifiers::Pattern;
use super::terminal::{Matched, RuleFacts};
use crate::intern::Interner;
use crate::model::Effect;
use crate::pattern::{Glob, Piece, ResourceForm};

/// What a position waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// This byte.
    Byte(u8),
    /// One character: `?`.
    One {
        /// Whether it may be a colon.
        colon: bool,
    },
    /// The end of the text.
    End,
}

/// The loop at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stay {
    /// None.
    No,
    /// `*` of one of the first five parts.
    NoColon,
    /// `*` of the sixth part.
    Any,
}

/// A position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) element: Element,
    pub(super) stay: Stay,
    /// Whether a `?` stands right before: continuation bytes stay.
    pub(super) after_one: bool,
    pub(super) alternative: u32,
}

/// Whether a byte is a continuation byte of UTF-8.
const fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

impl Position {
    /// Whether a byte leads to the next position.
    pub(super) const fn advances(&self, byte: u8) -> bool {
        match self.element {
            Element::Byte(wanted) => wanted == byte,
            Element::One { colon } => !is_continuation(byte) && (colon || byte != b':'),
            Element::End => false,
        }
    }

    /// Whether the position stays live behind a byte.
    pub(super) const fn stays(&self, byte: u8) -> bool {
        let loops = match self.stay {
            Stay::Any => true,
            Stay::NoColon => byte != b':',
            Stay::No => false,
        };
        loops || self.after_one && is_continuation(byte)
    }
}

/// Bytes up to a delimiter or the end of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    pub(super) bytes: Vec<u8>,
    /// Whether the text ends behind it.
    pub(super) ends: bool,
}

/// One pattern of one rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alternative {
    /// Place of the rule in the residual.
    pub(super) rule: u32,
    /// The pattern to verify, if it holds a variable: its id in the automaton.
    pub(super) variable: Option<u32>,
    /// First position.
    pub(super) start: u32,
    /// Number of positions.
    pub(super) length: u32,
}

/// The position automaton of a residual.
#[derive(Clone, Debug, Default)]
pub(super) struct Nfa {
    pub(super) rules: Vec<RuleFacts>,
    /// Distinct patterns with variables.
    pub(super) variables: Interner<Box<[Glob; 6]>>,
    pub(super) alternatives: Vec<Alternative>,
    pub(super) positions: Vec<Position>,
    /// Rules with a pattern that covers everything: matched from the start.
    pub(super) matched: Vec<u32>,
    /// Rules whose patterns are negated.
    negated: Vec<u32>,
    /// Whether whole segments of a text may be looked up at once.
    segments: bool,
    /// Whether any rule is without a guard, so that states can be folded.
    constant: bool,
}

/// Segments, and the state behind each.
pub(super) type Segments = Vec<(Segment, State)>;

/// How far the rules of a residual got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct State {
    /// Live positions, sorted.
    pub(super) live: Vec<u32>,
    /// Rules of which a pattern without variables matches whatever follows, sorted.
    pub(super) matched: Vec<u32>,
    /// Alternatives with variables that match whatever follows, sorted.
    pub(super) pending: Vec<u32>,
}

impl Nfa {
    /// The automaton of some rules. A pattern longer than any resource may be matches nothing and is left out.
    pub(super) fn new(rules: &[ResidualRule<'_>]) -> Self {
        let mut nfa = Self::default();
        for (number, rule) in (0..).zip(rules) {
            nfa.rules.push(RuleFacts::of(rule));
            nfa.constant |= rule.guard.is_none();
            if rule.negated {
                nfa.negated.push(number);
            }
            for pattern in rule.patterns {
                match pattern {
                    ResourceForm::Nothing => {}
                    ResourceForm::Everything => nfa.matched.push(number),
                    ResourceForm::Parts(parts) => {
                        let variable = pattern.has_variable().then(|| nfa.variables.intern(parts.clone()));
                        nfa.add(number, variable, &parts[..], RESOURCE_BYTES);
                    }
                }
            }
        }
        nfa.matched.dedup();
        // What a negated rule comes to changes where its patterns fall away, within a segment too.
        nfa.segments = nfa.negated.is_empty();
        nfa
    }

    /// What every live position of a state waits for, up to a byte and with it, or to the end of the text: bytes alone. `None` if any of them
    /// waits for more than bytes. With the state behind each: nothing else is live then. Linear in what is looked at, but for the sorting, and
    /// that is added to `work`.
    pub(super) fn segments(&self, state: &State, delimiter: u8, work: &mut usize) -> Option<Segments> {
        let mut segments: BTreeMap<Segment, Vec<u32>> = BTreeMap::new();
        if !self.segments {
            return None;
        }
        for &at in &state.live {
            let mut segment = Segment::default();
            let mut next = at;
            for position in self.positions.get(at as usize..)? {
                *work += 1;
                if position.stay != Stay::No || position.after_one {
                    return None;
                }
                match position.element {
                    Element::Byte(byte) if byte == delimiter => {
                        next += 1;
                        break;
                    }
                    Element::Byte(byte) => {
                        next += 1;
                        segment.bytes.push(byte);
                    }
                    Element::End => {
                        segment.ends = true;
                        break;
                    }
                    Element::One { .. } => return None,
                }
            }
            segments.entry(segment).or_default().push(next);
        }
        let mut behind = |live: Vec<u32>| {
            *work += live.len() + state.matched.len() + state.pending.len() + 1;
            let (matched, pending) = (state.matched.clone(), state.pending.clone());
            self.settle(State { live, matched, pending })
        };
        Some(segments.into_iter().map(|(segment, live)| (segment, behind(live))).collect())
    }

    /// The automaton of named patterns over whole texts without variables, each a rule of its own that nothing folds. None is
    /// too long: the values of a principal's tags have no limit.
    pub(super) fn of_texts(patterns: &[(u32, &Pattern)]) -> Self {
        let mut nfa = Self::default();
        for (number, &(name, pattern)) in (0..).zip(patterns) {
            // Under a guard a rule is never constant.
            let facts = RuleFacts { rule: name, effect: Effect::Allow, guard: Some(0), negated: false };
            nfa.rules.push(facts);
            match pattern {
                Pattern::Text(glob) => nfa.add(number, None, std::slice::from_ref(glob), usize::MAX - 1),
                Pattern::Arn(parts) => nfa.add(number, None, &parts[..], usize::MAX - 1),
            }
        }
        nfa
    }

    /// Adds a pattern of one part or of six.
    fn add(&mut self, rule: u32, variable: Option<u32>, parts: &[Glob], longest: usize) {
        let alternative = self.alternatives.len() as u32;
        let start = self.positions.len();
        let fresh = Position { element: Element::End, stay: Stay::No, after_one: false, alternative };
        let mut at = fresh;
        for (number, part) in parts.iter().enumerate() {
            let last = number == parts.len() - 1;
            if number > 0 {
                self.positions.push(Position { element: Element::Byte(b':'), ..at });
                at = fresh;
            }
            for piece in part.pieces() {
                match piece {
                    Piece::AnyRun | Piece::Variable(_) => {
                        at.stay = if last { Stay::Any } else { Stay::NoColon }
                    }
                    Piece::AnyOne => {
                        self.positions.push(Position { element: Element::One { colon: last }, ..at });
                        at = Position { after_one: true, ..fresh };
                    }
                    Piece::Literal(text) => {
                        for byte in text.bytes() {
                            self.positions.push(Position { element: Element::Byte(byte), ..at });
                            at = fresh;
                        }
                    }
                }
            }
        }
        self.positions.push(at);
        let length = self.positions.len() - start;
        if length > longest + 1 {
            self.positions.truncate(start);
            return;
        }
        self.alternatives.push(Alternative { rule, variable, start: start as u32, length: length as u32 });
    }

    /// The state before the first byte.
    pub(super) fn start(&self) -> State {
        let live = self.alternatives.iter().map(|alternative| alternative.start).collect();
        self.settle(State { live, matched: self.matched.clone(), pending: Vec::new() })
    }

    fn position(&self, at: u32) -> Option<&Position> {
        self.positions.get(at as usize)
    }

    fn alternative_of(&self, position: u32) -> Option<(u32, &Alternative)> {
        let number = self.position(position)?.alternative;
        Some((number, self.alternatives.get(number as usize)?))
    }

    fn rule_of_position(&self, position: u32) -> Option<u32> {
        self.alternative_of(position).map(|(_, alternative)| alternative.rule)
    }

    /// The state behind one byte.
    pub(super) fn step(&self, state: &State, byte: u8) -> State {
        let mut live = Vec::with_capacity(state.live.len() + 4);
        for &at in &state.live {
            let Some(position) = self.position(at) else { continue };
            if position.stays(byte) {
                live.push(at);
            }
            if position.advances(byte) {
                live.push(at + 1);
            }
        }
        self.settle(State { live, matched: state.matched.clone(), pending: state.pending.clone() })
    }

    /// Brings a state into its one form, and drops from it what cannot matter any more.
    fn settle(&self, mut state: State) -> State {
        state.live.sort_unstable();
        state.live.dedup();
        self.drop_dominated(&mut state.live);
        // A pattern at its end with a loop over anything matches whatever follows.
        let mut live = std::mem::take(&mut state.live);
        live.retain(|&at| {
            let Some(position) = self.position(at) else { return false };
            if position.element != Element::End || position.stay != Stay::Any {
                return true;
            }
            if let Some((number, alternative)) = self.alternative_of(at) {
                match alternative.variable {
                    None => state.matched.push(alternative.rule),
                    Some(_) => state.pending.push(number),
                }
            }
            false
        });
        state.live = live;
        state.matched.sort_unstable();
        state.matched.dedup();
        state.pending.sort_unstable();
        state.pending.dedup();
        let decided = std::mem::take(&mut state.matched);
        self.retain_rules(&mut state, |rule| decided.binary_search(&rule).is_err());
        state.matched = decided;
        self.fold(&mut state);
        state
    }

    /// Within one alternative, a position with a loop can do whatever an earlier one still could: between them lie no colons that the loop
    /// would not have to cross as well.
    fn drop_dominated(&self, live: &mut Vec<u32>) {
        let mut keep_from = None;
        let mut kept: Vec<u32> = Vec::with_capacity(live.len());
        for &at in live.iter().rev() {
            let Some(position) = self.position(at) else { continue };
            match keep_from {
                Some(alternative) if alternative == position.alternative => continue,
                _ => keep_from = None,
            }
            kept.push(at);
            if position.stay != Stay::No {
                keep_from = Some(position.alternative);
            }
        }
        kept.reverse();
        *live = kept;
    }

    /// Keeps positions and pending alternatives of the rules that `keep` names.
    fn retain_rules(&self, state: &mut State, keep: impl Fn(u32) -> bool) {
        state.live.retain(|&at| self.rule_of_position(at).is_some_and(&keep));
        state.pending.retain(|&number| {
            self.alternatives.get(number as usize).is_some_and(|alternative| keep(alternative.rule))
        });
    }

    /// Rules without a guard that apply whatever follows, sorted: matched ones, and negated ones of which nothing can match any more.
    fn applying(&self, state: &State) -> Vec<u32> {
        let constant =
            |number: &u32| self.rules.get(*number as usize).is_some_and(|rule| rule.guard.is_none());
        let negated = |number: &u32| self.rules.get(*number as usize).is_some_and(|rule| rule.negated);
        let matched = state.matched.iter().filter(|number| constant(number) && !negated(number));
        let mut applying: Vec<u32> = matched.copied().collect();
        if self.negated.iter().any(constant) {
            let mut open: Vec<u32> = state.live.iter().filter_map(|&at| self.rule_of_position(at)).collect();
            let pending = state.pending.iter().filter_map(|&number| self.alternatives.get(number as usize));
            open.extend(pending.map(|alternative| alternative.rule));
            open.extend(&state.matched);
            open.sort_unstable();
            let closed = |number: &&u32| constant(number) && open.binary_search(number).is_err();
            applying.extend(self.negated.iter().filter(closed));
            applying.sort_unstable();
        }
        applying
    }

    /// Folds early what the terminal would fold late: a constant deny ends everything, a constant allow ends all other allows. A rule is
    /// switched off by forgetting it, a negated one by taking it for matched.
    fn fold(&self, state: &mut State) {
        if !self.constant {
            return;
        }
        let applying = self.applying(state);
        let denying =
            |number: u32| self.rules.get(number as usize).is_some_and(|rule| rule.effect == Effect::Deny);
        let denies: Vec<u32> = applying.iter().copied().filter(|&number| denying(number)).collect();
        let allow = applying.into_iter().find(|&number| !denying(number));
        let keep = |number: u32| match (denies.is_empty(), allow) {
            (false, _) => denies.binary_search(&number).is_ok(),
            (true, Some(first)) => denying(number) || number == first,
            (true, None) => true,
        };
        if denies.is_empty() && allow.is_none() {
            return;
        }
        self.retain_rules(state, keep);
        state.matched.retain(|&number| keep(number));
        state.matched.extend(self.negated.iter().copied().filter(|&number| !keep(number)));
        state.matched.sort_unstable();
    }

    /// The rules of which a pattern matches if the text ends here, sorted.
    pub(super) fn matched(&self, state: &State) -> Vec<u32> {
        let mut matched = state.matched.clone();
        let name = |number: u32| self.rules.get(number as usize).map(|rule| rule.rule);
        let ends = state
            .live
            .iter()
            .filter(|&&at| self.position(at).is_some_and(|position| position.element == Element::End));
        matched.extend(ends.filter_map(|&at| self.rule_of_position(at)));
        let mut names: Vec<u32> = matched.into_iter().filter_map(name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What the rules, by their places, come to if the text ends here, but for those that do not apply. Time: linear in the state and the
    /// negated rules.
    pub(super) fn outcomes(&self, state: &State) -> Vec<(u32, Matched)> {
        let mut matched = state.matched.clone();
        let mut checks: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut depends = |alternative: &Alternative| {
            let own = checks.entry(alternative.rule).or_default();
            own.extend(alternative.variable);
        };
        for &number in &state.pending {
            self.alternatives.get(number as usize).into_iter().for_each(&mut depends);
        }
        for &at in &state.live {
            if self.position(at).is_none_or(|position| position.element != Element::End) {
                continue;
            }
            if let Some((_, alternative)) = self.alternative_of(at) {
                match alternative.variable {
                    None => matched.push(alternative.rule),
                    Some(_) => depends(alternative),
                }
            }
        }
        matched.sort_unstable();
        matched.dedup();
        let negated = self.negated.iter().filter(|number| matched.binary_search(number).is_err());
        let closed =
            negated.filter(|number| !checks.contains_key(number)).map(|&number| (number, Matched::Yes));
        let facts = |number: u32| self.rules.get(number as usize).copied();
        let mut outcomes: Vec<(u32, Matched)> = closed.collect();
        let applies = |number: &u32| facts(*number).is_some_and(|rule| !rule.negated);
        outcomes.extend(matched.iter().copied().filter(applies).map(|number| (number, Matched::Yes)));
        for (number, mut patterns) in checks {
            if matched.binary_search(&number).is_err() {
                patterns.sort_unstable();
                patterns.dedup();
                outcomes.push((number, Matched::Depends(patterns)));
            }
        }
        outcomes
    }
}
