//! IAM JSON to `.gate` and back: the meaning stays, and what was converted once converts to itself.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says what it skips"
)]

#[path = "support/compiled.rs"]
mod compiled;
#[path = "support/organizations.rs"]
mod organizations;
#[path = "support/worlds.rs"]
mod worlds;

use std::fmt::Write as _;

use portcullis::compiler::convert::{Extent, to_gate, to_json};
use portcullis::compiler::ir::{TextOptions, print};
use portcullis::compiler::lower;
use portcullis::compiler::model::Model;
use portcullis::compiler::resolve;
use portcullis::grammar::gate::format;
use portcullis::grammar::json::{Kind, Value};
use portcullis::grammar::source::Source;

use compiled::{long, model, resolved};

fn text(model: &Model) -> String {
    print(&lower(model), model, &TextOptions::default())
}

fn gate_of(model: &Model) -> String {
    let text = to_gate(model, &Extent::default()).unwrap();
    format(&Source::new("converted.gate", text.as_str()))
        .unwrap_or_else(|found| panic!("{:#?}\n{text}", found.first()))
}

/// JSON without white space.
fn compact(value: &Value, out: &mut String) {
    let string = |text: &str, out: &mut String| {
        out.push('"');
        for character in text.chars() {
            match character {
                '"' | '\\' => out.extend(['\\', character]),
                other if other.is_control() => {
                    let _ = write!(out, "\\u{:04x}", u32::from(other));
                }
                other => out.push(other),
            }
        }
        out.push('"');
    };
    match &value.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(truth) => {
            let _ = write!(out, "{truth}");
        }
        Kind::Number(text) => out.push_str(text),
        Kind::String(text) => string(text, out),
        Kind::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                compact(item, out);
            }
            out.push(']');
        }
        Kind::Object(members) => {
            out.push('{');
            for (at, member) in members.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                string(&member.key, out);
                out.push(':');
                compact(&member.value, out);
            }
            out.push('}');
        }
    }
}

/// The JSON files of a model.
fn json_of(model: &Model) -> Vec<(String, String)> {
    let files = to_json(model, &Extent::default()).unwrap().into_iter().map(|output| {
        let mut text = String::new();
        compact(&output.value, &mut text);
        (output.name, text)
    });
    files.collect()
}

fn read(files: &[(String, String)]) -> Model {
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    model(resolved(&files))
}

/// Two texts are equal; else the lines that are not are shown.
fn same(what: &str, one: &str, other: &str) {
    if one != other {
        let lines: Vec<_> =
            one.lines().zip(other.lines()).filter(|(one, other)| one != other).take(3).collect();
        panic!("{what}: {lines:#?}");
    }
}

/// JSON → `.gate` → model equals JSON → model, and `.gate` → JSON → `.gate` is stable. Gives the `.gate` text.
fn round(name: &str, one: &Model) -> String {
    let gate = gate_of(one);
    let other = model(resolved(&[("converted.gate", &gate)]));
    let wanted = text(one);
    same(&format!("{name}: in .gate"), &wanted, &text(&other));
    let back = read(&json_of(&other));
    same(&format!("{name}: back in JSON"), &wanted, &text(&back));
    same(&format!("{name}: not stable"), &gate, &gate_of(&back));
    gate
}

#[test]
fn worlds_made_by_chance() {
    for seed in 0..if long() { 3_000 } else { 150 } {
        let world = worlds::world(seed, 0);
        round(&format!("seed {seed}"), &model(resolved(&[("one.json", &world.snapshot)])));
    }
}

#[test]
fn whole_worlds_made_by_chance() {
    for seed in 0..if long() { 3_000 } else { 150 } {
        let world = organizations::world(seed, 0);
        let files: Vec<(String, String)> =
            world.files.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
        round(&format!("seed {seed}"), &read(&files));
    }
}

