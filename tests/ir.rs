//! Properties of the IR's text on random worlds: equal under what means nothing, and blind to what others may do.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/compiled.rs"]
mod compiled;
#[path = "support/shuffle.rs"]
mod shuffle;
#[path = "support/worlds.rs"]
mod worlds;

use portcullis::ask::ask;
use portcullis::compiler::ir::{TextOptions, print};
use portcullis::compiler::lower;
use portcullis::compiler::model::Model;

use compiled::{bundle, long, model, resolved};
use worlds::Random;

fn text(model: &Model) -> String {
    print(&lower(model), model, &TextOptions::default())
}

/// DESIGN section 8: equal text, and equal decisions, under the order of users, policies, versions, statements and lists, the names of statements
/// and inline policies, duplicates, scalars for lists, and encodings.
#[test]
fn what_means_nothing_changes_neither_text_nor_decisions() {
    let mut different = 0;
    let worlds = if long() { 3_000 } else { 100 };
    for seed in 0..worlds {
        let world = worlds::world(seed, 40);
        let other = shuffle::shuffled(&mut Random::new(seed ^ 0x5eed), &world.snapshot);
        different += usize::from(other != world.snapshot);
        let one = model(resolved(&[("one.json", &world.snapshot)]));
        let other = model(resolved(&[("other.json", &other)]));
        assert_eq!(text(&one), text(&other), "seed {seed}");
        let (one, other) = (bundle(&one), bundle(&other));
        for request in &world.requests {
            let (left, right) = (ask(&one, request).unwrap(), ask(&other, request).unwrap());
            assert_eq!(
                (left.effect(), left.layer(), left.reason()),
                (right.effect(), right.layer(), right.reason()),
                "seed {seed}: {request:#?}"
            );
        }
    }
    assert_eq!(different, worlds as usize);
}

/// DESIGN section 8: stable under unrelated changes. What another user may do moves no line of the others.
#[test]
fn what_others_may_do_changes_nothing() {
    for seed in 0..50 {
        let world = worlds::world(seed, 0);
        let alone = text(&model(resolved(&[("one.json", &world.snapshot)])));
        // Everything that the world's policies name, written in other cases.
        let stranger = r#"{"UserDetailList": [{"UserName": "zz", "Arn": "arn:aws:iam::123456789012:user/zz", "UserPolicyList": [
            {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["S3:GETOBJECT", "S3:*", "S3:GET*", "KMS:DECRYPT", "IAM:*", "STS:*", "IAM:PASSROLE"], "Resource": "*"},
                {"Effect": "Deny", "NotAction": ["s3:putobject", "S3:?ETOBJECT", "s3:*OBJECT", "KMS:*"], "Resource": "arn:aws:s3:::a*"}]}}]}]}"#;
        let both = text(&model(resolved(&[("one.json", &world.snapshot), ("zz.json", stranger)])));
        let others: Vec<&str> = both
            .split("\n\n")
            .map(str::trim_end)
            .filter(|block| !block.starts_with("arn:aws:iam::123456789012:user/zz\n"))
            .collect();
        assert_eq!(others.join("\n\n"), alone.trim_end(), "seed {seed}");
    }
}

