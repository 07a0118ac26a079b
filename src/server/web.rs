//! Requests that a proxy passes on: from method, target and headers to a question.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

use super::config::{Config, ContextFrom, PrincipalFrom};
use super::identity::{ANONYMOUS, Peer};
use super::metrics::Metrics;
use super::point::{Asked, What};
use crate::runtime::ContextMap;

/// Headers, wherever they stand.
pub(super) trait Headers {
    /// All values of a header; `None` for one that is not UTF-8.
    fn all(&self, name: &HeaderName) -> Vec<Option<Cow<'_, str>>>;
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
    /// `https`, `http`.
    pub(super) scheme: Option<&'w str>,
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
        let values: Vec<Option<Cow<'_, str>>> = match from {
            ContextFrom::Header(name) => web.headers.all(name),
            ContextFrom::SourceAddress => {
                web.address.map(|address| Some(address.into())).into_iter().collect()
            }
            ContextFrom::Tls => match web.scheme {
                Some("https") => vec![Some("true".into())],
                Some("http") => vec![Some("false".into())],
                _ => Vec::new(),
            },
        };
        let values: Option<Vec<Cow<'_, str>>> = values.into_iter().collect();
        let values = values.ok_or("malformed_request")?;
        let added = match values.as_slice() {
            [] => continue,
            [one] => context.insert(key, one.as_ref()),
            // Several values are several values (rules C5, C6).
            many => context.insert_list(key, many.iter().map(|value| value.as_ref())),
        };
        added.map_err(|_| "malformed_request")?;
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

enum Said {
    Nobody,
    Somebody(String),
    Doubtful,
}

fn principal(config: &Config, trusted: bool, web: &Web<'_>) -> Said {
    let names: Vec<Option<Cow<'_, str>>> = match &config.principal {
        PrincipalFrom::Nobody => return Said::Nobody,
        PrincipalFrom::Header(name) => web.headers.all(name),
        PrincipalFrom::Mtls => web.certified.map(|name| Some(name.into())).into_iter().collect(),
    };
    match names.as_slice() {
        [] => Said::Nobody,
        [Some(name)] if name.is_empty() => Said::Nobody,
        [Some(name)] if trusted => match config.identities.principal(name) {
            Some(arn) => Said::Somebody(arn.to_owned()),
            None => Said::Doubtful,
        },
        // Said by somebody who may not, said twice, or no text.
        _ => Said::Doubtful,
    }
}
