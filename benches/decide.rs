//! Decisions, beside a decision-cache hit and a naive loop in the same run, on hot, mixed and cold request sets; the table comes last.
//! `benches/peers` measures the same beside other engines.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "no library code: what goes wrong here shall stop the run"
)]

mod measure;
mod workloads;

use measure::table::Run;

fn main() {
    let (mut run, mut criterion) = Run::start();
    let mut groups = Vec::new();
    for workload in workloads::all() {
        for set in workload.sets() {
            let turns = measure::set(&mut criterion, &workload, set);
            let name = format!("{}-{}", workload.name, set.name());
            if !turns.is_empty() {
                run.turns.insert(name.clone(), turns);
            }
            groups.push(name);
        }
    }
    criterion.final_summary();
    run.print(
        &groups,
        &["strings", "handles", "strings-parsed", "handles-parsed", "cache-hit", "naive-loop"],
    );
}
