//! Envoy with certificates of clients, and the decision point on a Unix socket.

use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use super::envoy::{NOT_INSTALLED, envoy};
use super::nginx::backend;
use super::server::{ALICE, Server};

/// An authority, and certificates that it signs.
struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A certificate and its key, as PEM.
    fn sign(&self, names: Vec<SanType>, subject: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = names;
        params.distinguished_name.push(DnType::CommonName, subject);
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// A text in one line of YAML.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn envoy_passes_on_whose_certificate_it_verified_and_that_it_was_tls() {
    let folder = tempfile::tempdir().unwrap();
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let identities = format!("{{\"spiffe://acme/alice\": \"{ALICE}\"}}");
    std::fs::write(folder.path().join("acme.bundle"), super::server::bundle(1)).unwrap();
    std::fs::write(folder.path().join("identities.json"), identities).unwrap();
    let socket = folder.path().join("grpc.sock");
    let server = Server::start_in(
        folder,
        "acme.bundle",
        &[
            "--grpc",
            &format!("unix:{}", socket.display()),
            "--trust",
            "unix",
            "--principal",
            "mtls",
            "--identities",
            "identities.json",
            "--context",
            "aws:SecureTransport=tls",
        ],
    );
    let (ours, others) = (Authority::new(), Authority::new());
    let (server_certificate, server_key) =
        ours.sign(vec![SanType::DnsName("localhost".try_into().unwrap())], "gateway");
    let context = format!(
        "filter_chains:
        - transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
              require_client_certificate: true
              common_tls_context:
                tls_certificates: [{{ certificate_chain: {{ inline_string: {} }}, private_key: {{ inline_string: {} }} }}]
                validation_context: {{ trusted_ca: {{ inline_string: {} }} }}
          filters:",
        quoted(&server_certificate),
        quoted(&server_key),
        quoted(&ours.certificate.pem())
    );
    let seen = Arc::new(Mutex::new(Vec::new()));
    let changes = [
        ("filter_chains:\n        - filters:", context),
        (
            "socket_address: { address: 127.0.0.1, port_value: 9191 }",
            format!("pipe: {{ path: {} }}", quoted(&socket.display().to_string())),
        ),
        ("port_value: 9000", format!("port_value: {}", backend(&seen))),
    ];
    let Some(envoy) = envoy(&changes) else {
        eprintln!("{NOT_INSTALLED}");
        return;
    };
    let ask = |signed: Option<(String, String)>, method: &str, path: &str| {
        let roots = RootCerts::from(vec![Certificate::from_pem(ours.certificate.pem().as_bytes()).unwrap()]);
        let certificate = signed.map(|(certificate, key)| {
            let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
            ClientCert::new_with_certs(&[certificate], PrivateKey::from_pem(key.as_bytes()).unwrap())
        });
        let tls = TlsConfig::builder().root_certs(roots).client_cert(certificate).build();
        let config = ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).build();
        let agent = ureq::Agent::new_with_config(config);
        let url = format!("https://localhost:{}{path}", envoy.port);
        let answer = match method {
            "PUT" => agent.put(&url).header("x-principal", ALICE).send_empty(),
            _ => agent.get(&url).header("x-principal", ALICE).call(),
        };
        answer.map(|answer| answer.status().as_u16())
    };
    let alice = || Some(ours.sign(vec![uri("spiffe://acme/alice")], "alice"));
    assert_eq!(ask(alice(), "GET", "/reports/q3").unwrap(), 200);
    assert_eq!(ask(alice(), "PUT", "/safe/a").unwrap(), 200, "it was TLS");
    assert_eq!(ask(alice(), "PUT", "/drafts/a").unwrap(), 403);
    // Somebody else of the same authority, and one whose subject alone says so: nobody in particular.
    let other = || Some(ours.sign(vec![uri("spiffe://acme/mallory")], "spiffe://acme/alice"));
    assert_eq!(ask(other(), "GET", "/reports/q3").unwrap(), 401);
    let subject = || Some(ours.sign(Vec::new(), "spiffe://acme/alice"));
    assert_eq!(ask(subject(), "GET", "/reports/q3").unwrap(), 401);
    // A stranger's certificate, and none, come to nothing at Envoy.
    ask(Some(others.sign(vec![uri("spiffe://acme/alice")], "alice")), "GET", "/reports/q3").unwrap_err();
    ask(None, "GET", "/reports/q3").unwrap_err();
    assert_eq!(*seen.lock().unwrap(), ["GET /reports/q3 HTTP/1.1", "PUT /safe/a HTTP/1.1"]);
    assert!(server.metric("portcullis_principals_unverified_total") >= 2.0);
}
