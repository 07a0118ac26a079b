//! Decisions, measured: from strings, with handles, and the yardsticks beside them in the same run.
//!
//! Times are per decision: a measured iteration goes through the whole set once (`Throughput::Elements`). The cache holds every request of
//! the set, so each look-up is a hit. Actions are those of the vocabulary, but for the set `unknown-actions`, which measures the rule roots.

#![allow(dead_code, unreachable_pub, reason = "every bench uses a part of its own")]

pub mod cache;
pub mod naive;
pub mod table;
pub mod turns;

use std::collections::HashMap;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use portcullis::ask::{context_of, text_request};
use portcullis::compiler::request::{ContextValue, Request as Owned};
use portcullis::runtime::{Action, Bundle, Context, ContextMap, Decision, ParsedValue, Principal, Request};

use crate::workloads::{Set, Workload};
use cache::Cache;
use naive::Naive;
use turns::{Turns, Way};

/// A request with its context built, as a gateway would hold it: with the handles of its session and its route, each resolved once.
pub struct Prepared<'a> {
    pub owned: &'a Owned,
    context: ContextMap,
    principal: Rc<Principal<'a>>,
    action: Rc<Action<'a>>,
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
    let (mut sessions, mut routes) = (HashMap::new(), HashMap::new());
    let prepare = |owned: &'a Owned| {
        let principal = sessions
            .entry(owned.principal.as_str())
            .or_insert_with(|| Rc::new(bundle.principal(&owned.principal)));
        let action =
            routes.entry(owned.action.as_str()).or_insert_with(|| Rc::new(bundle.action(&owned.action)));
        Prepared {
            owned,
            context: context(owned),
            principal: Rc::clone(principal),
            action: Rc::clone(action),
        }
    };
    requests.iter().map(prepare).collect()
}

/// Decides with what was resolved before.
pub fn by_handles(bundle: &Bundle, prepared: &Prepared<'_>) -> Decision {
    decide(bundle, prepared, *prepared.principal, *prepared.action)
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

/// Ours, the cache and the naive loop on one set; a hot one also in turn: ours by the cache, and the naive loop by ours.
pub fn set(criterion: &mut Criterion, workload: &Workload, set: Set) -> Vec<Turns> {
    let owned = workload.requests(set);
    let bundle = &workload.bundle;
    let prepared = prepare(bundle, &owned);
    let mut cache = Cache::default();
    for request in &prepared {
        cache.insert(request.owned, by_handles(bundle, request).is_allowed());
    }
    let strings = |it: &Prepared<'_>| by_strings(bundle, it).is_allowed();
    let handles = |it: &Prepared<'_>| by_handles(bundle, it).is_allowed();
    let hit = |it: &Owned| cache.get(it);
    let mut group = group(criterion, workload.name, set.name(), owned.len());
    way(&mut group, "strings", &prepared, strings);
    way(&mut group, "handles", &prepared, handles);
    way(&mut group, "cache-hit", &owned, hit);
    if set != Set::Hot {
        return Vec::new();
    }
    let has_context = owned.iter().any(|it| !it.context.is_empty());
    let parsed = if has_context { prepare_parsed(bundle, &owned) } else { Vec::new() };
    let naive = Naive::new(&workload.model);
    let mut ways = vec![turn("strings", &prepared, strings), turn("handles", &prepared, handles)];
    if has_context {
        way(&mut group, "strings-parsed", &parsed, strings);
        way(&mut group, "handles-parsed", &parsed, handles);
        ways.push(turn("strings-parsed", &parsed, strings));
        ways.push(turn("handles-parsed", &parsed, handles));
    }
    way(&mut group, "naive-loop", &owned, |it| naive.allows(it));
    group.finish();
    ways.push(turn("cache-hit", &owned, hit));
    let naive = turn("naive-loop", &owned, |it: &Owned| naive.allows(it));
    vec![
        Turns::take(owned.len(), ways),
        Turns::take(owned.len(), vec![naive, turn("strings", &prepared, strings)]),
    ]
}

/// A way of answering a set, to be taken in turn with others.
pub fn turn<'a, T>(
    name: &'static str,
    requests: &'a [T],
    mut allows: impl FnMut(&T) -> bool + 'a,
) -> Way<'a> {
    let answer = move |range: std::ops::Range<usize>| {
        let mut allowed = 0_usize;
        for request in &requests[range] {
            allowed += usize::from(allows(black_box(request)));
        }
        black_box(allowed);
    };
    Way { name, answer: Box::new(answer) }
}
