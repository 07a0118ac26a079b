//! The AWS-managed policies as a world: each attached to a user of its own, and requests made of its own statements.

use portcullis_compiler::model::{Model, Statement, User};
use portcullis_compiler::request::Request;
use portcullis_grammar::json::{self, Kind, Value};
use portcullis_grammar::source::Source;

use super::policy::{ConditionShape, Shape};
use super::random::Random;
use super::request::{self, Asker};
use super::words::ACCOUNT;

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let Kind::Object(members) = &value.kind else { return None };
    members.iter().find(|member| &*member.key == name).map(|member| &member.value)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    match &member(value, name)?.kind {
        Kind::String(text) => Some(text),
        _ => None,
    }
}

/// A snapshot of all policies of `aws-managed-policies.jsonl`. Its users are named `u0000` and so on, in the order of the lines; a policy without
/// ARN gets the one that AWS would give it.
pub fn managed_snapshot(jsonl: &str) -> String {
    let source = Source::new("aws-managed-policies.jsonl", jsonl);
    let (values, _) = json::parse_sequence(&source);
    let mut users = Vec::new();
    let mut policies = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let (Some(name), Some(document)) = (text(value, "name"), member(value, "document")) else { continue };
        let arn = text(value, "arn").map_or_else(|| format!("arn:aws:iam::aws:policy/{name}"), str::to_owned);
        // The path stands between `policy` and the name.
        let path = arn.split_once(":policy").and_then(|(_, path)| path.strip_suffix(name)).unwrap_or("/");
        let version = text(value, "version_id").unwrap_or("v1");
        let document = source.slice(document.span);
        users.push(format!(
            "{{\"Path\":\"/\",\"UserName\":\"u{index:04}\",\"UserId\":\"AIDA{index:017}\",\"Arn\":\"arn:aws:iam::{ACCOUNT}:user/u{index:04}\",\
             \"GroupList\":[],\"AttachedManagedPolicies\":[{{\"PolicyName\":\"{name}\",\"PolicyArn\":\"{arn}\"}}]}}"
        ));
        policies.push(format!(
            "{{\"PolicyName\":\"{name}\",\"PolicyId\":\"ANPA{index:017}\",\"Arn\":\"{arn}\",\"Path\":\"{path}\",\"DefaultVersionId\":\"{version}\",\
             \"IsAttachable\":true,\"PolicyVersionList\":[{{\"VersionId\":\"{version}\",\"IsDefaultVersion\":true,\"Document\":{document}}}]}}"
        ));
    }
    format!(
        "{{\"UserDetailList\":[{}],\"GroupDetailList\":[],\"RoleDetailList\":[],\"Policies\":[{}]}}\n",
        users.join(",\n"),
        policies.join(",\n")
    )
}

/// So many requests of users of the model, made to meet their own statements.
pub fn managed_requests(model: &Model, seed: u64, count: usize) -> Vec<Request> {
    let random = &mut Random::new(seed);
    let mut requests = Vec::with_capacity(count);
    for _ in 0..count {
        let Some(user) = random.pick(&model.users) else { break };
        // One statement is enough: the request is made of one.
        let statements: Vec<&Statement> = statements(model, user).collect();
        let shapes = random.pick(&statements).map(|statement| shape(statement)).into_iter().collect();
        let own = vec![("aws:username".to_owned(), user.identity.name.to_string())];
        requests.push(request::request(random, &Asker { arn: user.identity.arn.to_string(), own, shapes }));
    }
    requests
}

fn statements<'a>(model: &'a Model, user: &'a User) -> impl Iterator<Item = &'a Statement> {
    let policies = user.identity.attached.iter().filter_map(|policy| model.policy(*policy));
    policies.filter_map(|policy| policy.default_version()).flat_map(|version| &version.document.statements)
}

fn shape(statement: &Statement) -> Shape {
    let conditions = statement.conditions.iter().map(|condition| ConditionShape {
        operator: condition.operator,
        key: condition.key_text.to_string(),
        operands: condition.operands.iter().map(|operand| operand.text.to_string()).collect(),
    });
    let resources = statement.resources.iter().flat_map(|clause| &clause.patterns);
    Shape {
        variables: statement.variables,
        actions: statement.actions.patterns.iter().map(|pattern| pattern.text.to_string()).collect(),
        not_action: statement.actions.negated,
        resources: resources.map(|pattern| pattern.text.to_string()).collect(),
        not_resource: statement.resources.as_ref().is_some_and(|clause| clause.negated),
        conditions: conditions.collect(),
    }
}
