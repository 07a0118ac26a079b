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
    /// All strings: the length of each in a word, and its UTF-8.
    Strings = 1,
    /// [`Principal`](super::Principal) records.
    Principals = 2,
    /// Hash table over principal ARNs.
    PrincipalIndex = 3,
    /// [`Tag`](super::Tag) records.
    Tags = 4,
    /// Permission sets: a [`Set`](super::Set) and its [`SetService`](super::SetService) records, side by side.
    Sets = 5,
    /// `u32` ids of rule root lists, by set.
    SetRuleRoots = 6,
    /// Rows: from the classes of a service to root lists.
    Rows = 7,
    /// [`Service`](super::Service) records.
    Services = 8,
    /// [`Action`](super::Action) records: the vocabulary.
    Actions = 9,
    /// Hash table over lower-case action names.
    ActionIndex = 10,
    /// Root lists of two roots and more: the number of each in a word, and its references.
    Roots = 11,
    /// `u32` words of the automaton nodes.
    Nodes = 12,
    /// `u32` words of the set leaves.
    Leaves = 13,
    /// `u32` words of the diagram nodes.
    Diagrams = 14,
    /// [`ArnPattern`](super::ArnPattern) records.
    ArnPatterns = 15,
    /// [`Range`](super::Range) records into `Pieces`.
    Globs = 16,
    /// [`Piece`](super::Piece) records.
    Pieces = 17,
    /// [`Atom`](super::Atom) records.
    Atoms = 18,
    /// [`Operand`](super::Operand) records, by atom.
    Operands = 19,
    /// [`Key`](super::Key) records.
    Keys = 20,
    /// [`Classifier`](super::Classifier) records.
    Classifiers = 21,
    /// [`ClassText`](super::ClassText) records.
    ClassTexts = 22,
    /// Hash table over the texts of classifiers.
    ClassTextIndex = 23,
    /// `u32` words of the nodes of classifiers, by classifier.
    ClassNodes = 24,
    /// [`Interval`](super::Interval) records, by classifier.
    Intervals = 25,
    /// [`Threshold`](super::Threshold) records, by classifier.
    Thresholds = 26,
    /// [`Range`](super::Range) records into `RuleRootIds`.
    RuleRootLists = 27,
    /// `u32` rule root ids, by list.
    RuleRootIds = 28,
    /// [`RuleRoot`](super::RuleRoot) records.
    RuleRoots = 29,
    /// [`ActionPattern`](super::ActionPattern) records, by rule root.
    ActionPatterns = 30,
    /// Hash table over what stands behind sessions: the ARN of a session without the session's name, to principal.
    BehindIndex = 31,
    /// [`Account`](super::Account) records.
    Accounts = 32,
    /// Hash table over account numbers.
    AccountIndex = 33,
    /// `u32` permission sets, a level each, by account and resource.
    Levels = 34,
    /// [`Grants`](super::Grants) records.
    Grants = 35,
    /// [`Resource`](super::Resource) records.
    Resources = 36,
    /// Hash table over resource ARNs.
    ResourceIndex = 37,
    /// `u32` strings: the services, as ARNs name them, of which resources are declared; sorted by their text.
    DeclaredServices = 38,
    /// [`Endpoint`](super::Endpoint) records.
    Endpoints = 39,
    /// Hash table over endpoint ids.
    EndpointIndex = 40,
    /// One [`World`](super::World) record.
    World = 41,
    /// `u32` classes of the keys that principals define themselves, by classifier; shared by those in which they are equal.
    PrincipalClasses = 42,
    /// Cold: provenance, bincode.
    Provenance = 43,
    /// Cold: the canonical model, bincode; empty in a stripped bundle.
    Model = 44,
    /// Cold: build facts, bincode.
    Facts = 45,
    /// [`Route`](super::Route) records.
    Routes = 46,
    /// [`RoutePiece`](super::RoutePiece) records, by route.
    RoutePieces = 47,
    /// [`RouteState`](super::RouteState) records: the automaton of the paths of all routes.
    RouteStates = 48,
    /// [`RouteEdge`](super::RouteEdge) records, by state.
    RouteEdges = 49,
    /// [`RouteEnd`](super::RouteEnd) records, by state.
    RouteEnds = 50,
    /// [`Profile`](super::Profile) records, where principals are packed.
    Profiles = 51,
}
