//! From a set of minterms to the few patterns by which people say it: *this pattern, except those*.
//!
//! What is said covers exactly the wanted minterms, and no unwanted one; which of several ways to say it is chosen greedily: what covers most,
//! with the fewest exceptions, in the fewest characters.

use super::space::{Minterm, is_within};
use super::universe::Numbered;

/// Texts that match all of the first patterns and none of the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// The patterns that all match; where it is empty, every text does.
    pub all: Vec<String>,
    /// The patterns of which none matches.
    pub except: Vec<String>,
}

/// What a minterm is to a cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// It has to be covered.
    Wanted,
    /// It must not be.
    Unwanted,
    /// It may be.
    Either,
}

/// A way to say a part of it.
#[derive(Clone, Debug)]
struct Way {
    all: Vec<u32>,
    except: Vec<u32>,
    covers: Vec<usize>,
}

/// The terms that cover the wanted minterms.
///
/// `walked` are the patterns that lead the walk by which the minterms were found: where none of them matches, nothing was found, and nothing
/// is covered. `None`: everything was found.
pub(super) fn cover(
    numbered: &Numbered,
    minterms: &[Minterm],
    wishes: &[Wish],
    walked: Option<&[u32]>,
) -> Vec<Term> {
    let wish = |at: usize| wishes.get(at).copied().unwrap_or(Wish::Unwanted);
    let mut left: Vec<usize> = (0..minterms.len()).filter(|&at| wish(at) == Wish::Wanted).collect();
    if left.is_empty() {
        return Vec::new();
    }
    let starts = starts(numbered, minterms, &left, walked);
    let mut terms = Vec::new();
    while let Some(&first) = left.first() {
        let ways = starts.iter().filter_map(|all| way(minterms, &wish, all, &left));
        let best = ways.filter(|way| !way.covers.is_empty()).min_by_key(|way| {
            let length: usize = way.all.iter().map(|&id| numbered.text(id).len()).sum();
            (usize::MAX - way.covers.len(), way.except.len() + way.all.len(), length)
        });
        let best = best.or_else(|| alone(minterms, &wish, first, &left, walked));
        let Some(best) = best else { break };
        left.retain(|at| !best.covers.contains(at));
        let texts = |ids: &[u32]| {
            let mut texts: Vec<String> = ids.iter().map(|&id| numbered.text(id).to_owned()).collect();
            texts.sort();
            texts
        };
        terms.push(Term { all: texts(&best.all), except: texts(&best.except) });
    }
    terms.sort();
    terms
}

/// The patterns, or pairs of them, that a way may begin with: such that all that they match was walked.
fn starts(
    numbered: &Numbered,
    minterms: &[Minterm],
    left: &[usize],
    walked: Option<&[u32]>,
) -> Vec<Vec<u32>> {
    let mut patterns: Vec<u32> = left
        .iter()
        .filter_map(|&at| minterms.get(at))
        .flat_map(|minterm| minterm.matched.iter().copied())
        .collect();
    patterns.sort_unstable();
    patterns.dedup();
    let Some(walked) = walked else {
        return std::iter::once(Vec::new())
            .chain(patterns.into_iter().map(|pattern| vec![pattern]))
            .collect();
    };
    let leading: Vec<_> =
        walked.iter().filter_map(|&id| numbered.patterns.get(id as usize)).cloned().collect();
    let mut starts = Vec::new();
    for pattern in patterns {
        let whole = walked.contains(&pattern)
            || numbered.patterns.get(pattern as usize).is_some_and(|it| is_within(it, &leading));
        if whole {
            starts.push(vec![pattern]);
        } else {
            starts.extend(walked.iter().map(|&lead| vec![lead.min(pattern), lead.max(pattern)]));
        }
    }
    starts
}

/// The patterns with what has to be excepted from them, and what of the rest that covers; `None` where exceptions do not do.
fn way(minterms: &[Minterm], wish: &dyn Fn(usize) -> Wish, all: &[u32], left: &[usize]) -> Option<Way> {
    let inside = |minterm: &Minterm| all.iter().all(|&pattern| minterm.has(pattern));
    let within: Vec<(usize, &Minterm)> =
        minterms.iter().enumerate().filter(|(_, minterm)| inside(minterm)).collect();
    let mut bad: Vec<&Minterm> =
        within.iter().filter(|(at, _)| wish(*at) == Wish::Unwanted).map(|(_, minterm)| *minterm).collect();
    let good: Vec<(usize, &Minterm)> =
        within.iter().filter(|(at, _)| wish(*at) == Wish::Wanted).copied().collect();
    let mut except = Vec::new();
    while let Some(first) = bad.first() {
        let fits =
            |pattern: &u32| !all.contains(pattern) && good.iter().all(|(_, minterm)| !minterm.has(*pattern));
        let mut fitting: Vec<u32> =
            bad.iter().flat_map(|minterm| minterm.matched.iter().copied()).filter(fits).collect();
        fitting.sort_unstable();
        fitting.dedup();
        let best = fitting.into_iter().max_by_key(|&pattern| {
            (bad.iter().filter(|minterm| minterm.has(pattern)).count(), u32::MAX - pattern)
        })?;
        let _ = first;
        except.push(best);
        bad.retain(|minterm| !minterm.has(best));
    }
    let covers = good.iter().map(|(at, _)| *at).filter(|at| left.contains(at)).collect();
    Some(Way { all: all.to_vec(), except, covers })
}

/// A way to say one minterm, and what else it covers: always there, since two minterms differ by a pattern.
fn alone(
    minterms: &[Minterm],
    wish: &dyn Fn(usize) -> Wish,
    at: usize,
    left: &[usize],
    walked: Option<&[u32]>,
) -> Option<Way> {
    let own = minterms.get(at)?;
    let mut all = own.matched.clone();
    let mut except: Vec<u32> = Vec::new();
    for (other, minterm) in minterms.iter().enumerate() {
        let inside = all.iter().all(|&pattern| minterm.has(pattern));
        let excepted = minterm.matched.iter().any(|pattern| except.contains(pattern));
        if wish(other) == Wish::Unwanted && inside && !excepted {
            except.extend(minterm.matched.iter().copied().find(|&pattern| !own.has(pattern)));
        }
    }
    // Patterns that the others imply say nothing; one that led the walk stays, for nothing is known of what was not walked.
    for pattern in own.matched.clone() {
        let rest: Vec<u32> = all.iter().copied().filter(|&other| other != pattern).collect();
        let walks = walked.is_none_or(|walked| rest.iter().any(|pattern| walked.contains(pattern)));
        let lets_in = minterms.iter().enumerate().any(|(other, minterm)| {
            wish(other) == Wish::Unwanted
                && rest.iter().all(|&pattern| minterm.has(pattern))
                && !minterm.matched.iter().any(|pattern| except.contains(pattern))
        });
        if walks && !lets_in {
            all = rest;
        }
    }
    let covered = |&at: &usize| {
        minterms.get(at).is_some_and(|minterm| {
            all.iter().all(|&pattern| minterm.has(pattern))
                && !minterm.matched.iter().any(|pattern| except.contains(pattern))
        })
    };
    let covers: Vec<usize> = left.iter().copied().filter(covered).collect();
    Some(Way { all, except, covers })
}
