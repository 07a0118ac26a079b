//! What the fields of records may hold: kinds, flags, operators, and the tags of nodes.

/// [`Principal::kind`](super::Principal::kind): a user.
pub const PRINCIPAL_USER: u32 = 0;
/// [`Principal::kind`](super::Principal::kind): a role.
pub const PRINCIPAL_ROLE: u32 = 1;
/// [`Principal::kind`](super::Principal::kind): a role that a service is linked to, which SCPs and RCPs spare (rules E1, E2).
pub const PRINCIPAL_SERVICE_LINKED: u32 = 2;

/// [`Action::flags`](super::Action::flags): changes a managed policy (rule E11).
pub const ACTION_WRITES_POLICY: u32 = 1;
/// [`Action::flags`](super::Action::flags): changes or passes a role (rule E11).
pub const ACTION_WRITES_ROLE: u32 = 1 << 1;
/// [`Action::flags`](super::Action::flags): changes a KMS alias (rule E11).
pub const ACTION_WRITES_ALIAS: u32 = 1 << 2;
/// [`Action::flags`](super::Action::flags): needs the role's trust policy (rule E8).
pub const ACTION_NEEDS_TRUST: u32 = 1 << 3;
/// [`Action::flags`](super::Action::flags): has no caller side (rule E8).
pub const ACTION_NO_CALLER_SIDE: u32 = 1 << 4;
/// [`Action::flags`](super::Action::flags): allowed to whoever is authenticated (rule E8).
pub const ACTION_UNCONTROLLED: u32 = 1 << 5;
/// [`Action::flags`](super::Action::flags): allowed to users and root (rule E8).
pub const ACTION_UNCONTROLLED_FOR_USERS: u32 = 1 << 6;
/// [`Action::flags`](super::Action::flags): RCPs bear on its service (rule E2).
pub const ACTION_RCP: u32 = 1 << 7;
/// All bits of [`Action::flags`](super::Action::flags).
pub const ACTION_FLAGS: u32 = (1 << 8) - 1;

/// [`Classifier::reading`](super::Classifier::reading): texts, by an automaton.
pub const CLASSIFY_TEXT: u32 = 0;
/// [`Classifier::reading`](super::Classifier::reading): texts in simple lower case, by an automaton; one that is not ASCII,
/// or longer than 512 bytes, is in class 2.
pub const CLASSIFY_FOLDED: u32 = 1;
/// [`Classifier::reading`](super::Classifier::reading): addresses, by intervals.
pub const CLASSIFY_ADDRESS: u32 = 2;
/// [`Classifier::reading`](super::Classifier::reading): numbers, by thresholds.
pub const CLASSIFY_NUMBER: u32 = 3;
/// [`Classifier::reading`](super::Classifier::reading): moments, by thresholds.
pub const CLASSIFY_DATE: u32 = 4;
/// [`Classifier::reading`](super::Classifier::reading): booleans.
pub const CLASSIFY_BOOL: u32 = 5;
/// [`Classifier::reading`](super::Classifier::reading): every value is in class 2.
pub const CLASSIFY_PRESENCE: u32 = 6;

/// Whether every principal defines a key of this [`Key::source`](super::Key::source) itself, whatever the request says.
#[must_use]
pub const fn is_own(source: u32) -> bool {
    matches!(
        source,
        KEY_USERNAME
            | KEY_USER_ID
            | KEY_PRINCIPAL_ARN
            | KEY_PRINCIPAL_ACCOUNT
            | KEY_PRINCIPAL_TYPE
            | KEY_PRINCIPAL_TAG
            | KEY_PRINCIPAL_ORG_ID
            | KEY_PRINCIPAL_IS_SERVICE
            | KEY_PRINCIPAL_ORG_PATHS
            | KEY_CALLER..=KEY_CALLER_BOUNDED
    )
}

/// [`Piece::kind`](super::Piece::kind): a literal.
pub const PIECE_LITERAL: u32 = 0;
/// [`Piece::kind`](super::Piece::kind): `*`.
pub const PIECE_ANY_RUN: u32 = 1;
/// [`Piece::kind`](super::Piece::kind): `?`.
pub const PIECE_ANY_ONE: u32 = 2;
/// [`Piece::kind`](super::Piece::kind): a policy variable.
pub const PIECE_VARIABLE: u32 = 3;

