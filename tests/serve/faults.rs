//! Faults: decisions stay right or become denials, nothing crashes, and each shows in the metrics.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portcullis::trust::SigningKey;
use serde_json::json;

use super::server::{ALICE, Server, alone, bundle, exchange, post, question, read, ten_thousand, until};

/// Which of the numbered bundles decides; 0: none allows.
fn number(server: &Server) -> usize {
    let allowed =
        |&number: &usize| server.post("/v1/decide", &question(ALICE, number)).json()["decision"] == "allow";
    (1..6).find(allowed).unwrap_or(0)
}

fn write_signed(server: &Server, number: usize, key: &SigningKey, sequence: u64) {
    let bundle = bundle(number);
    // In this order and not at once: what does not fit together in between is not taken.
    server.replace("acme.bundle.sig", key.sign(&bundle, Some(sequence)).as_bytes());
    server.replace("acme.bundle", &bundle);
}

#[test]
fn bad_bundles_are_refused_and_the_last_good_one_decides() {
    let (key, _) = SigningKey::generate().unwrap();
    let (stranger, _) = SigningKey::generate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pub"), key.public().to_pem()).unwrap();
    let first = bundle(1);
    std::fs::write(folder.path().join("acme.bundle"), &first).unwrap();
    std::fs::write(folder.path().join("acme.bundle.sig"), key.sign(&first, Some(10))).unwrap();
    let server = Server::start_in(folder, "acme.bundle", &["--key", "key.pub", "--store", "store"]);
    let refused = |kind: &str| server.metric(&format!("portcullis_bundle_failures_total{{kind=\"{kind}\"}}"));
    let until_refused = |kind: &str| {
        let before = refused(kind);
        until(kind, || refused(kind) > before);
        assert_eq!(number(&server), 2, "{kind}");
        assert_eq!(server.get("/readyz").status, 200);
    };
    assert_eq!(number(&server), 1);
    write_signed(&server, 2, &key, 11);
    until("the second bundle", || number(&server) == 2);
    // By a stranger; older; truncated; flipped; no signature; gone; something else in its place.
    write_signed(&server, 3, &stranger, 12);
    until_refused("signature");
    write_signed(&server, 3, &key, 9);
    until_refused("sequence");
    let good = bundle(3);
    server.replace("acme.bundle.sig", key.sign(&good, Some(12)).as_bytes());
    server.replace("acme.bundle", &good[..good.len() - 100]);
    until_refused("signature");
    let mut flipped = good.clone();
    flipped[good.len() / 3] ^= 4;
    server.replace("acme.bundle", &flipped);
    until_refused("signature");
    // Signed, and no bundle all the same.
    server.replace("acme.bundle.sig", key.sign(&flipped, Some(12)).as_bytes());
    until_refused("unreadable");
    std::fs::remove_file(server.path("acme.bundle.sig")).unwrap();
    server.replace("acme.bundle", &good);
    until_refused("signature");
    std::fs::remove_file(server.path("acme.bundle")).unwrap();
    until_refused("source");
    std::fs::create_dir(server.path("acme.bundle")).unwrap();
    until_refused("source");
    std::fs::remove_dir(server.path("acme.bundle")).unwrap();
    write_signed(&server, 3, &key, 12);
    until("the third bundle", || number(&server) == 3);
    for said in ["bundle refused", "is not trusted", "older than 11", "bundle in force"] {
        assert!(server.said(said), "{said}");
    }
}

#[test]
fn without_a_bundle_everything_is_denied_until_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(
        folder,
        "acme.bundle",
        &["--trust", "127.0.0.1", "--principal", "header:x-principal"],
    );
    assert_eq!((server.get("/healthz").status, server.get("/readyz").status), (200, 503));
    let reply = server.post("/v1/decide", &question(ALICE, 1));
    assert_eq!((reply.status, &reply.json()["reason"]), (503, &json!("source_unreachable")));
    assert_eq!(reply.json()["decision"], "implicit_deny");
    let who = format!("x-principal: {ALICE}\r\n");
    assert_eq!(server.auth("GET", "/reports/q3", &who).status, 403);
    assert_eq!(server.metric("portcullis_refusals_total{reason=\"source_unreachable\"}"), 2.0);
    server.replace("acme.bundle", b"no bundle");
    until("another reason", || {
        server.post("/v1/decide", &question(ALICE, 1)).json()["reason"] == "bundle_unreadable"
    });
    server.replace("acme.bundle", &bundle(1));
    until("the bundle", || server.get("/readyz").status == 200);
    assert_eq!(server.auth("GET", "/reports/q3", &who).status, 204);
}

