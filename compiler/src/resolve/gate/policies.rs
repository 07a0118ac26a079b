//! Policies: bodies, statements and templates to the documents that they stand for (rules P1, P2).

use std::collections::HashSet;
use std::rc::Rc;

use portcullis_grammar::gate::ast::{
    Body, BodyItem, Call, Clause, Effect, Expression, Head, PrincipalSelection, Selection, Source, Statement,
    Value as Given,
};
use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_grammar::source::Span;

use super::conditions::{self, Condition, Test};
use super::json::{member, object, relocate, string, strings};
use super::scope::{Bound, Scope, expand, expand_all, literal};
use super::{Block, Elaborator, actions, principals};
use crate::model::DocumentKind;
use crate::resolve::codes;
use crate::resolve::document::{self, Sized};
use crate::resolve::reader::shown;

/// How many policies with parameters one policy may use, those that they use included.
const MOST_CALLS: usize = 2_000;

/// How many of them one after the other.
const MOST_CHAINED: usize = 32;

/// A document before it is read: language version and statements.
#[derive(Default)]
struct Drafted {
    version: Option<(Box<str>, Span)>,
    statements: Vec<Value>,
    names: HashSet<Box<str>>,
    /// The policies with parameters that are being used, the outermost first, and how many were.
    chain: Vec<Box<str>>,
    calls: usize,
}

