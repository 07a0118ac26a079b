//! Envoy's external authorization: `envoy.service.auth.v3.Authorization/Check`.
//!
//! Every call is answered with `OK` in gRPC's terms, be it a denial: an error could be taken as leave to let through (`failure_mode_allow`).

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use envoy_types::ext_authz::v3::pb::{
    Authorization, AuthorizationServer, CheckRequest, CheckResponse, DeniedHttpResponse, HeaderAppendAction,
    HeaderValue as EnvoyHeader, HeaderValueOption, HttpResponse, HttpStatus, HttpStatusCode, OkHttpResponse,
};
use envoy_types::pb::envoy::config::core::v3::address::Address;
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::HttpRequest;
use envoy_types::pb::google::protobuf::value::Kind;
use envoy_types::pb::google::protobuf::{Struct, Value};
use envoy_types::pb::google::rpc::Status;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use prost::Message as _;
use tonic::body::Body;
use tonic::{Code, Response};

use super::identity::Peer;
use super::idle::Use;
use super::metrics::Protocol;
use super::point::{Answer, Asked, Point};
use super::web::{Headers, Web, asked};

/// One connection's side of the service.
struct Service {
    point: Arc<Point>,
    peer: Peer,
}

#[tonic::async_trait]
impl Authorization for Service {
    async fn check(
        &self,
        request: tonic::Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, tonic::Status> {
        let Ok(_permit) = self.point.requests.try_acquire() else {
            return Ok(Response::new(response(&self.point.refuse(Protocol::Grpc, "overloaded"))));
        };
        let answers = self.point.answer(Protocol::Grpc, &[self.question(request.get_ref())]).await;
        let answer = answers.into_iter().next();
        let answer = answer.unwrap_or_else(|| self.point.refuse(Protocol::Grpc, "internal"));
        Ok(Response::new(response(&answer)))
    }
}

/// The service with its limits around it, and with denials for what fails in gRPC's own terms: a message that is too large, or none.
#[derive(Clone)]
pub(super) struct Bounded {
    point: Arc<Point>,
    inner: AuthorizationServer<Service>,
    calls: Arc<Use>,
}

impl Bounded {
    pub(super) fn new(point: &Arc<Point>, peer: Peer, calls: &Arc<Use>) -> Self {
        let service = Service { point: Arc::clone(point), peer };
        let inner = AuthorizationServer::new(service).max_decoding_message_size(point.config.limits.body);
        Self { point: Arc::clone(point), inner, calls: Arc::clone(calls) }
    }
}

impl tower_service::Service<http::Request<Incoming>> for Bounded {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Incoming>) -> Self::Future {
        let Self { point, mut inner, calls } = self.clone();
        Box::pin(async move {
            let _call = calls.call();
            if request.uri().path() != CHECK {
                return inner.call(request).await;
            }
            let start = Instant::now();
            let refuse = |reason| Ok(denied(&point.refuse(Protocol::Grpc, reason)));
            let Ok(_permit) = point.calls.try_acquire() else { return refuse("overloaded") };
            let answered = tokio::time::timeout(point.config.limits.time, inner.call(request)).await;
            point.metrics.took(Protocol::Grpc, start.elapsed());
            let Ok(answered) = answered else { return refuse("timeout") };
            let answered = answered?;
            // An answer has its status behind it; a failure has it here.
            match answered.headers().get("grpc-status").map(HeaderValue::as_bytes) {
                None | Some(b"0") => Ok(answered),
                Some(b"11") => refuse("body_too_large"),
                Some(_) => refuse("malformed_request"),
            }
        })
    }
}

/// The one call that there is.
const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// A denial as a whole answer of gRPC.
fn denied(answer: &Answer) -> http::Response<Body> {
    let message = response(answer).encode_to_vec();
    // Not compressed, and its length.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    let frame = [&[0][..], &length, &message].concat();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from(frame)).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut reply = http::Response::new(Body::new(body));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    reply
}

