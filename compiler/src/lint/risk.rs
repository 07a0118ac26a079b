//! Lints of what a policy gives away: everything, any role, or the means to get more (no rule of SEMANTICS: known ways of attack).

mod escalation;

use super::actions::{expand, on_everything};
use super::contain::{action_covers, glob_covers, names_action, statement_covers};
use super::findings::{Findings, name};
use super::places::Part;
use super::registry as lint;
use super::resources::works_on;
use super::sites::{Site, Use};
use crate::facts::details::Access;
use crate::model::{ActionClause, Document, Effect, ResourceClause, Statement};
use crate::pattern::{ActionForm, Glob, Piece, ResourceForm};

/// Actions that hand out secrets, or the use of keys, and what for.
const SECRETS: [&str; 6] = [
    "kms:decrypt",
    "secretsmanager:getsecretvalue",
    "ssm:getparameter",
    "ssm:getparameters",
    "ssm:getparametersbypath",
    "s3:getobject",
];

/// Actions that ask for several resources at once: service and name of one each that only a broad pattern matches, or that serves all.
const NEEDS: &[(&str, &[(&str, &str)])] = &[
    ("ssm:sendcommand", &[("ec2", "instance/i-00000000000000000"), ("ssm", "document/AWS-RunShellScript")]),
    ("ssm:startsession", &[("ec2", "instance/i-00000000000000000")]),
];

pub(super) fn check(found: &mut Findings<'_>, site: &Site<'_>) {
    if site.usage != Use::Identity || site.is_boundary {
        return;
    }
    let document = site.document;
    let allows = || document.statements.iter().filter(|it| it.effect == Effect::Allow);
    // Who may do everything needs no way to more.
    let administrator = allows().find(|it| is_administrator(it) && !is_denied(document, it));
    if let Some(statement) = administrator {
        let message = format!("{} allows every action on every resource", name(statement));
        let help = "name what is needed; or attach AWS's AdministratorAccess, so that everybody sees it";
        let part = Part::Element(super::actions::element(&statement.actions));
        found.statement(lint::RISK_ADMINISTRATOR, statement, part, message, help);
        return;
    }
    for statement in allows().filter(|it| !is_denied(document, it)) {
        any_role(found, statement);
        wide(found, statement);
    }
    escalation::check(found, document);
}

fn is_administrator(statement: &Statement) -> bool {
    let everything = statement.actions.patterns.iter().any(|pattern| match &pattern.form {
        ActionForm::Everything => true,
        ActionForm::Named { service, name } => service.is_any() && name.is_any(),
        ActionForm::Nothing => false,
    });
    let all = if statement.actions.negated { statement.actions.patterns.is_empty() } else { everything };
    all && statement.conditions.is_empty() && on_everything(statement)
}

fn is_denied(document: &Document, statement: &Statement) -> bool {
    document.statements.iter().any(|it| it.effect == Effect::Deny && statement_covers(it, statement))
}

/// Whether a clause matches all, or nearly all, of what an action works on that lies behind an ARN's type: `*`, `…:role/*`, all but some.
fn is_broad(clause: Option<&ResourceClause>, action: &str) -> bool {
    let Some(clause) = clause else { return false };
    clause.negated
        || clause.patterns.iter().any(|pattern| match &pattern.form {
            ResourceForm::Everything => true,
            ResourceForm::Nothing => false,
            ResourceForm::Parts(parts) => {
                parts.last().is_some_and(is_broad_name) && works_on(action, &pattern.form)
            }
        })
}

/// Whether a clause matches a resource of this service and name, wherever and whosever it is.
fn matches_name(clause: Option<&ResourceClause>, (of, wanted): (&str, &str)) -> bool {
    let Some(clause) = clause else { return false };
    let matches = |form: &ResourceForm| match form {
        ResourceForm::Everything => true,
        ResourceForm::Nothing => false,
        ResourceForm::Parts(parts) => {
            let [_, _, service, _, _, name] = &**parts;
            glob_covers(service, &Glob::literal(of)) && glob_covers(name, &Glob::literal(wanted))
        }
    };
    clause.patterns.iter().any(|pattern| matches(&pattern.form)) != clause.negated
}

