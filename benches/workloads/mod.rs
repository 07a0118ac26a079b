//! Workloads: bundles with request sets, from fixed seeds.
//!
//! **W1** to **W5b** and **C** are data of their own (`named`, `spec`). **M**: every AWS-managed policy, each of its own user (needs
//! `../shared/data`). **S**: a synthetic account of 200 users in 20 groups with customer-style policies. **G**: a generated account of
//! 5,000 users, or the snapshot that `PORTCULLIS_BENCH_SNAPSHOT` names.

#![allow(dead_code, unreachable_pub, reason = "every bench uses a part of its own")]

pub mod builds;
pub mod named;
pub mod spec;
#[path = "../../tests/support/worlds.rs"]
pub mod worlds;

use portcullis::compiler::model::Model;
use portcullis::compiler::request::Request;
use portcullis::compiler::{CompileOptions, compile, resolve};
use portcullis::grammar::source::Source;
use portcullis::runtime::Bundle;

/// A bundle and what it was made of.
pub struct Workload {
    pub name: &'static str,
    pub model: Model,
    pub bundle: Bundle,
    /// What it was made of, if it is one of the named ones.
    pub named: Option<named::Named>,
}

/// A set of requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Set {
    Hot,
    Mixed,
    Cold,
    /// For actions outside the vocabulary: what rule roots cost.
    UnknownActions,
}

impl Set {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Mixed => "mixed",
            Self::Cold => "cold",
            Self::UnknownActions => "unknown-actions",
        }
    }
}

impl Workload {
    fn new(name: &'static str, text: String, named: Option<named::Named>) -> Self {
        let model = model(name, text);
        let bytes = compile(&model, &CompileOptions::default()).expect("a workload compiles");
        let bundle = Bundle::from_bytes(bytes).expect("a compiled bundle loads");
        Self { name, model, bundle, named }
    }

    /// The sets that are measured.
    pub fn sets(&self) -> Vec<Set> {
        let mut sets = vec![Set::Hot];
        if self.named.as_ref().is_none_or(|named| named.large) {
            sets.push(Set::Mixed);
            if std::env::var_os("PORTCULLIS_BENCH_COLD").is_some() {
                sets.push(Set::Cold);
            } else {
                println!(
                    "SKIPPED: the cold set of {} (1,000,000 requests) needs PORTCULLIS_BENCH_COLD=1",
                    self.name
                );
            }
        }
        if self.name == "M" {
            sets.push(Set::UnknownActions);
        }
        sets
    }

    /// The requests of a set.
    pub fn requests(&self, set: Set) -> Vec<Request> {
        let (identities, count) = match set {
            Set::Hot => (50, 2_000),
            Set::Mixed => (1_000, 20_000),
            Set::Cold => (5_000, 1_000_000),
            Set::UnknownActions => (50, 500),
        };
        match &self.named {
            Some(named) => named.spec.requests(identities, count, 11),
            None => requests(self, identities, count, set != Set::UnknownActions),
        }
    }
}

/// The text of a snapshot as a model; panics if it does not resolve, which is a mistake in the workload.
pub fn model(name: &str, text: String) -> Model {
    let options = resolve::Options { quotas: resolve::QuotaLevel::Ignore, ..resolve::Options::default() };
    let resolved = resolve::resolve(&[Source::new(name, text)], &[], &options);
    let errors: Vec<_> = resolved.diagnostics.iter().filter(|found| found.is_error()).take(3).collect();
    resolved.model.unwrap_or_else(|| panic!("{name} does not resolve: {errors:#?}"))
}

/// A file of `../shared/data`, wherever this is compiled from.
pub fn shared(name: &str) -> Option<std::path::PathBuf> {
    let roots = ["../shared/data", "../../../shared/data"].into_iter();
    let paths = roots.map(|root| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(root).join(name));
    paths.into_iter().find(|path| path.exists())
}

/// The text of workload M.
pub fn managed_text() -> Option<String> {
    let Some(path) = shared("aws-managed-policies.jsonl") else {
        println!("SKIPPED: workload M needs ../shared/data/aws-managed-policies.jsonl");
        return None;
    };
    Some(worlds::managed_snapshot(&std::fs::read_to_string(path).expect("the policies can be read")))
}

/// The text of workload G: the snapshot that is named, or what the generator in `../shared/data` prints.
pub fn snapshot_text() -> Option<String> {
    if let Some(path) = std::env::var_os("PORTCULLIS_BENCH_SNAPSHOT") {
        return Some(std::fs::read_to_string(path).expect("the snapshot of workload G can be read"));
    }
    let sizes = ["--users", "5000", "--groups", "300", "--roles", "1000", "--policies", "1500"];
    let generator = shared("account.py");
    let run = generator.map(|it| std::process::Command::new("python3").arg(it).args(sizes).output());
    match run {
        Some(Ok(output)) if output.status.success() => String::from_utf8(output.stdout).ok(),
        _ => {
            println!(
                "SKIPPED: workload G needs python3 and ../shared/data/account.py, or PORTCULLIS_BENCH_SNAPSHOT=FILE"
            );
            None
        }
    }
}