impl Service {
    fn question(&self, request: &CheckRequest) -> Result<Asked, &'static str> {
        let attributes = request.attributes.as_ref().ok_or("malformed_request")?;
        let http = attributes.request.as_ref().and_then(|request| request.http.as_ref());
        let http = http.ok_or("malformed_request")?;
        let source = attributes.source.as_ref();
        let address = source.and_then(|source| source.address.as_ref()?.address.as_ref());
        let address = match address {
            Some(Address::SocketAddress(socket)) => Some(socket.address.as_str()),
            // A pipe, say: no address, and whoever asks for one is not told another.
            Some(_) => Some("none"),
            None => None,
        };
        let named = |text: &'static str, value: &str| (!value.is_empty()).then_some(()).ok_or(text);
        named("malformed_request", &http.method)?;
        named("malformed_request", &http.path)?;
        let web = Web {
            peer: self.peer,
            id: Some(http.id.as_str()).filter(|id| !id.is_empty()),
            method: &http.method,
            target: &http.path,
            headers: http,
            certified: source.map(|source| source.principal.as_str()),
            address: address.filter(|text| !text.is_empty()),
            tls: Some(came_by_tls(attributes)),
        };
        asked(&self.point.config, &self.point.metrics, &web)
    }
}

/// Whether the client's connection was TLS, by what only a handshake tells: the name of the server that it asked for, or a certificate. Not by the scheme,
/// which a client may say as it likes (HTTP/2, `X-Forwarded-Proto`), and not by there being a session, since Envoy tells an empty one of plain connections.
/// Where nothing tells, it was none.
fn came_by_tls(attributes: &AttributeContext) -> bool {
    let named = attributes.tls_session.as_ref().is_some_and(|session| !session.sni.is_empty());
    let source = attributes.source.as_ref();
    named || source.is_some_and(|source| !(source.principal.is_empty() && source.certificate.is_empty()))
}

impl Headers for HttpRequest {
    fn may_be_joined(&self) -> bool {
        self.header_map.is_none()
    }

    /// Envoy gives headers one by one where it is told to (`encode_raw_headers`); else it joins what comes several times, with commas.
    fn all(&self, name: &HeaderName) -> Vec<Option<Cow<'_, str>>> {
        if let Some(map) = &self.header_map {
            let of_name = map.headers.iter().filter(|header| header.key.eq_ignore_ascii_case(name.as_str()));
            let value = |header: &EnvoyHeader| {
                if header.raw_value.is_empty() {
                    return Some(Cow::Owned(header.value.clone()));
                }
                String::from_utf8(header.raw_value.to_vec()).ok().map(Cow::Owned)
            };
            return of_name.map(value).collect();
        }
        let found = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name.as_str()));
        found.map(|(_, value)| Some(Cow::Borrowed(value.as_str()))).collect()
    }
}

fn header(name: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(EnvoyHeader { key: name.to_owned(), value: value.to_owned(), ..EnvoyHeader::default() }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}

fn text(name: &str, value: &str) -> (String, Value) {
    (name.to_owned(), Value { kind: Some(Kind::StringValue(value.to_owned())) })
}

fn response(answer: &Answer) -> CheckResponse {
    let (code, http) = if answer.passes() {
        // Only a dry run, whose every answer says so, has something to say to the client.
        let said = answer.dry_run.then(|| header("x-portcullis-dry-run", answer.effect.name()));
        let ok = OkHttpResponse {
            response_headers_to_add: said.into_iter().collect(),
            ..OkHttpResponse::default()
        };
        (Code::Ok, HttpResponse::OkResponse(ok))
    } else {
        let status = if answer.anonymous { HttpStatusCode::Unauthorized } else { HttpStatusCode::Forbidden };
        // No headers: Envoy would pass on to the client why it is denied.
        let denied = DeniedHttpResponse {
            status: Some(HttpStatus { code: status.into() }),
            ..DeniedHttpResponse::default()
        };
        (Code::PermissionDenied, HttpResponse::DeniedResponse(denied))
    };
    CheckResponse {
        status: Some(Status { code: code.into(), message: answer.reason.to_owned(), details: Vec::new() }),
        http_response: Some(http),
        // For Envoy's own logs and filters: `%DYNAMIC_METADATA(envoy.filters.http.ext_authz:reason)%`.
        dynamic_metadata: Some(Struct {
            fields: [text("decision", answer.effect.name()), text("reason", answer.reason)].into(),
        }),
    }
}
