//! Decisions, beside a decision-cache hit and a naive loop in the same run, on hot, mixed and cold request sets.
//!
//! Times are per decision: a measured iteration goes through the whole set once (`Throughput::Elements`). The cache holds every request of
//! the set, so each look-up is a hit: hashbrown with foldhash, and a borrowed (principal, action, resource) key. Such a cache is unsound
//! once conditions matter; it is the yardstick all the same. Actions are those of the vocabulary, but for the set `unknown-actions`, which
//! measures the rule roots.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "no library code: what goes wrong here shall stop the run"
)]

#[path = "workloads/mod.rs"]
mod workloads;

use std::hash::{Hash, Hasher};
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hashbrown::{Equivalent, HashMap};
use portcullis::compiler::merge::{PrincipalRef, merge};
use portcullis::compiler::model::{Effect as Sign, Model};
use portcullis::compiler::request::{ContextValue, Request as Owned};
use portcullis::compiler::{CompileOptions, compile};
use portcullis::runtime::{Action, Bundle, Context, ContextMap, Decision, Principal, Request};

/// A request with its context built, as a gateway would hold it.
struct Prepared<'a> {
    owned: &'a Owned,
    context: ContextMap,
    principal: Principal<'a>,
    action: Action<'a>,
}

fn prepare<'a>(bundle: &Bundle, requests: &'a [Owned]) -> Vec<Prepared<'a>> {
    requests
        .iter()
        .map(|owned| {
            let mut context = ContextMap::new();
            for (key, value) in &owned.context {
                match value {
                    ContextValue::One(text) => context.insert(key, text.as_str()).expect("keys are distinct"),
                    ContextValue::Many(texts) => {
                        context.insert_list(key, texts.clone()).expect("keys are distinct")
                    }
                }
            }
            let (principal, action) = (bundle.principal(&owned.principal), bundle.action(&owned.action));
            Prepared { owned, context, principal, action }
        })
        .collect()
}

fn decide(
    bundle: &Bundle,
    prepared: &Prepared<'_>,
    principal: Principal<'_>,
    action: Action<'_>,
) -> Decision {
    let owned = prepared.owned;
    let context: &dyn Context = &prepared.context;
    bundle.decide(&Request {
        principal,
        action,
        resource: &owned.resource,
        resource_account: owned.resource_account.as_deref(),
        context,
        now: owned.now,
        context_is_complete: owned.context_complete,
    })
}

#[derive(PartialEq, Eq)]
struct Key(String, String, String);

#[derive(Hash)]
struct Borrowed<'a>(&'a str, &'a str, &'a str);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Borrowed(&self.0, &self.1, &self.2).hash(state);
    }
}

impl Equivalent<Key> for Borrowed<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.0 == key.0 && self.1 == key.1 && self.2 == key.2
    }
}

/// One statement as a naive engine holds it: texts.
struct Statement {
    deny: bool,
    conditional: bool,
    not_action: bool,
    actions: Vec<String>,
    not_resource: bool,
    resources: Vec<String>,
}

/// A loop over the statements of the principal's identity layer, with the usual two-pointer wildcard match. It stops short of conditions: a
/// conditional statement costs its matching and then counts as not holding.
struct Naive(HashMap<String, Vec<Statement>, foldhash::fast::RandomState>);

fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star, mut mark) = (0, 0, usize::MAX, 0);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = p;
            mark = t;
            p += 1;
        } else if p < pattern.len() && (pattern[p] == b'?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if star != usize::MAX {
            p = star + 1;
            mark += 1;
            t = mark;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

impl Naive {
    fn new(model: &Model) -> Self {
        let mut map = HashMap::default();
        for merged in merge(model).principals {
            let arn = match merged.principal {
                PrincipalRef::User(id) => &model.users[id as usize].identity.arn,
                PrincipalRef::Role(id) => &model.roles[id as usize].identity.arn,
            };
            let documents = merged.identity.iter().filter_map(|source| source.document(model));
            let statements = documents.flat_map(|document| &document.statements).map(|statement| {
                let resources = statement.resources.as_ref().expect("identity statements name resources");
                Statement {
                    deny: statement.effect == Sign::Deny,
                    conditional: !statement.conditions.is_empty(),
                    not_action: statement.actions.negated,
                    actions: statement
                        .actions
                        .patterns
                        .iter()
                        .map(|it| it.text.to_ascii_lowercase())
                        .collect(),
                    not_resource: resources.negated,
                    resources: resources.patterns.iter().map(|it| it.text.to_string()).collect(),
                }
            });
            map.insert(arn.to_string(), statements.collect());
        }
        Self(map)
    }

    fn allows(&self, request: &Owned) -> bool {
        let action = request.action.to_ascii_lowercase();
        let mut allowed = false;
        for statement in self.0.get(&request.principal).map_or(&[][..], Vec::as_slice) {
            let any = |patterns: &[String], text: &str| {
                patterns.iter().any(|pattern| wildcard(pattern.as_bytes(), text.as_bytes()))
            };
            if any(&statement.actions, &action) != statement.not_action
                && any(&statement.resources, &request.resource) != statement.not_resource
                && !statement.conditional
            {
                if statement.deny {
                    return false;
                }
                allowed = true;
            }
        }
        allowed
    }
}

fn sets(criterion: &mut Criterion) {
    for workload in workloads::all() {
        let naive = Naive::new(&workload.model);
        let request_sets = [
            ("hot", 50, 2_000, true),
            ("unknown-actions", 50, 500, false),
            ("mixed", 1_000, 20_000, true),
            ("cold", 5_000, 1_000_000, true),
        ];
        for (set, identities, count, known) in request_sets {
            if set == "cold" && std::env::var_os("PORTCULLIS_BENCH_COLD").is_none() {
                println!(
                    "SKIPPED: the cold set of {} (1,000,000 requests) needs PORTCULLIS_BENCH_COLD=1",
                    workload.name
                );
                continue;
            }
            let owned = workloads::requests(&workload, identities, count, known);
            let prepared = prepare(&workload.bundle, &owned);
            let mut cache: HashMap<Key, bool, foldhash::fast::RandomState> = HashMap::default();
            for request in &prepared {
                let it = request.owned;
                let allowed =
                    decide(&workload.bundle, request, request.principal, request.action).is_allowed();
                cache.insert(Key(it.principal.clone(), it.action.clone(), it.resource.clone()), allowed);
            }
            let mut group = criterion.benchmark_group(format!("{}/{set}", workload.name));
            group.throughput(Throughput::Elements(count as u64)).sample_size(if set == "cold" {
                10
            } else {
                30
            });
            group.bench_function(BenchmarkId::from_parameter("strings"), |bencher| {
                bencher.iter(|| {
                    prepared
                        .iter()
                        .filter(|it| {
                            let principal = workload.bundle.principal(black_box(&it.owned.principal));
                            let action = workload.bundle.action(black_box(&it.owned.action));
                            decide(&workload.bundle, it, principal, action).is_allowed()
                        })
                        .count()
                });
            });
            group.bench_function(BenchmarkId::from_parameter("handles"), |bencher| {
                bencher.iter(|| {
                    prepared
                        .iter()
                        .filter(|it| {
                            decide(&workload.bundle, black_box(it), it.principal, it.action).is_allowed()
                        })
                        .count()
                });
            });
            group.bench_function(BenchmarkId::from_parameter("cache-hit"), |bencher| {
                bencher.iter(|| {
                    owned
                        .iter()
                        .filter(|it| {
                            let key = Borrowed(
                                black_box(&it.principal),
                                black_box(&it.action),
                                black_box(&it.resource),
                            );
                            cache.get(&key).copied().unwrap_or(false)
                        })
                        .count()
                });
            });
            if set == "hot" {
                group.bench_function(BenchmarkId::from_parameter("naive-loop"), |bencher| {
                    bencher.iter(|| owned.iter().filter(|it| naive.allows(black_box(it))).count());
                });
            }
            group.finish();
        }
    }
}

/// 101 statements that all match action and resource: with two condition keys on each, and without conditions. A user for each.
fn conditions(criterion: &mut Criterion) {
    let statement = |number: usize, condition: bool| {
        let condition = if condition {
            format!(
                r#","Condition":{{"StringEquals":{{"aws:RequestTag/team":"team{number}"}},"IpAddress":{{"aws:SourceIp":"10.{number}.0.0/16"}}}}"#
            )
        } else {
            String::new()
        };
        format!(
            r#"{{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-{}*"{condition}}}"#,
            if number.is_multiple_of(2) { "" } else { "reports/" }
        )
    };
    let user = |name: &str, condition: bool| {
        let statements: Vec<String> = (0..101).map(|number| statement(number, condition)).collect();
        format!(
            r#"{{"Path":"/","UserName":"{name}","Arn":"arn:aws:iam::123456789012:user/{name}","GroupList":[],"UserPolicyList":[{{"PolicyName":"own","PolicyDocument":{{"Version":"2012-10-17","Statement":[{}]}}}}]}}"#,
            statements.join(",")
        )
    };
    let users = [user("plain", false), user("conditions", true)].join(",");
    let model = workloads::model("conditions", format!(r#"{{"UserDetailList":[{users}]}}"#));
    let bytes = compile(&model, &CompileOptions::default()).expect("the workload compiles");
    let bundle = Bundle::from_bytes(bytes).expect("a compiled bundle loads");
    let mut group = criterion.benchmark_group("101-statements");
    group.throughput(Throughput::Elements(2_000));
    for name in ["plain", "conditions"] {
        let owned: Vec<Owned> = (0..2_000)
            .map(|number| {
                let one = |text: String| ContextValue::One(text);
                let (team, net) = (number % 101, number * 7 % 101);
                // Every other request comes from its team's network.
                let net = if number % 2 == 0 { team } else { net };
                Owned {
                    principal: format!("arn:aws:iam::123456789012:user/{name}"),
                    action: "s3:GetObject".to_owned(),
                    resource: format!("arn:aws:s3:::acme-reports/{number}.csv"),
                    context: vec![
                        ("aws:SourceIp".to_owned(), one(format!("10.{net}.{}.7", number % 250))),
                        ("aws:RequestTag/team".to_owned(), one(format!("team{team}"))),
                    ],
                    ..Owned::default()
                }
            })
            .collect();
        let prepared = prepare(&bundle, &owned);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                let allowed =
                    |it: &&Prepared<'_>| decide(&bundle, black_box(it), it.principal, it.action).is_allowed();
                prepared.iter().filter(allowed).count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, sets, conditions);
criterion_main!(benches);
