//! What `diff` reports against the reference evaluator: for random requests a report and the decisions of both worlds agree, in both directions,
//! and every example really changes.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    missing_docs,
    reason = "no library code: what goes wrong here shall stop the run"
)]

#[path = "support/organizations.rs"]
mod organizations;
#[path = "support/worlds.rs"]
mod worlds;

use std::collections::BTreeSet;

use portcullis::compiler::analysis::diff::{Certainty, Report, diff};
use portcullis::compiler::analysis::{account, principals};
use portcullis::compiler::model::Model;
use portcullis::compiler::request::Request;
use portcullis::compiler::{reference, resolve};
use portcullis::grammar::source::Source;
use portcullis::runtime::Effect;

fn model(files: &[(&str, String)]) -> Model {
    let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(*name, text.as_str())).collect();
    let resolved = resolve::resolve(&sources, &[], &resolve::Options::default());
    let errors: Vec<_> = resolved.diagnostics.iter().filter(|found| found.is_error()).collect();
    resolved.model.unwrap_or_else(|| panic!("{errors:?}"))
}

fn size(short: u64, long: u64) -> u64 {
    if std::env::var_os("PORTCULLIS_LONG_TESTS").is_some() { long } else { short }
}

fn allowed(model: &Model, request: &Request) -> bool {
    reference::decide(model, request).effect == Effect::Allow
}

/// What a comparison counted.
#[derive(Default)]
struct Counted {
    requests: usize,
    changing: usize,
    changes: usize,
    open: usize,
}

impl Counted {
    fn tell(&self) {
        println!(
            "{} requests, {} of them change; {} changes, {} of them open",
            self.requests, self.changing, self.changes, self.open
        );
    }
}

/// What a report says of whoever asks.
fn about(report: &Report, request: &Request) -> Vec<String> {
    let is_it = |group: &&portcullis::compiler::analysis::diff::Group| {
        group.principals.iter().any(|asker| asker.principal == request.principal)
    };
    let changes = report.groups.iter().filter(is_it).flat_map(|group| &group.changes);
    changes
        .map(|change| {
            format!(
                "{:?} {:?}\n{:?}\n{:?}\n{:?}\n{:?}",
                change.kind, change.actions, change.resources, change.place, change.before, change.after
            )
        })
        .collect()
}

/// Compares a report with the decisions on requests of the principals that it is about; those of others are left out.
fn compare(name: &str, old: &Model, new: &Model, requests: &[Request], counted: &mut Counted) -> Report {
    let report = diff(old, new);
    let askers: BTreeSet<String> = principals(old, new).into_iter().map(|asker| asker.principal).collect();
    for change in report.changes() {
        counted.changes += 1;
        counted.open += usize::from(change.certainty == Certainty::May);
        for example in &change.examples {
            let both = (allowed(old, &example.request), allowed(new, &example.request));
            assert_ne!(both.0, both.1, "{name}: an example that does not change: {:#?}", example.request);
            assert_eq!(
                report.says(old, new, &example.request),
                Some(both),
                "{name}: {:#?}\n{change:#?}",
                example.request
            );
        }
    }
    assert!(report.too_large.is_empty(), "{name}: {:?}", report.too_large);
    for request in requests {
        let mut request = request.clone();
        let role = old.roles.iter().chain(&new.roles).find(|role| *role.identity.arn == *request.principal);
        if let Some(role) = role {
            let account = &request.principal[13..25];
            request.principal = format!("arn:aws:sts::{account}:assumed-role/{}/session", role.identity.name);
        }
        if !askers.contains(&request.principal) || request.context_complete {
            continue;
        }
        // That a resource lies elsewhere than its declaration or its ARN says is nothing that a report is about.
        request.resource_account = account(old, new, &request);
        let both = (allowed(old, &request), allowed(new, &request));
        counted.requests += 1;
        counted.changing += usize::from(both.0 != both.1);
        match report.says(old, new, &request) {
            Some(said) => assert_eq!(said, both, "{name}: {request:?}\n{:#?}", about(&report, &request)),
            None => assert_eq!(
                both.0,
                both.1,
                "{name}: unreported: {both:?} {request:?}\n{:#?}",
                about(&report, &request)
            ),
        }
    }
    report
}