fn is_broad_name(name: &Glob) -> bool {
    match name.pieces() {
        [Piece::AnyRun] => true,
        [Piece::Literal(kind), Piece::AnyRun] => {
            kind.strip_suffix('/').or(kind.strip_suffix(':')).is_some_and(|kind| !kind.contains('/'))
        }
        _ => false,
    }
}

/// Whether an Allow names an action, given in lower case, on all or nearly all resources without a condition.
fn gives(statement: &Statement, action: &str) -> bool {
    let Some((service, name)) = action.split_once(':') else { return false };
    let broad = match NEEDS.iter().find(|(of, _)| *of == action) {
        Some((_, names)) => names.iter().all(|it| matches_name(statement.resources.as_ref(), *it)),
        None => is_broad(statement.resources.as_ref(), action),
    };
    broad && statement.conditions.is_empty() && names_action(&statement.actions, service, name)
}

/// The pattern of a clause that names an action, to point at.
fn pattern_of<'c>(clause: &'c ActionClause, action: &str) -> Option<&'c str> {
    let (service, name) = action.split_once(':')?;
    let wanted = ActionForm::Named { service: Glob::literal(service), name: Glob::literal(name) };
    let pattern = clause.patterns.iter().find(|it| action_covers(&it.form, &wanted))?;
    (!clause.negated).then_some(&pattern.text)
}

fn point<'c>(statement: &'c Statement, action: &str) -> Part<'c> {
    let element = super::actions::element(&statement.actions);
    pattern_of(&statement.actions, action).map_or(Part::Element(element), |text| Part::In(element, text))
}

fn any_role(found: &mut Findings<'_>, statement: &Statement) {
    let broad = is_broad(statement.resources.as_ref(), "iam:passrole");
    // Conditions that say which service gets the role, which roles are meant, or through which service alone they are passed.
    let narrows = |key: &str| {
        matches!(key, "iam:passedtoservice" | "iam:associatedresourcearn")
            || ["aws:resourcetag/", "iam:resourcetag/", "aws:calledvia"].iter().any(|it| key.starts_with(it))
    };
    let narrowed = statement.conditions.iter().any(|it| narrows(&it.key));
    if broad && !narrowed && names_action(&statement.actions, "iam", "passrole") {
        let message = "this lets every role be passed to every service, which then acts with it";
        let help = "name the roles, and ask for iam:PassedToService";
        found.statement(lint::RISK_PASS_ANY_ROLE, statement, point(statement, "iam:passrole"), message, help);
    }
    if gives(statement, "sts:assumerole") {
        let message = "this lets every role be taken that trusts the account, in other accounts too";
        let help = "name the roles";
        found.statement(
            lint::RISK_ASSUME_ANY_ROLE,
            statement,
            point(statement, "sts:assumerole"),
            message,
            help,
        );
    }
}

fn wide(found: &mut Findings<'_>, statement: &Statement) {
    if !statement.conditions.is_empty() || !on_everything(statement) || statement.actions.negated {
        return;
    }
    if found.is_on(lint::RISK_PERMISSIONS_WIDE) {
        for pattern in &statement.actions.patterns {
            let actions = expand(&pattern.form).unwrap_or_default();
            let changes = |(facts, name): &&(&crate::facts::details::ServiceFacts, &str)| {
                facts.action(name).is_some_and(|action| {
                    action.access == Access::Permissions && facts.types(action).next().is_some()
                })
            };
            if let Some((_, action)) = actions.iter().find(changes) {
                let message = format!(
                    "`{}` changes permissions, `{action}` among others, on every resource",
                    pattern.text
                );
                let part = Part::In("Action", &pattern.text);
                found.statement(lint::RISK_PERMISSIONS_WIDE, statement, part, message, "name the resources");
            }
        }
    }
    if found.is_on(lint::RISK_SECRETS_WIDE) {
        for action in SECRETS {
            if gives(statement, action) {
                let message = format!("this allows {action} on everything of every owner who lets it");
                let help = "name the secrets, keys, parameters or buckets";
                found.statement(lint::RISK_SECRETS_WIDE, statement, point(statement, action), message, help);
            }
        }
    }
}
