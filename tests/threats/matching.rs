//! Faults of matching: recursion, explosion, injection, folding, metacharacters.

use std::cell::Cell;
use std::fmt::Write as _;

use portcullis::compiler::bundle::facts_of;
use portcullis::runtime::{Bundle, Context, ContextMap, Request, Values};

use super::{allowed, compiled, decide};

const BUCKET: &str = "arn:aws:s3:::";

/// A recursive matcher needs more steps than there are atoms for these; the automata and the greedy matcher go on, never back.
#[test]
fn recursive_glob() {
    let pattern = "a*".repeat(100) + "b";
    let (near, hit) = ("a".repeat(1_900), "a".repeat(1_900) + "b");
    let resource = format!("{BUCKET}{pattern}");
    let conditions = format!(
        r#"{{"Effect": "Allow", "Action": "svc:A", "Resource": "*", "Condition": {{"StringLike": {{"k:text": "{pattern}"}}}}}},
           {{"Effect": "Allow", "Action": "svc:B", "Resource": "*", "Condition": {{"ArnLike": {{"k:text": "{resource}"}}}}}},
           {{"Effect": "Allow", "Action": "svc:C", "Resource": "{BUCKET}${{k:name}}*{pattern}"}}"#
    );
    let actions = format!("svc:{}b", "a*".repeat(60));
    let document = compiled::document(&[
        compiled::statement("Allow", "s3:GetObject", &[&resource]),
        compiled::statement("Allow", &actions, &["*"]),
        conditions,
    ]);
    let get = |text: &str| compiled::request("s3:GetObject", &format!("{BUCKET}{text}"));
    let like = |text: &str| compiled::with(compiled::request("svc:A", "*"), &[("k:text", text)]);
    let arn = |text: &str| {
        compiled::with(compiled::request("svc:B", "*"), &[("k:text", &format!("{BUCKET}{text}"))])
    };
    let variable = |text: &str| {
        compiled::with(compiled::request("svc:C", &format!("{BUCKET}{text}")), &[("k:name", "aa")])
    };
    let action = |text: &str| compiled::request(&format!("svc:{}", text.split_at(text.len() - 200).1), "*");
    let mut requests = Vec::new();
    for text in [near.as_str(), hit.as_str()] {
        requests.extend([get(text), like(text), arn(text), variable(text), action(text)]);
    }
    assert_eq!(allowed(&document, &requests), [[false; 5], [true; 5]].concat());
}

/// A context that counts how often it is asked.
struct Counted {
    held: ContextMap,
    asked: Cell<usize>,
}

impl Context for Counted {
    fn get(&self, key: &str) -> Option<Values<'_>> {
        self.asked.set(self.asked.get() + 1);
        self.held.get(key)
    }

    fn within_limits(&self) -> bool {
        self.held.within_limits()
    }
}

/// The variables of a pattern are looked up a few times, not once for each place of the text.
#[test]
fn recursive_glob_with_variables_is_linear() {
    let document = compiled::document(&[
        compiled::statement("Allow", "s3:GetObject", &["arn:aws:s3:::*x${k:name}y*${k:name}z"]),
        r#"{"Effect": "Allow", "Action": "svc:A", "Resource": "*",
            "Condition": {"StringLike": {"k:text": "*?${k:name}b${k:name}?*?a${k:name}"}}}"#
            .to_owned(),
    ]);
    let bundle = compiled::bundle(&compiled::model(compiled::attached(&[&document])));
    let asked = |action: &str, length: usize| {
        let mut held = ContextMap::new();
        held.insert("k:name", "a".repeat(length / 3)).unwrap();
        held.insert("k:text", "a".repeat(length)).unwrap();
        let context = Counted { held, asked: Cell::new(0) };
        let decided = bundle.decide(&Request {
            principal: bundle.principal(compiled::ALICE),
            action: bundle.action(action),
            resource: &format!("{BUCKET}{}", "a".repeat(length.min(2_000))),
            resource_account: None,
            context: &context,
            now: None,
            context_is_complete: false,
        });
        assert!(!decided.is_allowed());
        context.asked.get()
    };
    for action in ["s3:GetObject", "svc:A"] {
        let (short, long) = (asked(action, 100), asked(action, 8_000));
        assert!(long <= short && long < 20, "{action}: {short} and {long} look-ups");
    }
}

