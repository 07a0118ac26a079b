//! Facts of a build that `inspect` shows: counts, and where the budget was passed.

use bincode::{Decode, Encode};

use crate::automata::Automata;
use crate::ir::Ir;
use crate::model::Model;

macro_rules! facts {
    ($($(#[$doc:meta])* $field:ident: $name:literal,)*) => {
        /// Counts of a build.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
        pub struct BuildFacts { $($(#[$doc])* pub $field: u64,)* }

        impl BuildFacts {
            /// Names and values, in order.
            #[must_use]
            pub fn entries(&self) -> Vec<(&'static str, u64)> {
                vec![$(($name, self.$field)),*]
            }
        }
    };
}

facts! {
    /// Users.
    users: "users",
    /// Groups.
    groups: "groups",
    /// Roles.
    roles: "roles",
    /// Managed policies.
    managed_policies: "managed policies",
    /// Distinct documents in force, as rule lists.
    rule_lists: "distinct policies",
    /// Distinct rules.
    rules: "distinct rules",
    /// Statements that can match nothing.
    dropped: "statements that match nothing",
    /// Distinct permission sets.
    sets: "permission sets",
    /// Those that are unions.
    unions: "permission sets that are unions",
    /// Distinct guards.
    guards: "guards",
    /// Distinct atoms.
    atoms: "atoms",
    /// Services of the vocabulary.
    services: "services",
    /// Actions of the vocabulary.
    actions: "actions",
    /// Action classes.
    classes: "action classes",
    /// Distinct rows.
    rows: "rows",
    /// Distinct root lists.
    root_lists: "root lists",
    /// The longest root list.
    longest_root_list: "longest root list",
    /// Distinct residuals.
    residuals: "residuals",
    /// States of all automata.
    states: "states",
    /// Key classifiers.
    classifiers: "classifiers",
    /// Their classes.
    value_classes: "value classes",
    /// Words of the decision diagrams.
    diagram_words: "diagram words",
    /// Terminals past the budget whose diagram became a chain.
    diagram_chains: "diagram chains",
    /// Distinct atoms that are compared at request time.
    atoms_at_request_time: "atoms at request time",
    /// Residuals past the budget that became set leaves.
    set_leaves: "set leaves",
    /// Distinct rules that are also decided outside the vocabulary.
    rule_roots: "rule roots",
}

impl BuildFacts {
    /// Counts a build.
    #[must_use]
    pub fn of(model: &Model, ir: &Ir, automata: &Automata) -> Self {
        let vocabulary = &automata.vocabulary;
        let lists = automata.roots.lists.items();
        Self {
            users: model.users.len() as u64,
            groups: model.groups.len() as u64,
            roles: model.roles.len() as u64,
            managed_policies: model.policies.len() as u64,
            rule_lists: ir.rule_lists.len() as u64,
            rules: ir.rules.len() as u64,
            dropped: ir.dropped.len() as u64,
            sets: ir.sets.len() as u64,
            unions: automata.sets.iter().filter(|set| !set.parts.is_empty()).count() as u64,
            guards: ir.guards.len() as u64,
            atoms: ir.atoms.len() as u64,
            services: vocabulary.services.len() as u64,
            actions: vocabulary.actions.len() as u64,
            classes: vocabulary.services.iter().map(|service| service.classes.len() as u64).sum(),
            rows: automata.rows.len() as u64,
            root_lists: lists.len() as u64,
            longest_root_list: lists.iter().map(Vec::len).max().unwrap_or(0) as u64,
            residuals: automata.roots.residuals() as u64,
            states: automata.roots.states as u64,
            classifiers: automata.classifiers.items.len() as u64,
            value_classes: automata.classifiers.items.iter().map(|it| u64::from(it.classes)).sum(),
            diagram_words: automata.roots.terminals.diagrams.words.len() as u64,
            diagram_chains: automata.roots.terminals.diagrams.chains as u64,
            atoms_at_request_time: automata.classifiers.atoms.iter().filter(|atom| atom.is_none()).count()
                as u64,
            set_leaves: automata.roots.set_leaves as u64,
            rule_roots: automata.rule_roots.len() as u64,
        }
    }
}
