//! The decision point as gateways meet it: the program itself, with real clients.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]
#![cfg(feature = "serve")]

#[path = "serve/abuse.rs"]
mod abuse;
#[path = "serve/bytes.rs"]
mod bytes;
#[path = "serve/envoy.rs"]
mod envoy;
#[path = "serve/faults.rs"]
mod faults;
#[path = "serve/full.rs"]
mod full;
#[path = "serve/grpc.rs"]
mod grpc;
#[path = "serve/http.rs"]
mod http;
#[path = "serve/nginx.rs"]
mod nginx;
#[path = "serve/server.rs"]
mod server;
#[path = "serve/tls.rs"]
mod tls;
