//! Envoy's external authorization, by a client made of the published protocol.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use envoy_types::ext_authz::v3::pb::{CheckRequest, CheckResponse, HttpResponse};
use envoy_types::pb::envoy::config::core::v3::{Address, HeaderMap, HeaderValue, SocketAddress, address};
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer, Request, TlsSession};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use envoy_types::pb::google::protobuf::value::Kind;
use tonic::Code;
use tonic::transport::Endpoint;

use super::server::{ALICE, BOB, Server, until};

const ADMIN: &str = "arn:aws:sts::123456789012:assumed-role/admin/x";

/// A request as Envoy passes it on.
#[derive(Clone, Default)]
pub(crate) struct Passed {
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    /// Headers one by one, as with `encode_raw_headers`.
    raw: bool,
    principal: &'static str,
    address: &'static str,
    tls: bool,
}

impl Passed {
    pub(crate) fn get(path: &'static str) -> Self {
        Self { method: "GET", path, ..Self::default() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn check(self) -> CheckRequest {
        let map = self.headers.iter().map(|(key, value)| HeaderValue {
            key: (*key).to_owned(),
            raw_value: value.clone().into_bytes(),
            ..HeaderValue::default()
        });
        let header_map = self.raw.then(|| HeaderMap { headers: map.collect() });
        let mut headers: HashMap<String, String> = HashMap::new();
        for (key, value) in self.headers.into_iter().filter(|_| !self.raw) {
            let held = headers.entry(key.to_owned()).or_default();
            *held = if held.is_empty() { value } else { format!("{held},{value}") };
        }
        let socket = SocketAddress { address: self.address.to_owned(), ..SocketAddress::default() };
        let source = Peer {
            principal: self.principal.to_owned(),
            address: Some(Address { address: Some(address::Address::SocketAddress(socket)) }),
            ..Peer::default()
        };
        let http = HttpRequest {
            id: "1".to_owned(),
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            scheme: "https".to_owned(),
            headers,
            header_map,
            ..HttpRequest::default()
        };
        CheckRequest {
            attributes: Some(AttributeContext {
                source: Some(source),
                request: Some(Request { http: Some(http), ..Request::default() }),
                // Of a plain connection Envoy tells a session without a name.
                tls_session: Some(TlsSession { sni: if self.tls { "acme.example" } else { "" }.to_owned() }),
                ..AttributeContext::default()
            }),
        }
    }
}

pub(crate) fn ask(server: &Server, requests: Vec<CheckRequest>) -> Vec<CheckResponse> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = AuthorizationClient::connect(server.grpc()).await.unwrap();
        let mut answers = Vec::new();
        for request in requests {
            answers.push(client.check(request).await.unwrap().into_inner());
        }
        answers
    })
}

/// The HTTP status that Envoy sends; 200: it lets through.
pub(crate) fn status(response: &CheckResponse) -> i32 {
    let code = response.status.as_ref().unwrap().code;
    match response.http_response.as_ref().unwrap() {
        HttpResponse::OkResponse(_) => {
            assert_eq!(code, i32::from(Code::Ok));
            200
        }
        HttpResponse::DeniedResponse(denied) => {
            assert_eq!(code, i32::from(Code::PermissionDenied));
            denied.status.as_ref().unwrap().code
        }
        HttpResponse::ErrorResponse(_) => panic!("{response:?}"),
    }
}

/// Asks on one connection, again and again, for so long: how often it was answered.
pub(crate) fn check_until(server: &Server, time: Duration) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = Endpoint::from_shared(server.grpc()).unwrap().connect().await.unwrap();
        let mut client = AuthorizationClient::new(channel);
        let end = Instant::now() + time;
        let mut answered = 0;
        while Instant::now() < end {
            let answer = client.check(Passed::get("/reports/q3").check()).await.unwrap().into_inner();
            assert_eq!(status(&answer), 401);
            answered += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        answered
    })
}

