//! Bundle against reference on random worlds and on the real AWS-managed policies. Every difference is a bug in one of them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "no library code: what goes wrong here shall stop the run"
)]

#[path = "support/organizations.rs"]
mod organizations;
#[path = "support/worlds.rs"]
mod worlds;

use portcullis::ask::{ask, ask_as};
use portcullis::compiler::automata::{Budget, Cache};
use portcullis::compiler::model::Model;
use portcullis::compiler::request::Request;
use portcullis::compiler::{CompileOptions, PackedFrom, compile, compile_cached, reference, resolve};
use portcullis::grammar::source::Source;
use portcullis::runtime::format::Section;
use portcullis::runtime::{Bundle, Layer, Reason};

fn model(name: &str, text: String) -> Model {
    models(name, &[(name, text)])
}

fn models(name: &str, files: &[(&str, String)]) -> Model {
    let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(*name, text.as_str())).collect();
    let resolved = resolve::resolve(&sources, &[], &resolve::Options::default());
    let errors: Vec<String> = resolved
        .diagnostics
        .iter()
        .filter(|found| found.is_error())
        .map(|found| found.message.clone())
        .collect();
    resolved.model.unwrap_or_else(|| panic!("{name}: {errors:?}"))
}

fn bundle(model: &Model, budget: Budget) -> Bundle {
    let options = CompileOptions { budget, ..CompileOptions::default() };
    Bundle::from_bytes(compile(model, &options).unwrap()).unwrap()
}

/// A request, but for the text of its session policies, which the seed gives.
fn shown(request: &Request) -> String {
    let mut request = request.clone();
    let policies = request.session.as_mut().map(|session| std::mem::take(&mut session.policies).len());
    format!("{request:#?}, session policies: {policies:?}")
}

/// Compares all requests; gives the number that some statement decided.
fn compare(name: &str, model: &Model, bundle: &Bundle, requests: &[Request]) -> usize {
    let provenance = bundle.provenance().unwrap();
    let mut hits = 0;
    for request in requests {
        let expected = reference::decide(model, request);
        let decided = ask(bundle, request).unwrap();
        if request.session.is_none() {
            // What is asked in texts, and what is resolved before.
            let resolved = ask_as(bundle, bundle.principal(&request.principal), request).unwrap();
            assert_eq!(resolved, decided, "{name}\n{}", shown(request));
        }
        let same = (decided.effect(), decided.layer(), decided.reason(), decided.level().map(usize::from))
            == (expected.effect, expected.layer, expected.reason, expected.level);
        assert!(same, "{name}: the bundle says {decided:?}, the reference {expected:#?}\n{}", shown(request));
        if expected.reason == Reason::Statement {
            hits += 1;
            if decided.layer() == Layer::Session {
                // Its statements are in the overlay.
                continue;
            }
            let statements = provenance.statements(&decided);
            assert!(!statements.is_empty(), "{name}: nothing decided\n{request:#?}");
            for statement in statements {
                // The statements behind the bundle's rule all decided, by the reference too.
                let same = |deciding: &reference::Deciding| {
                    let policy = match &deciding.holder {
                        Some(holder) => format!("{holder}#{}", deciding.policy),
                        None => deciding.policy.clone(),
                    };
                    policy == statement.policy && deciding.statement == statement.index as usize
                };
                let known = expected.statements.iter().any(same);
                assert!(
                    known,
                    "{name}: {statement:?} is none of the reference's {expected:#?}\n{request:#?}"
                );
            }
        }
    }
    hits
}

/// Worlds and requests a world: more with `PORTCULLIS_LONG_TESTS`.
fn size(short: u64, long: u64) -> u64 {
    if std::env::var_os("PORTCULLIS_LONG_TESTS").is_some() { long } else { short }
}

#[test]
fn random_worlds_decide_as_the_reference_does() {
    let (mut hits, mut total) = (0, 0);
    for seed in 0..size(150, 10_000) {
        let world = worlds::world(seed, 100);
        let model = model("world.json", world.snapshot);
        hits += compare(&format!("seed {seed}"), &model, &bundle(&model, Budget::default()), &world.requests);
        total += world.requests.len();
    }
    println!("{total} requests over random worlds, {hits} hit a statement, no difference");
    assert!(hits * 10 >= total * 4, "only {hits} of {total} requests hit a statement");
}

/// THREATS: state explosion. With no budget to speak of, everything ends in set leaves and must decide the same.
#[test]
fn state_explosion_set_leaves_decide_as_the_reference_does() {
    for (seed, budget) in (0..size(100, 3_000)).zip(
        [Budget { states: 0, work: 0, services: 0 }, Budget { states: 3, work: 200, services: 20 }]
            .iter()
            .cycle(),
    ) {
        let world = worlds::world(seed, 100);
        let model = model("world.json", world.snapshot);
        compare(&format!("seed {seed}, {budget:?}"), &model, &bundle(&model, *budget), &world.requests);
    }
}

