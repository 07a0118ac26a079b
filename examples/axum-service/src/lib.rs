//! The service: two kinds of requests, none of which it checks itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use portcullis::layer::{GuardLayer, Routes};
use portcullis::live::Live;

/// Who has which token. A real service asks its sessions, or verifies what it is given.
pub type Tokens = Arc<BTreeMap<String, String>>;

/// Who asks, as the service's own authentication found.
#[derive(Clone)]
struct Caller(String);

/// The service. Every request passes authentication, then the guard, then its handler.
pub fn service(live: Arc<Live>, tokens: Tokens) -> Router {
    let routes = Routes::new(|request| request.extensions.get::<Caller>().map(|caller| caller.0.clone()));
    Router::new()
        .route("/reports/{id}", get(read).put(write))
        .layer(GuardLayer::new(live, routes))
        .layer(from_fn_with_state(tokens, authenticate))
}

async fn read(Path(id): Path<String>) -> String {
    format!("report {id}\n")
}

async fn write(Path(id): Path<String>) -> String {
    format!("report {id} is written\n")
}

/// Says who asks, where a token tells; of others nobody knows.
async fn authenticate(State(tokens): State<Tokens>, mut request: Request, next: Next) -> Response {
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let caller = token.and_then(|token| token.strip_prefix("Bearer ")).and_then(|token| tokens.get(token));
    if let Some(arn) = caller {
        let caller = Caller(arn.clone());
        request.extensions_mut().insert(caller);
    }
    next.run(request).await
}
