//! Walks over every text: patterns whose automata look for a literal again and again, or go over several parts at once, asked about all
//! texts of a few letters, and compared with the reference (rules R1, R2, V1).
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

#[path = "support/compiled.rs"]
mod compiled;
#[path = "support/nodes.rs"]
mod nodes;

use portcullis::ask::ask;
use portcullis::compiler::reference;
use portcullis::compiler::request::Request;
use portcullis::runtime::format::{Section, node};

use nodes::{Node, nodes};

/// All texts of these letters up to a length.
fn texts(letters: &[char], length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = 0;
    for _ in 0..length {
        let longer: Vec<String> = all[last..]
            .iter()
            .flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}")))
            .collect();
        last = all.len();
        all.extend(longer);
    }
    all
}

/// Every pattern is allowed and every other denied, by an action for each pair; gives the nodes that were built.
fn compare(patterns: &[&str], resources: &[String]) -> Vec<Node> {
    let mut statements = Vec::new();
    let mut actions = Vec::new();
    for (at, allowed) in patterns.iter().enumerate() {
        for denied in patterns.iter().skip(at) {
            let action = format!("acme:Do{}", actions.len());
            let statement = |effect: &str, resource: &str| {
                format!(r#"{{"Effect": "{effect}", "Action": "{action}", "Resource": "{resource}"}}"#)
            };
            statements.push(statement("Allow", allowed));
            if denied != allowed {
                statements.push(statement("Deny", denied));
            }
            actions.push(action);
        }
    }
    let model = compiled::model(compiled::attached(&[&compiled::document(&statements)]));
    let bundle = compiled::bundle(&model);
    let mut effects = std::collections::BTreeMap::<_, usize>::new();
    for action in &actions {
        for resource in resources {
            let request = Request {
                principal: compiled::ALICE.to_owned(),
                action: action.clone(),
                resource: resource.clone(),
                ..Request::default()
            };
            let (found, expected) = (ask(&bundle, &request).unwrap(), reference::decide(&model, &request));
            assert_eq!((found.effect(), found.reason()), (expected.effect, expected.reason), "{request:?}");
            *effects.entry(found.effect().name()).or_default() += 1;
        }
    }
    assert!(effects.len() == 3 && effects.values().all(|&count| count > 100), "{effects:?}");
    let words = bundle.section(Section::Nodes).as_chunks::<4>().0;
    nodes(&words.iter().map(|word| u32::from_le_bytes(*word)).collect::<Vec<_>>())
}

#[test]
fn r1_literals_are_found_behind_every_delimiter() {
    let start = "arn:aws:s3:::";
    let patterns =
        ["*/ab/*", "b*/ab/*", "a*/ab", "*/aa/*b", "*/b/b/*", "*bab*", "ab*/*", "*/a?/*", "*//a*", "*/ab/"]
            .map(|pattern| format!("{start}{pattern}"));
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let mut resources: Vec<String> =
        texts(&['a', 'b', '/'], 5).into_iter().map(|text| format!("{start}{text}")).collect();
    // Longer than what a walk reads at once.
    resources.extend(
        resources.clone().into_iter().step_by(7).map(|text| format!("{text}/aaaaaaaaaaaaaaaaaaaaaaaa/ab/b")),
    );
    let nodes = compare(&patterns, &resources);
    assert!(nodes.iter().filter(|node| node.kind == node::SEARCH).count() > 50);
}

/// Rule R2: `?` is a character, of however many bytes.
#[test]
fn r2_characters_of_several_bytes_beside_literals_that_are_looked_for() {
    let start = "arn:aws:s3:::";
    let patterns = ["*\u{e9}/*", "*/\u{e9}?/*", "*?/b/*", "*/b\u{e9}/*", "*/\u{e9}b", "*\u{e9}a\u{e9}*"]
        .map(|pattern| format!("{start}{pattern}"));
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    // One that begins with the same byte, one that ends with the same.
    let texts = texts(&['\u{e9}', 'b', '/', '\u{e8}', '\u{129}'], 4);
    let resources: Vec<String> = texts.into_iter().map(|text| format!("{start}{text}/b/\u{e9}")).collect();
    let nodes = compare(&patterns, &resources);
    assert!(nodes.iter().any(|node| node.kind == node::SEARCH));
}

#[test]
fn r1_several_parts_are_gone_over_at_once() {
    let patterns = [
        "arn:aws:a:*:*:a*",
        "arn:*:a:*:b:*",
        "arn:*:*:*:*:b",
        "arn:*:*:a:*:*",
        "arn:aws:*:*:*:a:*",
        "*:*:*:*:*:*",
        "arn:aws:a:*:*:*:b",
    ];
    let parts = texts(&['a', 'b', ':'], 6);
    let mut resources: Vec<String> = parts.iter().map(|text| format!("arn:aws:{text}")).collect();
    resources.extend(
        parts.iter().step_by(3).map(|text| format!("arn:aws:{text}:abababababababababab:abababababababab:a")),
    );
    let nodes = compare(&patterns, &resources);
    assert!(nodes.iter().filter(|node| node.skips_several()).count() > 10);
}
