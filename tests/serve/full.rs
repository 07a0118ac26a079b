//! Disks that take no more, and folders that cannot be read.

use std::os::unix::fs::symlink;
use std::path::Path;

use portcullis::trust::SigningKey;
use serde_json::{Value, json};

use super::server::{ALICE, Server, bundle, question, until};

fn decides(server: &Server, number: usize) -> bool {
    server.post("/v1/decide", &question(ALICE, number)).json()["decision"] == "allow"
}

fn moved(server: &mut Server) -> tempfile::TempDir {
    std::mem::replace(&mut server.folder, tempfile::tempdir().unwrap())
}

/// Every line of a log, which has to be whole.
fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_was_accepted_is_remembered_on_a_full_disk_and_nothing_older_is_taken_then() {
    let (key, _) = SigningKey::generate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pub"), key.public().to_pem()).unwrap();
    let write = |folder: &Path, number: usize| {
        let bytes = bundle(number);
        let signature = key.sign(&bytes, Some(number as u64));
        std::fs::write(folder.join("acme.bundle.sig"), signature).unwrap();
        std::fs::write(folder.join("acme.bundle"), bytes).unwrap();
    };
    let arguments = ["--key", "key.pub", "--store", "store"];
    write(folder.path(), 1);
    let mut server = Server::start_in(folder, "acme.bundle", &arguments);
    until("it is kept", || portcullis::live::Store::at(server.path("store")).kept().unwrap().len() == 1);
    server.end();
    let folder = moved(&mut server);
    write(folder.path(), 2);
    let mut server = Server::start_on_full_disk(folder, "acme.bundle", &arguments);
    until("the second bundle", || decides(&server, 2));
    server.until("portcullis_bundle_failures_total{kind=\"store\"}", |count| count > 0.0);
    until("it is remembered", || {
        std::fs::read_to_string(server.path("store/state")).unwrap().contains("accepted: 2 ")
    });
    assert_eq!(portcullis::live::Store::at(server.path("store")).kept().unwrap().len(), 1);
    assert_eq!(server.end(), Some(0));
    // What the store holds is older, and the source gives it too.
    let folder = moved(&mut server);
    write(folder.path(), 1);
    let server = Server::start_in(folder, "acme.bundle", &arguments);
    server.until("portcullis_bundle_failures_total{kind=\"sequence\"}", |count| count >= 2.0);
    let reply = server.post("/v1/decide", &question(ALICE, 1));
    assert_eq!((reply.status, &reply.json()["decision"]), (503, &json!("implicit_deny")));
    write(server.folder.path(), 2);
    until("the second bundle", || decides(&server, 2));
}

#[test]
fn a_log_on_a_full_disk_goes_on_in_the_next_file_with_a_whole_line() {
    let server = Server::start_in_full(&["--log", "d.log"]);
    let mut asked = 0;
    until("the log is full", || {
        asked += 1;
        assert!(decides(&server, 1), "decisions go on");
        server.metric("portcullis_log_failures_total") > 0.0
    });
    std::fs::rename(server.path("d.log"), server.path("d.old")).unwrap();
    server.signal("HUP");
    until("a new file", || {
        asked += 1;
        assert!(decides(&server, 1));
        std::fs::metadata(server.path("d.log")).is_ok_and(|file| file.len() > 0)
    });
    let counted =
        || server.metric("portcullis_log_lines_total") + server.metric("portcullis_log_dropped_total");
    until("all is counted", || counted() == f64::from(asked));
    assert!(!lines(&server.path("d.log")).is_empty());
    let old = std::fs::read_to_string(server.path("d.old")).unwrap();
    let whole = old.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
    assert!(whole > 0);
    let written = whole + lines(&server.path("d.log")).len();
    assert_eq!(written as f64, server.metric("portcullis_log_lines_total"));
}

#[test]
fn half_a_line_on_standard_output_spoils_no_other() {
    let server = Server::start_in_full(&["--log", "-"]);
    until("it is full", || {
        decides(&server, 1);
        server.metric("portcullis_log_failures_total") > 0.0
    });
    // Whoever reads it takes away what is there.
    std::fs::OpenOptions::new().write(true).open(server.path("out")).unwrap().set_len(0).unwrap();
    let before = server.metric("portcullis_log_lines_total");
    decides(&server, 1);
    server.until("portcullis_log_lines_total", |lines| lines > before);
    let text = std::fs::read_to_string(server.path("out")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1, "{text}");
    serde_json::from_str::<Value>(lines[0]).unwrap();
}

#[test]
fn a_log_that_may_lose_nothing_and_cannot_be_written_denies_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acme.bundle"), bundle(1)).unwrap();
    symlink("/dev/full", folder.path().join("d.log")).unwrap();
    let arguments =
        ["--log", "d.log", "--log-blocking", "--log-queue", "1", "--max-batch", "1", "--request-time", "1s"];
    let server = Server::start_in(folder, "acme.bundle", &arguments);
    let mut allowed = 0;
    until("nothing is allowed", || {
        let reply = server.post("/v1/decide", &question(ALICE, 1));
        let json = reply.json();
        if json["decision"] == "allow" {
            allowed += 1;
            return false;
        }
        assert_eq!((reply.status, &json["reason"]), (503, &json!("log_unavailable")));
        true
    });
    assert!(allowed <= 3, "one with the writer, one in the queue, one on its way: {allowed}");
    assert_eq!((server.get("/readyz").status, server.metric("portcullis_ready")), (503, 0.0));
    assert!(server.metric("portcullis_refusals_total{reason=\"log_unavailable\"}") > 0.0);
    // Whoever operates it gives it another file.
    std::fs::remove_file(server.path("d.log")).unwrap();
    symlink(server.path("good.log"), server.path("d.log")).unwrap();
    server.signal("HUP");
    until("it is ready", || server.get("/readyz").status == 200);
    assert!(decides(&server, 1));
    until("all lines are there", || {
        let written = std::fs::read_to_string(server.path("good.log")).unwrap();
        written.matches("\"decision\":\"allow\"").count() == allowed + 1
    });
    lines(&server.path("good.log"));
}

#[test]
fn folders_that_cannot_be_read_are_failures_and_the_bundle_stays() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("source")).unwrap();
    std::fs::write(folder.path().join("source/acme.bundle"), bundle(1)).unwrap();
    let server = Server::start_in(folder, "source/acme.bundle", &["--store", "store"]);
    until("it is kept", || portcullis::live::Store::at(server.path("store")).kept().unwrap().len() == 1);
    for (name, kind) in [("source", "source"), ("store", "store")] {
        let failed = || server.metric(&format!("portcullis_bundle_failures_total{{kind=\"{kind}\"}}"));
        assert_eq!(failed(), 0.0);
        // A folder behind a circle of links is one that nobody can read, root neither.
        std::fs::rename(server.path(name), server.path("away")).unwrap();
        symlink(name, server.path(name)).unwrap();
        until("a failure", || failed() > 1.0);
        assert!(decides(&server, 1), "{name}");
        std::fs::remove_file(server.path(name)).unwrap();
        std::fs::rename(server.path("away"), server.path(name)).unwrap();
    }
    server.replace("source/acme.bundle", &bundle(2));
    until("the second bundle", || decides(&server, 2));
}
