//! Connections: accepting them, how long they may last, and how they end.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_io_timeout::TimeoutStream;
use tracing::{info, warn};

use super::StartError;
use super::config::{Address, Config};
use super::grpc::Bounded;
use super::http::{Offer, answer};
use super::identity::Peer;
use super::idle::Use;
use super::metrics::{Metrics, Protocol, Reason};
use super::point::Point;
use super::record::Log;
use super::stop::Signals;
use crate::live::{Following, Live, StoreError};

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

    const fn is_admin(self) -> bool {
        matches!(self, Self::Http(Offer { decisions: false, .. }))
    }
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Headers of a request over HTTP/1: more than browsers send and proxies let through.
const MOST_HEADERS: usize = 1_024;
/// Connections that may wait to be accepted, as far as the system lets them.
const WAITING: u32 = 16_384;
/// Connections to ask how the process does.
const ADMIN_CONNECTIONS: usize = 64;
/// Files beside connections: listeners, logs, the bundle, the store, and what asks how the process does.
const OTHER_FILES: u64 = 64 + ADMIN_CONNECTIONS as u64;

/// Tells connections that the process ends, and knows when the last of them has ended.
#[derive(Clone)]
struct Ending {
    told: watch::Receiver<()>,
    /// Held by whatever has not ended.
    open: mpsc::Sender<()>,
}

/// Serves until the process is told to end. Signals are heard before anything else is begun.
pub(super) async fn serve(
    config: Config,
    live: Arc<Live>,
    follow: impl FnOnce() -> Result<Following, StoreError>,
) -> Result<(), StartError> {
    let mut signals = Signals::new()?;
    let following = follow().map_err(|error| StartError(error.to_string()))?;
    let connections = places(config.limits.connections);
    let metrics = Metrics::new(Arc::clone(&live));
    let (log, writer) = match &config.log {
        Some(options) => {
            let (log, writer) = Log::open(options.clone(), &metrics)?;
            (Some(log), Some(writer))
        }
        None => (None, None),
    };
    let listeners = bind(&config).await?;
    let point = Arc::new(Point::new(config, live, Some(following), metrics, log));
    let places = Arc::new(Semaphore::new(connections));
    // Whoever asks how the process does is not kept out by those who ask what it decides.
    let for_admin = Arc::new(Semaphore::new(ADMIN_CONNECTIONS));
    let (end, told) = watch::channel(());
    let (open, mut all_closed) = mpsc::channel(1);
    let ending = Ending { told, open };
    let mut accepting = tokio::task::JoinSet::new();
    for (address, listener, speaks) in listeners {
        info!(%address, speaks = speaks.name(), "listening");
        let places = if speaks.is_admin() { &for_admin } else { &places };
        let (point, places, ending) = (Arc::clone(&point), Arc::clone(places), ending.clone());
        accepting.spawn(async move {
            let mut told = ending.told.clone();
            tokio::select! {
                () = accept(&point, &listener, speaks, &places, &ending) => {}
                _ = told.changed() => {}
            }
            if let Address::Unix(path) = &address {
                let _ = std::fs::remove_file(path);
            }
        });
    }
    if point.config.dry_run {
        warn!("dry run: everything is allowed");
    }
    signals.wait(&point).await;
    info!("ending");
    let deadline = tokio::time::Instant::now() + point.config.limits.grace;
    drop(end);
    while accepting.join_next().await.is_some() {}
    drop(ending);
    let mut hurried = false;
    tokio::select! {
        _ = all_closed.recv() => {}
        // Connections on which nobody has asked anything yet are not waited for.
        () = quiet(&point) => {}
        () = tokio::time::sleep_until(deadline) => {
            warn!("some requests were cut: they took longer than the time of grace");
        }
        // Who says it twice does not want to wait.
        () = signals.wait(&point) => {
            hurried = true;
            warn!("some requests may have been cut");
        }
    }
    if let Some(writer) = writer {
        let finish = tokio::task::spawn_blocking(move || writer.finish());
        let least = tokio::time::Instant::now() + Duration::from_secs(1);
        let until = if hurried { least } else { deadline.max(least) };
        if tokio::time::timeout_at(until, finish).await.is_err() {
            warn!("the last lines of the decision log may be missing");
        }
    }
    info!("ended");
    Ok(())
}

