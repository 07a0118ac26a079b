//! Lints: every one is documented, its bad example gives it and nothing else, its good example does not; and how they are silenced, denied and
//! reported.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

#[path = "lints/careful.rs"]
mod careful;
#[path = "lints/examples.rs"]
mod examples;
#[path = "lints/forms.rs"]
mod forms;
#[path = "lints/reach.rs"]
mod reach;
#[path = "lints/silencing.rs"]
mod silencing;

#[path = "support/command.rs"]
mod command;
