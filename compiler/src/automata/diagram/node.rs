//! The words of diagram nodes.

use portcullis_runtime::format::{NONE, diagram};

use crate::intern::Interner;

/// The words of a node by classes, given as runs: the first class of each, from 0 on, and where all of them lead. `Ok` if that is one place.
pub(super) fn by_class(classifier: u32, classes: u32, runs: &[(u32, u32)]) -> Result<u32, Vec<u32>> {
    let mut palette = Interner::<u32>::default();
    let ends = runs.iter().skip(1).map(|&(first, _)| first).chain([classes]);
    let runs: Vec<(u32, u32, u32)> = runs
        .iter()
        .zip(ends)
        .map(|(&(first, target), end)| (first, end - first, palette.intern(target)))
        .collect();
    if let [only] = palette.items() {
        return Ok(*only);
    }
    // The most frequent target is the default of a node that lists the others.
    let mut counts = vec![0_u32; palette.len()];
    for &(_, length, index) in &runs {
        if let Some(count) = counts.get_mut(index as usize) {
            *count += length;
        }
    }
    let most = (0..).zip(&counts).max_by_key(|&(index, count)| (count, u32::MAX - index));
    let (most, listed) = most.map_or((0, 0), |(index, count)| (index, classes - count));
    let dense = classes.div_ceil(4) as usize + palette.len();
    let bounds = runs.len().saturating_sub(1);
    let count = |count: usize| (count as u32) << 8;
    let target = |index: u32| palette.get(index).copied().unwrap_or(NONE);
    if palette.len() <= 256 && 2 * bounds.min(listed as usize) + 8 >= dense {
        let mut words = vec![diagram::SWITCH | count(palette.len()), classifier];
        words.extend(palette.items());
        let indices: Vec<u8> = runs
            .iter()
            .flat_map(|&(_, length, index)| std::iter::repeat_n(index as u8, length as usize))
            .collect();
        words.extend(
            indices.chunks(4).map(|chunk| chunk.iter().rev().fold(0, |word, &it| word << 8 | u32::from(it))),
        );
        return Err(words);
    }
    if listed as usize <= bounds {
        let mut words = vec![diagram::SPARSE | count(listed as usize), classifier, target(most)];
        for &(first, length, index) in runs.iter().filter(|&&(_, _, index)| index != most) {
            words.extend((first..first + length).flat_map(|class| [class, target(index)]));
        }
        return Err(words);
    }
    let first = runs.first().map_or(NONE, |&(_, _, index)| target(index));
    let mut words = vec![diagram::RUNS | count(bounds), classifier, first];
    words.extend(runs.iter().skip(1).flat_map(|&(first, _, index)| [first, target(index)]));
    Err(words)
}

pub(super) fn atom(atom: u32, no: u32, yes: u32) -> Result<u32, Vec<u32>> {
    if no == yes { Ok(no) } else { Err(vec![diagram::ATOM, atom, no, yes]) }
}

pub(super) fn check(negated: bool, patterns: &[u32], no: u32, yes: u32) -> Result<u32, Vec<u32>> {
    if no == yes {
        return Ok(no);
    }
    // A check that fails under negation is one that holds without.
    let (no, yes) = if negated { (yes, no) } else { (no, yes) };
    let mut words = vec![diagram::CHECK | (patterns.len() as u32) << 8, no, yes];
    words.extend(patterns);
    Err(words)
}

/// The places of the targets in a node's words, by its first word.
pub(super) fn targets(first: u32) -> impl Iterator<Item = usize> {
    let count = (first >> 8) as usize;
    let (start, step, count) = match first & 0xff {
        diagram::SWITCH => (diagram::SWITCH_WORDS, 1, count),
        // The default, and one in each pair.
        diagram::SPARSE | diagram::RUNS => (2, 2, 1 + count),
        diagram::ATOM => (2, 1, 2),
        _ => (1, 1, 2),
    };
    (0..count).map(move |at| start + step * at)
}