#[test]
fn a_source_that_is_away_for_too_long_ends_in_denials_and_heals() {
    let server = Server::start(&["--max-age", "1s"]);
    assert_eq!(number(&server), 1);
    std::fs::rename(server.path("acme.bundle"), server.path("away")).unwrap();
    until("it is too old", || server.get("/readyz").status == 503);
    let reply = server.post("/v1/decide", &question(ALICE, 1));
    assert_eq!((reply.status, &reply.json()["reason"]), (503, &json!("bundle_too_old")));
    assert!(server.metric("portcullis_bundle_age_seconds") > 1.0);
    assert_eq!(server.metric("portcullis_ready"), 0.0);
    std::fs::rename(server.path("away"), server.path("acme.bundle")).unwrap();
    until("it heals", || number(&server) == 1);
}

#[test]
fn a_store_that_cannot_be_written_stops_nothing_and_the_next_process_begins_with_what_it_holds() {
    let mut server = Server::start(&["--store", "store"]);
    assert_eq!(number(&server), 1);
    // The digest of what was confirmed last.
    let confirmed = |server: &Server| -> Option<String> {
        let state = std::fs::read_to_string(server.path("store").join("state")).ok()?;
        Some(state.split_whitespace().last()?.to_owned())
    };
    until("the first bundle is remembered", || confirmed(&server).is_some());
    let first = confirmed(&server);
    // A disk that takes nothing: no file can be made where the folder is none.
    std::fs::rename(server.path("store"), server.path("kept")).unwrap();
    std::fs::write(server.path("store"), "").unwrap();
    server.replace("acme.bundle", &bundle(2));
    server.until("portcullis_bundle_failures_total{kind=\"store\"}", |count| count > 0.0);
    assert_eq!(number(&server), 1, "a pin that cannot be read: nothing new is taken");
    std::fs::remove_file(server.path("store")).unwrap();
    std::fs::rename(server.path("kept"), server.path("store")).unwrap();
    until("the second bundle", || number(&server) == 2);
    until("it is kept and remembered", || {
        let kept = portcullis::live::Store::at(server.path("store")).kept().unwrap();
        kept.len() == 2 && confirmed(&server) != first
    });
    assert_eq!(server.end(), Some(0));
    // Its source is gone.
    std::fs::remove_file(server.path("acme.bundle")).unwrap();
    let folder = std::mem::replace(&mut server.folder, tempfile::tempdir().unwrap());
    let server = Server::start_in(folder, "acme.bundle", &["--store", "store"]);
    assert_eq!(number(&server), 2);
}

/// A server of bundles that never comes to an end.
fn slow_source() -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/acme.bundle", listener.local_addr().unwrap());
    let slow = Arc::new(AtomicBool::new(false));
    let is_slow = Arc::clone(&slow);
    let body = bundle(1);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (slow, body) = (is_slow.load(Ordering::Relaxed), body.clone());
            std::thread::spawn(move || {
                let mut head = [0; 1_024];
                let _ = stream.read(&mut head);
                let _ = stream.write_all(
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(),
                );
                for part in body.chunks(if slow { 1 } else { body.len() }) {
                    if stream.write_all(part).is_err() {
                        return;
                    }
                    if slow {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
            });
        }
    });
    (url, slow)
}

#[test]
fn a_slow_source_holds_up_no_decision() {
    let (url, slow) = slow_source();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder, &url, &["--fetch-time", "400ms", "--max-age", "2s"]);
    assert_eq!(number(&server), 1);
    slow.store(true, Ordering::Relaxed);
    server.until("portcullis_bundle_failures_total{kind=\"source\"}", |count| count > 0.0);
    assert_eq!(number(&server), 1);
    until("it is too old", || server.get("/readyz").status == 503);
    slow.store(false, Ordering::Relaxed);
    until("it heals", || server.get("/readyz").status == 200);
    assert!(server.said("neither signed nor fetched by TLS"));
}

