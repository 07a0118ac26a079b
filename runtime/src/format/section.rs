//! The sections: their numbers, order and names.

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
    /// [`Principal`](super::Principal) records.
    Principals = 3,
    /// Hash table over principal ARNs: the seed, then slots: id + 1, or 0 for an empty one.
    PrincipalIndex = 4,
    /// [`Tag`](super::Tag) records.
    Tags = 5,
    /// [`Set`](super::Set) records.
    Sets = 6,
    /// [`SetService`](super::SetService) records, sorted by service within a set.
    SetServices = 7,
    /// `u32` ids of rule root lists, by set.
    SetRuleRoots = 8,
    /// [`Row`](super::Row) records.
    Rows = 9,
    /// `u32` root list ids, by row.
    Palettes = 10,
    /// Palette indices of the rows, one or two bytes each.
    Cells = 11,
    /// [`Service`](super::Service) records.
    Services = 12,
    /// [`Action`](super::Action) records: the vocabulary.
    Actions = 13,
    /// Hash table over lower-case action names: the seed, then slots: id + 1, or 0 for an empty one.
    ActionIndex = 14,
    /// [`RootList`](super::RootList) records.
    RootLists = 15,
    /// `u32` references, by root list: all but its first.
    Roots = 16,
    /// `u32` words of the automaton nodes.
    Nodes = 17,
    /// `u32` words of the set leaves.
    Leaves = 18,
    /// [`Terminal`](super::Terminal) records.
    Terminals = 19,
    /// `u32` rule ids, by terminal.
    TerminalRules = 20,
    /// [`Residue`](super::Residue) records, by terminal, denies first.
    Residues = 21,
    /// `u32` ARN pattern ids, by residue.
    Checks = 22,
    /// [`ArnPattern`](super::ArnPattern) records.
    ArnPatterns = 23,
    /// [`Range`](super::Range) records into `Pieces`.
    Globs = 24,
    /// [`Piece`](super::Piece) records.
    Pieces = 25,
    /// [`Range`](super::Range) records into `GuardAtoms`.
    Guards = 26,
    /// `u32` atom ids, by guard.
    GuardAtoms = 27,
    /// [`Atom`](super::Atom) records.
    Atoms = 28,
    /// [`Operand`](super::Operand) records, by atom.
    Operands = 29,
    /// [`Key`](super::Key) records.
    Keys = 30,
    /// [`Range`](super::Range) records into `RuleRootIds`.
    RuleRootLists = 31,
    /// `u32` rule root ids, by list.
    RuleRootIds = 32,
    /// [`RuleRoot`](super::RuleRoot) records.
    RuleRoots = 33,
    /// [`ActionPattern`](super::ActionPattern) records, by rule root.
    ActionPatterns = 34,
    /// Cold: provenance, bincode.
    Provenance = 35,
    /// Cold: the canonical model, bincode; empty in a stripped bundle.
    Model = 36,
    /// Cold: build facts, bincode.
    Facts = 37,
}
