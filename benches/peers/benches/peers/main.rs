//! Portcullis beside Cedar and regorus, and all of `decide`'s own measurements, in one run with one table at the end.
//!
//! Each peer gets the best that its users can make of it. **Cedar**: policies parsed and, per identity, in a set of their own
//! (`cedar`), or per identity and action (`cedar-by-action`); requests and entities made before. **regorus**: a program for its virtual
//! machine, rules in data indexed by identity and action, so that only the resources of one action are looked at; inputs made before.
//! Every answer of every peer is compared with Portcullis's before anything is measured.
#![allow(missing_docs, reason = "a bench")]

mod cedar;
#[path = "../../../measure/mod.rs"]
mod measure;
mod rego;
#[path = "../../../workloads/mod.rs"]
mod workloads;

use measure::Prepared;
use measure::table::Run;
use workloads::Set;

/// What the peers are asked.
const COMPARED: &[&str] = &["W1", "W2", "W2b", "W4", "W5"];

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
        if let Some(named) = workload.named.as_ref().filter(|named| COMPARED.contains(&named.name)) {
            let owned = workload.requests(Set::Hot);
            let prepared = measure::prepare(&workload.bundle, &owned);
            let strings = |it: &Prepared<'_>| measure::by_strings(&workload.bundle, it).is_allowed();
            let ours: Vec<bool> = prepared.iter().map(strings).collect();
            let mut group = measure::group(&mut criterion, named.name, "hot", owned.len());
            group.sample_size(10);
            let ours_in_turn = || measure::turn("strings", &prepared, strings);
            let turns = [
                cedar::measure(&mut group, &named.spec, &owned, &ours, ours_in_turn()),
                rego::measure(&mut group, &named.spec, &owned, &ours, ours_in_turn()),
            ];
            group.finish();
            run.turns.entry(format!("{}-hot", named.name)).or_default().extend(turns);
        }
    }
    criterion.final_summary();
    run.print(
        &groups,
        &[
            "strings",
            "handles",
            "strings-parsed",
            "handles-parsed",
            "cache-hit",
            "naive-loop",
            "cedar",
            "cedar-by-action",
            "regorus",
        ],
    );
}
