//! `cargo run -p portcullis-example-axum-service -- reports.bundle`, then `curl -H 'Authorization: Bearer alice' 127.0.0.1:8080/reports/q3`.

use std::sync::Arc;
use std::time::Duration;

use portcullis::live::{Admission, FileSource, Follower, Live};
use portcullis_example_axum_service::service;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give the bundle's path")?;
    let max_age = Some(Duration::from_secs(600));
    let live = Arc::new(Live::new(Admission { max_age, ..Admission::default() }));
    // Looks at the file every five seconds, for as long as this is held.
    let _following = Follower::new(Arc::clone(&live), FileSource::new(path)).start()?;
    let tokens =
        ["alice", "bob"].map(|name| (name.to_owned(), format!("arn:aws:iam::123456789012:user/{name}")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, service(live, Arc::new(tokens.into()))).await?;
    Ok(())
}
