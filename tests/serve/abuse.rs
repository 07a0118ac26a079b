//! Clients that ask too much, or hold what others need.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::grpc::{Passed, ask, check_until, status};
use super::server::{ALICE, Server, alone, question, ten_thousand, until};

/// What a connection of HTTP/2 begins with: no settings of its own.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn grpc(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.grpc().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// The kinds of the frames that come, until the connection ends.
fn frames(stream: &mut TcpStream) -> Vec<u8> {
    let mut kinds = Vec::new();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).is_ok() {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        if stream.read_exact(&mut vec![0; length]).is_err() {
            break;
        }
        kinds.push(head[3]);
    }
    kinds
}

#[test]
fn v4_tens_of_thousands_of_keys_are_one_denial_of_which_few_are_logged() {
    let server = Server::start(&["--log", "d.log", "--explain"]);
    let keys: BTreeMap<String, &str> = (0..60_000).map(|number| (number.to_string(), "1")).collect();
    let mut question: serde_json::Value = serde_json::from_str(&question(ALICE, 1)).unwrap();
    question["context"] = json!(keys);
    let reply = server.post("/v1/decide", &question.to_string());
    assert_eq!((reply.status, &reply.json()["decision"]), (200, &json!("implicit_deny")), "{reply:?}");
    until("it is in the log", || std::fs::read_to_string(server.path("d.log")).unwrap().ends_with('\n'));
    let line = std::fs::read_to_string(server.path("d.log")).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["context"].as_object().unwrap().len(), 257);
    // What is explained is what is decided, on either side of the limit.
    for (count, decision) in [(256, "allow"), (257, "implicit_deny"), (300, "implicit_deny")] {
        let keys: BTreeMap<String, &str> = (0..count).map(|number| (number.to_string(), "1")).collect();
        question["context"] = json!(keys);
        for path in ["/v1/decide", "/v1/explain"] {
            let reply = server.post(path, &question.to_string());
            assert_eq!(reply.json()["decision"], decision, "{path} {count}: {reply:?}");
        }
    }
}

#[test]
fn who_begins_to_say_something_and_does_not_end_keeps_out_nobody_else() {
    let server = Server::start(&["--max-requests", "2", "--request-time", "30s", "--idle-time", "60s"]);
    // Bodies that never come, until no more are read: one that comes at the wrong moment is itself the one too many.
    let mut bodies: Vec<TcpStream> = Vec::new();
    until("no more bodies are read", || {
        let mut stream = server.connect();
        stream.write_all(b"POST /v1/decide HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n").unwrap();
        bodies.push(stream);
        server.post("/v1/decide", &question(ALICE, 1)).status == 503
    });
    assert_eq!(server.auth("GET", "/reports/q3", "").status, 401);
    assert_eq!(status(&ask(&server, vec![Passed::get("/reports/q3").check()])[0]), 401);
    drop(bodies);
    until("bodies are read again", || server.post("/v1/decide", &question(ALICE, 1)).status == 200);
}

