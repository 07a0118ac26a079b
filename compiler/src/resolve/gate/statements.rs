//! Statements: their clauses to the elements of IAM's, and to several statements where one cannot say it (rules P2, C1).

use portcullis_grammar::gate::ast::{
    Clause, Effect, Expression, Head, PrincipalSelection, Selection, Statement, Value as Given,
};
use portcullis_grammar::json::{Member, Value};
use portcullis_grammar::source::Span;

use super::conditions::{self, Condition, Test};
use super::json::{member, object, string, strings};
use super::policies::{Drafted, STATEMENT};
use super::scope::{self, Scope, expand_all, holds_nothing};
use super::{Block, Elaborator, actions, principals};
use crate::model::DocumentKind;
use crate::resolve::codes;
use crate::resolve::reader::Reader;

impl<'a> Elaborator<'a, '_> {
    /// Adds what a statement stands for to a document.
    pub(super) fn statement(
        &mut self,
        block: &Block<'a>,
        statement: &Statement<'a>,
        kind: DocumentKind,
        drafted: &mut Drafted,
    ) {
        let mut reader = self.reader(block.file);
        let scope = &*block.scope;
        let parts = Parts::of(&mut reader, statement);
        let condition = parts.condition(&mut reader, scope);
        let actions = parts.actions(statement);
        let actions = actions.map(|(span, selection)| self.selection(block, span, selection, "Action"));
        let resources = parts.on.map(|(span, selection)| self.selection(block, span, selection, "Resource"));
        let mut members = vec![];
        if let Some(text) = &statement.name
            && let Some(name) = scope::name(&mut self.reader(block.file), text)
        {
            members.push(member("Sid", text.span, string(&name, text.span)));
        }
        let effect = match statement.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        let start = Span::new(statement.span.start as usize, statement.span.start as usize + 1);
        members.push(member("Effect", start, string(effect, start)));
        let mut whole = !parts.broken;
        let mut who = parts.principals(statement);
        if let (true, Some((span, _))) = (kind.is_identity_type(), who) {
            let message = "this policy speaks for whom it is attached to, and names nobody";
            let help = "take `to` and what follows away, or attach the policy to them";
            self.reader(block.file).error(codes::P2_PRINCIPAL, span, message, help);
            who = None;
            whole = false;
        }
        if let (DocumentKind::Trust, Some((span, selection))) = (kind, who)
            && selection.except.is_some()
        {
            let message = "a trust policy cannot say all but some";
            self.reader(block.file).error(codes::P2_PRINCIPAL, span, message, "name who may take the role");
            who = None;
            whole = false;
        }
        let mut default_action = None;
        let (mut unsaid, damaged) = (who.is_some(), self.damaged(block.file));
        match who {
            Some((span, who)) => match self.principals(block, span, who) {
                Some(found) => {
                    default_action = principals::default_action(&found);
                    members.push(found);
                }
                None => {
                    whole = false;
                    unsaid = false;
                }
            },
            None if damaged => whole = false,
            None if matches!(kind, DocumentKind::Resource | DocumentKind::Trust) => {
                let message = "this statement does not say to whom it speaks";
                let help = "add `to` and the principals; `to *` for everybody";
                self.reader(block.file).error(codes::P2_PRINCIPAL, start, message, help);
                whole = false;
            }
            None => {}
        }
        match (actions, default_action) {
            (Some(Some(actions)), _) => {
                actions::lint(&mut self.reader(block.file), &actions.value);
                members.push(actions);
            }
            (None, Some(action)) => members.push(member("Action", start, string(action, start))),
            (Some(None), _) => whole = false,
            (None, None) if damaged || !unsaid => whole = false,
            (None, None) => {
                let message = "this statement does not say for which actions";
                let help = "add `for` and the actions, such as for sts:AssumeRole";
                self.reader(block.file).error(codes::P2_ACTION, start, message, help);
                whole = false;
            }
        }
        match resources {
            Some(Some(resources)) => members.push(resources),
            Some(None) => whole = false,
            None if matches!(kind, DocumentKind::Trust | DocumentKind::Resource) => {}
            None if damaged => whole = false,
            None => {
                let message = "this statement does not say on which resources";
                let help = "add `on` and the resources; `on *` for all";
                self.reader(block.file).error(codes::P2_RESOURCE, start, message, help);
                whole = false;
            }
        }
        let conjunctions = match condition {
            Some(None) => vec![Vec::new()],
            Some(Some(condition)) => {
                let mut reader = self.reader(block.file);
                match conditions::statements(&mut reader, &condition, statement.span) {
                    Some(conjunctions) => conjunctions,
                    None => return,
                }
            }
            None => return,
        };
        if !whole {
            // Whatever a statement is left out for, it is never left out silently: it may deny something.
            if !self.sink.failed() && self.options.complete {
                let message = "a list in this statement is empty, so that it speaks to nobody";
                self.reader(block.file).error(
                    codes::P2_PRINCIPAL,
                    start,
                    message,
                    "name at least one principal",
                );
            }
            return;
        }
        for (number, tests) in (1..).zip(conjunctions) {
            let mut members = members.clone();
            if number > 1 {
                drafted.yielding.push(drafted.statements.len());
                // The others grow with the file; these with what an expression becomes.
                if !self.reader(block.file).spend(STATEMENT, statement.span) {
                    return;
                }
            }
            if !tests.is_empty() {
                members.push(member(
                    "Condition",
                    parts.condition_span(statement.span),
                    block_of(tests, statement.span),
                ));
            }
            drafted.statements.push(object(members, statement.span));
        }
    }

    /// `Action` and `Resource`, or their Not-forms.
    fn selection(
        &mut self,
        block: &Block<'a>,
        span: Span,
        selection: &Selection<'a>,
        name: &str,
    ) -> Option<Member> {
        let mut reader = self.reader(block.file);
        let texts = expand_all(&mut reader, &block.scope, &selection.values);
        let empty = |values: &[Given<'_>]| values.iter().all(holds_nothing);
        let Some(except) = &selection.except else {
            let some = !texts.is_empty() || empty(&selection.values);
            return some.then(|| member(name, span, strings(texts, selection.span)));
        };
        if !matches!(texts.as_slice(), [(text, _)] if &**text == "*") {
            let message = "`except` needs a `*` before it";
            let help =
                "write * except …: IAM can say all but some, not some but others; a deny takes from an allow";
            reader.error(codes::GATE_EXCEPT, selection.span, message, help);
            return None;
        }
        let texts = expand_all(&mut reader, &block.scope, except);
        let some = !texts.is_empty() || empty(except);
        some.then(|| member(&format!("Not{name}"), span, strings(texts, selection.span)))
    }
}

