//! Lints of statements that can never matter (rules V1, V3, E1, E5): denied by others, contained in others, outside of what a boundary or the
//! organization lets through.
//!
//! What is reported is certain: a statement covers another only where its conditions are among those of the other. Which statements of one
//! document are covered by those of another is found once for each pair of documents, however many identities have both.

use std::collections::HashMap;

mod limits;

use limits::{Boundaries, Chains};

use super::contain::{leaves_nothing, statement_covers};
use super::findings::{Findings, name};
use super::registry as lint;
use super::sites::{Holder, Site, Sites, Use};
use crate::model::{Document, Effect, Model, Statement};
use crate::pattern::{ActionForm, ResourceForm};

/// Documents with more statements, and identities with more documents, are not compared.
const MOST_STATEMENTS: usize = 128;
const MOST_DOCUMENTS: usize = 64;

const REMOVE: &str = "remove it, or narrow the other";

/// Whether a statement takes all effect from another: it denies all of it, or says all of it as well.
fn takes(other: &Statement, of: &Statement) -> bool {
    let denies = other.effect == Effect::Deny && of.effect == Effect::Allow;
    // What one statement of a `.gate` file became is one statement.
    (denies || other.effect == of.effect) && other.origin != of.origin && statement_covers(other, of)
}

/// Whether a statement has a pattern that matches something; that of others is told by itself.
fn matches_something(statement: &Statement) -> bool {
    let actions = &statement.actions;
    let resources = statement.resources.as_ref();
    (actions.negated || actions.patterns.iter().any(|it| it.form != ActionForm::Nothing))
        && resources
            .is_none_or(|it| it.negated || it.patterns.iter().any(|it| it.form != ResourceForm::Nothing))
}

/// Of two statements that say the same, whether this one is the one too many.
fn is_later(statement: &Statement, other: &Statement) -> bool {
    other.effect != statement.effect || statement.origin > other.origin || !statement_covers(statement, other)
}

/// Statements of a document that another one of it makes pointless.
pub(super) fn within(found: &mut Findings<'_>, site: &Site<'_>) {
    let statements = &site.document.statements;
    if statements.len() > MOST_STATEMENTS {
        return;
    }
    for statement in statements.iter().filter(|it| matches_something(it)) {
        let taken: Vec<&Statement> = statements.iter().filter(|other| takes(other, statement)).collect();
        if let Some(deny) = taken.iter().find(|it| it.effect != statement.effect) {
            let message =
                format!("{} can never allow anything: {} denies all of it", name(statement), name(deny));
            found.pair(lint::V1_SHADOWED, statement, (deny, "denies all of it"), message, REMOVE);
        } else if let Some(wider) = taken.iter().find(|it| is_later(statement, it)) {
            let message = format!("{} says nothing that {} does not say", name(statement), name(wider));
            found.pair(lint::V3_CONTAINED, statement, (wider, "says all of it"), message, "remove it");
        }
    }
}

/// Which statements of a document others take the effect from: a bit each.
type Bits = u128;

struct Across<'s, 'm> {
    sites: &'s Sites<'m>,
    model: &'m Model,
    pairs: HashMap<(usize, usize), Bits>,
    limits: HashMap<(usize, usize), Bits>,
    levels: HashMap<(usize, usize), Bits>,
}

/// Statements that something outside of their document makes pointless, for everybody who has it.
pub(super) fn across(found: &mut Findings<'_>, model: &Model, sites: &Sites<'_>) {
    let mut across =
        Across { sites, model, pairs: HashMap::new(), limits: HashMap::new(), levels: HashMap::new() };
    let boundaries = Boundaries::new(model, sites);
    let chains = Chains::new(model);
    for (at, site) in sites.all.iter().enumerate() {
        let statements = &site.document.statements;
        let reported = !site.is_aws || found.looks_at_aws();
        let grants = site.usage == Use::Identity && !site.is_boundary;
        if !reported || !grants || site.holders.is_empty() || statements.len() > MOST_STATEMENTS {
            continue;
        }
        let all = (0..statements.len()).fold(0, |bits: Bits, at| bits | 1 << at);
        let (mut elsewhere, mut bounded, mut controlled) = (all, all, all);
        for holder in &site.holders {
            if elsewhere | bounded | controlled == 0 {
                break;
            }
            if elsewhere != 0 {
                elsewhere &= across.by_others(at, *holder);
            }
            if bounded != 0 {
                bounded &= boundaries.of(*holder).map_or(0, |limit| across.by_boundary(at, limit));
            }
            if controlled != 0 {
                controlled &= chains.of(*holder).map_or(0, |chain| across.by_chain(at, chain, &chains));
            }
        }
        for (bit, statement) in statements.iter().enumerate() {
            let is = |bits: Bits| bits >> bit & 1 == 1;
            let own = site.document.statements.iter().any(|other| takes(other, statement));
            let called = name(statement);
            if own {
                continue;
            }
            if is(elsewhere) {
                across.report(found, at, statement);
            } else if is(bounded) {
                let message = format!(
                    "{called} can never allow anything: the permissions boundary leaves nothing of it"
                );
                let help = "remove it, or widen the boundary of those who have it";
                found.statement(
                    lint::E5_OUTSIDE_BOUNDARY,
                    statement,
                    super::places::Part::Whole,
                    message,
                    help,
                );
            } else if is(controlled) {
                let message = format!(
                    "{called} can never allow anything: the service control policies leave nothing of it"
                );
                let help = "remove it, or let the organization's policies through what it needs";
                found.statement(lint::E1_OUTSIDE_SCP, statement, super::places::Part::Whole, message, help);
            }
        }
    }
}

