//! Accidents: every truncation, every bit flip. And flips under a digest that fits, which only the structural checks can meet: what still
//! loads must decide without a panic, and come to an end.

use portcullis::ask::ask;
use portcullis::compiler::request::Request;
use portcullis::runtime::format::{HEADER_BYTES, SECTION_ENTRY_BYTES, Section};
use portcullis::runtime::{Bundle, LoadError, Reason, seal};

use super::worlds::Random;
use super::{compiled, golden};

/// Runs a check over numbered cases on all cores.
fn parallel(cases: usize, check: impl Fn(usize) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let check = &check;
            scope.spawn(move || (thread..cases).step_by(threads).for_each(check));
        }
    });
}

#[test]
fn every_truncation_is_rejected() {
    let golden = golden::bytes();
    for length in 0..golden.len() {
        let error = Bundle::from_bytes(golden[..length].to_vec()).err();
        let short = length < HEADER_BYTES && error == Some(LoadError::TooShort);
        assert!(short || matches!(error, Some(LoadError::WrongLength { .. })), "{length}: {error:?}");
    }
    // Also with a header that has been told, and with bytes behind the end.
    parallel(golden.len() / 16, |case| {
        let mut bytes = golden[..(case * 16).max(HEADER_BYTES)].to_vec();
        let length = bytes.len() as u64;
        bytes[16..24].copy_from_slice(&length.to_le_bytes());
        seal(&mut bytes);
        assert_eq!(Bundle::from_bytes(bytes).err(), Some(LoadError::SectionTable), "{case}");
    });
    let longer = [golden.as_slice(), &[0; 8]].concat();
    assert!(matches!(Bundle::from_bytes(longer).err(), Some(LoadError::WrongLength { .. })));
}

/// All bits with `PORTCULLIS_LONG_TESTS`; else all of header and table, and of every other byte one.
#[test]
fn every_bit_flip_is_rejected() {
    let table = HEADER_BYTES + Section::ALL.len() * SECTION_ENTRY_BYTES;
    for golden in [golden::bytes(), golden::packed_bytes()] {
        parallel(golden.len() * 8, |case| {
            let (at, bit) = (case / 8, case % 8);
            if at < table || bit == at % 8 || compiled::long() {
                let mut bytes = golden.clone();
                bytes[at] ^= 1 << bit;
                assert!(Bundle::from_bytes(bytes).is_err(), "bit {bit} of byte {at}");
            }
        });
    }
}

/// The golden requests, and some that push at the edges.
fn requests() -> Vec<Request> {
    let mut requests: Vec<Request> = golden::recorded().into_iter().map(|(_, request, _)| request).collect();
    if !compiled::long() {
        let mut kept = 0;
        requests.retain(|_| {
            kept += 1;
            kept % 3 == 0
        });
    }
    let long = |text: &str| format!("{text}{}", "a:é/".repeat(300));
    let edges: Vec<Request> = requests
        .iter()
        .step_by(4)
        .map(|request| Request { resource: long(&request.resource), now: Some(i64::MAX), ..request.clone() })
        .chain(requests.iter().step_by(5).map(|request| Request {
            action: "svc:Unknown".to_owned(),
            context_complete: true,
            ..request.clone()
        }))
        .collect();
    requests.extend(edges);
    requests
}

/// Loads changed bytes under a fitting digest and, if they load, decides. Whether they did.
fn survives(mut bytes: Vec<u8>, requests: &[Request]) -> bool {
    seal(&mut bytes);
    let Ok(bundle) = Bundle::from_bytes(bytes) else { return false };
    for request in requests {
        let decided = ask(&bundle, request).unwrap();
        // A root user and an action without controls are allowed by no rule.
        let bare = decided.layer().name() == "service" || decided.reason() == Reason::RootUser;
        assert!(!decided.is_allowed() || decided.rule().is_some() || bare, "{decided:?} {request:?}");
    }
    for (method, target, _) in golden::ROUTED {
        golden::routed(&bundle, method, target);
    }
    if let Ok(provenance) = bundle.provenance() {
        let decided = ask(&bundle, &requests[0]).unwrap();
        let _ = provenance.statements(&decided);
    }
    true
}

/// With `PORTCULLIS_LONG_TESTS` every bit; else of each section some that lie evenly.
#[test]
fn flips_under_a_fitting_digest_never_panic_and_always_end() {
    flips(golden::bytes(), |_| true);
    flips(golden::packed_bytes(), packed);
}

/// What is otherwise where principals are packed.
fn packed(section: Section) -> bool {
    [Section::Principals, Section::PrincipalIndex, Section::BehindIndex, Section::Profiles].contains(&section)
}

