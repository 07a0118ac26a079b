//! Drops the diagrams that no automaton leads to: those of automata that were given up, or that others took the place of.

use portcullis_runtime::format::terminal;

use super::{Diagrams, node};
use crate::intern::HashMap;

/// Where the kept diagrams stand now, by where they stood.
pub(in crate::automata) struct Moved(HashMap<u32, u32>);

impl Moved {
    /// A terminal as it is now.
    pub(in crate::automata) fn terminal(&self, terminal: u32) -> u32 {
        match place(terminal) {
            Some(place) => self.0.get(&place).map_or(terminal, |moved| terminal::DIAGRAM | moved),
            None => terminal,
        }
    }
}

/// The place of the diagram that a terminal is.
fn place(reference: u32) -> Option<u32> {
    (reference & terminal::KIND == terminal::DIAGRAM).then_some(reference & terminal::VALUE)
}

impl Diagrams {
    /// Keeps what some terminals lead to, in its order; after it no terminal can be added that shares anything with those before. Linear.
    pub(in crate::automata) fn sweep(&mut self, terminals: impl IntoIterator<Item = u32>) -> Moved {
        let index: HashMap<u32, usize> = self.nodes.iter().copied().zip(0..).collect();
        let mut kept = vec![false; self.nodes.len()];
        let keep = |kept: &mut Vec<bool>, terminal: u32| {
            let at = place(terminal).and_then(|place| index.get(&place));
            if let Some(kept) = at.and_then(|&at| kept.get_mut(at)) {
                *kept = true;
            }
        };
        for terminal in terminals {
            keep(&mut kept, terminal);
        }
        let ends: Vec<u32> = self.nodes.iter().skip(1).copied().chain([self.words.len() as u32]).collect();
        let nodes: Vec<&[u32]> = self
            .nodes
            .iter()
            .zip(ends)
            .map(|(&start, end)| self.words.get(start as usize..end as usize).unwrap_or(&[]))
            .collect();
        // Targets stand before the nodes that lead to them.
        for (at, words) in nodes.iter().enumerate().rev() {
            if kept.get(at).copied().unwrap_or(false) {
                let targets = node::targets(words.first().copied().unwrap_or(0));
                targets.filter_map(|at| words.get(at)).for_each(|&target| keep(&mut kept, target));
            }
        }
        let mut moved = Moved(HashMap::default());
        let mut swept = Self::default();
        for ((words, place), _) in nodes.iter().zip(&self.nodes).zip(&kept).filter(|(_, kept)| **kept) {
            let mut words = words.to_vec();
            for at in node::targets(words.first().copied().unwrap_or(0)) {
                if let Some(target) = words.get_mut(at) {
                    *target = moved.terminal(*target);
                }
            }
            moved.0.insert(*place, swept.push(&words));
        }
        self.chain_roots.sort_unstable();
        self.chain_roots.dedup();
        let kept = |root: &&u32| place(**root).is_some_and(|place| moved.0.contains_key(&place));
        swept.chains = self.chain_roots.iter().filter(kept).count();
        *self = swept;
        moved
    }
}
