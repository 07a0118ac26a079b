//! Properties of the IR's text on random worlds: equal under what means nothing, and blind to what others may do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::unreachable, reason = "a test fails by panicking")]

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
