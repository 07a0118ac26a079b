//! Matching of stored globs against a text: for action patterns, condition values, and resource patterns with variables.
//!
//! Greedy from one `*` to the next, which is exact for `*`; never recursive. A segment between two `*` is tried at each place, so the time
//! is at most the text's length times the longest segment's.

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

/// Length in bytes of the character that begins with this byte.
#[inline]
fn character(lead: u8) -> usize {
    match lead {
        0..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}

/// A place in a glob: a piece, and how the walk got on with it.
#[derive(Clone, Copy)]
struct Place {
    piece: u32,
    text: usize,
}

/// Whether a whole text matches a glob. `None` if a record cannot be read, which validation excludes.
pub(crate) fn matches(view: View<'_>, glob: u32, text: &[u8], variables: &impl Variables) -> Option<bool> {
    let range = view.glob(glob)?;
    if !resolvable(view, range, variables)? {
        return Some(false);
    }
    let end = range.start + range.length;
    let mut at = Place { piece: range.start, text: 0 };
    // Where to go on if the pieces behind the last `*` do not fit here: one character later.
    let mut retry: Option<Place> = None;
    loop {
        if at.piece == end {
            if at.text == text.len() {
                return Some(true);
            }
        } else {
            let piece = view.piece(at.piece)?;
            if piece.kind == PIECE_ANY_RUN {
                at.piece += 1;
                if at.piece == end {
                    return Some(true);
                }
                retry = Some(at);
                continue;
            }
            if let Some(consumed) = step(view, piece, text.get(at.text..)?, variables)? {
                at = Place { piece: at.piece + 1, text: at.text + consumed };
                continue;
            }
        }
        let Some(again) = retry.as_mut() else { return Some(false) };
        let Some(&lead) = text.get(again.text) else { return Some(false) };
        again.text += character(lead);
        at = *again;
    }
}

/// Whether every variable of a glob has a text: one that has none makes the whole pattern match nothing, wherever it stands (X3).
fn resolvable(view: View<'_>, range: Range, variables: &impl Variables) -> Option<bool> {
    for index in range.start..range.start + range.length {
        let piece = view.piece(index)?;
        if piece.kind == PIECE_VARIABLE && variables.resolve(&piece).is_none() {
            return Some(false);
        }
    }
    Some(true)
}

/// How many bytes a piece other than `*` takes off the front of the rest, if it fits there.
fn step(view: View<'_>, piece: Piece, rest: &[u8], variables: &impl Variables) -> Option<Option<usize>> {
    Some(match piece.kind {
        PIECE_LITERAL => {
            let literal = view.string_bytes(piece.value)?;
            rest.starts_with(literal).then_some(literal.len())
        }
        PIECE_ANY_ONE => rest.first().map(|&lead| character(lead)),
        PIECE_VARIABLE => variables.resolve(&piece).and_then(|text| {
            let literal = text.as_str().as_bytes();
            rest.starts_with(literal).then_some(literal.len())
        }),
        _ => None,
    })
}

/// Whether a text equals a glob of literals and variables, comparing simple lower case (rule C8).
pub(crate) fn equals_ignoring_case(
    view: View<'_>,
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
fn simple_lower_case(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

/// Whether six parts match an ARN pattern, each part by itself (rules R1, C7).
pub(crate) fn arn_matches(
    view: View<'_>,
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
