//! The automaton of the paths of all routes, and where routes overlap.
//!
//! In: routes. Out: states, each the set of places in routes that some beginning of a path leads to, by subset construction over segments; and
//! every two routes that match a common request. A path is read once, segment by segment, whatever the number of routes.

use std::collections::{BTreeMap, BTreeSet};

use crate::intern::{HashMap, HashSet};
use crate::model::route::{Route, Segment};

/// How many states there may be.
pub const MOST_STATES: usize = 65_536;
/// How much work, in places of states and in pairs of routes.
const MOST_WORK: usize = 1 << 24;

/// A state of the automaton.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// By segment, sorted by length and then by bytes: the state behind it.
    pub edges: Vec<(Box<str>, u32)>,
    /// The state behind every other segment that is not empty.
    pub other: Option<u32>,
    /// By method, sorted likewise, the one of all others last: the route, where the path ends here.
    pub ends: Vec<(Option<Box<str>>, u32)>,
}

/// How two routes lie to each other that match a common request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// They match the same requests.
    Same,
    /// Each matches some that the other does not.
    Across,
    /// The first matches less: it goes before the second.
    Within,
}

/// Two routes that match a common request.
#[derive(Clone, Debug)]
pub struct Overlap {
    /// One, by its place.
    pub first: usize,
    /// The other.
    pub second: usize,
    /// How they lie.
    pub relation: Relation,
    /// Method and path of a request that both match.
    pub example: String,
}

/// The automaton.
#[derive(Clone, Debug, Default)]
pub struct Automaton {
    /// The states; the first is where paths begin. None without routes.
    pub states: Vec<State>,
    /// What overlaps.
    pub overlaps: Vec<Overlap>,
}

/// The routes need more states or more work than there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// A place in a route: how many of its segments are behind, or [`IN_REST`].
type Place = (u32, u32);
/// In what `{name*}` captures.
const IN_REST: u32 = u32::MAX;

/// Makes the automaton. Deterministic. Time: linear in the places of all states, and in the pairs of routes that end at one state.
///
/// # Errors
/// [`TooLarge`]: past 65,536 states, which takes literals and captures in very many combinations.
pub fn build(routes: &[Route]) -> Result<Automaton, TooLarge> {
    if routes.is_empty() {
        return Ok(Automaton::default());
    }
    let mut builder = Builder { routes, ..Builder::default() };
    builder.state((0..routes.len() as u32).map(|route| (route, 0)).collect(), None)?;
    let mut next = 0;
    while let Some(places) = builder.sets.get(next).cloned() {
        builder.step(next as u32, &places)?;
        builder.ends(next, &places)?;
        next += 1;
    }
    Ok(Automaton { states: builder.states, overlaps: builder.overlaps })
}

#[derive(Default)]
struct Builder<'r> {
    routes: &'r [Route],
    states: Vec<State>,
    /// By state: its places, sorted.
    sets: Vec<Vec<Place>>,
    known: HashMap<Vec<Place>, u32>,
    /// By state: the one before it and the segment between, on a shortest way.
    before: Vec<Option<(u32, String)>>,
    seen: HashSet<(u32, u32)>,
    overlaps: Vec<Overlap>,
    work: usize,
}