/// [`Operand::kind`](super::Operand::kind): text without wildcards.
pub const OPERAND_TEXT: u32 = 0;
/// [`Operand::kind`](super::Operand::kind): text with wildcards.
pub const OPERAND_LIKE: u32 = 1;
/// [`Operand::kind`](super::Operand::kind): an ARN pattern.
pub const OPERAND_ARN: u32 = 2;
/// [`Operand::kind`](super::Operand::kind): an ARN pattern that matches nothing (rule C7).
pub const OPERAND_ARN_NOTHING: u32 = 3;
/// [`Operand::kind`](super::Operand::kind): a number.
pub const OPERAND_NUMBER: u32 = 4;
/// [`Operand::kind`](super::Operand::kind): a date.
pub const OPERAND_DATE: u32 = 5;
/// [`Operand::kind`](super::Operand::kind): a boolean.
pub const OPERAND_BOOL: u32 = 6;
/// [`Operand::kind`](super::Operand::kind): base64.
pub const OPERAND_BINARY: u32 = 7;
/// [`Operand::kind`](super::Operand::kind): an address or block.
pub const OPERAND_IP: u32 = 8;

/// [`Atom::operator`](super::Atom::operator): the bits that name the comparison, one of the `COMPARE_…`.
pub const ATOM_COMPARISON: u32 = 0xff;
/// [`Atom::operator`](super::Atom::operator): the operator is negated (rule C1).
pub const ATOM_NEGATED: u32 = 1 << 8;
/// [`Atom::operator`](super::Atom::operator): `IfExists`.
pub const ATOM_IF_EXISTS: u32 = 1 << 9;
/// [`Atom::operator`](super::Atom::operator): `ForAnyValue:`.
pub const ATOM_ANY_VALUE: u32 = 1 << 10;
/// [`Atom::operator`](super::Atom::operator): `ForAllValues:`.
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

/// [`Key::source`](super::Key::source): the request's context.
pub const KEY_REQUEST: u32 = 0;
/// [`Key::source`](super::Key::source): `aws:username`.
pub const KEY_USERNAME: u32 = 1;
/// [`Key::source`](super::Key::source): `aws:userid`.
pub const KEY_USER_ID: u32 = 2;
/// [`Key::source`](super::Key::source): `aws:PrincipalArn`.
pub const KEY_PRINCIPAL_ARN: u32 = 3;
/// [`Key::source`](super::Key::source): `aws:PrincipalAccount`.
pub const KEY_PRINCIPAL_ACCOUNT: u32 = 4;
/// [`Key::source`](super::Key::source): `aws:PrincipalType`.
pub const KEY_PRINCIPAL_TYPE: u32 = 5;
/// [`Key::source`](super::Key::source): `aws:PrincipalTag/…`.
pub const KEY_PRINCIPAL_TAG: u32 = 6;
/// [`Key::source`](super::Key::source): `aws:PrincipalOrgID`.
pub const KEY_PRINCIPAL_ORG_ID: u32 = 7;
/// [`Key::source`](super::Key::source): `aws:PrincipalIsAWSService`.
pub const KEY_PRINCIPAL_IS_SERVICE: u32 = 8;
/// [`Key::source`](super::Key::source): `aws:CurrentTime`.
pub const KEY_CURRENT_TIME: u32 = 9;
/// [`Key::source`](super::Key::source): `aws:EpochTime`.
pub const KEY_EPOCH_TIME: u32 = 10;
/// [`Key::source`](super::Key::source): `aws:PrincipalOrgPaths`.
pub const KEY_PRINCIPAL_ORG_PATHS: u32 = 11;
/// [`Key::source`](super::Key::source): `aws:SourceIdentity`.
pub const KEY_SOURCE_IDENTITY: u32 = 12;
/// [`Key::source`](super::Key::source): `aws:ResourceTag/…`.
pub const KEY_RESOURCE_TAG: u32 = 13;
/// [`Key::source`](super::Key::source): `aws:ResourceAccount`.
pub const KEY_RESOURCE_ACCOUNT: u32 = 14;
/// [`Key::source`](super::Key::source): `aws:ResourceOrgID`.
pub const KEY_RESOURCE_ORG_ID: u32 = 15;
/// [`Key::source`](super::Key::source): `aws:ResourceOrgPaths`.
pub const KEY_RESOURCE_ORG_PATHS: u32 = 16;
/// [`Key::source`](super::Key::source): what a principal element matches directly (rule N3).
pub const KEY_CALLER: u32 = 17;
/// [`Key::source`](super::Key::source): who stands behind the caller's session (rule N3).
pub const KEY_CALLER_BEHIND: u32 = 18;
/// [`Key::source`](super::Key::source): the caller's account (rule N2).
pub const KEY_CALLER_ACCOUNT: u32 = 19;
/// [`Key::source`](super::Key::source): the caller's account, if it is the root user (rule N6).
pub const KEY_CALLER_ROOT: u32 = 20;
/// [`Key::source`](super::Key::source): the name of a service or identity provider (rule N5).
pub const KEY_CALLER_NAME: u32 = 21;
/// [`Key::source`](super::Key::source): `true` if the caller has a permissions boundary (rule N6).
pub const KEY_CALLER_BOUNDED: u32 = 22;

