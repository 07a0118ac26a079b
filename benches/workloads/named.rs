//! The workloads W1 to W5b and C, from fixed seeds.

use portcullis::compiler::facts::known_service;

use super::spec::{ACCOUNT, Spec, Statement};
use super::worlds::Random;

/// A workload that is data.
pub struct Named {
    pub name: &'static str,
    pub spec: Spec,
    /// Requests of the hot set.
    pub hot: usize,
    /// Identities of the hot set.
    pub identities: usize,
    /// Whether there are a mixed and a cold set.
    pub large: bool,
}

fn allow(actions: Vec<String>, resource: String) -> Statement {
    Statement { deny: false, actions, resource, condition: None }
}

/// The names of a service's actions as AWS writes them, the first of them.
fn actions(service: &str, count: usize) -> Vec<String> {
    let known = known_service(service).expect("the service is known");
    let names = known.actions.iter().map(|name| format!("{service}:{name}"));
    names.take(count).collect()
}

/// Fifty identities that all have one policy.
fn one_policy(name: &'static str, statements: Vec<Statement>) -> Named {
    let conditions = statements.iter().any(|it| it.condition.is_some());
    let identity = |number: usize| (vec![0], conditions.then(|| format!("team{}", number * 2)));
    let spec = Spec { policies: vec![statements], identities: (0..50).map(identity).collect() };
    Named { name, spec, hot: 2_000, identities: 50, large: false }
}

fn conditional(statement: Statement, number: usize) -> Statement {
    Statement { condition: Some((format!("team{number}"), format!("10.{number}.0.0/16"))), ..statement }
}

const GET: &str = "s3:GetObject";

const BUCKETS: &[&str] =
    &["acme-reports", "acme-data-lake", "invoices", "acme-logs-eu", "customer-exports", "ml-models"];

const OBJECT_ACTIONS: &[&str] =
    &[GET, "s3:PutObject", "s3:DeleteObject", "s3:GetObjectTagging", "s3:ListBucket"];

/// Some of the actions on objects.
fn object_actions(random: &mut Random) -> Vec<String> {
    let first = random.below(OBJECT_ACTIONS.len());
    let count = 1 + random.below(3);
    (0..count).map(|it| OBJECT_ACTIONS[(first + it) % OBJECT_ACTIONS.len()].to_owned()).collect()
}

/// One identity, 156 policies of 20 statements, one of twenty denies.
fn w3() -> Named {
    let mut random = Random::new(3);
    let mut policies = Vec::new();
    for policy in 0..156 {
        let statement = |number: usize| {
            let bucket = random.word(BUCKETS);
            let deny = number == 7;
            let resource = if deny {
                format!("arn:aws:s3:::{bucket}/team{policy}/area{}/sealed/*", random.below(20))
            } else {
                format!("arn:aws:s3:::{bucket}/team{policy}/area{number}/*")
            };
            Statement { deny, ..allow(object_actions(&mut random), resource) }
        };
        policies.push((0..20).map(statement).collect());
    }
    let spec = Spec { policies, identities: vec![((0..156).collect(), None)] };
    Named { name: "W3", spec, hot: 2_000, identities: 1, large: false }
}

/// 1,000 identities with three of 200 policies of ten statements.
fn w4() -> Named {
    let mut random = Random::new(4);
    let mut policies = Vec::new();
    for policy in 0..200 {
        let statement = |number: usize| {
            let deny = number == 9 && policy % 2 == 0;
            let bucket = random.word(BUCKETS);
            let area = if deny { "sealed/" } else { "" };
            let resource = format!("arn:aws:s3:::{bucket}-{}/team{policy}/{area}*", random.below(30));
            Statement { deny, ..allow(object_actions(&mut random), resource) }
        };
        policies.push((0..10).map(statement).collect());
    }
    let spec = Spec { policies, identities: owners(&mut random, 1_000, 200, 3, 3) };
    Named { name: "W4", spec, hot: 2_000, identities: 50, large: true }
}

/// Identities, each with some policies, all different.
fn owners(
    random: &mut Random,
    identities: usize,
    policies: usize,
    least: usize,
    most: usize,
) -> Vec<(Vec<usize>, Option<String>)> {
    let mut identity = || {
        let count = least + random.below(most - least + 1);
        let mut own = std::collections::BTreeSet::new();
        while own.len() < count {
            own.insert(random.below(policies));
        }
        (own.into_iter().collect(), None)
    };
    (0..identities).map(|_| identity()).collect()
}

/// 1,000 identities with three to ten of 400 policies as customers write them.
fn c() -> Named {
    let mut random = Random::new(5);
    let mut policies = Vec::new();
    for policy in 0..400 {
        let name = format!("{}{policy}", ["orders", "ledger", "search", "ml", "web"][policy % 5]);
        let region = ["eu-west-1", "eu-central-1", "us-east-1"][policy % 3];
        let on = |texts: &[&str]| texts.iter().map(|&it| it.to_owned()).collect::<Vec<String>>();
        let mut statements = vec![
            allow(
                on(&["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]),
                format!("arn:aws:dynamodb:*:{ACCOUNT}:table/{name}*"),
            ),
            allow(
                on(&["ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances"]),
                format!("arn:aws:ec2:{region}:*:instance/*"),
            ),
            allow(object_actions(&mut random), format!("arn:aws:s3:::acme-{name}-*/data/*")),
            allow(
                on(&["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"]),
                format!("arn:aws:sqs:*:{ACCOUNT}:{name}-*-queue"),
            ),
            allow(on(&["sns:Publish"]), format!("arn:aws:sns:{region}:{ACCOUNT}:{name}-*")),
            allow(
                on(&["lambda:InvokeFunction", "lambda:GetFunction"]),
                format!("arn:aws:lambda:*:*:function:{name}-*-prod"),
            ),
            allow(
                on(&["logs:GetLogEvents", "logs:FilterLogEvents"]),
                format!("arn:aws:logs:*:{ACCOUNT}:log-group:/aws/*/{name}*"),
            ),
        ];
        if policy % 4 == 0 {
            statements.push(Statement {
                deny: true,
                ..allow(on(&[GET, "s3:PutObject"]), format!("arn:aws:s3:::acme-{name}-*/*/secret/*"))
            });
        }
        policies.push(statements);
    }
    let spec = Spec { policies, identities: owners(&mut random, 1_000, 400, 3, 10) };
    Named { name: "C", spec, hot: 2_000, identities: 50, large: true }
}

/// All of them.
pub fn all() -> Vec<Named> {
    let get = |resource: String| allow(vec![GET.to_owned()], resource);
    let distinct: Vec<Statement> = actions("s3", 101)
        .into_iter()
        .enumerate()
        .map(|(number, action)| allow(vec![action], format!("arn:aws:s3:::acme-data-{number}/*")))
        .collect();
    let buckets = (0..101).map(|number| {
        let bucket = BUCKETS[number % BUCKETS.len()];
        get(format!("arn:aws:s3:::{bucket}-{number}/*"))
    });
    let with = |(number, statement): (usize, Statement)| conditional(statement, number);
    let same = (0..101).map(|_| get("arn:aws:s3:::acme-reports/*".to_owned()));
    vec![
        one_policy("W1", vec![get("arn:aws:s3:::acme-reports/*".to_owned())]),
        one_policy("W2", distinct.clone()),
        one_policy("W2b", buckets.collect()),
        w3(),
        w4(),
        one_policy("W5", distinct.into_iter().enumerate().map(with).collect()),
        one_policy("W5b", same.enumerate().map(with).collect()),
        c(),
    ]
}
