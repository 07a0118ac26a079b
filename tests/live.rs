//! Bundles that are replaced while they decide: who may replace them, how old they may grow, what stays when something fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]
#![cfg(feature = "live")]

#[path = "live/age.rs"]
mod age;
#[path = "live/urls.rs"]
mod urls;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portcullis::Builder;
use portcullis::live::{
    Admission, Candidate, Clock, Event, Fetched, FileSource, Follower, Following, Live, Refused, Source,
    SourceError, Store, Unready,
};
use portcullis::trust::{SignatureError, SigningKey};

/// A bundle that allows alice one action; equal for equal numbers.
fn bundle(number: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "account 123456789012 {{ user alice {{ inline p {{ allow s3:GetObject on arn:aws:s3:::b{number}/* }} }} }}\n"
    );
    std::fs::write(folder.path().join("a.gate"), text).unwrap();
    Builder::new().input(folder.path()).build().unwrap()
}

fn unsigned(number: usize) -> Candidate {
    Candidate { bundle: bundle(number), signature: None }
}

fn signed(number: usize, key: &SigningKey, sequence: Option<u64>) -> Candidate {
    let bundle = bundle(number);
    let signature = Some(key.sign(&bundle, sequence).into_bytes());
    Candidate { bundle, signature }
}

fn key() -> SigningKey {
    SigningKey::generate().unwrap().0
}

/// Which of the bundles is in force.
fn number(live: &Live) -> Option<usize> {
    let held = live.in_force().ok()?;
    (0..10).find(|&number| held.bundle().as_bytes() == bundle(number))
}

/// A wall's clock that tells nothing.
const NO_CLOCK: u64 = u64::MAX;

#[derive(Clone, Default)]
struct ByHand(Arc<(AtomicU64, AtomicU64)>);

impl ByHand {
    fn set(&self, steady: u64, wall: u64) {
        self.0.0.store(steady, Ordering::Relaxed);
        self.0.1.store(wall, Ordering::Relaxed);
    }
}

impl Clock for ByHand {
    fn steady(&self) -> Duration {
        Duration::from_secs(self.0.0.load(Ordering::Relaxed))
    }

    fn wall(&self) -> Option<u64> {
        Some(self.0.1.load(Ordering::Relaxed)).filter(|&wall| wall != NO_CLOCK)
    }
}

#[test]
fn without_a_bundle_nothing_decides_and_the_reason_is_told() {
    let live = Live::new(Admission::default());
    assert_eq!(live.in_force().err(), Some(Unready::NoBundle));
    assert_eq!(live.with(|_| ()).err(), Some(Unready::NoBundle));
    let broken = Candidate { bundle: b"no bundle".to_vec(), signature: None };
    assert!(matches!(live.offer(broken.clone()), Err(Refused::Unreadable(_))));
    assert_eq!(live.in_force().err(), Some(Unready::Unreadable));
    live.offer(unsigned(1)).unwrap();
    assert_eq!(number(&live), Some(1));
    // Keep the last good one.
    live.offer(broken).unwrap_err();
    assert_eq!(number(&live), Some(1));
    let health = live.health();
    assert_eq!(health.admitted, 1);
    assert!(health.failures.contains(&("unreadable", 2)));
    assert!(health.problem.is_some());
}

#[test]
fn signatures_and_sequence_numbers() {
    let (ours, next, stranger) = (key(), key(), key());
    let live = Live::new(Admission { keys: vec![ours.public(), next.public()], max_age: None });
    assert_eq!(live.offer(unsigned(1)).err(), Some(Refused::Signature(SignatureError::Missing)));
    assert_eq!(live.in_force().err(), Some(Unready::Signature));
    live.offer(signed(1, &ours, None)).unwrap();
    let by = stranger.public().id();
    assert_eq!(
        live.offer(signed(2, &stranger, None)).err(),
        Some(Refused::Signature(SignatureError::UnknownKey(by)))
    );
    live.offer(signed(2, &next, Some(7))).unwrap();
    assert_eq!(number(&live), Some(2));
    for older in [Some(6), Some(7), None] {
        let refused = live.offer(signed(1, &ours, older)).err();
        assert_eq!(refused, Some(Refused::Sequence { declared: older, accepted: 7 }));
    }
    assert_eq!(number(&live), Some(2));
    // A person may go back, and then on with what the source has.
    live.force(signed(1, &ours, None)).unwrap();
    assert_eq!(number(&live), Some(1));
    live.force(signed(3, &stranger, None)).unwrap_err();
    live.offer(signed(3, &ours, Some(6))).unwrap_err();
    live.offer(signed(2, &ours, Some(7))).unwrap();
    assert_eq!(number(&live), Some(2));
}

