//! The command line as its users meet it: the real binary, its exit status, its standard output and its standard error.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

#[path = "cli/answers.rs"]
mod answers;
#[path = "cli/builds.rs"]
mod builds;
#[path = "cli/bundles.rs"]
mod bundles;
#[path = "cli/checking.rs"]
mod checking;
#[path = "support/command.rs"]
mod command;
#[path = "cli/comparing.rs"]
mod comparing;
#[path = "cli/explaining.rs"]
mod explaining;
#[path = "cli/exposure.rs"]
mod exposure;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/language.rs"]
mod language;
#[path = "cli/manual.rs"]
mod manual;
#[path = "cli/measuring.rs"]
mod measuring;
#[path = "cli/organizations.rs"]
mod organizations;
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/requests.rs"]
mod requests;
#[path = "cli/review.rs"]
mod review;
#[path = "cli/routes.rs"]
mod routes;
#[path = "cli/scenarios.rs"]
mod scenarios;
#[path = "cli/splitting.rs"]
mod splitting;
