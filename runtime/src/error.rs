//! Why a bundle did not load.

use core::fmt;

use crate::format::Section;

/// Why bytes are no bundle. Loading is all or nothing: after an error there is no bundle to decide with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadError {
    /// Fewer bytes than a header has.
    TooShort,
    /// The first eight bytes are not a bundle's.
    NotABundle,
    /// The bundle needs a newer reader.
    TooNew {
        /// The oldest reader that it names.
        needs: u32,
    },
    /// The bundle is of a version that this reader no longer reads.
    TooOld {
        /// The version that it names.
        version: u32,
    },
    /// The format version is one that this reader does not know.
    UnknownVersion {
        /// The version that it names.
        version: u32,
    },
    /// The header's length is not the number of bytes.
    WrongLength {
        /// Bytes that the header names.
        expected: u64,
        /// Bytes that are there.
        actual: u64,
    },
    /// The digest does not fit the bytes: they were damaged.
    WrongDigest,
    /// The section table is not as the format says.
    SectionTable,
    /// A record breaks a sentence of FORMAT.md.
    Invalid {
        /// The section.
        section: Section,
        /// The record.
        index: u32,
        /// What does not hold.
        what: &'static str,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("shorter than a bundle's header"),
            Self::NotABundle => f.write_str("not a bundle: the first bytes are not `PORTCULL`"),
            Self::TooNew { needs } => {
                write!(
                    f,
                    "needs a reader of format {needs} or newer; this one reads {}",
                    crate::format::FORMAT_VERSION
                )
            }
            Self::TooOld { version } => write!(
                f,
                "format version {version} is older than this reader reads, which is {} and newer: build the bundle anew",
                crate::format::OLDEST_FORMAT
            ),
            Self::UnknownVersion { version } => write!(f, "format version {version} is not known"),
            Self::WrongLength { expected, actual } => {
                write!(f, "the header says {expected} bytes, there are {actual}: truncated or extended")
            }
            Self::WrongDigest => f.write_str("the digest does not fit: the bytes were damaged"),
            Self::SectionTable => f.write_str("the section table is not as the format says"),
            Self::Invalid { section, index, what } => {
                write!(f, "section {}, record {index}: {what}", section.name())
            }
        }
    }
}

impl core::error::Error for LoadError {}