impl Builder<'_> {
    fn spend(&mut self, work: usize) -> Result<(), TooLarge> {
        self.work += work;
        if self.work > MOST_WORK { Err(TooLarge) } else { Ok(()) }
    }

    /// The state of a set of places.
    fn state(&mut self, mut places: Vec<Place>, from: Option<(u32, &str)>) -> Result<u32, TooLarge> {
        self.spend(places.len() + 1)?;
        places.sort_unstable();
        if let Some(known) = self.known.get(&places) {
            return Ok(*known);
        }
        if self.states.len() >= MOST_STATES {
            return Err(TooLarge);
        }
        let id = self.states.len() as u32;
        self.known.insert(places.clone(), id);
        self.sets.push(places);
        self.states.push(State::default());
        self.before.push(from.map(|(state, segment)| (state, segment.to_owned())));
        Ok(id)
    }

    fn segment(&self, (route, at): Place) -> Option<&Segment> {
        self.routes.get(route as usize)?.path.get(at as usize)
    }

    /// Where the segments lead.
    fn step(&mut self, from: u32, places: &[Place]) -> Result<(), TooLarge> {
        let mut literals: BTreeMap<(usize, Box<str>), Vec<Place>> = BTreeMap::new();
        // Behind any segment, and behind an empty one.
        let (mut any, mut empty) = (Vec::new(), Vec::new());
        for &(route, at) in places {
            if at == IN_REST {
                any.push((route, IN_REST));
                empty.push((route, IN_REST));
                continue;
            }
            match self.segment((route, at)) {
                Some(Segment::Literal(text)) if text.is_empty() => empty.push((route, at + 1)),
                Some(Segment::Literal(text)) => {
                    literals.entry((text.len(), text.clone())).or_default().push((route, at + 1));
                }
                Some(Segment::One(_)) => any.push((route, at + 1)),
                Some(Segment::Rest(_)) => any.push((route, IN_REST)),
                None => {}
            }
        }
        let mut state = State::default();
        if !empty.is_empty() {
            state.edges.push(("".into(), self.state(empty, Some((from, "")))?));
        }
        let other =
            (0..).map(|number: usize| if number == 0 { "x".to_owned() } else { format!("x{number}") });
        let mut other = other.filter(|text| !literals.contains_key(&(text.len(), text.as_str().into())));
        let other = other.next().unwrap_or_default();
        for ((_, text), mut target) in literals {
            target.extend_from_slice(&any);
            let target = self.state(target, Some((from, &text)))?;
            state.edges.push((text, target));
        }
        if !any.is_empty() {
            state.other = Some(self.state(any, Some((from, &other)))?);
        }
        if let Some(slot) = self.states.get_mut(from as usize) {
            *slot = state;
        }
        Ok(())
    }

    /// Which route a method has where the path ends, and which others it could have.
    fn ends(&mut self, state: usize, places: &[Place]) -> Result<(), TooLarge> {
        let routes = self.routes;
        let ends = |&(route, at): &Place| {
            let length = routes.get(route as usize).map_or(0, |route| route.path.len());
            (at == IN_REST || at as usize == length).then_some(route)
        };
        let ending: Vec<u32> = places.iter().filter_map(ends).collect();
        for (number, &first) in ending.iter().enumerate() {
            self.spend(ending.len())?;
            for &second in ending.iter().skip(number + 1) {
                self.pair(state, first, second);
            }
        }
        let named = ending.iter().filter_map(|&id| routes.get(id as usize)).flat_map(|route| &route.methods);
        let methods: BTreeSet<(usize, &str)> = named.map(|method| (method.len(), &**method)).collect();
        self.spend(methods.len().saturating_mul(ending.len()))?;
        let best = |method: Option<&str>| {
            let takes = |route: &Route| {
                route.methods.is_empty()
                    || method.is_some_and(|method| route.methods.iter().any(|own| **own == *method))
            };
            let candidates =
                ending.iter().filter_map(|&id| Some((id, routes.get(id as usize)?))).filter(|it| takes(it.1));
            candidates.reduce(|best, other| if is_within(other.1, best.1) { other } else { best })
        };
        let mut found: Vec<(Option<Box<str>>, u32)> = methods
            .iter()
            .filter_map(|(_, method)| best(Some(method)).map(|(id, _)| (Some((*method).into()), id)))
            .collect();
        found.extend(best(None).map(|(id, _)| (None, id)));
        if let Some(state) = self.states.get_mut(state) {
            state.ends = found;
        }
        Ok(())
    }

    /// Two routes whose paths end at one state.
    fn pair(&mut self, state: usize, first: u32, second: u32) {
        let routes = self.routes;
        let (Some(one), Some(other)) = (routes.get(first as usize), routes.get(second as usize)) else {
            return;
        };
        let common = match (one.methods.as_slice(), other.methods.as_slice()) {
            ([], []) => Some("GET"),
            ([method, ..], []) | ([], [method, ..]) => Some(&**method),
            (own, others) => own.iter().find(|method| others.contains(method)).map(|method| &**method),
        };
        let Some(method) = common else { return };
        if !self.seen.insert((first, second)) {
            return;
        }
        let (first, second) = (first as usize, second as usize);
        let (first, second, relation) = match (is_within(one, other), is_within(other, one)) {
            (true, true) => (first, second, Relation::Same),
            (true, false) => (first, second, Relation::Within),
            (false, true) => (second, first, Relation::Within),
            (false, false) => (first, second, Relation::Across),
        };
        let example = format!("{method} {}", self.example(state));
        self.overlaps.push(Overlap { first, second, relation, example });
    }

    /// A shortest path that ends at a state.
    fn example(&self, state: usize) -> String {
        let mut segments = Vec::new();
        let mut at = state;
        while let Some(Some((before, segment))) = self.before.get(at) {
            segments.push(segment.as_str());
            at = *before as usize;
        }
        segments.reverse();
        format!("/{}", segments.join("/"))
    }
}

/// Whether one route matches nothing that another does not match as well. Linear in both.
#[must_use]
pub fn is_within(one: &Route, other: &Route) -> bool {
    let methods = other.methods.is_empty()
        || !one.methods.is_empty() && one.methods.iter().all(|method| other.methods.contains(method));
    methods && path_is_within(&one.path, &other.path)
}

fn path_is_within(one: &[Segment], other: &[Segment]) -> bool {
    let mut own = one.iter();
    for segment in other {
        let fits = match (own.next(), segment) {
            (Some(Segment::Literal(own)), Segment::Literal(text)) => own == text,
            (Some(Segment::Literal(own)), Segment::One(_)) => !own.is_empty(),
            (Some(Segment::One(_)), Segment::One(_)) => true,
            // The last one, and whatever follows lies in it.
            (Some(Segment::Literal(own)), Segment::Rest(_)) => return !own.is_empty(),
            (Some(Segment::One(_) | Segment::Rest(_)), Segment::Rest(_)) => return true,
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    own.next().is_none()
}
