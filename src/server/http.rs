//! HTTP/1: what is asked at which path.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::body;
use super::identity::Peer;
use super::metrics::Protocol;
use super::point::{Answer, Point, short};
use super::web::{Headers as _, Web, asked};
use crate::live::Unready;

type Reply = Response<Full<Bytes>>;

const JSON: &str = "application/json";
const DECISION: HeaderName = HeaderName::from_static("x-portcullis-decision");
const REASON: HeaderName = HeaderName::from_static("x-portcullis-reason");
const DRY_RUN: HeaderName = HeaderName::from_static("x-portcullis-dry-run");
const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const ORIGINAL_URI: HeaderName = HeaderName::from_static("x-original-uri");
const ORIGINAL_ADDRESS: HeaderName = HeaderName::from_static("x-original-address");
const ORIGINAL_SCHEME: HeaderName = HeaderName::from_static("x-original-scheme");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is to be had on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// Decisions.
    pub(super) decisions: bool,
    /// What is said of the process itself.
    pub(super) process: bool,
}

/// Answers one request, in the time that one has.
pub(super) async fn answer(
    point: Arc<Point>,
    peer: Peer,
    offer: Offer,
    request: Request<Incoming>,
) -> Result<Reply, Infallible> {
    let start = Instant::now();
    let asks = match request.uri().path() {
        "/v1/auth" => Some(Protocol::Nginx),
        "/v1/decide" => Some(Protocol::Http),
        _ => None,
    };
    let limit = point.config.limits.time;
    let mut reply = match tokio::time::timeout(limit, lead(&point, peer, offer, request)).await {
        Ok(reply) => reply,
        Err(_) => {
            let message = "the request took too long";
            match asks {
                Some(protocol) => deny(&point, protocol, StatusCode::REQUEST_TIMEOUT, "timeout", message),
                // An explanation: nothing was to be decided.
                None => {
                    json(StatusCode::REQUEST_TIMEOUT, body::refusal(&point.undecided("timeout"), message))
                }
            }
        }
    };
    if let Some(protocol) = asks.filter(|_| offer.decisions) {
        point.metrics.took(protocol, start.elapsed());
    }
    if point.config.dry_run {
        if asks == Some(Protocol::Http) && reply.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == JSON)
        {
            // What is let through is no failure of whoever asked.
            *reply.status_mut() = StatusCode::OK;
        }
        reply.headers_mut().entry(DRY_RUN).or_insert(HeaderValue::from_static("on"));
    }
    Ok(reply)
}

async fn lead(point: &Arc<Point>, peer: Peer, offer: Offer, request: Request<Incoming>) -> Reply {
    let path = request.uri().path();
    match (path, request.method()) {
        ("/healthz" | "/readyz" | "/metrics", &Method::GET | &Method::HEAD) if offer.process => {
            process(point, path)
        }
        ("/v1/auth", _) if offer.decisions => auth(point, peer, request.headers()).await,
        ("/v1/decide", &Method::POST) if offer.decisions => decide(point, request).await,
        ("/v1/explain", &Method::POST) if offer.process && point.config.explain => {
            explain(point, request).await
        }
        ("/healthz" | "/readyz" | "/metrics", _) if offer.process => not_allowed("GET, HEAD"),
        ("/v1/decide", _) if offer.decisions => not_allowed("POST"),
        _ => reply(StatusCode::NOT_FOUND, "text/plain", "there is nothing here\n"),
    }
}

/// Of the process itself.
fn process(point: &Point, path: &str) -> Reply {
    match path {
        "/metrics" => match point.metrics.text(point.is_followed(), point.ready().is_ok()) {
            Ok(text) => {
                let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                reply(StatusCode::OK, kind, text)
            }
            Err(_) => {
                reply(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "the metrics cannot be written\n")
            }
        },
        "/readyz" => {
            let (status, text) = match point.ready() {
                Ok(loaded) => (StatusCode::OK, format!("ready: bundle {}\n", short(loaded.digest()))),
                Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
            };
            reply(status, "text/plain", text)
        }
        _ => reply(StatusCode::OK, "text/plain", "alive\n"),
    }
}