/// Asks as fast as it can until it is told to stop or the connection ends. Whether all that was begun was answered.
pub(crate) fn load(address: &str, stop: &AtomicBool, answered: &AtomicU64) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = Endpoint::from_shared(address.to_owned()).unwrap().connect().await.unwrap();
        let mut client = AuthorizationClient::new(channel);
        while !stop.load(Ordering::Relaxed) {
            match client.check(Passed::get("/reports/q3").check()).await {
                Ok(answer) => assert_eq!(status(&answer.into_inner()), 401),
                // The server has closed the connection, and nobody listens any more: the call never began.
                Err(error) => {
                    return matches!(error.code(), Code::Unavailable | Code::Unknown | Code::Cancelled);
                }
            }
            answered.fetch_add(1, Ordering::Relaxed);
        }
        true
    })
}

fn reason(response: &CheckResponse) -> &str {
    &response.status.as_ref().unwrap().message
}

#[test]
fn envoy_passes_headers_of_a_trusted_proxy() {
    let server = Server::start(&[
        "--trust",
        "127.0.0.1",
        "--principal",
        "header:x-principal",
        "--context",
        "aws:SourceIp=source-address",
        "--context",
        "aws:SecureTransport=tls",
    ]);
    let safe = || Passed { method: "PUT", ..Passed::get("/safe/a") }.with("x-principal", ALICE);
    let from = |address, passed: Passed| Passed { address, ..passed };
    let put = || Passed { method: "PUT", ..Passed::get("/drafts/a") }.with("x-principal", ALICE);
    let raw = |passed: Passed| Passed { raw: true, ..passed };
    let cases = [
        (Passed::get("/reports/q3").with("x-principal", ALICE), 200, ""),
        (raw(Passed::get("/reports/q3").with("x-principal", ALICE)), 200, ""),
        (Passed::get("/reports/q3?x=1").with("x-principal", ALICE), 200, ""),
        (Passed::get("/reports/q3").with("x-principal", BOB), 403, "no_statement"),
        (Passed::get("/files/public/q3").with("x-principal", BOB), 200, ""),
        (Passed::get("/reports/q3"), 401, "no_resource_policy"),
        (raw(Passed::get("/reports/q3").with("x-principal", ALICE).with("X-Principal", BOB)), 401, ""),
        (Passed::get("/reports/q3").with("x-principal", ALICE).with("x-principal", ALICE), 401, ""),
        // Envoy joins what the client says and what the proxy adds: that is no session of a role with an odd name.
        (Passed::get("/reports/q3").with("x-principal", ADMIN).with("x-principal", ALICE), 401, ""),
        (Passed::get("/reports/../q3").with("x-principal", ALICE), 403, ""),
        (Passed::get("/elsewhere").with("x-principal", ALICE), 403, "no_route"),
        (from("10.1.2.3", put()), 200, ""),
        (from("192.0.2.1", put()), 403, "no_statement"),
        (from("", put()), 403, "no_statement"),
        // Every request here says `https`, which a client may have said.
        (safe(), 403, "no_statement"),
        (Passed { tls: true, ..safe() }, 200, ""),
    ];
    let answers = ask(&server, cases.iter().map(|(passed, _, _)| passed.clone().check()).collect());
    for ((passed, expected, why), answer) in cases.iter().zip(&answers) {
        assert_eq!(status(answer), *expected, "{} {:?}", passed.path, passed.headers);
        assert!(why.is_empty() || reason(answer) == *why, "{}", reason(answer));
        // Envoy's logs learn why; the client does not.
        let metadata = &answer.dynamic_metadata.as_ref().unwrap().fields["reason"];
        assert_eq!(metadata.kind, Some(Kind::StringValue(reason(answer).to_owned())));
        let Some(HttpResponse::DeniedResponse(denied)) = &answer.http_response else { continue };
        assert!(denied.headers.is_empty() && denied.body.is_empty(), "{denied:?}");
    }
    // What is no request of HTTP is denied, and no error that Envoy could be told to ignore.
    let answers = ask(&server, vec![CheckRequest::default(), Passed::default().check()]);
    assert!(answers.iter().all(|answer| status(answer) == 403 && reason(answer) == "malformed_request"));
    assert_eq!(
        server.metric("portcullis_decisions_total{protocol=\"grpc\",outcome=\"allow\",layer=\"identity\"}"),
        6.0
    );
}

