//! Same input, same bytes; other order, same decisions; handles belong to one bundle.

use portcullis::ask::ask;
use portcullis::compiler::automata::Budget;
use portcullis::runtime::format::{self as f, Section};
use portcullis::runtime::{Bundle, EmptyContext, Reason, Request};

use super::{compiled, golden, worlds};

#[test]
fn the_same_input_gives_the_same_bytes() {
    for seed in 0..10 {
        let world = worlds::world(seed, 0);
        let build = || {
            compiled::bytes(
                &compiled::model(compiled::resolved(&[("w.json", &world.snapshot)])),
                Budget::default(),
            )
        };
        assert!(build() == build(), "seed {seed}");
    }
}

#[test]
fn input_files_in_another_order_decide_equally() {
    let golden =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/v1.json")).unwrap();
    for seed in 0..10 {
        let world = worlds::world(seed, 200);
        let files = [("world.json", world.snapshot.as_str()), ("golden.json", golden.as_str())];
        let [one, other] = [[files[0], files[1]], [files[1], files[0]]]
            .map(|files| compiled::bundle(&compiled::model(compiled::resolved(&files))));
        let recorded = golden::recorded().into_iter().map(|(_, request, _)| request);
        for request in world.requests.into_iter().chain(recorded) {
            let [one, other] = [&one, &other].map(|bundle| {
                let decided = ask(bundle, &request).unwrap();
                (decided.effect(), decided.layer(), decided.reason())
            });
            assert_eq!(one, other, "seed {seed}: {request:#?}");
        }
    }
}

#[test]
fn handles_of_another_bundle_deny() {
    let golden = Bundle::from_bytes(golden::bytes()).unwrap();
    let world = worlds::world(1, 0);
    let other = compiled::bundle(&compiled::model(compiled::resolved(&[("w.json", &world.snapshot)])));
    let decide = |principal_of: &Bundle, action_of: &Bundle| {
        golden.decide(&Request {
            principal: principal_of.principal(compiled::ALICE),
            action: action_of.action("s3:GetObject"),
            resource: "arn:aws:s3:::reports/x",
            resource_account: None,
            context: &EmptyContext,
            now: None,
            context_is_complete: false,
        })
    };
    assert!(decide(&golden, &golden).is_allowed());
    for (principal_of, action_of) in [(&golden, &other), (&other, &golden), (&other, &other)] {
        let decided = decide(principal_of, action_of);
        assert_eq!((decided.is_allowed(), decided.reason()), (false, Reason::Internal));
    }
    // A handle knows its bundle by the content, not by the loading.
    let again = Bundle::from_bytes(golden::bytes()).unwrap();
    assert!(decide(&again, &again).is_allowed());
}

/// C12: the classes that a bundle holds for principals are those that classifying their keys gives.
#[test]
fn c12_the_classes_of_principals_are_those_of_their_keys() {
    let mut compared = 0;
    let worlds = (0..20).map(|seed| {
        let world = worlds::world(seed, 0);
        compiled::bundle(&compiled::model(compiled::resolved(&[("w.json", &world.snapshot)])))
    });
    for bundle in worlds.chain([Bundle::from_bytes(golden::bytes()).unwrap()]) {
        let words = |section| -> Vec<u32> {
            let (words, _) = bundle.section(section).as_chunks::<4>();
            words.iter().map(|word| u32::from_le_bytes(*word)).collect()
        };
        let (held, records) = (words(Section::PrincipalClasses), words(Section::Principals));
        let (own, classes) = bundle.own_classes().unwrap();
        assert_eq!(records.len(), classes.len() * f::Principal::WORDS);
        for (record, classes) in records.chunks(f::Principal::WORDS).zip(classes) {
            let first = record[f::Principal::WORDS - 1] as usize;
            assert_eq!(held[first..first + own.len()], classes);
            compared += own.len();
        }
    }
    assert!(compared > 100, "{compared}");
}
