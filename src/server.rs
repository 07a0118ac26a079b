//! The decision point: decides requests for gateways, by Envoy's protocol, by HTTP and for nginx's `auth_request`.
//!
//! In: a configuration and a [`Live`] bundle. A connection is accepted (`listen`), speaks HTTP/1 (`http`) or gRPC (`grpc`); what it asks becomes
//! a question (`body`, `web`), with a principal from a trusted place or nobody (`identity`); the bundle in force answers (`point`), and the answer is
//! counted (`metrics`) and logged (`record`); a connection of gRPC that nobody uses is ended (`idle`). Whatever goes wrong on that way is a denial
//! with a reason of its own; nothing here can allow but a decision of the bundle, or `--dry-run`, which says so.

mod body;
mod config;
mod explain;
mod grpc;
mod http;
mod identity;
mod idle;
mod listen;
mod metrics;
mod point;
mod record;
mod stop;
mod web;

use std::sync::Arc;

pub use config::{Address, Config, ConfigError, ContextFrom, Limits, LogOptions, PrincipalFrom};
pub use identity::{Identities, MapError, Trusted};

use crate::live::{Following, Live, StoreError};

/// Why the server could not start.
#[derive(Debug)]
pub struct StartError(pub String);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// Serves until the process is told to end (SIGTERM, SIGINT); what is being answered then is answered. `follow` starts whoever looks at the source of
/// the bundle: it is called when signals are heard already, since it may take a moment.
///
/// # Errors
/// [`StartError`] if an address cannot be had, the decision log cannot be opened, or `follow` gives an error.
pub fn run(
    config: Config,
    live: Arc<Live>,
    follow: impl FnOnce() -> Result<Following, StoreError>,
) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError(format!("cannot start threads: {error}")))?;
    let result = runtime.block_on(listen::serve(config, live, follow));
    // What still explains something is not waited for.
    runtime.shutdown_background();
    result
}

/// Serves one connection without a network: its client, on this machine, says these bytes (HTTP/1, or HTTP/2 with gRPC) and then nothing more. Gives what
/// it is answered, with all the checks and limits of a server. For tests and fuzzing.
///
/// # Errors
/// [`StartError`] if no threads can be had.
pub fn converse(config: Config, live: Arc<Live>, grpc: bool, said: &[u8]) -> Result<Vec<u8>, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError(format!("cannot start: {error}")))?;
    Ok(runtime.block_on(listen::converse(config, live, grpc, said)))
}
