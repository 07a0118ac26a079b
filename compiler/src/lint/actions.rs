//! Lints of actions (rules A1, A2): names that do not exist, and more than anybody can have meant.

use portcullis_grammar::suggest;

use super::contain::{action_covers, tokens, tokens_meet};
use super::findings::{Findings, name};
use super::places::Part;
use super::registry as lint;
use super::sites::{Site, Use};
use crate::facts::details::{self, ServiceFacts};
use crate::facts::{known_service, known_services};
use crate::model::{ActionClause, ActionPattern, Effect, Statement};
use crate::pattern::{ActionForm, ResourceForm};

/// A list longer than this is not compared with itself.
const MOST_COMPARED: usize = 400;

/// The actions of a clause with more patterns are not looked up for each resource and condition.
pub(super) const MOST_EXPANDED: usize = 2_000;

pub(super) fn check(found: &mut Findings<'_>, site: &Site<'_>, statement: &Statement) {
    let clause = &statement.actions;
    let element = element(clause);
    for pattern in &clause.patterns {
        known(found, statement, pattern, element);
    }
    if found.is_on(lint::A1_REDUNDANT_ACTION) {
        redundant(found, statement);
    }
    if statement.effect == Effect::Allow && site.usage == Use::Identity {
        wide(found, statement);
    }
    // Control policies and boundaries are read from what they leave out.
    let grants = matches!(site.usage, Use::Identity | Use::Resource);
    if statement.effect == Effect::Allow && clause.negated && grants {
        found.statement(
            lint::A1_NOT_ACTION_ALLOW,
            statement,
            Part::Element(element),
            "`NotAction` with Allow grants every action but those named, those of services to come too",
            "name the actions in \"Action\"; or keep this Allow wide and add a Deny for what is not meant",
        );
    }
}

/// The element that a clause stands in.
pub(super) fn element(clause: &ActionClause) -> &'static str {
    if clause.negated { "NotAction" } else { "Action" }
}

/// The known actions that a pattern covers, by service and name in lower case. `None` where not all can be known: the service half has a
/// wildcard, or the reference does not have the service or the action.
pub(super) fn expand(form: &ActionForm) -> Option<Vec<(&'static ServiceFacts, &'static str)>> {
    let ActionForm::Named { service, name } = form else { return None };
    let facts = details::service(service.as_literal()?)?;
    if let Some(name) = name.as_literal() {
        let name = facts.name(name)?;
        return Some(vec![(facts, name)]);
    }
    let pattern = tokens(name);
    let matches = |known: &str| {
        let known: Vec<_> = known.chars().map(super::contain::Token::Char).collect();
        tokens_meet(&pattern, &known)
    };
    Some(facts.actions().filter(|(known, _)| matches(known)).map(|(known, _)| (facts, known)).collect())
}

fn known(found: &mut Findings<'_>, statement: &Statement, pattern: &ActionPattern, element: &'static str) {
    let ActionForm::Named { service, name } = &pattern.form else { return };
    let Some(prefix) = service.as_literal() else { return };
    let is_exact = !name.has_wildcard();
    // In `.gate` files reading looks at whole names.
    if is_exact && found.is_gate(statement.origin) {
        return;
    }
    let part = Part::In(element, &pattern.text);
    let Some(known) = known_service(prefix) else {
        let code = lint::A1_UNKNOWN_SERVICE;
        if found.is_full(code, statement.origin) {
            return;
        }
        let near = suggest::nearest(prefix, known_services().iter().map(|service| service.prefix));
        let help = near.map_or_else(
            || {
                "write the prefix that AWS documents; if the service is newer than this program, silence this"
                    .to_owned()
            },
            |near| format!("did you mean `{near}:`?"),
        );
        found.statement(code, statement, part, format!("there is no service `{prefix}`"), help);
        return;
    };
    if is_exact {
        let name = name.as_literal().unwrap_or("");
        let code = lint::A1_UNKNOWN_ACTION;
        if known.actions.iter().any(|known| known.eq_ignore_ascii_case(name))
            || found.is_full(code, statement.origin)
        {
            return;
        }
        let near = suggest::nearest(name, known.actions.iter().copied());
        let help = near.map_or_else(
            || format!("look the action up among those of {prefix}; if it is newer than this program, silence this"),
            |near| format!("did you mean `{prefix}:{near}`?"),
        );
        let message = format!("{prefix} has no action `{}`", pattern.text);
        found.statement(code, statement, part, message, help);
    } else if !name.is_any() && expand(&pattern.form).is_some_and(|actions| actions.is_empty()) {
        let message = format!("`{}` matches no action that {prefix} has", pattern.text);
        let help = "correct the part before the wildcard, or remove the pattern";
        found.statement(lint::A1_MATCHES_NO_ACTION, statement, part, message, help);
    }
}

fn redundant(found: &mut Findings<'_>, statement: &Statement) {
    let patterns = &statement.actions.patterns;
    if patterns.len() > MOST_COMPARED {
        return;
    }
    for (at, pattern) in patterns.iter().enumerate() {
        let wider = patterns.iter().enumerate().find(|(other, wider)| {
            *other != at
                && action_covers(&wider.form, &pattern.form)
                // Of two equal ones the later one is too many.
                && (*other < at || !action_covers(&pattern.form, &wider.form))
        });
        if let Some((_, wider)) = wider {
            let message = format!("`{}` is covered by `{}`", pattern.text, wider.text);
            let part = Part::In(element(&statement.actions), &pattern.text);
            found.statement(lint::A1_REDUNDANT_ACTION, statement, part, message, "remove it");
        }
    }
}

/// Whether a statement names every resource.
pub(super) fn on_everything(statement: &Statement) -> bool {
    statement.resources.as_ref().is_some_and(|clause| {
        !clause.negated && clause.patterns.iter().any(|it| matches!(it.form, ResourceForm::Everything))
    })
}

fn wide(found: &mut Findings<'_>, statement: &Statement) {
    if statement.actions.negated || !on_everything(statement) || !statement.conditions.is_empty() {
        return;
    }
    for pattern in &statement.actions.patterns {
        if let ActionForm::Named { service, name: action } = &pattern.form
            && action.is_any()
            && !service.is_any()
        {
            let message = format!("{} allows `{}` on every resource", name(statement), pattern.text);
            let part = Part::In("Action", &pattern.text);
            let help = "name the actions that are needed, or the resources";
            found.statement(lint::A1_SERVICE_WIDE, statement, part, message, help);
        }
    }
}