#[test]
fn stale_forever_age_by_both_clocks() {
    let clock = ByHand::default();
    clock.set(100, 1_000_000);
    let admission = Admission { max_age: Some(Duration::from_secs(60)), ..Admission::default() };
    let live = Live::with_clock(admission, clock.clone());
    live.offer(unsigned(1)).unwrap();
    clock.set(160, 1_000_060);
    assert!(live.in_force().is_ok());
    clock.set(161, 1_000_061);
    assert_eq!(live.in_force().err(), Some(Unready::TooOld));
    assert_eq!(live.health().ready, Err(Unready::TooOld));
    live.confirm();
    assert_eq!(live.age(), Some(Duration::ZERO));
    assert!(live.in_force().is_ok());
    // The wall's clock jumps back: the steady one still tells.
    clock.set(222, 500_000);
    assert_eq!(live.in_force().err(), Some(Unready::TooOld));
    // It jumps ahead: old until confirmed again.
    live.confirm();
    clock.set(223, 2_000_000);
    assert_eq!(live.in_force().err(), Some(Unready::TooOld));
    live.confirm();
    assert!(live.in_force().is_ok());
}

/// A source that gives what it is told.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<VecDeque<Result<Fetched, SourceError>>>>);

impl Script {
    fn then(&self, next: Result<Fetched, &str>) {
        self.0.lock().unwrap().push_back(next.map_err(|why| SourceError(why.to_owned())));
    }
}

impl Source for Script {
    fn fetch(&mut self) -> Result<Fetched, SourceError> {
        self.0.lock().unwrap().pop_front().unwrap_or(Ok(Fetched::Same))
    }

    fn forget(&mut self) {}

    fn name(&self) -> String {
        "script".to_owned()
    }
}

/// Starts a follower that looks often; with what it reports.
fn follow(
    live: &Arc<Live>,
    source: impl Source + 'static,
    store: Option<&Path>,
) -> (Following, Arc<Mutex<Vec<String>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let follower = Follower::new(Arc::clone(live), source)
        .every(Duration::from_millis(10))
        .longest_pause(Duration::from_millis(40))
        .report(move |event: &Event| {
            let text = format!("{event:?}");
            let name = text.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
            told.lock().unwrap().push(name);
        });
    let follower = match store {
        Some(folder) => follower.with_store(Store::open(folder).unwrap()),
        None => follower,
    };
    (follower.start().unwrap(), events)
}

/// Waits until something holds, for as long as a busy machine may take.
fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn replace(path: &Path, bytes: &[u8]) {
    portcullis::files::write_whole(path, bytes).unwrap();
}

#[test]
fn a_file_is_followed_and_whatever_happens_to_it_the_last_good_bundle_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.bundle");
    let live = Arc::new(Live::new(Admission::default()));
    let (following, events) = follow(&live, FileSource::new(&path), None);
    assert_eq!(live.in_force().err(), Some(Unready::Unreachable));
    replace(&path, &bundle(1));
    until("the first bundle", || number(&live) == Some(1));
    replace(&path, &bundle(2));
    following.wake();
    until("the second", || number(&live) == Some(2));
    let good = bundle(3);
    // Truncated, flipped, emptied, deleted.
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for bad in [&good[..good.len() / 2], &flipped, b""] {
        let failures = live.health().failures.iter().map(|(_, count)| count).sum::<u64>();
        replace(&path, bad);
        until("a refusal", || live.health().failures.iter().map(|(_, count)| count).sum::<u64>() > failures);
        assert_eq!(number(&live), Some(2));
    }
    std::fs::remove_file(&path).unwrap();
    until("a failure", || events.lock().unwrap().iter().any(|event| event == "SourceFailed"));
    assert_eq!(number(&live), Some(2));
    replace(&path, &good);
    until("the third", || number(&live) == Some(3));
    assert!(events.lock().unwrap().iter().any(|event| event == "SourceBack"));
    assert!(following.is_at_work());
}

