//! Ways of answering one set, taken in turn: what disturbs a machine for some seconds disturbs all of them alike, and no ratio.

use std::time::Instant;

/// Rounds, each of which takes every way once: as many as fit into some seconds.
const ROUNDS: std::ops::RangeInclusive<usize> = 5..=301;
const SECONDS: f64 = 3.0;
/// Decisions of a batch.
const BATCH: usize = 100;
/// A way that takes more seconds for a set is slow: it is taken once a round, without a warm-up, and no batches are measured beside it.
const SLOW: f64 = 0.01;

/// A way of answering: the requests from one place on up to another.
pub struct Way<'a> {
    pub name: &'static str,
    pub answer: Box<dyn FnMut(std::ops::Range<usize>) + 'a>,
}

/// What came of it, by way.
pub struct Turns {
    pub ways: Vec<Turn>,
}

pub struct Turn {
    pub name: &'static str,
    /// By the last way of the same round: the median of all rounds.
    pub ratio: f64,
    /// The 99th percentile of batches of 100 by the 50th; nothing beside a slow way.
    pub tail: Option<f64>,
}

impl Turns {
    /// Takes the ways in turn over so many requests; ratios are to the last of them.
    pub fn take(requests: usize, mut ways: Vec<Way<'_>>) -> Self {
        let first: Vec<f64> = ways.iter_mut().map(|way| seconds(way, 0..requests)).collect();
        let has_batches = first.iter().all(|it| *it < SLOW) && requests >= BATCH;
        let rounds = SECONDS / first.iter().map(|it| if *it < SLOW { 2.0 * it } else { *it }).sum::<f64>();
        let rounds = (rounds as usize).clamp(*ROUNDS.start(), *ROUNDS.end());
        let rounds: Vec<Vec<f64>> = (0..rounds)
            .map(|_| {
                let times = ways.iter_mut().zip(&first).map(|(way, first)| {
                    // What the way before has left in the processor is not to count.
                    if *first < SLOW {
                        seconds(way, 0..requests);
                    }
                    seconds(way, 0..requests)
                });
                times.collect()
            })
            .collect();
        let mut batches = vec![Vec::new(); ways.len()];
        for _ in 0..if has_batches { (200_000 / requests).max(1) } else { 0 } {
            for start in (0..requests - requests % BATCH).step_by(BATCH) {
                for (way, times) in ways.iter_mut().zip(&mut batches) {
                    times.push(seconds(way, start..start + BATCH));
                }
            }
        }
        let turn = |(number, way): (usize, &Way<'_>)| {
            let ratios = rounds.iter().map(|round| round[number] / round[round.len() - 1]).collect();
            let batches = || batches[number].clone();
            let tail = has_batches.then(|| percentile(batches(), 99) / percentile(batches(), 50));
            Turn { name: way.name, ratio: percentile(ratios, 50), tail }
        };
        Self { ways: ways.iter().enumerate().map(turn).collect() }
    }

    pub fn of(&self, name: &str) -> Option<&Turn> {
        self.ways.iter().find(|way| way.name == name)
    }
}

fn seconds(way: &mut Way<'_>, requests: std::ops::Range<usize>) -> f64 {
    let started = Instant::now();
    (way.answer)(requests);
    started.elapsed().as_secs_f64()
}

fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * percent / 100]
}
