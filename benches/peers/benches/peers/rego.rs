//! regorus: one small program, and the statements as data, indexed by identity and action.

use std::collections::HashMap;

use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;
use portcullis::compiler::request::{ContextValue, Request as Owned};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Value};
use serde_json::json;

use crate::measure::turns::{Turns, Way};
use crate::measure::{turn, way};
use crate::workloads::spec::{Spec, arn};

/// All resources of these workloads end in their only wildcard: a prefix is the fastest test that Rego has.
const PROGRAM: &str = r#"package bench
import rego.v1

default allow := false

allow if {
    granted
    not denied
}

rules := data.index[input.principal][input.action]

granted if {
    some rule in rules.allow
    startswith(input.resource, rule.prefix)
    holds(rule)
}

denied if {
    some rule in rules.deny
    startswith(input.resource, rule.prefix)
    holds(rule)
}

holds(rule) if not rule.team
holds(rule) if {
    rule.team == data.teams[input.principal]
    net.cidr_contains(rule.net, input.ip)
}
"#;

/// Measures, after a comparison of all answers; and in turn with what is ours.
pub fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    spec: &Spec,
    owned: &[Owned],
    ours: &[bool],
    in_turn: Way<'_>,
) -> Turns {
    let mut index = serde_json::Map::new();
    let mut teams = HashMap::new();
    for identity in 0..spec.identities.len() {
        let mut actions: HashMap<&str, [Vec<serde_json::Value>; 2]> = HashMap::new();
        for statement in spec.statements(identity) {
            let prefix = statement.resource.strip_suffix('*').expect("a prefix");
            assert!(!prefix.contains('*'), "{prefix}");
            let mut rule = json!({"prefix": prefix});
            if let Some((team, net)) = &statement.condition {
                rule = json!({"prefix": prefix, "team": team, "net": net});
            }
            for action in &statement.actions {
                actions.entry(action).or_default()[usize::from(statement.deny)].push(rule.clone());
            }
        }
        let actions: serde_json::Map<String, serde_json::Value> = actions
            .into_iter()
            .map(|(action, [allow, deny])| (action.to_owned(), json!({"allow": allow, "deny": deny})))
            .collect();
        index.insert(arn(identity), actions.into());
        teams.insert(arn(identity), spec.identities[identity].1.clone().unwrap_or_default());
    }
    let data = Value::from_json_str(&json!({"index": index, "teams": teams}).to_string()).expect("data");
    let mut engine = Engine::new();
    engine.add_policy("bench.rego".to_owned(), PROGRAM.to_owned()).expect("a program");
    engine.add_data(data.clone()).expect("data");
    let entry = "data.bench.allow";
    let compiled = engine.compile_with_entrypoint(&entry.into()).expect("a program");
    let program = Compiler::compile_from_policy(&compiled, &[entry]).expect("a program");
    let mut machine = RegoVM::new();
    machine.load_program(program);
    machine.set_data(data).expect("data");
    machine.set_execution_timer_config(None);
    machine.set_max_instructions(usize::MAX);
    let inputs: Vec<Value> = owned
        .iter()
        .map(|it| {
            let ip = it.context.iter().find_map(|(_, value)| match value {
                ContextValue::One(ip) => Some(ip.as_str()),
                ContextValue::Many(_) => None,
            });
            let input = json!({
                "principal": it.principal, "action": it.action, "resource": it.resource, "ip": ip.unwrap_or("0.0.0.0"),
            });
            Value::from_json_str(&input.to_string()).expect("an input")
        })
        .collect();
    let mut answer = |input: &Value| {
        machine.set_input(input.clone());
        machine.execute().expect("a decision") == Value::Bool(true)
    };
    for (it, (input, ours)) in owned.iter().zip(inputs.iter().zip(ours)) {
        assert_eq!(answer(input), *ours, "{it:#?}");
    }
    way(group, "regorus", &inputs, &mut answer);
    Turns::take(inputs.len(), vec![turn("regorus", &inputs, answer), in_turn])
}
