//! What a server is told.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderName;

use super::identity::{Identities, Trusted};

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `127.0.0.1:8181`, `[::1]:8181`.
    Tcp(SocketAddr),
    /// `unix:/run/portcullis.sock`.
    Unix(PathBuf),
}

/// A value that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl FromStr for Address {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Unix(path.into()));
        }
        text.parse().map(Self::Tcp).map_err(|_| {
            ConfigError(format!(
                "{text:?} is no address: expected ADDRESS:PORT, such as 127.0.0.1:8181, or unix:PATH"
            ))
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The one place that tells who asks, in requests that come through a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalFrom {
    /// No place: everybody is anonymous.
    Nobody,
    /// A header that the proxy sets, and takes away from what clients send.
    Header(HeaderName),
    /// The identity of the client's certificate, as Envoy verified it (`source.principal`). gRPC only.
    Mtls,
}

impl FromStr for PrincipalFrom {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        match text.split_once(':') {
            None if text == "mtls" => Ok(Self::Mtls),
            Some(("header", name)) => name
                .parse()
                .map(Self::Header)
                .map_err(|_| ConfigError(format!("{name:?} is no name of a header"))),
            _ => Err(ConfigError(format!("{text:?}: expected header:NAME or mtls"))),
        }
    }
}

/// What of a request holds a context key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextFrom {
    /// A header. Two of them are refused.
    Header(HeaderName),
    /// A header that may come several times, or hold several values with commas between them: a list of values (rules C5, C6).
    Headers(HeaderName),
    /// The client's address, as the proxy sees it.
    SourceAddress,
    /// Whether the client came by TLS.
    Tls,
}

impl FromStr for ContextFrom {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        match text.split_once(':') {
            None if text == "source-address" => Ok(Self::SourceAddress),
            None if text == "tls" => Ok(Self::Tls),
            Some(("header", name)) => name
                .parse()
                .map(Self::Header)
                .map_err(|_| ConfigError(format!("{name:?} is no name of a header"))),
            Some(("headers", name)) => name
                .parse()
                .map(Self::Headers)
                .map_err(|_| ConfigError(format!("{name:?} is no name of a header"))),
            _ => Err(ConfigError(format!(
                "{text:?}: expected header:NAME, headers:NAME, source-address or tls"
            ))),
        }
    }
}

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// Bytes of a request's headers.
    pub headers: usize,
    /// Questions of a batch.
    pub batch: usize,
    /// Connections at a time.
    pub connections: usize,
    /// Requests at a time.
    pub requests: usize,
    /// Time for one request, from its headers to its answer.
    pub time: Duration,
    /// Time without a byte after which a connection is closed.
    pub idle: Duration,
    /// Time to end what is being answered when the process is told to end.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            headers: 64 << 10,
            batch: 1_000,
            connections: 16_384,
            requests: 1_024,
            time: Duration::from_secs(5),
            idle: Duration::from_secs(75),
            grace: Duration::from_secs(20),
        }
    }
}

/// The decision log.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// A file, or `-` for standard output.
    pub path: PathBuf,
    /// The share of allowed requests that is logged: 0 to 1.
    pub allowed: f64,
    /// The share of denied ones.
    pub denied: f64,
    /// Context keys whose values are not logged, in lower case; a `*` at the end stands for any rest.
    pub redact: Vec<String>,
    /// Lines that wait to be written.
    pub queue: usize,
    /// Whether a request waits for its line to have a place, and is denied when it gets none in time, rather than that the line is lost.
    pub blocking: bool,
}

/// All that a server is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// HTTP/1: `/v1/decide`, `/v1/auth`, and what is said of the process itself unless `admin` is given.
    pub http: Vec<Address>,
    /// Envoy's external authorization.
    pub grpc: Vec<Address>,
    /// `/healthz`, `/readyz`, `/metrics` and `/v1/explain`, where they are not to be had with the rest.
    pub admin: Vec<Address>,
    /// Who may say who asks.
    pub trusted: Trusted,
    /// Where it is said.
    pub principal: PrincipalFrom,
    /// What names of callers stand for.
    pub identities: Identities,
    /// Context keys, and what of a request holds them.
    pub context: Vec<(String, ContextFrom)>,
    /// Whether `/v1/explain` answers.
    pub explain: bool,
    /// Whether everything is let through, with a note of what would have been.
    pub dry_run: bool,
    /// The decision log.
    pub log: Option<LogOptions>,
    /// Limits.
    pub limits: Limits,
    /// Who may connect to Unix sockets, as a file's mode; `None`: as the process's umask says.
    pub socket_mode: Option<u32>,
}

impl Default for Config {
    /// Listens nowhere, trusts nobody.
    fn default() -> Self {
        Self {
            http: Vec::new(),
            grpc: Vec::new(),
            admin: Vec::new(),
            trusted: Trusted::nobody(),
            principal: PrincipalFrom::Nobody,
            identities: Identities::default(),
            context: Vec::new(),
            explain: false,
            dry_run: false,
            log: None,
            limits: Limits::default(),
            socket_mode: None,
        }
    }
}
