//! Reading records in place: the bytes of a bundle as little-endian words, addressed by section.
//!
//! Every read is checked against the whole bundle, so no index can panic; that a record lies in *its* section is what `validate`
//! has checked once at load.

use crate::error::LoadError;
use crate::format::{
    Action, ActionPattern, ArnPattern, Atom, Key, Operand, Piece, Principal, Range, Residue, RootList, Row,
    RuleRoot, Section, Service, Set, SetService, Tag, Terminal,
};

/// Number of sections.
pub(crate) const SECTIONS: usize = Section::ALL.len();

/// Where a section lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Byte offset, a multiple of [`crate::format::ALIGNMENT`].
    pub(crate) start: usize,
    /// Bytes.
    pub(crate) length: usize,
}

/// The extents of all sections.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) extents: [Extent; SECTIONS],
}

impl Layout {
    #[inline]
    pub(crate) fn extent(&self, section: Section) -> Extent {
        self.extents.get(section as usize - 1).copied().unwrap_or_default()
    }
}

/// A bundle's bytes with their layout: what the decision walk reads.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) words: &'a [[u8; 4]],
    pub(crate) layout: &'a Layout,
    /// The names of the context keys; empty while a bundle is validated.
    pub(crate) keys: &'a [alloc::boxed::Box<str>],
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident: $record:ident in $section:ident;)*) => {
        impl<'a> View<'a> {$(
            $(#[$doc])*
            #[inline]
            pub(crate) fn $name(&self, index: u32) -> Option<$record> {
                $record::read(self.words_at(Section::$section, index as usize * $record::WORDS)?)
            }
        )*}
    };
}

accessors! {
    principal: Principal in Principals;
    tag: Tag in Tags;
    set: Set in Sets;
    set_service: SetService in SetServices;
    row: Row in Rows;
    service: Service in Services;
    action: Action in Actions;
    root_list: RootList in RootLists;
    terminal: Terminal in Terminals;
    residue: Residue in Residues;
    arn_pattern: ArnPattern in ArnPatterns;
    glob: Range in Globs;
    piece: Piece in Pieces;
    guard: Range in Guards;
    atom: Atom in Atoms;
    operand: Operand in Operands;
    key: Key in Keys;
    rule_root_list: Range in RuleRootLists;
    rule_root: RuleRoot in RuleRoots;
    action_pattern: ActionPattern in ActionPatterns;
}

impl<'a> View<'a> {
    /// The words of a section from one of them on; they run on to the end of the bundle.
    #[inline]
    pub(crate) fn words_at(&self, section: Section, index: usize) -> Option<&'a [[u8; 4]]> {
        self.words.get(self.layout.extent(section).start / 4 + index..)
    }

    /// One word of a section.
    #[inline]
    pub(crate) fn word(&self, section: Section, index: u32) -> Option<u32> {
        self.words
            .get(self.layout.extent(section).start / 4 + index as usize)
            .map(|word| u32::from_le_bytes(*word))
    }

    /// The seed of a hash table.
    #[inline]
    pub(crate) fn seed(&self, index: Section) -> u32 {
        self.word(index, 0).unwrap_or(0)
    }

    /// Number of slots of a hash table.
    #[inline]
    pub(crate) fn slots(&self, index: Section) -> u32 {
        (self.layout.extent(index).length as u32 / 4).saturating_sub(1)
    }

    /// A slot of a hash table: an id + 1, or 0 if it is empty.
    #[inline]
    pub(crate) fn slot(&self, index: Section, slot: u32) -> Option<u32> {
        self.word(index, slot + 1)
    }

    /// Bytes of a section.
    #[inline]
    pub(crate) fn section_bytes(&self, section: Section) -> &'a [u8] {
        let extent = self.layout.extent(section);
        self.bytes.get(extent.start..extent.start + extent.length).unwrap_or(&[])
    }

    /// Bytes of a section, beginning at the byte of one of its words.
    #[inline]
    pub(crate) fn bytes_at(&self, section: Section, word: usize, length: usize) -> Option<&'a [u8]> {
        let start = self.layout.extent(section).start + word * 4;
        self.bytes.get(start..start + length)
    }

    /// The bytes of a string.
    #[inline]
    pub(crate) fn string_bytes(&self, string: u32) -> Option<&'a [u8]> {
        let offsets = self.words_at(Section::StringOffsets, string as usize)?;
        let &[start, end, ..] = offsets else { return None };
        let base = self.layout.extent(Section::StringBytes).start;
        self.bytes.get(base + u32::from_le_bytes(start) as usize..base + u32::from_le_bytes(end) as usize)
    }

    /// A string. Validation has shown that it is UTF-8.
    #[inline]
    pub(crate) fn string(&self, string: u32) -> Option<&'a str> {
        core::str::from_utf8(self.string_bytes(string)?).ok()
    }

    /// The number of whole records or words in a section; an error if its length is no multiple of theirs.
    pub(crate) fn count(&self, section: Section, words: usize) -> Result<u32, LoadError> {
        let length = self.layout.extent(section).length;
        if !length.is_multiple_of(words * 4) {
            return Err(LoadError::Invalid {
                section,
                index: 0,
                what: "the length is no multiple of its records'",
            });
        }
        u32::try_from(length / (words * 4)).map_err(|_| LoadError::SectionTable)
    }
}
