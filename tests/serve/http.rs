//! HTTP: decisions, who asks, limits, what the process tells of itself, the decision log.

use std::io::Write as _;

use serde_json::{Value, json};

use super::server::{ALICE, BOB, Server, exchange, post, question, read, unix, until};

#[test]
fn one_question_and_many_over_tcp_and_unix() {
    let server = Server::start(&[]);
    let reply = server.post("/v1/decide", &question(ALICE, 1));
    assert_eq!(reply.status, 200);
    let answer = reply.json();
    assert_eq!((&answer["decision"], &answer["layer"]), (&json!("allow"), &json!("identity")));
    let denied = server.post("/v1/decide", &question(BOB, 1)).json();
    assert_eq!((&denied["decision"], &denied["reason"]), (&json!("implicit_deny"), &json!("no_statement")));
    let routed = format!(
        "{{\"principal\": \"{BOB}\", \"method\": \"GET\", \"path\": \"/files/public/q3?x=1\", \"id\": \"7\"}}"
    );
    let batch = format!(
        "{{\"requests\": [{}, {routed}, {{\"principal\": 1}}, {}]}}",
        question(ALICE, 1),
        question(BOB, 1)
    );
    let mut socket = unix(&server.socket());
    let reply = exchange(&mut socket, &post("/v1/decide", &batch));
    let answers = reply.json()["answers"].clone();
    let decisions: Vec<&str> =
        answers.as_array().unwrap().iter().map(|answer| answer["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions, ["allow", "allow", "implicit_deny", "implicit_deny"]);
    assert_eq!(answers[1]["id"], "7");
    assert_eq!(answers[2]["reason"], "malformed_request");
    // The connection is there for the next one.
    assert_eq!(exchange(&mut socket, &post("/v1/decide", "{\"requests\": []}")).body, "{\"answers\":[]}\n");
    assert_eq!(
        server.metric("portcullis_decisions_total{protocol=\"http\",outcome=\"allow\",layer=\"identity\"}"),
        3.0
    );
}

/// The README shows an answer: it is the one that comes.
#[test]
fn the_readme_shows_the_answer_that_comes() {
    let root = env!("CARGO_MANIFEST_DIR");
    let folder = tempfile::tempdir().unwrap();
    let example = format!("{root}/examples/gateway/reports.gate");
    let bundle = portcullis::Builder::new().input(example).build().unwrap();
    std::fs::write(folder.path().join("acme.bundle"), bundle).unwrap();
    let server = Server::start_in(folder, "acme.bundle", &[]);
    let readme = std::fs::read_to_string(format!("{root}/README.md")).unwrap();
    let asked =
        readme.lines().find_map(|line| line.strip_prefix("curl -s 127.0.0.1:8181/v1/decide -d '")).unwrap();
    let reply = server.post("/v1/decide", asked.strip_suffix('\'').unwrap());
    assert!(readme.contains(&format!("```text\n{}```\n", reply.body)), "{}", reply.body);
}

#[test]
fn what_is_no_question_is_denied() {
    let server = Server::start(&[]);
    for body in [
        "",
        "{",
        "[]",
        "{}",
        "{\"requests\": {}}",
        "{\"requests\": [], \"requests\": []}",
        "{\"principal\": \"a\", \"action\": \"b\"}",
        "{\"principal\": \"a\", \"action\": \"b\", \"resource\": \"c\", \"effect\": \"allow\"}",
        "{\"principal\": \"a\", \"principal\": \"b\", \"action\": \"b\", \"resource\": \"c\"}",
        "{\"principal\": \"a\", \"action\": \"b\", \"resource\": \"c\", \"path\": \"/\", \"method\": \"GET\"}",
        "{\"principal\": \"a\", \"action\": \"b\", \"resource\": \"c\", \"resource_account\": \"1\"}",
        "{\"principal\": \"a\", \"action\": \"b\", \"resource\": \"c\", \"context\": {\"k\": null}}",
        "{\"principal\": \"a\", \"action\": \"b\", \"resource\": \"c\", \"context\": {\"k\": \"1\", \"K\": \"2\"}}",
    ] {
        let reply = server.post("/v1/decide", body);
        assert_eq!(reply.status, 400, "{body}");
        let answer = reply.json();
        assert_eq!(
            (&answer["decision"], &answer["reason"]),
            (&json!("implicit_deny"), &json!("malformed_request")),
            "{body}"
        );
        assert!(!answer["error"].as_str().unwrap().is_empty());
    }
    let deep = "[".repeat(100_000);
    assert_eq!(server.post("/v1/decide", &deep).status, 400);
    assert_eq!(server.get("/v1/decide").status, 405);
    assert_eq!(server.get("/nowhere").status, 404);
    assert_eq!(server.get("/v1/explain").status, 404);
    assert_eq!(server.metric("portcullis_refusals_total{reason=\"malformed_request\"}"), 14.0);
    assert_eq!(server.post("/v1/decide", &question(ALICE, 1)).json()["decision"], "allow");
}

#[test]
fn limits_of_body_batch_and_headers() {
    let server = Server::start(&["--max-body", "2000", "--max-batch", "3", "--max-headers", "8192"]);
    let reply = server.post("/v1/decide", &" ".repeat(2_001));
    assert_eq!((reply.status, &reply.json()["reason"]), (413, &json!("body_too_large")));
    let four = format!("{{\"requests\": [{}]}}", vec![question(ALICE, 1); 4].join(","));
    let reply = server.post("/v1/decide", &four);
    assert_eq!((reply.status, &reply.json()["reason"]), (413, &json!("batch_too_large")));
    // A body whose length nobody has said.
    let mut stream = server.connect();
    stream.write_all(b"POST /v1/decide HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
    for _ in 0..3 {
        let _ = stream.write_all(format!("3e8\r\n{}\r\n", " ".repeat(1_000)).as_bytes());
    }
    assert_eq!(read(&mut stream).map(|reply| reply.status), Some(413));
    // Headers, and things that are not HTTP.
    for request in [
        format!("GET /v1/auth HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(20_000)),
        "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
        "GET /v1/auth HTTP/9.9\r\n\r\n".to_owned(),
        "POST /v1/decide HTTP/1.1\r\ncontent-length: x\r\n\r\n".to_owned(),
        "POST /v1/decide HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
        "GET / HTTP/1.1\r\nhost : x\r\n\r\n".to_owned(),
    ] {
        let mut stream = server.connect();
        let _ = stream.write_all(request.as_bytes());
        if let Some(reply) = read(&mut stream) {
            assert!(reply.status >= 400, "{request:.40}: {reply:?}");
        }
    }
    server.until("portcullis_refusals_total{reason=\"malformed_http\"}", |count| count >= 5.0);
    assert_eq!(server.post("/v1/decide", &question(ALICE, 1)).json()["decision"], "allow");
}

#[test]
fn who_asks_is_told_by_whom_is_trusted_and_nobody_else() {
    let header = format!("x-principal: {ALICE}\r\n");
    // Only the socket is trusted.
    let server = Server::start(&["--trust", "unix", "--principal", "header:x-principal"]);
    let path = "/reports/q3";
    let ask =
        |headers: &str| exchange(&mut unix(&server.socket()), &super::server::auth("GET", path, headers));
    assert_eq!(ask(&header).status, 204);
    assert_eq!(server.auth("GET", path, &header).status, 401);
    assert_eq!(server.metric("portcullis_principals_unverified_total"), 1.0);
    // Nobody, twice, something that is nobody, something that is no text.
    for (headers, status) in [
        (String::new(), 401),
        ("x-principal: \r\n".to_owned(), 401),
        (format!("{header}{header}"), 401),
        (format!("{header}x-principal: {BOB}\r\n"), 401),
        ("x-principal: *\r\n".to_owned(), 401),
        ("x-principal: s3.amazonaws.com\r\n".to_owned(), 401),
        ("x-principal: alice\r\n".to_owned(), 401),
        (format!("x-principal: {ALICE},{BOB}\r\n"), 401),
        (format!("x-principal: arn:aws:sts::123456789012:assumed-role/admin/x,{ALICE}\r\n"), 401),
        (format!("x-principal: {ALICE}x\r\n"), 403),
        (format!("x-principal: {BOB}\r\n"), 403),
        (format!("X-PRINCIPAL:   {ALICE}  \r\n"), 204),
    ] {
        assert_eq!(ask(&headers).status, status, "{headers}");
    }
    let mut stream = unix(&server.socket());
    stream
        .write_all(
            &[
                &super::server::auth("GET", path, "").as_bytes()
                    [..super::server::auth("GET", path, "").len() - 2],
                b"x-principal: \xff\xfe\r\n\r\n",
            ]
            .concat(),
        )
        .unwrap();
    assert_eq!(read(&mut stream).unwrap().status, 401);
}

#[test]
fn multi_valued_header_context_comes_from_configured_places_of_trusted_proxies() {
    let arguments = [
        "--trust",
        "127.0.0.1",
        "--principal",
        "header:x-principal",
        "--context",
        "aws:SourceIp=header:x-real-ip",
    ];
    let server = Server::start(&arguments);
    let who = format!("x-principal: {ALICE}\r\n");
    let ask = |headers: &str| server.auth("PUT", "/drafts/a", &format!("{who}{headers}")).status;
    assert_eq!(ask("x-real-ip: 10.1.2.3\r\n"), 204);
    assert_eq!(ask("x-real-ip: 192.0.2.1\r\n"), 403);
    assert_eq!(ask(""), 403);
    // Two where there is one place are refused; so is what is there and no text.
    assert_eq!(ask("x-real-ip: 10.1.2.3\r\nx-real-ip: 192.0.2.1\r\n"), 403);
    assert_eq!(ask("x-real-ip: 10.1.2.3\r\nx-real-ip: 10.1.2.3\r\n"), 403);
    assert_eq!(server.metric("portcullis_refusals_total{reason=\"malformed_request\"}"), 2.0);
    drop(server);
    let server = Server::start(&[
        "--trust",
        "127.0.0.1",
        "--principal",
        "header:x-principal",
        "--context",
        "aws:SourceIp=source-address",
    ]);
    let ask = |headers: &str| server.auth("PUT", "/drafts/a", &format!("{who}{headers}")).status;
    for address in ["10.1.2.3", "10.1.2.3:4567", "::ffff:10.1.2.3", "[::ffff:10.1.2.3]:80"] {
        assert_eq!(ask(&format!("x-original-address: {address}\r\n")), 204, "{address}");
    }
    for address in ["nowhere", "unix:", "10.1.2", "10.1.2.3, 10.1.2.3"] {
        assert_eq!(ask(&format!("x-original-address: {address}\r\n")), 403, "{address}");
    }
}

/// What a client adds must not take a deny away: a key that is there and cannot be used is no key that is absent.
#[test]
fn multi_valued_header_takes_no_deny_away() {
    let folder = tempfile::tempdir().unwrap();
    let text = "account 123456789012 { user alice { inline p {
          allow reports:Read on arn:acme:reports:::*
          deny * on * if aws:SourceIp in 192.0.2.0/24
          deny * on * if aws:SecureTransport = false
          deny * on * if x:Team = blocked
          deny * on * if any(x:Groups) = banned
        } } }
        route GET /reports/{id} => reports:Read on arn:acme:reports:::{id}\n";
    std::fs::write(folder.path().join("a.gate"), text).unwrap();
    let bundle = portcullis::Builder::new().input(folder.path().join("a.gate")).build().unwrap();
    std::fs::write(folder.path().join("acme.bundle"), bundle).unwrap();
    let places = [
        "aws:SourceIp=source-address",
        "aws:SecureTransport=tls",
        "x:Team=header:x-team",
        "x:Groups=headers:x-groups",
    ];
    let mut arguments = vec!["--trust", "127.0.0.1", "--principal", "header:x-principal"];
    arguments.extend(places.iter().flat_map(|place| ["--context", place]));
    let server = Server::start_in(folder, "acme.bundle", &arguments);
    let who = format!("x-principal: {ALICE}\r\n");
    for (headers, status) in [
        ("", 204),
        ("x-original-address: 203.0.113.1\r\nx-original-scheme: https\r\nx-team: a\r\nx-groups: a\r\n", 204),
        ("x-original-address: 192.0.2.1\r\n", 403),
        ("x-original-address: ::ffff:192.0.2.1\r\n", 403),
        ("x-original-address: 192.0.2.1:5\r\n", 403),
        ("x-original-address: 192.0.2.1, 203.0.113.1\r\n", 403),
        ("x-original-scheme: http\r\n", 403),
        ("x-original-scheme: HTTP\r\n", 403),
        ("x-original-scheme: ftp\r\n", 403),
        ("x-team: blocked\r\n", 403),
        ("x-team: blocked\r\nx-team: b\r\n", 403),
        ("x-groups: a\r\nx-groups: banned\r\n", 403),
        ("x-groups: a, banned\r\n", 403),
        ("x-groups: a, b\r\nx-groups: c\r\n", 204),
    ] {
        assert_eq!(server.auth("GET", "/reports/q3", &format!("{who}{headers}")).status, status, "{headers}");
    }
}

#[test]
fn path_normalisation_what_is_not_in_normal_form_is_denied() {
    let server = Server::start(&["--trust", "127.0.0.1", "--principal", "header:x-principal"]);
    let who = format!("x-principal: {ALICE}\r\n");
    for (path, status, reason) in [
        ("/reports/q3", 204, "statement"),
        ("/reports/q3?download=1", 204, "statement"),
        ("/reports/q%C3%A9", 204, "statement"),
        ("/files/a/b/c", 204, "statement"),
        ("/REPORTS/q3", 403, "no_route"),
        ("/reports/", 403, "no_route"),
        ("/reports", 403, "no_route"),
        ("//reports/q3", 403, "path_"),
        ("/reports//q3", 403, "path_"),
        ("/reports/./q3", 403, "path_"),
        ("/files/../reports/q3", 403, "path_"),
        ("/files/%2e%2e/reports/q3", 403, "path_"),
        ("/reports/a%2Fb", 403, "path_"),
        ("/reports/a%2fb", 403, "path_"),
        ("/reports/%71", 403, "path_"),
        ("/reports/q3#x", 403, "path_"),
        ("/reports/q3;v=1", 403, "path_"),
        ("/reports/a\\b", 403, "path_"),
        ("/reports/%00", 403, "path_"),
        ("/reports/%ff", 403, "path_"),
        ("/reports/%", 403, "path_"),
        ("reports/q3", 403, "path_"),
        ("http://x/reports/q3", 403, "path_"),
        ("*", 403, "path_"),
    ] {
        let reply = server.auth("GET", path, &who);
        assert_eq!(reply.status, status, "{path}: {reply:?}");
        let said = reply.header("x-portcullis-reason").unwrap();
        assert!(said.starts_with(reason), "{path}: {said}");
    }
    assert_eq!(server.auth("get", "/reports/q3", &who).status, 403);
    // Without what nginx has to say, or with it twice.
    let bare = exchange(&mut server.connect(), &format!("GET /v1/auth HTTP/1.1\r\nhost: x\r\n{who}\r\n"));
    assert_eq!((bare.status, bare.header("x-portcullis-reason")), (403, Some("malformed_request")));
    assert_eq!(
        server.auth("GET", "/reports/q3", &format!("{who}x-original-uri: /reports/q4\r\n")).status,
        403
    );
}

#[test]
fn the_process_tells_of_itself_and_where_is_chosen() {
    let server = Server::start(&[]);
    assert_eq!((server.get("/healthz").status, server.get("/readyz").status), (200, 200));
    let text = server.get("/metrics").body;
    assert!(text.ends_with("# EOF\n"));
    for name in ["portcullis_ready 1\n", "portcullis_bundle_info{digest=", "portcullis_bundle_age_seconds "] {
        assert!(text.contains(name), "{name} in {text}");
    }
    drop(server);
    let server = Server::start(&["--admin", "127.0.0.1:0", "--explain"]);
    for path in ["/healthz", "/readyz", "/metrics", "/v1/explain"] {
        assert_eq!(server.get(path).status, 404);
    }
    let mut stream = std::net::TcpStream::connect(server.admin()).unwrap();
    assert_eq!(exchange(&mut stream, "GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").status, 200);
    assert_eq!(exchange(&mut stream, &post("/v1/decide", &question(ALICE, 1))).status, 404);
    let explained = exchange(&mut stream, &post("/v1/explain", &question(BOB, 1)));
    assert_eq!((explained.status, &explained.json()["decision"]), (200, &json!("implicit_deny")));
    let routed = format!("{{\"principal\": \"{ALICE}\", \"method\": \"GET\", \"path\": \"/reports/q3\"}}");
    let explained = exchange(&mut stream, &post("/v1/explain", &routed)).json();
    assert_eq!((&explained["decision"], &explained["layer"]), (&json!("allow"), &json!("identity")));
}

#[test]
fn a_dry_run_lets_everything_through_and_says_so() {
    let server = Server::start(&[
        "--dry-run",
        "--log",
        "d.log",
        "--trust",
        "127.0.0.1",
        "--principal",
        "header:x-principal",
    ]);
    let reply = server.auth("GET", "/reports/q3", "");
    assert_eq!((reply.status, reply.header("x-portcullis-dry-run")), (204, Some("implicit_deny")));
    assert_eq!(server.auth("GET", "//", "").status, 204);
    let reply = server.post("/v1/decide", &question(BOB, 1));
    assert_eq!(reply.header("x-portcullis-dry-run"), Some("implicit_deny"));
    let broken = server.post("/v1/decide", "{");
    assert_eq!((broken.status, &broken.json()["decision"]), (200, &json!("allow")));
    let answer = reply.json();
    assert_eq!(
        (&answer["decision"], &answer["would_be"], &answer["dry_run"]),
        (&json!("allow"), &json!("implicit_deny"), &json!(true))
    );
    assert_eq!(server.get("/healthz").header("x-portcullis-dry-run"), Some("on"));
    until("the log", || log(&server).len() == 4);
    assert!(log(&server).iter().all(|line| line["dry_run"] == true && line["decision"] == "implicit_deny"));
    assert_eq!(server.metric("portcullis_dry_run_allowed_total"), 4.0);
}

fn log(server: &Server) -> Vec<Value> {
    let text = std::fs::read_to_string(server.path("d.log")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_decision_log_redacts_samples_and_is_opened_anew() {
    let arguments =
        ["--log", "d.log", "--log-redact", "AWS:Secret*", "--log-redact", "k", "--log-allowed", "0.25"];
    let mut server = Server::start(&arguments);
    let body = format!(
        "{{\"id\": \"1\", \"principal\": \"{BOB}\", \"action\": \"s3:GetObject\", \"resource\": \"arn:aws:s3:::b1/x\",
          \"context\": {{\"aws:SecretToken\": \"s3cr3t\", \"K\": [\"s3cr3t\"], \"aws:SourceIp\": \"10.0.0.1\", \"list\": [\"a\", \"b\"]}}}}"
    );
    server.post("/v1/decide", &body);
    until("a line", || log(&server).len() == 1);
    let line = log(&server).remove(0);
    assert_eq!(
        line["context"],
        json!({"aws:secrettoken": "[redacted]", "k": "[redacted]", "aws:sourceip": "10.0.0.1", "list": ["a", "b"]})
    );
    assert_eq!(
        (&line["id"], &line["decision"], &line["layer"]),
        (&json!("1"), &json!("implicit_deny"), &json!("identity"))
    );
    assert_eq!(line["principal"], BOB);
    // Moved away, and opened anew.
    std::fs::rename(server.path("d.log"), server.path("old.log")).unwrap();
    server.signal("HUP");
    until("a new log", || {
        server.post("/v1/decide", &body);
        !log(&server).is_empty()
    });
    let batch = format!("{{\"requests\": [{}]}}", vec![question(ALICE, 1); 400].join(","));
    let before = server.metric("portcullis_log_lines_total");
    server.post("/v1/decide", &batch);
    server.until("portcullis_log_lines_total", |lines| (80.0..=120.0).contains(&(lines - before)));
    assert_eq!(server.end(), Some(0));
    assert!(log(&server).iter().filter(|line| line["decision"] == "allow").count() >= 80);
}

#[test]
fn a_log_that_cannot_be_written_loses_lines_and_counts_or_denies() {
    // The disk is full.
    let server = Server::start(&["--log", "/dev/full"]);
    assert_eq!(server.post("/v1/decide", &question(ALICE, 1)).json()["decision"], "allow");
    server.until("portcullis_log_dropped_total", |count| count == 1.0);
    assert!(server.metric("portcullis_log_failures_total") >= 1.0);
    drop(server);
    let server = Server::start(&[
        "--log",
        "/dev/full",
        "--log-blocking",
        "--log-queue",
        "1",
        "--max-batch",
        "1",
        "--request-time",
        "300ms",
    ]);
    let mut reasons = Vec::new();
    for _ in 0..4 {
        let reply = server.post("/v1/decide", &question(ALICE, 1));
        reasons.push((reply.status, reply.json()["decision"].clone()));
    }
    // One line is being written, one waits: what comes then has no place.
    assert_eq!(reasons.last(), Some(&(503, json!("implicit_deny"))));
    let allowed = "portcullis_decisions_total{protocol=\"http\",outcome=\"allow\",layer=\"identity\"}";
    assert!(server.metric(allowed) <= 3.0, "nothing is decided that has no place in the log");
    assert!(server.metric("portcullis_refusals_total{reason=\"log_unavailable\"}") >= 1.0);
}
