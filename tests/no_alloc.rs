//! Deciding allocates nothing, whatever the request and whatever decides it.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that panics has failed, and a long one says what it did"
)]

#[path = "support/compiled.rs"]
mod compiled;
#[path = "support/worlds.rs"]
mod worlds;

use std::collections::BTreeMap;

use allocation_counter::measure;
use portcullis::ask::{context_of, text_request};
use portcullis::compiler::automata::Budget;
use portcullis::compiler::request::{ContextValue, Request};
use portcullis::runtime::{Bundle, ContextMap, Decision, Effect, ParsedValue, Reason};

/// The context with every single value parsed already.
fn parsed_context(request: &Request) -> ContextMap {
    let mut context = ContextMap::new();
    for (key, value) in &request.context {
        match value {
            ContextValue::One(text) => context.insert_parsed(key, ParsedValue::new(text.as_str())).unwrap(),
            ContextValue::Many(texts) => context.insert_list(key, texts.iter().map(String::as_str)).unwrap(),
        }
    }
    context
}

/// Decides with strings, as a gateway does that resolves nothing before; counts what is allocated meanwhile.
fn decide(bundle: &Bundle, request: &Request) -> Decision {
    let decided = decide_with(bundle, request, &context_of(request).unwrap());
    // Whether a context comes as text or parsed changes nothing.
    assert_eq!(decide_with(bundle, request, &parsed_context(request)), decided, "{request:#?}");
    decided
}

fn decide_with(bundle: &Bundle, request: &Request, context: &ContextMap) -> Decision {
    let mut decided = None;
    let allocated = measure(|| {
        decided = Some(bundle.decide(&portcullis::runtime::Request {
            principal: bundle.principal(&request.principal),
            action: bundle.action(&request.action),
            resource: &request.resource,
            resource_account: request.resource_account.as_deref(),
            context,
            now: request.now,
            context_is_complete: request.context_complete,
        }));
    });
    assert_eq!(allocated.count_total, 0, "{request:#?}");
    // All of it as texts: the same.
    let mut of_texts = None;
    let allocated = measure(|| {
        of_texts = Some(bundle.decide_text(&text_request(request, context)));
    });
    assert_eq!(allocated.count_total, 0, "{request:#?}");
    assert_eq!(of_texts, decided, "{request:#?}");
    decided.unwrap()
}

#[test]
fn the_counter_counts() {
    let allocated = measure(|| drop(std::hint::black_box(Box::new(1))));
    assert_eq!(allocated.count_total, 1);
}

/// Automata and, with no budget, set leaves; actions known and unknown, conditions, variables, lists, principals of every kind.
#[test]
fn deciding_allocates_nothing() {
    let mut reasons = BTreeMap::<&str, usize>::new();
    let (mut unknown_actions, mut leaves) = (0, 0);
    for seed in 0..60 {
        let world = worlds::world(seed, 100);
        let model = compiled::model(compiled::resolved(&[("world.json", &world.snapshot)]));
        for budget in [Budget::default(), Budget { states: 0, work: 0, services: 0 }] {
            let bundle = Bundle::from_bytes(compiled::bytes(&model, budget)).unwrap();
            leaves += usize::from(!bundle.section(portcullis::runtime::format::Section::Leaves).is_empty());
            for request in &world.requests {
                let decided = decide(&bundle, request);
                *reasons.entry(decided.reason().name()).or_default() += 1;
                unknown_actions += usize::from(!bundle.action(&request.action).is_in_vocabulary());
            }
        }
    }
    println!("{reasons:?}, {unknown_actions} unknown actions, {leaves} bundles with set leaves");
    assert!(unknown_actions > 100 && leaves > 30);
    for reason in [
        Reason::Statement,
        Reason::NoStatement,
        Reason::LimitExceeded,
        Reason::UnknownPrincipal,
        Reason::MalformedPrincipal,
        Reason::NoResourcePolicy,
        Reason::CrossAccount,
        Reason::NoTrustPolicy,
        Reason::NoKeyPolicy,
        Reason::RootUser,
        Reason::OwnedByAws,
        Reason::NotControlled,
    ] {
        assert!(reasons.contains_key(reason.name()), "no request was decided by {}", reason.name());
    }
}

/// Routing writes into a buffer that is given, and allocates nothing where that is large enough.
#[test]
fn routing_allocates_nothing() {
    let text = "account 123456789012 { user alice }\n\
        route GET /reports/{id} => app:Read on arn:aws:app:::{id}\n\
        route [PUT, POST] /files/{folder}/{path*} => app:Write on arn:aws:app:::{folder}/{path}\n";
    let bundle = compiled::bundle(&compiled::model(compiled::resolved(&[("a.gate", text)])));
    let mut buffer = String::with_capacity(2_048);
    let long = format!("/files/a/{}", "%C3%A9/".repeat(1_000));
    let targets = ["/reports/7?a=b", "/files/a/b/c%20d", "/none", "/a//b", "", "/%FF", long.as_str()];
    let mut found = 0;
    let allocated = measure(|| {
        for target in targets {
            for method in ["GET", "PUT", "POST", "get"] {
                if let Ok(routed) = bundle.route(method, target) {
                    found += usize::from(routed.resource_into(&mut buffer).is_ok());
                    std::hint::black_box((routed.action(), routed.pattern(), buffer.len()));
                }
            }
        }
    });
    assert_eq!((allocated.count_total, found), (0, 3));
}

/// The longest texts that a request may hold, where each of them is looked at.
#[test]
fn the_longest_requests_allocate_nothing() {
    let document = compiled::document(&[
        compiled::statement("Allow", "s3:*Object", &["arn:aws:s3:::*/${aws:username}/*${k:long}*"]),
        compiled::statement("Allow", "svc:*a*", &["arn:aws:svc:::*a????????????b*"]),
        r#"{"Effect": "Allow", "Action": "s3:PutBucket", "Resource": "*",
            "Condition": {"StringLike": {"k:long": ["*x?y*", "*${k:long}*${aws:username}a*"]}}}"#
            .to_owned(),
    ]);
    let bundle = compiled::bundle(&compiled::model(compiled::attached(&[&document])));
    let long = "a".repeat(8_192);
    let mut effects = Vec::new();
    for (action, resource) in [
        ("s3:GetObject", format!("arn:aws:s3:::x/alice/{}", "a".repeat(2_000))),
        ("s3:PutBucket", "*".to_owned()),
        (&format!("svc:{}", "a".repeat(252)), format!("arn:aws:svc:::{}b", "a".repeat(2_033))),
        (&format!("svc:{}", "a".repeat(253)), "*".to_owned()),
    ] {
        let request = compiled::with(compiled::request(action, &resource), &[("k:long", &long)]);
        effects.push(decide(&bundle, &request).effect());
    }
    assert_eq!(effects, [Effect::ImplicitDeny, Effect::ImplicitDeny, Effect::Allow, Effect::ImplicitDeny]);
}
