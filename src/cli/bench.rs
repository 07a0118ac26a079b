//! `portcullis bench`: how fast a bundle decides on this machine, with one's own requests.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::inputs::load;
use super::output::{Format, print};
use super::{Failure, Outcome, Result, made_requests, requests};
use crate::ask::{context_of, text_request};
use crate::compiler::bundle::model_of;
use crate::compiler::request::{ContextValue, Request as Owned};
use crate::files::read_text;
use crate::grammar::json::lines;
use crate::grammar::source::Source;
use crate::runtime::format::Section;
use crate::runtime::{Action, ContextMap, Principal, Request};

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a file the requests are made from the bundle's own statements: at most 2,000 of 50 principals.
Strings: principal and action are looked up for every request. Handles: they were looked up before.
Percentiles are of the mean of batches of 100 decisions; of more than 100,000 batches, of so many of them by chance.
The bytes of hot sections are all that decisions may read of a bundle, and those of a request its texts; how many of them one decision
touches is not measured.

Examples:
  portcullis bench acme.bundle
  portcullis bench acme.bundle --requests requests.jsonl --format json"
)]
pub(super) struct Arguments {
    /// The bundle
    bundle: PathBuf,
    /// Requests, as `decide` reads them; `-` for standard input
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    /// How long to measure each figure, in seconds: three of each way
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    seconds: f64,
    /// Output for people or for machines
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.001..=3_600.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected a number of seconds from 0.001 to 3600".to_owned()),
    }
}

/// A request with its context built, as a gateway would hold it.
struct Prepared<'a> {
    owned: &'a Owned,
    context: ContextMap,
    principal: Principal<'a>,
    action: Action<'a>,
}

/// Decisions in one batch: a clock takes as long as a decision.
const BATCH: usize = 100;

/// What was measured of one way of asking.
struct Measured {
    /// Nanoseconds for a decision: 50th, 90th and 99th percentile.
    percentiles: [f64; 3],
    /// Decisions a second on one core.
    one_core: f64,
    /// Decisions a second on all of them.
    all_cores: f64,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let started = Instant::now();
    let bundle = load(&arguments.bundle)?;
    let loaded = started.elapsed();
    let owned =
        match &arguments.requests {
            Some(file) => read(file)?,
            None => made_requests::of(&model_of(&bundle).map_err(|error| {
                Failure(format!("{error}; give requests of your own with --requests FILE"))
            })?),
        };
    if owned.is_empty() {
        return Err(Failure("there are no requests to measure with".to_owned()));
    }
    let mut prepared = Vec::with_capacity(owned.len());
    for request in &owned {
        prepared.push(Prepared {
            context: context_of(request)?,
            principal: bundle.principal(&request.principal),
            action: bundle.action(&request.action),
            owned: request,
        });
    }
    let strings = |it: &Prepared<'_>| bundle.decide_text(&text_request(it.owned, &it.context)).is_allowed();
    let handles = |it: &Prepared<'_>| {
        let decision = bundle.decide(&Request {
            principal: it.principal,
            action: it.action,
            resource: &it.owned.resource,
            resource_account: it.owned.resource_account.as_deref(),
            context: &it.context,
            now: it.owned.now,
            context_is_complete: it.owned.context_complete,
        });
        decision.is_allowed()
    };
    let allowed = prepared.iter().filter(|it| handles(it)).count();
    let time = Duration::from_secs_f64(arguments.seconds);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let ways = [
        ("strings", measure(&prepared, strings, time, cores)?),
        ("handles", measure(&prepared, handles, time, cores)?),
    ];
    let bytes = bundle.as_bytes().len();
    let cold: usize = COLD.iter().map(|&section| bundle.section(section).len()).sum();
    let hot = bytes.saturating_sub(cold);
    let request_bytes = owned.iter().map(texts).sum::<usize>() as f64 / owned.len() as f64;
    print(&match arguments.format {
        Format::Human => {
            let mut text = format!(
                "{bytes} bytes, {hot} of them in hot sections, loaded and validated in {:.1} ms\n{} requests of {request_bytes:.0} bytes on average, {allowed} allowed\n\n",
                loaded.as_secs_f64() * 1_000.0,
                owned.len(),
            );
            let _ = writeln!(
                text,
                "{:<9}{:>10}{:>10}{:>10}{:>18}{:>18}",
                "",
                "p50",
                "p90",
                "p99",
                "a second, 1 core",
                format!("a second, {cores}"),
            );
            for (name, it) in &ways {
                let [p50, p90, p99] = it.percentiles;
                let _ = writeln!(
                    text,
                    "{name:<9}{p50:>7.1} ns{p90:>7.1} ns{p99:>7.1} ns{:>18.0}{:>18.0}",
                    it.one_core, it.all_cores
                );
            }
            text
        }
        Format::Json => {
            let way = |it: &Measured| {
                let [p50, p90, p99] = it.percentiles;
                json!({
                    "p50_ns": p50, "p90_ns": p90, "p99_ns": p99,
                    "decisions_per_second_one_core": it.one_core, "decisions_per_second_all_cores": it.all_cores,
                })
            };
            let [(_, strings), (_, handles)] = &ways;
            let report = json!({
                "bytes": bytes, "hot_section_bytes": hot, "mean_request_bytes": request_bytes, "load_ms": loaded.as_secs_f64() * 1_000.0, "requests": owned.len(), "allowed": allowed,
                "cores": cores, "strings": way(strings), "handles": way(handles),
            });
            format!("{report:#}\n")
        }
    })?;
    Ok(Outcome::Fine)
}

