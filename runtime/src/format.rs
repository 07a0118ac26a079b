//! The bundle format: header, sections and records. `FORMAT.md` is its specification; this file is the one description from which
//! both the reader and (feature `encode`) the writer of every record come.

mod section;
mod values;

pub use section::Section;
pub use values::*;

/// The first eight bytes of every bundle.
pub const MAGIC: [u8; 8] = *b"PORTCULL";
/// The format version that this crate reads and writes.
pub const FORMAT_VERSION: u32 = 1;
/// The oldest reader version that can read what this crate writes.
pub const OLDEST_READER: u32 = 1;
/// Length of the header in bytes; the section table follows.
pub const HEADER_BYTES: usize = 64;
/// Where in the header the digest stands: it covers all bytes but its own.
pub const DIGEST_AT: usize = 32;
/// Bytes of one entry of the section table: kind, offset, length, zero; a `u32` each.
pub const SECTION_ENTRY_BYTES: usize = 16;
/// Sections begin at multiples of this.
pub const ALIGNMENT: usize = 8;

/// Set in a reference: the other bits are a terminal's id; else the reference is the word index of a node.
pub const TERMINAL_BIT: u32 = 1 << 31;
/// "None" where a field may be absent and zero is an id.
pub const NONE: u32 = u32::MAX;

/// Request limits (rule V4, DESIGN section 3).
pub mod limits {
    /// Bytes of a resource ARN and of a principal.
    pub const RESOURCE_BYTES: usize = 2_048;
    /// Bytes of an action.
    pub const ACTION_BYTES: usize = 256;
    /// Bytes of one context value.
    pub const VALUE_BYTES: usize = 8_192;
    /// Context keys of a request.
    pub const CONTEXT_KEYS: usize = 256;
}

/// Limits of a set leaf: what fits the fixed scratch of a decision. Alternatives and blocks are as many as it takes.
pub mod leaf {
    /// 64-bit words of one block's state.
    pub const BLOCK_WORDS: usize = 64;
    /// Rules of one leaf.
    pub const RULES: usize = 1_024;
    /// Words of a leaf before its rules: number of rules, number of blocks.
    pub const HEADER_WORDS: usize = 2;
    /// Words of a rule: rule, flags, guard.
    pub const RULE_WORDS: usize = 3;
    /// Words of a block before its masks: 64-bit words of its state, classes, alternatives, and 256 bytes of class map.
    pub const BLOCK_HEADER_WORDS: usize = 3 + 64;
    /// Words of an alternative: place of its rule in the leaf, ARN pattern to verify or [`super::NONE`], accepting bit.
    pub const ALTERNATIVE_WORDS: usize = 3;
}

/// The hash tables: how long a look-up may take.
pub mod index {
    /// An entry stands less than this many slots behind the slot that its hash names.
    pub const PROBES: u32 = 128;
}