#[test]
fn managed_policies_decide_as_the_reference_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/aws-managed-policies.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("SKIPPED: ../shared/data/aws-managed-policies.jsonl is not there");
        return;
    };
    let model = model("managed.json", worlds::managed_snapshot(&text));
    let bundle = bundle(&model, Budget::default());
    let requests = worlds::managed_requests(&model, 7, size(20_000, 1_000_000) as usize);
    let hits = compare("managed policies", &model, &bundle, &requests);
    println!("{} requests over the managed policies, {hits} hit a statement, no difference", requests.len());
    assert!(hits * 10 >= requests.len() * 4);
}

/// Two accounts, an organization, resources, endpoints and sessions: every layer and every kind of principal.
#[test]
fn whole_worlds_decide_as_the_reference_does() {
    let (worlds, requests) = (size(150, 5_000), 200);
    let (mut hits, mut total) = (0, 0);
    for seed in 0..worlds {
        let world = organizations::world(seed, requests);
        let model = models(&format!("seed {seed}"), &world.files);
        let budget =
            if seed % 10 == 9 { Budget { states: 0, work: 0, services: 0 } } else { Budget::default() };
        hits += compare(&format!("seed {seed}"), &model, &bundle(&model, budget), &world.requests);
        total += world.requests.len();
    }
    println!("{total} requests over whole worlds, {hits} decided by a statement, no difference");
    assert!(hits * 10 >= total * 4, "only {hits} of {total} requests were decided by a statement");
}

/// As in a bundle of many principals, which are packed there: users and roles with and without paths, unique ids and tags, and what stands
/// behind sessions.
#[test]
fn packed_principals_decide_as_the_reference_does() {
    let options = CompileOptions { packed_from: PackedFrom(0), ..CompileOptions::default() };
    let (mut hits, mut total, mut packed) = (0, 0, 0);
    for seed in 0..size(60, 5_000) {
        let (world, whole) = (worlds::world(seed, 60), organizations::world(seed, 100));
        let small = (model("world.json", world.snapshot), world.requests);
        let large = (models(&format!("seed {seed}"), &whole.files), whole.requests);
        for (model, requests) in [small, large] {
            let bundle = Bundle::from_bytes(compile(&model, &options).unwrap()).unwrap();
            packed += usize::from(!bundle.section(Section::Profiles).is_empty());
            hits += compare(&format!("seed {seed}"), &model, &bundle, &requests);
            total += requests.len();
        }
    }
    println!("{total} requests of packed principals, {hits} decided by a statement, no difference");
    assert!(
        hits * 10 >= total * 4 && packed * 10 >= size(60, 5_000) as usize * 19,
        "{hits} of {total}, {packed}"
    );
}

/// Whoever asks is the same in a bundle where principals are packed: where no name is in a table, nothing but the ARN that AWS gives sessions
/// leads to who stands behind them.
#[test]
fn v2_nobody_else_stands_behind_the_sessions_of_packed_principals() {
    let text = "account 123456789012 {\n  user alice\n  user /p/bob\n  user /far/away/fay\n  role deployer { trust { allow user alice } }\n  \
        role /x/runner { trust { allow user alice } }\n}\n";
    let model = models("packed", &[("a.gate", text.to_owned())]);
    let bundles = [PackedFrom(usize::MAX), PackedFrom(0)].map(|packed_from| {
        let options = CompileOptions { packed_from, ..CompileOptions::default() };
        Bundle::from_bytes(compile(&model, &options).unwrap()).unwrap()
    });
    assert!(
        bundles[0].section(Section::Profiles).is_empty() && !bundles[1].section(Section::Profiles).is_empty()
    );
    let mut held = 0;
    for (text, is_held) in [
        ("arn:aws:iam::123456789012:user/alice", true),
        ("arn:aws:iam::123456789012:user/p/bob", true),
        ("arn:aws:iam::123456789012:user/bob", false),
        ("arn:aws:iam::123456789012:role/alice", false),
        ("arn:aws:iam::123456789012:role/other/deployer", false),
        ("arn:aws:sts::123456789012:assumed-role/deployer/s", true),
        ("arn:aws:sts::123456789012:assumed-role/runner/s", true),
        ("arn:aws:sts::123456789012:assumed-role/alice/s", false),
        ("arn:aws:sts::123456789012:assumed-role/p/deployer/s", false),
        ("arn:aws:sts:eu-west-1:123456789012:assumed-role/deployer/s", false),
        ("arn:aws-cn:sts::123456789012:assumed-role/deployer/s", false),
        ("arn:aws:sts::210987654321:assumed-role/deployer/s", false),
        ("arn:aws:sts::123456789012:federated-user/alice", true),
        ("arn:aws:sts::123456789012:federated-user/bob", true),
        ("arn:aws:sts::123456789012:federated-user/fay", true),
        ("arn:aws:sts::123456789012:federated-user/deployer", false),
        ("arn:aws:sts::123456789012:federated-user/x/alice", false),
        ("arn:aws:sts::123456789012:federated-user/p/bob", false),
        ("arn:aws:sts:eu-west-1:123456789012:federated-user/alice", false),
    ] {
        let found = bundles.each_ref().map(|bundle| {
            let principal = bundle.principal(text);
            (principal.is_held(), principal.kind())
        });
        assert_eq!(found[0], found[1], "{text}");
        assert_eq!(found[0].0, is_held, "{text}");
        held += u32::from(is_held);
    }
    assert!(held > 5);
}

