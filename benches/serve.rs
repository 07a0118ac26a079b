//! The decision point under load on loopback: decisions a second and latencies by every way in, and swapping bundles meanwhile. A report, no criterion.
//!
//! The server is the program itself, a process of its own with the bundle of workload G; the generator of load is this process, on the same
//! cores, and what it takes is told beside. It waits for an answer before it asks again on a connection (a closed loop).
//! `PORTCULLIS_BENCH_SECONDS=5` is the time for each line; `PORTCULLIS_BENCH_SWAP=600` adds that many seconds in which the bundle is replaced every
//! 100 ms, and every answer is compared with what the bundle that it names decides.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "no library code: what goes wrong here shall stop the run"
)]

#[path = "load/client.rs"]
mod client;
#[path = "load/process.rs"]
mod process;
#[path = "load/swap.rs"]
mod swap;
mod workloads;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::{Asks, Load};
use portcullis::Builder;
use portcullis::compiler::request::{ContextValue, Request};
use portcullis::runtime::Bundle;
use process::Server;

fn main() {
    // `cargo test --benches` runs this too.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let Some(snapshot) = workloads::snapshot_text() else { return };
    let folder = tempfile::tempdir().unwrap();
    let bundle = build(folder.path(), &snapshot);
    println!(
        "bundle: {:.1} MB, {} principals",
        bundle.as_bytes().len() as f64 / 1e6,
        bundle.principal_count()
    );
    let requests = requests(&snapshot);
    std::fs::write(folder.path().join("acme.bundle"), bundle.as_bytes()).unwrap();
    starts(folder.path(), &requests[0]);
    let server = Server::start(folder.path());
    println!(
        "\n| way | connections | decisions/s | p50 µs | p99 µs | p99.9 µs | server CPU µs/decision | generator's share of CPU |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let seconds = seconds("PORTCULLIS_BENCH_SECONDS").unwrap_or(5.0);
    for (asks, connections) in [
        (Asks::Single, 1),
        (Asks::Single, 64),
        (Asks::Batch, 1),
        (Asks::Batch, 16),
        (Asks::UnixSingle, 1),
        (Asks::UnixSingle, 64),
        (Asks::UnixBatch, 16),
        (Asks::UnixAuth, 64),
        (Asks::Grpc, 1),
        (Asks::Grpc, 64),
    ] {
        let load = Load::new(asks, connections, &server, &requests);
        let before = (server.cpu(), process::own_cpu());
        let start = Instant::now();
        let mut done = load.run(Duration::from_secs_f64(seconds));
        let time = start.elapsed().as_secs_f64();
        let (used, own) = (server.cpu() - before.0, process::own_cpu() - before.1);
        done.latencies.sort_unstable();
        let at = |share: f64| {
            let place = ((done.latencies.len() as f64 * share) as usize).min(done.latencies.len() - 1);
            done.latencies[place] as f64 / 1e3
        };
        println!(
            "| {} | {connections} | {:.0} | {:.0} | {:.0} | {:.0} | {:.2} | {:.0} % |",
            asks.name(),
            done.decisions as f64 / time,
            at(0.5),
            at(0.99),
            at(0.999),
            used / done.decisions as f64 * 1e6,
            own / (own + used) * 100.0,
        );
    }
    if let Some(seconds) = self::seconds("PORTCULLIS_BENCH_SWAP") {
        let other = build(&folder.path().join("other"), &snapshot.replace("s3:GetObject", "s3:GetObjectAcl"));
        swap::run(&server, folder.path(), [bundle, other], &requests, Duration::from_secs_f64(seconds));
    }
}

fn seconds(name: &str) -> Option<f64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number of seconds"))
}

/// The bundle of the account, with routes: what gateways ask is a path.
fn build(folder: &Path, snapshot: &str) -> Bundle {
    let inputs = folder.join("inputs");
    std::fs::create_dir_all(&inputs).unwrap();
    std::fs::write(inputs.join("account.json"), snapshot).unwrap();
    let mut routes = String::new();
    for number in 0..200 {
        routes +=
            &format!("route GET /api/v1/r{number}/{{path*}} => s3:GetObject on arn:aws:s3:::{{path}}\n");
        routes +=
            &format!("route PUT /api/v1/r{number}/{{path*}} => s3:PutObject on arn:aws:s3:::{{path}}\n");
    }
    std::fs::write(inputs.join("routes.gate"), routes).unwrap();
    Bundle::from_bytes(Builder::new().input(&inputs).build().expect("it builds")).expect("it loads")
}

/// Requests made to collide with the policies, by their thousand.
fn requests(snapshot: &str) -> Arc<Vec<Request>> {
    let model = workloads::model("G", snapshot.to_owned());
    Arc::new(workloads::worlds::managed_requests(&model, 1, 20_000))
}

/// From starting the process to its first decision.
fn starts(folder: &Path, request: &Request) {
    let mut times: Vec<f64> = (0..11)
        .map(|_| {
            let start = Instant::now();
            let server = Server::start_quickly(folder);
            client::once(&server, request);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("start to first decision: median {:.1} ms, most {:.1} ms of 11", times[5], times[10]);
}

/// A request as `/v1/decide` takes it.
pub(crate) fn json(request: &Request) -> String {
    let context: serde_json::Map<String, serde_json::Value> = request
        .context
        .iter()
        .map(|(key, value)| {
            let value = match value {
                ContextValue::One(value) => serde_json::json!(value),
                ContextValue::Many(values) => serde_json::json!(values),
            };
            (key.clone(), value)
        })
        .collect();
    serde_json::json!({
        "principal": request.principal, "action": request.action, "resource": request.resource,
        "resource_account": request.resource_account, "context": context,
    })
    .to_string()
}
