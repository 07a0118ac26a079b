//! Envoy's external authorization: `envoy.service.auth.v3.Authorization/Check`.
//!
//! Every call is answered with `OK` in gRPC's terms, be it a denial: an error could be taken as leave to let through (`failure_mode_allow`).

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use envoy_types::ext_authz::v3::pb::{
    Authorization, CheckRequest, CheckResponse, DeniedHttpResponse, HeaderAppendAction, HeaderValue,
    HeaderValueOption, HttpResponse, HttpStatus, HttpStatusCode, OkHttpResponse,
};
use envoy_types::pb::envoy::config::core::v3::address::Address;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::HttpRequest;
use envoy_types::pb::google::rpc::Status;
use http::HeaderName;
use tonic::{Code, Response};

use super::identity::Peer;
use super::metrics::Protocol;
use super::point::{Answer, Asked, Point};
use super::web::{Headers, Web, asked};

/// One connection's side of the service.
pub(super) struct Service {
    pub(super) point: Arc<Point>,
    pub(super) peer: Peer,
}

#[tonic::async_trait]
impl Authorization for Service {
    async fn check(
        &self,
        request: tonic::Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, tonic::Status> {
        let answer =
            match tokio::time::timeout(self.point.config.limits.time, self.answer(request.get_ref())).await {
                Ok(answer) => answer,
                Err(_) => self.point.refuse("timeout"),
            };
        Ok(Response::new(response(&answer)))
    }
}

impl Service {
    async fn answer(&self, request: &CheckRequest) -> Answer {
        let point = &self.point;
        let Ok(_permit) = point.requests.try_acquire() else { return point.refuse("overloaded") };
        let batch = point.answer(Protocol::Grpc, &[self.question(request)]);
        let answers = point.log(batch).await;
        answers.into_iter().next().unwrap_or_else(|| point.refuse("internal"))
    }

    fn question(&self, request: &CheckRequest) -> Result<Asked, &'static str> {
        let attributes = request.attributes.as_ref().ok_or("malformed_request")?;
        let http = attributes.request.as_ref().and_then(|request| request.http.as_ref());
        let http = http.ok_or("malformed_request")?;
        let source = attributes.source.as_ref();
        let address = source.and_then(|source| source.address.as_ref()?.address.as_ref());
        let address = match address {
            Some(Address::SocketAddress(socket)) => Some(socket.address.as_str()),
            _ => None,
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
            address: address.filter(|text| text.parse::<IpAddr>().is_ok()),
            scheme: Some(http.scheme.as_str()),
        };
        asked(&self.point.config, &self.point.metrics, &web)
    }
}

impl Headers for HttpRequest {
    /// Envoy gives headers one by one where it is told to (`encode_raw_headers`); else it joins what comes several times, with commas.
    fn all(&self, name: &HeaderName) -> Vec<Option<Cow<'_, str>>> {
        if let Some(map) = &self.header_map {
            let of_name = map.headers.iter().filter(|header| header.key.eq_ignore_ascii_case(name.as_str()));
            let value = |header: &envoy_types::pb::envoy::config::core::v3::HeaderValue| {
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
        header: Some(HeaderValue { key: name.to_owned(), value: value.to_owned(), ..HeaderValue::default() }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}

fn response(answer: &Answer) -> CheckResponse {
    let mut said = vec![
        header("x-portcullis-decision", answer.effect.name()),
        header("x-portcullis-reason", answer.reason),
    ];
    if answer.dry_run {
        said.push(header("x-portcullis-dry-run", answer.effect.name()));
    }
    let (code, http) = if answer.passes() {
        // What is allowed is nobody's business but in a dry run, whose every answer says so.
        let said = if answer.dry_run { said } else { Vec::new() };
        (
            Code::Ok,
            HttpResponse::OkResponse(OkHttpResponse {
                response_headers_to_add: said,
                ..OkHttpResponse::default()
            }),
        )
    } else {
        let status = if answer.anonymous { HttpStatusCode::Unauthorized } else { HttpStatusCode::Forbidden };
        let denied = DeniedHttpResponse {
            status: Some(HttpStatus { code: status.into() }),
            headers: said,
            ..DeniedHttpResponse::default()
        };
        (Code::PermissionDenied, HttpResponse::DeniedResponse(denied))
    };
    CheckResponse {
        status: Some(Status { code: code.into(), message: answer.reason.to_owned(), details: Vec::new() }),
        http_response: Some(http),
        ..CheckResponse::default()
    }
}