/// Patterns that blow a subset construction up: the bundle stays within a constant times the policies, and decides.
#[test]
fn state_explosion() {
    for (name, pattern) in
        [("infix", "*a{}*b{}*"), ("question marks", "*a????????????{}*"), ("literals", "bucket{}/*")]
    {
        let resource = |number: usize| format!("{BUCKET}{}", pattern.replace("{}", &number.to_string()));
        let statements: Vec<String> =
            (0..1_500).map(|number| compiled::statement("Allow", "svc:Get", &[&resource(number)])).collect();
        let document = compiled::document(&statements);
        let model = compiled::model(compiled::attached(&[&document]));
        let bundle = compiled::bundle(&model);
        let facts = facts_of(&bundle).unwrap();
        assert!(facts.states <= 5 * 4_096, "{name}: {} states", facts.states);
        assert!(facts.longest_root_list <= 8, "{name}: {} roots", facts.longest_root_list);
        let base = compiled::bundle(&compiled::model(compiled::attached(&[&compiled::document(&[])])));
        let grown = bundle.as_bytes().len() - base.as_bytes().len();
        assert!(grown <= 10 * document.len(), "{name}: {grown} bytes for {} of policies", document.len());
        let inside = |number: usize| resource(number).replace(['*', '?'], "x");
        let mut requests: Vec<_> =
            [0, 7, 1_023, 1_024, 1_499].map(|it| compiled::request("svc:Get", &inside(it))).into();
        requests.push(compiled::request("svc:Get", &inside(1_500).replace(['a', 'u'], "_")));
        let decided: Vec<bool> =
            decide(&model, &requests).iter().map(portcullis::runtime::Decision::is_allowed).collect();
        assert_eq!(decided, [true, true, true, true, true, false], "{name}");
    }
}

/// Conditions that blow a decision diagram up, and patterns that blow a key's classifier up: size stays bounded, and all of it decides.
#[test]
fn state_explosion_of_conditions() {
    let statement = |effect: &str, operator: &str, key: String, value: String| {
        format!(
            r#"{{"Effect": "{effect}", "Action": "svc:Get", "Resource": "*", "Condition": {{"{operator}": {{"{key}": "{value}"}}}}}}"#
        )
    };
    let many_keys = |number: usize| {
        let effect = if number.is_multiple_of(40) { "Deny" } else { "Allow" };
        statement(effect, "StringEquals", format!("k:{number}"), "yes".to_owned())
    };
    let many_patterns = |number: usize| {
        statement("Allow", "StringLike", "k:a".to_owned(), format!("*a{number}b*c{number}d*"))
    };
    let keys = compiled::document(&(0..1_000).map(many_keys).collect::<Vec<_>>());
    let patterns = compiled::document(&(0..200).map(many_patterns).collect::<Vec<_>>());
    let base = compiled::bundle(&compiled::model(compiled::attached(&[&compiled::document(&[])])));
    for (name, document) in [("keys", &keys), ("patterns", &patterns)] {
        let model = compiled::model(compiled::attached(&[document]));
        let bundle = compiled::bundle(&model);
        let facts = facts_of(&bundle).unwrap();
        let grown = bundle.as_bytes().len() - base.as_bytes().len();
        assert!(grown <= 10 * document.len(), "{name}: {grown} bytes for {} of policies", document.len());
        assert_eq!(name == "keys", facts.classifiers > 900, "{name}");
        assert_eq!(facts.diagram_chains, 1, "{name}");
        assert_eq!(name == "patterns", facts.atoms_at_request_time == 200, "{name}");
        let get = |context: &[(&str, &str)]| compiled::with(compiled::request("svc:Get", "*"), context);
        let requests = [
            get(&[]),
            get(&[("k:7", "yes"), ("k:a", "xa7bxc7dx")]),
            get(&[("k:999", "yes"), ("k:a", "a199bc199d")]),
            get(&[("k:999", "no"), ("k:a", "a199bc198d")]),
            get(&[("k:999", "yes"), ("k:960", "yes"), ("k:a", "a1b")]),
        ];
        let decided: Vec<bool> =
            decide(&model, &requests).iter().map(portcullis::runtime::Decision::is_allowed).collect();
        assert_eq!(decided, [false, true, true, false, false], "{name}");
    }
}

