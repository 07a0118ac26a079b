//! Matching of stored globs against a text: for action patterns, condition values, and resource patterns with variables.
//!
//! What stands before the first `*` is compared at the front, what stands behind the last one at the back; each segment between two `*`
//! takes the first place where it fits, which is exact for `*`. Never recursive, never back. Finding a segment is linear in the text,
//! but where a `?` stands *inside* of one, between literals: such a segment is tried at each place, for text times segment at most.

use core::ops::Range as Span;

use memchr::memmem;

use crate::format::{PIECE_ANY_ONE, PIECE_ANY_RUN, PIECE_LITERAL, PIECE_VARIABLE, Piece, Range};
use crate::view::View;

/// The text that a variable stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    /// Borrowed from the request or the bundle.
    Borrowed(&'a str),
    /// Made on the spot: the time of the request.
    Inline {
        /// ASCII.
        bytes: [u8; 24],
        /// Bytes used.
        length: u8,
    },
}

impl Text<'_> {
    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Inline { bytes, length } => {
                bytes.get(..*length as usize).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("")
            }
        }
    }
}

/// Gives the text of policy variables.
pub(crate) trait Variables {
    /// The text that stands for a variable piece, or `None` where the pattern then matches nothing (rule X3).
    fn resolve(&self, piece: &Piece) -> Option<Text<'_>>;
}

/// For patterns that hold no variable; one that does matches nothing.
pub(crate) struct NoVariables;

impl Variables for NoVariables {
    fn resolve(&self, _piece: &Piece) -> Option<Text<'_>> {
        None
    }
}

/// The text that a glob is, where it is one literal: most operands are.
#[inline]
pub(crate) fn literal<'a>(view: &View<'a>, glob: u32) -> Option<Option<&'a [u8]>> {
    let range = view.glob(glob)?;
    if range.length != 1 {
        return Some(None);
    }
    let piece = view.piece(range.start)?;
    Some(if piece.kind == PIECE_LITERAL { view.string_bytes(piece.value) } else { None })
}

/// Whether a whole text matches a glob. `None` if a record cannot be read, which validation excludes.
pub(crate) fn matches(view: &View<'_>, glob: u32, text: &[u8], variables: &impl Variables) -> Option<bool> {
    let range = view.glob(glob)?;
    if !resolvable(view, range, variables)? {
        return Some(false);
    }
    let matcher = Matcher { view, variables };
    let end = range.start + range.length;
    let mut star = matcher.next_star(range.start..end)?;
    let Some(mut rest) = matcher.strip_front(range.start..star, text)? else { return Some(false) };
    while star < end {
        let segment = star + 1..matcher.next_star(star + 1..end)?;
        let found = if segment.end == end {
            matcher.strip_back(segment.clone(), rest)?.and(Some(&[][..]))
        } else {
            matcher.find(segment.clone(), rest)?
        };
        let Some(behind) = found else { return Some(false) };
        (rest, star) = (behind, segment.end);
    }
    Some(rest.is_empty())
}

/// Spans of pieces without `*` against texts. What is not found is `Some(None)`; `None` is a record that cannot be read.
struct Matcher<'a, V> {
    view: &'a View<'a>,
    variables: &'a V,
}