/// The same world with one word changed.
fn mutated(text: &str, seed: u64) -> String {
    let words = [
        ("\"Allow\"", "\"Deny\""),
        ("\"Deny\"", "\"Allow\""),
        ("\"NotAction\"", "\"Action\""),
        ("s3:Get", "s3:Put"),
        ("StringEquals", "StringNotEquals"),
        ("\"NotResource\"", "\"Resource\""),
    ];
    let (from, to) = words[(seed % words.len() as u64) as usize];
    let places: Vec<usize> = text.match_indices(from).map(|(at, _)| at).collect();
    if places.is_empty() {
        return text.to_owned();
    }
    let at = places[(seed as usize / words.len()) % places.len()];
    format!("{}{to}{}", &text[..at], &text[at + from.len()..])
}

#[test]
fn random_pairs_of_worlds() {
    let mut counted = Counted::default();
    for seed in 0..size(40, 400) {
        let (first, second) = (worlds::world(seed, 150), worlds::world(seed + 1_000, 150));
        let requests = [first.requests, second.requests].concat();
        let (old, new) =
            (model(&[("world.json", first.snapshot)]), model(&[("world.json", second.snapshot)]));
        compare(&format!("seed {seed}"), &old, &new, &requests, &mut counted);
    }
    counted.tell();
    assert!(counted.changing * 10 > counted.requests, "too few change");
}

#[test]
fn worlds_and_the_same_with_a_word_changed() {
    let mut counted = Counted::default();
    for seed in 0..size(60, 600) {
        let world = worlds::world(seed, 150);
        let changed = mutated(&world.snapshot, seed);
        let sources = [Source::new("world.json", changed.as_str())];
        if resolve::resolve(&sources, &[], &resolve::Options::default()).model.is_none() {
            continue;
        }
        let (old, new) = (model(&[("world.json", world.snapshot)]), model(&[("world.json", changed)]));
        compare(&format!("seed {seed}"), &old, &new, &world.requests, &mut counted);
        assert!(diff(&old, &old).is_empty(), "seed {seed}: a world differs from itself");
    }
    counted.tell();
}

/// Requests as reports are about them: without session policies, not through a VPC endpoint, and of sessions whose names no policy tells apart
/// of the one that stands for all.
fn plain(mut request: Request, askers: &BTreeSet<String>) -> Option<Request> {
    request.session = None;
    let through = request.context.iter().any(|(key, _)| key.eq_ignore_ascii_case("aws:SourceVpce"));
    if !askers.contains(&request.principal)
        && let Some((role, _)) =
            request.principal.rsplit_once('/').filter(|(role, _)| role.contains(":assumed-role/"))
    {
        request.principal = format!("{role}/session");
    }
    (!through).then_some(request)
}

#[test]
fn random_pairs_of_organizations() {
    let mut counted = Counted::default();
    for seed in 0..size(40, 400) {
        let (first, second) = (organizations::world(seed, 200), organizations::world(seed + 1_000, 200));
        let (old, new) = (model(&first.files), model(&second.files));
        let askers: BTreeSet<String> =
            principals(&old, &new).into_iter().map(|asker| asker.principal).collect();
        let requests = first.requests.into_iter().chain(second.requests);
        let requests: Vec<Request> = requests.filter_map(|request| plain(request, &askers)).collect();
        compare(&format!("organizations {seed}"), &old, &new, &requests, &mut counted);
    }
    counted.tell();
    assert!(counted.changing * 20 > counted.requests, "too few change");
}

/// A user who has one AWS-managed policy, and then another. With `PORTCULLIS_LONG_TESTS` 100,000 requests a pair.
#[test]
fn pairs_of_managed_policies() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/aws-managed-policies.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("SKIPPED: ../shared/data/aws-managed-policies.jsonl is not there");
        return;
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut counted = Counted::default();
    for pair in 0..size(20, 30) as usize {
        // Neighbours are of one family, and share much; others share nothing.
        let first = pair * 7919 % lines.len();
        let second = if pair % 2 == 0 { (first + 1) % lines.len() } else { (first * 31 + 17) % lines.len() };
        let world = |line: usize| model(&[("managed.json", worlds::managed_snapshot(lines[line]))]);
        let (old, new) = (world(first), world(second));
        let count = size(400, 50_000) as usize;
        let requests = [
            worlds::managed_requests(&old, pair as u64, count),
            worlds::managed_requests(&new, pair as u64 + 1, count),
        ];
        compare(&format!("policies {first} and {second}"), &old, &new, &requests.concat(), &mut counted);
    }
    counted.tell();
    assert!(counted.changing * 10 > counted.requests, "too few change");
}
