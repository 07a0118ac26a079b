//! Shared parts: that sets stay what they are, and that what is repeated stands once.

use std::collections::BTreeSet;

use super::*;

fn standing(times: u32) -> Standing {
    Standing { times, most: times }
}

/// Sets of elements that cost ten each, with names of four characters.
fn shared(sets: &[&[u32]], fewest: u32) -> Shared {
    let count = sets.iter().flat_map(|set| set.iter()).max().map_or(0, |last| last + 1);
    share(Problem {
        elements: (0..count).map(|class| Element { cost: 10, charge: 10, class }).collect(),
        sets: sets.iter().map(|set| (set.to_vec(), standing(1))).collect(),
        names: vec![4; count as usize],
        mixed: 4,
        fewest,
        least: 1,
    })
}

/// What symbols stand for; `None` where an element stands there twice. Does not end for a part that is made of itself.
fn expanded(shared: &Shared, symbols: &[Symbol]) -> Option<BTreeSet<u32>> {
    let mut elements = BTreeSet::new();
    for symbol in symbols {
        let inner = match symbol {
            Symbol::Element(element) => BTreeSet::from([*element]),
            Symbol::Part(part) => expanded(shared, &shared.parts[*part as usize])?,
        };
        for element in inner {
            if !elements.insert(element) {
                return None;
            }
        }
    }
    Some(elements)
}

fn depth(shared: &Shared, symbols: &[Symbol]) -> u32 {
    let depth = |symbol: &Symbol| match symbol {
        Symbol::Element(_) => 0,
        Symbol::Part(part) => 1 + depth(shared, &shared.parts[*part as usize]),
    };
    symbols.iter().map(depth).max().unwrap_or(0)
}

/// Every set still stands for itself.
fn checked(sets: &[&[u32]], fewest: u32) -> Shared {
    let shared = shared(sets, fewest);
    assert_eq!(shared.sets.len(), sets.len());
    for (set, symbols) in sets.iter().zip(&shared.sets) {
        assert_eq!(expanded(&shared, symbols), Some(set.iter().copied().collect()), "{set:?}");
        assert!(depth(&shared, symbols) <= DEEPEST);
    }
    shared
}

#[test]
fn what_several_sets_hold_stands_once() {
    let one = checked(&[&[1, 2, 3, 4], &[2, 3, 4, 5], &[2, 3, 4, 6]], 2);
    assert_eq!(one.parts, [[Symbol::Element(2), Symbol::Element(3), Symbol::Element(4)]]);
    assert_eq!(one.sets[2], [Symbol::Part(0), Symbol::Element(6)]);
    assert_eq!(one.classes, [None]);
    // A set that another one holds is a part itself.
    let one = checked(&[&[1, 2, 3, 4, 5], &[1, 2, 3, 4, 5, 6, 7]], 2);
    assert_eq!((one.parts.len(), one.sets[0].as_slice()), (1, [Symbol::Part(0)].as_slice()));
    // Nothing in common, and too little of it.
    assert!(checked(&[&[1, 2, 3], &[4, 5, 6]], 2).parts.is_empty());
    let sets: [&[u32]; 5] = [&[1, 2, 3], &[3, 4, 5], &[3, 6], &[3, 7], &[3, 8]];
    assert!(checked(&sets, 2).parts.is_empty());
    assert_eq!(checked(&sets, 1).parts, [[Symbol::Element(3)]]);
    assert!(checked(&sets[..4], 1).parts.is_empty());
}

#[test]
fn what_stands_there_several_times_has_a_name() {
    let element = Element { cost: 10, charge: 10, class: 0 };
    let problem = |times| Problem {
        elements: vec![element; 3],
        sets: vec![(vec![0, 1, 2], standing(times))],
        names: vec![4],
        mixed: 9,
        fewest: 2,
        least: 1,
    };
    assert!(share(problem(1)).parts.is_empty());
    let shared = share(problem(3));
    assert_eq!((shared.parts.len(), shared.classes), (1, vec![Some(0)]));
}

#[test]
fn parts_are_not_made_of_parts_without_end() {
    let all: Vec<u32> = (0..200).collect();
    let growing: Vec<&[u32]> = (2..100).map(|count| &all[..count * 2]).collect();
    let shared = checked(&growing, 1);
    assert!(!shared.parts.is_empty());
}

#[test]
fn sets_made_by_chance_stand_for_themselves() {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for round in 0..60 {
        let sets: BTreeSet<Vec<u32>> = (0..random(60) + 1)
            .map(|_| {
                let chance = random(9) + 1;
                (0..20_u32).filter(|_| random(10) < chance).collect::<Vec<u32>>()
            })
            .collect();
        let sets: Vec<&[u32]> = sets.iter().map(Vec::as_slice).collect();
        let shared = checked(&sets, 1 + round % 2);
        let again = self::shared(&sets, 1 + round % 2);
        assert_eq!((shared.sets, shared.parts), (again.sets, again.parts));
    }
}

/// Names that the reader of `.gate` would have to count too often are not given.
#[test]
fn what_a_reader_would_refuse_has_no_name() {
    let problem = |charge| Problem {
        elements: vec![Element { cost: 100, charge, class: 0 }; 3],
        sets: vec![(vec![0, 1], standing(4)), (vec![0, 2], standing(4))],
        names: vec![4],
        mixed: 4,
        fewest: 1,
        least: 1,
    };
    assert!(!share(problem(10)).parts.is_empty());
    assert!(share(problem(u32::try_from(CHARGED).unwrap() / 4 + 1)).parts.is_empty());
    // In few texts, which stand there often.
    let mut often = problem(10);
    often.sets.iter_mut().for_each(|(_, standing)| standing.most = 1 << 20);
    assert!(share(often).parts.is_empty());
}

/// Sets that all hold the same are many pairs, and one part.
#[test]
fn many_sets_that_are_nearly_equal() {
    let sets: Vec<Vec<u32>> = (20..3_000).map(|own| (0..20).chain([own]).collect()).collect();
    let sets: Vec<&[u32]> = sets.iter().map(Vec::as_slice).collect();
    let shared = checked(&sets, 2);
    assert_eq!((shared.parts.len(), shared.parts[0].len()), (1, 20));
    assert!(shared.sets.iter().all(|set| set.len() == 2));
}
