//! Cedar: the policies of a workload in its language, sliced.

use std::collections::HashMap;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicyId, PolicySet, Request,
    RestrictedExpression,
};
use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;
use portcullis::compiler::request::{ContextValue, Request as Owned};

use crate::measure::turns::{Turns, Way};
use crate::measure::{turn, way};
use crate::workloads::spec::{Spec, Statement, arn};

/// A statement as Cedar policies: one for each action, as its scope asks for one.
fn policies(statement: &Statement, principal: &str) -> Vec<(String, String)> {
    let effect = if statement.deny { "forbid" } else { "permit" };
    let condition = statement.condition.as_ref().map_or_else(String::new, |(team, net)| {
        format!(r#" && principal.team == "{team}" && context.ip.isInRange(ip("{net}"))"#)
    });
    let resource = &statement.resource;
    statement
        .actions
        .iter()
        .map(|action| {
            let text = format!(
                r#"{effect}(principal == User::"{principal}", action == Action::"{action}", resource) when {{ context.arn like "{resource}"{condition} }};"#
            );
            (action.clone(), text)
        })
        .collect()
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_str(&format!("{kind}::{id:?}")).expect("an entity's name")
}

struct Asked {
    request: Request,
    by_identity: usize,
    by_action: Option<usize>,
}

/// Measures both slices, after a comparison of all answers; and in turn with what is ours.
pub fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    spec: &Spec,
    owned: &[Owned],
    ours: &[bool],
    in_turn: Way<'_>,
) -> Turns {
    let identities: HashMap<String, usize> = (0..spec.identities.len()).map(|it| (arn(it), it)).collect();
    let mut sets: Vec<PolicySet> = vec![PolicySet::new()];
    let mut by_identity: HashMap<usize, usize> = HashMap::new();
    let mut by_action: HashMap<(usize, String), usize> = HashMap::new();
    let mut asked = Vec::new();
    for it in owned {
        let identity = identities[&it.principal];
        let whole = *by_identity.entry(identity).or_insert_with(|| {
            let whole = sets.len();
            sets.push(PolicySet::new());
            for (number, (action, text)) in
                spec.statements(identity).flat_map(|it| policies(it, &arn(identity))).enumerate()
            {
                let policy =
                    Policy::parse(Some(PolicyId::new(format!("p{number}"))), &text).expect("a policy");
                let slice = *by_action.entry((identity, action)).or_insert_with(|| {
                    sets.push(PolicySet::new());
                    sets.len() - 1
                });
                sets[slice].add(policy.clone()).expect("a name of its own");
                sets[whole].add(policy).expect("a name of its own");
            }
            whole
        });
        let mut context = vec![("arn".to_owned(), RestrictedExpression::new_string(it.resource.clone()))];
        for (key, value) in &it.context {
            let ContextValue::One(ip) = value else { panic!("one value") };
            assert_eq!(key, "aws:SourceIp");
            context.push(("ip".to_owned(), RestrictedExpression::new_ip(ip)));
        }
        let context = Context::from_pairs(context).expect("a context");
        let (user, action) = (uid("User", &it.principal), uid("Action", &it.action));
        let request = Request::new(user, action, uid("Resource", "any"), context, None).expect("a request");
        let by_action = by_action.get(&(identity, it.action.clone())).copied();
        asked.push(Asked { request, by_identity: whole, by_action });
    }
    let users = (0..spec.identities.len()).map(|it| {
        let team = spec.identities[it].1.clone().unwrap_or_default();
        let attributes = HashMap::from([("team".to_owned(), RestrictedExpression::new_string(team))]);
        cedar_policy::Entity::new(uid("User", &arn(it)), attributes, Default::default()).expect("an entity")
    });
    let entities = Entities::from_entities(users, None).expect("entities");
    let authorizer = Authorizer::new();
    let answer = |request: &Request, set: usize| {
        authorizer.is_authorized(request, &sets[set], &entities).decision() == Decision::Allow
    };
    for (it, (asked, ours)) in owned.iter().zip(asked.iter().zip(ours)) {
        assert_eq!(answer(&asked.request, asked.by_identity), *ours, "{it:#?}");
        assert_eq!(answer(&asked.request, asked.by_action.unwrap_or(0)), *ours, "{it:#?}");
    }
    let by_identity = |it: &Asked| answer(&it.request, it.by_identity);
    let by_action = |it: &Asked| answer(&it.request, it.by_action.unwrap_or(0));
    way(group, "cedar", &asked, by_identity);
    way(group, "cedar-by-action", &asked, by_action);
    let both = [turn("cedar", &asked, by_identity), turn("cedar-by-action", &asked, by_action)];
    Turns::take(asked.len(), both.into_iter().chain([in_turn]).collect())
}
