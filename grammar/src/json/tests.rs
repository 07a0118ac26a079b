//! What the JSON reader takes, refuses and recovers from.

use super::*;

fn read(text: &str) -> (Parsed, Source) {
    let source = Source::new("t.json", text);
    (parse(&source), source)
}

fn codes(text: &str) -> Vec<&'static str> {
    read(text).0.diagnostics.iter().map(|found| found.code).collect()
}

/// The value as compact text, for comparison.
fn show(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(text) => text.to_string(),
        Kind::String(text) => format!("{text:?}"),
        Kind::Array(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(",")),
        Kind::Object(members) => {
            let show = |member: &Member| format!("{:?}:{}", member.key, show(&member.value));
            format!("{{{}}}", members.iter().map(show).collect::<Vec<_>>().join(","))
        }
    }
}

#[test]
fn reads_every_kind_of_value() {
    let text = r#" {"a": [1, -0, 1.5e+3, true, false, null, "x\"\\\/\b\f\n\r\tA😀ä"], "b": {}, "": []} "#;
    let (parsed, source) = read(text);
    assert!(parsed.diagnostics.is_empty() && !parsed.damaged);
    let value = parsed.value.unwrap();
    assert_eq!(
        show(&value),
        "{\"a\":[1,-0,1.5e+3,true,false,null,\"x\\\"\\\\/\\u{8}\\u{c}\\n\\r\\tA😀ä\"],\"b\":{},\"\":[]}"
    );
    assert_eq!(source.slice(value.span), text.trim());
    let Kind::Object(members) = &value.kind else { panic!() };
    assert_eq!(source.slice(members[1].key_span), "\"b\"");
    assert_eq!(source.slice(members[1].value.span), "{}");
}