macro_rules! records {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name { $($(#[$field_doc])* pub $field: u32,)* }

        impl $name {
            /// Words of one record.
            pub const WORDS: usize = [$(stringify!($field)),*].len();

            /// Reads a record off the front of some words; `None` if they are too few.
            #[inline]
            #[must_use]
            pub fn read(words: &[[u8; 4]]) -> Option<Self> {
                let &[$($field,)* ..] = words else { return None };
                Some(Self { $($field: u32::from_le_bytes($field),)* })
            }

            /// Appends the record's bytes.
            #[cfg(feature = "encode")]
            pub fn write(&self, to: &mut alloc::vec::Vec<u8>) {
                $(to.extend_from_slice(&self.$field.to_le_bytes());)*
            }
        }
    )*};
}

records! {
    /// A part of another section.
    Range {
        /// First item.
        start,
        /// Number of items.
        length,
    }
    /// A user or role.
    Principal {
        /// String: the ARN.
        arn,
        /// String: the account, 12 digits.
        account,
        /// String: the name.
        name,
        /// String: the unique id, or [`NONE`].
        unique_id,
        /// [`PRINCIPAL_USER`] or [`PRINCIPAL_ROLE`].
        kind,
        /// Set: the identity layer.
        identity,
        /// Set: the permissions boundary, or [`NONE`].
        boundary,
        /// First tag.
        tags,
        /// Number of tags.
        tag_count,
        /// Zero; kept for the chain of SCPs.
        reserved,
    }
    /// A tag of a principal.
    Tag {
        /// String: the key in lower case.
        key,
        /// String: the value.
        value,
    }
    /// A permission set: one layer of some principals.
    Set {
        /// First of its services.
        services,
        /// Number of services with a row of their own.
        service_count,
        /// Root list of every vocabulary action whose service has no row here.
        default_list,
        /// First of its rule root lists.
        rule_roots,
        /// Number of rule root lists.
        rule_root_count,
    }
    /// A service of a set with its row.
    SetService {
        /// Service.
        service,
        /// Row.
        row,
    }
    /// From the classes of one service to root lists.
    Row {
        /// First entry of its palette.
        palette,
        /// Number of palette entries, at least 1.
        palette_length,
        /// Bytes of one cell: 0 (all classes have palette entry 0), 1 or 2.
        width,
        /// Byte offset of its first cell.
        cells,
        /// Number of cells: the classes of its service; 0 where the width is 0.
        cell_count,
    }
    /// A service of the vocabulary.
    Service {
        /// String: the prefix in lower case.
        name,
        /// Number of action classes.
        classes,
    }
    /// An action of the vocabulary.
    Action {
        /// String: `service:name` in lower case.
        name,
        /// Service.
        service,
        /// Class within the service.
        class,
        /// Bits `ACTION_…`.
        flags,
        /// String: the ARN that a resource `*` also matches as (rule R4), or [`NONE`].
        service_arn,
    }
    /// The automata of one cell.
    RootList {
        /// The first reference; the empty terminal where there is none.
        root,
        /// First of the others.
        rest,
        /// Number of the others.
        rest_count,
    }
    /// What is known at the end of a walk.
    Terminal {
        /// Bits [`TERMINAL_ALLOW`] and [`TERMINAL_DENY`]: what holds whatever the context says.
        flags,
        /// The first of its rules, which is the one that a decision names; [`NONE`] without flags.
        rule,
        /// First of its rules: those behind the flags.
        rules,
        /// Number of rules.
        rule_count,
        /// First of its residues.
        residues,
        /// Number of residues.
        residue_count,
    }
    /// A rule that still depends on the context.
    Residue {
        /// Rule, for provenance.
        rule,
        /// Bits [`RESIDUE_DENY`] and [`RESIDUE_NEGATED`].
        flags,
        /// Guard, or [`NONE`].
        guard,
        /// First check.
        checks,
        /// Number of checks: resource patterns with variables. With any, one must match, or if negated none.
        check_count,
    }
    /// A pattern of six parts; each field is a glob.
    ArnPattern {
        /// First part.
        part0,
        /// Second part.
        part1,
        /// Third part.
        part2,
        /// Fourth part.
        part3,
        /// Fifth part.
        part4,
        /// Sixth part.
        part5,
    }
    /// A piece of a glob.
    Piece {
        /// `PIECE_…`.
        kind,
        /// Literal: string. Variable: key. Else 0.
        value,
        /// Variable: string of the default, or [`NONE`]. Else 0.
        default,
    }
    /// One operator applied to one key.
    Atom {
        /// `OPERATOR_…`, with the bits `ATOM_…`.
        operator,
        /// Key.
        key,
        /// First operand.
        operands,
        /// Number of operands, at least 1.
        operand_count,
    }
    /// One value of a condition.
    Operand {
        /// `OPERAND_…`.
        kind,
        /// Text, like: glob. ARN: pattern. Number, binary: string. Date: string of the fraction. Bool: 0 or 1. IP: prefix, plus 256
        /// for IPv6.
        a,
        /// Date: low half of the seconds. IP: bytes 0 to 3 of the address, as they stand.
        b,
        /// Date: high half. IP: bytes 4 to 7.
        c,
        /// IP: bytes 8 to 11.
        d,
        /// IP: bytes 12 to 15.
        e,
    }
    /// A context key that the bundle mentions.
    Key {
        /// String: the name in lower case.
        name,
        /// `KEY_…`: where its value comes from (rule C12).
        source,
        /// Principal tag: string of the tag's key in lower case. Else [`NONE`].
        tag,
    }
    /// A rule that can match actions outside the vocabulary.
    RuleRoot {
        /// First action pattern.
        patterns,
        /// Number of action patterns.
        pattern_count,
        /// 1 for `NotAction`.
        negated,
        /// Root list: the automaton of this rule alone.
        list,
    }
    /// An action pattern.
    ActionPattern {
        /// Glob of the service half, or [`NONE`] for `*` alone.
        service,
        /// Glob of the name half, or [`NONE`] for `*` alone.
        name,
    }
}
