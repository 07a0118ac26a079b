//! Workloads: bundles with request sets, from fixed seeds.
//!
//! **M**: every AWS-managed policy, each of its own user (needs `../shared/data`). **S**: a synthetic account of 200 users in 20 groups
//! with customer-style policies. **G**: a snapshot named by `PORTCULLIS_BENCH_SNAPSHOT`, such as a generated account of 5,000 users.

#![allow(dead_code, unreachable_pub, reason = "every bench uses a part of its own")]

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
}

/// The text of a snapshot as a model; panics if it does not resolve, which is a mistake in the workload.
pub fn model(name: &str, text: String) -> Model {
    let options = resolve::Options { quotas: resolve::QuotaLevel::Ignore, ..resolve::Options::default() };
    let resolved = resolve::resolve(&[Source::new(name, text)], &[], &options);
    let errors: Vec<_> = resolved.diagnostics.iter().filter(|found| found.is_error()).take(3).collect();
    resolved.model.unwrap_or_else(|| panic!("{name} does not resolve: {errors:#?}"))
}

/// The text of workload M.
pub fn managed_text() -> Option<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/aws-managed-policies.jsonl");
    match std::fs::read_to_string(path) {
        Ok(text) => Some(worlds::managed_snapshot(&text)),
        Err(_) => {
            println!("SKIPPED: workload M needs ../shared/data/aws-managed-policies.jsonl");
            None
        }
    }
}

/// The text of workload G.
pub fn snapshot_text() -> Option<String> {
    let Some(path) = std::env::var_os("PORTCULLIS_BENCH_SNAPSHOT") else {
        println!("SKIPPED: workload G needs PORTCULLIS_BENCH_SNAPSHOT=FILE");
        return None;
    };
    Some(std::fs::read_to_string(path).expect("the snapshot of workload G can be read"))
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

/// All workloads that can be had here.
pub fn all() -> Vec<Workload> {
    let texts = [("S", Some(synthetic_text())), ("M", managed_text()), ("G", snapshot_text())];
    texts
        .into_iter()
        .filter_map(|(name, text)| {
            let model = model(name, text?);
            let bytes = compile(&model, &CompileOptions::default()).expect("a workload compiles");
            let bundle = Bundle::from_bytes(bytes).expect("a compiled bundle loads");
            Some(Workload { name, model, bundle })
        })
        .collect()
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
    let mut seed = 1;
    while requests.len() < count {
        let batch = worlds::managed_requests(model, seed, 50_000);
        let before = requests.len();
        requests.extend(batch.into_iter().filter(|request| {
            chosen.contains(request.principal.as_str())
                && workload.bundle.action(&request.action).is_in_vocabulary() == known
        }));
        assert!(requests.len() > before || seed < 50, "the requests do not reach the chosen identities");
        seed += 1;
    }
    requests.truncate(count);
    requests
}