/// The clauses of a statement, each once.
#[derive(Default)]
struct Parts<'s, 'a> {
    on: Option<(Span, &'s Selection<'a>)>,
    to: Option<(Span, &'s PrincipalSelection<'a>)>,
    of_actions: Option<(Span, &'s Selection<'a>)>,
    conditions: Vec<(Span, &'s Expression<'a>, bool)>,
    broken: bool,
}

impl<'s, 'a> Parts<'s, 'a> {
    fn of(reader: &mut Reader<'_, '_>, statement: &'s Statement<'a>) -> Self {
        let mut parts = Self::default();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for clause in &statement.clauses {
            let (word, span) = clause.word();
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == word) {
                let message = format!("`{word}` stands twice in one statement");
                let help = match clause {
                    Clause::If(..) | Clause::Unless(..) => "join the conditions with `and`",
                    _ => "put everything behind one of them, with commas",
                };
                reader.clash(codes::GATE_TWICE, span, *first, message, help);
                parts.broken = true;
                continue;
            }
            seen.push((word, span));
            let in_trust = matches!(statement.head, Head::Principals(_));
            let misplaced = match clause {
                Clause::To(..) if in_trust => {
                    Some(("to", "the principals stand right behind allow or deny here"))
                }
                Clause::For(..) if !in_trust => {
                    Some(("for", "the actions stand right behind allow or deny here"))
                }
                _ => None,
            };
            if let Some((word, help)) = misplaced {
                reader.error(
                    codes::GATE_PLACE,
                    span,
                    format!("`{word}` has no place in this statement"),
                    help,
                );
                parts.broken = true;
            }
            match clause {
                Clause::On(span, selection) => parts.on = Some((*span, selection)),
                Clause::To(span, who) => parts.to = Some((*span, who)),
                Clause::For(span, selection) => parts.of_actions = Some((*span, selection)),
                Clause::If(span, condition) => parts.conditions.push((*span, condition, false)),
                Clause::Unless(span, condition) => parts.conditions.push((*span, condition, true)),
            }
        }
        parts
    }

    fn actions(&self, statement: &'s Statement<'a>) -> Option<(Span, &'s Selection<'a>)> {
        match &statement.head {
            Head::Actions(selection) => Some((selection.span, selection)),
            Head::Principals(_) => self.of_actions,
        }
    }

    fn principals(&self, statement: &'s Statement<'a>) -> Option<(Span, &'s PrincipalSelection<'a>)> {
        match &statement.head {
            Head::Principals(who) => Some((who.span, who)),
            Head::Actions(_) => self.to,
        }
    }

    /// The condition: `Some(None)` where there is none, `None` where it is wrong.
    fn condition(&self, reader: &mut Reader<'_, '_>, scope: &Scope) -> Option<Option<Condition>> {
        let read = |(_, condition, negated): &(Span, &Expression<'_>, bool)| {
            conditions::read(reader, scope, condition, *negated)
        };
        let all: Vec<_> = self.conditions.iter().map(read).collect();
        let mut all = all.into_iter().collect::<Option<Vec<_>>>()?;
        Some(match all.len() {
            0 => None,
            1 => all.pop(),
            _ => Some(Condition::And(all)),
        })
    }

    fn condition_span(&self, otherwise: Span) -> Span {
        self.conditions.first().map_or(otherwise, |(span, _, _)| *span)
    }
}

/// The condition block of some tests: keys by operator, in the order of the tests.
fn block_of(tests: Vec<Test>, span: Span) -> Value {
    let mut operators: Vec<(String, Vec<Member>)> = Vec::new();
    for Test { operator, key: (key, at), values } in tests {
        let name = operator.to_string();
        let entry = member(&key, at, strings(values, at));
        match operators.iter_mut().find(|(known, _)| *known == name) {
            Some((_, keys)) => keys.push(entry),
            None => operators.push((name, vec![entry])),
        }
    }
    let members = operators.into_iter().map(|(name, keys)| {
        let at = keys.first().map_or(span, |key| key.key_span);
        member(&name, at, object(keys, at))
    });
    object(members.collect(), span)
}