/// nginx's `auth_request`: 2xx lets through, 401 and 403 refuse; anything else would be an error of the site, so there is nothing else.
async fn auth(point: &Arc<Point>, peer: Peer, headers: &HeaderMap) -> Reply {
    let Ok(_permit) = point.requests.try_acquire() else {
        return deny(point, Protocol::Nginx, StatusCode::FORBIDDEN, "overloaded", "");
    };
    let question = question(point, peer, headers);
    let answers = point.answer(Protocol::Nginx, &[question]).await;
    match answers.first() {
        Some(answer) => verdict(answer),
        None => deny(point, Protocol::Nginx, StatusCode::FORBIDDEN, "internal", ""),
    }
}

fn question(point: &Point, peer: Peer, headers: &HeaderMap) -> Result<super::point::Asked, &'static str> {
    let one = |name: HeaderName| -> Result<Option<String>, &'static str> {
        match headers.all(&name).as_slice() {
            [] => Ok(None),
            [Some(value)] => Ok(Some(value.to_string())),
            // Which of two would be the one that is forwarded nobody can tell.
            _ => Err("malformed_request"),
        }
    };
    let method = one(ORIGINAL_METHOD)?.ok_or("malformed_request")?;
    let target = one(ORIGINAL_URI)?.ok_or("malformed_request")?;
    let address = one(ORIGINAL_ADDRESS)?.filter(|text| !text.is_empty());
    let tls = match one(ORIGINAL_SCHEME)?.as_deref() {
        None | Some("") => None,
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => Some(true),
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => Some(false),
        Some(_) => return Err("malformed_request"),
    };
    let id = one(REQUEST_ID)?;
    let web = Web {
        peer,
        id: id.as_deref(),
        method: &method,
        target: &target,
        headers,
        certified: None,
        address: address.as_deref(),
        tls,
    };
    asked(&point.config, &point.metrics, &web)
}

/// The answer to `auth_request`. An anonymous caller may come again and say who it is.
fn verdict(answer: &Answer) -> Reply {
    let status = match answer {
        answer if answer.passes() => StatusCode::NO_CONTENT,
        answer if answer.anonymous => StatusCode::UNAUTHORIZED,
        _ => StatusCode::FORBIDDEN,
    };
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(DECISION, HeaderValue::from_static(answer.effect.name()));
    headers.insert(REASON, HeaderValue::from_static(answer.reason));
    if answer.dry_run {
        headers.insert(DRY_RUN, HeaderValue::from_static(answer.effect.name()));
    }
    reply
}

