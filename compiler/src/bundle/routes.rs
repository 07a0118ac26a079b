//! Routes and their automaton as sections, and back from them to what `ir` and `diff` print.

use portcullis_runtime::Bundle;
use portcullis_runtime::format::{self as f, NONE, Section};

use super::write::{WriteError, Writer};
use crate::automata::routes::build;
use crate::model::route::{Piece, Route, Segment};
use crate::model::{FileId, Model, Origin};

impl Writer {
    /// Writes all of it.
    pub(super) fn routes(&mut self, model: &Model) -> Result<(), WriteError> {
        let routes = &model.routes.0;
        let automaton = build(routes).map_err(|_| WriteError::TooLarge)?;
        let (mut records, mut pieces, mut count) = (Vec::new(), Vec::new(), 0);
        for route in routes {
            f::Route {
                pattern: self.strings.id(&route.pattern()),
                action: self.strings.id(&route.action),
                pieces: count,
                piece_count: route.resource.len() as u32,
            }
            .write(&mut records);
            count += route.resource.len() as u32;
            for piece in &route.resource {
                let (kind, value) = match piece {
                    Piece::Literal(text) => (f::ROUTE_LITERAL, self.strings.id(text)),
                    Piece::Capture(segment) => match route.path.get(*segment as usize) {
                        Some(Segment::Rest(_)) => (f::ROUTE_REST, *segment),
                        _ => (f::ROUTE_SEGMENT, *segment),
                    },
                };
                f::RoutePiece { kind, value }.write(&mut pieces);
            }
        }
        let (mut states, mut edges, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let (mut edge_count, mut end_count) = (0, 0);
        for state in &automaton.states {
            f::RouteState {
                edges: edge_count,
                edge_count: state.edges.len() as u32,
                other: state.other.unwrap_or(NONE),
                ends: end_count,
                end_count: state.ends.len() as u32,
            }
            .write(&mut states);
            edge_count += state.edges.len() as u32;
            end_count += state.ends.len() as u32;
            for (text, target) in &state.edges {
                f::RouteEdge { text: self.strings.id(text), target: *target }.write(&mut edges);
            }
            for (method, route) in &state.ends {
                let method = method.as_ref().map_or(NONE, |method| self.strings.id(method));
                f::RouteEnd { method, route: *route }.write(&mut ends);
            }
        }
        for (section, bytes) in [
            (Section::Routes, records),
            (Section::RoutePieces, pieces),
            (Section::RouteStates, states),
            (Section::RouteEdges, edges),
            (Section::RouteEnds, ends),
        ] {
            self.sections.put(section, bytes);
        }
        Ok(())
    }
}

/// The routes of a bundle, in its order; where they were declared it does not say. `None` if a route is none that this crate writes. Linear.
pub(super) fn routes_of(bundle: &Bundle) -> Option<Vec<Route>> {
    let words = |section| bundle.section(section).as_chunks::<4>().0;
    let strings = bundle.section(Section::Strings);
    let string = |id: u32| {
        let text = strings.get(id as usize * 4..)?;
        let length = u32::from_le_bytes(*text.first_chunk()?) as usize;
        std::str::from_utf8(text.get(4..4 + length)?).ok()
    };
    let records = words(Section::Routes).chunks(f::Route::WORDS).filter_map(f::Route::read);
    let pieces: Vec<f::RoutePiece> =
        words(Section::RoutePieces).chunks(f::RoutePiece::WORDS).filter_map(f::RoutePiece::read).collect();
    let read = |route: f::Route| {
        let (methods, path) = string(route.pattern)?.rsplit_once(" /")?;
        let methods = match methods.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
            Some(list) => list.split(", ").map(Into::into).collect(),
            None if methods == "*" => Vec::new(),
            None => vec![methods.into()],
        };
        let segment = |text: &str| match text.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            None => Segment::Literal(text.into()),
            Some(name) => match name.strip_suffix('*') {
                Some(name) => Segment::Rest(name.into()),
                None => Segment::One(name.into()),
            },
        };
        let start = route.pieces as usize;
        let pieces = pieces.get(start..start + route.piece_count as usize)?;
        let resource: Option<Vec<Piece>> = pieces
            .iter()
            .map(|piece| match piece.kind {
                f::ROUTE_LITERAL => Some(Piece::Literal(string(piece.value)?.into())),
                _ => Some(Piece::Capture(piece.value)),
            })
            .collect();
        Some(Route {
            methods,
            path: path.split('/').map(segment).collect(),
            action: string(route.action)?.into(),
            resource: resource?,
            origin: Origin { file: FileId::at(0), line: 0, column: 0 },
        })
    };
    records.map(read).collect()
}
