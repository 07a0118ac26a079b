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
use crate::decision::{Decision, Effect, Layer, NO_LEVEL, Reason};
use crate::format::{self as f, LIST_BIT, NONE, Section, TERMINAL_BIT, terminal};
use crate::layers::LayerWalk;
use crate::request::Request;
use crate::side::BareSide;
use crate::view::View;
use crate::walk::{End, walk};

/// Facts about an action that make a decision out of the ordinary.
const UNUSUAL: u32 = f::ACTION_UNCONTROLLED | f::ACTION_UNCONTROLLED_FOR_USERS | f::ACTION_NO_CALLER_SIDE;

/// What both layers of a principal have come to.
pub(crate) struct Own {
    /// The root lists of identity layer and boundary; the boundary's means nothing where there is none.
    pub(crate) lists: [u32; 2],
    /// Where their walks ended: a terminal, or [`NONE`] where more than a walk is needed.
    pub(crate) ends: [u32; 2],
    pub(crate) side: BareSide,
    pub(crate) flags: u32,
}

/// The terminal that a root list leads to; [`NONE`] where it takes more than one walk to know.
#[inline(always)]
pub(crate) fn reach(view: &View<'_>, list: u32, resource: &str) -> Option<u32> {
    if list & TERMINAL_BIT != 0 { Some(list) } else { reach_from(view, list, resource) }
}

/// By itself, so that the loop of the walk has all registers.
#[inline(never)]
fn reach_from(view: &View<'_>, root: u32, resource: &str) -> Option<u32> {
    if root & LIST_BIT != 0 {
        return Some(NONE);
    }
    Some(match walk(view.words_at(Section::Nodes, 0)?, root, resource.as_bytes())? {
        End::Terminal(terminal) => terminal,
        End::Leaf { .. } => NONE,
    })
}

/// The decision where both ends are verdicts and nothing is out of the ordinary. Its holder is for the caller to name.
///
/// From a table: which of these it is no processor could guess.
#[inline(always)]
pub(crate) fn decision(ends: [u32; 2], flags: u32, side: &BareSide) -> Option<Decision> {
    let [identity, boundary] = ends;
    let conditional = |end: u32| (end & terminal::KIND == terminal::DIAGRAM) | (end == NONE);
    let usual = !(conditional(identity) | conditional(boundary) | (flags & UNUSUAL != 0) | side.unusual);
    if !usual {
        return None;
    }
    let place = (identity >> 29 & 3) << 3 | (boundary >> 29 & 3) << 1 | u32::from(side.same_account);
    let &(effect, layer, reason, of) = DECISIONS.get(place as usize)?;
    let &rule = [identity & terminal::VALUE, boundary & terminal::VALUE, NONE].get(of)?;
    Some(Decision { effect, layer, reason, level: NO_LEVEL, rule, holder: NONE })
}

/// What decides, and whose rule: the identity layer's, the boundary's or none.
type Outcome = (Effect, Layer, Reason, usize);

/// By the kinds of both ends, and whether the resource is of the caller's account.
#[expect(clippy::indexing_slicing, reason = "a constant: what is out of bounds fails the build")]
const DECISIONS: [Outcome; 32] = {
    let mut decisions = [outcome(0, 0, false); 32];
    let mut place = 0;
    while place < 32 {
        decisions[place] = outcome((place >> 3) as u32, (place >> 1 & 3) as u32, place & 1 == 1);
        place += 1;
    }
    decisions
};

/// V1 before V2, E4 before the implicit denies of the layers; V5: the first of them.
const fn outcome(identity: u32, boundary: u32, same_account: bool) -> Outcome {
    const DENIES: u32 = terminal::DENIES >> 29 & 3;
    const ALLOWS: u32 = terminal::ALLOWS >> 29 & 3;
    if identity == DENIES {
        (Effect::ExplicitDeny, Layer::Identity, Reason::Statement, 0)
    } else if boundary == DENIES {
        (Effect::ExplicitDeny, Layer::Boundary, Reason::Statement, 1)
    } else if !same_account {
        (Effect::ImplicitDeny, Layer::Resource, Reason::CrossAccount, 2)
    } else if identity != ALLOWS {
        (Effect::ImplicitDeny, Layer::Identity, Reason::NoStatement, 2)
    } else if boundary != ALLOWS {
        (Effect::ImplicitDeny, Layer::Boundary, Reason::NoStatement, 2)
    } else {
        (Effect::Allow, Layer::Identity, Reason::Statement, 0)
    }
}

/// What the combination is asked about a principal's own layers.
fn combined(own: &Own, kind: u32) -> Combined {
    Combined {
        caller: if kind == f::PRINCIPAL_USER { Caller::User } else { Caller::Role },
        known: true,
        same_account: own.side.same_account,
        contract: own.side.contract,
        owned_by_aws: own.side.owned_by_aws,
        ..Combined::of_action(own.flags)
    }
}

/// The decision where conditions, several automata or the contract of a service count.
#[inline(never)]
pub(crate) fn by_conditions(
    bundle: &Bundle,
    view: &View<'_>,
    request: &Request<'_>,
    resource: &str,
    own: &Own,
) -> Option<Decision> {
    debug_assert!(own.side.contract != Contract::Trust, "a trust policy counts");
    let room = Room::default();
    let who = Who { view, request, owner: NONE, room: &room };
    let record = view.principal(request.principal.id)?;
    let classes = own_classes(request, &record);
    let facts = Facts { view, caller: &who, own: classes, remembered: Remembered::default() };
    let layer = LayerWalk { bundle, view, resource, facts: &facts };
    let ends = [layer.end(own.ends[0])?, layer.end(own.ends[1])?];
    if let Some(decision) = decision(ends, own.flags, &own.side) {
        return Some(Decision { holder: request.principal.id, ..decision });
    }
    let action = &view.action(request.action.known()?)?;
    let identity = layer.from(record.identity, own.lists[0], ends[0], action)?;
    let boundary = match record.boundary {
        NONE => None,
        set => Some(layer.from(set, own.lists[1], ends[1], action)?),
    };
    let decision = combine(&Combined { identity, boundary, ..combined(own, record.kind) });
    Some(Decision { holder: request.principal.id, ..decision })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::combine::Verdict;
    use crate::decision::RuleId;

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
                            lists: [0; 2],
                            ends: [identity, boundary],
                            side: BareSide { same_account, ..BareSide::default() },
                            flags: f::ACTION_RCP,
                        };
                        let boundary = bounded.then(|| verdict(boundary));
                        let identity = verdict(identity);
                        let expected = combine(&Combined { identity, boundary, ..combined(&own, kind) });
                        let short = |ends, flags, side: &BareSide| decision(ends, flags, side);
                        assert_eq!(short(own.ends, own.flags, &own.side), Some(expected), "{:?}", own.ends);
                        compared += 1;
                        // What is pending or out of the ordinary has no short way.
                        for pending in [NONE, terminal::DIAGRAM | 9] {
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