fn flips(golden: Vec<u8>, damaged: fn(Section) -> bool) {
    let requests = requests();
    let bundle = Bundle::from_bytes(golden.clone()).unwrap();
    let mut places: Vec<usize> = (0..(HEADER_BYTES + Section::ALL.len() * SECTION_ENTRY_BYTES) * 8).collect();
    let share = if compiled::long() { usize::MAX } else { 120 };
    for (section, _) in bundle.sections().into_iter().filter(|(section, _)| damaged(*section)) {
        let bits = bundle.section(section).len() * 8;
        let start = start(&golden, section) * 8;
        places.extend((0..bits).step_by((bits / share).max(1)).map(|bit| start + bit));
    }
    let survivors = std::sync::atomic::AtomicUsize::new(0);
    parallel(places.len(), |case| {
        let mut bytes = golden.clone();
        bytes[places[case] / 8] ^= 1 << (places[case] % 8);
        survivors.fetch_add(usize::from(survives(bytes, &requests)), std::sync::atomic::Ordering::Relaxed);
    });
    println!("{} flips, {survivors:?} still load", places.len());
}

/// The words that crafted bundles are made of: ids just inside and just outside, and the values with a meaning of their own.
#[test]
fn words_under_a_fitting_digest_never_panic_and_always_end() {
    words(golden::bytes(), |section| !cold(section));
    words(golden::packed_bytes(), packed);
}

fn words(golden: Vec<u8>, damaged: fn(Section) -> bool) {
    let requests = requests();
    let bundle = Bundle::from_bytes(golden.clone()).unwrap();
    let mut places: Vec<usize> = Vec::new();
    for (section, _) in bundle.sections().into_iter().filter(|(section, _)| damaged(*section)) {
        let words = bundle.section(section).len() / 4;
        let share = if compiled::long() { usize::MAX } else { 50 };
        let start = start(&golden, section);
        places.extend((0..words).step_by((words / share).max(1)).map(|word| start + word * 4));
    }
    let survivors = std::sync::atomic::AtomicUsize::new(0);
    parallel(places.len(), |case| {
        let at = places[case];
        let old = u32::from_le_bytes(golden[at..at + 4].try_into().unwrap());
        let values =
            [0, 1, old.wrapping_add(1), old.wrapping_sub(1), old ^ 1 << 31, u32::MAX, u32::MAX - 1, 1 << 30];
        for value in values {
            let mut bytes = golden.clone();
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            survivors
                .fetch_add(usize::from(survives(bytes, &requests)), std::sync::atomic::Ordering::Relaxed);
        }
    });
    println!("{} words, {survivors:?} changed bundles still load", places.len());
}

/// Several changes at once: what one check would have caught may hide behind another.
#[test]
fn random_changes_under_a_fitting_digest_never_panic_and_always_end() {
    let (golden, requests) = (golden::bytes(), requests());
    let hot = start(&golden, Section::Strings)..start(&golden, Section::Provenance);
    let routes = start(&golden, Section::Routes)..golden.len();
    let survivors = std::sync::atomic::AtomicUsize::new(0);
    let cases = if compiled::long() { 300_000 } else { 2_000 };
    parallel(cases, |case| {
        let random = &mut Random::new(case as u64);
        let mut bytes = golden.clone();
        for _ in 0..2 + random.below(3) {
            // The routes lie behind the cold sections.
            let part = if random.below(8) == 0 { &routes } else { &hot };
            let at = (part.start + random.below(part.len())) / 4 * 4;
            let word = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            // Another word of the bundle is a likely id; a small step stays inside most bounds.
            let other = (hot.start + random.below(hot.len())) / 4 * 4;
            let value = match random.below(4) {
                0 => u32::from_le_bytes(bytes[other..other + 4].try_into().unwrap()),
                1 => word.wrapping_add(random.below(9) as u32).wrapping_sub(4),
                2 => word ^ 1 << random.below(32),
                _ => random.below(300) as u32,
            };
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        survivors.fetch_add(usize::from(survives(bytes, &requests)), std::sync::atomic::Ordering::Relaxed);
    });
    println!("{cases} changed bundles, {survivors:?} still load");
}

/// Whether nobody looks into a section before somebody asks.
fn cold(section: Section) -> bool {
    (Section::Provenance..=Section::Facts).contains(&section)
}

/// Where a section begins, by the section table.
pub(super) fn start(bytes: &[u8], section: Section) -> usize {
    let entry = HEADER_BYTES + (section as usize - 1) * SECTION_ENTRY_BYTES;
    u32::from_le_bytes(bytes[entry + 4..entry + 8].try_into().unwrap()) as usize
}
