//! Spaces of texts: which combinations of patterns some text matches, found by walking the automaton of all of them at once.
//!
//! The states of that automaton are sets of places in the patterns, made as they are reached (the subset construction); what it ends with is
//! a *minterm*: the patterns that match, and those that do not. Two patterns that some text tells apart, and only those, are told apart by a
//! minterm, so that what holds of every minterm's example holds of every text.

mod walk;

use std::hash::{Hash, Hasher};

pub(super) use walk::{Minterm, TooMany, Walks, minterms};

use crate::pattern::{ActionForm, Glob, Piece, ResourceForm};

/// One unit of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    /// This character.
    Char(char),
    /// One character; whether it may be a colon.
    One { colon: bool },
    /// Any run of characters; whether colons may be among them.
    Run { colon: bool },
    /// An ASCII digit.
    Digit,
}

impl Hash for Unit {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.number());
    }
}

impl Unit {
    /// A number of its own: no character is past those of the wildcards.
    fn number(self) -> u32 {
        let wildcard = |kind: u32, colon: bool| 0x11_0000 + kind + u32::from(colon);
        match self {
            Self::Char(character) => u32::from(character),
            Self::One { colon } => wildcard(0, colon),
            Self::Run { colon } => wildcard(2, colon),
            Self::Digit => wildcard(4, false),
        }
    }

    fn takes(self, character: char) -> bool {
        match self {
            Self::Char(own) => own == character,
            Self::One { colon } | Self::Run { colon } => colon || character != ':',
            Self::Digit => character.is_ascii_digit(),
        }
    }
}

/// A pattern over whole texts: of resources or of actions. A policy variable in it stands for any run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pattern {
    units: Vec<Unit>,
}

impl Pattern {
    /// Every text.
    pub(super) fn everything() -> Self {
        Self { units: vec![Unit::Run { colon: true }] }
    }

    /// Every text of six parts whose account is none, or one of twelve digits.
    pub(super) fn account(number: Option<&str>) -> Self {
        let mut pattern = Self::default();
        for _ in 0..4 {
            pattern.units.extend([Unit::Run { colon: false }, Unit::Char(':')]);
        }
        match number {
            Some(number) => pattern.units.extend(number.chars().map(Unit::Char)),
            None => pattern.units.extend([Unit::Digit; 12]),
        }
        pattern.units.extend([Unit::Char(':'), Unit::Run { colon: true }]);
        pattern
    }