/// Ends when no request has been answered for a moment.
async fn quiet(point: &Point) {
    let mut since = 0;
    while since < 10 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        since = if point.is_busy() { 0 } else { since + 1 };
    }
}

/// How many connections there may be: as many as are wanted, if so many files may be open, and some beside them.
fn places(wanted: usize) -> usize {
    let files = wanted as u64 + OTHER_FILES;
    match rlimit::increase_nofile_limit(files) {
        Ok(limit) if limit < files => {
            let places = usize::try_from(limit.saturating_sub(OTHER_FILES)).unwrap_or(wanted).max(1);
            warn!(places, wanted, "fewer connections, since no more files may be open");
            places
        }
        Ok(_) => wanted,
        Err(error) => {
            warn!(%error, "cannot raise the limit of open files");
            wanted
        }
    }
}

/// Serves one connection whose client says these bytes, from this machine, and then nothing more: what it is answered.
pub(super) async fn converse(config: Config, live: Arc<Live>, grpc: bool, said: &[u8]) -> Vec<u8> {
    let metrics = Metrics::new(Arc::clone(&live));
    let point = Arc::new(Point::new(config, live, None, metrics, None));
    let (client, server) = tokio::io::duplex(64 << 10);
    let speaks = if grpc { Speaks::Grpc } else { Speaks::Http(Offer { decisions: true, process: true }) };
    let peer = Peer::Tcp(std::net::Ipv4Addr::LOCALHOST.into());
    // Held until the end: who drops it tells the connection to end.
    let (end, told) = watch::channel(());
    let ending = Ending { told, open: mpsc::channel(1).0 };
    connect(&point, server, peer, speaks, &Arc::new(Semaphore::new(1)), &ending);
    let (mut answers, mut questions) = tokio::io::split(client);
    let mut heard = Vec::new();
    let say = async move {
        let _ = questions.write_all(said).await;
        let _ = questions.shutdown().await;
    };
    let _ = tokio::join!(say, answers.read_to_end(&mut heard));
    drop(end);
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
                let listener = bind_tcp(*socket).map_err(failed)?;
                // Port 0 is any that is free: which one it is has to be told.
                (Address::Tcp(listener.local_addr().map_err(failed)?), Listener::Tcp(listener))
            }
            Address::Unix(path) => {
                remove_stale(path).await.map_err(failed)?;
                let listener = bind_unix(path, config.socket_mode).map_err(failed)?;
                (address.clone(), Listener::Unix(listener))
            }
        };
        bound.push((shown, listener, speaks));
    }
    Ok(bound)
}

