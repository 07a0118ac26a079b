//! What stands in words of terminals and diagrams, and the classes of context values.

/// What a terminal is, by the three highest bits of its reference, and what the others hold.
pub mod terminal {
    /// The three bits.
    pub const KIND: u32 = 7 << 29;
    /// The others.
    pub const VALUE: u32 = (1 << 29) - 1;
    /// A rule denies, whatever the context says: the others are the rule.
    pub const DENIES: u32 = 4 << 29;
    /// A rule allows, whatever the context says, and nothing denies: the others are the rule.
    pub const ALLOWS: u32 = 5 << 29;
    /// It depends on the context: the others are the word of a node in `Diagrams`.
    pub const DIAGRAM: u32 = 6 << 29;
    /// Nothing matched: the others are zero.
    pub const NOTHING: u32 = 7 << 29;
}

/// Nodes of diagrams, by the low byte of their first word; the other bytes are a number.
pub mod diagram {
    /// By class: a target for every class.
    pub const SWITCH: u32 = 1;
    /// By class: a target for some classes, and one for all others.
    pub const SPARSE: u32 = 2;
    /// By an atom that is compared at request time.
    pub const ATOM: u32 = 3;
    /// By patterns with variables, of which the resource matches one or none.
    pub const CHECK: u32 = 4;
    /// By class: a target for all classes from one on, up to the next.
    pub const RUNS: u32 = 5;
    /// Words of a [`SWITCH`] node before its targets.
    pub const SWITCH_WORDS: usize = 2;
    /// Words of a [`SPARSE`] or [`RUNS`] node before its pairs.
    pub const SPARSE_WORDS: usize = 3;
    /// Words of an [`ATOM`] node.
    pub const ATOM_WORDS: usize = 4;
    /// Words of a [`CHECK`] node before its patterns.
    pub const CHECK_WORDS: usize = 3;
}

/// Classes of context values.
pub mod class {
    /// The key is missing.
    pub const MISSING: u32 = 0;
    /// The key holds a list, even of one.
    pub const LIST: u32 = 1;
    /// A value that does not parse, or that no operand matches.
    pub const OTHER: u32 = 2;
    /// Booleans: true.
    pub const TRUE: u32 = 3;
    /// Booleans: false.
    pub const FALSE: u32 = 4;
    /// Numbers and dates: below the first threshold. One higher is the first threshold itself, two higher lies between it and the second,
    /// and so on.
    pub const ORDERED: u32 = 3;
    /// Longest text in lower case that can match.
    pub const FOLDED_BYTES: usize = 512;
}
