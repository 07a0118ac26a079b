//! Bundles that are fetched, by HTTP and HTTPS.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::live::{Admission, HttpOptions, HttpSource, Live, Source as _, UrlError};

use super::{bundle, follow, key, number, signed, until};

/// An HTTP server that gives a bundle and its signature, each with a tag, and counts what it sends whole.
struct Served {
    bundle: Vec<u8>,
    signature: Vec<u8>,
    status: u16,
    /// Bytes a moment; `None`: at once.
    slow: bool,
    whole: u64,
    authorized: bool,
}

fn serve(served: &Arc<Mutex<Served>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/acme.bundle", listener.local_addr().unwrap());
    let served = Arc::clone(served);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                request.push(byte[0]);
            }
            let request = String::from_utf8(request).unwrap().to_ascii_lowercase();
            let (body, status, slow) = {
                let mut served = served.lock().unwrap();
                let is_signature = request.starts_with("get /acme.bundle.sig ");
                let body = if is_signature { served.signature.clone() } else { served.bundle.clone() };
                let tag = blake3::hash(&body).to_hex().to_string();
                served.authorized &= request.contains("authorization: bearer secret\r\n");
                let same = request.contains(&format!("if-none-match: \"{tag}\""));
                let status = if served.status == 200 && same { 304 } else { served.status };
                if status == 200 {
                    served.whole += 1;
                }
                (body, status, served.slow)
            };
            let tag = blake3::hash(&body).to_hex();
            let body = if status == 200 { body } else { Vec::new() };
            let head = format!(
                "HTTP/1.1 {status} X\r\netag: \"{tag}\"\r\nconnection: close\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            if slow {
                std::thread::sleep(Duration::from_millis(700));
            }
            let _ = stream.write_all(&body);
        }
    });
    url
}

#[test]
fn a_url_is_followed() {
    let ours = key();
    let first = signed(1, &ours, Some(1));
    let served = Arc::new(Mutex::new(Served {
        bundle: first.bundle,
        signature: first.signature.unwrap(),
        status: 200,
        slow: false,
        whole: 0,
        authorized: true,
    }));
    let url = serve(&served);
    let options = HttpOptions {
        timeout: Duration::from_millis(500),
        authorization: Some("Bearer secret".to_owned()),
        signed: true,
        ..HttpOptions::default()
    };
    let live = Arc::new(Live::new(Admission { keys: vec![ours.public()], max_age: None }));
    let (_following, events) = follow(&live, HttpSource::new(&url, options).unwrap(), None);
    assert_eq!(number(&live), Some(1));
    let failed =
        || live.health().failures.iter().find(|(name, _)| *name == "source").map_or(0, |found| found.1);
    // What has not changed is not sent again.
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(served.lock().unwrap().whole, 2);
    assert_eq!(failed(), 0);
    // The bundle first, its signature a moment later: the old one stays until both fit.
    let second = signed(2, &ours, Some(2));
    served.lock().unwrap().bundle = second.bundle;
    until("a refusal", || live.health().failures.contains(&("signature", 1)) || number(&live) != Some(1));
    assert_eq!(number(&live), Some(1));
    served.lock().unwrap().signature = second.signature.unwrap();
    until("the second", || number(&live) == Some(2));
    // Errors, redirections, slowness.
    for status in [500, 404, 302, 204] {
        let before = failed();
        served.lock().unwrap().status = status;
        until("a failure", || failed() > before);
        assert_eq!(number(&live), Some(2));
    }
    let third = signed(3, &ours, Some(3));
    let before = failed();
    {
        let mut served = served.lock().unwrap();
        (served.status, served.slow) = (200, true);
        (served.bundle, served.signature) = (third.bundle, third.signature.unwrap());
    }
    until("a failure for slowness", || failed() > before);
    assert_eq!(number(&live), Some(2));
    served.lock().unwrap().slow = false;
    until("the third", || number(&live) == Some(3));
    assert!(events.lock().unwrap().iter().any(|event| event == "SourceFailed"));
    assert!(served.lock().unwrap().authorized);
}

/// A source that proves who it is: by an authority that is trusted, and by no other.
#[test]
fn a_url_by_tls_is_followed_if_its_authority_is_trusted() {
    let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(authority.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![authority.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut head = [0; 2_048];
            if stream.read(&mut head).is_err() {
                continue;
            }
            let body = bundle(1);
            let head =
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    let url = format!("https://localhost:{port}/acme.bundle");
    let source = |authorities: Option<String>| {
        HttpSource::new(&url, HttpOptions { authorities, ..HttpOptions::default() }).unwrap()
    };
    for untrusted in [None, Some(other.cert.pem())] {
        assert!(source(untrusted).fetch().is_err());
    }
    let live = Arc::new(Live::new(Admission::default()));
    let (_following, _) = follow(&live, source(Some(authority.cert.pem())), None);
    until("the first", || number(&live) == Some(1));
}

#[test]
fn urls_that_are_none() {
    let new = |url: &str| HttpSource::new(url, HttpOptions::default()).err();
    assert_eq!(new("ftp://host/x"), Some(UrlError::NotHttp));
    assert_eq!(new("/x"), Some(UrlError::NotHttp));
    assert_eq!(new("https://user:secret@host/x"), Some(UrlError::Credentials));
    assert_eq!(new("https://host/x"), None);
    let options = HttpOptions { authorities: Some("none".to_owned()), ..HttpOptions::default() };
    assert_eq!(HttpSource::new("https://host/x", options).err(), Some(UrlError::Authorities));
}
