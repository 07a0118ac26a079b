//! Conditions that classes decide, on the short way and on the long one: every context of a few keys and values, compared with the reference
//! (rules C4, C6, C12).
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

#[path = "support/compiled.rs"]
mod compiled;

use portcullis::ask::ask;
use portcullis::compiler::reference;
use portcullis::compiler::request::{ContextValue, Request};
use portcullis::runtime::{ContextMap, ParsedValue, TextRequest};

/// Diagrams of both layers; keys of the context, of the principal and of the resource; some that a class tells and some that only an atom
/// does, before, between and behind; and more nodes than the short way goes through.
const SOURCE: &str = r#"
account 123456789012 {
  policy Limit {
    allow * on * if aws:ResourceTag/team != blue
    deny s3:PutObject on * if aws:SourceIp in 10.1.0.0/16
    deny s3:DeleteObject on * if aws:PrincipalTag/team = red and aws:ResourceTag/team = red
  }
  user alice {
    id AIDA00000000000000001
    tag team = red
    boundary Limit
    inline all {
      allow s3:GetObject on * if aws:ResourceTag/team = red
      allow s3:GetObject on * if aws:ResourceTag/team = "${aws:PrincipalTag/team}"
      deny s3:GetObject on * if aws:SourceIp in [10.0.0.0/8, 2001:db8::/32] and aws:PrincipalTag/team = red
      allow s3:PutObject on * if aws:PrincipalTag/team = red and aws:ResourceTag/team like "r*"
      allow s3:PutObject on * if k:x = a and aws:CurrentTime < 2026-01-01T00:00:00Z
      allow s3:DeleteObject on * if missing(aws:ResourceTag/team) or aws:SourceIp in 192.0.2.0/24
      allow s3:ListBucket on * if k:x = a and k:y = a and k:z = a and k:u = a and k:v = a and k:w = a and k:q = a
          and k:r = a and aws:ResourceTag/team = red and aws:SourceIp in 192.0.2.0/24
    }
  }
}
"#;

/// Every context of these keys, each missing, a value, or a list of one.
fn contexts(keys: &[(&str, &[&str])]) -> Vec<Vec<(String, ContextValue)>> {
    keys.iter().fold(vec![Vec::new()], |contexts, (key, values)| {
        let mut held: Vec<Option<ContextValue>> = vec![None];
        for value in *values {
            held.push(Some(ContextValue::One((*value).to_owned())));
            held.push(Some(ContextValue::Many(vec![(*value).to_owned()])));
        }
        let with = |context: &Vec<(String, ContextValue)>, value: &Option<ContextValue>| {
            let own = value.clone().map(|value| ((*key).to_owned(), value));
            context.iter().cloned().chain(own).collect()
        };
        contexts.iter().flat_map(|context| held.iter().map(move |value| with(context, value))).collect()
    })
}

#[test]
fn c12_both_ways_decide_as_the_reference_does() {
    let model = compiled::model(compiled::resolved(&[("classes.gate", SOURCE)]));
    let bundle = compiled::bundle(&model);
    let many = ["k:x", "k:y", "k:z", "k:u", "k:v", "k:w", "k:q", "k:r"];
    let all_a = |request: &mut Request| {
        let missing = many.iter().filter(|key| request.context.iter().all(|(known, _)| known != *key));
        let given = missing.map(|key| ((*key).to_owned(), ContextValue::One("a".to_owned())));
        request.context.extend(given.collect::<Vec<_>>());
    };
    let keys: &[(&str, &[&str])] = &[
        ("aws:ResourceTag/team", &["red", "blue", "r", ""]),
        ("aws:SourceIp", &["10.1.2.3", "192.0.2.1", "2001:db8::1", "10.0.0.0/8"]),
        ("aws:PrincipalTag/team", &["red", "blue"]),
        ("k:x", &["a"]),
    ];
    let mut effects = std::collections::BTreeMap::<_, usize>::new();
    for context in contexts(keys) {
        for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"] {
            for context_complete in [false, true] {
                let mut request = Request {
                    principal: compiled::ALICE.to_owned(),
                    action: action.to_owned(),
                    resource: "arn:aws:s3:::b/k".to_owned(),
                    context: context.clone(),
                    now: Some(1_700_000_000),
                    context_complete,
                    ..Request::default()
                };
                if action == "s3:ListBucket" {
                    all_a(&mut request);
                }
                let (found, expected) =
                    (ask(&bundle, &request).unwrap(), reference::decide(&model, &request));
                let same = (found.effect(), found.layer(), found.reason())
                    == (expected.effect, expected.layer, expected.reason);
                assert!(same, "{found:?} instead of {expected:?}: {request:#?}");
                let mut parsed = ContextMap::new();
                for (key, value) in &request.context {
                    match value {
                        ContextValue::One(text) => parsed.insert_parsed(key, ParsedValue::new(text.as_str())),
                        ContextValue::Many(texts) => parsed.insert_list(key, texts.clone()),
                    }
                    .unwrap();
                }
                let by_parsed = bundle.decide_text(&TextRequest {
                    principal: &request.principal,
                    action: &request.action,
                    resource: &request.resource,
                    resource_account: None,
                    context: &parsed,
                    now: request.now,
                    context_is_complete: context_complete,
                });
                assert_eq!(by_parsed, found, "{request:#?}");
                *effects.entry((action, found.effect().name())).or_default() += 1;
            }
        }
    }
    // Each action is allowed and denied by some of them.
    assert!(effects.len() >= 9, "{effects:?}");
}
