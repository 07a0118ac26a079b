//! Routes: from the method and the path of a request of HTTP to an action and a resource.
//!
//! A walk reads the path segment by segment through one automaton, and never goes back. Captures are counted by segments, so that the walk
//! notes nothing.

use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;

use crate::bundle::Bundle;
use crate::format::{self as f, NONE, Section, limits};
use crate::path::{self, NotNormal, decoded};
use crate::request::Action;
use crate::view::View;

/// Why a request has no route, or its route no resource. Whoever asks refuses the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotRouted {
    /// The path is not in normal form.
    NotNormal(NotNormal),
    /// No route matches, or the method is none.
    NoRoute,
    /// The target has more than 8,192 bytes, or the resource would have more than 2,048 (rule V4).
    TooLong,
    /// The bundle cannot be read as it was validated, which validation excludes.
    Internal,
}

impl NotRouted {
    /// The stable machine-readable name; of a path that is not in normal form that of the reason.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotNormal(reason) => reason.name(),
            Self::NoRoute => "no_route",
            Self::TooLong => "too_long",
            Self::Internal => "internal",
        }
    }

    /// The reason as a sentence, for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotNormal(reason) => reason.sentence(),
            Self::NoRoute => "no route matches the method and the path",
            Self::TooLong => "the path, or the resource that it stands for, is too long",
            Self::Internal => "the bundle cannot be read as it was when it was loaded",
        }
    }
}

impl fmt::Display for NotRouted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl core::error::Error for NotRouted {}

/// A request that found its route.
#[derive(Clone, Copy, Debug)]
pub struct Routed<'b, 'r> {
    bundle: &'b Bundle,
    route: f::Route,
    /// The path, in normal form, without its first slash.
    path: &'r str,
}

impl<'b> Routed<'b, '_> {
    /// What is asked for, resolved. Linear in the action.
    #[must_use]
    pub fn action(&self) -> Action<'b> {
        self.bundle.action(self.action_name())
    }

    /// What is asked for, as the route declares it: `reports:Read`.
    #[must_use]
    pub fn action_name(&self) -> &'b str {
        self.bundle.view().string(self.route.action).unwrap_or("")
    }

    /// The route as it is declared, for logs: `GET /reports/{id}`.
    #[must_use]
    pub fn pattern(&self) -> &'b str {
        self.bundle.view().string(self.route.pattern).unwrap_or("")
    }

    /// Writes the resource that is asked about into a buffer, in place of what it holds: the route's ARN with the decoded segments of the
    /// path. Linear in the resource, and in the path for each of its captures; allocates nothing but what the buffer lacks.
    ///
    /// # Errors
    /// [`NotRouted::TooLong`] if it would have more than 2,048 bytes (rule V4); the buffer is then empty.
    pub fn resource_into(&self, into: &mut String) -> Result<(), NotRouted> {
        into.clear();
        let written = self.write(into);
        if written.is_err() {
            into.clear();
        }
        written
    }

    fn write(&self, into: &mut String) -> Result<(), NotRouted> {
        let view = self.bundle.view();
        let end = self.route.pieces.checked_add(self.route.piece_count).ok_or(NotRouted::Internal)?;
        for id in self.route.pieces..end {
            let piece = view.route_piece(id).ok_or(NotRouted::Internal)?;
            let segments = || self.path.split('/').nth(piece.value as usize);
            match piece.kind {
                f::ROUTE_LITERAL => {
                    let text = view.string(piece.value).ok_or(NotRouted::Internal)?;
                    if into.len() + text.len() > limits::RESOURCE_BYTES {
                        return Err(NotRouted::TooLong);
                    }
                    into.push_str(text);
                }
                f::ROUTE_SEGMENT => decode(segments().ok_or(NotRouted::Internal)?, into)?,
                f::ROUTE_REST => {
                    let before = self.path.split('/').take(piece.value as usize);
                    let from = before.map(|segment| segment.len() + 1).sum();
                    decode(self.path.get(from..).ok_or(NotRouted::Internal)?, into)?;
                }
                _ => return Err(NotRouted::Internal),
            }
        }
        Ok(())
    }
}

/// Appends what a segment, or several, stands for.
fn decode(text: &str, into: &mut String) -> Result<(), NotRouted> {
    for character in decoded(text) {
        let character = character.map_err(NotRouted::NotNormal)?;
        if into.len() + character.len_utf8() > limits::RESOURCE_BYTES {
            return Err(NotRouted::TooLong);
        }
        into.push(character);
    }
    Ok(())
}

impl Bundle {
    /// Number of routes.
    #[must_use]
    pub fn route_count(&self) -> usize {
        self.view().section_bytes(Section::Routes).len() / (f::Route::WORDS * 4)
    }

