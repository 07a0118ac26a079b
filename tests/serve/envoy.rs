//! Envoy itself, with the configuration of `examples/gateway`, in front of a real backend.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::nginx::{backend, free_port};
use super::server::{ALICE, BOB, Server, through, until};

pub(crate) struct Envoy {
    child: Child,
    pub(crate) port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) const NOT_INSTALLED: &str =
    "SKIPPED: Envoy is not installed (PORTCULLIS_ENVOY names it); nothing was tested with it";

/// Envoy with the configuration of `examples/gateway`, with these changes; `None` where it is not installed.
pub(crate) fn envoy(changes: &[(&str, String)]) -> Option<Envoy> {
    let program = std::env::var("PORTCULLIS_ENVOY").unwrap_or_else(|_| "envoy".to_owned());
    let version =
        Command::new(&program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.ok().filter(std::process::ExitStatus::success)?;
    let root = env!("CARGO_MANIFEST_DIR");
    let mut config = std::fs::read_to_string(format!("{root}/examples/gateway/envoy.yaml")).unwrap();
    let port = free_port();
    let listens = ("address: 0.0.0.0, port_value: 8080", format!("address: 127.0.0.1, port_value: {port}"));
    for (from, to) in std::iter::once(&listens).chain(changes) {
        assert_eq!(config.matches(from).count(), 1, "{from}");
        config = config.replace(from, to);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("envoy.yaml");
    std::fs::write(&path, config).unwrap();
    let child = Command::new(program)
        .args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "error", "-c"])
        .arg(&path)
        .spawn()
        .unwrap();
    let envoy = Envoy { child, port, _folder: folder };
    until("Envoy listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    Some(envoy)
}

/// In front of a backend; whoever says `x-authenticated` counts as authenticated.
fn in_front_of(server: &Server, backend: u16) -> Option<Envoy> {
    let grpc = server.grpc();
    let authenticates = "[{ remove: \"x-principal\" }, { append: { header: { key: x-principal, value: \"%REQ(x-authenticated)%\" } } }]";
    envoy(&[
        ("port_value: 9191", format!("port_value: {}", grpc.rsplit(':').next().unwrap())),
        ("port_value: 9000", format!("port_value: {backend}")),
        ("[{ remove: \"x-principal\" }]", authenticates.to_owned()),
    ])
}

#[test]
fn envoy_lets_through_what_is_allowed_and_nothing_else() {
    let arguments = [
        "--trust",
        "127.0.0.1",
        "--principal",
        "header:x-principal",
        "--context",
        "aws:SourceIp=source-address",
        "--context",
        "aws:SecureTransport=tls",
    ];
    let mut server = Server::start(&arguments);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let Some(envoy) = in_front_of(&server, backend(&seen)) else {
        eprintln!("{NOT_INSTALLED}");
        return;
    };
    let alice = format!("x-authenticated: {ALICE}\r\n");
    let bob = format!("x-authenticated: {BOB}\r\n");
    for (method, path, headers, status) in [
        ("GET", "/reports/q3", &alice, 200),
        ("GET", "/reports/q3?x=1", &alice, 200),
        ("GET", "/reports/q3", &bob, 403),
        ("GET", "/files/public/q3", &bob, 200),
        ("GET", "/reports/q3", &String::new(), 401),
        // The client cannot say what only Envoy may.
        ("GET", "/reports/q3", &format!("x-principal: {ALICE}\r\n"), 401),
        ("GET", "/reports/q3", &format!("{bob}x-principal: {ALICE}\r\n"), 403),
        ("POST", "/reports/q3", &alice, 403),
        ("GET", "/files/secret/../public/q3", &bob, 403),
        ("GET", "/files/public/%2e%2e/secret", &bob, 403),
        ("GET", "/files//public/q3", &bob, 403),
        ("GET", "/files/public/q%33", &bob, 403),
        // The address is 127.0.0.1, which is not the office.
        ("PUT", "/drafts/a", &alice, 403),
        // This is no TLS, whatever the client says.
        ("PUT", "/safe/a", &format!("{alice}x-forwarded-proto: https\r\n"), 403),
    ] {
        assert_eq!(through(envoy.port, method, path, headers), status, "{method} {path} {headers}");
    }
    let reached =
        ["GET /reports/q3 HTTP/1.1", "GET /reports/q3?x=1 HTTP/1.1", "GET /files/public/q3 HTTP/1.1"];
    assert_eq!(*seen.lock().unwrap(), reached);
    // No decision point: nobody gets through.
    server.end();
    assert_eq!(through(envoy.port, "GET", "/reports/q3", &alice), 403);
    assert_eq!(seen.lock().unwrap().len(), reached.len());
}
