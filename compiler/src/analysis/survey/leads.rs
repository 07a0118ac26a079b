//! Which scenes can have changed, by what of a principal's own rules differs.

use crate::analysis::scene::{Effective, Layers, Place};
use crate::analysis::space::{Pattern, meet};

/// What of a principal's own rules differs, as resource sets; an empty set stands for everything.
pub(super) fn leads(layers: &[Layers]) -> Vec<Vec<Pattern>> {
    let [old, new] = layers else { return vec![Vec::new()] };
    if old.shape != new.shape {
        return vec![Vec::new()];
    }
    let only = |a: &Layers, b: &Layers| -> Vec<Vec<Pattern>> {
        let rules = a.rules.iter().filter(|rule| b.rules.binary_search(rule).is_err());
        let set = |rule: &Effective| match rule.resources.negated {
            true => Vec::new(),
            false => rule.resources.patterns.iter().filter_map(Pattern::of_resource).collect(),
        };
        rules.map(set).collect()
    };
    let mut leads = only(old, new);
    leads.extend(only(new, old));
    leads
}

/// Whether the layers of a scene are the same in both worlds.
pub(super) fn is_same(layers: &[Layers]) -> bool {
    matches!(layers, [old, new] if old.shape == new.shape && old.rules == new.rules)
}

/// Whether a place has resources that one of these sets speaks of.
pub(super) fn meets(place: &Place, leads: &[Vec<Pattern>]) -> bool {
    let scope = place.scope();
    leads.iter().any(|set| {
        set.is_empty() || set.iter().any(|lead| scope.iter().any(|(pattern, _)| meet(lead, pattern)))
    })
}
