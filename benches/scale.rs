//! The scale of a large organization, and patterns made to explode: one report, no criterion.
//!
//! `PORTCULLIS_BENCH_MILLION=1` adds a million identities (2 GB of input in the folder of temporary files, some minutes). Each build runs in a
//! process of its own, as a user would start it; its peak of memory is what Linux says of it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "no library code: what goes wrong here shall stop the run"
)]

mod workloads;

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portcullis::compiler::{CompileOptions, compile};
use portcullis::grammar::json::{Kind, Value, parse_part};
use portcullis::grammar::source::Source;
use portcullis::runtime::format::Section;
use portcullis::runtime::{Bundle, EmptyContext, Request};
use workloads::builds;
use workloads::worlds::Random;

/// An AWS-managed policy: name, ARN, default version and document, as JSON.
struct Managed {
    name: String,
    arn: String,
    entry: String,
}

fn managed() -> Option<Vec<Managed>> {
    let path = workloads::shared("aws-managed-policies.jsonl")?;
    let source = Source::new("managed", std::fs::read_to_string(path).expect("it can be read"));
    let field = |value: &Value, name: &str| match &value.kind {
        Kind::Object(members) => members.iter().find(|it| &*it.key == name).map(|it| it.value.clone()),
        _ => None,
    };
    let text = |value: Option<Value>| match value.map(|it| it.kind) {
        Some(Kind::String(text)) => Some(text.to_string()),
        _ => None,
    };
    let entries = portcullis::grammar::json::lines(&source).filter_map(|(_, span)| {
        let value = parse_part(&source, span).value?;
        let (name, arn) = (text(field(&value, "name"))?, text(field(&value, "arn"))?);
        let version = text(field(&value, "version_id")).unwrap_or_else(|| "v1".to_owned());
        let document = field(&value, "document")?.span;
        let document = source.text().get(document.start as usize..document.end as usize)?;
        let entry = format!(
            r#"{{"PolicyName":"{name}","Arn":"{arn}","DefaultVersionId":"{version}","PolicyVersionList":[{{"VersionId":"{version}","IsDefaultVersion":true,"Document":{document}}}]}}"#
        );
        Some(Managed { name, arn, entry })
    });
    Some(entries.collect())
}

