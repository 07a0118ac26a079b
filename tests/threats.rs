//! What has gone wrong in other engines and gateways, and does not here. Each test is named after a fault of THREATS.md, and goes the whole
//! way: resolve, compile, decide.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that panics has failed, and one that cannot look says so"
)]

#[path = "threats/bundles.rs"]
mod bundles;
#[path = "threats/inputs.rs"]
mod inputs;
#[path = "threats/matching.rs"]
mod matching;
#[path = "threats/meaning.rs"]
mod meaning;
#[path = "threats/paths.rs"]
mod paths;

#[path = "support/compiled.rs"]
mod compiled;
#[path = "support/worlds.rs"]
mod worlds;

use portcullis::ask::ask;
use portcullis::compiler::automata::Budget;
use portcullis::compiler::model::Model;
use portcullis::compiler::reference;
use portcullis::compiler::request::Request;
use portcullis::runtime::{Bundle, Decision};

/// Decides with automata, with set leaves alone, and with the reference; all three have to say the same.
fn decide(model: &Model, requests: &[Request]) -> Vec<Decision> {
    let [automata, leaves] = [Budget::default(), Budget { states: 0, work: 0, services: 0 }]
        .map(|budget| Bundle::from_bytes(compiled::bytes(model, budget)).unwrap());
    let decided = |request: &Request| {
        let expected = reference::decide(model, request);
        let [one, other] = [&automata, &leaves].map(|bundle| ask(bundle, request).unwrap());
        for found in [one, other] {
            let same = (found.effect(), found.layer(), found.reason())
                == (expected.effect, expected.layer, expected.reason);
            assert!(same, "{found:?} instead of {expected:?}: {request:#?}");
        }
        one
    };
    requests.iter().map(decided).collect()
}

/// Whether ALICE, with one document, is allowed each of these.
fn allowed(document: &str, requests: &[Request]) -> Vec<bool> {
    let model = compiled::model(compiled::attached(&[document]));
    decide(&model, requests).iter().map(Decision::is_allowed).collect()
}