/// [`RoutePiece::kind`](super::RoutePiece::kind): a literal.
pub const ROUTE_LITERAL: u32 = 0;
/// [`RoutePiece::kind`](super::RoutePiece::kind): a segment of the path, decoded.
pub const ROUTE_SEGMENT: u32 = 1;
/// [`RoutePiece::kind`](super::RoutePiece::kind): the path from a segment on, decoded.
pub const ROUTE_REST: u32 = 2;
/// The largest [`Key::source`](super::Key::source).
pub const KEY_SOURCES: u32 = 22;

/// Node tags: the low eight bits of a node's first word; the high 24 bits are its parameter.
pub mod node {
    /// Parameter: bytes of the literal. Words: end terminal, miss reference, next reference, the bytes.
    pub const LITERAL: u32 = 1;
    /// Parameter: number of keys, 1 to 16. Words: end terminal, default reference, the keys ascending, a reference each.
    pub const BRANCH: u32 = 2;
    /// Parameter: number of targets, 1 to 256. Words: end terminal, 64 words of 256 target indices, the references.
    pub const TABLE: u32 = 3;
    /// Parameter: a byte, and above it how many more of them. Words: end terminal, next reference.
    pub const SKIP: u32 = 4;
    /// Parameter: bytes of the literal. Words: terminal if the rest does not end so, terminal if it does, the bytes.
    pub const SUFFIX: u32 = 5;
    /// Parameter: 0. Word: word index of a set leaf.
    pub const LEAF: u32 = 6;
    /// Parameter: that of a [`slot`](super::slot) table. Words: terminal if the rest is empty, terminal of an unknown segment, the delimiter, an ASCII character and not zero, four times,
    /// two multipliers of two words, words beside the slots; then the slots, and what stands beside them: [`segment`](super::segment).
    pub const SEGMENT: u32 = 7;
    /// Parameter: bytes of the literal in its low 16 bits, a byte in its high 8. Words: end terminal, reference behind the byte, next reference, the bytes.
    pub const SEARCH: u32 = 8;
    /// Parameter: that of a [`slot`](super::slot) table. Words: where the rest leads if it begins with no text of the table, two multipliers of two words,
    /// of sixteen bytes as many 255 as are hashed; then the slots.
    pub const PREFIXES: u32 = 9;
    /// Words of a [`PREFIXES`] before its slots.
    pub const PREFIXES_WORDS: usize = 10;
    /// Most occurrences that a [`SKIP`] goes over.
    pub const SKIP_COUNT: usize = 8;
    /// Most keys of a [`BRANCH`].
    pub const BRANCH_KEYS: usize = 16;
    /// Words of a [`TABLE`]'s index.
    pub const TABLE_WORDS: usize = 64;
    /// Words that the bundle has at least behind a section of nodes: as many as the keys of the largest [`BRANCH`] and a short [`LITERAL`], of
    /// each of which a walk reads so many whatever its size.
    pub const WORDS_BEHIND: usize = SHORT_BYTES / 4;
    /// Literals and segments of so many bytes at most are read at once.
    pub const SHORT_BYTES: usize = BRANCH_KEYS;
}

/// Tables of nodes, in which a text is looked up by its hash. The parameter of such a node has in its low eight bits 64 less the binary logarithm
/// of the number of slots, and above them how far from the slot of its hash an entry stands at most.
pub mod slot {
    /// Words of a slot: the length of a text; where it leads; and four words of it. All zero if it is empty.
    pub const WORDS: usize = 6;
    /// Most slots that are looked at, that of the hash included.
    pub const PROBES: u64 = 8;
    /// The low eight bits of the parameter: from 2 to 2^24 slots.
    pub const SHIFTS: core::ops::RangeInclusive<u32> = 40..=63;
}

/// Look-up of a whole segment of a resource: what stands before the next delimiter, or before the end.
pub mod segment {
    /// Words before the slots.
    pub const HEADER_WORDS: usize = 9;
    /// In the length in a slot: the text ends behind the segment, instead of a delimiter.
    pub const ENDS: u32 = 1 << 31;
    /// Segments of so many bytes at most are read as [`segment_words`](crate::hash::segment_words). Those of at most
    /// [`SHORT_BYTES`](super::node::SHORT_BYTES) have the first of these in their slots. Of all others a slot has a place, counted from the node's first
    /// word, and three zeros: both words stand there, or the text where it is longer.
    pub const MIDDLE_BYTES: usize = 32;
}
