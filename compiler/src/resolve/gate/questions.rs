//! Tests in the language: who asks for what, and the answer that is expected.

mod askers;
mod context;

use portcullis_grammar::gate::ast::{Ask, Expected as Given, Test, TestItem, Value};
use portcullis_grammar::source::{Source, Span};
use portcullis_grammar::suggest;
use portcullis_runtime::value::arn;

use super::scope::{self, expand_all, holds_nothing, literal};
use super::{Block, Elaborator};
use crate::facts::is_principal_key;
use crate::model::resource::owner_name;
use crate::request::{ContextValue, Request};
use crate::resolve::codes;
use crate::resolve::reader::shown;

/// How many questions one line may stand for.
const MOST: usize = 10_000;

/// The layers that can deny, by their names in a test.
pub const LAYERS: [&str; 9] =
    ["identity", "boundary", "session", "scp", "rcp", "resource", "endpoint", "service", "limit"];

/// The answer that a test expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Allowed.
    May,
    /// Denied, explicitly or not.
    MayNot,
    /// Denied, and this layer decides.
    DeniedBy(&'static str),
}

/// The taking of a role before something is asked.
#[derive(Clone, Debug)]
pub struct Taking {
    /// Who takes it.
    pub caller: String,
    /// The role's ARN.
    pub role: String,
    /// The name of the session.
    pub session: String,
    /// Whether the caller is an identity provider.
    pub federated: bool,
}

/// A question of a test.
#[derive(Clone, Debug)]
pub struct Question {
    /// The name of its test.
    pub test: Box<str>,
    /// Where its test stands.
    pub test_span: Span,
    /// The file.
    pub source: Source,
    /// Where it stands.
    pub span: Span,
    /// What is asked. The principal is the session, where a role is taken.
    pub request: Request,
    /// The role that is taken first.
    pub takes: Option<Taking>,
    /// The answer that is expected.
    pub expected: Expected,
}

type Context = Vec<(String, ContextValue)>;

