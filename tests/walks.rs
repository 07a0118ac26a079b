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
use portcullis::compiler::request::{ContextValue, Request};
use portcullis::runtime::format::{Section, TERMINAL_BIT, node};

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

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
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

/// Several patterns at once, of an action of its own each time, some of them negated, under a condition, or with a character that may be any:
/// what the rest begins with, and whole segments, of all lengths around those that are read at once; behind the begin, behind any part of a name, and
/// behind any segment.
#[test]
fn r1_texts_that_are_looked_up_at_once() {
    let random = &mut Random(28);
    let runs =
        ["", "", "", "a", "ab", "a/b", "bbbbbbbbbbbbb", "aaaaaaaaaaaaaaa", "abababababababababababababab"];
    let mut kinds = std::collections::BTreeMap::<_, usize>::new();
    for _ in 0..12 {
        let (mut statements, mut asked) = (Vec::new(), Vec::new());
        for number in 0..12 {
            let action = format!("acme:Do{number}");
            let start = random.of(&[
                "arn:aws:s3:::",
                "arn:aws:s3:::*/",
                "arn:aws:s3:::x*/",
                "arn:aws:sqs:*:*:",
                "arn:aws:s3:::*-",
            ]);
            let shared = random.of(&runs);
            // Often the patterns have one form, as those of segments must.
            let behind = [random.of(&["*", "/*", "", "/b*", "-*", "*b"]), "*", ""];
            let mut bodies = Vec::new();
            let alike = random.below(2) == 0;
            for _ in 0..if alike { 5 } else { 2 } + random.below(6) {
                let letters = if !alike && random.below(8) == 0 {
                    random.of(&["?", "a?", "\u{e9}", "?\u{e9}/", "b\u{e8}-"]).to_owned()
                } else {
                    (0..1 + random.below(4)).map(|_| random.of(&["a", "b", "a", "b", "/", "-"])).collect()
                };
                let body = format!("{shared}{letters}{}", random.of(&runs));
                let behind = match random.below(4) {
                    _ if alike => random.of(&["/*", "/*", ""]),
                    0 => behind[random.below(3)],
                    _ => behind[0],
                };
                let effect = random.of(&["Allow", "Allow", "Deny"]);
                let element = if !alike && random.below(12) == 0 { "NotResource" } else { "Resource" };
                let condition = match random.below(8) {
                    0 => r#", "Condition": {"StringEquals": {"aws:RequestedRegion": "here"}}"#,
                    _ => "",
                };
                statements.push(format!(
                    r#"{{"Effect": "{effect}", "Action": "{action}", "{element}": "{start}{body}{behind}"{condition}}}"#
                ));
                bodies.push((body, behind));
            }
            let start = start.replace('*', "x");
            for (body, own) in &bodies {
                for _ in 0..40 {
                    // As the pattern has it, but for a character here and there.
                    let any = random.of(&["a", "b", "\u{e9}", "\u{e8}", "/"]);
                    let mut text: Vec<char> = body.replace('?', any).chars().collect();
                    for _ in 0..random.below(5) / 2 {
                        let at = random.below(text.len());
                        match random.below(3) {
                            0 => text.truncate(at),
                            1 => text[at] = ['a', 'b', '/', '-', '\u{e9}'][random.below(5)],
                            _ => text.insert(at, 'b'),
                        }
                        if text.is_empty() {
                            break;
                        }
                    }
                    let before = random.of(&["", "", "", "a", "a/", "ab-", "bb/a/", "x/aa/"]);
                    let any = ["", "", "/", "/b", "a", "-b", "b", "/a/b/aaaaaaaaaaaaaaaaaaaaaaaaab"];
                    let behind = match random.below(2) {
                        0 => own.replace('*', random.of(&any)),
                        _ => random.of(&any).to_owned(),
                    };
                    let text = String::from_iter(text);
                    asked.push((action.clone(), format!("{start}{before}{text}{behind}")));
                }
            }
        }
        let model = compiled::model(compiled::attached(&[&compiled::document(&statements)]));
        let bundle = compiled::bundle(&model);
        let mut effects = std::collections::BTreeMap::<_, usize>::new();
        for (action, resource) in asked {
            let principal = compiled::ALICE.to_owned();
            let region = (
                "aws:RequestedRegion".to_owned(),
                ContextValue::One(random.of(&["here", "there"]).to_owned()),
            );
            let context = vec![region];
            let request = Request { principal, action, resource, context, ..Request::default() };
            let (found, expected) = (ask(&bundle, &request).unwrap(), reference::decide(&model, &request));
            assert_eq!((found.effect(), found.reason()), (expected.effect, expected.reason), "{request:?}");
            *effects.entry(found.effect().name()).or_default() += 1;
        }
        assert!(effects.len() == 3 && effects.values().all(|&count| count > 40), "{effects:?}");
        let words = bundle.section(Section::Nodes).as_chunks::<4>().0;
        let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        for node in nodes(&words) {
            // Where it leads without any text: to an end, or on.
            let is_end = node.kind != node::PREFIXES || words[node.at + 1] & TERMINAL_BIT != 0;
            *kinds.entry((node.kind, is_end)).or_default() += 1;
        }
    }
    let count = |kind: u32, is_end: bool| kinds.get(&(kind, is_end)).copied().unwrap_or(0);
    let found = [count(node::PREFIXES, true), count(node::PREFIXES, false), count(node::SEGMENT, true)];
    assert!(found.iter().all(|&count| count > 10), "{found:?}");
}