impl<'a> Elaborator<'a, '_> {
    /// The document that a source stands for; `None` if there is none, which was reported.
    pub(super) fn document(
        &mut self,
        block: &Block<'a>,
        source: &Source<'a>,
        kind: DocumentKind,
    ) -> Option<Sized> {
        match source {
            Source::Body(body) => {
                let value = self.drafted(block, body, kind)?;
                let mut reader = self.reader(block.file);
                document::read(&mut reader, &value, kind)
            }
            Source::From(file) => self.imported_document(block, file, kind),
            Source::Call(call) => {
                let (inside, body) = self.called(block, call)?;
                let value = self.drafted(&inside, body, kind)?;
                let mut reader = self.reader(inside.file);
                document::read(&mut reader, &value, kind)
            }
        }
    }

    /// The document; `None` where nothing of it could be read, which was reported.
    fn drafted(&mut self, block: &Block<'a>, body: &Body<'a>, kind: DocumentKind) -> Option<Value> {
        let mut drafted = Drafted::default();
        for item in &body.items {
            if let BodyItem::Statement(Statement { name: Some(name), .. }) = item {
                drafted.names.insert(literal(name));
            }
        }
        self.body(block, body, kind, &mut drafted);
        let says = |item: &BodyItem<'_>| matches!(item, BodyItem::Statement(_) | BodyItem::Use(_));
        if drafted.statements.is_empty()
            && (body.items.iter().any(says) && self.sink.failed() || self.damaged(block.file))
        {
            self.drafts.incomplete = true;
            return None;
        }
        let (version, at) = drafted.version.unwrap_or(("2012-10-17".into(), body.span));
        let list = Value { span: body.span, kind: Kind::Array(drafted.statements) };
        let start = Span { end: body.span.start + 1, ..body.span };
        let members = vec![member("Version", at, string(&version, at)), member("Statement", start, list)];
        Some(object(members, body.span))
    }

    fn body(&mut self, block: &Block<'a>, body: &Body<'a>, kind: DocumentKind, drafted: &mut Drafted) {
        for item in &body.items {
            match item {
                BodyItem::Language(text) => {
                    if let Some((_, first)) = drafted.version.replace((text.raw.into(), text.span)) {
                        let message = "the language version stands twice";
                        self.reader(block.file).clash(
                            codes::GATE_TWICE,
                            text.span,
                            first,
                            message,
                            "keep one",
                        );
                    }
                }
                BodyItem::Statement(statement) => self.statement(block, statement, kind, drafted),
                BodyItem::Use(call) => self.used(block, call, kind, drafted),
                BodyItem::Version(version) => {
                    let message = "only managed policies have versions";
                    let help = "write the statements directly in the braces";
                    self.reader(block.file).error(codes::GATE_PLACE, version.span, message, help);
                }
            }
        }
    }

    /// The statements of a policy with parameters, in the place of a `use`.
    fn used(&mut self, block: &Block<'a>, call: &Call<'a>, kind: DocumentKind, drafted: &mut Drafted) {
        drafted.calls += 1;
        if drafted.calls > MOST_CALLS || drafted.chain.len() >= MOST_CHAINED {
            if drafted.calls == MOST_CALLS + 1 || drafted.chain.len() >= MOST_CHAINED {
                let message = format!(
                    "one policy uses more than {MOST_CALLS} others, or through more than {MOST_CHAINED} steps"
                );
                self.reader(block.file).error(codes::GATE_SIZE, call.span, message, "use fewer");
            }
            return;
        }
        if drafted.chain.iter().any(|known| **known == *call.name.raw) {
            let chain = drafted.chain.iter().skip_while(|known| ***known != *call.name.raw);
            let chain: Vec<_> = chain.map(|name| shown(name)).chain([shown(call.name.raw)]).collect();
            let message = format!("`{}` uses itself: {}", shown(call.name.raw), chain.join(" → "));
            let full = drafted.calls > 8;
            if !full {
                self.reader(block.file).error(codes::GATE_CYCLE, call.span, message, "take one `use` away");
            }
            return;
        }
        let Some((inside, body)) = self.called(block, call) else { return };
        let before = drafted.statements.len();
        let version = drafted.version.take();
        drafted.chain.push(call.name.raw.into());
        self.body(&inside, body, kind, drafted);
        drafted.chain.pop();
        if let Some((_, at)) = std::mem::replace(&mut drafted.version, version) {
            let message = format!("`{}` has a language version of its own", shown(call.name.raw));
            let help = "use it as a policy by itself, or take its `language` away";
            let at = if inside.file == block.file { at } else { call.span };
            self.reader(block.file).error(codes::GATE_PLACE, at, message, help);
        }
        if inside.file != block.file {
            drafted.statements.iter_mut().skip(before).for_each(|statement| relocate(statement, call.span));
        }
    }

    /// The block and body of a policy with its parameters filled in.
    fn called(&mut self, block: &Block<'a>, call: &Call<'a>) -> Option<(Block<'a>, &'a Body<'a>)> {
        let Some((template, templates)) = block.templates.get(call.name.raw) else {
            let known = || block.templates.known().into_iter().map(str::to_owned).collect();
            let near = self.reader(block.file).near(codes::GATE_NAME, call.name.raw, known);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare it with its parameters: policy {}(…) {{ … }}", shown(call.name.raw)),
            };
            let message = format!("no policy with parameters is named `{}`", shown(call.name.raw));
            self.reader(block.file).error(codes::GATE_NAME, call.name.span, message, help);
            return None;
        };
        let parameters = template.policy.parameters.as_deref().unwrap_or_default();
        if parameters.len() != call.arguments.len() {
            let names: Vec<_> = parameters.iter().map(|name| name.raw).collect();
            let (wanted, given) = (parameters.len(), call.arguments.len());
            let plural = if wanted == 1 { "" } else { "s" };
            let message = format!("`{}` takes {wanted} argument{plural}, not {given}", shown(call.name.raw));
            let help = format!("write {}({})", call.name.raw, names.join(", "));
            self.reader(block.file).error(codes::GATE_ARGUMENTS, call.span, message, help);
            return None;
        }
        let mut reader = self.reader(block.file);
        let mut scope = Scope::inside(vec![Rc::clone(&template.scope)], false);
        for (name, argument) in parameters.iter().zip(&call.arguments) {
            let texts = expand(&mut reader, &block.scope, argument);
            scope.fill(name, Bound::Texts(texts.into_iter().map(|(text, _)| text).collect()));
        }
        let Source::Body(body) = &template.policy.source else {
            let message =
                format!("`{}` takes parameters and has no statements in braces", shown(call.name.raw));
            self.reader(block.file).error(
                codes::GATE_PLACE,
                call.span,
                message,
                "write its statements in braces",
            );
            return None;
        };
        let inside = Block {
            file: template.file,
            scope: Rc::new(scope),
            templates,
            // Names of users and roles are those of the account that uses it.
            account: block.account.clone(),
        };
        Some((inside, body))
    }

    fn statement(
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
        if let Some(name) = &statement.name {
            members.push(member("Sid", name.span, string(&literal(name), name.span)));
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
            return;
        }
        for (number, tests) in (1..).zip(conjunctions) {
            let mut members = members.clone();
            if number > 1
                && let (Some(name), Some(first)) = (&statement.name, members.first_mut())
            {
                // Sids are unique in a document; the first keeps the name.
                let names = (number..).map(|number: usize| format!("{}{number}", literal(name)));
                let free =
                    names.into_iter().find(|name| !drafted.names.contains(name.as_str())).unwrap_or_default();
                first.value = string(&free, name.span);
                drafted.names.insert(free.into());
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
        let empty = |values: &[Given<'_>]| matches!(values, [Given::List(_, items)] if items.is_empty());
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
    fn of(reader: &mut crate::resolve::reader::Reader<'_, '_>, statement: &'s Statement<'a>) -> Self {
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
    fn condition(
        &self,
        reader: &mut crate::resolve::reader::Reader<'_, '_>,
        scope: &Scope,
    ) -> Option<Option<Condition>> {
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
