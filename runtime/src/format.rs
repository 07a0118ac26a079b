//! The bundle format: header, sections and records. `FORMAT.md` is its specification; this file is the one description from which
//! both the reader and (feature `encode`) the writer of every record come.

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

/// Limits of a set leaf: what fits the fixed scratch of a decision.
pub mod leaf {
    /// 64-bit words of one block's state.
    pub const BLOCK_WORDS: usize = 64;
    /// Alternatives of one leaf.
    pub const ALTERNATIVES: usize = 1_024;
}

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// The sections, in the order in which they stand.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum Section { $($(#[$doc])* $name = $number,)* }

        impl Section {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name, for people.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

sections! {
    /// `u32` byte offsets into `StringBytes`, one more than there are strings.
    StringOffsets = 1,
    /// UTF-8 of all strings, one after the other.
    StringBytes = 2,
    /// [`Principal`] records.
    Principals = 3,
    /// Hash table over principal ARNs: id + 1, or 0 for an empty slot.
    PrincipalIndex = 4,
    /// [`Tag`] records.
    Tags = 5,
    /// [`Set`] records.
    Sets = 6,
    /// [`SetService`] records, sorted by service within a set.
    SetServices = 7,
    /// `u32` ids of rule root lists, by set.
    SetRuleRoots = 8,
    /// [`Row`] records.
    Rows = 9,
    /// `u32` root list ids, by row.
    Palettes = 10,
    /// Palette indices of the rows, one or two bytes each.
    Cells = 11,
    /// [`Service`] records.
    Services = 12,
    /// [`Action`] records: the vocabulary.
    Actions = 13,
    /// Hash table over lower-case action names: id + 1, or 0 for an empty slot.
    ActionIndex = 14,
    /// [`Range`] records into `Roots`.
    RootLists = 15,
    /// `u32` references.
    Roots = 16,
    /// `u32` words of the automaton nodes.
    Nodes = 17,
    /// `u32` words of the set leaves.
    Leaves = 18,
    /// [`Terminal`] records.
    Terminals = 19,
    /// `u32` rule ids, by terminal.
    TerminalRules = 20,
    /// [`Residue`] records, by terminal, denies first.
    Residues = 21,
    /// `u32` ARN pattern ids, by residue.
    Checks = 22,
    /// [`ArnPattern`] records.
    ArnPatterns = 23,
    /// [`Range`] records into `Pieces`.
    Globs = 24,
    /// [`Piece`] records.
    Pieces = 25,
    /// [`Range`] records into `GuardAtoms`.
    Guards = 26,
    /// `u32` atom ids, by guard.
    GuardAtoms = 27,
    /// [`Atom`] records.
    Atoms = 28,
    /// [`Operand`] records, by atom.
    Operands = 29,
    /// [`Key`] records.
    Keys = 30,
    /// [`Range`] records into `RuleRootIds`.
    RuleRootLists = 31,
    /// `u32` rule root ids, by list.
    RuleRootIds = 32,
    /// [`RuleRoot`] records.
    RuleRoots = 33,
    /// [`ActionPattern`] records, by rule root.
    ActionPatterns = 34,
    /// Cold: provenance, bincode.
    Provenance = 35,
    /// Cold: the canonical model, bincode; empty in a stripped bundle.
    Model = 36,
    /// Cold: build facts, bincode.
    Facts = 37,
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
    /// What is known at the end of a walk.
    Terminal {
        /// Bits [`TERMINAL_ALLOW`] and [`TERMINAL_DENY`]: what holds whatever the context says.
        flags,
        /// First of its rules: those behind the flags, the first one decides.
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

/// [`Principal::kind`]: a user.
pub const PRINCIPAL_USER: u32 = 0;
/// [`Principal::kind`]: a role.
pub const PRINCIPAL_ROLE: u32 = 1;

/// [`Action::flags`]: changes a managed policy (rule E11).
pub const ACTION_WRITES_POLICY: u32 = 1;
/// [`Action::flags`]: changes or passes a role (rule E11).
pub const ACTION_WRITES_ROLE: u32 = 1 << 1;
/// [`Action::flags`]: changes a KMS alias (rule E11).
pub const ACTION_WRITES_ALIAS: u32 = 1 << 2;
/// [`Action::flags`]: needs the role's trust policy (rule E8).
pub const ACTION_NEEDS_TRUST: u32 = 1 << 3;
/// [`Action::flags`]: has no caller side (rule E8).
pub const ACTION_NO_CALLER_SIDE: u32 = 1 << 4;
/// [`Action::flags`]: allowed to whoever is authenticated (rule E8).
pub const ACTION_UNCONTROLLED: u32 = 1 << 5;
/// [`Action::flags`]: allowed to users and root (rule E8).
pub const ACTION_UNCONTROLLED_FOR_USERS: u32 = 1 << 6;
/// All bits of [`Action::flags`].
pub const ACTION_FLAGS: u32 = (1 << 7) - 1;

/// [`Terminal::flags`]: an unconditional allow holds.
pub const TERMINAL_ALLOW: u32 = 1;
/// [`Terminal::flags`]: an unconditional deny holds.
pub const TERMINAL_DENY: u32 = 1 << 1;

/// [`Residue::flags`]: the rule denies.
pub const RESIDUE_DENY: u32 = 1;
/// [`Residue::flags`]: the rule's resources are negated: it matches where no check does.
pub const RESIDUE_NEGATED: u32 = 1 << 1;

/// [`Piece::kind`]: a literal.
pub const PIECE_LITERAL: u32 = 0;
/// [`Piece::kind`]: `*`.
pub const PIECE_ANY_RUN: u32 = 1;
/// [`Piece::kind`]: `?`.
pub const PIECE_ANY_ONE: u32 = 2;
/// [`Piece::kind`]: a policy variable.
pub const PIECE_VARIABLE: u32 = 3;

/// [`Operand::kind`]: text without wildcards.
pub const OPERAND_TEXT: u32 = 0;
/// [`Operand::kind`]: text with wildcards.
pub const OPERAND_LIKE: u32 = 1;
/// [`Operand::kind`]: an ARN pattern.
pub const OPERAND_ARN: u32 = 2;
/// [`Operand::kind`]: an ARN pattern that matches nothing (rule C7).
pub const OPERAND_ARN_NOTHING: u32 = 3;
/// [`Operand::kind`]: a number.
pub const OPERAND_NUMBER: u32 = 4;
/// [`Operand::kind`]: a date.
pub const OPERAND_DATE: u32 = 5;
/// [`Operand::kind`]: a boolean.
pub const OPERAND_BOOL: u32 = 6;
/// [`Operand::kind`]: base64.
pub const OPERAND_BINARY: u32 = 7;
/// [`Operand::kind`]: an address or block.
pub const OPERAND_IP: u32 = 8;

/// [`Atom::operator`]: the bits that name the comparison, one of the `COMPARE_…`.
pub const ATOM_COMPARISON: u32 = 0xff;
/// [`Atom::operator`]: the operator is negated (rule C1).
pub const ATOM_NEGATED: u32 = 1 << 8;
/// [`Atom::operator`]: `IfExists`.
pub const ATOM_IF_EXISTS: u32 = 1 << 9;
/// [`Atom::operator`]: `ForAnyValue:`.
pub const ATOM_ANY_VALUE: u32 = 1 << 10;
/// [`Atom::operator`]: `ForAllValues:`.
pub const ATOM_ALL_VALUES: u32 = 1 << 11;

/// Comparison: equal text.
pub const COMPARE_STRING: u32 = 0;
/// Comparison: equal text ignoring case.
pub const COMPARE_STRING_IGNORE_CASE: u32 = 1;
/// Comparison: text with wildcards.
pub const COMPARE_LIKE: u32 = 2;
/// Comparison: numbers equal.
pub const COMPARE_NUMBER_EQUAL: u32 = 3;
/// Comparison: number less.
pub const COMPARE_NUMBER_LESS: u32 = 4;
/// Comparison: number less or equal.
pub const COMPARE_NUMBER_LESS_EQUAL: u32 = 5;
/// Comparison: number greater.
pub const COMPARE_NUMBER_GREATER: u32 = 6;
/// Comparison: number greater or equal.
pub const COMPARE_NUMBER_GREATER_EQUAL: u32 = 7;
/// Comparison: dates equal.
pub const COMPARE_DATE_EQUAL: u32 = 8;
/// Comparison: date earlier.
pub const COMPARE_DATE_LESS: u32 = 9;
/// Comparison: date earlier or equal.
pub const COMPARE_DATE_LESS_EQUAL: u32 = 10;
/// Comparison: date later.
pub const COMPARE_DATE_GREATER: u32 = 11;
/// Comparison: date later or equal.
pub const COMPARE_DATE_GREATER_EQUAL: u32 = 12;
/// Comparison: booleans equal.
pub const COMPARE_BOOL: u32 = 13;
/// Comparison: base64 equal.
pub const COMPARE_BINARY: u32 = 14;
/// Comparison: address in block.
pub const COMPARE_IP: u32 = 15;
/// Comparison: ARN pattern.
pub const COMPARE_ARN: u32 = 16;
/// Comparison: key present or missing.
pub const COMPARE_NULL: u32 = 17;

/// [`Key::source`]: the request's context.
pub const KEY_REQUEST: u32 = 0;
/// [`Key::source`]: `aws:username`.
pub const KEY_USERNAME: u32 = 1;
/// [`Key::source`]: `aws:userid`.
pub const KEY_USER_ID: u32 = 2;
/// [`Key::source`]: `aws:PrincipalArn`.
pub const KEY_PRINCIPAL_ARN: u32 = 3;
/// [`Key::source`]: `aws:PrincipalAccount`.
pub const KEY_PRINCIPAL_ACCOUNT: u32 = 4;
/// [`Key::source`]: `aws:PrincipalType`.
pub const KEY_PRINCIPAL_TYPE: u32 = 5;
/// [`Key::source`]: `aws:PrincipalTag/…`.
pub const KEY_PRINCIPAL_TAG: u32 = 6;
/// [`Key::source`]: a key of the principal that no principal of this bundle has (`aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`).
pub const KEY_PRINCIPAL_ABSENT: u32 = 7;
/// [`Key::source`]: `aws:PrincipalIsAWSService`.
pub const KEY_PRINCIPAL_IS_SERVICE: u32 = 8;
/// [`Key::source`]: `aws:CurrentTime`.
pub const KEY_CURRENT_TIME: u32 = 9;
/// [`Key::source`]: `aws:EpochTime`.
pub const KEY_EPOCH_TIME: u32 = 10;
/// The largest [`Key::source`].
pub const KEY_SOURCES: u32 = 10;

/// Node tags: the low eight bits of a node's first word; the high 24 bits are its parameter.
pub mod node {
    /// Parameter: bytes of the literal. Words: end terminal, miss reference, next reference, the bytes.
    pub const LITERAL: u32 = 1;
    /// Parameter: number of keys, 1 to 16. Words: end terminal, default reference, the keys ascending, a reference each.
    pub const BRANCH: u32 = 2;
    /// Parameter: number of targets, 1 to 256. Words: end terminal, 64 words of 256 target indices, the references.
    pub const TABLE: u32 = 3;
    /// Parameter: a byte. Words: end terminal, next reference.
    pub const SKIP: u32 = 4;
    /// Parameter: bytes of the literal. Words: terminal if the rest does not end so, terminal if it does, the bytes.
    pub const SUFFIX: u32 = 5;
    /// Parameter: 0. Word: word index of a set leaf.
    pub const LEAF: u32 = 6;
    /// Most keys of a [`BRANCH`].
    pub const BRANCH_KEYS: usize = 16;
    /// Words of a [`TABLE`]'s index.
    pub const TABLE_WORDS: usize = 64;
}
