//! Tests in the language: who asks for what, and the answer that is expected.

use portcullis_grammar::gate::ast::{
    AccountItem, Ask, Asker, Expected as Given, Item, Pair, PrincipalKind, Test, TestItem, Text, Value,
};
use portcullis_grammar::source::{Source, Span};
use portcullis_grammar::suggest;
use portcullis_runtime::value::arn;

use super::principals::session_arn;
use super::scope::{expand, expand_all, one};
use super::{Block, Elaborator, GateFile};
use crate::request::{ContextValue, Request};
use crate::resolve::codes;
use crate::resolve::drafts::IdentityKind;
use crate::resolve::reader::shown;

/// How many questions one line may stand for.
const MOST: usize = 10_000;

/// The name of a session that a test does not name.
const SESSION: &str = "test";

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
    /// The role that is taken first: who takes it, its ARN, the session's name.
    pub takes: Option<(String, String, String)>,
    /// The answer that is expected.
    pub expected: Expected,
}

type Context = Vec<(String, ContextValue)>;

impl<'a> Elaborator<'a, '_> {
    /// The tests of a file.
    pub(super) fn tests(&mut self, file: &'a GateFile<'a>) {
        let Some(top) = self.top(file.index) else { return };
        for item in &file.parsed.file.items {
            match item {
                Item::Test(test) => self.test(&top.block, test),
                Item::Account(account) => {
                    let tests = account.items.iter().filter_map(|item| match item {
                        AccountItem::Test(test) => Some(test),
                        _ => None,
                    });
                    let mut tests = tests.peekable();
                    if tests.peek().is_none() {
                        continue;
                    }
                    // What is wrong with the block was reported when its policies were read.
                    let mut aside = crate::resolve::sink::Sink::default();
                    let mut inside = Elaborator {
                        sources: self.sources,
                        files: self.files,
                        imports: self.imports,
                        options: self.options,
                        sink: &mut aside,
                        drafts: self.drafts,
                        world: std::mem::take(&mut self.world),
                        tops: std::collections::HashMap::new(),
                        questions: Vec::new(),
                    };
                    let block = inside.account_block(&top.block, account);
                    self.world = inside.world;
                    if let Some(block) = block {
                        tests.for_each(|test| self.test(&block, test));
                    }
                }
                _ => {}
            }
        }
    }

    fn test(&mut self, block: &Block<'a>, test: &Test<'a>) {
        if test.items.is_empty() && !self.damaged(block.file) {
            let message = "this test asks nothing";
            let help = "write WHO may ACTION on RESOURCE";
            self.reader(block.file).error(codes::GATE_TEST, test.span, message, help);
        }
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
            let number = self.account_number(owner.raw);
            if number.is_none() {
                let message = format!("`{}` is no account", shown(owner.raw));
                let help = "write 12 digits, or the name of an account that is declared";
                self.reader(block.file).error(codes::GATE_TEST, owner.span, message, help);
            }
            number
        });
        let (Some(context), Some(who)) = (context, who) else { return };
        let count = who.len() * actions.len() * resources.len();
        if count > MOST || self.questions.len() + count > MOST * 100 {
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
                        test: test.name.raw.into(),
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

    /// The context of outer blocks, with more keys or others of the same name.
    fn context(&mut self, block: &Block<'a>, pairs: &[Pair<'a>], given: &Context) -> Option<Context> {
        let mut context = given.clone();
        let mut own: Vec<String> = Vec::new();
        let mut fine = true;
        for pair in pairs {
            let mut reader = self.reader(block.file);
            let key = one(&mut reader, &block.scope, &pair.key);
            let texts = expand(&mut reader, &block.scope, &pair.value);
            let Some((key, span)) = key else {
                fine = false;
                continue;
            };
            if crate::facts::keys::key_type(&key).is_none() {
                super::conditions::unknown_key(&mut reader, &(key.clone(), span));
            }
            if own.iter().any(|known| known.eq_ignore_ascii_case(&key)) {
                let message = format!("the key `{}` is given twice", shown(&key));
                let help = "give a list: key = [a, b]";
                reader.error(codes::GATE_TWICE, span, message, help);
                fine = false;
            }
            own.push(key.to_string());
            let mut texts: Vec<String> = texts.into_iter().map(|(text, _)| text.into()).collect();
            let value = match (&pair.value, texts.len()) {
                (Value::Text(_), 1) => ContextValue::One(texts.pop().unwrap_or_default()),
                (Value::Text(_), 0) => {
                    fine = false;
                    continue;
                }
                _ => ContextValue::Many(texts),
            };
            context.retain(|(known, _)| !known.eq_ignore_ascii_case(&key));
            context.push((key.into(), value));
        }
        fine.then_some(context)
    }

    /// Who asks: the principal, and the role that is taken before.
    #[allow(clippy::type_complexity, reason = "the pair is taken apart at its one use")]
    fn asker(
        &mut self,
        block: &Block<'a>,
        asker: &Asker<'a>,
    ) -> Option<(String, Option<(String, String, String)>)> {
        let Some(who) = &asker.who else { return Some(("*".to_owned(), None)) };
        let (text, span) = one(&mut self.reader(block.file), &block.scope, who)?;
        let principal = self.who(block, asker.kind, &text, span)?;
        let Some(role) = &asker.role else { return Some((principal.into(), None)) };
        let (name, session) = match role.raw.rsplit_once('/').filter(|_| !role.raw.contains(':')) {
            Some((name, session)) => (name, session),
            None => (role.raw, SESSION),
        };
        if name.contains(':') && !arn::split(name).is_some_and(|parts| parts[5].starts_with("role/")) {
            let message = format!("`{}` is no role", shown(name));
            let help = "write the role's name, or its ARN, arn:aws:iam::ACCOUNT:role/NAME";
            self.reader(block.file).error(codes::GATE_TEST, role.span, message, help);
            return None;
        }
        let arn =
            if name.contains(':') { Some(name.into()) } else { self.role_of(block, &principal, name, role) };
        let arn = arn?;
        let Some(taken) = session_arn(&arn, session) else {
            let message = format!("`{}` is no role", shown(role.raw));
            self.reader(block.file).error(
                codes::GATE_TEST,
                role.span,
                message,
                "write the role's name or ARN",
            );
            return None;
        };
        Some((taken.into(), Some((principal.into(), arn.into(), session.to_owned()))))
    }

    /// A role by its name: of the account of who takes it, else the only one of that name.
    fn role_of(&mut self, block: &Block<'a>, caller: &str, name: &str, text: &Text<'a>) -> Option<Box<str>> {
        let account = arn::split(caller).map_or("", |parts| parts[4]);
        let own = self.world.identity(account, IdentityKind::Role, name);
        own.or_else(|| self.who(block, PrincipalKind::Role, name, text.span))
    }

    fn who(&mut self, block: &Block<'a>, kind: PrincipalKind, text: &str, span: Span) -> Option<Box<str>> {
        let of_kind = match kind {
            PrincipalKind::Bare if text.contains(':') || text == "*" => return Some(text.into()),
            PrincipalKind::Bare => None,
            PrincipalKind::User => Some("user/"),
            PrincipalKind::Role => Some("role/"),
            PrincipalKind::Session if block.account.is_none() => {
                let (role, session) = text.split_once('/').unwrap_or((text, SESSION));
                let role = self.who(block, PrincipalKind::Role, role, span)?;
                return session_arn(&role, session);
            }
            _ => return self.principal(block, kind, text, span),
        };
        // `acme/alice`: the alice of that account.
        let (account, name) = match text.split_once('/') {
            Some((account, name)) => match self.account_number(account) {
                Some(number) => (Some(number), name),
                None => {
                    let message = format!("`{}` is no account", shown(account));
                    let help =
                        "write 12 digits, or the name of an account that is declared, before the slash";
                    self.reader(block.file).error(codes::GATE_TEST, span, message, help);
                    return None;
                }
            },
            None => (block.account.as_ref().map(|account| account.number.clone()), text),
        };
        let fits = |arn: &&str| {
            let parts = arn::split(arn);
            let of_account =
                account.as_deref().is_none_or(|account| parts.is_some_and(|parts| parts[4] == account));
            let kind = of_kind.is_none_or(|kind| parts.is_some_and(|parts| parts[5].starts_with(kind)));
            of_account && kind
        };
        let all = self.world.anywhere(name);
        let mut found: Vec<&str> = all.iter().copied().filter(fits).collect();
        // A test in an account may ask about another one's.
        if found.is_empty() && !text.contains('/') {
            found = all
                .iter()
                .copied()
                .filter(|arn| {
                    of_kind.is_none_or(|kind| arn::split(arn).is_some_and(|it| it[5].starts_with(kind)))
                })
                .collect();
        }
        // Of a user and a role of one name and account the user is meant.
        if let [first, second] = found.as_slice()
            && of_kind.is_none()
            && arn::split(first).zip(arn::split(second)).is_some_and(|(a, b)| a[4] == b[4])
        {
            found.retain(|arn| arn.contains(":user/"));
        }
        match found.as_slice() {
            [only] => Some((*only).into()),
            [] => {
                if self.drafts.incomplete {
                    return None;
                }
                let source = self.sources.get(block.file).map(|source| std::sync::Arc::clone(source.name()));
                let full = source.is_some_and(|source| self.sink.is_full(&source, codes::GATE_TEST));
                let names = if full { Vec::new() } else { self.world.all_names() };
                let near =
                    suggest::nearest(name, names.iter().map(String::as_str)).filter(|near| *near != name);
                let help = match (near, kind) {
                    (Some(near), _) => format!("did you mean `{near}`?"),
                    (None, PrincipalKind::Role) => "declare it, or write the role's ARN".to_owned(),
                    (None, _) => "declare it, or write an ARN, `anyone`, or service NAME".to_owned(),
                };
                let what = match kind {
                    PrincipalKind::Role => "role",
                    PrincipalKind::User => "user",
                    _ => "user or role",
                };
                let message = format!("no {what} is named `{}`", shown(text));
                self.reader(block.file).error(codes::GATE_TEST, span, message, help);
                None
            }
            several => {
                let help = format!("write account/{0} or one of {1}", shown(name), several.join(", "));
                let message = format!("{} users or roles are named `{}`", several.len(), shown(text));
                self.reader(block.file).error(codes::GATE_TEST, span, message, help);
                None
            }
        }
    }
}
