//! Checks of the routes and of the automaton of their paths.

use super::Counts;
use super::checks::{SideBySide, check, each, invalid};
use crate::error::LoadError;
use crate::format::{self as f, NONE, Section, limits};
use crate::view::View;

/// Checks all of it. That a walk ends needs no check: every step of it reads a segment.
pub(super) fn routes(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    pieces(view, counts)?;
    states(view)?;
    edges(view, counts)?;
    ends(view, counts)
}

/// Routes with their pieces.
fn pieces(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let (section, strings) = (Section::Routes, &counts.strings);
    let count = view.count(Section::RoutePieces, f::RoutePiece::WORDS)?;
    let mut pieces = SideBySide::new(Section::RoutePieces, count);
    each!(view, Routes, Route, route, |at, route| {
        let known = strings.known(route.pattern) && strings.known(route.action);
        check(known, section, at, "unknown string")?;
        check(route.piece_count > 0, section, at, "a resource without a piece")?;
        pieces.take(route.pieces, route.piece_count, section, at)?;
    });
    pieces.finish()?;
    each!(view, RoutePieces, RoutePiece, route_piece, |at, piece| {
        check(piece.kind <= f::ROUTE_REST, Section::RoutePieces, at, "unknown kind")?;
        let known = piece.kind != f::ROUTE_LITERAL || strings.known(piece.value);
        check(known, Section::RoutePieces, at, "unknown string")?;
    });
    Ok(())
}

/// States with the ranges of their edges and ends.
fn states(view: View<'_>) -> Result<(), LoadError> {
    let section = Section::RouteStates;
    let states = view.count(section, f::RouteState::WORDS)?;
    let routes = view.count(Section::Routes, f::Route::WORDS)?;
    check((states == 0) == (routes == 0), section, 0, "states without a route, or the other way round")?;
    let mut edges =
        SideBySide::new(Section::RouteEdges, view.count(Section::RouteEdges, f::RouteEdge::WORDS)?);
    let mut ends = SideBySide::new(Section::RouteEnds, view.count(Section::RouteEnds, f::RouteEnd::WORDS)?);
    each!(view, RouteStates, RouteState, route_state, |at, state| {
        edges.take(state.edges, state.edge_count, section, at)?;
        ends.take(state.ends, state.end_count, section, at)?;
        check(state.other == NONE || state.other < states, section, at, "unknown state")?;
    });
    edges.finish()?;
    ends.finish()
}

fn edges(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let section = Section::RouteEdges;
    let states = view.count(Section::RouteStates, f::RouteState::WORDS)?;
    each!(view, RouteEdges, RouteEdge, route_edge, |at, edge| {
        check(counts.strings.known(edge.text), section, at, "unknown string")?;
        check(edge.target < states, section, at, "unknown state")?;
    });
    each!(view, RouteStates, RouteState, route_state, |_at, state| {
        ascending(view, section, state.edges, state.edge_count, |id| Some(view.route_edge(id)?.text))?;
    });
    Ok(())
}

fn ends(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let section = Section::RouteEnds;
    let routes = view.count(Section::Routes, f::Route::WORDS)?;
    each!(view, RouteEnds, RouteEnd, route_end, |at, end| {
        check(counts.strings.optional(end.method), section, at, "unknown string")?;
        check(end.route < routes, section, at, "unknown route")?;
    });
    each!(view, RouteStates, RouteState, route_state, |_at, state| {
        // The one of all other methods stands last.
        let last = (state.ends + state.end_count).checked_sub(1).filter(|_| state.end_count > 0);
        let any = last.and_then(|last| view.route_end(last)).is_some_and(|end| end.method == NONE);
        let named = state.end_count - u32::from(any);
        ascending(view, section, state.ends, named, |id| Some(view.route_end(id)?.method))?;
    });
    Ok(())
}

/// The texts of a range ascend, by their lengths and then by their bytes, and none is longer than a segment may be: so each is looked at in
/// a bounded time, however many ranges name it.
fn ascending(
    view: View<'_>,
    section: Section,
    start: u32,
    count: u32,
    string: impl Fn(u32) -> Option<u32>,
) -> Result<(), LoadError> {
    let mut before: Option<&[u8]> = None;
    for id in start..start + count {
        let text = string(id).filter(|&string| string != NONE).and_then(|string| view.string_bytes(string));
        let text = text.ok_or(invalid(section, id, "what stands for all others is not the last"))?;
        check(text.len() <= limits::SEGMENT_BYTES, section, id, "a text of more than 255 bytes")?;
        let ascends = before.is_none_or(|before| (before.len(), before) < (text.len(), text));
        check(ascends, section, id, "not ascending")?;
        before = Some(text);
    }
    Ok(())
}
