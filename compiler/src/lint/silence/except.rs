//! Access that is meant: statements which checks of access leave out of account, by the same comments and lists that silence lints.
//!
//! A finding of access may be granted by several statements at once, and only the first is underlined. So it is not findings that are taken
//! away, but what the statements allow: what is still open without them is found all the same.

use portcullis_grammar::source::{Position, Source};

use super::{Inputs, Judged, Rule, Silence, covers, list, read};
use crate::lint::registry::{Level, Lint};
use crate::model::{Document, Effect, Model, Statement};
use crate::resolve::codes;
use portcullis_grammar::diagnostic::Diagnostic;

/// The codes of checks of access.
const ACCESS: [&str; 4] =
    [codes::ACCESS_CROSS_ACCOUNT, codes::ACCESS_GRANTED, codes::ACCESS_NEW, codes::ACCESS_PUBLIC];

/// A check of access by its code, as what can be silenced.
pub(super) fn check_of_access(code: &str) -> Option<Lint> {
    let code = ACCESS.into_iter().find(|known| *known == code)?;
    let line = codes::ALL.iter().find(|(known, _)| *known == code).map_or("", |(_, line)| *line);
    Some(Lint { code, level: Level::Warn, line })
}

/// A model in which some statements allow nothing.
#[derive(Debug)]
pub struct Excepted {
    /// The model.
    pub model: Model,
    /// The statements: file and place of the first character.
    statements: Vec<(Source, u32, Silence)>,
}

/// The model without what a check of access shall leave out; `None` where that is nothing.
#[must_use]
pub fn except(inputs: &Inputs<'_>, code: &str) -> Option<Excepted> {
    let model = inputs.model?;
    let (mut rules, _) = read(inputs);
    rules.retain(|rule| rule.lint.code == code);
    if rules.is_empty() {
        return None;
    }
    let mut excepted = Excepted { model: model.clone(), statements: Vec::new() };
    let known = list::Statements::of(inputs, &rules);
    let statements = &mut excepted.statements;
    each_grant(&mut excepted.model, &mut |statement| {
        let Some((source, start)) = place(statement, inputs) else { return };
        if let Some(rule) = rules.iter().find(|rule| covers(rule, &source, start, inputs, &known)) {
            // An empty list matches nothing (rule P2); the numbers of the statements behind it stay.
            statement.actions.negated = false;
            statement.actions.patterns.clear();
            let silence = Silence { place: rule.place, reason: rule.reason.clone() };
            statements.push((source, start, silence));
        }
    });
    (!excepted.statements.is_empty()).then_some(excepted)
}

impl Excepted {
    /// A finding that is none without these statements, with the reasons why they are meant.
    #[must_use]
    pub fn judge(&self, diagnostic: Diagnostic) -> Judged {
        let is_at = |source: &Source, start: u32| {
            diagnostic.labels.iter().any(|label| {
                std::sync::Arc::ptr_eq(label.source.text(), source.text()) && label.span.start == start
            })
        };
        let at = self.statements.iter().find(|(source, start, _)| is_at(source, *start));
        let silence = at.or(self.statements.first()).map(|(_, _, silence)| silence.clone());
        Judged { diagnostic, silence }
    }
}

/// Marks rules about access as used that name a statement which grants.
pub(super) fn mark_used(rules: &mut [Rule], inputs: &Inputs<'_>, known: &list::Statements) {
    let Some(model) = inputs.model.filter(|_| rules.iter().any(|rule| ACCESS.contains(&rule.lint.code)))
    else {
        return;
    };
    each_grant(&mut model.clone(), &mut |statement| {
        let Some((source, start)) = place(statement, inputs) else { return };
        for rule in rules.iter_mut().filter(|rule| ACCESS.contains(&rule.lint.code)) {
            rule.used |= covers(rule, &source, start, inputs, known);
        }
    });
}

fn place(statement: &Statement, inputs: &Inputs<'_>) -> Option<(Source, u32)> {
    let origin = statement.origin;
    let source = inputs.sources.get(origin.file.index())?;
    Some((source.clone(), source.offset(Position { line: origin.line, column: origin.column })))
}

/// Looks at all statements that grant. A policy that is also a boundary is left alone: without its statements the boundary would hide more than
/// they grant. So are control policies, which grant nothing.
fn each_grant(model: &mut Model, look: &mut dyn FnMut(&mut Statement)) {
    let mut each = |document: &mut Document| {
        document.statements.iter_mut().filter(|it| it.effect == Effect::Allow).for_each(&mut *look);
    };
    let boundaries: Vec<usize> = model
        .users
        .iter()
        .map(|user| user.boundary)
        .chain(model.roles.iter().map(|role| role.boundary))
        .flatten()
        .map(crate::model::PolicyId::index)
        .collect();
    let users = model.users.iter_mut().map(|user| &mut user.identity);
    let groups = model.groups.iter_mut().map(|group| &mut group.identity);
    for identity in users.chain(groups) {
        identity.inline.iter_mut().for_each(|policy| each(&mut policy.document));
    }
    for role in &mut model.roles {
        role.identity.inline.iter_mut().for_each(|policy| each(&mut policy.document));
        role.trust.iter_mut().for_each(&mut each);
    }
    for (at, policy) in model.policies.iter_mut().enumerate() {
        if !boundaries.contains(&at) {
            policy.versions.iter_mut().for_each(|version| each(&mut version.document));
        }
    }
    model.resources.iter_mut().filter_map(|resource| resource.policy.as_mut()).for_each(each);
}