impl<V: Variables> Matcher<'_, V> {
    /// The place of the first `*` in a span, or its end.
    fn next_star(&self, span: Span<u32>) -> Option<u32> {
        for place in span.clone() {
            if self.view.piece(place)?.kind == PIECE_ANY_RUN {
                return Some(place);
            }
        }
        Some(span.end)
    }

    /// Hands the text of a literal or variable to a function; `None` from it also for a variable that has none.
    fn with_text<T>(&self, piece: Piece, then: impl FnOnce(&[u8]) -> Option<T>) -> Option<Option<T>> {
        Some(match piece.kind {
            PIECE_LITERAL => then(self.view.string_bytes(piece.value)?),
            PIECE_VARIABLE => self.variables.resolve(&piece).and_then(|text| then(text.as_str().as_bytes())),
            _ => None,
        })
    }

    /// What stands behind the pieces, if they fit at the front.
    fn strip_front<'t>(&self, span: Span<u32>, mut text: &'t [u8]) -> Option<Option<&'t [u8]>> {
        for place in span {
            let piece = self.view.piece(place)?;
            let behind = match piece.kind {
                PIECE_ANY_ONE => first_character(text).and_then(|length| text.get(length..)),
                _ => self.with_text(piece, |literal| text.strip_prefix(literal))?,
            };
            let Some(behind) = behind else { return Some(None) };
            text = behind;
        }
        Some(Some(text))
    }

    /// What stands before the pieces, if they fit at the back.
    fn strip_back<'t>(&self, span: Span<u32>, mut text: &'t [u8]) -> Option<Option<&'t [u8]>> {
        for place in span.rev() {
            let piece = self.view.piece(place)?;
            let before = match piece.kind {
                PIECE_ANY_ONE => {
                    let lead = text.iter().rposition(|byte| byte & 0xc0 != 0x80);
                    lead.and_then(|lead| text.get(..lead))
                }
                _ => self.with_text(piece, |literal| text.strip_suffix(literal))?,
            };
            let Some(before) = before else { return Some(None) };
            text = before;
        }
        Some(Some(text))
    }

    /// What stands behind the first place where the pieces fit.
    fn find<'t>(&self, mut span: Span<u32>, text: &'t [u8]) -> Option<Option<&'t [u8]>> {
        let is_one = |place| Some(self.view.piece(place)?.kind == PIECE_ANY_ONE);
        // A `?` at either end says how much text there must be besides, and nothing of where.
        let mut text = text;
        while !span.is_empty() && is_one(span.start)? {
            let Some(length) = first_character(text) else { return Some(None) };
            text = text.get(length..)?;
            span.start += 1;
        }
        let end = span.end;
        while !span.is_empty() && is_one(span.end - 1)? {
            span.end -= 1;
        }
        let Some(behind) = self.find_core(span.clone(), text)? else { return Some(None) };
        self.strip_front(span.end..end, behind)
    }

    /// The same for pieces that neither begin nor end with `?`.
    fn find_core<'t>(&self, span: Span<u32>, text: &'t [u8]) -> Option<Option<&'t [u8]>> {
        match span.len() {
            0 => return Some(Some(text)),
            1 => {
                let piece = self.view.piece(span.start)?;
                return self.with_text(piece, |literal| {
                    memmem::find(text, literal).and_then(|at| text.get(at + literal.len()..))
                });
            }
            _ => {}
        }
        match Needle::of(self, span.clone())? {
            Some(needle) => self.find_needle(&needle, span, text),
            None => self.find_slowly(span, text),
        }
    }

    /// Literals and variables side by side, without room to join them in: their hash rolls along the text (Rabin and Karp), and each place
    /// that has it is compared.
    fn find_needle<'t>(&self, needle: &Needle, span: Span<u32>, text: &'t [u8]) -> Option<Option<&'t [u8]>> {
        let Some(window) = text.get(..needle.length) else { return Some(None) };
        let mut hash = window.iter().fold(0, |hash, &byte| push(hash, byte));
        let mut at = 0;
        loop {
            if hash == needle.hash
                && let Some(behind) = self.strip_front(span.clone(), text.get(at..)?)?
            {
                return Some(Some(behind));
            }
            let Some((&out, &into)) = text.get(at).zip(text.get(at + needle.length)) else {
                return Some(None);
            };
            hash = push((hash + PRIME - u64::from(out) * needle.out % PRIME) % PRIME, into);
            at += 1;
        }
    }

    fn find_slowly<'t>(&self, span: Span<u32>, mut text: &'t [u8]) -> Option<Option<&'t [u8]>> {
        loop {
            if let Some(behind) = self.strip_front(span.clone(), text)? {
                return Some(Some(behind));
            }
            let Some(length) = first_character(text) else { return Some(None) };
            text = text.get(length..)?;
        }
    }
}

