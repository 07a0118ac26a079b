//! What stands between a request and an allow: each obstacle is taken away in thought, and the combination of the reference says what is
//! met next (rules V1, V5, E).

use portcullis_runtime::decision::{Effect, Layer, Reason};

use super::{LayerReport, Matched, NearMiss, Obstacle, ObstacleKind, Verdict};
use crate::model;
use crate::reference::Level;
use crate::reference::combine::{Bits, Outcome, Says, combine};

/// More than any request meets: two for each of two hundred levels, and two for each other layer.
const MOST: usize = 512;

/// All obstacles, in the order in which they are met.
pub(super) fn obstacles(mut bits: Bits, layers: &[LayerReport]) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    while obstacles.len() < MOST {
        let outcome = combine(&bits);
        if outcome.effect == Effect::Allow {
            break;
        }
        let report = report(layers, outcome.layer, outcome.level);
        let kind = kind(&bits, &outcome, report, layers);
        let of = report.map_or_else(String::new, |report| report.of.clone());
        obstacles.push(Obstacle { layer: outcome.layer, level: outcome.level, of, kind });
        if !lift(&mut bits, &outcome, layers) {
            break;
        }
    }
    obstacles
}

fn report(layers: &[LayerReport], layer: Layer, level: Option<usize>) -> Option<&LayerReport> {
    layers.iter().find(|report| report.layer == layer && report.level == level)
}

fn kind(
    bits: &Bits,
    outcome: &Outcome,
    report: Option<&LayerReport>,
    layers: &[LayerReport],
) -> ObstacleKind {
    if outcome.effect == Effect::ExplicitDeny {
        let is_deny = |it: &&Matched| it.statement.effect == model::Effect::Deny;
        return ObstacleKind::Denied(
            report.map_or_else(Vec::new, |report| report.matched.iter().filter(is_deny).cloned().collect()),
        );
    }
    if outcome.reason != Reason::NoStatement {
        return ObstacleKind::Other(outcome.reason);
    }
    let resource = self::report(layers, Layer::Resource, None);
    // E3, E5: within one account a direct match of the resource's policy is enough by itself.
    let is_enough = resource.is_some()
        && outcome.layer != Layer::Resource
        && combine(&with_direct_match(bits)).effect == Effect::Allow;
    ObstacleKind::Silent {
        near: allowing(report),
        or_resource: is_enough.then(|| allowing(resource)),
        is_delegated: resource.is_some_and(|report| {
            let mut allows = report.matched.iter().filter(|it| it.statement.effect == model::Effect::Allow);
            allows.any(|it| it.level == Level::Account)
        }),
    }
}

/// The statements that nearly allow.
fn allowing(report: Option<&LayerReport>) -> Vec<NearMiss> {
    let near = report.into_iter().flat_map(|report| &report.near);
    near.filter(|miss| miss.statement.effect == model::Effect::Allow).cloned().collect()
}

fn with_direct_match(bits: &Bits) -> Bits {
    let mut bits = *bits;
    bits.resource.get_or_insert_default().direct = true;
    bits
}

/// Takes an obstacle away; whether some policy could.
fn lift(bits: &mut Bits, outcome: &Outcome, layers: &[LayerReport]) -> bool {
    let below = || layers.iter().filter(|it| it.layer == outcome.layer && it.level > outcome.level);
    let allows = |it: &LayerReport| it.matched.iter().any(|it| it.statement.effect == model::Effect::Allow);
    let next_denying = || below().find(|it| it.verdict == Verdict::Denies).and_then(|it| it.level);
    let next_silent = || below().find(|it| !allows(it)).and_then(|it| it.level);
    let stop = |says: &mut Option<Says>| says.iter_mut().for_each(|says| says.denies = false);
    let grant = |says: &mut Option<Says>| says.iter_mut().for_each(|says| says.allows = true);
    let denies = outcome.effect == Effect::ExplicitDeny;
    match outcome.layer {
        Layer::Rcp => bits.rcp_denies = next_denying(),
        Layer::Scp if denies => bits.scp_denies = next_denying(),
        Layer::Scp => bits.scp_silent = next_silent(),
        Layer::Endpoint if denies => stop(&mut bits.endpoint),
        Layer::Endpoint => grant(&mut bits.endpoint),
        Layer::Resource if denies => bits.resource.iter_mut().for_each(|says| says.denies = false),
        Layer::Resource => *bits = with_direct_match(bits),
        Layer::Identity if denies => bits.identity.denies = false,
        // E13: there is no identity to give a policy to.
        Layer::Identity if outcome.reason == Reason::UnknownPrincipal => return false,
        Layer::Identity => bits.identity.allows = true,
        Layer::Boundary if denies => stop(&mut bits.boundary),
        Layer::Boundary => grant(&mut bits.boundary),
        Layer::Session if denies => stop(&mut bits.session),
        Layer::Session => grant(&mut bits.session),
        // E11, and what has no layer: no policy changes that.
        _ => return false,
    }
    true
}
