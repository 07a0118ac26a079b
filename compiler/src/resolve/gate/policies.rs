//! Policies: bodies and policies with parameters to the documents that they stand for (rules P1, P2).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use portcullis_grammar::gate::ast::{Body, BodyItem, Call, Source};
use portcullis_grammar::json::{Kind, Value};
use portcullis_grammar::source::Span;

use super::json::{member, object, relocate, string};
use super::scope::{Bound, Scope, expand, holds_nothing};
use super::{Block, Elaborator};
use crate::model::DocumentKind;
use crate::resolve::codes;
use crate::resolve::document::{self, Sized};
use crate::resolve::reader::shown;

/// How many policies with parameters one policy may use, those that they use included.
const MOST_CALLS: usize = 2_000;
/// How many circles of one policy are told.
const MOST_CIRCLES: usize = 8;

/// What a statement that is written once and stands several times takes, in bytes.
pub(super) const STATEMENT: usize = 2_048;

/// How many of them one after the other.
const MOST_CHAINED: usize = 32;

/// A document before it is read: language version and statements.
#[derive(Default)]
pub(super) struct Drafted {
    version: Option<(Box<str>, Span)>,
    pub(super) statements: Vec<Value>,
    /// Places of the further statements that one became: nobody gave them their names, which give way to all others.
    pub(super) yielding: Vec<usize>,
    /// The policies with parameters that are being used, the outermost first, and how many were.
    chain: Vec<Box<str>>,
    calls: usize,
    /// How many circles were closed.
    circles: usize,
}

impl Drafted {
    /// Sids are unique in a document (rule P2): of the statements that yield, those whose Sid is taken get a number behind it.
    fn name(&mut self) {
        let yielding: BTreeSet<usize> = self.yielding.iter().copied().collect();
        let sid = |statement: &Value| match &statement.kind {
            Kind::Object(members) => {
                members.iter().find(|it| &*it.key == "Sid").and_then(|it| text_of(&it.value))
            }
            _ => None,
        };
        let firm = self.statements.iter().enumerate().filter(|(at, _)| !yielding.contains(at));
        let mut taken: HashSet<Box<str>> = firm.filter_map(|(_, statement)| sid(statement)).collect();
        let mut next: HashMap<Box<str>, usize> = HashMap::new();
        for at in yielding {
            let Some(statement) = self.statements.get_mut(at) else { continue };
            let Some(name) = sid(statement).filter(|name| !name.is_empty()) else { continue };
            let number = next.entry(name.clone()).or_insert(1);
            let mut free = name.clone();
            while taken.contains(&free) {
                *number += 1;
                free = format!("{name}{number}").into();
            }
            if let Kind::Object(members) = &mut statement.kind
                && let Some(member) = members.iter_mut().find(|it| &*it.key == "Sid")
            {
                member.value.kind = Kind::String(free.clone());
            }
            taken.insert(free);
        }
    }
}

fn text_of(value: &Value) -> Option<Box<str>> {
    match &value.kind {
        Kind::String(text) => Some(text.clone()),
        _ => None,
    }
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
        self.body(block, body, kind, &mut drafted);
        drafted.name();
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
            drafted.circles += 1;
            // Some are enough to see what is wrong; the first is always told, however far down it closes.
            if drafted.circles <= MOST_CIRCLES {
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
        let made = drafted.statements.len() - before;
        if !self.reader(block.file).spend(made * STATEMENT, call.span) {
            return;
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
            // Other arguments of which nothing comes were reported, and no parameter is about nothing by accident.
            if holds_nothing(argument) {
                let message = format!("the argument for `{}` is an empty list", shown(name.raw));
                let help = "give it a value; where nothing is meant, write [] in the policy";
                reader.error(codes::GATE_ARGUMENTS, argument.span(), message, help);
            }
            let texts: Rc<[Box<str>]> = texts.into_iter().map(|(text, _)| text).collect();
            scope.fill(name, if texts.is_empty() { Bound::Broken } else { Bound::Texts(texts) });
        }
        // What is no body was reported where it is declared.
        let Source::Body(body) = &template.policy.source else { return None };
        // An importing file sees no more of a file than what it declares; the file's own policies see what it imports.
        let of_file = if template.is_at_top { self.top(template.file) } else { None };
        let inside = Block {
            file: template.file,
            scope: Rc::new(scope),
            templates: of_file.map_or(templates, |top| top.block.templates),
            // Names of users and roles are those of the account that uses it.
            account: block.account.clone(),
        };
        Some((inside, body))
    }
}
