//! The generator of load: connections that ask and wait, on one thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use envoy_types::ext_authz::v3::pb::{CheckRequest, HttpResponse};
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request as Passed};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use portcullis::compiler::request::Request;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use super::json;
use super::process::Server;

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    Single,
    Batch,
    UnixSingle,
    UnixBatch,
    UnixAuth,
    Grpc,
}

impl Asks {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Single => "HTTP, TCP, one",
            Self::Batch => "HTTP, TCP, 100 at once",
            Self::UnixSingle => "HTTP, Unix socket, one",
            Self::UnixBatch => "HTTP, Unix socket, 100 at once",
            Self::UnixAuth => "nginx's form, Unix socket, by routes",
            Self::Grpc => "Envoy's gRPC, TCP, by routes",
        }
    }

    const fn decisions(self) -> u64 {
        if matches!(self, Self::Batch | Self::UnixBatch) { 100 } else { 1 }
    }
}

/// What was done.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) decisions: u64,
    /// Nanoseconds of each exchange.
    pub(crate) latencies: Vec<u64>,
}

pub(crate) struct Load {
    asks: Asks,
    connections: usize,
    address: String,
    socket: std::path::PathBuf,
    grpc: String,
    /// Ready to send, so that the generator does nothing but send.
    texts: Arc<Vec<Vec<u8>>>,
    checks: Arc<Vec<CheckRequest>>,
}

fn post(body: &str) -> Vec<u8> {
    format!("POST /v1/decide HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// A path of one of the routes, for the resource of a request.
fn path(place: usize, request: &Request) -> String {
    let rest = request.resource.rsplit(':').next().unwrap_or_default();
    let plain: String = rest
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || *character == '-')
        .take(40)
        .collect();
    format!("/api/v1/r{}/{}/q3.csv", place % 200, if plain.is_empty() { "x" } else { &plain })
}

impl Load {
    pub(crate) fn new(asks: Asks, connections: usize, server: &Server, requests: &[Request]) -> Self {
        let texts = match asks {
            Asks::Single | Asks::UnixSingle => requests.iter().map(|request| post(&json(request))).collect(),
            Asks::Batch | Asks::UnixBatch => requests
                .chunks_exact(100)
                .map(|chunk| {
                    let all: Vec<String> = chunk.iter().map(json).collect();
                    post(&format!("{{\"requests\":[{}]}}", all.join(",")))
                })
                .collect(),
            Asks::UnixAuth => (0..)
                .zip(requests)
                .map(|(place, request)| {
                    let (path, principal) = (path(place, request), &request.principal);
                    format!("GET /v1/auth HTTP/1.1\r\nhost: x\r\nx-original-method: GET\r\nx-original-uri: {path}\r\nx-principal: {principal}\r\n\r\n")
                        .into_bytes()
                })
                .collect(),
            Asks::Grpc => Vec::new(),
        };
        let checks = if asks == Asks::Grpc { (0..).zip(requests).map(check).collect() } else { Vec::new() };
        Self {
            asks,
            connections,
            address: format!("127.0.0.1:{}", server.http),
            socket: server.socket.clone(),
            grpc: format!("http://127.0.0.1:{}", server.grpc),
            texts: Arc::new(texts),
            checks: Arc::new(checks),
        }
    }

    pub(crate) fn run(&self, time: Duration) -> Done {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let end = Instant::now() + time;
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..self.connections {
                let texts = Arc::clone(&self.texts);
                match self.asks {
                    Asks::Single | Asks::Batch => {
                        let stream = TcpStream::connect(&self.address).await.unwrap();
                        stream.set_nodelay(true).unwrap();
                        tasks.spawn(by_http(stream, texts, number, end));
                    }
                    Asks::UnixSingle | Asks::UnixBatch | Asks::UnixAuth => {
                        let stream = UnixStream::connect(&self.socket).await.unwrap();
                        tasks.spawn(by_http(stream, texts, number, end));
                    }
                    Asks::Grpc => {
                        let client = AuthorizationClient::connect(self.grpc.clone()).await.unwrap();
                        tasks.spawn(by_grpc(client, Arc::clone(&self.checks), number, end));
                    }
                }
            }
            let mut all = Done::default();
            while let Some(done) = tasks.join_next().await {
                all.latencies.extend(done.unwrap());
            }
            all.decisions = all.latencies.len() as u64 * self.asks.decisions();
            all
        })
    }
}

fn check((place, request): (usize, &Request)) -> CheckRequest {
    let http = HttpRequest {
        method: "GET".to_owned(),
        path: path(place, request),
        headers: [("x-principal".to_owned(), request.principal.clone())].into(),
        ..HttpRequest::default()
    };
    CheckRequest {
        attributes: Some(AttributeContext {
            request: Some(Passed { http: Some(http), ..Passed::default() }),
            ..AttributeContext::default()
        }),
    }
}

async fn by_http(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    texts: Arc<Vec<Vec<u8>>>,
    number: usize,
    end: Instant,
) -> Vec<u64> {
    let mut latencies = Vec::new();
    let mut place = number * 97 % texts.len();
    let mut answer = Vec::new();
    while Instant::now() < end {
        let start = Instant::now();
        stream.write_all(&texts[place]).await.unwrap();
        read(&mut stream, &mut answer).await;
        latencies.push(start.elapsed().as_nanos() as u64);
        // What is no decision is no measurement.
        assert!(
            answer.starts_with(b"HTTP/1.1 200")
                || answer.starts_with(b"HTTP/1.1 204")
                || answer.starts_with(b"HTTP/1.1 403"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        place = (place + 1) % texts.len();
    }
    latencies
}

/// Reads one whole answer.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin), answer: &mut Vec<u8>) {
    answer.clear();
    let mut whole = None;
    while whole.is_none_or(|whole| answer.len() < whole) {
        assert!(stream.read_buf(answer).await.unwrap() > 0, "the connection ended");
        if whole.is_none()
            && let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n")
        {
            let text = String::from_utf8_lossy(&answer[..head]);
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            whole = Some(head + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap()));
        }
    }
}

async fn by_grpc(
    mut client: AuthorizationClient<tonic::transport::Channel>,
    checks: Arc<Vec<CheckRequest>>,
    number: usize,
    end: Instant,
) -> Vec<u64> {
    let mut latencies = Vec::new();
    let mut place = number * 97 % checks.len();
    while Instant::now() < end {
        let request = checks[place].clone();
        let start = Instant::now();
        let answer = client.check(request).await.unwrap().into_inner();
        latencies.push(start.elapsed().as_nanos() as u64);
        assert!(matches!(
            answer.http_response,
            Some(HttpResponse::OkResponse(_) | HttpResponse::DeniedResponse(_))
        ));
        place = (place + 1) % checks.len();
    }
    latencies
}

/// One decision, as soon as there is somebody who makes it.
pub(crate) fn once(server: &Server, request: &Request) {
    use std::io::{Read as _, Write as _};
    let text = post(&json(request));
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < Duration::from_secs(10), "the server does not listen");
        let Ok(mut stream) = std::os::unix::net::UnixStream::connect(&server.socket) else {
            std::thread::sleep(Duration::from_micros(200));
            continue;
        };
        stream.write_all(&text).unwrap();
        let mut answer = [0; 64];
        let read = stream.read(&mut answer).unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..read]));
        return;
    }
}