#[test]
fn the_examples() {
    let root = env!("CARGO_MANIFEST_DIR");
    let file =
        |name: &str| (name.to_owned(), std::fs::read_to_string(format!("{root}/examples/{name}")).unwrap());
    round("acme", &read(&[file("acme/snapshot.json")]));
    round("delegation", &read(&[file("delegation/snapshot.json")]));
    let parts = ["analytics", "organization", "reports", "resources"]
        .map(|name| file(&format!("organization/{name}.json")));
    round("organization", &read(&parts));
    // The account in the language and in JSON is one account.
    let gate = read(&[file("acme.gate")]);
    assert_eq!(text(&gate), text(&read(&[file("acme/snapshot.json")])));
}

fn shared(name: &str) -> Option<String> {
    let path = format!("{}/../shared/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("SKIPPED: ../shared/data/{name} is not there");
    }
    text
}

#[test]
fn the_generated_account() {
    let Some(small) = shared("account-small.json") else { return };
    round("account-small.json", &read(&[("account-small.json".to_owned(), small)]));
}

/// Lists, parts of lists and conditions that several statements hold; not what would save nothing.
#[test]
fn what_statements_share_has_a_name() {
    let json = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "One", "Effect": "Allow", "Action": ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:RunInstances"],
   "Resource": ["arn:aws:ec2:*:123456789012:instance/i-*", "arn:aws:ec2:*:123456789012:subnet/*"],
   "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}, "Bool": {"aws:SecureTransport": "true"}}},
  {"Sid": "Two", "Effect": "Allow", "Action": ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "s3:ListBucket"],
   "Resource": ["arn:aws:ec2:*:123456789012:instance/i-*", "arn:aws:ec2:*:123456789012:subnet/*"],
   "Condition": {"Bool": {"aws:SecureTransport": "true"}, "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}}},
  {"Sid": "Three", "Effect": "Allow", "Action": ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"], "Resource": "*",
   "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}, "StringEquals": {"aws:PrincipalTag/team": "ops"}}},
  {"Sid": "Four", "Effect": "Allow", "Action": ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets"], "Resource": "arn:aws:ec2:*:123456789012:subnet/*"},
  {"Sid": "Five", "Effect": "Allow", "Action": ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"], "Resource": "*",
   "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}, "StringLike": {"ec2:InstanceType": "t3.*"}}}
]}"#;
    let gate = "let ec2 = ec2:Describe[Instances, SecurityGroups, Subnets]
let sourceIp = if aws:SourceIp in [192.0.2.0/24, 198.51.100.0/24]

policy a {
  One: allow $ec2, ec2:RunInstances on arn:aws:ec2:*:123456789012:[instance/i-*, subnet/*] if $sourceIp
      and aws:SecureTransport
  Two: allow $ec2, s3:ListBucket on arn:aws:ec2:*:123456789012:[instance/i-*, subnet/*] if $sourceIp
      and aws:SecureTransport
  Three: allow $ec2, ec2:DescribeVpcs on * if $sourceIp and aws:PrincipalTag/team = ops
  Four: allow $ec2 on arn:aws:ec2:*:123456789012:subnet/*
  Five: allow $ec2, ec2:DescribeVpcs on * if $sourceIp and ec2:InstanceType like t3.*
}
";
    let read = |name: &str, text: &str| {
        let options = resolve::Options { require_principal: false, ..resolve::Options::default() };
        model(resolve::resolve(&[Source::new(name, text)], &[], &options))
    };
    let one = read("a.json", json);
    assert_eq!(gate_of(&one), gate);
    let other = read("a.gate", gate);
    same("in .gate", &text(&one), &text(&other));
    assert_eq!(gate_of(&other), gate);
}

/// A name that would stand where a policy means something else, and values that are compared with two keys, in whatever order these stand.
#[test]
fn names_are_no_variables_and_no_others() {
    let list = r#""first-long-value-number-one", "second-long-value-number-two", "third-long-value""#;
    let statement = |number: usize| {
        let key = |name: &str| format!(r#""aws:PrincipalTag/{name}": [{list}, "{name}-{number}"]"#);
        let (zeta, alpha) = (key("zeta"), key("alpha"));
        format!(
            r#"{{"Sid": "S{number}", "Effect": "Allow", "Resource": "arn:aws:s3:::b/${{ec2}}/{number}",
                "Action": ["ec2:DescribeInstances", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:DescribeRouteTables",
                    "ec2:DescribeSecurityGroups", "ec2:Other{number}"],
                "Condition": {{"StringEquals": {{{zeta}, {alpha}}},
                    "IpAddress": {{"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}},
                    "Bool": {{"aws:SecureTransport": "true"}}}}}}"#
        )
    };
    let statements: Vec<String> = (0..4).map(statement).collect();
    let document = format!(r#"{{"Version": "2008-10-17", "Statement": [{}]}}"#, statements.join(","));
    let snapshot = format!(
        r#"{{"UserDetailList": [{{"Path": "/", "UserName": "a", "Arn": "arn:aws:iam::123456789012:user/a", "GroupList": [],
            "UserPolicyList": [{{"PolicyName": "p", "PolicyDocument": {document}}}]}}]}}"#
    );
    let gate = round("names", &read(&[("a.json".to_owned(), snapshot)]));
    for named in [
        "let ec2_2 = ec2:Describe[Instances, RouteTables, SecurityGroups, Subnets, Vpcs]\n",
        "let values = [first-long-value-number-one,",
    ] {
        assert!(gate.contains(named), "{named} in\n{gate}");
    }
    assert!(
        !gate.contains("let ec2 ") && !gate.contains("let alpha") && !gate.contains("let zeta"),
        "{gate}"
    );
}

/// Characters that are no white space.
fn solid(text: &str) -> usize {
    text.chars().filter(|character| !character.is_whitespace()).count()
}

#[test]
fn every_aws_managed_policy() {
    let Some(managed) = shared("aws-managed-policies.jsonl") else { return };
    let one = model(resolved(&[("managed.json", &worlds::managed_snapshot(&managed))]));
    round("managed", &one);
    // The policies alone, as a list of them converts.
    let alone = Model { users: Vec::new(), ..one.clone() };
    let gate = gate_of(&alone);
    let documents: usize = managed.lines().map(solid).sum();
    println!(
        "{} of {documents} characters: {:.1} %",
        solid(&gate),
        100.0 * solid(&gate) as f64 / documents as f64
    );
    assert!(solid(&gate) * 100 <= documents * 40);
}

#[test]
fn a_list_is_as_long_as_the_reader_takes_it() {
    let with = |count: usize| {
        let resources: Vec<String> = (0..count).map(|number| format!("\"arn:aws:s3:::b{number}\"")).collect();
        let document = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "s3:GetObject", "Resource": [{}]}}}}"#,
            resources.join(",")
        );
        let user = r#"{"UserName": "a", "Arn": "arn:aws:iam::123456789012:user/a", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": "#;
        let account = format!(r#"{{"UserDetailList": [{user}{document}}}]}}]}}"#);
        read(&[("account.json".to_owned(), account)])
    };
    let longest = with(20_000);
    let text = gate_of(&longest);
    same("20,000 texts", &self::text(&read(&[("long.gate".to_owned(), text)])), &self::text(&longest));
    let refused = to_gate(&with(20_001), &Extent::default()).unwrap_err();
    assert!(refused.0.contains("20001 texts"), "{refused}");
}

#[test]
fn routes_are_not_lost_unless_that_is_meant() {
    let text = "account 123456789012 { user alice }\nroute GET /a => a:Read on arn:acme:a:::x\n";
    let model = model(resolved(&[("a.gate", text)]));
    let lost = Extent { without_routes: true, ..Extent::default() };
    assert!(to_gate(&model, &Extent::default()).is_err() && to_json(&model, &Extent::default()).is_err());
    assert!(to_gate(&model, &lost).is_ok() && to_json(&model, &lost).is_ok());
}