#[test]
fn an_idle_connection_of_grpc_is_told_that_it_ends_and_pings_are_no_use() {
    let server = Server::start(&["--idle-time", "600ms", "--request-time", "500ms"]);
    let mut silent = grpc(&server);
    silent.write_all(PREFACE).unwrap();
    let mut pinging = grpc(&server);
    pinging.write_all(PREFACE).unwrap();
    let mut pings = pinging.try_clone().unwrap();
    std::thread::spawn(move || {
        while pings.write_all(PING).is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    for stream in [&mut silent, &mut pinging] {
        let kinds = frames(stream);
        assert!(kinds.contains(&7), "GOAWAY: {kinds:?}");
    }
    server.until("portcullis_connections", |open| open <= 1.0);
    // One that is in use is not idle.
    let answered = check_until(&server, Duration::from_millis(1_500));
    assert!(answered > 5, "{answered}");
}

#[test]
fn ten_thousand_idle_connections_of_grpc_hold_up_nobody() {
    let _alone = alone();
    let mut server = Server::start(&["--idle-time", "600s"]);
    let idle = ten_thousand(|| {
        let mut stream = grpc(&server);
        stream.write_all(PREFACE).unwrap();
        stream
    });
    until("they are open", || server.metric("portcullis_connections") >= idle.len() as f64);
    for _ in 0..20 {
        assert_eq!(status(&ask(&server, vec![Passed::get("/reports/q3").check()])[0]), 401);
    }
    assert!(server.is_running());
    drop(idle);
    server.until("portcullis_connections", |open| open < 10.0);
}

#[test]
fn a_process_that_is_told_to_end_under_load_of_grpc_answers_what_it_has_read() {
    let mut server = Server::start(&["--log", "d.log"]);
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (stop, answered, address) = (Arc::clone(&stop), Arc::clone(&answered), server.grpc());
            std::thread::spawn(move || super::grpc::load(&address, &stop, &answered))
        })
        .collect();
    until("load", || answered.load(Ordering::Relaxed) > 300);
    assert_eq!(server.end(), Some(0));
    stop.store(true, Ordering::Relaxed);
    let told: Vec<bool> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert!(told.iter().all(|told| *told), "every call was answered or not begun: {told:?}");
    let lines = std::fs::read_to_string(server.path("d.log")).unwrap().lines().count() as u64;
    assert_eq!(lines, answered.load(Ordering::Relaxed), "what was decided was answered, and is in the log");
}

#[test]
fn many_headers_are_still_a_question() {
    let server = Server::start(&[]);
    let many: String = (0..900).map(|number| format!("x-{number}: y\r\n")).collect();
    assert_eq!(server.auth("GET", "/reports/q3", &many).status, 401);
}

#[test]
fn a_signal_while_the_first_look_takes_its_time_ends_nothing() {
    let source = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/acme.bundle", source.local_addr().unwrap());
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["serve", &url, "--listen", "127.0.0.1:0"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It looks, and nobody answers: the start waits for that.
    let looking = source.accept().unwrap();
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
    };
    signal("-HUP");
    std::thread::sleep(Duration::from_millis(300));
    signal("-TERM");
    drop(looking);
    assert_eq!(child.wait().unwrap().code(), Some(0), "ended when told, and as told");
}

#[test]
fn a_socket_with_a_mode_has_it_and_leaves_nothing_else() {
    let server = Server::start(&["--socket-mode", "600"]);
    let mode = std::fs::metadata(server.socket()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let names = std::fs::read_dir(server.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["acme.bundle", "http.sock"]);
    super::server::unix(&server.socket());
}

#[test]
fn secrets_of_a_url_are_not_told() {
    for url in ["https://user:hush@host/x?token=hush", "ftp://host/x?token=hush", "://hush@x"] {
        let run = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["serve", url, "--listen", "127.0.0.1:0"])
            .output()
            .unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(2), "{said}");
        assert!(!said.contains("hush"), "{said}");
    }
}

#[test]
fn what_nobody_was_let_through_for_is_not_counted_as_let_through() {
    let server = Server::start(&["--dry-run", "--explain", "--request-time", "300ms", "--log", "d.log"]);
    let mut stream = server.connect();
    stream.write_all(b"nonsense\r\n\r\n").unwrap();
    server.until("portcullis_refusals_total{reason=\"malformed_http\"}", |count| count == 1.0);
    assert_eq!(server.post("/v1/explain", "{}").status, 400);
    let mut slow = server.connect();
    slow.write_all(b"POST /v1/explain HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n").unwrap();
    let reply = super::server::read(&mut slow).unwrap();
    assert_eq!((reply.status, &reply.json()["decision"]), (408, &json!("implicit_deny")));
    assert_eq!(server.metric("portcullis_refusals_total{reason=\"timeout\"}"), 0.0);
    assert_eq!(std::fs::read_to_string(server.path("d.log")).unwrap().lines().count(), 1, "the nonsense");
    assert_eq!(server.metric("portcullis_dry_run_allowed_total"), 0.0);
    assert_eq!(server.metric("portcullis_refusals_total{reason=\"malformed_request\"}"), 0.0);
    // An entry of a batch that is none keeps its name.
    let reply = server.post("/v1/decide", "{\"requests\": [{\"id\": \"7\"}]}");
    assert_eq!(reply.json()["answers"][0]["id"], "7");
}
