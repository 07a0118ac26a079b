//! The short way to a decision: a user or role itself, in a bundle in which nothing decides but identity policies and permissions
//! boundaries. What most decisions are.
//!
//! The answers are those of [`combine`] with the layers left out that are not there; a test compares the two over all that a walk can end
//! at. What is out of the ordinary goes through [`combine`] itself.

use crate::atom::Facts;
use crate::bundle::Bundle;
use crate::caller::{Caller as Who, Room};
use crate::classify::{Remembered, own_classes};
use crate::combine::{Caller, Contract, Facts as Combined, combine};
use crate::decision::{Decision, Effect, Layer, Outcome, Reason};
use crate::format::{self as f, NONE, terminal};
use crate::layers::LayerWalk;
use crate::request::Request;
use crate::side::BareSide;

/// Facts about an action that make a decision out of the ordinary.
const UNUSUAL: u32 = f::ACTION_UNCONTROLLED | f::ACTION_UNCONTROLLED_FOR_USERS | f::ACTION_NO_CALLER_SIDE;

/// What both layers of a principal have come to.
pub(crate) struct Own<'a> {
    /// What the automata are asked about.
    pub(crate) resource: &'a str,
    /// Where the classes begin that the principal defines.
    pub(crate) classes: u32,
    /// The root lists of identity layer and boundary; the boundary's means nothing where there is none.
    pub(crate) lists: [u32; 2],
    /// Where their walks ended: a terminal, or [`UNKNOWN`](crate::walk::UNKNOWN) where more than a walk is needed.
    pub(crate) ends: [u32; 2],
    pub(crate) side: BareSide,
    pub(crate) flags: u32,
}

/// The decision where both ends are verdicts and nothing is out of the ordinary, else [`Outcome::UNKNOWN`].
///
/// From a table: which of these it is no processor could guess.
#[inline(always)]
pub(crate) fn decision(ends: [u32; 2], flags: u32, side: BareSide) -> Outcome {
    let [identity, boundary] = ends;
    let place = (identity >> 29 & 3) << 3 | (boundary >> 29 & 3) << 1 | u32::from(side.same_account);
    let Some(outcome) = OUTCOMES.get(place as usize) else { return Outcome::UNKNOWN };
    if flags & UNUSUAL != 0 || side.unusual || *outcome == Outcome::UNKNOWN {
        return Outcome::UNKNOWN;
    }
    let rule = if BY_BOUNDARY >> place & 1 == 1 { boundary } else { identity };
    outcome.with_rule(rule & terminal::VALUE)
}

/// By the kinds of both ends, and whether the resource is of the caller's account: the decision, whose rule is still to be named, or none.
#[expect(clippy::indexing_slicing, reason = "a constant: what is out of bounds fails the build")]
const OUTCOMES: [Outcome; 32] = {
    let mut outcomes = [Outcome::UNKNOWN; 32];
    let mut place = 0;
    while place < 32 {
        outcomes[place] = outcome((place >> 3) as u32, (place >> 1 & 3) as u32, place & 1 == 1);
        place += 1;
    }
    outcomes
};

/// The places of these at which the boundary's rule decides, as bits.
const BY_BOUNDARY: u32 = {
    let (mut places, mut place) = (0, 0);
    while place < 32 {
        if place >> 3 != DENIES && place >> 1 & 3 == DENIES {
            places |= 1 << place;
        }
        place += 1;
    }
    places
};

const DENIES: u32 = terminal::DENIES >> 29 & 3;
const ALLOWS: u32 = terminal::ALLOWS >> 29 & 3;
const DIAGRAM: u32 = terminal::DIAGRAM >> 29 & 3;

/// V1 before V2, E4 before the implicit denies of the layers; V5: the first of them.
const fn outcome(identity: u32, boundary: u32, same_account: bool) -> Outcome {
    let implicit = Effect::ImplicitDeny;
    let (effect, layer, reason, rule) = if identity == DIAGRAM || boundary == DIAGRAM {
        return Outcome::UNKNOWN;
    } else if identity == DENIES {
        (Effect::ExplicitDeny, Layer::Identity, Reason::Statement, 0)
    } else if boundary == DENIES {
        (Effect::ExplicitDeny, Layer::Boundary, Reason::Statement, 0)
    } else if !same_account {
        (implicit, Layer::Resource, Reason::CrossAccount, NONE)
    } else if identity != ALLOWS {
        (implicit, Layer::Identity, Reason::NoStatement, NONE)
    } else if boundary != ALLOWS {
        (implicit, Layer::Boundary, Reason::NoStatement, NONE)
    } else {
        (Effect::Allow, Layer::Identity, Reason::Statement, 0)
    };
    Outcome::of(Decision::new(effect, layer, reason, rule, NONE))
}

