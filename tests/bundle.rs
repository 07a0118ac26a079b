//! The bundle format: golden bytes and decisions of version 7, damaged and crafted bundles, determinism, and handles.
//!
//! When the format or the compiler changes on purpose, `PORTCULLIS_BLESS=1 cargo test --test bundle` writes what `golden/` holds anew: the
//! bytes, and what is decided. A bundle of an older format version stays as it is: readers tell that it is too old.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that panics has failed, and a long one says what it did"
)]

#[path = "bundle/crafted.rs"]
mod crafted;
#[path = "bundle/damage.rs"]
mod damage;
#[path = "bundle/golden.rs"]
mod golden;
#[path = "bundle/same.rs"]
mod same;

#[path = "support/compiled.rs"]
mod compiled;
#[path = "support/nodes.rs"]
mod nodes;
#[path = "support/worlds.rs"]
mod worlds;