#[test]
fn a_source_that_fails_lets_the_bundle_grow_too_old_and_heals() {
    let script = Script::default();
    script.then(Ok(Fetched::New(unsigned(1))));
    let clock = ByHand::default();
    clock.set(1, 1_000);
    let admission = Admission { max_age: Some(Duration::from_secs(60)), ..Admission::default() };
    let live = Arc::new(Live::with_clock(admission, clock.clone()));
    for _ in 0..6 {
        script.then(Err("down"));
    }
    let (_following, events) = follow(&live, script, None);
    assert_eq!(number(&live), Some(1));
    clock.set(100, 1_100);
    assert_eq!(live.in_force().err(), Some(Unready::TooOld));
    until("the source is back", || events.lock().unwrap().iter().any(|event| event == "SourceBack"));
    until("it is confirmed", || number(&live) == Some(1));
}

#[test]
fn the_store_keeps_five_and_the_next_process_begins_with_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let ours = key();
    let admission = Admission { keys: vec![ours.public()], max_age: None };
    let script = Script::default();
    for number in 1..=7 {
        script.then(Ok(Fetched::New(signed(number, &ours, Some(number as u64)))));
    }
    let live = Arc::new(Live::new(admission.clone()));
    let (following, _) = follow(&live, script, Some(folder.path()));
    until("the seventh", || number(&live) == Some(7));
    let store = Store::at(folder.path());
    until("five are kept", || store.kept().unwrap().len() == 5);
    assert!(Store::open(folder.path()).is_err(), "one process at a time");
    drop(following);
    // The next process: the source is down, then gives an older one.
    until("the lock is free", || Store::open(folder.path()).is_ok());
    let script = Script::default();
    script.then(Err("down"));
    script.then(Ok(Fetched::New(signed(6, &ours, Some(6)))));
    let live = Arc::new(Live::new(admission.clone()));
    let (following, events) = follow(&live, script, Some(folder.path()));
    assert_eq!(number(&live), Some(7));
    until("the older one is refused", || events.lock().unwrap().iter().any(|event| event == "Refused"));
    assert_eq!(number(&live), Some(7));
    // A person goes back.
    let sixth = store.kept().unwrap().remove(1);
    store.pin(&sixth).unwrap();
    until("the sixth is pinned", || live.health().pinned && number(&live) == Some(6));
    drop(following);
    until("the lock is free", || Store::open(folder.path()).is_ok());
    // The pin holds in the next process, whatever the source has; then it is released.
    let script = Script::default();
    script.then(Ok(Fetched::New(signed(8, &ours, Some(8)))));
    let live = Arc::new(Live::new(admission));
    let (_following, _) = follow(&live, script, Some(folder.path()));
    until("still pinned", || live.health().pinned && number(&live) == Some(6));
    store.release().unwrap();
    until("the eighth", || number(&live) == Some(8));
    assert!(!live.health().pinned);
}

#[test]
fn a_bundle_that_is_signed_anew_is_kept_with_its_new_signature() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (key(), key());
    let script = Script::default();
    script.then(Ok(Fetched::New(signed(1, &old, Some(1)))));
    script.then(Ok(Fetched::New(signed(1, &new, Some(2)))));
    let live = Arc::new(Live::new(Admission { keys: vec![old.public(), new.public()], max_age: None }));
    let (following, _) = follow(&live, script, Some(folder.path()));
    until("the second signature", || live.in_force().is_ok_and(|loaded| loaded.sequence() == Some(2)));
    until("it is remembered", || {
        std::fs::read_to_string(folder.path().join("state")).is_ok_and(|text| text.contains("accepted: 2 "))
    });
    drop(following);
    until("the lock is free", || Store::open(folder.path()).is_ok());
    // The old key is gone, and the source too.
    let script = Script::default();
    script.then(Err("down"));
    let live = Arc::new(Live::new(Admission { keys: vec![new.public()], max_age: None }));
    let (_following, _) = follow(&live, script, Some(folder.path()));
    assert_eq!(number(&live), Some(1));
}