/// A prime near 2³¹, so that products stay within 64 bits.
const PRIME: u64 = (1 << 31) - 1;
const BASE: u64 = 0x2a3b_4c5d;

fn push(hash: u64, byte: u8) -> u64 {
    (hash * BASE + u64::from(byte)) % PRIME
}

/// Length and hash of literals and variables side by side.
struct Needle {
    length: usize,
    hash: u64,
    /// What the byte that leaves the window stands for in the hash.
    out: u64,
}

impl Needle {
    /// `Some(None)` if a `?` stands among them.
    fn of<V: Variables>(matcher: &Matcher<'_, V>, span: Span<u32>) -> Option<Option<Self>> {
        let mut needle = Self { length: 0, hash: 0, out: 0 };
        for place in span {
            let piece = matcher.view.piece(place)?;
            let added = matcher.with_text(piece, |text| {
                let hash = text.iter().fold(needle.hash, |hash, &byte| push(hash, byte));
                Some((needle.length + text.len(), hash))
            })?;
            let Some((length, hash)) = added else { return Some(None) };
            (needle.length, needle.hash) = (length, hash);
        }
        needle.out = (1..needle.length).fold(1, |power, _| power * BASE % PRIME);
        Some(Some(needle))
    }
}

/// Length in bytes of the first character; `None` of an empty text.
#[inline]
fn first_character(text: &[u8]) -> Option<usize> {
    text.first().map(|&lead| match lead {
        0..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    })
}

/// Whether every variable of a glob has a text: one that has none makes the whole pattern match nothing, wherever it stands (X3).
fn resolvable(view: &View<'_>, range: Range, variables: &impl Variables) -> Option<bool> {
    for index in range.start..range.start + range.length {
        let piece = view.piece(index)?;
        if piece.kind == PIECE_VARIABLE && variables.resolve(&piece).is_none() {
            return Some(false);
        }
    }
    Some(true)
}

/// Whether a text equals a glob of literals and variables, comparing simple lower case (rule C8).
pub(crate) fn equals_ignoring_case(
    view: &View<'_>,
    glob: u32,
    text: &str,
    variables: &impl Variables,
) -> Option<bool> {
    let range = view.glob(glob)?;
    if !resolvable(view, range, variables)? {
        return Some(false);
    }
    let mut rest = text.chars().map(simple_lower_case);
    for index in range.start..range.start + range.length {
        let piece = view.piece(index)?;
        let resolved;
        let literal = match piece.kind {
            PIECE_LITERAL => view.string(piece.value)?,
            PIECE_VARIABLE => {
                resolved = variables.resolve(&piece)?;
                resolved.as_str()
            }
            _ => return Some(false),
        };
        for character in literal.chars() {
            if rest.next() != Some(simple_lower_case(character)) {
                return Some(false);
            }
        }
    }
    Some(rest.next().is_none())
}

/// Unicode's simple lower case: one character to one. The only full mapping to several is that of `İ`, whose simple one is its first.
pub(crate) fn simple_lower_case(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

/// Whether six parts match an ARN pattern, each part by itself (rules R1, C7).
pub(crate) fn arn_matches(
    view: &View<'_>,
    pattern: u32,
    parts: &[&str; 6],
    variables: &impl Variables,
) -> Option<bool> {
    let arn = view.arn_pattern(pattern)?;
    let globs = [arn.part0, arn.part1, arn.part2, arn.part3, arn.part4, arn.part5];
    for (glob, part) in globs.into_iter().zip(parts) {
        if !matches(view, glob, part.as_bytes(), variables)? {
            return Some(false);
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests;