/// Writes account snapshots: every user has five to ten random managed policies, or one of so many combinations of them.
fn accounts(folder: &Path, managed: &[Managed], accounts: usize, users: usize, combinations: Option<usize>) {
    let mut random = Random::new(99);
    let some = |random: &mut Random| {
        let mut chosen = std::collections::BTreeSet::new();
        for _ in 0..5 + random.below(6) {
            chosen.insert(random.below(managed.len()));
        }
        chosen
    };
    let sets: Option<Vec<_>> = combinations.map(|count| (0..count).map(|_| some(&mut random)).collect());
    for account in 0..accounts {
        let number = 100_000_000_000 + account * 7_919;
        let (mut used, mut list) = (std::collections::BTreeSet::new(), String::new());
        for user in 0..users {
            let chosen = match &sets {
                Some(sets) => sets[random.below(sets.len())].clone(),
                None => some(&mut random),
            };
            let attached: Vec<String> = chosen
                .iter()
                .map(|&it| {
                    format!(r#"{{"PolicyName":"{}","PolicyArn":"{}"}}"#, managed[it].name, managed[it].arn)
                })
                .collect();
            used.extend(chosen);
            let name = format!("user{user:05}-{:x}", random.below(1 << 30));
            let _ = write!(
                list,
                r#"{}{{"Path":"/","UserName":"{name}","UserId":"AIDA{account:04}{user:05}XYZXYZX","Arn":"arn:aws:iam::{number}:user/{name}","GroupList":[],"AttachedManagedPolicies":[{}]}}"#,
                if user == 0 { "" } else { "," },
                attached.join(",")
            );
        }
        let policies: Vec<&str> = used.iter().map(|&it| &*managed[it].entry).collect();
        let text = format!(
            r#"{{"UserDetailList":[{list}],"GroupDetailList":[],"RoleDetailList":[],"Policies":[{}]}}"#,
            policies.join(",")
        );
        std::fs::write(folder.join(format!("{number}.json")), text).expect("the folder can be written");
    }
}

/// Builds a folder in a process of its own: time and peak of memory in MiB.
fn build(folder: &Path, bundle: &Path) -> (Duration, u64) {
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args([
            Path::new("build"),
            folder,
            Path::new("--strip"),
            Path::new("--quiet"),
            Path::new("-o"),
            bundle,
        ])
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the command runs");
    let mut peak = 0;
    loop {
        peak = peak.max(builds::peak_memory(&child.id().to_string()).unwrap_or(0));
        if let Some(status) = child.try_wait().expect("the command can be waited for") {
            assert!(status.success(), "the build failed");
            return (started.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn organization(managed: &[Managed], name: &str, count: usize, combinations: Option<usize>) {
    let folder = tempfile::tempdir().expect("a folder of temporary files");
    let (inputs, bundle) = (folder.path().join("in"), folder.path().join("out.bundle"));
    std::fs::create_dir(&inputs).expect("the folder can be made");
    accounts(&inputs, managed, count, 5_000, combinations);
    let (took, peak) = build(&inputs, &bundle);
    let bytes = std::fs::read(&bundle).expect("the bundle is there");
    let length = bytes.len();
    let load = builds::load(&bytes, 5);
    let bundle = Bundle::from_bytes(bytes).expect("the bundle loads");
    let size = |section: Section| bundle.section(section).len();
    let cold = [Section::Strings, Section::Provenance, Section::Model, Section::Facts].map(size);
    let hot = length - cold.iter().sum::<usize>();
    let principals = bundle.principal_count();
    let own = [
        Section::Principals,
        Section::PrincipalIndex,
        Section::BehindIndex,
        Section::Profiles,
        Section::Tags,
    ]
    .map(size);
    println!(
        "| {name} | {:.1} s | {peak} MiB | {:.1} MB | {:.1} MB | {:.0} bytes | {:.0} ms |",
        took.as_secs_f64(),
        length as f64 / 1e6,
        hot as f64 / 1e6,
        own.iter().sum::<usize>() as f64 / principals as f64,
        load.as_secs_f64() * 1_000.0
    );
}

/// Patterns with two words between wildcards each, all on one action.
fn adversarial(count: usize) {
    let mut random = Random::new(7);
    let letters = |random: &mut Random| -> String {
        (0..4).map(|_| char::from(b'a' + random.below(6) as u8)).collect()
    };
    let patterns: Vec<String> = (0..count)
        .map(|_| format!(r#""arn:aws:s3:::*{}*{}*""#, letters(&mut random), letters(&mut random)))
        .collect();
    let text = format!(
        r#"{{"UserDetailList":[{{"Path":"/","UserName":"u","Arn":"arn:aws:iam::123456789012:user/u","GroupList":[],"UserPolicyList":[{{"PolicyName":"p","PolicyDocument":{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:GetObject","Resource":[{}]}}}}}}]}}]}}"#,
        patterns.join(",")
    );
    let model = workloads::model("adversarial", text);
    let started = Instant::now();
    let bytes = compile(&model, &CompileOptions::default()).expect("it compiles");
    let took = started.elapsed();
    let length = bytes.len();
    let bundle = Bundle::from_bytes(bytes).expect("it loads");
    let resources: Vec<String> = (0..200)
        .map(|_| {
            let words: Vec<String> = (0..40).map(|_| letters(&mut random)).collect();
            format!("arn:aws:s3:::{}", words.join(""))
        })
        .collect();
    let bytes: usize = resources.iter().map(String::len).sum();
    let (principal, action) =
        (bundle.principal("arn:aws:iam::123456789012:user/u"), bundle.action("s3:GetObject"));
    let mut times: Vec<f64> = (0..50)
        .map(|_| {
            let started = Instant::now();
            for resource in &resources {
                black_box(bundle.decide(&Request {
                    principal,
                    action,
                    resource: black_box(resource),
                    resource_account: None,
                    context: &EmptyContext,
                    now: None,
                    context_is_complete: false,
                }));
            }
            started.elapsed().as_secs_f64() * 1e9 / bytes as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "| {count} | {:.0} ms | {:.1} ns a byte | {:.2} MB |",
        took.as_secs_f64() * 1_000.0,
        times[times.len() / 2],
        length as f64 / 1e6
    );
}

fn main() {
    println!("\n| patterns `*word*word*` | build | decision | bundle |\n|---|---|---|---|");
    for count in [5, 10, 20, 50, 100, 200] {
        adversarial(count);
    }
    println!("targets: build at most 1 s, decision at most 70 ns a byte\n");
    let Some(managed) = managed() else {
        println!("SKIPPED: the organizations need ../shared/data/aws-managed-policies.jsonl");
        return;
    };
    println!(
        "| identities | build | peak | bundle, stripped | without names and cold sections | an identity, beyond sets and names | load |"
    );
    println!("|---|---|---|---|---|---|---|");
    organization(&managed, "100,000, a set each", 20, None);
    println!("targets: 20 s, 3 GiB, 60 MB, 40 MB, -, 150 ms");
    if std::env::var_os("PORTCULLIS_BENCH_MILLION").is_some() {
        organization(&managed, "1,000,000 over 20,000 sets", 200, Some(20_000));
        println!("targets: 60 s, 6 GiB, -, -, 20 bytes, -");
    } else {
        println!("SKIPPED: a million identities need PORTCULLIS_BENCH_MILLION=1");
    }
}