#[test]
fn the_age_of_a_bundle_goes_on_in_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let admission = Admission { max_age: Some(Duration::from_secs(60)), ..Admission::default() };
    let start = |wall, says: Result<Fetched, &str>| {
        let clock = ByHand::default();
        clock.set(0, wall);
        let script = Script::default();
        script.then(says);
        for _ in 0..1_000 {
            script.then(Err("down"));
        }
        let live = Arc::new(Live::with_clock(admission.clone(), clock));
        let (following, _) = follow(&live, script, Some(folder.path()));
        until("it has looked", || live.health().problem.is_some());
        let ready = live.health().ready;
        drop(following);
        until("the lock is free", || Store::open(folder.path()).is_ok());
        ready
    };
    assert_eq!(start(1_000, Ok(Fetched::New(unsigned(1)))), Ok(()));
    assert_eq!(start(1_050, Err("down")), Ok(()));
    assert_eq!(start(1_070, Err("down")), Err(Unready::TooOld));
    // The clock went back: what was confirmed in the time to come tells nothing.
    assert_eq!(start(900, Err("down")), Err(Unready::TooOld));
}

#[test]
fn a_damaged_store_is_told_and_never_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let live = Arc::new(Live::new(Admission::default()));
    std::fs::write(folder.path().join("state"), "portcullis state 1\naccepted: many\n").unwrap();
    let follower =
        Follower::new(Arc::clone(&live), Script::default()).with_store(Store::open(folder.path()).unwrap());
    assert!(follower.start().is_err());
    std::fs::remove_file(folder.path().join("state")).unwrap();
    // A pin that nobody understands: nothing new is taken.
    std::fs::write(folder.path().join("pin"), "the old one\n").unwrap();
    let script = Script::default();
    script.then(Ok(Fetched::New(unsigned(1))));
    let (_following, events) = follow(&live, script, Some(folder.path()));
    until("it is told", || events.lock().unwrap().iter().any(|event| event == "StoreFailed"));
    assert_eq!(live.in_force().err(), Some(Unready::NoBundle));
    Store::at(folder.path()).release().unwrap();
    until("the first", || number(&live) == Some(1));
}

#[test]
fn fail_open_on_load_error_readers_see_one_bundle_or_the_other_and_nothing_between() {
    let live = Arc::new(Live::new(Admission::default()));
    live.offer(unsigned(0)).unwrap();
    let bundles = [unsigned(0), unsigned(1)];
    let stop = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (live, stop) = (Arc::clone(&live), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut seen = [0_u64; 2];
                while stop.load(Ordering::Relaxed) == 0 {
                    let allowed = live.with(|loaded| {
                        [0, 1].map(|number| {
                            let bundle = loaded.bundle();
                            let decision = bundle.decide(&portcullis::runtime::Request {
                                principal: bundle.principal("arn:aws:iam::123456789012:user/alice"),
                                action: bundle.action("s3:GetObject"),
                                resource: &format!("arn:aws:s3:::b{number}/x"),
                                resource_account: None,
                                context: &portcullis::runtime::EmptyContext,
                                now: None,
                                context_is_complete: false,
                            });
                            decision.is_allowed()
                        })
                    });
                    match allowed.unwrap() {
                        [true, false] => seen[0] += 1,
                        [false, true] => seen[1] += 1,
                        other => panic!("{other:?}"),
                    }
                }
                seen
            })
        })
        .collect();
    for turn in 0..400 {
        live.offer(bundles[turn % 2].clone()).unwrap();
        if turn % 10 == 0 {
            let mut broken = bundles[1].clone();
            broken.bundle.truncate(turn);
            live.offer(broken).unwrap_err();
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    stop.store(1, Ordering::Relaxed);
    for reader in readers {
        let seen = reader.join().unwrap();
        assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
    }
}
