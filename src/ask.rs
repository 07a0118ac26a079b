//! An owned request put to a bundle.

use portcullis_compiler::request::{ContextValue, Request};
use portcullis_runtime::context::DuplicateKey;
use portcullis_runtime::{Bundle, ContextMap, Decision};

/// Decides an owned request: the way of the command line and of tests. A gateway fills a [`portcullis_runtime::Request`] itself and
/// allocates nothing.
///
/// # Errors
/// [`DuplicateKey`] if the context gives a key twice, ignoring case (rule C12).
pub fn ask(bundle: &Bundle, request: &Request) -> Result<Decision, DuplicateKey> {
    let mut context = ContextMap::new();
    for (key, value) in &request.context {
        match value {
            ContextValue::One(text) => context.insert(key, text.as_str())?,
            ContextValue::Many(texts) => context.insert_list(key, texts.iter().map(String::as_str))?,
        }
    }
    Ok(bundle.decide(&portcullis_runtime::Request {
        principal: bundle.principal(&request.principal),
        action: bundle.action(&request.action),
        resource: &request.resource,
        resource_account: request.resource_account.as_deref(),
        context: &context,
        now: request.now,
        context_is_complete: request.context_complete,
    }))
}