#[test]
fn the_identity_of_a_certificate_stands_for_whom_the_operator_says() {
    let folder = tempfile::tempdir().unwrap();
    let identities = folder.path().join("identities.json");
    std::fs::write(
        &identities,
        format!("{{\"spiffe://acme/alice\": \"{ALICE}\", \"CN=alice,O=acme\": \"{ALICE}\"}}"),
    )
    .unwrap();
    let identities = identities.to_str().unwrap();
    let server = Server::start(&["--trust", "127.0.0.1", "--principal", "mtls", "--identities", identities]);
    let with = |principal| Passed { principal, ..Passed::get("/reports/q3") };
    let answers = ask(
        &server,
        vec![
            with("spiffe://acme/alice").check(),
            with("CN=alice,O=acme").check(),
            with("spiffe://acme/bob").check(),
            with(ALICE).check(),
            with("").check(),
            with("").with("x-principal", ALICE).check(),
        ],
    );
    assert_eq!(answers.iter().map(status).collect::<Vec<_>>(), [200, 200, 401, 401, 401, 401]);
    drop(server);
    // Nobody is trusted to say it from here.
    let server = Server::start(&["--trust", "192.0.2.1", "--principal", "mtls", "--identities", identities]);
    assert_eq!(status(&ask(&server, vec![with("spiffe://acme/alice").check()])[0]), 401);
}

#[test]
fn a_dry_run_says_so_to_envoy() {
    let server = Server::start(&["--dry-run"]);
    let answers = ask(&server, vec![Passed::get("/reports/q3").check(), CheckRequest::default()]);
    for answer in answers {
        let Some(HttpResponse::OkResponse(ok)) = answer.http_response else { panic!("{answer:?}") };
        let said = ok.response_headers_to_add.iter().filter_map(|option| option.header.as_ref());
        let said: Vec<_> = said.filter(|header| header.key == "x-portcullis-dry-run").collect();
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].value, "implicit_deny");
    }
}

#[test]
fn a_message_over_the_limit_is_denied_and_no_error_that_could_be_ignored() {
    let server = Server::start(&["--max-body", "4000", "--log", "d.log"]);
    let large = Passed::get("/reports/q3").with("x", "y".repeat(8_000)).check();
    let answers = ask(&server, vec![large, Passed::get("/reports/q3").check()]);
    assert_eq!((status(&answers[0]), reason(&answers[0])), (403, "body_too_large"));
    assert_eq!(status(&answers[1]), 401);
    assert_eq!(server.metric("portcullis_refusals_total{reason=\"body_too_large\"}"), 1.0);
    until("it is in the log", || {
        std::fs::read_to_string(server.path("d.log")).unwrap().contains("body_too_large")
    });
}

/// A call whose message never comes, and connections on which nothing moves.
#[test]
fn slow_calls_are_denied_and_idle_connections_closed() {
    let mut server = Server::start(&["--request-time", "300ms", "--idle-time", "1s", "--max-requests", "1"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel =
            tonic::transport::Endpoint::from_shared(server.grpc()).unwrap().connect().await.unwrap();
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        grpc.ready().await.unwrap();
        // It takes the one place, until its time is over.
        let path = "/envoy.service.auth.v3.Authorization/Check".parse().unwrap();
        let codec = tonic_prost::ProstCodec::<CheckRequest, CheckResponse>::default();
        let never = tokio_stream::pending::<CheckRequest>();
        let slow = tokio::spawn(async move {
            grpc.client_streaming(tonic::Request::new(never), path, codec)
                .await
                .map(tonic::Response::into_inner)
        });
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let mut client = AuthorizationClient::new(channel);
        let overloaded = client.check(Passed::get("/reports/q3").check()).await.unwrap().into_inner();
        assert_eq!((status(&overloaded), reason(&overloaded)), (403, "overloaded"));
        let slow = slow.await.unwrap().unwrap();
        assert_eq!((status(&slow), reason(&slow)), (403, "timeout"));
        // Held open, and silent.
        tokio::task::spawn_blocking(move || {
            server.until("portcullis_connections", |open| open <= 1.0);
            assert_eq!(server.end(), Some(0));
        })
        .await
        .unwrap();
    });
}
