//! The service, asked without a network.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use portcullis::Builder;
use portcullis::layer::{GuardLayer, Outcome, Question, Routes, Unmapped};
use portcullis::live::{Admission, Candidate, Live};
use portcullis::runtime::Effect;
use portcullis_example_axum_service::service;
use tower::ServiceExt as _;

const POLICIES: &str = "
    account 123456789012 {
      user alice { inline p { allow reports:Read, reports:Write on arn:acme:reports:::* } }
      user bob { inline p { allow reports:Read on arn:acme:reports:::public-* } }
    }
    route GET /reports/{id} => reports:Read on arn:acme:reports:::{id}
    route PUT /reports/{id} => reports:Write on arn:acme:reports:::{id}
";

fn bundle() -> Candidate {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("reports.gate"), POLICIES).unwrap();
    Candidate { bundle: Builder::new().input(folder.path()).build().unwrap(), signature: None }
}

async fn ask(service: &Router, method: &str, path: &str, token: &str) -> (StatusCode, String) {
    let request =
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    let response = service.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn requests_are_decided_by_the_bundle_in_force() {
    let live = Arc::new(Live::new(Admission::default()));
    let tokens =
        ["alice", "bob"].map(|name| (name.to_owned(), format!("arn:aws:iam::123456789012:user/{name}")));
    let service = service(Arc::clone(&live), Arc::new(tokens.into()));
    // Without a bundle nobody may anything.
    assert_eq!(ask(&service, "GET", "/reports/q3", "alice").await.0, StatusCode::FORBIDDEN);
    live.offer(bundle()).unwrap();
    for (method, path, token, status) in [
        ("GET", "/reports/q3", "alice", 200),
        ("PUT", "/reports/q3", "alice", 200),
        ("GET", "/reports/q3?x=1", "alice", 200),
        ("GET", "/reports/q3", "bob", 403),
        ("GET", "/reports/public-q3", "bob", 200),
        ("PUT", "/reports/public-q3", "bob", 403),
        ("GET", "/reports/q3", "nobody", 401),
        ("DELETE", "/reports/q3", "alice", 403),
        ("GET", "/reports/%71", "alice", 403),
        ("GET", "/reports/a%2Fb", "alice", 403),
        ("GET", "/nowhere", "alice", 403),
    ] {
        let (got, body) = ask(&service, method, path, token).await;
        assert_eq!(got.as_u16(), status, "{method} {path} {token}: {body}");
        assert_eq!(body.is_empty(), status != 200);
    }
}

#[tokio::test]
async fn a_mapper_of_ones_own_a_dry_run_and_who_hears_of_it() {
    let live = Arc::new(Live::new(Admission::default()));
    live.offer(bundle()).unwrap();
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let mapper = |request: &http::request::Parts, _: &portcullis::runtime::Bundle| {
        let action =
            if request.uri.path() == "/broken" { return Err(Unmapped("broken")) } else { "reports:Read" };
        Ok(Question {
            principal: "arn:aws:iam::123456789012:user/bob".to_owned(),
            action: action.to_owned(),
            resource: "arn:acme:reports:::secret".to_owned(),
            ..Question::default()
        })
    };
    let layer = GuardLayer::new(live, mapper).dry_run().report(move |_, outcome: &Outcome| {
        assert!(outcome.dry_run && outcome.effect == Effect::ImplicitDeny);
        count.fetch_add(1, Ordering::Relaxed);
    });
    let service: Router = Router::new().fallback(any(|| async { "here" })).layer(layer);
    for path in ["/secret", "/broken"] {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["x-portcullis-dry-run"], "implicit_deny");
    }
    assert_eq!(heard.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn the_context_is_what_the_service_says() {
    let live = Arc::new(Live::new(Admission::default()));
    live.offer(bundle()).unwrap();
    let routes = Routes::new(|_| Some("arn:aws:iam::123456789012:user/alice".to_owned())).context(|_| {
        let mut context = portcullis::runtime::ContextMap::new();
        // Over the limit of rule V4: nothing is allowed with it.
        context.insert("k", "v".repeat(10_000)).unwrap();
        context
    });
    let service: Router =
        Router::new().fallback(any(|| async { "here" })).layer(GuardLayer::new(live, routes));
    let request = Request::builder().uri("/reports/q3").body(Body::empty()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(response.extensions().get::<Outcome>().unwrap().reason, "limit_exceeded");
}