    /// What a resource pattern covers; `None` where it is nothing.
    pub(super) fn of_resource(form: &ResourceForm) -> Option<Self> {
        match form {
            ResourceForm::Everything => Some(Self::everything()),
            ResourceForm::Nothing => None,
            ResourceForm::Parts(parts) => {
                let mut pattern = Self::default();
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        pattern.units.push(Unit::Char(':'));
                    }
                    pattern.push(part, index == 5);
                }
                Some(pattern)
            }
        }
    }

    /// What an action pattern covers; `None` where it is nothing. Texts are in lower case.
    pub(super) fn of_action(form: &ActionForm) -> Option<Self> {
        match form {
            ActionForm::Everything => Some(Self::everything()),
            ActionForm::Nothing => None,
            ActionForm::Named { service, name } => {
                let mut pattern = Self::default();
                pattern.push(service, false);
                pattern.units.push(Unit::Char(':'));
                pattern.push(name, true);
                Some(pattern)
            }
        }
    }

    /// One text without parts: a value of a condition key.
    pub(super) fn of_glob(glob: &Glob) -> Self {
        let mut pattern = Self::default();
        pattern.push(glob, true);
        pattern
    }

    /// What a text says that patterns are printed as: `*` and `?` are wildcards, `${*}`, `${?}` and `${$}` themselves, and a variable stands for
    /// any run. Of a resource wildcards stay inside their part.
    pub(super) fn of_text(text: &str, is_resource: bool) -> Self {
        let mut pattern = Self::default();
        let (mut colons, most) = (0, if is_resource { 5 } else { 1 });
        let mut rest = text;
        if text == "*" {
            return Self::everything();
        }
        while let Some(character) = rest.chars().next() {
            let colon = colons >= most;
            // Action patterns have no variables.
            let variable = rest.strip_prefix("${").filter(|_| is_resource);
            if let Some((inside, behind)) = variable.and_then(|rest| rest.split_once('}')) {
                pattern.units.push(match inside {
                    "*" => Unit::Char('*'),
                    "?" => Unit::Char('?'),
                    "$" => Unit::Char('$'),
                    _ => Unit::Run { colon },
                });
                rest = behind;
                continue;
            }
            pattern.units.push(match character {
                '*' => Unit::Run { colon },
                '?' => Unit::One { colon },
                other => Unit::Char(other),
            });
            colons += usize::from(character == ':');
            rest = rest.strip_prefix(character).unwrap_or_default();
        }
        pattern
    }

    /// Exactly this text.
    pub(super) fn literal(text: &str) -> Self {
        Self { units: text.chars().map(Unit::Char).collect() }
    }

    /// The same with any run behind it.
    pub(super) fn and_more(mut self) -> Self {
        self.units.push(Unit::Run { colon: true });
        self
    }

    /// The text, where it matches no other.
    pub(super) fn as_literal(&self) -> Option<String> {
        let character = |unit: &Unit| match unit {
            Unit::Char(character) => Some(*character),
            _ => None,
        };
        self.units.iter().map(character).collect()
    }

    fn push(&mut self, glob: &Glob, colon: bool) {
        for piece in glob.pieces() {
            match piece {
                Piece::Literal(text) => self.units.extend(text.chars().map(Unit::Char)),
                Piece::AnyOne => self.units.push(Unit::One { colon }),
                Piece::AnyRun | Piece::Variable(_) => self.units.push(Unit::Run { colon }),
            }
        }
    }

    /// Whether a text matches. Linear in the product of the two lengths.
    pub(super) fn matches(&self, text: &str) -> bool {
        // A text that begins or ends otherwise is most often told by that alone.
        if let Some(Unit::Char(first)) = self.units.first()
            && !text.starts_with(*first)
        {
            return false;
        }
        if let Some(Unit::Char(last)) = self.units.last()
            && !text.ends_with(*last)
        {
            return false;
        }
        let mut places = vec![0_u32];
        self.close(&mut places);
        let mut next = Vec::new();
        for character in text.chars() {
            next.clear();
            for &place in &places {
                if let Some(unit) = self.units.get(place as usize)
                    && unit.takes(character)
                {
                    let stays = matches!(unit, Unit::Run { .. });
                    next.push(if stays { place } else { place + 1 });
                }
            }
            self.close(&mut next);
            std::mem::swap(&mut places, &mut next);
            if places.is_empty() {
                return false;
            }
        }
        places.contains(&(self.units.len() as u32))
    }

    /// Adds the places that are reached without a character; sorted, each once.
    fn close(&self, places: &mut Vec<u32>) {
        let mut at = 0;
        while let Some(&place) = places.get(at) {
            if matches!(self.units.get(place as usize), Some(Unit::Run { .. })) {
                places.push(place + 1);
            }
            at += 1;
        }
        places.sort_unstable();
        places.dedup();
    }
}

/// Whether every text that the first pattern matches is matched by one of the others. `false` past the budget.
pub(super) fn is_within(pattern: &Pattern, others: &[Pattern]) -> bool {
    let all: Vec<Pattern> = std::iter::once(pattern).chain(others).cloned().collect();
    walk::is_with_others(&all)
}

