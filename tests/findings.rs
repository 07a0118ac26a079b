//! Findings that need a whole input, each by its code.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "support/compiled.rs"]
mod compiled;

use portcullis::compiler::resolve::{codes, scenario};
use portcullis::grammar::json;
use portcullis::grammar::source::Source;

fn codes_of(document: &str) -> Vec<&'static str> {
    compiled::attached(&[document]).diagnostics.iter().map(|found| found.code).collect()
}

#[test]
fn p2_an_id_is_a_lint_in_identity_policies() {
    let document = r#"{"Version": "2012-10-17", "Id": "x", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}"#;
    assert_eq!(codes_of(document), [codes::P2_ID]);
}

#[test]
fn r5_padding_is_a_lint() {
    let document = compiled::document(&[compiled::statement("Allow", "s3:GetObject", &["arn:aws:s3"])]);
    assert_eq!(codes_of(&document), [codes::R5_PADDED]);
}

#[test]
fn a_scenario_with_an_unknown_field_is_no_case() {
    let line =
        r#"{"id": "a", "principal": "*", "action": "s3:GetObject", "resource": "*", "expcted": "allow"}"#;
    let cases = scenario::parse_scenarios(&Source::new("a.jsonl", line));
    let error = cases.into_iter().next().unwrap().unwrap_err();
    assert!(error.diagnostics.iter().any(|found| found.code == codes::SCENARIO_FIELD), "{:?}", error.message);
}

#[test]
fn what_is_no_string_embeds_no_document() {
    let source = Source::new("a.json", "12");
    let parsed = json::parse_embedded(&source, &json::parse(&source).value.unwrap());
    let codes: Vec<&str> = parsed.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(codes, ["json-embedded"]);
}
