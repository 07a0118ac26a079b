//! Swapping bundles under load: every answer is what the bundle that it names decides, and memory stays flat.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portcullis::ask::ask;
use portcullis::compiler::request::Request;
use portcullis::runtime::Bundle;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;

use super::process::Server;
use super::{client, json};

pub(crate) fn run(
    server: &Server,
    folder: &Path,
    bundles: [Bundle; 2],
    requests: &[Request],
    time: Duration,
) {
    // Principals and resources only: the clock would have to be the same on both sides.
    let requests: Vec<Request> =
        requests.iter().map(|request| Request { context: Vec::new(), ..request.clone() }).collect();
    let expected: HashMap<String, Vec<&'static str>> = bundles
        .iter()
        .map(|bundle| {
            let decide = |request: &Request| ask(bundle, request).unwrap().effect().name();
            let digest: String = bundle.digest().iter().map(|byte| format!("{byte:02x}")).take(8).collect();
            (digest, requests.iter().map(decide).collect())
        })
        .collect();
    let [one, two] = &expected.values().collect::<Vec<_>>()[..] else { panic!("two bundles") };
    let differ = one.iter().zip(one.iter().zip(two.iter())).filter(|(_, (one, two))| one != two).count();
    println!(
        "\nswapping every 100 ms for {} s; the bundles differ in {differ} of {} requests",
        time.as_secs(),
        requests.len()
    );
    let bodies: Arc<Vec<Vec<u8>>> = Arc::new(
        requests
            .iter()
            .map(json)
            .map(|body| {
                format!("POST /v1/decide HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                    .into_bytes()
            })
            .collect(),
    );
    let expected = Arc::new(expected);
    let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let load = {
        let (stop, answers, socket) = (Arc::clone(&stop), Arc::clone(&answers), server.socket.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut tasks = tokio::task::JoinSet::new();
                for number in 0..16 {
                    let (bodies, expected, stop, answers) =
                        (Arc::clone(&bodies), Arc::clone(&expected), Arc::clone(&stop), Arc::clone(&answers));
                    let mut stream = UnixStream::connect(&socket).await.unwrap();
                    tasks.spawn(async move {
                        let mut place = number * 977 % bodies.len();
                        let (mut answer, mut seen) = (Vec::new(), HashMap::<String, u64>::new());
                        while !stop.load(Ordering::Relaxed) {
                            stream.write_all(&bodies[place]).await.unwrap();
                            client::read(&mut stream, &mut answer).await;
                            let text = std::str::from_utf8(&answer).unwrap();
                            assert!(text.starts_with("HTTP/1.1 200"), "{text}");
                            let body = text.split("\r\n\r\n").nth(1).unwrap();
                            let answer: serde_json::Value = serde_json::from_str(body).unwrap();
                            let bundle = answer["bundle"].as_str().unwrap();
                            assert_eq!(answer["decision"], expected[bundle][place], "{}", bodies.len());
                            *seen.entry(bundle.to_owned()).or_default() += 1;
                            answers.fetch_add(1, Ordering::Relaxed);
                            place = (place + 1) % bodies.len();
                        }
                        seen
                    });
                }
                let mut seen = HashMap::<String, u64>::new();
                while let Some(of_one) = tasks.join_next().await {
                    for (bundle, count) in of_one.expect("no request fails") {
                        *seen.entry(bundle).or_default() += count;
                    }
                }
                seen
            })
        })
    };
    let start = Instant::now();
    let (mut swaps, mut memory, mut next) = (0_u64, Vec::new(), Instant::now());
    while start.elapsed() < time {
        assert!(!load.is_finished(), "the load has ended early");
        let bytes = bundles[(swaps as usize + 1) % 2].as_bytes();
        portcullis::files::write_whole(&folder.join("acme.bundle"), bytes).unwrap();
        swaps += 1;
        if swaps % 10 == 0 {
            memory.push(server.memory());
        }
        next += Duration::from_millis(100);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    stop.store(true, Ordering::Relaxed);
    let seen = load.join().expect("no request fails");
    let most = |part: &[u64]| part.iter().max().copied().unwrap_or(0) as f64 / 1e6;
    let (early, late) = memory.split_at(memory.len() / 2);
    println!(
        "{} answers, all of the bundle that they name: {:?}; {swaps} swaps; resident memory at most {:.1} MB in the first half, {:.1} MB in the second",
        answers.load(Ordering::Relaxed),
        seen.values().collect::<Vec<_>>(),
        most(early),
        most(late)
    );
}