impl Across<'_, '_> {
    fn by_others(&mut self, at: usize, holder: Holder) -> Bits {
        let sites = self.sites;
        let Some(others) = sites.of.get(&holder).filter(|others| others.len() <= MOST_DOCUMENTS) else {
            return 0;
        };
        others.iter().filter(|other| **other != at).fold(0, |bits, other| bits | self.by(at, *other))
    }

    /// The statements of a document that those of another take the effect from.
    fn by(&mut self, at: usize, other: usize) -> Bits {
        let (Some(site), Some(by)) = (self.sites.all.get(at), self.sites.all.get(other)) else { return 0 };
        *self.pairs.entry((at, other)).or_insert_with(|| {
            bits(site.document, |statement| {
                by.document
                    .statements
                    .iter()
                    .any(|wider| takes(wider, statement) && is_later(statement, wider))
            })
        })
    }

    fn by_boundary(&mut self, at: usize, limit: usize) -> Bits {
        let (Some(site), Some(limits)) = (self.sites.all.get(at), self.sites.all.get(limit)) else {
            return 0;
        };
        *self.limits.entry((at, limit)).or_insert_with(|| {
            let limits = limits.document.statements.iter();
            bits(site.document, |it| it.effect == Effect::Allow && leaves_nothing(limits.clone(), it))
        })
    }

    fn by_chain(&mut self, at: usize, chain: usize, chains: &Chains<'_>) -> Bits {
        let Some(site) = self.sites.all.get(at) else { return 0 };
        let (model, levels) = (self.model, chains.all.get(chain));
        *self.levels.entry((at, chain)).or_insert_with(|| {
            bits(site.document, |statement| {
                statement.effect == Effect::Allow
                    && levels.into_iter().flatten().any(|level| {
                        let policies = level.iter().filter_map(|id| model.controls.get(*id));
                        leaves_nothing(policies.flat_map(|it| &it.document.statements), statement)
                    })
            })
        })
    }

    /// Says of a statement which other document of the first who has it takes its effect.
    fn report(&self, found: &mut Findings<'_>, at: usize, statement: &Statement) {
        let Some(site) = self.sites.all.get(at) else { return };
        let others = site.holders.first().and_then(|holder| self.sites.of.get(holder));
        let others = others.into_iter().flatten().filter(|other| **other != at);
        let statements =
            others.filter_map(|other| self.sites.all.get(*other)).flat_map(|it| &it.document.statements);
        let mut taking = statements.filter(|it| takes(it, statement) && is_later(statement, it));
        let Some(wider) = taking.next() else { return };
        let everybody = "of another policy that everybody has who has this one";
        if wider.effect == statement.effect {
            let message =
                format!("{} says nothing that {} {everybody} does not say", name(statement), name(wider));
            let related = (wider, "says all of it");
            found.pair(lint::V3_CONTAINED_ELSEWHERE, statement, related, message, "remove it");
        } else {
            let message = format!(
                "{} can never allow anything: {} {everybody} denies all of it",
                name(statement),
                name(wider)
            );
            found.pair(lint::V1_SHADOWED, statement, (wider, "denies all of it"), message, REMOVE);
        }
    }
}

fn bits(document: &Document, is: impl Fn(&Statement) -> bool) -> Bits {
    let statements = document.statements.iter().enumerate();
    statements.filter(|(_, it)| matches_something(it) && is(it)).fold(0, |bits, (at, _)| bits | 1 << at)
}