#[test]
fn p3_duplicate_keys_are_errors_after_unescaping() {
    let (parsed, source) = read(r#"{"a": 1, "b": {"x": 1, "\u0078": 2}, "a": 3}"#);
    let found: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(|found| (found.code, source.slice(found.labels[0].span), source.slice(found.labels[1].span)))
        .collect();
    assert_eq!(found, [("p3-duplicate-key", r#""\u0078""#, "\"x\""), ("p3-duplicate-key", "\"a\"", "\"a\"")]);
    assert!(!parsed.damaged);
    let large: Vec<String> = (0..50).map(|key| format!("\"k{}\": 0", key % 40)).collect();
    assert_eq!(codes(&format!("{{{}}}", large.join(","))).len(), 10);
}

#[test]
fn p4_ten_thousand_brackets_are_one_error() {
    for open in ["[", "{\"a\":"] {
        assert_eq!(codes(&open.repeat(10_000)), ["p4-too-deep"]);
    }
    let depth = MAX_DEPTH;
    assert_eq!(codes(&format!("{}{}", "[".repeat(depth), "]".repeat(depth))), [""; 0]);
    assert_eq!(codes(&format!("{}{}", "[".repeat(depth + 1), "]".repeat(depth + 1))), ["p4-too-deep"]);
    let encoded = format!("{:?}", "%5B".repeat(10_000));
    let (outer, source) = read(&encoded);
    let inner = parse_embedded(&source, &outer.value.unwrap());
    assert_eq!(inner.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), ["p4-too-deep"]);
}

#[test]
fn strict_where_another_reader_might_differ() {
    for (text, expected) in [
        ("\u{feff}{}", "json-byte-order-mark"),
        ("[01]", "json-bad-value"),
        ("[1.]", "json-bad-value"),
        ("[.5]", "json-bad-value"),
        ("[+1]", "json-bad-value"),
        ("[1e]", "json-bad-value"),
        ("[0x1]", "json-bad-value"),
        ("[NaN]", "json-bad-value"),
        ("[True]", "json-bad-value"),
        ("['a']", "json-bad-value"),
        ("[\u{a0}]", "json-bad-value"),
        ("[1] // x", "json-comment"),
        ("[/* x */1]", "json-comment"),
        ("[1,]", "json-trailing-comma"),
        ("{\"a\":1,}", "json-trailing-comma"),
        ("[,1]", "json-extra-comma"),
        ("[1 2]", "json-missing-comma"),
        ("{\"a\" 1}", "json-missing-colon"),
        ("{\"a\"}", "json-missing-colon"),
        ("{\"a\"=1}", "json-missing-colon"),
        ("{\"a\":}", "json-value-expected"),
        ("{\"a\":", "json-value-expected"),
        ("{a: 1}", "json-key-expected"),
        ("{'a': 1}", "json-key-expected"),
        ("{{}: 1}", "json-key-expected"),
        ("[1", "json-unclosed-bracket"),
        ("{\"a\":[1}", "json-mismatched-bracket"),
        ("{} {}", "json-trailing"),
        ("", "json-empty"),
        (" \n", "json-empty"),
        ("\"a\tb\"", "json-control-character"),
        ("\"\\x\"", "json-bad-escape"),
        ("\"\\u12g4\"", "json-bad-escape"),
        ("\"\\ud800\"", "json-bad-escape"),
        ("\"\\ud800\\u0041\"", "json-bad-escape"),
        ("\"\\udc00\"", "json-bad-escape"),
    ] {
        assert_eq!(codes(text), [expected], "{text}");
    }
    assert_eq!(codes("[\"a\n]"), ["json-unclosed-string"]);
    assert_eq!(codes("\"a"), ["json-unclosed-string"]);
}

#[test]
fn several_mistakes_in_one_run_in_their_order() {
    let text = "{\n \"a\": tru,\n \"b\" 1\n \"c\": \"\\q\",\n \"c\": [1,],\n}";
    assert_eq!(
        codes(text),
        [
            "json-bad-value",
            "json-missing-colon",
            "json-missing-comma",
            "json-bad-escape",
            "p3-duplicate-key",
            "json-trailing-comma",
            "json-trailing-comma"
        ]
    );
}

#[test]
fn findings_are_capped() {
    let found = codes(&format!("[{}", "nope,".repeat(100_000)));
    assert_eq!(found.len(), MAX_FINDINGS + 1);
    assert_eq!(found.iter().filter(|&&code| code == "json-too-many-problems").count(), 1);
    assert!(codes(&"/**/".repeat(1_000_000)).len() <= MAX_FINDINGS + 1);
}

#[test]
fn no_text_makes_it_loop_or_panic() {
    // Every string of up to four pieces over what the grammar treats specially.
    let alphabet = ["{", "}", "[", "]", ":", ",", "\"", "'", "\\", "u", "1", "/", "*", "\n", "ä", " "];
    for length in 0..=4_u32 {
        for number in 0..(alphabet.len().pow(length)) {
            let mut rest = number;
            let text: String = (0..length)
                .map(|_| {
                    let piece = alphabet[rest % alphabet.len()];
                    rest /= alphabet.len();
                    piece
                })
                .collect();
            let (parsed, source) = read(&text);
            assert!(parsed.value.is_some() || !parsed.diagnostics.is_empty());
            for label in parsed.diagnostics.iter().flat_map(|found| &found.labels) {
                assert!(text.get(label.span.start as usize..label.span.end as usize).is_some(), "{text}");
            }
            assert!(!parsed.damaged || parsed.diagnostics.iter().any(Diagnostic::is_error), "{text}");
            let _ = parse_sequence(&source);
            if let Some(value) = parsed.value.filter(|value| matches!(value.kind, Kind::String(_))) {
                let _ = parse_embedded(&source, &value);
            }
        }
    }
}

#[test]
fn sequences_and_lines() {
    let source = Source::new("t", "{\"a\":1}\n\n  {\"b\":2}{\"c\":3}\r\n[4]");
    let (values, found) = parse_sequence(&source);
    assert!(found.is_empty());
    assert_eq!(values.iter().map(show).collect::<Vec<_>>(), ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "[4]"]);
    let read: Vec<_> = lines(&source).map(|(line, span)| (line, source.slice(span))).collect();
    assert_eq!(read, [(1, "{\"a\":1}"), (3, "  {\"b\":2}{\"c\":3}"), (4, "[4]")]);
    let (line, span) = lines(&source).last().unwrap();
    let part = parse_part(&source, span).value.unwrap();
    assert_eq!((line, source.slice(part.span)), (4, "[4]"));
    assert!(parse_sequence(&Source::new("t", "{},{}")).0.is_empty());
}

#[test]
fn embedded_documents_point_into_the_outer_text() {
    let plain = r#"{"S": "a\"ä", "T": [1]}"#;
    let percent: String =
        plain
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
    let escaped = plain.replace('\\', "\\\\").replace('"', "\\\"").replace('a', "\\u0061");
    for (inner, list) in [(percent.as_str(), "%5B1%5D"), (escaped.as_str(), "[1]")] {
        let (outer, source) = read(&format!("  {{\"Document\": \"{inner}\"}}"));
        let Some(Value { kind: Kind::Object(members), .. }) = outer.value else { panic!() };
        let parsed = parse_embedded(&source, &members[0].value);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let value = parsed.value.unwrap();
        assert_eq!(show(&value), "{\"S\":\"a\\\"ä\",\"T\":[1]}");
        assert_eq!(source.slice(value.span), inner);
        let Kind::Object(members) = &value.kind else { panic!() };
        assert_eq!(source.slice(members[1].value.span), list);
    }
}

#[test]
fn embedded_documents_that_are_none() {
    for (text, expected) in [
        ("\"%7\"", "json-percent-encoding"),
        ("\"%zz\"", "json-percent-encoding"),
        ("\"%7B%FF%7D\"", "p4-not-utf8"),
        ("\"\"", "json-empty"),
        ("\"{\"", "json-unclosed-bracket"),
    ] {
        let (outer, source) = read(text);
        let parsed = parse_embedded(&source, &outer.value.unwrap());
        assert_eq!(
            parsed.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(),
            [expected],
            "{text}"
        );
    }
}