/// `POST /v1/decide`.
async fn decide(point: &Arc<Point>, request: Request<Incoming>) -> Reply {
    let overloaded = || {
        let message = "too many requests at a time";
        let mut reply = deny(point, Protocol::Http, StatusCode::SERVICE_UNAVAILABLE, "overloaded", message);
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        reply
    };
    let Ok(_body) = point.bodies.try_acquire() else { return overloaded() };
    let posted = match posted(point, request).await {
        Ok(posted) => posted,
        Err((status, refused)) => {
            return deny(point, Protocol::Http, status, refused.reason, &refused.message);
        }
    };
    let Ok(_permit) = point.requests.try_acquire() else { return overloaded() };
    let body::Posted { asked, batch } = posted;
    let (asked, errors): (Vec<_>, Vec<_>) = asked
        .into_iter()
        .map(|asked| match asked {
            Ok(asked) => (Ok(asked), None),
            Err(error) => (Err("malformed_request"), Some(error)),
        })
        .unzip();
    let answers = point.answer(Protocol::Http, &asked).await;
    let asked = asked
        .into_iter()
        .zip(errors)
        .map(|(asked, error)| asked.map_err(|reason| error.unwrap_or_else(|| body::Unusable::of(reason))));
    let posted = body::Posted { asked: asked.collect(), batch };
    // Without a bundle, or a log that may not lose a line, there is no decision of any question: whoever only looks at the status knows.
    let undecided = |answer: &Answer| {
        answer.reason == "log_unavailable"
            || Unready::ALL.iter().any(|unready| unready.name() == answer.reason)
    };
    let status = match posted.asked.first() {
        Some(Err(_)) if !batch => StatusCode::BAD_REQUEST,
        _ if answers.iter().any(undecided) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    let mut reply = json(status, body::write(&posted, &answers));
    if point.config.dry_run
        && let (false, Some(answer)) = (batch, answers.first())
    {
        reply.headers_mut().insert(DRY_RUN, HeaderValue::from_static(answer.effect.name()));
    }
    reply
}

/// `POST /v1/explain`. Nothing is decided here, so that a failure is none that is counted as a denial.
async fn explain(point: &Arc<Point>, request: Request<Incoming>) -> Reply {
    let failed =
        |status, reason, message: &str| json(status, body::refusal(&point.undecided(reason), message));
    let Ok(_permit) = point.explanations.try_acquire() else {
        let message = "too many explanations at a time";
        return failed(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message);
    };
    let posted = match posted(point, request).await {
        Ok(posted) => posted,
        Err((status, refused)) => return failed(status, refused.reason, &refused.message),
    };
    let asked = match <[_; 1]>::try_from(posted.asked) {
        Ok([Ok(asked)]) => asked,
        Ok([Err(unusable)]) => {
            return failed(StatusCode::BAD_REQUEST, "malformed_request", &unusable.message);
        }
        Err(_) => {
            let message = "one request at a time is explained";
            return failed(StatusCode::BAD_REQUEST, "malformed_request", message);
        }
    };
    match super::explain::answer(point, asked).await {
        Ok(text) => json(StatusCode::OK, text.into()),
        Err((reason, message)) => {
            let unready = Unready::ALL.iter().any(|unready| unready.name() == reason);
            let status = match reason {
                "internal" => StatusCode::INTERNAL_SERVER_ERROR,
                _ if unready => StatusCode::SERVICE_UNAVAILABLE,
                // A path without a route, or a bundle without its policies.
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            failed(status, reason, &message)
        }
    }
}

/// Reads what was posted, or says why it is refused as a whole.
async fn posted(
    point: &Point,
    request: Request<Incoming>,
) -> Result<body::Posted, (StatusCode, body::Refused)> {
    let limits = point.config.limits;
    let read = match Limited::new(request.into_body(), limits.body).collect().await {
        Ok(read) => read.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("a body has at most {} bytes", limits.body);
            let refused = body::Refused { reason: "body_too_large", message };
            return Err((StatusCode::PAYLOAD_TOO_LARGE, refused));
        }
        Err(_) => {
            return Err((StatusCode::BAD_REQUEST, body::Refused::malformed("the body ended early")));
        }
    };
    body::read(&read, limits.batch).map_err(|refused| {
        let status = match refused.reason {
            "batch_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        (status, refused)
    })
}

/// A denial without a decision.
fn deny(point: &Point, protocol: Protocol, status: StatusCode, reason: &'static str, message: &str) -> Reply {
    let answer = point.refuse(protocol, reason);
    match protocol {
        Protocol::Nginx => verdict(&answer),
        _ => json(status, body::refusal(&answer, message)),
    }
}

fn not_allowed(methods: &'static str) -> Reply {
    let mut reply = reply(StatusCode::METHOD_NOT_ALLOWED, "text/plain", format!("only {methods}\n"));
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    reply
}

fn json(status: StatusCode, body: Bytes) -> Reply {
    reply(status, JSON, body)
}

fn reply(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}
