//! What explanations claim, put to the test on random worlds: the decision is the reference's, every statement is in one place, and what is
//! said to be needed is enough.
#![allow(
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

use portcullis::compiler::analysis::explain::{
    Explanation, LayerReport, NearMiss, ObstacleKind, Part, explain,
};
use portcullis::compiler::model::{BaseOperator, Model};
use portcullis::compiler::reference;
use portcullis::compiler::request::{ContextValue, Request};
use portcullis::compiler::resolve;
use portcullis::grammar::source::Source;
use portcullis::runtime::Effect;

/// A key that nothing but the request gives a value to.
const FREE: &str = "k:x";

fn model(files: &[(&str, String)]) -> Model {
    let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(*name, text.as_str())).collect();
    resolve::resolve(&sources, &[], &resolve::Options::default()).model.unwrap()
}

fn explained(model: &Model, request: &Request) -> Explanation {
    let explanation = explain(model, request, &[]);
    assert_eq!(explanation.decision, reference::decide(model, request));
    explanation
}

/// What near misses miss where it is one value of the free key.
fn free_value(miss: &NearMiss) -> Option<&str> {
    let [Part::Condition(condition)] = miss.failed.as_slice() else { return None };
    let plain = condition.operator.base == BaseOperator::StringEquals && condition.operator.set.is_none();
    let [value] = condition.values.as_slice() else { return None };
    // A variable stands for its value, which the explanation tells beside it; without one nothing is equal.
    let value = match condition.variables.as_slice() {
        [] => value,
        [(_, Some(ContextValue::One(text)))] if value.starts_with("${") && !text.is_empty() => text,
        _ => return None,
    };
    (plain && condition.key == FREE).then_some(value)
}

/// The request with another value of the free key.
fn with(request: &Request, value: &str) -> Request {
    let mut request = request.clone();
    request.context.retain(|(key, _)| key != FREE);
    request.context.push((FREE.to_owned(), ContextValue::One(value.to_owned())));
    request
}

#[test]
fn v5_explanations_agree_with_the_reference_and_keep_their_word() {
    let (mut total, mut near, mut met, mut denied) = (0, 0, 0, 0);
    for seed in 0..120 {
        let world = organizations::world(seed, 60);
        let model = model(&world.files);
        for request in &world.requests {
            let explanation = explained(&model, request);
            total += 1;
            assert_eq!(explanation.obstacles.is_empty(), explanation.decision.effect == Effect::Allow);
            assert!(explanation.obstacles.len() < 50, "every obstacle is met once");
            let first = explanation.obstacles.first();
            let decision = &explanation.decision;
            assert!(first.is_none_or(|it| (it.layer, it.level) == (decision.layer, decision.level)));
            assert_eq!(
                explanation.statements.is_empty(),
                explanation.decision.statements.is_empty(),
                "every statement that decided has its name"
            );
            for obstacle in &explanation.obstacles {
                if let ObstacleKind::Denied(statements) = &obstacle.kind {
                    denied += 1;
                    assert!(!statements.is_empty(), "somebody denies: {obstacle:#?}");
                }
            }
            for report in &explanation.layers {
                near += report.near.len();
                for (miss, value) in report.near.iter().filter_map(|it| Some((it, free_value(it)?))) {
                    met += 1;
                    let changed = explained(&model, &with(request, value));
                    let same = |it: &&LayerReport| is_same(report, it);
                    let after = changed.layers.iter().find(same).unwrap();
                    let applies = after.matched.iter().any(|it| it.statement == miss.statement);
                    assert!(
                        applies,
                        "seed {seed}: {FREE}={value} was said to be enough: {miss:#?}\n{request:#?}"
                    );
                }
            }
        }
    }
    println!("{total} explanations, {near} near misses, {met} of them made to apply, {denied} denials");
    assert!(near * 2 > total && met > 50 && denied > 1_000, "{total} {near} {met} {denied}");
}

/// Whether two reports are about the same layer.
fn is_same(one: &LayerReport, other: &LayerReport) -> bool {
    (one.layer, one.level, &one.of) == (other.layer, other.level, &other.of)
}
