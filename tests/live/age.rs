//! How old a bundle is that the process before this one held.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis::live::{Admission, Fetched, Following, Live, Store, Unready};

use super::{ByHand, NO_CLOCK, Script, follow, number, unsigned, until};

/// A process that begins at this moment, with a source that is down.
fn without_source(folder: &Path, wall: u64) -> (Arc<Live>, ByHand, Following) {
    let clock = ByHand::default();
    clock.set(0, wall);
    let script = Script::default();
    for _ in 0..100_000 {
        script.then(Err("down"));
    }
    let admission = Admission { max_age: Some(Duration::from_secs(60)), ..Admission::default() };
    let live = Arc::new(Live::with_clock(admission, clock.clone()));
    let (following, _) = follow(&live, script, Some(folder));
    (live, clock, following)
}

/// A process that took these bundles at second 1,000, and has ended.
fn before(folder: &Path, bundles: &[usize]) {
    let clock = ByHand::default();
    clock.set(0, 1_000);
    let script = Script::default();
    for &bundle in bundles {
        script.then(Ok(Fetched::New(unsigned(bundle))));
    }
    let live = Arc::new(Live::with_clock(Admission::default(), clock));
    let (following, _) = follow(&live, script, Some(folder));
    until("the last", || number(&live) == bundles.last().copied());
    let digest = live.in_force().unwrap().digest().to_owned();
    until("it is remembered", || {
        std::fs::read_to_string(folder.join("state")).is_ok_and(|text| text.contains(&digest))
    });
    drop(following);
    until("the lock is free", || Store::open(folder).is_ok());
}

#[test]
fn an_older_bundle_has_nothing_of_the_freshness_of_the_one_that_took_its_place() {
    let folder = tempfile::tempdir().unwrap();
    before(folder.path(), &[1, 2]);
    let newest = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let newest = newest.filter(|path| path.extension().is_some_and(|it| it == "bundle")).max().unwrap();
    let mut bytes = std::fs::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&newest, bytes).unwrap();
    let kept = || Store::at(folder.path()).kept().unwrap().len();
    let (live, _clock, _following) = without_source(folder.path(), 1_010);
    assert_eq!(live.in_force().err(), Some(Unready::TooOld));
    assert_eq!(live.health().age, None, "nobody knows");
    assert_eq!(kept(), 2, "it is not kept anew as the newest");
}

#[test]
fn what_was_before_the_start_counts_whatever_the_clock_does_then() {
    let folder = tempfile::tempdir().unwrap();
    before(folder.path(), &[1]);
    let (live, clock, following) = without_source(folder.path(), 1_050);
    assert_eq!((number(&live), live.age()), (Some(1), Some(Duration::from_secs(50))));
    // The wall's clock is set back.
    clock.set(9, 500);
    assert_eq!((number(&live), live.age()), (Some(1), Some(Duration::from_secs(59))));
    clock.set(11, 500);
    assert_eq!(live.in_force().err(), Some(Unready::TooOld));
    // It tells nothing any more.
    clock.set(9, NO_CLOCK);
    assert_eq!(number(&live), Some(1));
    clock.set(11, NO_CLOCK);
    assert_eq!(live.in_force().err(), Some(Unready::TooOld));
    drop(following);
    until("the lock is free", || Store::open(folder.path()).is_ok());
    // A clock that tells nothing, or begins with the machine: nobody knows how old the bundle is.
    for wall in [NO_CLOCK, 0, 10] {
        let (live, _clock, following) = without_source(folder.path(), wall);
        assert_eq!(live.in_force().err(), Some(Unready::TooOld), "{wall}");
        drop(following);
        until("the lock is free", || Store::open(folder.path()).is_ok());
    }
    // Nor where nothing was remembered.
    std::fs::remove_file(folder.path().join("state")).unwrap();
    let (live, _clock, _following) = without_source(folder.path(), 10);
    assert_eq!(live.in_force().err(), Some(Unready::TooOld));
    live.confirm();
    assert_eq!(number(&live), Some(1));
}

#[test]
fn what_is_in_force_already_is_no_fresher_for_standing_in_a_store() {
    let folder = tempfile::tempdir().unwrap();
    before(folder.path(), &[1]);
    let clock = ByHand::default();
    clock.set(0, 2_000);
    let live = Arc::new(Live::with_clock(Admission::default(), clock.clone()));
    live.offer(unsigned(1)).unwrap();
    clock.set(50, 2_050);
    let script = Script::default();
    for _ in 0..100_000 {
        script.then(Err("down"));
    }
    let (_following, _) = follow(&live, script, Some(folder.path()));
    assert_eq!(live.age(), Some(Duration::from_secs(50)));
}
