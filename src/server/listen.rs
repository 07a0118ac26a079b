//! Connections: accepting them, how long they may last, and how they end.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use envoy_types::ext_authz::v3::pb::AuthorizationServer;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tracing::{info, warn};

use super::StartError;
use super::config::{Address, Config};
use super::grpc::Service;
use super::http::{Offer, answer};
use super::identity::Peer;
use super::metrics::{Metrics, Reason};
use super::point::Point;
use super::record::Log;
use super::stop::Signals;
use crate::live::{Following, Live};

/// What is spoken on a listener.
#[derive(Clone, Copy, Debug)]
enum Speaks {
    Http(Offer),
    Grpc,
}

impl Speaks {
    const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http(Offer { decisions: true, .. }) => "http",
            Self::Http(_) => "admin",
        }
    }
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The most time for the headers of a request: who sends them byte by byte is not waited for.
const HEADER_TIME: Duration = Duration::from_secs(30);

/// Serves until the process is told to end.
pub(super) async fn serve(config: Config, live: Arc<Live>, following: Following) -> Result<(), StartError> {
    // As many connections as are allowed, and some files beside them.
    let wanted = config.limits.connections as u64 + 64;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) if limit < wanted => {
            warn!(limit, wanted, "fewer files may be open than connections are allowed");
        }
        Ok(_) => {}
        Err(error) => warn!(%error, "cannot raise the limit of open files"),
    }
    let mut signals = Signals::new()?;
    let metrics = Metrics::new(Arc::clone(&live));
    let (log, writer) = match &config.log {
        Some(options) => {
            let (log, writer) = Log::open(options.clone(), &metrics)?;
            (Some(log), Some(writer))
        }
        None => (None, None),
    };
    let listeners = bind(&config).await?;
    let point = Arc::new(Point::new(config, live, metrics, log));
    let places = Arc::new(Semaphore::new(point.config.limits.connections));
    let graceful = Arc::new(GracefulShutdown::new());
    let (end, ended) = watch::channel(());
    let mut accepting = tokio::task::JoinSet::new();
    for (address, listener, speaks) in listeners {
        info!(%address, speaks = speaks.name(), "listening");
        let (point, places, graceful, mut ended) =
            (Arc::clone(&point), Arc::clone(&places), Arc::clone(&graceful), ended.clone());
        accepting.spawn(async move {
            tokio::select! {
                () = accept(&point, &listener, speaks, &places, &graceful) => {}
                _ = ended.changed() => {}
            }
            if let Address::Unix(path) = &address {
                let _ = std::fs::remove_file(path);
            }
        });
    }
    if point.config.dry_run {
        warn!("dry run: everything is allowed");
    }
    signals.wait(&point, &following).await;
    info!("ending");
    drop(end);
    while accepting.join_next().await.is_some() {}
    let grace = point.config.limits.grace;
    if let Some(graceful) = Arc::into_inner(graceful)
        && tokio::time::timeout(grace, graceful.shutdown()).await.is_err()
    {
        warn!("some connections were cut: they took longer than the time of grace");
    }
    drop(following);
    // The last lines of the log: the writer ends when nobody can send any more.
    let alone = Arc::into_inner(point);
    match (alone, writer) {
        (Some(point), Some(writer)) => {
            drop(point);
            let _ = tokio::time::timeout(grace, tokio::task::spawn_blocking(move || writer.finish())).await;
        }
        (None, Some(_)) => warn!("the last lines of the decision log may be missing"),
        _ => {}
    }
    info!("ended");
    Ok(())
}

/// Serves one connection whose client says these bytes, from this machine, and then nothing more: what it is answered.
pub(super) async fn converse(config: Config, live: Arc<Live>, grpc: bool, said: &[u8]) -> Vec<u8> {
    let metrics = Metrics::new(Arc::clone(&live));
    let point = Arc::new(Point::new(config, live, metrics, None));
    let (client, server) = tokio::io::duplex(64 << 10);
    let speaks = if grpc { Speaks::Grpc } else { Speaks::Http(Offer { decisions: true, process: true }) };
    let peer = Peer::Tcp(std::net::Ipv4Addr::LOCALHOST.into());
    connect(&point, server, peer, speaks, &Arc::new(Semaphore::new(1)), &Arc::new(GracefulShutdown::new()));
    let (mut answers, mut questions) = tokio::io::split(client);
    let mut heard = Vec::new();
    let say = async move {
        let _ = questions.write_all(said).await;
        let _ = questions.shutdown().await;
    };
    let _ = tokio::join!(say, answers.read_to_end(&mut heard));
    heard
}