/// Many operands of one key: nested blocks, thresholds, texts and wildcards over them, in one diagram and each by itself, and values on, below,
/// above and beside all of them.
#[test]
fn many_operands_of_one_key_decide_as_the_reference_does() {
    let date = |number: usize| format!("2026-{:02}-{:02}T00:00:00Z", 1 + number / 28 % 12, 1 + number % 28);
    let block = |number: usize| match number % 3 {
        0 => format!("10.{}.0.0/16", number % 16),
        1 => format!("10.{}.{}.0/{}", number % 16, number % 64 * 4, 22 + number % 4),
        _ => format!("2001:db8:{:x}::/{}", number % 8 * 256, 36 + number % 13),
    };
    let text = |number: usize| match number % 9 {
        0 => format!("*{}*", number % 40),
        1 => format!("team{}*", number % 30),
        _ => format!("team{number}"),
    };
    type Kind<'a> = (&'a str, &'a [&'a str], &'a dyn Fn(usize) -> String);
    let kinds: [Kind<'_>; 4] = [
        ("k:date", &["DateLessThan", "DateGreaterThanEqualsIfExists", "DateEquals", "DateNotEquals"], &date),
        (
            "k:number",
            &["NumericLessThanEquals", "NumericGreaterThan", "NumericNotEqualsIfExists"],
            &|number| format!("{}.5", number % 200),
        ),
        ("k:address", &["IpAddress", "NotIpAddress", "IpAddressIfExists"], &block),
        ("k:text", &["StringLike", "StringNotLike", "StringLike", "StringLikeIfExists"], &text),
    ];
    for (key, operators, value) in kinds {
        let statement = |number: usize| {
            let (operator, effect) = (
                operators[number % operators.len()],
                if number % 50 == 13 || number == 90 { "Deny" } else { "Allow" },
            );
            let values: Vec<String> = (0..1 + number % 3).map(|more| value(number + 7 * more)).collect();
            // Some by themselves, some together, some under a second key.
            let action = if number.is_multiple_of(2) {
                "svc:Get".to_owned()
            } else {
                format!("svc:Get{}", number % 50)
            };
            let second = if number % 4 == 2 { r#", "Bool": {"k:flag": "true"}"# } else { "" };
            format!(
                r#"{{"Effect": "{effect}", "Action": "{action}", "Resource": "*", "Condition": {{"{operator}": {{"{key}": {values:?}}}{second}}}}}"#
            )
        };
        let document = compiled::document(&(0..200).map(statement).collect::<Vec<_>>());
        let model = compiled::model(compiled::attached(&[&document]));
        let held = (0..40).map(|number| match key {
            "k:date" => format!("2026-{:02}-{:02}T0{}:00:00.5Z", 1 + number / 7, 1 + number % 28, number % 2),
            "k:number" => format!("{}.{}", number * 4, number % 2 * 5),
            "k:address" if number % 4 == 3 => format!("2001:db8:{:x}::1", number * 32),
            "k:address" => format!("10.{}.{}.{number}", number % 17, number * 4),
            _ => format!("team{}", number * 7),
        });
        let mut requests = Vec::new();
        for (number, value) in held.chain(["no value".to_owned(), String::new()]).enumerate() {
            for action in ["svc:Get".to_owned(), format!("svc:Get{}", number % 50)] {
                let request = compiled::request(&action, "*");
                requests.push(compiled::with(request.clone(), &[(key, &value)]));
                requests.push(compiled::with(request, &[(key, &value), ("k:flag", "true")]));
            }
        }
        requests.push(compiled::request("svc:Get", "*"));
        let allowed = decide(&model, &requests).iter().filter(|decided| decided.is_allowed()).count();
        println!("{key}: {allowed} of {} allowed", requests.len());
    }
}

/// However many statements mention a key, a request's value of it is looked up and classified once.
#[test]
fn conditions_ask_for_each_key_once() {
    let statement = |number: usize| {
        format!(
            r#"{{"Effect": "{}", "Action": "svc:Get", "Resource": "*", "Condition": {{
                "StringEquals": {{"k:team": "team{number}"}}, "IpAddress": {{"aws:SourceIp": "10.{number}.0.0/16"}}}}}}"#,
            if number.is_multiple_of(10) { "Deny" } else { "Allow" }
        )
    };
    let document = compiled::document(&(0..101).map(statement).collect::<Vec<_>>());
    let bundle = compiled::bundle(&compiled::model(compiled::attached(&[&document])));
    for (team, address, allowed) in
        [("team7", "10.7.1.1", true), ("team7", "10.8.1.1", false), ("team10", "10.10.0.1", false)]
    {
        let mut held = ContextMap::new();
        held.insert("k:team", team).unwrap();
        held.insert("aws:SourceIp", address).unwrap();
        let context = Counted { held, asked: Cell::new(0) };
        let decided = bundle.decide(&Request {
            principal: bundle.principal(compiled::ALICE),
            action: bundle.action("svc:Get"),
            resource: "*",
            resource_account: None,
            context: &context,
            now: None,
            context_is_complete: false,
        });
        assert_eq!((decided.is_allowed(), context.asked.get()), (allowed, 2), "{team} {address}");
    }
}

