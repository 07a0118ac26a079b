//! From inputs to models and bundles, for tests. A test uses this file as `#[path = "support/compiled.rs"] mod compiled;`.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "every integration test uses a part of its own")]

use portcullis::compiler::automata::Budget;
use portcullis::compiler::model::Model;
use portcullis::compiler::request::{ContextValue, Request};
use portcullis::compiler::resolve::{self, Resolved};
use portcullis::compiler::{CompileOptions, compile};
use portcullis::grammar::source::Source;
use portcullis::runtime::Bundle;

pub const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

/// Resolves files, given as names and texts.
pub fn resolved(files: &[(&str, &str)]) -> Resolved {
    let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(*name, *text)).collect();
    resolve::resolve(&sources, &[], &resolve::Options::default())
}

/// Resolves documents that are each attached to [`ALICE`].
pub fn attached(documents: &[&str]) -> Resolved {
    let attachments: Vec<resolve::Attachment> = documents
        .iter()
        .enumerate()
        .map(|(at, text)| resolve::Attachment {
            principal: ALICE.to_owned(),
            source: Source::new(format!("{at}.json"), *text),
        })
        .collect();
    resolve::resolve(&[], &attachments, &resolve::Options::default())
}

/// The model of inputs without errors.
pub fn model(resolved: Resolved) -> Model {
    let errors: Vec<String> = resolved
        .diagnostics
        .iter()
        .filter(|found| found.is_error())
        .map(|found| format!("{}: {}", found.code, found.message))
        .collect();
    resolved.model.unwrap_or_else(|| panic!("{errors:#?}"))
}

/// The codes of the errors of inputs that must have some.
pub fn errors(resolved: &Resolved) -> Vec<&'static str> {
    assert!(resolved.model.is_none(), "the inputs resolve");
    resolved.diagnostics.iter().filter(|found| found.is_error()).map(|found| found.code).collect()
}

pub fn bytes(model: &Model, budget: Budget) -> Vec<u8> {
    compile(model, &CompileOptions { budget, ..CompileOptions::default() }).unwrap()
}

pub fn bundle(model: &Model) -> Bundle {
    Bundle::from_bytes(bytes(model, Budget::default())).unwrap()
}

/// One document with these statements.
pub fn document(statements: &[String]) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","))
}

pub fn statement(effect: &str, action: &str, resources: &[&str]) -> String {
    format!(r#"{{"Effect": "{effect}", "Action": "{action}", "Resource": {resources:?}}}"#)
}

/// A request of [`ALICE`].
pub fn request(action: &str, resource: &str) -> Request {
    Request {
        principal: ALICE.to_owned(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        ..Request::default()
    }
}

/// A request with one value for each key.
pub fn with(mut request: Request, context: &[(&str, &str)]) -> Request {
    request.context.extend(
        context.iter().map(|(key, value)| ((*key).to_owned(), ContextValue::One((*value).to_owned()))),
    );
    request
}

/// Whether long forms of tests are asked for.
pub fn long() -> bool {
    std::env::var_os("PORTCULLIS_LONG_TESTS").is_some()
}
