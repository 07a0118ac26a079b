//! Patterns as data: globs, ARN patterns and action patterns. Nothing here matches anything.
//!
//! The texts of a document become these once, in `resolve`; from then on nothing is decided from text. Canonical form: no empty
//! literal, no two literals and no two `*` side by side, and a run of wildcards has its `?` before its `*`.

use std::fmt;

use bincode::{Decode, Encode};

/// One piece of a glob.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum Piece {
    /// These characters.
    Literal(Box<str>),
    /// `*`: any run of characters.
    AnyRun,
    /// `?`: exactly one Unicode scalar value (rule A1).
    AnyOne,
    /// A policy variable (rules X1–X4).
    Variable(Variable),
}

/// A policy variable `${key}` or `${key, 'default'}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct Variable {
    /// The context key in lower case (rule X4).
    pub key: Box<str>,
    /// The default, if there is one; it may be empty.
    pub default: Option<Box<str>>,
}

/// A pattern over one text. An empty list of pieces matches the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct Glob {
    pieces: Vec<Piece>,
}

impl Glob {
    /// Makes a glob of pieces and brings it into canonical form.
    #[must_use]
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut glob = Self::default();
        for piece in pieces {
            glob.push(piece);
        }
        glob
    }

    /// The glob `*`.
    #[must_use]
    pub fn any() -> Self {
        Self { pieces: vec![Piece::AnyRun] }
    }

    /// The glob that is exactly this text.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self::new([Piece::Literal(text.into())])
    }

    /// Reads `*` and `?` as wildcards and all else as itself.
    #[must_use]
    pub fn wildcards(text: &str) -> Self {
        let mut glob = Self::default();
        let mut literal = String::new();
        for character in text.chars() {
            let piece = match character {
                '*' => Piece::AnyRun,
                '?' => Piece::AnyOne,
                _ => {
                    literal.push(character);
                    continue;
                }
            };
            glob.push(Piece::Literal(std::mem::take(&mut literal).into()));
            glob.push(piece);
        }
        glob.push(Piece::Literal(literal.into()));
        glob
    }

    fn push(&mut self, piece: Piece) {
        match (self.pieces.last_mut(), piece) {
            (_, Piece::Literal(text)) if text.is_empty() => {}
            (Some(Piece::Literal(last)), Piece::Literal(text)) => {
                *last = format!("{last}{text}").into();
            }
            (Some(Piece::AnyRun), Piece::AnyRun) => {}
            (Some(Piece::AnyRun), Piece::AnyOne) => {
                let at = self.pieces.len() - 1;
                self.pieces.insert(at, Piece::AnyOne);
            }
            (_, piece) => self.pieces.push(piece),
        }
    }

    /// The pieces, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text, where the glob is one text: neither wildcard nor variable.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is `*` alone.
    #[must_use]
    pub fn is_any(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::AnyRun])
    }

    /// Whether a policy variable stands in it.
    #[must_use]
    pub fn has_variable(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Variable(_)))
    }

    /// Whether a `*` or `?` wildcard stands in it (a variable, `${*}` and the like are none).
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::AnyRun | Piece::AnyOne))
    }
}

/// Prints the pattern so that it reads back as the same pattern in a document of version 2012-10-17.
impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| piece.fmt(f))
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => text.chars().try_for_each(|character| match character {
                '*' | '?' | '$' => write!(f, "${{{character}}}"),
                other => write!(f, "{other}"),
            }),
            Self::AnyRun => f.write_str("*"),
            Self::AnyOne => f.write_str("?"),
            Self::Variable(Variable { key, default: None }) => write!(f, "${{{key}}}"),
            Self::Variable(Variable { key, default: Some(default) }) => write!(f, "${{{key}, '{default}'}}"),
        }
    }
}

/// What an action pattern covers (rules A1, A2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum ActionForm {
    /// `*`: every action.
    Everything,
    /// A malformed pattern: no action (rule A2).
    Nothing,
    /// `service:name`, both halves folded to lower-case ASCII, split at the first colon; never with variables.
    Named {
        /// The half before the first colon.
        service: Glob,
        /// The half behind it.
        name: Glob,
    },
}

/// What a resource pattern covers (rules R1, R5).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum ResourceForm {
    /// `*` alone: every resource, also one that is no ARN.
    Everything,
    /// No resource (rule R5).
    Nothing,
    /// Six parts, each compared by itself; missing ones are already filled with `*`.
    Parts(Box<[Glob; 6]>),
}

impl ResourceForm {
    /// Whether a policy variable stands in it.
    #[must_use]
    pub fn has_variable(&self) -> bool {
        match self {
            Self::Parts(parts) => parts.iter().any(Glob::has_variable),
            Self::Everything | Self::Nothing => false,
        }
    }
}

impl fmt::Display for ResourceForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("*"),
            Self::Nothing => f.write_str("nothing"),
            Self::Parts(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        f.write_str(":")?;
                    }
                    part.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_wildcards_have_one_form() {
        assert_eq!(Glob::wildcards("a**b"), Glob::wildcards("a*b"));
        assert_eq!(Glob::wildcards("a*?b"), Glob::wildcards("a?*b"));
        assert_eq!(Glob::wildcards("*?*?"), Glob::wildcards("??*"));
    }

    #[test]
    fn printing_escapes_what_would_read_back_as_something_else() {
        assert_eq!(Glob::literal("a*$").to_string(), "a${*}${$}");
        assert_eq!(Glob::wildcards("a*?").to_string(), "a?*");
    }
}
