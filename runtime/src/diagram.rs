//! Diagrams as far as classes lead that a principal's record and the request's context tell by themselves: what most conditions ask for,
//! without all that the others need.

use core::hint::select_unpredictable;

use crate::bundle::Bundle;
use crate::classify::{Prepared, Value, of_value, requested_class};
use crate::context::Context;
use crate::format::{self as f, NONE, Section, diagram, terminal};
use crate::walk::UNKNOWN;

/// Nodes of a diagram that are gone through here. Whatever takes more goes the long way, which remembers classes: what is asked again there,
/// and by the other layer, costs less than remembering here.
const NODES: usize = 8;

/// Whether this names a diagram's node.
#[inline(always)]
pub(crate) const fn is_node(end: u32) -> bool {
    end & terminal::KIND == terminal::DIAGRAM && end != UNKNOWN
}

/// As far as a diagram leads by such classes: to its end, or to a node that asks for something else. What is no diagram stays what it is.
///
/// `own` is where the classes begin that the principal defines by itself. In a bundle without resources, for a user or role itself, and not
/// where the request's context says everything.
#[inline(never)]
pub(crate) fn by_classes(bundle: &Bundle, context: &dyn Context, own: u32, from: u32) -> u32 {
    let mut reached = from;
    let mut left = NODES;
    while is_node(reached) && left > 0 {
        let Some(target) = step(bundle, context, own, reached) else { break };
        reached = target;
        left -= 1;
    }
    reached
}

#[inline(always)]
fn step(bundle: &Bundle, context: &dyn Context, own: u32, node: u32) -> Option<u32> {
    let view = bundle.view();
    let words = view.words_at(Section::Diagrams, (node & terminal::VALUE) as usize)?;
    let [first, classifier] = words.first_chunk::<2>()?.map(u32::from_le_bytes);
    if !matches!(first & 0xff, diagram::SWITCH | diagram::SPARSE | diagram::RUNS) {
        return None;
    }
    let prepared = view.layout.classifiers.get(classifier as usize)?;
    let class = if prepared.record.own != NONE {
        view.word(Section::PrincipalClasses, own.checked_add(prepared.record.own)?)?
    } else {
        // No resource that the bundle holds has tags of its own: there are none.
        let source = prepared.source;
        if source != f::KEY_REQUEST && source != f::KEY_RESOURCE_TAG {
            return None;
        }
        requested_class(view.layout, context, prepared, |value| {
            other_class(bundle, classifier, prepared, value)
        })?
    };
    by_class(words, first, class)
}

/// The class of a value that is not told at once: by itself, so that what it takes does not burden the others.
#[inline(never)]
fn other_class(bundle: &Bundle, classifier: u32, prepared: &Prepared, value: Value<'_>) -> Option<u32> {
    of_value(&bundle.view(), classifier, prepared, value)
}

/// Where a node leads that asks for a class. `None` for other nodes.
#[inline(always)]
pub(crate) fn by_class(words: &[[u8; 4]], first: u32, class: u32) -> Option<u32> {
    let word = |at: usize| words.get(at).map(|word| u32::from_le_bytes(*word));
    let count = (first >> 8) as usize;
    match first & 0xff {
        diagram::SWITCH => {
            let table = words.get(diagram::SWITCH_WORDS + count..)?.as_flattened();
            word(diagram::SWITCH_WORDS + usize::from(*table.get(class as usize)?))
        }
        diagram::SPARSE => match pairs_up_to(words, count, class)?.checked_sub(1) {
            Some(last) if word(diagram::SPARSE_WORDS + 2 * last)? == class => {
                word(diagram::SPARSE_WORDS + 2 * last + 1)
            }
            _ => word(2),
        },
        // The targets stand in every other word from the third on.
        diagram::RUNS => word(2 + 2 * pairs_up_to(words, count, class)?),
        _ => None,
    }
}

/// How many of a node's pairs, ascending by class, have a class up to this one. There is no branch on which half it is in: no processor could
/// guess it.
#[inline(always)]
fn pairs_up_to(words: &[[u8; 4]], count: usize, class: u32) -> Option<usize> {
    let up_to = |pair: usize| {
        let own = words.get(diagram::SPARSE_WORDS + 2 * pair)?;
        Some(u32::from_le_bytes(*own) <= class)
    };
    let (mut base, mut size) = (0, count);
    while size > 1 {
        let middle = base + size / 2;
        base = select_unpredictable(up_to(middle)?, middle, base);
        size -= size / 2;
    }
    Some(if size == 0 { 0 } else { base + usize::from(up_to(base)?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// What stands in place of a terminal where a walk alone does not tell has a diagram's kind, and names a word that may lie anywhere behind.
    #[test]
    fn an_unfinished_walk_is_no_node() {
        assert_eq!(UNKNOWN & terminal::KIND, terminal::DIAGRAM);
        assert!(!is_node(UNKNOWN));
        for value in [0, 7, terminal::VALUE - 1] {
            assert!(is_node(terminal::DIAGRAM | value));
            assert!(
                ![terminal::ALLOWS, terminal::DENIES, terminal::NOTHING]
                    .iter()
                    .any(|kind| is_node(kind | value))
            );
        }
    }

    /// By halves as one after the other.
    #[test]
    fn pairs_are_counted_up_to_a_class() {
        for count in 0..40_usize {
            let pairs = (0..count as u32).flat_map(|pair| [3 + 2 * pair, 9]);
            let words: Vec<[u8; 4]> = [0, 0, 0].into_iter().chain(pairs).map(u32::to_le_bytes).collect();
            for class in 0..90 {
                let expected = (0..count as u32).filter(|pair| 3 + 2 * pair <= class).count();
                assert_eq!(pairs_up_to(&words, count, class), Some(expected), "{count} {class}");
            }
        }
    }
}
