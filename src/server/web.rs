//! Requests that a proxy passes on: from method, target and headers to a question.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};

use super::config::{Config, ContextFrom, PrincipalFrom};
use super::identity::{ANONYMOUS, Peer};
use super::metrics::Metrics;
use super::point::{Asked, What};
use crate::runtime::ContextMap;

/// The reason to refuse what cannot be understood.
const MALFORMED: &str = "malformed_request";

/// Headers, wherever they stand.
pub(super) trait Headers {
    /// All values of a header; `None` for one that is not UTF-8.
    fn all(&self, name: &HeaderName) -> Vec<Option<Cow<'_, str>>>;

    /// Whether what came several times may have been joined, with commas.
    fn may_be_joined(&self) -> bool {
        false
    }
}

impl Headers for HeaderMap {
    fn all(&self, name: &HeaderName) -> Vec<Option<Cow<'_, str>>> {
        let values = self.get_all(name).iter();
        values.map(|value| std::str::from_utf8(value.as_bytes()).ok().map(Cow::Borrowed)).collect()
    }
}

/// A request as a proxy passes it on.
pub(super) struct Web<'w> {
    pub(super) peer: Peer,
    pub(super) id: Option<&'w str>,
    pub(super) method: &'w str,
    /// The path with its query, as the client sent it.
    pub(super) target: &'w str,
    pub(super) headers: &'w dyn Headers,
    /// The identity of the client's certificate, as the proxy verified it.
    pub(super) certified: Option<&'w str>,
    /// The client's address.
    pub(super) address: Option<&'w str>,
    /// Whether the client came by TLS, as the proxy's own connection says: nothing that the client sends may tell.
    pub(super) tls: Option<bool>,
}

/// The question that a request is.
///
/// # Errors
/// A reason to refuse: what the request says of itself cannot be read.
pub(super) fn asked(config: &Config, metrics: &Metrics, web: &Web<'_>) -> Result<Asked, &'static str> {
    let trusted = config.trusted.holds(web.peer);
    let principal = match principal(config, trusted, web) {
        Said::Nobody => ANONYMOUS.to_owned(),
        Said::Somebody(arn) => arn,
        Said::Doubtful => {
            metrics.unverified.inc();
            ANONYMOUS.to_owned()
        }
    };
    let (mut context, mut keys) = (ContextMap::new(), Vec::new());
    // What anybody may set says nothing.
    for (key, from) in config.context.iter().filter(|_| trusted) {
        // What is there and cannot be used is no leave to go on without it: a deny may depend on the key.
        let added = match from {
            ContextFrom::Header(name) => match single(web.headers, name)? {
                Some(value) => context.insert(key, value),
                None => continue,
            },
            ContextFrom::Headers(name) => {
                let values: Option<Vec<Cow<'_, str>>> = web.headers.all(name).into_iter().collect();
                let values = values.ok_or(MALFORMED)?;
                if values.is_empty() {
                    continue;
                }
                let parts = values.iter().flat_map(|value| value.split(',')).map(str::trim);
                context.insert_list(key, parts.filter(|part| !part.is_empty()))
            }
            ContextFrom::SourceAddress => match web.address {
                Some(text) => context.insert(key, address(text).ok_or(MALFORMED)?.to_string()),
                None => continue,
            },
            ContextFrom::Tls => match web.tls {
                Some(tls) => context.insert(key, tls.to_string()),
                None => continue,
            },
        };
        added.map_err(|_| MALFORMED)?;
        keys.push(key.clone());
    }
    Ok(Asked {
        id: web.id.map(str::to_owned),
        principal,
        what: What::Route { method: web.method.to_owned(), target: web.target.to_owned() },
        resource_account: None,
        context,
        keys,
    })
}

/// The one value of a header. Twice the same header is nothing that could be meant, and a list would not do instead: no condition on one value
/// holds for it, so a deny would not either (rule C6).
fn single(headers: &dyn Headers, name: &HeaderName) -> Result<Option<String>, &'static str> {
    let values = headers.all(name);
    match values.as_slice() {
        [] => Ok(None),
        [Some(value)] if headers.may_be_joined() && value.contains(',') => Err(MALFORMED),
        [Some(value)] => Ok(Some(value.to_string())),
        _ => Err(MALFORMED),
    }
}

/// An address, with or without a port; an IPv4 address that is written as an IPv6 one is IPv4 (rule C10 keeps the families apart).
fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

enum Said {
    Nobody,
    Somebody(String),
    Doubtful,
}

fn principal(config: &Config, trusted: bool, web: &Web<'_>) -> Said {
    // The name of a certificate comes by itself, and commas may belong to it.
    let (names, joined): (Vec<Option<Cow<'_, str>>>, bool) = match &config.principal {
        PrincipalFrom::Nobody => return Said::Nobody,
        PrincipalFrom::Header(name) => (web.headers.all(name), web.headers.may_be_joined()),
        PrincipalFrom::Mtls => (web.certified.map(|name| Some(name.into())).into_iter().collect(), false),
    };
    match names.as_slice() {
        [] => Said::Nobody,
        [Some(name)] if name.is_empty() => Said::Nobody,
        [Some(name)] if joined && name.contains(',') => Said::Doubtful,
        [Some(name)] if trusted => match config.identities.principal(name) {
            Some(arn) => Said::Somebody(arn.to_owned()),
            None => Said::Doubtful,
        },
        // Said by somebody who may not, said twice, or no text.
        _ => Said::Doubtful,
    }
}