/// The text of workload S.
pub fn synthetic_text() -> String {
    let document = |team: usize| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[
{{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:List*"],"Resource":["arn:aws:s3:::acme-team{team}-*","arn:aws:s3:::acme-shared/team{team}/*"]}},
{{"Effect":"Allow","Action":"dynamodb:*Item","Resource":"arn:aws:dynamodb:*:123456789012:table/t{team}*"}},
{{"Effect":"Allow","Action":"ec2:*Instances","Resource":"arn:aws:ec2:eu-west-1:*:instance/*"}},
{{"Effect":"Deny","Action":"s3:PutObject","Resource":"arn:aws:s3:::acme-*/archive/*"}},
{{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:eu-*:123456789012:team{team}-*-queue"}}]}}"#
        )
    };
    let policy = |team: usize| {
        format!(
            r#"{{"PolicyName":"Team{team}","Arn":"arn:aws:iam::123456789012:policy/Team{team}","DefaultVersionId":"v1","PolicyVersionList":[{{"VersionId":"v1","IsDefaultVersion":true,"Document":{}}}]}}"#,
            document(team)
        )
    };
    let attached = |teams: &[usize]| {
        let list: Vec<String> = teams
            .iter()
            .map(|team| {
                format!(r#"{{"PolicyName":"Team{team}","PolicyArn":"arn:aws:iam::123456789012:policy/Team{team}"}}"#)
            })
            .collect();
        format!("[{}]", list.join(","))
    };
    let group = |number: usize| {
        format!(
            r#"{{"Path":"/","GroupName":"g{number}","Arn":"arn:aws:iam::123456789012:group/g{number}","GroupPolicyList":[],"AttachedManagedPolicies":{}}}"#,
            attached(&[number, number + 20])
        )
    };
    let user = |number: usize| {
        format!(
            r#"{{"Path":"/","UserName":"u{number}","Arn":"arn:aws:iam::123456789012:user/u{number}","GroupList":["g{}"],"AttachedManagedPolicies":{}}}"#,
            number % 20,
            attached(&[40 + number % 60, 40 + (number * 7 + 1) % 60])
        )
    };
    let join = |texts: Vec<String>| texts.join(",");
    format!(
        r#"{{"UserDetailList":[{}],"GroupDetailList":[{}],"RoleDetailList":[],"Policies":[{}]}}"#,
        join((0..200).map(user).collect()),
        join((0..20).map(group).collect()),
        join((0..100).map(policy).collect())
    )
}

/// All workloads that can be had here, or those that `PORTCULLIS_BENCH_ONLY` names.
pub fn all() -> impl Iterator<Item = Workload> {
    let only = std::env::var("PORTCULLIS_BENCH_ONLY").ok();
    let wanted = move |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|it| it == name));
    let named_wanted = wanted.clone();
    let named = named::all().into_iter().filter(move |named| named_wanted(named.name));
    let named = named.map(|named| (named.name, Some(named.spec.snapshot()), Some(named)));
    let texts = ["S", "M", "G"].into_iter().filter(move |name| wanted(name)).map(|name| {
        let text = match name {
            "S" => Some(synthetic_text()),
            "M" => managed_text(),
            _ => snapshot_text(),
        };
        (name, text, None)
    });
    named.chain(texts).filter_map(|(name, text, named)| Some(Workload::new(name, text?, named)))
}

/// Requests made to collide with the statements of a workload, of at most `identities` of its principals, for actions that are in its
/// vocabulary or, if not `known`, outside of it. From a fixed seed.
pub fn requests(workload: &Workload, identities: usize, count: usize, known: bool) -> Vec<Request> {
    let model = &workload.model;
    let users = model.users.iter().map(|user| &*user.identity.arn);
    let arns: Vec<&str> = users.chain(model.roles.iter().map(|role| &*role.identity.arn)).collect();
    let step = (arns.len() / identities.min(arns.len()).max(1)).max(1);
    let chosen: std::collections::HashSet<&str> =
        arns.iter().step_by(step).take(identities).copied().collect();
    let mut requests = Vec::with_capacity(count);
    let mut seen = std::collections::HashSet::new();
    let mut seed = 1;
    while requests.len() < count {
        let batch = worlds::managed_requests(model, seed, 50_000);
        let before = requests.len();
        requests.extend(batch.into_iter().filter(|request| {
            chosen.contains(request.principal.as_str())
                && workload.bundle.action(&request.action).is_in_vocabulary() == known
                && seen.insert((request.principal.clone(), request.action.clone(), request.resource.clone()))
        }));
        assert!(requests.len() > before || seed < 400, "the requests do not reach the chosen identities");
        seed += 1;
    }
    requests.truncate(count);
    requests
}