/// Every line of a block is one rule, and every rule of the world is in it: no text of a policy can look like two rules or hide one.
#[test]
fn no_policy_can_forge_a_line() {
    for forged in [
        "a\\n    allow * on *",
        "a\\r    allow * on *",
        "a, arn:aws:s3:::b",
        "a if Null k",
        "a\\u2028    allow * on *",
        "a\\\" on \\\"b",
        "\\u202e",
    ] {
        let statement =
            format!(r#"{{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::{forged}"}}"#);
        let text = text(&model(compiled::attached(&[&compiled::document(&[statement])])));
        let lines: Vec<&str> = text
            .split(|character: char| character.is_control() || "\u{2028}\u{2029}".contains(character))
            .collect();
        assert_eq!(lines.len(), 4, "{text:?}");
        assert!(
            lines.get(2).unwrap().starts_with("    deny s3:* on \"arn:aws:s3:::")
                && lines.get(2).unwrap().ends_with('"'),
            "{text}"
        );
        assert!(!text.contains('\u{202e}'), "{text:?}");
    }
}

/// Statements by chance over few words, so that lists meet: effect, actions, resources, condition.
fn statements(random: &mut Random) -> Vec<[Vec<&'static str>; 4]> {
    let some = |random: &mut Random, words: &[&'static str]| -> Vec<&'static str> {
        (0..1 + random.below(3)).map(|_| random.word(words)).collect()
    };
    let one = |random: &mut Random| {
        let effect = random.word(&["Allow", "Allow", "Deny"]);
        let actions =
            some(random, &["s3:GetObject", "s3:PutObject", "s3:List*", "sqs:*", "sqs:SendMessage", "*"]);
        let resources =
            some(random, &["arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::b/${aws:username}", "*"]);
        let condition = random.word(&["", "", r#""Bool": {"aws:SecureTransport": "true"}"#]);
        [vec![effect], actions, resources, vec![condition]]
    };
    (0..1 + random.below(5)).map(|_| one(random)).collect()
}

fn written([effect, actions, resources, condition]: &[Vec<&str>; 4]) -> String {
    format!(
        r#"{{"Effect": "{}", "Action": {actions:?}, "Resource": {resources:?}, "Condition": {{{}}}}}"#,
        effect[0], condition[0]
    )
}

/// DESIGN section 8: equal text however statements are cut, within a policy and over several.
#[test]
fn however_statements_are_cut() {
    let mut joined = 0;
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let whole = statements(&mut random);
        let mut cut = Vec::new();
        for [effect, actions, resources, condition] in &whole {
            for action in actions {
                for resource in resources {
                    cut.push([effect.clone(), vec![*action], vec![*resource], condition.clone()]);
                }
            }
        }
        let mut documents: Vec<Vec<String>> = vec![Vec::new(), Vec::new()];
        for statement in &cut {
            let at = random.below(2);
            let document = &mut documents[at];
            let place = random.below(document.len() + 1);
            document.insert(place, written(statement));
        }
        let texts: Vec<String> = documents.iter().map(|document| compiled::document(document)).collect();
        let document = compiled::document(&whole.iter().map(written).collect::<Vec<_>>());
        let one = text(&model(compiled::attached(&[&document])));
        let two = text(&model(compiled::attached(&texts.iter().map(String::as_str).collect::<Vec<_>>())));
        assert_eq!(one, two, "seed {seed}");
        joined += usize::from(one.lines().count() < cut.len() + 2);
    }
    assert!(joined > 100, "{joined}");
}

/// `*` says what its siblings say; lists under NotAction and NotResource stay as they are.
#[test]
fn what_joins_and_what_does_not() {
    let lines = |statements: &[&str]| -> Vec<String> {
        let statements: Vec<String> = statements.iter().map(|it| (*it).to_owned()).collect();
        let text = text(&model(compiled::attached(&[&compiled::document(&statements)])));
        text.lines().skip(2).map(|line| line.trim().to_owned()).collect()
    };
    let get = r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a"}"#;
    let put = r#"{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::a"}"#;
    let more = r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b"}"#;
    let all = r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::a"}"#;
    let guarded = r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b", "Condition": {"Bool": {"a:b": "true"}}}"#;
    let not = |actions: &str| {
        format!(r#"{{"Effect": "Allow", "NotAction": {actions}, "Resource": "arn:aws:s3:::a"}}"#)
    };
    let except = |action: &str, but: &str| {
        format!(r#"{{"Effect": "Allow", "Action": "{action}", "NotResource": "arn:aws:s3:::{but}"}}"#)
    };
    assert_eq!(lines(&[get, put]), ["allow s3:GetObject, s3:PutObject on arn:aws:s3:::a"]);
    assert_eq!(
        lines(&[get, put, more]),
        ["allow s3:GetObject on arn:aws:s3:::a, arn:aws:s3:::b", "allow s3:PutObject on arn:aws:s3:::a"]
    );
    assert_eq!(lines(&[get, put, all]), ["allow * on arn:aws:s3:::a"]);
    assert_eq!(lines(&[more, all]), ["allow * on arn:aws:s3:::a", "allow s3:GetObject on arn:aws:s3:::b"]);
    assert_eq!(
        lines(&[get, guarded]),
        ["allow s3:GetObject on arn:aws:s3:::a", "allow s3:GetObject on arn:aws:s3:::b if Bool a:b true"]
    );
    assert_eq!(
        lines(&[&not(r#"["s3:*"]"#), &not(r#"["sqs:*"]"#)]),
        ["allow not [s3:*] on arn:aws:s3:::a", "allow not [sqs:*] on arn:aws:s3:::a"]
    );
    assert_eq!(
        lines(&[&except("s3:GetObject", "a"), &except("s3:PutObject", "a"), &except("s3:PutObject", "b")]),
        [
            "allow s3:GetObject, s3:PutObject on not [arn:aws:s3:::a]",
            "allow s3:PutObject on not [arn:aws:s3:::b]"
        ]
    );
}

/// DESIGN section 8: a small change of a policy is a small change of the text.
#[test]
fn one_change_moves_few_lines() {
    let mut random = Random::new(7);
    for _ in 0..200 {
        let whole = statements(&mut random);
        let mut changed = whole.clone();
        let at = random.below(changed.len());
        let more = random.word(&["s3:GetBucketAcl", "sqs:ReceiveMessage"]);
        changed[at][1].push(more);
        let text = |statements: &[[Vec<&str>; 4]]| {
            let statements: Vec<String> = statements.iter().map(written).collect();
            text(&model(compiled::attached(&[&compiled::document(&statements)])))
        };
        let (before, behind) = (text(&whole), text(&changed));
        let lines =
            |text: &str| -> std::collections::BTreeSet<String> { text.lines().map(str::to_owned).collect() };
        let (before, behind) = (lines(&before), lines(&behind));
        let moved = before.symmetric_difference(&behind).count();
        assert!(moved <= 3, "{before:#?} {behind:#?}");
    }
}