/// All requests of a file; every line must be one.
fn read(file: &Path) -> std::result::Result<Vec<Owned>, Failure> {
    let source = Source::new(file.display().to_string(), read_text(file)?);
    let now = requests::clock();
    let mut owned = Vec::new();
    for (number, span) in lines(&source) {
        let line = requests::line(&source, span, now);
        let request = line.request.map_err(|why| Failure(format!("{}:{number}: {why}", file.display())))?;
        owned.push(request);
    }
    Ok(owned)
}

/// The sections that no decision reads.
const COLD: [Section; 3] = [Section::Provenance, Section::Model, Section::Facts];

/// Bytes of a request's texts.
fn texts(request: &Owned) -> usize {
    let values = |value: &ContextValue| value.values().iter().map(String::len).sum::<usize>();
    let context: usize = request.context.iter().map(|(key, value)| key.len() + values(value)).sum();
    request.principal.len() + request.action.len() + request.resource.len() + context
}

/// Times of batches: all of them, or so many by chance, each with the same one. Always the same for as many.
#[derive(Default)]
struct Sample {
    kept: Vec<f64>,
    seen: u64,
    random: u64,
}

/// The most times that are kept.
const MOST_TIMES: usize = 100_000;

impl Sample {
    fn add(&mut self, time: f64) {
        self.seen += 1;
        if self.kept.len() < MOST_TIMES {
            self.kept.push(time);
            return;
        }
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (self.random >> 32) % self.seen;
        if let Some(kept) = self.kept.get_mut(at as usize) {
            *kept = time;
        }
    }
}

/// Does the same on several threads at once; the sum of what they give.
fn on_all(threads: usize, each: impl Fn() -> f64 + Sync) -> std::result::Result<f64, Failure> {
    let each = &each;
    std::thread::scope(|scope| {
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, each);
        let threads: Vec<_> = (0..threads).map(spawn).collect();
        // All are waited for: a panic in one that is not would be one here.
        let joined: Vec<_> = threads.into_iter().map(|thread| thread.map(|it| it.join())).collect();
        joined.into_iter().try_fold(0.0, |sum, joined| {
            Ok(sum + joined?.map_err(|_| Failure("a thread that decided has panicked".to_owned()))?)
        })
    })
}

/// Goes through the requests over and over, for a time and at least once: first alone, then on all cores at once.
///
/// # Errors
/// A thread that cannot be started, or has panicked.
fn measure(
    prepared: &[Prepared<'_>],
    ask: impl Fn(&Prepared<'_>) -> bool + Sync,
    time: Duration,
    cores: usize,
) -> std::result::Result<Measured, Failure> {
    let mut batches = Sample::default();
    let started = Instant::now();
    while started.elapsed() < time || batches.seen == 0 {
        for batch in prepared.chunks(BATCH) {
            let started = Instant::now();
            for request in batch {
                black_box(ask(black_box(request)));
            }
            batches.add(started.elapsed().as_secs_f64() * 1e9 / batch.len() as f64);
        }
    }
    let mut batches = batches.kept;
    batches.sort_by(f64::total_cmp);
    let percentile = |percent: usize| {
        let at = (batches.len() * percent / 100).min(batches.len().saturating_sub(1));
        batches.get(at).copied().unwrap_or_default()
    };
    let through = || {
        let (started, mut decided) = (Instant::now(), 0_usize);
        while started.elapsed() < time || decided == 0 {
            prepared.iter().for_each(|request| {
                black_box(ask(black_box(request)));
            });
            decided += prepared.len();
        }
        decided as f64 / started.elapsed().as_secs_f64()
    };
    let one_core = through();
    let all_cores = on_all(cores, through)?;
    Ok(Measured { percentiles: [percentile(50), percentile(90), percentile(99)], one_core, all_cores })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_is_an_error() {
        assert!(on_all(3, || 2.0).is_ok_and(|sum| sum > 5.9 && sum < 6.1));
        assert!(on_all(3, || panic!("a decision went wrong")).is_err());
    }

    /// However long it takes; and late ones have their share.
    #[test]
    fn the_times_that_are_kept_are_bounded() {
        let mut sample = Sample::default();
        (0..4 * MOST_TIMES).for_each(|time| sample.add(time as f64));
        assert_eq!((sample.kept.len(), sample.seen), (MOST_TIMES, 4 * MOST_TIMES as u64));
        let late = sample.kept.iter().filter(|&&time| time >= 3.0 * MOST_TIMES as f64).count();
        assert!((MOST_TIMES / 5..MOST_TIMES / 3).contains(&late), "{late}");
    }
}
