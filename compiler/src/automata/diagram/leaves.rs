//! What a diagram may come to, whatever the context.

use std::collections::BTreeSet;

use portcullis_runtime::format::{diagram, terminal};

use super::{Diagrams, node};

/// What a terminal leads to.
#[derive(Clone, Debug, Default)]
pub(in crate::automata) struct Leaves {
    /// The constant terminals.
    pub(in crate::automata) terminals: BTreeSet<u32>,
    /// The patterns with variables that the resource is checked against.
    pub(in crate::automata) patterns: BTreeSet<u32>,
}

impl Diagrams {
    /// What is at the ends of a terminal, and is checked on the way; of a constant one itself. Linear in the diagram.
    pub(in crate::automata) fn leaves(&self, terminal: u32) -> Leaves {
        let mut leaves = Leaves::default();
        let mut seen = BTreeSet::from([terminal]);
        let mut stack = vec![terminal];
        while let Some(reference) = stack.pop() {
            if reference & terminal::KIND != terminal::DIAGRAM {
                leaves.terminals.insert(reference);
                continue;
            }
            let words = self.words.get((reference & terminal::VALUE) as usize..).unwrap_or(&[]);
            let first = words.first().copied().unwrap_or(0);
            if first & 0xff == diagram::CHECK {
                let patterns = words.iter().skip(diagram::CHECK_WORDS).take((first >> 8) as usize);
                leaves.patterns.extend(patterns);
            }
            let targets = node::targets(first).filter_map(|at| words.get(at).copied());
            stack.extend(targets.filter(|&target| seen.insert(target)));
        }
        leaves
    }
}
