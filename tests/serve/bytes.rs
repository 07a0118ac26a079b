//! Bytes that no client would send: whatever they are, what no policy allows is not allowed, and the server goes on.
//!
//! `fuzz/` beside this file has the same as a target of libFuzzer.

use std::sync::Arc;

use portcullis::Builder;
use portcullis::live::{Admission, Candidate, Live};
use portcullis::server::{Config, Trusted, converse};
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, TestRunner};

use super::server::{ALICE, auth, post, question};

/// Routes, a user, and nothing that anybody may do.
fn nothing_allowed() -> Arc<Live> {
    let folder = tempfile::tempdir().unwrap();
    let text = "account 123456789012 { user alice { inline p { allow s3:GetObject on arn:aws:s3:::never } } }
        route GET /reports/{id} => reports:Read on arn:acme:reports:::{id}
        route * /files/{path*} => reports:Write on arn:acme:reports:::{path}\n";
    std::fs::write(folder.path().join("a.gate"), text).unwrap();
    let live = Live::new(Admission::default());
    let bundle = Builder::new().input(folder.path()).build().unwrap();
    live.offer(Candidate { bundle, signature: None }).unwrap();
    Arc::new(live)
}

fn config() -> Config {
    let mut trusted = Trusted::nobody();
    trusted.add("127.0.0.1").unwrap();
    Config {
        trusted,
        principal: "header:x-principal".parse().unwrap(),
        context: vec![("aws:SourceIp".to_owned(), "header:x-real-ip".parse().unwrap())],
        ..Config::default()
    }
}

/// Whether an answer lets anybody do anything.
fn allows(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    text.contains("204 No Content")
        || text.contains("\"decision\":\"allow\"")
        || text.contains("x-portcullis-decision: allow")
}

/// Requests as clients send them, to be broken.
fn seeds() -> Vec<Vec<u8>> {
    let who = format!("x-principal: {ALICE}\r\nx-real-ip: 10.0.0.1\r\n");
    let routed = format!(
        "{{\"principal\": \"{ALICE}\", \"method\": \"GET\", \"path\": \"/reports/q%C3%A9?x=1\", \"context\": {{\"k\": [\"a\", 1, true]}}}}"
    );
    let batch = format!("{{\"requests\": [{}, {routed}]}}", question(ALICE, 1));
    let mut seeds: Vec<Vec<u8>> = [
        post("/v1/decide", &question(ALICE, 1)),
        post("/v1/decide", &routed),
        post("/v1/decide", &batch),
        auth("GET", "/reports/q3", &who),
        auth("PUT", "/files/a/b", &who) + &auth("GET", "/files/..%2f/b", &who),
        "POST /v1/decide HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
            .to_owned(),
        "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\nGET /readyz HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
    ]
    .map(String::into_bytes)
    .into();
    // The beginning of HTTP/2: its preface, and an empty frame of settings.
    seeds.push([&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat());
    seeds
}

/// One change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    let some = prop::sample::select(vec![
        b"\r\n".to_vec(),
        b"\0".to_vec(),
        b"%2e".to_vec(),
        b"//".to_vec(),
        b"\xff\xfe".to_vec(),
        b"\"".to_vec(),
        b"{".to_vec(),
        b"x-principal: *\r\n".to_vec(),
        b"x-original-uri: /\r\n".to_vec(),
        b"content-length: 0\r\n".to_vec(),
        b"transfer-encoding: chunked\r\n".to_vec(),
        vec![b'['; 2_000],
        vec![b'a'; 70_000],
    ]);
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(place, byte)| Change::Set(place, byte)),
        (at(), some).prop_map(|(place, bytes)| Change::Insert(place, bytes)),
        (at(), 1_usize..40).prop_map(|(place, count)| Change::Remove(place, count)),
        at().prop_map(Change::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    match change {
        Change::Set(place, byte) => {
            let place = place.index(bytes.len());
            bytes[place] = *byte;
        }
        Change::Insert(place, more) => {
            let place = place.index(bytes.len());
            bytes.splice(place..place, more.iter().copied());
        }
        Change::Remove(place, count) => {
            let place = place.index(bytes.len());
            bytes.drain(place..(place + count).min(bytes.len()));
        }
        Change::Cut(place) => bytes.truncate(place.index(bytes.len())),
    }
}

#[test]
fn whatever_is_said_nothing_is_allowed_that_no_policy_allows() {
    let live = nothing_allowed();
    for seed in seeds() {
        for grpc in [false, true] {
            let answer = converse(config(), Arc::clone(&live), grpc, &seed).unwrap();
            assert!(!allows(&answer), "{}", String::from_utf8_lossy(&answer));
        }
    }
    let runs = Runs { cases: 1_500, failure_persistence: None, ..Runs::default() };
    let cases = (prop::sample::select(seeds()), prop::collection::vec(change(), 1..6), any::<bool>());
    let mut runner = TestRunner::new(runs);
    runner
        .run(&cases, |(mut bytes, changes, grpc)| {
            for change in &changes {
                apply(&mut bytes, change);
            }
            let answer = converse(config(), Arc::clone(&live), grpc, &bytes).unwrap();
            prop_assert!(
                !allows(&answer),
                "{} to {}",
                String::from_utf8_lossy(&answer),
                String::from_utf8_lossy(&bytes)
            );
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_is_asked_is_answered_so_the_test_above_can_fail() {
    let live = Arc::new(Live::new(Admission::default()));
    live.offer(Candidate { bundle: super::server::bundle(1), signature: None }).unwrap();
    for said in [
        post("/v1/decide", &question(ALICE, 1)),
        auth("GET", "/reports/q3", &format!("x-principal: {ALICE}\r\n")),
    ] {
        assert!(allows(&converse(config(), Arc::clone(&live), false, said.as_bytes()).unwrap()));
    }
}
