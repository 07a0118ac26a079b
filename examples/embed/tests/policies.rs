//! What the policies mean, for review: whoever changes `policies/` accepts the snapshot anew, and its diff is what the reviewer reads.

#[test]
fn what_the_policies_mean() -> Result<(), portcullis::BuildError> {
    let worker = "arn:aws:iam::123456789012:role/worker";
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/worker.json");
    insta::assert_snapshot!(portcullis::Builder::new().attach(worker, policies).ir()?);
    Ok(())
}