/// A rule whose conditions can never hold comes to nothing, beside rules that hold.
#[test]
fn conditions_that_never_hold_decide_as_the_reference_does() {
    let never = r#""Condition": {"StringEquals": {"k:a": "x"}, "StringNotEquals": {"k:a": "x"}, "Null": {"k:a": "false"}}"#;
    let statement = |effect: &str, number: usize, condition: &str| {
        let condition = if condition.is_empty() { String::new() } else { format!(", {condition}") };
        let resource = format!(r#""arn:aws:s3:::*a{number}*b{number}*""#);
        format!(r#"{{"Effect": "{effect}", "Action": "s3:GetObject", "Resource": {resource}{condition}}}"#)
    };
    let statements: Vec<String> = (0..12)
        .map(|number| match number % 3 {
            0 => statement("Allow", number, ""),
            1 => statement("Deny", number, never),
            _ => format!(r#"{{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", {never}}}"#),
        })
        .collect();
    let policy =
        |part: &[String]| format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, part.join(","));
    let inline: Vec<String> = statements
        .chunks(4)
        .enumerate()
        .map(|(at, part)| format!(r#"{{"PolicyName": "p{at}", "PolicyDocument": {}}}"#, policy(part)))
        .collect();
    let arn = "arn:aws:iam::123456789012:user/a";
    let snapshot = format!(
        r#"{{"UserDetailList": [{{"Path": "/", "UserName": "a", "Arn": "{arn}", "GroupList": [], "UserPolicyList": [{}]}}]}}"#,
        inline.join(",")
    );
    let model = model("never.json", snapshot);
    let request = |resource: &str| Request {
        principal: arn.to_owned(),
        action: "s3:GetObject".to_owned(),
        resource: resource.to_owned(),
        ..Request::default()
    };
    let requests = ["a0b0", "a1b1", "a3b3a1b1", "x"].map(|name| request(&format!("arn:aws:s3:::{name}")));
    for budget in [
        Budget::default(),
        Budget { states: 3, work: 200, services: 20 },
        Budget { states: 0, work: 0, services: 0 },
    ] {
        let hits = compare("conditions that never hold", &model, &bundle(&model, budget), &requests);
        assert_eq!(hits, 2, "{budget:?}");
    }
}

/// What the bundle says about a principal has no limit of length: a condition on a long tag is decided in full.
#[test]
fn long_tags_decide_as_the_reference_does() {
    let (tag, prefix) = ("a".repeat(8_200), "a".repeat(8_195));
    let statement = |action: &str, operator: &str| {
        format!(
            r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*", "Condition": {{"{operator}": {{"aws:PrincipalTag/x": "{prefix}*"}}}}}}"#
        )
    };
    let statements = [statement("s3:GetObject", "StringLike"), statement("s3:PutObject", "StringNotLike")];
    let arn = "arn:aws:iam::123456789012:user/a";
    let snapshot = format!(
        r#"{{"UserDetailList": [{{"Path": "/", "UserName": "a", "Arn": "{arn}", "GroupList": [], "Tags": [{{"Key": "x", "Value": "{tag}"}}],
            "UserPolicyList": [{{"PolicyName": "p", "PolicyDocument": {{"Version": "2012-10-17", "Statement": [{}]}}}}]}}]}}"#,
        statements.join(",")
    );
    let model = model("tags.json", snapshot);
    let requests = ["s3:GetObject", "s3:PutObject"].map(|action| Request {
        principal: arn.to_owned(),
        action: action.to_owned(),
        resource: "arn:aws:s3:::b/k".to_owned(),
        ..Request::default()
    });
    assert_eq!(compare("long tags", &model, &bundle(&model, Budget::default()), &requests), 1);
}

/// Whatever a cache holds, of whatever worlds, the bytes are those of a build without.
#[test]
fn builds_with_a_cache_are_those_without() {
    let all = Budget::default();
    for budget in [
        all,
        Budget { states: 3, ..all },
        Budget { states: 40, work: 4_000, services: 6 },
        Budget { work: 60_000, ..all },
    ] {
        let options = CompileOptions { budget, ..CompileOptions::default() };
        let (mut kept, mut found) = (Cache::default(), 0);
        for seed in 0..size(25, 500) {
            let model = model("world.json", worlds::world(seed, 1).snapshot);
            let plain = compile(&model, &options).unwrap();
            for again in [false, true] {
                let cached = compile_cached(&model, &options, Some(&mut kept), &mut |_| ()).unwrap();
                assert!(plain == cached, "seed {seed}, {budget:?}");
                let (known, asked) = kept.found();
                assert!(!again || known == asked, "seed {seed}: {known} of {asked}");
                found += known;
            }
            // Every other time through a file, which keeps what was used; else as it is.
            if let Some(bytes) = kept.to_bytes().filter(|_| seed % 2 == 0) {
                kept = Cache::from_bytes(&bytes).unwrap();
            }
        }
        assert!(found > 500, "{found}, {budget:?}");
    }
}