    /// The route of a request: its method, and its target as it came, with or without a query, which takes no part. The path has to be in
    /// normal form ([`path::check`]), and the method a token without small letters.
    ///
    /// # Complexity
    /// Linear in the target, and for each segment the logarithm of the segments that routes have there; allocates nothing.
    ///
    /// # Errors
    /// [`NotRouted`]; the request is then to be refused.
    ///
    /// # Example
    /// ```no_run
    /// # fn handle(bundle: &portcullis_runtime::Bundle) -> Result<(), portcullis_runtime::NotRouted> {
    /// let mut resource = String::new();
    /// let routed = bundle.route("GET", "/reports/7?format=csv")?;
    /// routed.resource_into(&mut resource)?;
    /// // Then decide about `routed.action()` on `resource`.
    /// # Ok(())
    /// # }
    /// ```
    pub fn route<'b, 'r>(&'b self, method: &str, target: &'r str) -> Result<Routed<'b, 'r>, NotRouted> {
        if target.len() > limits::TARGET_BYTES {
            return Err(NotRouted::TooLong);
        }
        if target.contains('#') {
            return Err(NotRouted::NotNormal(NotNormal::Fragment));
        }
        let whole = target.split_once('?').map_or(target, |(path, _)| path);
        path::check(whole).map_err(NotRouted::NotNormal)?;
        let path = whole.strip_prefix('/').ok_or(NotRouted::Internal)?;
        if !is_method(method) || self.route_count() == 0 {
            return Err(NotRouted::NoRoute);
        }
        let view = self.view();
        let mut state = view.route_state(0).ok_or(NotRouted::Internal)?;
        for segment in path.split('/') {
            let edge = search(&view, state.edges, state.edge_count, segment.as_bytes(), |id| {
                Some(view.route_edge(id)?.text)
            })?;
            let target = match edge {
                Some(id) => view.route_edge(id).ok_or(NotRouted::Internal)?.target,
                // An empty segment is the end of a path with a slash there, which has an edge of its own where it is one.
                None if segment.is_empty() => NONE,
                None => state.other,
            };
            if target == NONE {
                return Err(NotRouted::NoRoute);
            }
            state = view.route_state(target).ok_or(NotRouted::Internal)?;
        }
        let route = end(&view, &state, method)?.ok_or(NotRouted::NoRoute)?;
        let route = view.route(route).ok_or(NotRouted::Internal)?;
        Ok(Routed { bundle: self, route, path })
    }

    /// The same, with the resource in a buffer: [`Bundle::route`], then [`Routed::resource_into`].
    ///
    /// # Errors
    /// [`NotRouted`]; the request is then to be refused, and the buffer is empty.
    pub fn route_into<'b, 'r>(
        &'b self,
        method: &str,
        target: &'r str,
        resource: &mut String,
    ) -> Result<Routed<'b, 'r>, NotRouted> {
        resource.clear();
        let routed = self.route(method, target)?;
        routed.resource_into(resource)?;
        Ok(routed)
    }
}

/// Whether a method is one that routes may name: a token of HTTP without small letters. Some servers fold `get` to `GET`, others do not.
#[must_use]
pub fn is_method(method: &str) -> bool {
    let token =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !method.is_empty() && method.len() <= limits::SEGMENT_BYTES && method.bytes().all(token)
}

/// The route of a method at the end of a path.
fn end(view: &View<'_>, state: &f::RouteState, method: &str) -> Result<Option<u32>, NotRouted> {
    let Some(last) = state.end_count.checked_sub(1) else { return Ok(None) };
    let last = state.ends.checked_add(last).and_then(|last| view.route_end(last));
    let last = last.ok_or(NotRouted::Internal)?;
    let named = state.end_count - u32::from(last.method == NONE);
    let found = search(view, state.ends, named, method.as_bytes(), |id| Some(view.route_end(id)?.method))?;
    match found {
        Some(id) => Ok(Some(view.route_end(id).ok_or(NotRouted::Internal)?.route)),
        None => Ok((last.method == NONE).then_some(last.route)),
    }
}

/// The id of the record among some whose text this is. They ascend by the length of their texts, and then by the bytes, so that most are told
/// apart without a look at the bytes.
fn search(
    view: &View<'_>,
    start: u32,
    count: u32,
    text: &[u8],
    string: impl Fn(u32) -> Option<u32>,
) -> Result<Option<u32>, NotRouted> {
    let (mut low, mut high) = (start, start.checked_add(count).ok_or(NotRouted::Internal)?);
    while low < high {
        let middle = low + (high - low) / 2;
        let own = string(middle).and_then(|string| view.string_bytes(string)).ok_or(NotRouted::Internal)?;
        match (own.len(), own).cmp(&(text.len(), text)) {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => return Ok(Some(middle)),
        }
    }
    Ok(None)
}
