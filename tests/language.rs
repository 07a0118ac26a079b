//! The `.gate` language: conditions mean what they say, and its reference says what is so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

#[path = "support/command.rs"]
mod command;
#[path = "support/compiled.rs"]
mod compiled;
#[path = "support/worlds.rs"]
mod worlds;

#[path = "language/editor.rs"]
mod editor;
#[path = "language/expressions.rs"]
mod expressions;
#[path = "language/reference.rs"]
mod reference;
#[path = "language/sizes.rs"]
mod sizes;