/// One statement with more patterns than any automaton takes, also negated, where they cannot be split.
#[test]
fn state_explosion_in_one_statement() {
    let resources: Vec<String> =
        (0..1_500).map(|number| format!("{BUCKET}*a{number}_*b{number}_*")).collect();
    for element in ["Resource", "NotResource"] {
        let document = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "svc:Get", "{element}": {resources:?}}}}}"#
        );
        let of = |name: &str| compiled::request("svc:Get", &format!("{BUCKET}{name}"));
        let requests = [of("xa0_b0_"), of("xa1499_yb1499_z"), of("a7_b8_"), of("")];
        let matched = [true, true, false, false];
        let expected: Vec<bool> = matched.iter().map(|&it| it == (element == "Resource")).collect();
        // An error of the kind "padded under NotResource" does not apply: all patterns have six parts.
        assert_eq!(allowed(&document, &requests), expected, "{element}");
    }
}

/// The same for actions: patterns with wildcards are matched while the bundle is built, or one by one.
#[test]
fn state_explosion_of_action_patterns() {
    let statements: Vec<String> = (0..400)
        .map(|number| {
            let mut action = String::from("*");
            write!(action, "{number}*:*x{number}*y{number}*").unwrap();
            compiled::statement("Allow", &action, &[&format!("{BUCKET}{number}/*")])
        })
        .collect();
    let document = compiled::document(&statements);
    let model = compiled::model(compiled::attached(&[&document]));
    let bundle = compiled::bundle(&model);
    assert!(bundle.as_bytes().len() < 40 * document.len());
    let of = |action: &str, number: u32| compiled::request(action, &format!("{BUCKET}{number}/k"));
    let requests = [of("z7:ax7by7c", 7), of("z7:ax7by8c", 7), of("z399:x399y399", 399), of("s3:x3y3", 3)];
    assert_eq!(decide(&model, &requests).iter().filter(|it| it.is_allowed()).count(), 3);
}

/// Rule X2: what is substituted is literal, wherever it comes from.
#[test]
fn variable_injection() {
    let document = compiled::document(&[
        compiled::statement("Allow", "s3:GetObject", &["arn:aws:s3:::home/${k:name}/*"]),
        compiled::statement("Allow", "svc:Get", &["arn:aws:svc:*:${k:name}:x"]),
        r#"{"Effect": "Allow", "Action": "svc:Like", "Resource": "*", "Condition": {"StringLike": {"k:text": "home/${k:name}/*"}}}"#
            .to_owned(),
        r#"{"Effect": "Allow", "Action": "svc:Arn", "Resource": "*", "Condition": {"ArnLike": {"k:text": "arn:aws:${k:name}:::x"}}}"#
            .to_owned(),
    ]);
    let named = |action: &str, resource: &str, name: &str, text: &str| {
        compiled::with(compiled::request(action, resource), &[("k:name", name), ("k:text", text)])
    };
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for (name, other, allowed) in [
        ("alice", "alice", true),
        ("*", "*", true),
        ("*", "bob", false),
        ("?", "?", true),
        ("?", "b", false),
        ("bo*", "bob", false),
        ("${aws:username}", "alice", false),
        ("alice/*", "alice/bob", false),
        ("", "", false),
        ("", "bob", false),
        // Text that would end the variable, or the document, where it stood in one.
        ("}\"*", "bob", false),
    ] {
        requests.push(named("s3:GetObject", &format!("arn:aws:s3:::home/{other}/x"), name, ""));
        requests.push(named("svc:Like", "*", name, &format!("home/{other}/x")));
        expected.extend([allowed; 2]);
    }
    // In the first five parts a value with a colon matches nothing: it could shift the parts.
    for (name, service, allowed) in
        [("a", "a", true), ("a:b", "a:b", false), ("*", "a", false), ("a::::", "a", false)]
    {
        requests.push(named("svc:Arn", "*", name, &format!("arn:aws:{service}:::x")));
        requests.push(named("svc:Get", &format!("arn:aws:svc:r:{service}:x"), name, ""));
        expected.extend([allowed; 2]);
    }
    assert_eq!(allowed(&document, &requests), expected);
}