impl<'a> Elaborator<'a, '_> {
    /// The tests of all files, which ask about what all of them declare.
    pub(super) fn tests(&mut self) {
        for (block, test) in std::mem::take(&mut self.tests) {
            self.test(&block, test);
        }
    }

    fn test(&mut self, block: &Block<'a>, test: &Test<'a>) {
        if test.items.is_empty() && !self.damaged(block.file) {
            let message = "this test asks nothing";
            let help = "write WHO may ACTION on RESOURCE";
            self.reader(block.file).error(codes::GATE_TEST, test.span, message, help);
        }
        scope::name(&mut self.reader(block.file), &test.name);
        self.items(block, test, &test.items, &Vec::new());
    }

    fn items(&mut self, block: &Block<'a>, test: &Test<'a>, items: &[TestItem<'a>], given: &Context) {
        for item in items {
            match item {
                TestItem::Given(pairs, items) => {
                    if items.is_empty() && !self.damaged(block.file) {
                        let span = pairs.first().map_or(test.span, |pair| pair.key.span);
                        let message = "nothing is asked of this context";
                        let help = "write WHO may ACTION on RESOURCE in the braces";
                        self.reader(block.file).error(codes::GATE_TEST, span, message, help);
                    }
                    if let Some(context) = self.context(block, pairs, given) {
                        self.items(block, test, items, &context);
                    }
                }
                TestItem::Ask(ask) => self.ask(block, test, ask, given),
            }
        }
    }

    fn ask(&mut self, block: &Block<'a>, test: &Test<'a>, ask: &Ask<'a>, given: &Context) {
        let context = self.context(block, &ask.context, given);
        let who: Option<Vec<_>> = ask.who.iter().map(|asker| self.asker(block, asker)).collect();
        let mut reader = self.reader(block.file);
        let actions = expand_all(&mut reader, &block.scope, &ask.actions);
        let resources = match &ask.resources {
            Some(resources) => expand_all(&mut reader, &block.scope, resources),
            None => vec![("*".into(), ask.span)],
        };
        let pattern = |text: &str| text.contains(['*', '?']) && text != "*";
        let wild = actions.iter().chain(&resources).find(|(text, _)| pattern(text));
        if let Some((text, span)) = actions.iter().find(|(text, _)| !text.contains(':')) {
            let message = format!("`{}` is no action", shown(text));
            reader.error(codes::GATE_TEST, *span, message, "write service:Name, such as s3:GetObject");
            return;
        }
        for (action, span) in &actions {
            super::actions::one(&mut reader, action, *span);
        }
        if let Some((text, span)) = wild {
            let message = format!(
                "a question is about one action and one resource, not about the pattern `{}`",
                shown(text)
            );
            reader.error(codes::GATE_TEST, *span, message, "write them out, with commas between");
            return;
        }
        let expected = match ask.expected {
            Given::May => Expected::May,
            Given::MayNot => Expected::MayNot,
            Given::DeniedBy(layer) => match LAYERS.iter().find(|known| **known == layer.raw) {
                Some(known) => Expected::DeniedBy(known),
                None => {
                    let near = suggest::nearest(layer.raw, LAYERS);
                    let help = near.map_or_else(
                        || format!("the layers are {}", LAYERS.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let message = format!("there is no layer `{}`", shown(layer.raw));
                    reader.error(codes::GATE_TEST, layer.span, message, help);
                    return;
                }
            },
        };
        let owner = ask.owner.and_then(|owner| {
            let number = self.account_number(&literal(&owner));
            if number.is_none() {
                let message = format!("`{}` is no account", shown(owner.raw));
                let help = "write 12 digits, or the name of an account that is declared";
                self.reader(block.file).error(codes::GATE_TEST, owner.span, message, help);
            }
            number
        });
        let (Some(context), Some(who)) = (context, who) else { return };
        for (resource, _) in &resources {
            self.contradicted_owner(block, ask, resource, owner.as_deref());
        }
        for (principal, _) in &who {
            self.defined_keys(block, ask, principal, &context);
        }
        let count = who.len() * actions.len() * resources.len();
        // An empty name was reported where it stands.
        let empty = |values: &[Value<'_>]| values.iter().all(holds_nothing);
        if count == 0 && (empty(&ask.actions) || ask.resources.as_deref().is_some_and(empty)) {
            let message = "this asks nothing: a list in it is empty";
            let help = "write at least one action and one resource";
            self.reader(block.file).error(codes::GATE_TEST, ask.span, message, help);
        }
        // What a question takes, its context and its texts included.
        let held = |value: &ContextValue| value.values().iter().map(String::len).sum::<usize>() + 48;
        let size = 512 + context.iter().map(|(key, value)| key.len() + held(value)).sum::<usize>();
        if !self.reader(block.file).spend(size.saturating_mul(count), ask.span) {
            return;
        }
        if count > MOST {
            let message = format!("this asks {count} questions; the most is {MOST}");
            self.reader(block.file).error(codes::GATE_SIZE, ask.span, message, "ask fewer");
            return;
        }
        let source = self.reader(block.file).source.clone();
        for (principal, takes) in &who {
            for (action, _) in &actions {
                for (resource, _) in &resources {
                    let request = Request {
                        principal: principal.clone(),
                        action: action.to_string(),
                        resource: resource.to_string(),
                        resource_account: owner.as_ref().map(ToString::to_string),
                        context: context.clone(),
                        ..Request::default()
                    };
                    self.questions.push(Question {
                        test: literal(&test.name),
                        test_span: test.span,
                        source: source.clone(),
                        span: ask.span,
                        request,
                        takes: takes.clone(),
                        expected: expected.clone(),
                    });
                }
            }
        }
    }

    /// Reports an owner that is not the one that the inputs, or the ARN itself, give the resource: it would be ignored (rule V6).
    fn contradicted_owner(&mut self, block: &Block<'a>, ask: &Ask<'a>, resource: &str, owner: Option<&str>) {
        let (Some(owner), Some(said)) = (owner, ask.owner) else { return };
        let parts = arn::split(resource);
        let of_arn = parts.map(|parts| parts[4]).filter(|account| arn::is_account(account));
        let above = parts.and_then(|parts| {
            let length = arn::above(parts[2].as_bytes(), parts[5].as_bytes())?;
            resource.get(..resource.len() - parts[5].len() + length)
        });
        let declared = self.drafts.resources.iter().filter(|draft| {
            let name = owner_name(&draft.arn);
            name == resource || Some(name) == above
        });
        let declared =
            declared.filter_map(|draft| draft.account.as_deref()).find(|account| *account != owner);
        if let Some(real) = declared.or(of_arn.filter(|account| *account != owner)).map(str::to_owned) {
            let message = format!("`{}` is in account {real}, whatever `of` says", shown(resource));
            self.reader(block.file).error(
                codes::GATE_TEST,
                said.span,
                message,
                "take `of` away, or correct it",
            );
        }
    }

    /// Reports keys of the context that the principal itself defines: a request's would be ignored (rule C12).
    fn defined_keys(&mut self, block: &Block<'a>, ask: &Ask<'a>, principal: &str, context: &Context) {
        if self.world.holds(principal) != Some(true) {
            return;
        }
        for (key, _) in context.iter().filter(|(key, _)| is_principal_key(key)) {
            let given = ask.context.iter().find(|pair| pair.key.raw.eq_ignore_ascii_case(key));
            let span = given.map_or(ask.span, |pair| pair.key.span);
            let message = format!(
                "`{}` is what `{}` is declared with, whatever the request says",
                shown(key),
                shown(principal)
            );
            let help = "declare the user or role with it, or leave it out";
            self.reader(block.file).error(codes::GATE_TEST, span, message, help);
        }
    }
}