#[test]
fn a_process_that_is_told_to_end_under_load_answers_what_it_has_read() {
    let mut server = Server::start(&["--log", "d.log"]);
    let stop = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (stop, answered, mut stream) = (Arc::clone(&stop), Arc::clone(&answered), server.connect());
            std::thread::spawn(move || {
                let request = post("/v1/decide", &question(ALICE, 1));
                while !stop.load(Ordering::Relaxed) {
                    // A connection that is closed between two answers is an end like any other; half an answer is none.
                    if stream.write_all(request.as_bytes()).is_err() {
                        return;
                    }
                    let Some(reply) = read(&mut stream) else { return };
                    assert_eq!((reply.status, &reply.json()["decision"]), (200, &json!("allow")));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    until("load", || answered.load(Ordering::Relaxed) > 500);
    assert_eq!(server.end(), Some(0));
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().unwrap();
    }
    let lines = std::fs::read_to_string(server.path("d.log")).unwrap().lines().count() as u64;
    assert_eq!(lines, answered.load(Ordering::Relaxed), "what was decided was answered, and is in the log");
    assert!(!server.socket().exists(), "the socket is gone");
}

#[test]
fn half_a_request_and_idle_connections_hold_up_no_end() {
    let mut server = Server::start(&["--grace", "10s", "--log", "d.log"]);
    let mut half = server.connect();
    half.write_all(b"POST /v1/decide HTTP/1.1\r\nhost: x\r\n").unwrap();
    let idle = [server.connect(), TcpStream::connect(server.grpc().trim_start_matches("http://")).unwrap()];
    server.post("/v1/decide", &question(ALICE, 1));
    let start = Instant::now();
    assert_eq!(server.end(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(std::fs::read_to_string(server.path("d.log")).unwrap().lines().count(), 1);
    drop((half, idle));
}

#[test]
fn an_idle_connection_is_no_fault_and_half_a_request_is() {
    let server = Server::start(&["--idle-time", "600ms", "--request-time", "500ms"]);
    let mut idle = server.connect();
    assert_eq!(exchange(&mut idle, &post("/v1/decide", &question(ALICE, 1))).status, 200);
    assert!(read(&mut idle).is_none(), "closed");
    assert_eq!(server.metric("portcullis_refusals_total{reason=\"malformed_http\"}"), 0.0);
    let mut half = server.connect();
    half.write_all(b"POST /v1/decide HTTP/1.1\r\nhost: x\r\n").unwrap();
    server.until("portcullis_refusals_total{reason=\"malformed_http\"}", |count| count == 1.0);
}

#[test]
fn the_limit_of_connections_keeps_out_nobody_who_asks_how_the_process_does() {
    let server = Server::start(&["--max-connections", "3", "--admin", "127.0.0.1:0"]);
    let held: Vec<TcpStream> = (0..6).map(|_| server.connect()).collect();
    server.until("portcullis_connections_refused_total{reason=\"limit\"}", |count| count == 3.0);
    drop(held);
}

#[test]
fn what_was_rolled_back_from_is_not_in_force_after_a_restart_whatever_became_of_the_pin() {
    let mut server = Server::start(&["--store", "store"]);
    server.replace("acme.bundle", &bundle(2));
    until("the second bundle", || number(&server) == 2);
    until("two are kept", || portcullis::live::Store::at(server.path("store")).kept().unwrap().len() == 2);
    let rollback = |folder: &std::path::Path, more: &[&str]| {
        let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"));
        let run = run.arg("rollback").arg(folder).args(more).output().unwrap();
        (run.status.code(), String::from_utf8(run.stdout).unwrap())
    };
    let (status, said) = rollback(&server.path("store"), &[]);
    assert!(status == Some(0) && said.contains("pinned"), "{said}");
    until("the first bundle again", || number(&server) == 1);
    // It is in force a moment before it is told as pinned.
    server.until("portcullis_bundle_pinned", |pinned| pinned == 1.0);
    assert!(rollback(&server.path("store"), &["--list"]).1.contains("pinned"));
    server.end();
    std::fs::write(server.path("store/pin"), "garbage").unwrap();
    let folder = std::mem::replace(&mut server.folder, tempfile::tempdir().unwrap());
    let server = Server::start_in(folder, "acme.bundle", &["--store", "store"]);
    assert_eq!(number(&server), 0, "nobody knows what is meant");
    assert_eq!(rollback(&server.path("store"), &["--release"]).0, Some(0));
    until("the second bundle", || number(&server) == 2);
}

#[test]
fn a_source_that_never_answers_holds_up_no_start_where_the_store_has_a_bundle() {
    let mut server = Server::start(&["--store", "store"]);
    until("it is kept", || portcullis::live::Store::at(server.path("store")).kept().unwrap().len() == 1);
    server.end();
    let folder = std::mem::replace(&mut server.folder, tempfile::tempdir().unwrap());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/acme.bundle", silent.local_addr().unwrap());
    let start = Instant::now();
    let server = Server::start_in(folder, &url, &["--store", "store", "--fetch-time", "20s"]);
    assert_eq!(number(&server), 1);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_pipe_or_a_huge_file_in_the_place_of_the_bundle_is_a_failure_like_any_other() {
    let server = Server::start(&[]);
    let failed = || server.metric("portcullis_bundle_failures_total{kind=\"source\"}");
    let pipe = |path: &std::path::Path| {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let huge = |path: &std::path::Path| std::fs::File::create(path).unwrap().set_len(8 << 40).unwrap();
    for make in [&pipe as &dyn Fn(&std::path::Path), &huge] {
        let before = failed();
        std::fs::remove_file(server.path("acme.bundle")).unwrap();
        make(&server.path("acme.bundle"));
        until("a failure", || failed() > before + 2.0);
        assert_eq!(number(&server), 1);
    }
    assert_eq!(server.metric("portcullis_follower_up"), 1.0);
}

#[test]
fn ten_thousand_idle_connections_hold_up_nobody() {
    let _alone = alone();
    let mut server = Server::start(&["--idle-time", "600s"]);
    let idle = ten_thousand(|| {
        let mut stream = TcpStream::connect(server.http()).unwrap();
        // Half of a request, which never becomes a whole one.
        stream.write_all(b"POST /v1/decide HTTP/1.1\r\nhost: x\r\n").unwrap();
        stream
    });
    until("they are open", || server.metric("portcullis_connections") >= idle.len() as f64);
    let start = Instant::now();
    for _ in 0..100 {
        assert_eq!(server.post("/v1/decide", &question(ALICE, 1)).json()["decision"], "allow");
    }
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(server.is_running());
    drop(idle);
    server.until("portcullis_connections", |open| open < 10.0);
}

#[test]
fn connections_over_the_limit_and_slow_ones_are_closed() {
    let server = Server::start(&[
        "--idle-time",
        "700ms",
        "--request-time",
        "600ms",
        "--max-connections",
        "5",
        "--admin",
        "127.0.0.1:0",
    ]);
    // Headers byte by byte.
    let mut loris = server.connect();
    let start = Instant::now();
    let drip = b"POST /v1/decide HTTP/1.1\r\nhost: x\r\nx-header: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for byte in drip {
        if loris.write_all(&[*byte]).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut rest = Vec::new();
    let _ = loris.read_to_end(&mut rest);
    assert!(start.elapsed() < Duration::from_secs(25), "closed");
    server.until("portcullis_refusals_total{reason=\"malformed_http\"}", |count| count >= 1.0);
    // A body byte by byte.
    let mut loris = server.connect();
    loris.write_all(b"POST /v1/decide HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n").unwrap();
    let mut dripping = loris.try_clone().unwrap();
    std::thread::spawn(move || {
        while dripping.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let reply = read(&mut loris).unwrap();
    assert_eq!((reply.status, &reply.json()["reason"]), (408, &json!("timeout")));
    drop(loris);
    // More than are allowed.
    let held: Vec<TcpStream> = (0..8).map(|_| server.connect()).collect();
    let closed = |stream: &TcpStream| {
        let mut stream = stream.try_clone().unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        matches!(stream.read(&mut [0]), Ok(0))
    };
    until("some are closed", || held.iter().any(closed));
    drop(held);
    server.until("portcullis_connections_refused_total{reason=\"limit\"}", |count| count >= 1.0);
    until("there is room again", || {
        let mut stream = server.connect();
        stream.write_all(post("/v1/decide", &question(ALICE, 1)).as_bytes()).is_ok()
            && read(&mut stream).is_some_and(|reply| reply.status == 200)
    });
}

#[test]
fn more_requests_at_a_time_than_are_allowed_are_denied_at_once() {
    let server = Server::start(&["--max-requests", "1", "--request-time", "5s"]);
    // One that takes its time.
    let mut slow = server.connect();
    slow.write_all(b"POST /v1/decide HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n").unwrap();
    // It comes in before the next one does, or it would itself be the one too many.
    std::thread::sleep(Duration::from_millis(300));
    until("it is overloaded", || {
        let reply = server.post("/v1/decide", &question(ALICE, 1));
        reply.status == 503 && reply.json()["reason"] == "overloaded" && reply.header("retry-after").is_some()
    });
    // Who says little takes no place of those who are slow to say much.
    assert_eq!(server.auth("GET", "/reports/q3", "").status, 401);
    assert!(server.metric("portcullis_refusals_total{reason=\"overloaded\"}") >= 1.0);
    drop(slow);
    until("it answers again", || server.post("/v1/decide", &question(ALICE, 1)).status == 200);
}

#[test]
fn swapping_under_load_fails_no_request_and_mixes_no_bundles() {
    let server = Server::start(&[]);
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let clients: Vec<_> = (0..2)
        .map(|_| {
            let (stop, seen, mut stream) = (Arc::clone(&stop), Arc::clone(&seen), server.connect());
            std::thread::spawn(move || {
                let both = format!("{{\"requests\": [{}, {}]}}", question(ALICE, 1), question(ALICE, 2));
                let request = post("/v1/decide", &both);
                while !stop.load(Ordering::Relaxed) {
                    let reply = exchange(&mut stream, &request);
                    assert_eq!(reply.status, 200);
                    let answers = reply.json()["answers"].clone();
                    let allowed = [0, 1].map(|place| answers[place]["decision"] == "allow");
                    assert_eq!(answers[0]["bundle"], answers[1]["bundle"]);
                    match allowed {
                        [true, false] => seen[0].fetch_add(1, Ordering::Relaxed),
                        [false, true] => seen[1].fetch_add(1, Ordering::Relaxed),
                        _ => panic!("{answers}"),
                    };
                }
            })
        })
        .collect();
    let bundles = [bundle(2), bundle(1)];
    for turn in 0..20 {
        server.replace("acme.bundle", &bundles[turn % 2]);
        std::thread::sleep(Duration::from_millis(60));
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().unwrap();
    }
    assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) > 0));
    assert!(server.metric("portcullis_bundle_admitted_total") > 5.0);
}

#[test]
fn what_cannot_start_says_why_and_how() {
    let run = |arguments: &[&str]| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["serve", "x.bundle"])
            .args(arguments)
            .output()
            .unwrap();
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let file = file.to_str().unwrap();
    for (arguments, says) in [
        (&[][..], "nowhere to listen"),
        (&["--listen", "nowhere"], "is no address"),
        (&["--listen", &taken], "cannot listen on"),
        (&["--listen", &format!("unix:{file}")], "no socket"),
        (&["--listen", "127.0.0.1:0", "--principal", "header:x"], "--trust"),
        (&["--listen", "127.0.0.1:0", "--principal", "cookie:x", "--trust", "unix"], "header:NAME"),
        (&["--listen", "127.0.0.1:0", "--trust", "everybody"], "is no proxy"),
        (&["--listen", "127.0.0.1:0", "--key", file], "holds no key"),
        (&["--listen", "127.0.0.1:0", "--identities", file], "file"),
        (&["--listen", "127.0.0.1:0", "--max-age", "0s"], "is no time"),
        (&["--listen", "127.0.0.1:0", "--max-age", "5s", "--interval", "5s"], "--interval below it"),
        (&["--listen", "127.0.0.1:0", "--max-requests", "0"], "is no number"),
        (&["--listen", "127.0.0.1:0", "--max-connections", "99999999999"], "is no number"),
        (&["--listen", "127.0.0.1:0", "--max-headers", "100"], "is no number"),
        (&["--listen", "127.0.0.1:0", "--socket-mode", "rw"], "is no mode"),
        (&["--listen", "127.0.0.1:0", "--idle-time", "1s"], "--request-time"),
        (&["--listen", "127.0.0.1:0", "--log", "-", "--log-blocking", "--log-queue", "10"], "--max-batch"),
        (&["--listen", "127.0.0.1:0", "--log-allowed", "2"], "is no share"),
        (&["--listen", "127.0.0.1:0", "--log", "/nowhere/d.log"], "/nowhere/d.log"),
        (&["--listen", "127.0.0.1:0", "--store", file], "file"),
        (&["--listen", "127.0.0.1:0", "--authorization", file], "fetched"),
    ] {
        let (status, said) = run(arguments);
        assert_eq!(status, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}