/// More texts than a table takes, and texts that are longer than it takes and begin alike: still every decision is the reference's.
#[test]
fn r1_texts_that_no_table_takes() {
    let many: Vec<String> =
        (0..1_100).map(|number| format!("arn:aws:s3:::b{}-{number}-*", number % 7)).collect();
    let long: Vec<String> =
        ["a", "b", "ab", "c/d"].map(|end| format!("arn:aws:s3:::twenty-letters-alike-{end}*")).into();
    let statement = |action: &str, resources: &[String]| {
        let list: Vec<String> = resources.iter().map(|it| format!("{it:?}")).collect();
        format!(r#"{{"Effect": "Allow", "Action": "acme:{action}", "Resource": [{}]}}"#, list.join(", "))
    };
    let document = compiled::document(&[statement("Many", &many), statement("Long", &long)]);
    let model = compiled::model(compiled::attached(&[&document]));
    let bundle = compiled::bundle(&model);
    let words = bundle.section(Section::Nodes).as_chunks::<4>().0;
    let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    for node in nodes(&words).iter().filter(|node| node.kind == node::PREFIXES) {
        assert!(nodes::slots(node.parameter) <= 2_048);
    }
    for (action, patterns, step, least) in [("acme:Many", &many, 3, 300), ("acme:Long", &long, 1, 3)] {
        let mut effects = std::collections::BTreeMap::<_, usize>::new();
        for pattern in patterns.iter().step_by(step) {
            for resource in [
                pattern.replace('*', "x"),
                pattern.replace('*', ""),
                pattern.replace("-*", "0"),
                pattern.replace('-', "x"),
            ] {
                let (principal, action) = (compiled::ALICE.to_owned(), action.to_owned());
                let request = Request { principal, action, resource, ..Request::default() };
                let (found, expected) =
                    (ask(&bundle, &request).unwrap(), reference::decide(&model, &request));
                assert_eq!(
                    (found.effect(), found.reason()),
                    (expected.effect, expected.reason),
                    "{request:?}"
                );
                *effects.entry(found.effect().name()).or_default() += 1;
            }
        }
        assert!(effects.len() == 2 && effects.values().all(|&count| count > least), "{action} {effects:?}");
    }
}

/// Where the text ends behind a literal at which segments are looked up: that is no segment, known or not.
#[test]
fn r1_where_the_text_ends_no_segment_follows() {
    let ends = ["", "a", "b", "c", "d", "e-name-that-is-longer-than-one-window"];
    let starts = ["arn:aws:iam::123456789012:", "arn:aws:s3:::bucket/"];
    let statement = |(number, start): (usize, &str), ends: &[&str]| {
        let list: Vec<String> = ends.iter().map(|end| format!("\"{start}{end}\"")).collect();
        format!(r#"{{"Effect": "Allow", "Action": "acme:Do{number}", "Resource": [{}]}}"#, list.join(", "))
    };
    for (known, empty) in [(&ends[..], true), (&ends[1..], false)] {
        let statements: Vec<String> = starts.into_iter().enumerate().map(|it| statement(it, known)).collect();
        let model = compiled::model(compiled::attached(&[&compiled::document(&statements)]));
        let bundle = compiled::bundle(&model);
        let words = bundle.section(Section::Nodes).as_chunks::<4>().0;
        let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        assert!(nodes(&words).iter().any(|node| node.kind == node::SEGMENT));
        for (number, start) in starts.into_iter().enumerate() {
            for end in ends.into_iter().chain(["x", "aa", "a/", "/", "/a"]) {
                let request = Request {
                    principal: compiled::ALICE.to_owned(),
                    action: format!("acme:Do{number}"),
                    resource: format!("{start}{end}"),
                    ..Request::default()
                };
                let (found, expected) =
                    (ask(&bundle, &request).unwrap(), reference::decide(&model, &request));
                assert_eq!(found.effect(), expected.effect, "{request:?}");
                assert_eq!(
                    found.is_allowed(),
                    ends.contains(&end) && (empty || !end.is_empty()),
                    "{request:?}"
                );
            }
        }
    }
}
