//! Conditions made by chance: what the language defines for an expression, against what its statements decide.
//!
//! The definition here knows nothing of IAM's operators: a comparison is true or false of a value, and of a missing key as the language's
//! reference says; `not`, `and` and `or` are logic.

use portcullis::ask::ask;
use portcullis::compiler::reference;
use portcullis::compiler::request::{ContextValue, Request};

use super::compiled::{bundle, long, resolved};
use super::worlds::Random;

/// The values of the keys of a request.
#[derive(Clone, Debug, Default)]
struct Given {
    /// `k:a`, `k:b`: texts.
    texts: [Option<&'static str>; 2],
    /// `aws:MultiFactorAuthAge`.
    age: Option<i64>,
    /// `aws:SecureTransport`.
    tls: Option<bool>,
    /// `aws:SourceIp`.
    address: Option<&'static str>,
    /// `aws:TagKeys`.
    tags: Option<Vec<&'static str>>,
}

#[derive(Clone, Debug)]
enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    /// Key, values, whether negated, whether a missing key is enough.
    Text(usize, Vec<&'static str>, bool, bool),
    Like(usize, &'static str, bool),
    /// Sign, number, whether a missing key is enough.
    Age(&'static str, i64, bool),
    Tls(Option<(bool, bool)>),
    Address(bool),
    /// Whether all of them, values, whether negated.
    Tags(bool, Vec<&'static str>, bool),
    Exists(usize, bool),
}

const KEYS: [&str; 2] = ["k:a", "k:b"];
const TEXTS: [&str; 4] = ["x", "xy", "y", "z"];

fn some(random: &mut Random) -> Vec<&'static str> {
    let count = 1 + random.below(2);
    (0..count).map(|_| *random.pick(&TEXTS).unwrap()).collect()
}

fn condition(random: &mut Random, depth: usize) -> Condition {
    if depth > 0 && random.chance(65) {
        let parts =
            |random: &mut Random| (0..2 + random.below(2)).map(|_| condition(random, depth - 1)).collect();
        return match random.below(3) {
            0 => Condition::And(parts(random)),
            1 => Condition::Or(parts(random)),
            _ => Condition::Not(Box::new(condition(random, depth - 1))),
        };
    }
    let key = random.below(2);
    match random.below(8) {
        0 | 1 => Condition::Text(key, some(random), random.chance(40), random.chance(30)),
        2 => Condition::Like(key, random.pick(&["x*", "*y", "?"]).unwrap(), random.chance(40)),
        3 => {
            let sign = random.pick(&["<", "<=", ">", ">=", "=", "!="]).unwrap();
            Condition::Age(sign, *random.pick(&[0, 5, 10]).unwrap(), random.chance(30))
        }
        4 => Condition::Tls(if random.chance(50) {
            None
        } else {
            Some((random.chance(50), random.chance(50)))
        }),
        5 => Condition::Address(random.chance(50)),
        6 => Condition::Tags(random.chance(50), some(random), random.chance(40)),
        _ => Condition::Exists(key, random.chance(50)),
    }
}

fn written(condition: &Condition) -> String {
    let list = |values: &[&str]| format!("[{}]", values.join(", "));
    let joined = |parts: &[Condition], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| format!("({})", written(part))).collect();
        parts.join(word)
    };
    match condition {
        Condition::And(parts) => joined(parts, " and "),
        Condition::Or(parts) => joined(parts, " or "),
        Condition::Not(inner) => format!("not ({})", written(inner)),
        Condition::Text(key, values, negated, missing) => {
            let not = if *negated { "not " } else { "" };
            format!("{} {not}in{} {}", KEYS[*key], if *missing { "?" } else { "" }, list(values))
        }
        Condition::Like(key, pattern, negated) => {
            format!("{} {}like {pattern}", KEYS[*key], if *negated { "not " } else { "" })
        }
        Condition::Age(sign, number, missing) => {
            format!("aws:MultiFactorAuthAge {sign}{} {number}", if *missing { "?" } else { "" })
        }
        Condition::Tls(None) => "aws:SecureTransport".to_owned(),
        Condition::Tls(Some((equal, truth))) => {
            format!("aws:SecureTransport {} {truth}", if *equal { "=" } else { "!=" })
        }
        Condition::Address(negated) => {
            format!("aws:SourceIp {}in 10.0.0.0/8", if *negated { "not " } else { "" })
        }
        Condition::Tags(all, values, negated) => {
            let (set, not) = (if *all { "all" } else { "any" }, if *negated { "not " } else { "" });
            format!("{set}(aws:TagKeys) {not}in {}", list(values))
        }
        Condition::Exists(key, exists) => {
            format!("{}({})", if *exists { "exists" } else { "missing" }, KEYS[*key])
        }
    }
}

/// What the language defines.
fn holds(condition: &Condition, given: &Given) -> bool {
    match condition {
        Condition::And(parts) => parts.iter().all(|part| holds(part, given)),
        Condition::Or(parts) => parts.iter().any(|part| holds(part, given)),
        Condition::Not(inner) => !holds(inner, given),
        Condition::Text(key, values, negated, missing) => match given.texts[*key] {
            None => *missing || *negated,
            Some(text) => values.contains(&text) != *negated,
        },
        Condition::Like(key, pattern, negated) => match given.texts[*key] {
            None => *negated,
            Some(text) => {
                let matches = match *pattern {
                    "x*" => text.starts_with('x'),
                    "*y" => text.ends_with('y'),
                    _ => text.len() == 1,
                };
                matches != *negated
            }
        },
        Condition::Age(sign, number, missing) => match (given.age, *sign) {
            (None, sign) => *missing || sign == "!=",
            (Some(age), "<") => age < *number,
            (Some(age), "<=") => age <= *number,
            (Some(age), ">") => age > *number,
            (Some(age), ">=") => age >= *number,
            (Some(age), "=") => age == *number,
            (Some(age), _) => age != *number,
        },
        Condition::Tls(None) => given.tls == Some(true),
        Condition::Tls(Some((equal, truth))) => (given.tls == Some(*truth)) == *equal,
        Condition::Address(negated) => given.address.is_some_and(|it| it.starts_with("10.")) != *negated,
        Condition::Tags(all, values, negated) => match &given.tags {
            None => *all,
            Some(tags) => {
                let matches = |tag: &&str| values.contains(tag) != *negated;
                if *all { tags.iter().all(matches) } else { tags.iter().any(matches) }
            }
        },
        Condition::Exists(key, exists) => given.texts[*key].is_some() == *exists,
    }
}

fn given(random: &mut Random) -> Given {
    let text = |random: &mut Random| random.pick(&TEXTS).copied().filter(|_| random.chance(75));
    Given {
        texts: [text(random), text(random)],
        age: random.pick(&[0, 3, 5, 10, 11]).copied().filter(|_| random.chance(75)),
        tls: random.chance(75).then(|| random.chance(50)),
        address: random.pick(&["10.1.2.3", "192.0.2.1"]).copied().filter(|_| random.chance(75)),
        tags: random
            .chance(75)
            .then(|| (0..random.below(3)).map(|_| *random.pick(&TEXTS).unwrap()).collect()),
    }
}

fn context(given: &Given) -> Vec<(String, ContextValue)> {
    let one =
        |key: &str, value: Option<String>| value.map(|value| (key.to_owned(), ContextValue::One(value)));
    let texts = KEYS.iter().zip(given.texts).filter_map(|(key, text)| one(key, text.map(str::to_owned)));
    let tags = given.tags.as_ref().map(|tags| {
        ("aws:TagKeys".to_owned(), ContextValue::Many(tags.iter().map(|tag| (*tag).to_owned()).collect()))
    });
    texts
        .chain(one("aws:MultiFactorAuthAge", given.age.map(|age| age.to_string())))
        .chain(one("aws:SecureTransport", given.tls.map(|tls| tls.to_string())))
        .chain(one("aws:SourceIp", given.address.map(str::to_owned)))
        .chain(tags)
        .collect()
}

/// Rules C1–C6: `allow … if` and `deny … unless` hold exactly where the expression does, in bundle and reference, however many statements
/// it becomes.
#[test]
fn c1_c4_expressions_are_lowered_exactly() {
    let (mut said, mut unsaid) = (0, 0);
    for seed in 0..if long() { 20_000 } else { 400 } {
        let random = &mut Random::new(seed);
        let condition = condition(random, 3);
        let text = written(&condition);
        let file = format!(
            "account 123456789012 {{
               user a {{ inline p {{ named: allow s3:GetObject on * if {text} }} }}
               user b {{ inline p {{ allow * on *  named: deny s3:GetObject on * unless {text} }} }}
             }}"
        );
        let resolved = resolved(&[("a.gate", &file)]);
        let Some(model) = resolved.model else {
            // What IAM cannot say is an error that says so, and nothing else is.
            let errors = resolved.diagnostics.iter().filter(|found| found.is_error());
            let codes: Vec<_> = errors.map(|found| found.code).collect();
            assert!(
                codes.iter().all(|code| ["gate-condition", "gate-size"].contains(code)),
                "{text}: {codes:?}"
            );
            unsaid += 1;
            continue;
        };
        said += 1;
        let bundle = bundle(&model);
        for _ in 0..20 {
            let given = given(random);
            let expected = holds(&condition, &given);
            for user in ["a", "b"] {
                let request = Request {
                    principal: format!("arn:aws:iam::123456789012:user/{user}"),
                    action: "s3:GetObject".to_owned(),
                    resource: "arn:aws:s3:::b/k".to_owned(),
                    resource_account: Some("123456789012".to_owned()),
                    context: context(&given),
                    ..Request::default()
                };
                let decided = ask(&bundle, &request).unwrap().is_allowed();
                assert_eq!(decided, expected, "{text} of {given:?} for {user}");
                let reference = reference::decide(&model, &request).effect;
                assert_eq!(reference == portcullis::runtime::Effect::Allow, expected, "{text} of {given:?}");
            }
        }
    }
    assert!(said > 3 * unsaid, "{said} said, {unsaid} not");
}
