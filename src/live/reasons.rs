//! Why there is no bundle, or no other one.

use std::fmt;

use portcullis_runtime::LoadError;

use crate::trust::SignatureError;

/// Why a candidate was refused. What was in force stays in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Its signature does not prove what it has to.
    Signature(SignatureError),
    /// Its sequence number is below one that was accepted before, or used for another bundle; or it has none where others had.
    Sequence {
        /// What it declares.
        declared: Option<u64>,
        /// The highest that was accepted.
        accepted: u64,
    },
    /// It is no bundle.
    Unreadable(LoadError),
}

impl Refused {
    /// A stable name for metrics and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Signature(_) => "signature",
            Self::Sequence { .. } => "sequence",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature(error) => error.fmt(f),
            Self::Sequence { declared: Some(declared), accepted } if declared == accepted => {
                write!(f, "the sequence number {declared} was accepted for another bundle")
            }
            Self::Sequence { declared: Some(declared), accepted } => {
                write!(
                    f,
                    "the sequence number {declared} is older than {accepted}, which was accepted before"
                )
            }
            Self::Sequence { declared: None, accepted } => {
                write!(f, "declares no sequence number, and {accepted} was accepted before")
            }
            Self::Unreadable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

/// Why there is no bundle to decide with: deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unready {
    /// None was there yet.
    NoBundle,
    /// The only ones that were there were no bundles.
    Unreadable,
    /// The only ones that were there were not signed as they have to be.
    Signature,
    /// The only ones that were there were older than one that was accepted before.
    Sequence,
    /// The source could not be reached yet.
    Unreachable,
    /// The source has not confirmed the bundle for longer than is allowed.
    TooOld,
}

impl Unready {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 6] =
        [Self::NoBundle, Self::Unreadable, Self::Signature, Self::Sequence, Self::Unreachable, Self::TooOld];

    /// A stable name for metrics, logs and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoBundle => "no_bundle",
            Self::Unreadable => "bundle_unreadable",
            Self::Signature => "bundle_signature",
            Self::Sequence => "bundle_sequence",
            Self::Unreachable => "source_unreachable",
            Self::TooOld => "bundle_too_old",
        }
    }
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBundle => "no bundle has been loaded",
            Self::Unreadable => "no bundle has been loaded: what the source holds is none",
            Self::Signature => "no bundle has been loaded: its signature does not prove what it has to",
            Self::Sequence => "no bundle has been loaded: its sequence number is too old",
            Self::Unreachable => "no bundle has been loaded: its source cannot be read",
            Self::TooOld => "the bundle is older than allowed: its source has not confirmed it",
        })
    }
}

impl std::error::Error for Unready {}
