//! Decides with a bundle that was compiled when this crate was built.

use portcullis_runtime::{Bundle, EmptyContext, LoadError, Request};

static POLICIES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/policies.bundle"));

/// Whether the worker may receive messages of a queue.
pub fn may_receive(queue_arn: &str) -> Result<bool, LoadError> {
    let bundle = Bundle::from_bytes(POLICIES)?; // in a gateway: once, at start
    let decision = bundle.decide(&Request {
        principal: bundle.principal("arn:aws:iam::123456789012:role/worker"),
        action: bundle.action("sqs:ReceiveMessage"),
        resource: queue_arn,
        resource_account: None,
        context: &EmptyContext,
        now: None,
        context_is_complete: false,
    });
    Ok(decision.is_allowed())
}

#[cfg(test)]
mod tests {
    use super::may_receive;

    #[test]
    fn decides_with_the_embedded_bundle() {
        assert_eq!(may_receive("arn:aws:sqs:eu-west-1:123456789012:jobs-mail"), Ok(true));
        assert_eq!(may_receive("arn:aws:sqs:eu-west-1:123456789012:jobs-secret"), Ok(false));
        assert_eq!(may_receive("arn:aws:sqs:eu-west-1:123456789012:other"), Ok(false));
    }
}
