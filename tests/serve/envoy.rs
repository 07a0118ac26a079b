//! Envoy itself, with the configuration of `examples/gateway`, in front of a real backend.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::nginx::{backend, free_port};
use super::server::{ALICE, BOB, Server, through, until};

struct Envoy {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Envoy, or `None` where it is not installed. Whoever says `x-authenticated` counts as authenticated here.
fn envoy(server: &Server, backend: u16) -> Option<Envoy> {
    let program = std::env::var("PORTCULLIS_ENVOY").unwrap_or_else(|_| "envoy".to_owned());
    let version =
        Command::new(&program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.ok().filter(std::process::ExitStatus::success)?;
    let root = env!("CARGO_MANIFEST_DIR");
    let example = std::fs::read_to_string(format!("{root}/examples/gateway/envoy.yaml")).unwrap();
    let grpc = server.grpc();
    let port = free_port();
    let mut config = example.clone();
    for (from, to) in [
        ("address: 0.0.0.0, port_value: 8080", format!("address: 127.0.0.1, port_value: {port}")),
        ("port_value: 9191", format!("port_value: {}", grpc.rsplit(':').next().unwrap())),
        ("port_value: 9000", format!("port_value: {backend}")),
        (
            "[{ remove: \"x-principal\" }]",
            "[{ remove: \"x-principal\" }, { append: { header: { key: x-principal, value: \"%REQ(x-authenticated)%\" } } }]".to_owned(),
        ),
    ] {
        assert_eq!(config.matches(from).count(), 1, "{from}");
        config = config.replace(from, &to);
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

#[test]
fn envoy_lets_through_what_is_allowed_and_nothing_else() {
    let arguments = [
        "--trust",
        "127.0.0.1",
        "--principal",
        "header:x-principal",
        "--context",
        "aws:SourceIp=source-address",
    ];
    let mut server = Server::start(&arguments);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let Some(envoy) = envoy(&server, backend(&seen)) else {
        eprintln!("SKIPPED: Envoy is not installed (PORTCULLIS_ENVOY names it); nothing was tested with it");
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