/// With room for many connections that come at once: one that finds none is tried again by its client only a second later.
fn bind_tcp(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Binds a socket. Where it has a mode, nobody can connect before it has it: it is made in a folder of its own, and moved.
fn bind_unix(path: &Path, mode: Option<u32>) -> std::io::Result<UnixListener> {
    let Some(mode) = mode else { return UnixListener::bind(path) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let private = tempfile::Builder::new().prefix(".").rand_bytes(4).tempdir_in(folder)?;
    let made = private.path().join("s");
    let listener = UnixListener::bind(&made)?;
    std::fs::set_permissions(&made, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    std::fs::rename(&made, path)?;
    Ok(listener)
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
    ending: &Ending,
) {
    loop {
        let accepted = match listener {
            Listener::Tcp(listener) => listener.accept().await.map(|(stream, from)| {
                // Answers are small and wait for nothing.
                let _ = stream.set_nodelay(true);
                connect(point, stream, Peer::Tcp(from.ip()), speaks, places, ending);
            }),
            Listener::Unix(listener) => listener.accept().await.map(|(stream, _)| {
                connect(point, stream, Peer::Unix, speaks, places, ending);
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
    ending: &Ending,
) where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let Ok(place) = Arc::clone(places).try_acquire_owned() else {
        point.metrics.connections_refused.get_or_create(&Reason { reason: "limit" }).inc();
        return;
    };
    let limits = point.config.limits;
    let mut timed = TimeoutStream::new(stream);
    // Both protocols have timers of their own, which know what is late; this is for what they do not see.
    timed.set_read_timeout(Some(limits.idle + limits.time + limits.time));
    timed.set_write_timeout(Some(limits.idle));
    let heard = Arc::new(AtomicU64::new(0));
    let io = TokioIo::new(Heard { stream: Box::pin(timed), bytes: Arc::clone(&heard) });
    let counted = Counted::new(point, place, ending.open.clone());
    let point = Arc::clone(point);
    let mut told = ending.told.clone();
    match speaks {
        Speaks::Http(offer) => {
            // What had been heard when the last request was answered: a time without a byte after that is idle, and no fault.
            let answered = Arc::new(AtomicU64::new(0));
            let (shared, bytes, last) = (Arc::clone(&point), Arc::clone(&heard), Arc::clone(&answered));
            let service = service_fn(move |request| {
                let (shared, bytes, last) = (Arc::clone(&shared), Arc::clone(&bytes), Arc::clone(&last));
                async move {
                    let reply = answer(shared, peer, offer, request).await;
                    last.store(bytes.load(Ordering::Relaxed), Ordering::Relaxed);
                    reply
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.idle)
                .max_buf_size(limits.headers)
                .max_headers(MOST_HEADERS)
                // Who has asked and says no more is answered all the same.
                .half_close(true)
                .serve_connection(io, service);
            tokio::spawn(async move {
                let mut connection = pin!(connection);
                let result = tokio::select! {
                    result = connection.as_mut() => result,
                    _ = told.changed() => {
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                };
                let is_idle = heard.load(Ordering::Relaxed) == answered.load(Ordering::Relaxed);
                if let Err(error) = result
                    && (error.is_parse() || error.is_parse_too_large() || error.is_timeout() && !is_idle)
                {
                    counted.point.unanswered(Protocol::Http, "malformed_http");
                }
                drop(counted);
            });
        }
        Speaks::Grpc => {
            let calls = Arc::new(Use::new());
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_header_list_size(u32::try_from(limits.headers).unwrap_or(u32::MAX))
                .max_concurrent_streams(256)
                .serve_connection(io, TowerToHyperService::new(Bounded::new(&point, peer, &calls)));
            tokio::spawn(async move {
                let mut connection = pin!(connection);
                let is_idle = tokio::select! {
                    _ = connection.as_mut() => return drop(counted),
                    () = calls.idle(limits.idle) => true,
                    _ = told.changed() => false,
                };
                // The client is told which calls are still answered, so that it asks the next one elsewhere.
                connection.as_mut().graceful_shutdown();
                if is_idle {
                    let _ = tokio::time::timeout(limits.time, connection).await;
                } else {
                    let _ = connection.await;
                }
                drop(counted);
            });
        }
    }
}

/// Counts what is read.
struct Heard<S> {
    stream: Pin<Box<S>>,
    bytes: Arc<AtomicU64>,
}

impl<S: AsyncRead> AsyncRead for Heard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = this.stream.as_mut().poll_read(context, buffer);
        let read = buffer.filled().len().saturating_sub(before);
        this.bytes.fetch_add(read as u64, Ordering::Relaxed);
        result
    }
}

impl<S: AsyncWrite> AsyncWrite for Heard<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.get_mut().stream.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.get_mut().stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.get_mut().stream.as_mut().poll_shutdown(context)
    }
}

/// A connection that counts as open as long as this is held.
struct Counted {
    point: Arc<Point>,
    _place: OwnedSemaphorePermit,
    _open: mpsc::Sender<()>,
}

impl Counted {
    fn new(point: &Arc<Point>, place: OwnedSemaphorePermit, open: mpsc::Sender<()>) -> Self {
        point.metrics.connections.inc();
        Self { point: Arc::clone(point), _place: place, _open: open }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.point.metrics.connections.dec();
    }
}
