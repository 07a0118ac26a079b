//! Bundles over HTTP and HTTPS.

use std::fmt;
use std::time::Duration;

use ureq::http::{Response, StatusCode, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::source::MOST_BYTES;
use super::{Candidate, Fetched, Source, SourceError};
use crate::trust::MAX_SIGNATURE_BYTES;

/// How a bundle is fetched.
#[derive(Clone)]
pub struct HttpOptions {
    /// The most time for one request, from name lookup to the last byte.
    pub timeout: Duration,
    /// The most bytes of a bundle.
    pub most_bytes: u64,
    /// What the `Authorization` header holds.
    pub authorization: Option<String>,
    /// Certificates of the authorities that are trusted, as PEM; `None`: those that browsers trust.
    pub authorities: Option<String>,
    /// Whether there is a signature beside the bundle, at the URL with `.sig` behind its path.
    pub signed: bool,
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What authorizes is no matter of logs.
        f.debug_struct("HttpOptions").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            most_bytes: MOST_BYTES,
            authorization: None,
            authorities: None,
            signed: false,
        }
    }
}

/// Why a URL is no source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// Neither `http://` nor `https://`, or no URL.
    NotHttp,
    /// A name or password stands in it, which would end in logs.
    Credentials,
    /// The certificates of the authorities cannot be read.
    Authorities,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp => "is no URL of the form http://host/path or https://host/path",
            Self::Credentials => {
                "holds a name or password, which would be logged: give an Authorization header in a file"
            }
            Self::Authorities => "cannot be checked: the file of authorities holds no certificates in PEM",
        })
    }
}

impl std::error::Error for UrlError {}

/// A bundle at a URL. What has not changed is not sent again (`ETag`); redirections are not followed, since they could lead from `https` to
/// `http` or carry the authorization to a stranger.
pub struct HttpSource {
    agent: Agent,
    bundle: Uri,
    signature: Option<Uri>,
    options: HttpOptions,
    etags: Option<(String, Option<String>)>,
    last_signature: Option<Vec<u8>>,
}

impl fmt::Debug for HttpSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSource").field("bundle", &self.bundle).finish_non_exhaustive()
    }
}

impl HttpSource {
    /// A URL that is looked at when it is fetched, not now.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn new(url: &str, options: HttpOptions) -> Result<Self, UrlError> {
        let bundle: Uri = url.parse().map_err(|_| UrlError::NotHttp)?;
        let authority = bundle.authority().ok_or(UrlError::NotHttp)?;
        if !matches!(bundle.scheme_str(), Some("http" | "https")) {
            return Err(UrlError::NotHttp);
        }
        if authority.as_str().contains('@') {
            return Err(UrlError::Credentials);
        }
        let mut tls = TlsConfig::builder();
        if let Some(text) = &options.authorities {
            let found: Result<Vec<_>, _> = ureq::tls::parse_pem(text.as_bytes())
                .map(|item| match item {
                    Ok(ureq::tls::PemItem::Certificate(found)) => Ok(found),
                    _ => Err(UrlError::Authorities),
                })
                .collect();
            let found: Vec<Certificate<'static>> = found?;
            if found.is_empty() {
                return Err(UrlError::Authorities);
            }
            tls = tls.root_certs(RootCerts::from(found));
        }
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .timeout_global(Some(options.timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
            // A proxy of the environment would be one more place to trust.
            .proxy(None)
            .build();
        let signature = options.signed.then(|| beside(&bundle)).flatten();
        Ok(Self {
            agent: Agent::new_with_config(config),
            bundle,
            signature,
            options,
            etags: None,
            last_signature: None,
        })
    }

    /// One request. `None`: not changed.
    fn get(&self, uri: &Uri, etag: Option<&str>) -> Result<Option<Response<Body>>, SourceError> {
        let mut request = self.agent.get(uri);
        if let Some(authorization) = &self.options.authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(etag) = etag {
            request = request.header("if-none-match", etag);
        }
        let response =
            request.call().map_err(|error| SourceError(format!("cannot fetch {}: {error}", shown(uri))))?;
        match response.status() {
            StatusCode::OK => Ok(Some(response)),
            StatusCode::NOT_MODIFIED if etag.is_some() => Ok(None),
            status => Err(SourceError(format!("cannot fetch {}: the server answers {status}", shown(uri)))),
        }
    }

    fn body(&self, uri: &Uri, response: Response<Body>, most: u64) -> Result<Vec<u8>, SourceError> {
        let body = response.into_body().into_with_config().limit(most).read_to_vec();
        body.map_err(|error| SourceError(format!("cannot fetch {}: {error}", shown(uri))))
    }
}

/// The URL of the signature: `.sig` behind the path, the query as it is.
fn beside(bundle: &Uri) -> Option<Uri> {
    let mut parts = bundle.clone().into_parts();
    let query = bundle.query().map(|query| format!("?{query}")).unwrap_or_default();
    parts.path_and_query = Some(format!("{}.sig{query}", bundle.path()).parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// A URL for logs: its query may hold a token.
fn shown(uri: &Uri) -> String {
    uri.to_string().split('?').next().unwrap_or_default().to_owned()
}

fn etag_of(response: &Response<Body>) -> Option<String> {
    response.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned)
}

impl Source for HttpSource {
    fn fetch(&mut self) -> Result<Fetched, SourceError> {
        let (etag, signature_etag) = match &self.etags {
            Some((bundle, signature)) => (Some(bundle.as_str()), signature.as_deref()),
            None => (None, None),
        };
        let found = self.get(&self.bundle, etag)?;
        let mut signed = None;
        if let Some(uri) = &self.signature {
            // A new bundle needs its signature whatever its tag says; an old one may be signed anew.
            if let Some(response) = self.get(uri, signature_etag.filter(|_| found.is_none()))? {
                let tag = etag_of(&response);
                signed = Some((self.body(uri, response, MAX_SIGNATURE_BYTES as u64 + 1)?, tag));
            }
        }
        let response = match (found, &signed) {
            (Some(response), _) => response,
            (None, None) => return Ok(Fetched::Same),
            // A server may have no tags for signatures.
            (None, Some((signature, _))) if self.last_signature.as_ref() == Some(signature) => {
                return Ok(Fetched::Same);
            }
            (None, Some(_)) => {
                let again = self.get(&self.bundle, None)?;
                again.ok_or_else(|| {
                    SourceError(format!("cannot fetch {}: no contents", shown(&self.bundle)))
                })?
            }
        };
        let tag = etag_of(&response);
        let bundle = self.body(&self.bundle, response, self.options.most_bytes)?;
        let (signature, signature_tag) = signed.unzip();
        self.etags = tag.map(|tag| (tag, signature_tag.flatten()));
        self.last_signature.clone_from(&signature);
        Ok(Fetched::New(Candidate { bundle, signature }))
    }

    fn forget(&mut self) {
        (self.etags, self.last_signature) = (None, None);
    }

    fn name(&self) -> String {
        shown(&self.bundle)
    }
}
