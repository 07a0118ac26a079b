//! Compiles `policies/` into a bundle beside the program. A mistake in a policy fails the build, with file and line.

use std::path::PathBuf;

const WORKER: &str = "arn:aws:iam::123456789012:role/worker";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=policies");
    let bundle = portcullis::Builder::new().attach(WORKER, "policies/worker.json").build()?;
    let target = PathBuf::from(std::env::var("OUT_DIR")?).join("policies.bundle");
    portcullis::files::write_whole(&target, &bundle)?;
    Ok(())
}