/// Whether some text matches both.
pub(super) fn meet(a: &Pattern, b: &Pattern) -> bool {
    // Most that do not meet begin, or end, with other characters.
    let apart = |pair: (&Unit, &Unit)| match pair {
        (Unit::Char(left), Unit::Char(right)) if left == right => None,
        (Unit::Char(_), Unit::Char(_)) => Some(true),
        _ => Some(false),
    };
    let begin = a.units.iter().zip(&b.units).find_map(apart);
    let end = a.units.iter().rev().zip(b.units.iter().rev()).find_map(apart);
    if begin == Some(true) || end == Some(true) {
        return false;
    }
    // A walk over pairs of places, without the texts: the places of each pattern reach each other in a few steps.
    let (Some(width), all) = (b.units.len().checked_add(1), &a.units) else { return true };
    let mut seen = vec![false; (all.len() + 1) * width];
    let mut stack = vec![(0_usize, 0_usize)];
    while let Some((i, j)) = stack.pop() {
        match seen.get_mut(i * width + j) {
            Some(known) if !*known => *known = true,
            _ => continue,
        }
        let (left, right) = (all.get(i), b.units.get(j));
        if left.is_none() && right.is_none() {
            return true;
        }
        if let Some(Unit::Run { .. }) = left {
            stack.push((i + 1, j));
        }
        if let Some(Unit::Run { .. }) = right {
            stack.push((i, j + 1));
        }
        if let (Some(&left), Some(&right)) = (left, right)
            && shares_a_character(left, right)
        {
            let i = if matches!(left, Unit::Run { .. }) { i } else { i + 1 };
            let j = if matches!(right, Unit::Run { .. }) { j } else { j + 1 };
            stack.push((i, j));
        }
    }
    false
}

fn shares_a_character(a: Unit, b: Unit) -> bool {
    match (a, b) {
        (Unit::Char(character), other) | (other, Unit::Char(character)) => other.takes(character),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::of_glob(&Glob::wildcards(text))).collect()
    }

    #[test]
    fn every_combination_that_a_text_has_and_no_other() {
        let all = patterns(&["a*", "*b", "ab"]);
        let found = minterms(&all, None).unwrap();
        let mut sets: Vec<Vec<u32>> = found.iter().map(|minterm| minterm.matched.clone()).collect();
        sets.sort();
        assert_eq!(sets, vec![vec![], vec![0], vec![0, 1], vec![0, 1, 2], vec![1]]);
        for minterm in found {
            for (number, pattern) in (0..).zip(&all) {
                assert_eq!(pattern.matches(&minterm.example), minterm.has(number), "{minterm:?} {number}");
            }
        }
    }

    #[test]
    fn what_is_not_wanted_is_not_walked() {
        let found = minterms(&patterns(&["a*", "b*"]), Some(&[1])).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].matched, [1]);
    }

    #[test]
    fn a_walk_that_was_taken_is_the_one_that_is_asked_for() {
        let (walks, all) = (Walks::default(), patterns(&["a*", "b*"]));
        for wanted in [0, 1, 0, 1] {
            let found = walks.minterms(&all, &[wanted]).unwrap();
            assert_eq!(found.iter().map(|it| it.matched.clone()).collect::<Vec<_>>(), [[wanted]]);
        }
        let other = patterns(&["a*", "a?"]);
        assert_eq!(walks.minterms(&other, &[0]).unwrap().len(), 2);
    }

    #[test]
    fn inclusion_and_intersection() {
        let [a, b, c] = &patterns(&["a*", "*", "b?"])[..] else { panic!() };
        assert!(is_within(a, std::slice::from_ref(b)));
        assert!(!is_within(b, std::slice::from_ref(a)));
        assert!(is_within(&Pattern::literal("bc"), &[a.clone(), c.clone()]));
        assert!(meet(a, b) && !meet(a, c) && meet(b, c));
    }

    #[test]
    fn an_account_is_twelve_digits() {
        let any = Pattern::account(None);
        assert!(any.matches("arn:aws:sqs:us-east-1:123456789012:q"));
        assert!(!any.matches("arn:aws:sqs:us-east-1:12345678901:q"));
        assert!(!any.matches("arn:aws:s3:::b:123456789012:x"));
    }
}