async fn bind(config: &Config) -> Result<Vec<(Address, Listener, Speaks)>, StartError> {
    let with_process = config.admin.is_empty();
    let decisions = Speaks::Http(Offer { decisions: true, process: with_process });
    let process = Speaks::Http(Offer { decisions: false, process: true });
    let wanted = config
        .http
        .iter()
        .map(|address| (address, decisions))
        .chain(config.grpc.iter().map(|address| (address, Speaks::Grpc)))
        .chain(config.admin.iter().map(|address| (address, process)));
    let mut bound = Vec::new();
    for (address, speaks) in wanted {
        let failed = |error: std::io::Error| StartError(format!("cannot listen on {address}: {error}"));
        let (shown, listener) = match address {
            Address::Tcp(socket) => {
                let listener = TcpListener::bind(socket).await.map_err(failed)?;
                // Port 0 is any that is free: which one it is has to be told.
                (Address::Tcp(listener.local_addr().map_err(failed)?), Listener::Tcp(listener))
            }
            Address::Unix(path) => {
                remove_stale(path).await.map_err(failed)?;
                (address.clone(), Listener::Unix(UnixListener::bind(path).map_err(failed)?))
            }
        };
        bound.push((shown, listener, speaks));
    }
    Ok(bound)
}

/// Removes a socket that a process has left behind: one at which nobody answers, and nothing but a socket.
async fn remove_stale(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(std::io::Error::new(
                ErrorKind::AlreadyExists,
                "there is something that is no socket",
            ));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        _ => Err(std::io::Error::new(ErrorKind::AddrInUse, "another process listens there")),
    }
}

/// Accepts until it is dropped.
async fn accept(
    point: &Arc<Point>,
    listener: &Listener,
    speaks: Speaks,
    places: &Arc<Semaphore>,
    graceful: &Arc<GracefulShutdown>,
) {
    loop {
        let accepted = match listener {
            Listener::Tcp(listener) => listener.accept().await.map(|(stream, from)| {
                // Answers are small and wait for nothing.
                let _ = stream.set_nodelay(true);
                connect(point, stream, Peer::Tcp(from.ip()), speaks, places, graceful);
            }),
            Listener::Unix(listener) => listener.accept().await.map(|(stream, _)| {
                connect(point, stream, Peer::Unix, speaks, places, graceful);
            }),
        };
        if let Err(error) = accepted {
            point.metrics.connections_refused.get_or_create(&Reason { reason: "accept" }).inc();
            warn!(%error, "cannot accept a connection");
            // Too many open files, say: some are closed in a moment.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Serves a connection on a task of its own, if there is a place for it.
fn connect<S>(
    point: &Arc<Point>,
    stream: S,
    peer: Peer,
    speaks: Speaks,
    places: &Arc<Semaphore>,
    graceful: &Arc<GracefulShutdown>,
) where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let Ok(place) = Arc::clone(places).try_acquire_owned() else {
        point.metrics.connections_refused.get_or_create(&Reason { reason: "limit" }).inc();
        return;
    };
    let limits = point.config.limits;
    let mut timed = TimeoutStream::new(stream);
    timed.set_read_timeout(Some(limits.idle));
    timed.set_write_timeout(Some(limits.idle));
    let io = TokioIo::new(Box::pin(timed));
    let counted = Counted::new(point, place);
    let point = Arc::clone(point);
    match speaks {
        Speaks::Http(offer) => {
            let shared = Arc::clone(&point);
            let service = service_fn(move |request| answer(Arc::clone(&shared), peer, offer, request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIME.min(limits.idle))
                .max_buf_size(limits.headers.max(8 << 10))
                .serve_connection(io, service);
            let watched = graceful.watch(connection);
            tokio::spawn(async move {
                let result = watched.await;
                if let Err(error) = result
                    && (error.is_parse() || error.is_parse_too_large() || error.is_timeout())
                {
                    let _ = counted.point.refuse("malformed_http");
                }
                drop(counted);
            });
        }
        Speaks::Grpc => {
            let service = AuthorizationServer::new(Service { point: Arc::clone(&point), peer })
                .max_decoding_message_size(limits.body);
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_header_list_size(u32::try_from(limits.headers).unwrap_or(u32::MAX))
                .max_concurrent_streams(1_024)
                .keep_alive_interval(Some(limits.idle / 4))
                .keep_alive_timeout(limits.idle / 4)
                .serve_connection(io, TowerToHyperService::new(service));
            let watched = graceful.watch(connection);
            tokio::spawn(async move {
                let _ = watched.await;
                drop(counted);
            });
        }
    }
}

/// A connection that counts as open as long as this is held.
struct Counted {
    point: Arc<Point>,
    _place: OwnedSemaphorePermit,
}

impl Counted {
    fn new(point: &Arc<Point>, place: OwnedSemaphorePermit) -> Self {
        point.metrics.connections.inc();
        Self { point: Arc::clone(point), _place: place }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.point.metrics.connections.dec();
    }
}
