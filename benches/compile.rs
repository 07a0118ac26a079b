//! Builds and loads: the report on time and size first, then criterion's measurements.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "no library code: what goes wrong here shall stop the run"
)]

#[path = "workloads/mod.rs"]
mod workloads;

use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis::compiler::bundle::facts_of;
use portcullis::compiler::convert::{Extent, to_gate};
use portcullis::compiler::resolve::{Options, resolve};
use portcullis::compiler::{CompileOptions, compile};
use portcullis::grammar::gate::{format, parse};
use portcullis::grammar::source::Source;
use portcullis::runtime::Bundle;
use workloads::builds;

fn peak_memory() -> String {
    builds::peak_memory("self").map_or_else(|| "?".to_owned(), |peak| peak.to_string())
}

fn report(name: &str, text: &str) {
    let started = Instant::now();
    let model = workloads::model(name, text.to_owned());
    let resolved = started.elapsed();
    let bytes = compile(&model, &CompileOptions::default()).expect("a workload compiles");
    let compiled = started.elapsed();
    let stripped =
        compile(&model, &CompileOptions { strip: true, ..CompileOptions::default() }).expect("compiles");
    println!(
        "{name}: read and resolve {resolved:.0?}, whole build {compiled:.0?}, bundle {:.2} MB ({:.2} MB stripped), load and validate {:.1?} (median of 21), peak memory {} MiB",
        bytes.len() as f64 / 1e6,
        stripped.len() as f64 / 1e6,
        builds::load(&bytes, 21),
        peak_memory(),
    );
    let bundle = Bundle::from_bytes(bytes).expect("a compiled bundle loads");
    let facts = facts_of(&bundle).expect("facts decode");
    let facts: Vec<String> = facts.entries().iter().map(|(name, value)| format!("{name} {value}")).collect();
    println!("  {}", facts.join(", "));
}

fn builds(criterion: &mut Criterion) {
    let texts = [
        ("M", workloads::managed_text()),
        ("S", Some(workloads::synthetic_text())),
        ("G", workloads::snapshot_text()),
    ];
    for (name, text) in texts {
        let Some(text) = text else { continue };
        report(name, &text);
        let model = workloads::model(name, text.clone());
        let bytes = compile(&model, &CompileOptions::default()).expect("a workload compiles");
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        group.bench_function("resolve", |bencher| bencher.iter(|| workloads::model(name, text.clone())));
        group.bench_function("compile", |bencher| {
            bencher.iter(|| compile(&model, &CompileOptions::default()))
        });
        group.bench_function("load", |bencher| {
            bencher.iter_batched(|| bytes.clone(), Bundle::from_bytes, criterion::BatchSize::LargeInput);
        });
        group.finish();
    }
}

/// Ten megabytes in the language: the synthetic account over and over, each time with another number.
fn ten_megabytes() -> String {
    let model = workloads::model("S", workloads::synthetic_text());
    let text = to_gate(&model, &Extent::default()).expect("one partition");
    let text = format(&Source::new("s.gate", text)).expect("what is converted is laid out");
    let number = &*model.accounts[0];
    let copies = 10_000_000 / text.len() + 1;
    // The names of values stand before the first account, once.
    let (names, accounts) = text.split_at(text.find("\naccount ").unwrap_or(0));
    let copies = (0..copies).map(|copy| accounts.replace(number, &format!("{copy:012}")));
    names.to_owned() + &copies.collect::<String>()
}

fn language(criterion: &mut Criterion) {
    let text = ten_megabytes();
    let source = Source::new("ten.gate", text.as_str());
    let started = Instant::now();
    let resolved = resolve(std::slice::from_ref(&source), &[], &Options::default());
    assert!(resolved.model.is_some());
    println!(
        "gate: {:.1} MB parsed and checked in {:.2?}, peak memory {} MiB",
        text.len() as f64 / 1e6,
        started.elapsed(),
        peak_memory(),
    );
    drop(resolved);
    let mut group = criterion.benchmark_group("gate");
    group.sample_size(10);
    group.bench_function("parse", |bencher| bencher.iter(|| parse(&source).diagnostics.len()));
    group.bench_function("parse and check", |bencher| {
        bencher.iter(|| resolve(std::slice::from_ref(&source), &[], &Options::default()).diagnostics.len())
    });
    group.bench_function("format", |bencher| bencher.iter(|| format(&source).map(|text| text.len())));
    group.finish();
}

criterion_group!(benches, language, builds);
criterion_main!(benches);