/// ASCII alone folds, byte by byte, so that no length changes and no index moves.
#[test]
fn case_folding_shifted_an_index() {
    // The dotted capital I has a lower case of two characters; the Kelvin sign and the long s fold to ASCII in Unicode.
    let document = compiled::document(&[
        compiled::statement("Allow", "ks:İ*Get", &["arn:aws:ks:::İ/*"]),
        compiled::statement("Allow", "s3:GetObject", &["*"]),
        r#"{"Effect": "Allow", "Action": "svc:A", "Resource": "*", "Condition": {"StringEquals": {"k:Key": "1"}}}"#.to_owned(),
        r#"{"Effect": "Allow", "Action": "svc:B", "Resource": "*", "Condition": {"StringEqualsIgnoreCase": {"k:x": "İstanbul-K"}}}"#
            .to_owned(),
    ]);
    let of = |action: &str, resource: &str| compiled::request(action, resource);
    let keyed = |key: &str| compiled::with(of("svc:A", "*"), &[(key, "1")]);
    let text = |value: &str| compiled::with(of("svc:B", "*"), &[("k:x", value)]);
    let requests = [
        (of("KS:İxgET", "arn:aws:ks:::İ/x"), true),
        (of("ks:i\u{307}xGet", "arn:aws:ks:::İ/x"), false),
        (of("ks:ixGet", "arn:aws:ks:::İ/x"), false),
        (of("ks:İxGet", "arn:aws:ks:::i\u{307}/x"), false),
        (of("\u{17f}3:GetObject", "*"), false),
        (of("\u{212a}s:İxGet", "arn:aws:ks:::İ/x"), false),
        (keyed("K:kEY"), true),
        (keyed("\u{212a}:Key"), false),
        // Rule C8 is about values: simple lower case, one character for one.
        (text("İSTANBUL-\u{212a}"), true),
        (text("i\u{307}stanbul-k"), false),
    ];
    let (requests, expected): (Vec<_>, Vec<bool>) = requests.into_iter().unzip();
    assert_eq!(allowed(&document, &requests), expected);
}

/// Patterns are built as automata, never as regular expressions: every character but `*` and `?` is itself.
#[test]
fn unescaped_metacharacter() {
    for (pattern, other) in [
        ("a.c", "abc"),
        ("a+", "aa"),
        ("[ab]", "a"),
        ("(a|b)", "a"),
        ("^a$", "a"),
        ("\\\\d", "1"),
        ("a{2}", "aa"),
        ("a%", "ab"),
        ("a_", "ab"),
        ("~a!", "b"),
    ] {
        let document = compiled::document(&[
            compiled::statement("Allow", "s3:GetObject", &[])
                .replace("[]", &format!("\"{BUCKET}{pattern}\"")),
            compiled::statement("Allow", &format!("svc:{pattern}"), &["*"]),
            format!(
                r#"{{"Effect": "Allow", "Action": "svc:Like", "Resource": "*", "Condition": {{"StringLike": {{"k:x": "{pattern}"}}}}}}"#
            ),
        ]);
        // In JSON a backslash is written twice.
        let itself = pattern.replace("\\\\", "\\");
        let mut requests = Vec::new();
        for text in [itself.as_str(), other] {
            requests.push(compiled::request("s3:GetObject", &format!("{BUCKET}{text}")));
            requests.push(compiled::request(&format!("svc:{text}"), "*"));
            requests.push(compiled::with(compiled::request("svc:Like", "*"), &[("k:x", text)]));
        }
        assert_eq!(allowed(&document, &requests), [true, true, true, false, false, false], "{pattern}");
    }
}

/// The bundle holds the texts of the patterns as they are, nothing that an engine would have to interpret.
#[test]
fn unescaped_metacharacter_in_a_tag() {
    let bundle: Bundle = {
        let document = compiled::document(&[compiled::statement(
            "Allow",
            "s3:GetObject",
            &["arn:aws:s3:::${aws:username}.log"],
        )]);
        compiled::bundle(&compiled::model(compiled::attached(&[&document])))
    };
    let ask =
        |resource: &str| portcullis::ask::ask(&bundle, &compiled::request("s3:GetObject", resource)).unwrap();
    assert!(ask("arn:aws:s3:::alice.log").is_allowed());
    assert!(!ask("arn:aws:s3:::alicexlog").is_allowed());
}