/// What the combination is asked about a principal's own layers.
fn combined(own: &Own<'_>, kind: u32) -> Combined {
    Combined {
        caller: if kind == f::PRINCIPAL_USER { Caller::User } else { Caller::Role },
        known: true,
        same_account: own.side.same_account,
        contract: own.side.contract,
        owned_by_aws: own.side.owned_by_aws,
        ..Combined::of_action(own.flags)
    }
}

/// The decision where conditions, several automata or the contract of a service count; not known where a trust policy does, or if a record
/// cannot be read, which validation excludes.
#[inline(never)]
pub(crate) fn by_conditions(bundle: &Bundle, request: &Request<'_>, own: &Own<'_>) -> Outcome {
    conditional(bundle, request, own).unwrap_or(Outcome::UNKNOWN)
}

#[inline(always)]
fn conditional(bundle: &Bundle, request: &Request<'_>, own: &Own<'_>) -> Option<Outcome> {
    if own.side.contract == Contract::Trust {
        return None;
    }
    let view = &bundle.view();
    let room = Room::default();
    let who = Who { view, request, owner: NONE, room: &room };
    let classes = own_classes(request, own.classes);
    let facts = Facts { view, caller: &who, own: classes, remembered: Remembered::default() };
    let layer = LayerWalk { bundle, view, resource: own.resource, facts: &facts };
    let ends = [layer.end(own.ends[0])?, layer.end(own.ends[1])?];
    let outcome = decision(ends, own.flags, own.side);
    if outcome != Outcome::UNKNOWN { Some(outcome) } else { by_combination(&layer, own, ends) }
}

/// The decision where a walk or the combination has more to say.
#[inline(never)]
fn by_combination(layer: &LayerWalk<'_>, own: &Own<'_>, ends: [u32; 2]) -> Option<Outcome> {
    let request = layer.facts.caller.request;
    let action = &layer.view.action(request.action.known()?)?;
    let record = layer.view.principal(request.principal.id)?;
    let identity = layer.from(record.identity, own.lists[0], ends[0], action)?;
    let boundary = match record.boundary {
        NONE => None,
        set => Some(layer.from(set, own.lists[1], ends[1], action)?),
    };
    Some(Outcome::of(combine(&Combined { identity, boundary, ..combined(own, record.kind) })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::combine::Verdict;
    use crate::decision::RuleId;
    use crate::walk::UNKNOWN;

    /// V1, V2, V5, E3, E4: the short way says what the combination says, over all that two walks can end at.
    #[test]
    fn v2_the_short_way_is_the_combination() {
        let ends = [terminal::ALLOWS | 3, terminal::DENIES | 5, terminal::NOTHING];
        let verdict = |end: u32| match end & terminal::KIND {
            terminal::ALLOWS => Verdict::default().allowed_by(RuleId(end & terminal::VALUE)),
            terminal::DENIES => Verdict::default().denied_by(RuleId(end & terminal::VALUE)),
            _ => Verdict::default(),
        };
        let mut compared = 0;
        for kind in [f::PRINCIPAL_USER, f::PRINCIPAL_ROLE] {
            for identity in ends {
                for (bounded, boundary) in
                    [(false, terminal::ALLOWS)].into_iter().chain(ends.map(|end| (true, end)))
                {
                    for same_account in [false, true] {
                        let own = Own {
                            resource: "",
                            classes: 0,
                            lists: [0; 2],
                            ends: [identity, boundary],
                            side: BareSide { same_account, ..BareSide::default() },
                            flags: f::ACTION_RCP,
                        };
                        let boundary = bounded.then(|| verdict(boundary));
                        let identity = verdict(identity);
                        let expected = combine(&Combined { identity, boundary, ..combined(&own, kind) });
                        let short =
                            |ends, flags, side: &BareSide| decision(ends, flags, *side).of_holder(NONE);
                        assert_eq!(short(own.ends, own.flags, &own.side), Some(expected), "{:?}", own.ends);
                        compared += 1;
                        // What is pending or out of the ordinary has no short way.
                        for pending in [UNKNOWN, terminal::DIAGRAM | 9] {
                            assert_eq!(short([pending, own.ends[1]], own.flags, &own.side), None);
                            assert_eq!(short([own.ends[0], pending], own.flags, &own.side), None);
                        }
                        for flags in 0..=f::ACTION_FLAGS {
                            let expected =
                                Combined { identity, boundary, ..combined(&Own { flags, ..own }, kind) };
                            let found = short(own.ends, flags, &own.side);
                            assert!(
                                found.is_none_or(|it| it == combine(&expected)),
                                "{:?} {flags}",
                                own.ends
                            );
                        }
                        assert_eq!(short(own.ends, 0, &BareSide { unusual: true, ..own.side }), None);
                    }
                }
            }
        }
        assert_eq!(compared, 2 * 3 * 4 * 2);
    }
}
