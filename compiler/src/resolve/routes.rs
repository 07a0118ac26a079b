//! All routes together: sorted, and refused where two of them could take one request and neither is the more specific.

use std::collections::BTreeMap;

use portcullis_grammar::diagnostic::Diagnostic;

use super::codes;
use super::drafts::RouteDraft;
use super::sink::Sink;
use crate::automata::routes::{MOST_STATES, Overlap, Relation, TooLarge, build};
use crate::model::route::{Route, Routes};

/// The routes of the model.
pub(super) fn routes(mut drafts: Vec<RouteDraft<'_>>, sink: &mut Sink) -> Routes {
    drafts.sort_by_cached_key(|draft| (draft.route.pattern(), draft.route.to_string(), draft.route.origin));
    let routes: Vec<Route> = drafts.iter().map(|draft| draft.route.clone()).collect();
    match build(&routes) {
        Ok(automaton) => report(&drafts, automaton.overlaps, sink),
        Err(TooLarge) => {
            let message = format!("the routes need more than {MOST_STATES} states");
            let found = Diagnostic::error(codes::ROUTE_SIZE, message);
            let found = match drafts.first() {
                Some(draft) => found.at(draft.place.source, draft.place.span, "the first of them"),
                None => found,
            };
            sink.push(found.help(
                "literal segments multiply where other routes capture in their place: begin routes with a literal of their own",
            ));
        }
    }
    Routes(routes)
}

fn report(drafts: &[RouteDraft<'_>], overlaps: Vec<Overlap>, sink: &mut Sink) {
    // By the wider one: those within it.
    let mut within: BTreeMap<usize, Vec<Overlap>> = BTreeMap::new();
    for overlap in overlaps {
        let (Some(first), Some(second)) = (drafts.get(overlap.first), drafts.get(overlap.second)) else {
            continue;
        };
        let message = match overlap.relation {
            Relation::Within => {
                within.entry(overlap.second).or_default().push(overlap);
                continue;
            }
            Relation::Same => format!("two routes match the same requests, such as {}", overlap.example),
            Relation::Across => {
                format!("two routes match {}, and neither lies within the other", overlap.example)
            }
        };
        // The later one is wrong, if either is.
        let (first, second) =
            if first.route.origin <= second.route.origin { (first, second) } else { (second, first) };
        let found = Diagnostic::error(codes::ROUTE_OVERLAP, message)
            .at(second.place.source, second.place.span, "")
            .at(first.place.source, first.place.span, "and this one");
        sink.push(found.help(match overlap.relation {
            Relation::Same => "remove one of them",
            _ => "let one of them name less: other methods, or a literal where it captures",
        }));
    }
    for (wider, overlaps) in within {
        let Some(wider) = drafts.get(wider) else { continue };
        let Some((first, inner)) = overlaps.first().and_then(|it| Some((it, drafts.get(it.first)?))) else {
            continue;
        };
        let others = match overlaps.len() {
            1 => "another route goes".to_owned(),
            several => format!("{several} other routes go"),
        };
        let message = format!("{others} before this one, which does not get {}", first.example);
        let found = Diagnostic::warning(codes::ROUTE_WITHIN, message)
            .at(wider.place.source, wider.place.span, "")
            .at(inner.place.source, inner.place.span, "this one does");
        sink.push(
            found.help("if it is meant: # allow(route-within): why; else give them paths that do not meet"),
        );
    }
}
