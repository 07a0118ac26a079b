//! Whatever a client says, by HTTP/1 or HTTP/2: nothing is allowed by a bundle that allows nothing, and nothing panics.
#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use portcullis::live::{Admission, Candidate, Live};
use portcullis::server::{Config, Trusted, converse};

static LIVE: OnceLock<Arc<Live>> = OnceLock::new();

fn live() -> Arc<Live> {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "account 123456789012 { user alice { inline p { allow s3:GetObject on arn:aws:s3:::never } } }
        route GET /reports/{id} => reports:Read on arn:acme:reports:::{id}
        route * /files/{path*} => reports:Write on arn:acme:reports:::{path}\n";
    std::fs::write(folder.path().join("a.gate"), text).expect("a file");
    let bundle = portcullis::Builder::new().input(folder.path()).build().expect("a bundle");
    let live = Live::new(Admission::default());
    live.offer(Candidate { bundle, signature: None }).expect("it is in force");
    Arc::new(live)
}

fuzz_target!(|said: &[u8]| {
    let live = Arc::clone(LIVE.get_or_init(live));
    let Some((first, said)) = said.split_first() else { return };
    let mut trusted = Trusted::nobody();
    trusted.add("127.0.0.1").expect("an address");
    let config = Config {
        trusted,
        principal: "header:x-principal".parse().expect("a place"),
        context: vec![("aws:SourceIp".to_owned(), "header:x-real-ip".parse().expect("a place"))],
        ..Config::default()
    };
    let answer = converse(config, live, first & 1 == 1, said).expect("it runs");
    let text = String::from_utf8_lossy(&answer);
    assert!(!text.contains("204 No Content") && !text.contains("\"decision\":\"allow\""), "{text}");
});
