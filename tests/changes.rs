//! What `diff` reports against the reference evaluator: for random requests a report and the decisions of both worlds agree, in both directions,
//! and every example really changes.
//!
//! With `PORTCULLIS_LONG_TESTS` there are more pairs; `PORTCULLIS_PAIRS` says how many of each kind, `PORTCULLIS_REQUESTS` how many requests each gets:
//! `PORTCULLIS_PAIRS=5 PORTCULLIS_REQUESTS=100000 cargo test --release --test changes`.
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

#[path = "changes/mutations.rs"]
mod mutations;
#[path = "support/organizations.rs"]
mod organizations;
#[path = "support/worlds.rs"]
mod worlds;

use std::collections::BTreeSet;

use portcullis::compiler::analysis::diff::{Certainty, Group, Report, diff};
use portcullis::compiler::analysis::{account, principals};
use portcullis::compiler::model::Model;
use portcullis::compiler::request::{ContextValue, Request};
use portcullis::compiler::{reference, resolve};
use portcullis::grammar::source::Source;
use portcullis::runtime::Effect;

fn model(files: &[(&str, String)]) -> Model {
    let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(*name, text.as_str())).collect();
    let resolved = resolve::resolve(&sources, &[], &resolve::Options::default());
    let errors: Vec<_> = resolved.diagnostics.iter().filter(|found| found.is_error()).collect();
    resolved.model.unwrap_or_else(|| panic!("{errors:?}"))
}

fn is_long() -> bool {
    std::env::var_os("PORTCULLIS_LONG_TESTS").is_some()
}

fn given(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect(variable))
}

/// How many pairs.
fn pairs(short: u64, long: u64) -> u64 {
    given("PORTCULLIS_PAIRS").unwrap_or(if is_long() { long } else { short })
}

/// How many requests for each of the worlds of a pair that has requests of so many of them.
fn requests(worlds: u64, otherwise: u64) -> usize {
    given("PORTCULLIS_REQUESTS").map_or(otherwise, |all| all.div_ceil(worlds)) as usize
}

/// The model of files, if they have no errors.
fn right(files: &[(&str, String)]) -> Option<Model> {
    let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(*name, text.as_str())).collect();
    resolve::resolve(&sources, &[], &resolve::Options::default()).model
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
    too_large: usize,
}

impl Counted {
    fn tell(&self) {
        println!(
            "{} requests, {} of them change; {} changes, {} of them open; {} pairs too large",
            self.requests, self.changing, self.changes, self.open, self.too_large
        );
        // Of AWS's own policies few are so full of wildcards.
        assert!(self.too_large < 3, "too many pairs are not looked at");
    }
}

/// What a report says of whoever asks.
fn about(report: &Report, request: &Request) -> Vec<String> {
    let is_it = |group: &&Group| group.principals.iter().any(|asker| asker.principal == request.principal);
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
    let of_groups = |group: &'_ Group| {
        let asker = group.principals[0].principal.clone();
        group.changes.iter().map(move |change| (asker.clone(), change.clone())).collect::<Vec<_>>()
    };
    for (asker, change) in report.groups.iter().flat_map(of_groups) {
        counted.changes += 1;
        counted.open += usize::from(change.certainty == Certainty::May);
        for example in &change.examples {
            let both = (allowed(old, &example.request), allowed(new, &example.request));
            assert_ne!(both.0, both.1, "{name}: an example that does not change: {:#?}", example.request);
            // An example leaves out what the decisions do not depend on.
            let mut whole = example.request.clone();
            if whole.resource_account.is_none() {
                whole.resource_account = account(old, new, &whole);
            }
            assert_eq!(
                report.says_of(&asker, old, new, &whole),
                Some(both),
                "{name}: {:#?}\n{change:#?}",
                example.request
            );
        }
    }
    if !report.too_large.is_empty() {
        // That is said, and counts as access; there is nothing to compare with.
        counted.too_large += 1;
        return report;
    }
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

#[test]
fn random_pairs_of_worlds() {
    let mut counted = Counted::default();
    for seed in 0..pairs(40, 400) {
        let count = requests(2, 150);
        let (first, second) = (worlds::world(seed, count), worlds::world(seed + 1_000, count));
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
    for seed in 0..pairs(60, 600) {
        let world = worlds::world(seed, requests(1, 150));
        let changed = mutations::word(&world.snapshot, seed);
        let Some(new) = right(&[("world.json", changed)]) else { continue };
        let old = model(&[("world.json", world.snapshot)]);
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
    for seed in 0..pairs(40, 400) {
        let count = requests(2, 200);
        let (first, second) = (organizations::world(seed, count), organizations::world(seed + 1_000, count));
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

/// What policies say of tags, ids, paths, units and accounts is the same; those have changed.
#[test]
fn worlds_and_the_same_with_other_tags_or_ids() {
    let mut counted = Counted::default();
    for seed in 0..pairs(60, 600) {
        let world = worlds::world(seed, requests(1, 150));
        let changed = mutations::identity(&world.snapshot, seed);
        let Some(new) = right(&[("world.json", changed)]) else { continue };
        let old = model(&[("world.json", world.snapshot)]);
        compare(&format!("seed {seed}"), &old, &new, &world.requests, &mut counted);
    }
    counted.tell();
    assert!(counted.changing > 0, "nothing changes");
}

#[test]
fn organizations_and_the_same_with_other_tags_ids_paths_or_units() {
    let mut counted = Counted::default();
    let mut usable = 0;
    for seed in 0..pairs(120, 1_200) {
        let mut world = organizations::world(seed, requests(1, 200));
        let changed = if seed % 2 == 0 {
            mutations::place(&world.files, seed)
        } else {
            world.files = mutations::by_tags(&world.files);
            mutations::tags(&world.files)
        };
        let Some(new) = right(&changed) else { continue };
        let old = model(&world.files);
        usable += 1;
        let askers: BTreeSet<String> =
            principals(&old, &new).into_iter().map(|asker| asker.principal).collect();
        // Values of tags are asked for with every request: else few would meet one that changed.
        let asked = world.requests.into_iter().enumerate().map(|(at, mut request)| {
            if let Some(team) = ["red", "blue"].get(at % 4) {
                request.context.retain(|(key, _)| key != "k:x");
                request.context.push(("k:x".to_owned(), ContextValue::One((*team).to_owned())));
            }
            request
        });
        let requests: Vec<Request> = asked.filter_map(|request| plain(request, &askers)).collect();
        compare(&format!("organization {seed}"), &old, &new, &requests, &mut counted);
    }
    counted.tell();
    assert!(usable * 2 > pairs(120, 1_200), "{usable} pairs");
    assert!(counted.changing > 0, "nothing changes");
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
    for pair in 0..pairs(20, 30) as usize {
        // Neighbours are of one family, and share much; others share nothing.
        let first = pair * 7919 % lines.len();
        let second = if pair % 2 == 0 { (first + 1) % lines.len() } else { (first * 31 + 17) % lines.len() };
        let world = |line: usize| model(&[("managed.json", worlds::managed_snapshot(lines[line]))]);
        let (old, new) = (world(first), world(second));
        let count = requests(2, if is_long() { 50_000 } else { 400 });
        let requests = [
            worlds::managed_requests(&old, pair as u64, count),
            worlds::managed_requests(&new, pair as u64 + 1, count),
        ];
        compare(&format!("policies {first} and {second}"), &old, &new, &requests.concat(), &mut counted);
    }
    counted.tell();
    assert!(counted.changing * 10 > counted.requests, "too few change");
}
