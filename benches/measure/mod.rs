//! Decisions, measured: from strings, with handles, and the yardsticks beside them in the same run.
//!
//! Times are per decision: a measured iteration goes through the whole set once (`Throughput::Elements`). The cache holds every request of
//! the set, so each look-up is a hit. Actions are those of the vocabulary, but for the set `unknown-actions`, which measures the rule roots.

#![allow(dead_code, unreachable_pub, reason = "every bench uses a part of its own")]

pub mod cache;
pub mod naive;
pub mod table;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use portcullis::ask::{context_of, text_request};
use portcullis::compiler::request::{ContextValue, Request as Owned};
use portcullis::runtime::{Action, Bundle, Context, ContextMap, Decision, ParsedValue, Principal, Request};

use crate::workloads::{Set, Workload};
use cache::Cache;
use naive::Naive;

/// A request with its context built, as a gateway would hold it.
pub struct Prepared<'a> {
    pub owned: &'a Owned,
    context: ContextMap,
    principal: Principal<'a>,
    action: Action<'a>,
}

pub fn prepare<'a>(bundle: &Bundle, requests: &'a [Owned]) -> Vec<Prepared<'a>> {
    prepare_with(bundle, requests, |owned| context_of(owned).expect("keys are distinct"))
}

/// The same with every single value of the contexts parsed before.
fn prepare_parsed<'a>(bundle: &Bundle, requests: &'a [Owned]) -> Vec<Prepared<'a>> {
    prepare_with(bundle, requests, |owned| {
        let mut context = ContextMap::new();
        for (key, value) in &owned.context {
            let added = match value {
                ContextValue::One(text) => context.insert_parsed(key, ParsedValue::new(text.as_str())),
                ContextValue::Many(texts) => context.insert_list(key, texts.clone()),
            };
            added.expect("keys are distinct");
        }
        context
    })
}

fn prepare_with<'a>(
    bundle: &Bundle,
    requests: &'a [Owned],
    context: impl Fn(&Owned) -> ContextMap,
) -> Vec<Prepared<'a>> {
    let prepare = |owned: &'a Owned| {
        let (principal, action) = (bundle.principal(&owned.principal), bundle.action(&owned.action));
        Prepared { owned, context: context(owned), principal, action }
    };
    requests.iter().map(prepare).collect()
}

/// Decides with what was resolved before.
pub fn by_handles(bundle: &Bundle, prepared: &Prepared<'_>) -> Decision {
    decide(bundle, prepared, prepared.principal, prepared.action)
}

/// Decides what is all text.
pub fn by_strings(bundle: &Bundle, prepared: &Prepared<'_>) -> Decision {
    bundle.decide_text(black_box(&text_request(prepared.owned, &prepared.context)))
}

fn decide(
    bundle: &Bundle,
    prepared: &Prepared<'_>,
    principal: Principal<'_>,
    action: Action<'_>,
) -> Decision {
    let owned = prepared.owned;
    let context: &dyn Context = &prepared.context;
    bundle.decide(&Request {
        principal,
        action,
        resource: &owned.resource,
        resource_account: owned.resource_account.as_deref(),
        context,
        now: owned.now,
        context_is_complete: owned.context_complete,
    })
}

/// Measures one way of answering a whole set.
pub fn way<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    requests: &[T],
    mut allows: impl FnMut(&T) -> bool,
) {
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter(|| {
            let mut allowed = 0_usize;
            for request in requests {
                allowed += usize::from(allows(black_box(request)));
            }
            allowed
        });
    });
}

/// The group of a set.
pub fn group<'c>(
    criterion: &'c mut Criterion,
    workload: &str,
    set: &str,
    requests: usize,
) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(format!("{workload}-{set}"));
    let large = requests > 100_000;
    group
        .throughput(Throughput::Elements(requests as u64))
        .warm_up_time(Duration::from_millis(if large { 1 } else { 500 }))
        .measurement_time(Duration::from_secs(if large { 4 } else { 2 }))
        .sample_size(if large { 10 } else { 40 });
    group
}

/// Ours, the cache and the naive loop on one set; gives the ratio of the 99th to the 50th percentile of batches of 100 decisions.
pub fn set(criterion: &mut Criterion, workload: &Workload, set: Set) -> f64 {
    let owned = workload.requests(set);
    let bundle = &workload.bundle;
    let prepared = prepare(bundle, &owned);
    let mut cache = Cache::default();
    for request in &prepared {
        cache.insert(request.owned, by_handles(bundle, request).is_allowed());
    }
    let mut group = group(criterion, workload.name, set.name(), owned.len());
    way(&mut group, "strings", &prepared, |it| by_strings(bundle, it).is_allowed());
    way(&mut group, "handles", &prepared, |it| by_handles(bundle, it).is_allowed());
    if set == Set::Hot && owned.iter().any(|it| !it.context.is_empty()) {
        let parsed = prepare_parsed(bundle, &owned);
        way(&mut group, "strings-parsed", &parsed, |it| by_strings(bundle, it).is_allowed());
        way(&mut group, "handles-parsed", &parsed, |it| by_handles(bundle, it).is_allowed());
    }
    way(&mut group, "cache-hit", &owned, |it| cache.get(it));
    if set == Set::Hot {
        let naive = Naive::new(&workload.model);
        way(&mut group, "naive-loop", &owned, |it| naive.allows(it));
    }
    group.finish();
    spread(bundle, &prepared)
}

/// The 99th percentile of batches of 100 decisions from strings by the 50th.
fn spread(bundle: &Bundle, prepared: &[Prepared<'_>]) -> f64 {
    let mut times = Vec::new();
    for _ in 0..(200_000 / prepared.len()).max(1) {
        for batch in prepared.chunks_exact(100) {
            let started = Instant::now();
            for request in batch {
                black_box(by_strings(bundle, black_box(request)));
            }
            times.push(started.elapsed());
        }
    }
    times.sort();
    let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64();
    at(99) / at(50)
}
