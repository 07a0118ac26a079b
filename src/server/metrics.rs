//! What is counted, in the text format of Prometheus.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::live::{Live, Unready};
use crate::runtime::path::NotNormal;

/// How a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Protocol {
    Http,
    Nginx,
    Grpc,
}

impl Protocol {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Nginx => "nginx",
            Self::Grpc => "grpc",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    protocol: &'static str,
    outcome: &'static str,
    layer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Because {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct By {
    protocol: &'static str,
}

/// All that is counted.
pub(super) struct Metrics {
    registry: Registry,
    decisions: Family<Decided, Counter>,
    refusals: Family<Because, Counter>,
    seconds: Family<By, Histogram, fn() -> Histogram>,
    pub(super) unverified: Counter,
    pub(super) dry_run: Counter,
    pub(super) connections: Gauge,
    pub(super) connections_refused: Family<Reason, Counter>,
    followed: Gauge,
    ready: Gauge,
    pub(super) log_lines: Counter,
    pub(super) log_dropped: Counter,
    pub(super) log_failures: Counter,
}

/// Why a connection or line was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Reason {
    pub(super) reason: &'static str,
}

/// From a microsecond to a second.
fn buckets() -> Histogram {
    Histogram::new([1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 1e-2, 1e-1, 1.0])
}

impl Metrics {
    pub(super) fn new(live: Arc<Live>) -> Self {
        let mut registry = Registry::with_prefix("portcullis");
        let seconds: Family<By, Histogram, fn() -> Histogram> = Family::new_with_constructor(buckets);
        let made = Self {
            decisions: Family::default(),
            refusals: Family::default(),
            seconds,
            unverified: Counter::default(),
            dry_run: Counter::default(),
            connections: Gauge::default(),
            connections_refused: Family::default(),
            followed: Gauge::default(),
            ready: Gauge::default(),
            log_lines: Counter::default(),
            log_dropped: Counter::default(),
            log_failures: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("decisions", "Requests that a bundle decided", made.decisions.clone());
        registry.register(
            "refusals",
            "Requests that were denied without a decision of a bundle",
            made.refusals.clone(),
        );
        registry.register(
            "request_seconds",
            "Time from the headers of a request to its answer, be it of one decision or many",
            made.seconds.clone(),
        );
        registry.register(
            "principals_unverified",
            "Requests whose principal was said by nobody who may, or not clearly, and counts as anonymous",
            made.unverified.clone(),
        );
        registry.register("dry_run_allowed", "Denials that --dry-run let through", made.dry_run.clone());
        registry.register("connections", "Connections that are open", made.connections.clone());
        registry.register(
            "follower_up",
            "Whether somebody looks at the source of the bundle",
            made.followed.clone(),
        );
        registry.register("ready", "What /readyz says: whether requests are decided", made.ready.clone());
        registry.register(
            "connections_refused",
            "Connections that were closed at once, or that could not be accepted",
            made.connections_refused.clone(),
        );
        registry.register("log_lines", "Lines of the decision log that were written", made.log_lines.clone());
        registry.register(
            "log_dropped",
            "Lines of the decision log that were lost: the queue was full, or they could not be written",
            made.log_dropped.clone(),
        );
        registry.register("log_failures", "Failures to write the decision log", made.log_failures.clone());
        // What can be denied for stands at 0 before it happens: an alarm needs something to look at.
        let of_paths = NotNormal::ALL.iter().map(|reason| reason.name());
        let of_bundles = Unready::ALL.map(Unready::name);
        for reason in super::point::REFUSALS.iter().copied().chain(of_bundles).chain(of_paths) {
            let _ = made.refusals.get_or_create(&Because { reason });
        }
        registry.register_collector(Box::new(OfBundle { live }));
        Self { registry, ..made }
    }

    pub(super) fn decided(&self, protocol: Protocol, outcome: &'static str, layer: &'static str) {
        let labels = Decided { protocol: protocol.name(), outcome, layer };
        self.decisions.get_or_create(&labels).inc();
    }

    pub(super) fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&Because { reason }).inc();
    }

    pub(super) fn took(&self, protocol: Protocol, time: Duration) {
        self.seconds.get_or_create(&By { protocol: protocol.name() }).observe(time.as_secs_f64());
    }

    /// The text of all.
    pub(super) fn text(&self, followed: bool, ready: bool) -> Result<String, fmt::Error> {
        self.followed.set(i64::from(followed));
        self.ready.set(i64::from(ready));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// What is known of the bundle in force, read when it is asked for.
#[derive(Debug)]
struct OfBundle {
    live: Arc<Live>,
}

impl Collector for OfBundle {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let health = self.live.health();
        let mut gauge = |name: &str, help: &str, value: f64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        gauge("bundle_pinned", "Whether a person has pinned the bundle", f64::from(u8::from(health.pinned)))?;
        if health.loaded.is_some() {
            gauge(
                "bundle_age_seconds",
                "Time since the source said last that this is the current bundle; infinite where nobody knows",
                health.age.map_or(f64::INFINITY, |age| age.as_secs_f64()),
            )?;
        }
        if let Some(loaded) = &health.loaded {
            gauge(
                "bundle_loaded_timestamp_seconds",
                "When the bundle came in force",
                // Exact up to 2^53 seconds.
                loaded.since().unwrap_or(0) as f64,
            )?;
            if let Some(sequence) = loaded.sequence() {
                gauge("bundle_sequence", "The sequence number of the bundle", sequence as f64)?;
            }
            let info = Info::new([
                ("digest", loaded.digest().to_owned()),
                ("key", loaded.key().unwrap_or_default().to_owned()),
            ]);
            let kind = info.metric_type();
            info.encode(encoder.encode_descriptor("bundle", "The bundle in force", None, kind)?)?;
        }
        let admitted = ConstCounter::new(health.admitted);
        let kind = admitted.metric_type();
        admitted.encode(encoder.encode_descriptor(
            "bundle_admitted",
            "Bundles that came in force",
            None,
            kind,
        )?)?;
        let kind = prometheus_client::metrics::MetricType::Counter;
        let mut failures = encoder.encode_descriptor(
            "bundle_failures",
            "Bundles that were refused, and failures to read the source or to write the store",
            None,
            kind,
        )?;
        for (name, count) in health.failures {
            let counter = ConstCounter::new(count);
            counter.encode(failures.encode_family(&[("kind", name)])?)?;
        }
        Ok(())
    }
}

/// Counts what others count in place.
pub(super) type Count = Counter<u64, AtomicU64>;
