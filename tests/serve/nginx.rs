//! nginx with `auth_request` in front of a real backend.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::server::{ALICE, BOB, Server, through, until};

/// A backend that says which request reached it.
pub(crate) fn backend(seen: &Arc<Mutex<Vec<String>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::clone(seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            seen.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 8\r\n\r\nbackend\n");
        }
    });
    port
}

struct Nginx {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers only if it is asked.
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

const NOT_INSTALLED: &str =
    "SKIPPED: nginx is not installed (apt-get install nginx-light); nothing was tested with it";

/// nginx, or `None` where it is not installed. `http` is what stands in its block `http`, with `PORT` for where it listens.
fn nginx(http: &str) -> Option<Nginx> {
    let program = ["nginx", "/usr/sbin/nginx"].into_iter().find(|program| {
        Command::new(program).arg("-v").stderr(Stdio::null()).status().is_ok_and(|done| done.success())
    })?;
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let config = format!(
        "daemon off; worker_processes 1; pid {pid}; error_log {errors};
         {user}
         events {{ worker_connections 64; }}
         http {{
           access_log off; client_body_temp_path {temp}; proxy_temp_path {temp}; fastcgi_temp_path {temp};
           uwsgi_temp_path {temp}; scgi_temp_path {temp};
           {http}
         }}",
        pid = at("pid"),
        errors = at("error.log"),
        temp = at("temp"),
        http = http.replace("PORT", &port.to_string()),
        user = if std::fs::metadata("/proc/self")
            .is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
        {
            "user root;"
        } else {
            ""
        },
    );
    std::fs::write(folder.path().join("nginx.conf"), config).unwrap();
    let child = Command::new(program)
        .args(["-p", &at(""), "-c", &at("nginx.conf"), "-e", &at("error.log")])
        .spawn()
        .unwrap();
    let nginx = Nginx { child, port, _folder: folder };
    until("nginx listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    Some(nginx)
}

/// In front of a backend; whoever says `x-authenticated` counts as authenticated.
fn in_front_of(server: &Server, backend: u16) -> Option<Nginx> {
    let socket = server.socket();
    nginx(&format!(
        "upstream portcullis {{ server unix:{socket}; keepalive 8; }}
         server {{
           listen 127.0.0.1:PORT;
           merge_slashes off;
           location / {{
             auth_request /_portcullis;
             proxy_pass http://127.0.0.1:{backend}$request_uri;
           }}
           location = /_portcullis {{
             internal;
             proxy_pass http://portcullis/v1/auth;
             proxy_http_version 1.1;
             proxy_pass_request_body off;
             proxy_set_header Connection '';
             proxy_set_header Content-Length '';
             proxy_set_header X-Original-Method $request_method;
             proxy_set_header X-Original-URI $request_uri;
             proxy_set_header X-Original-Address $remote_addr;
             proxy_set_header X-Original-Scheme $scheme;
             proxy_set_header X-Principal $http_x_authenticated;
           }}
         }}",
        socket = socket.display()
    ))
}

/// The configuration of `examples/gateway` as it stands there, but for where things are.
#[test]
fn the_example_takes_nobody_for_somebody_without_the_password() {
    let arguments = ["--trust", "unix", "--principal", "header:x-principal"];
    let server = Server::start(&arguments);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let users = server.path("users");
    std::fs::write(&users, "alice:{PLAIN}secret\nbob:{PLAIN}other\n").unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let mut config = std::fs::read_to_string(format!("{root}/examples/gateway/nginx.conf")).unwrap();
    for (from, to) in [
        ("/tmp/portcullis.sock", server.socket().display().to_string()),
        ("listen 8080", "listen 127.0.0.1:PORT".to_owned()),
        ("127.0.0.1:9000", format!("127.0.0.1:{}", backend(&seen))),
        ("/etc/nginx/reports.users", users.display().to_string()),
    ] {
        assert_eq!(config.matches(from).count(), 1, "{from}");
        config = config.replace(from, &to);
    }
    let http = config.split_once("http {").unwrap().1.trim_end().strip_suffix('}').unwrap();
    let Some(nginx) = nginx(http) else {
        eprintln!("{NOT_INSTALLED}");
        return;
    };
    // alice:secret, alice:wrong, bob:other, carol:secret
    let [alice, wrong, bob, carol] =
        ["YWxpY2U6c2VjcmV0", "YWxpY2U6d3Jvbmc=", "Ym9iOm90aGVy", "Y2Fyb2w6c2VjcmV0"]
            .map(|encoded| format!("authorization: Basic {encoded}\r\n"));
    for (path, headers, status) in [
        ("/reports/q3", &alice, 200),
        ("/reports/q3", &wrong, 401),
        ("/reports/q3", &carol, 401),
        ("/reports/q3", &String::new(), 401),
        ("/reports/q3", &bob, 403),
        ("/files/public/q3", &bob, 200),
        ("/reports/q3", &format!("{bob}x-principal: {ALICE}\r\n"), 403),
    ] {
        assert_eq!(through(nginx.port, "GET", path, headers), status, "{path} {headers}");
    }
    assert_eq!(seen.lock().unwrap().len(), 2);
}

/// What goes wrong behind nginx is 403, not an error of the site.
#[test]
fn nginx_denies_when_the_bundle_is_too_old_or_the_log_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acme.bundle"), super::server::bundle(1)).unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("d.log")).unwrap();
    let arguments = [
        "--trust",
        "unix",
        "--principal",
        "header:x-principal",
        "--max-age",
        "3s",
        "--request-time",
        "400ms",
        "--log",
        "d.log",
        "--log-blocking",
        "--log-queue",
        "1",
        "--max-batch",
        "1",
    ];
    let server = Server::start_in(folder, "acme.bundle", &arguments);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let Some(nginx) = in_front_of(&server, backend(&seen)) else {
        eprintln!("{NOT_INSTALLED}");
        return;
    };
    let alice = format!("x-authenticated: {ALICE}\r\n");
    let ask = || through(nginx.port, "GET", "/reports/q3", &alice);
    let denied = |reason: &str| server.metric(&format!("portcullis_refusals_total{{reason=\"{reason}\"}}"));
    until("the queue is full", || {
        ask();
        denied("log_unavailable") > 0.0
    });
    let reached = seen.lock().unwrap().len();
    std::fs::remove_file(server.path("d.log")).unwrap();
    std::fs::rename(server.path("acme.bundle"), server.path("away")).unwrap();
    server.signal("HUP");
    until("it is too old", || denied("bundle_too_old") > 0.0 || (ask(), false).1);
    assert_eq!(ask(), 403);
    std::fs::rename(server.path("away"), server.path("acme.bundle")).unwrap();
    until("it heals", || ask() == 200);
    assert!(seen.lock().unwrap().len() > reached);
}

#[test]
fn nginx_lets_through_what_is_allowed_and_nothing_else() {
    let arguments =
        ["--trust", "unix", "--principal", "header:x-principal", "--context", "aws:SourceIp=source-address"];
    let mut server = Server::start(&arguments);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let Some(nginx) = in_front_of(&server, backend(&seen)) else {
        eprintln!("{NOT_INSTALLED}");
        return;
    };
    let alice = format!("x-authenticated: {ALICE}\r\n");
    let bob = format!("x-authenticated: {BOB}\r\n");
    for (method, uri, headers, status) in [
        ("GET", "/reports/q3", &alice, 200),
        ("GET", "/reports/q3?x=1", &alice, 200),
        ("GET", "/reports/q3", &bob, 403),
        ("GET", "/files/public/q3", &bob, 200),
        ("GET", "/reports/q3", &String::new(), 401),
        // The client cannot say what only nginx may.
        ("GET", "/reports/q3", &format!("x-principal: {ALICE}\r\n"), 401),
        (
            "GET",
            "/reports/q3",
            &format!("{bob}x-principal: {ALICE}\r\nx-original-uri: /files/public/q3\r\n"),
            403,
        ),
        ("POST", "/reports/q3", &alice, 403),
        // nginx reads these as /files/public/q3; what is decided on is what is forwarded.
        ("GET", "/files/secret/../public/q3", &bob, 403),
        ("GET", "/files/public/%2e%2e/secret", &bob, 403),
        ("GET", "/files//public/q3", &bob, 403),
        ("GET", "/files/public/q%33", &bob, 403),
        ("GET", "/_portcullis", &alice, 404),
        // The address is 127.0.0.1, which is not the office.
        ("PUT", "/drafts/a", &alice, 403),
    ] {
        assert_eq!(through(nginx.port, method, uri, headers), status, "{method} {uri} {headers}");
    }
    let reached =
        ["GET /reports/q3 HTTP/1.0", "GET /reports/q3?x=1 HTTP/1.0", "GET /files/public/q3 HTTP/1.0"];
    assert_eq!(*seen.lock().unwrap(), reached);
    // No bundle that could be read from now on, and then no server at all: nothing gets through.
    server.end();
    assert_eq!(through(nginx.port, "GET", "/reports/q3", &alice), 500);
    assert_eq!(seen.lock().unwrap().len(), reached.len());
}
