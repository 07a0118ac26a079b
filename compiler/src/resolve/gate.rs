//! `.gate` files: names looked up, templates filled in, and everything handed to the readers of IAM JSON as what it stands for.
//!
//! In: syntax trees. Out: drafts, like those of JSON files. What a policy means is read from the JSON that it stands for, by the code that
//! reads JSON, so that a `.gate` file and its JSON cannot mean different things. JSON inputs are read first: what they declare can be named.

mod accounts;
mod actions;
mod conditions;
mod json;
mod managed;
mod names;
mod organization;
mod policies;
mod principals;
pub mod questions;
mod routes;
pub(crate) mod scope;
mod statements;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use portcullis_grammar::gate::Parsed;
use portcullis_grammar::gate::ast::{self, Item, Let, LetValue, Policy, Test, Text};
use portcullis_grammar::json as grammar_json;
use portcullis_grammar::source::{Source, Span};

use self::names::World;
use self::questions::Question;
use self::scope::{Bound, Scope};
use super::document::{self, Sized};
use super::drafts::Drafts;
use super::reader::{Reader, shown};
use super::sink::Sink;
use super::{Import, Options, codes, inputs, is_gate};
use crate::model::{DocumentKind, FileId};

/// How deep files may import each other.
const MOST_IMPORTS: usize = 64;

/// A `.gate` file of the inputs.
pub(super) struct GateFile<'a> {
    /// Its place among the sources.
    pub(super) index: usize,
    /// What stands in it.
    pub(super) parsed: Parsed<'a>,
}

/// The account around something.
#[derive(Clone, Debug)]
pub(super) struct AccountOf {
    number: Box<str>,
    partition: Box<str>,
}

/// What the reading of something depends on: where it stands.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    file: usize,
    scope: Rc<Scope>,
    templates: Rc<Templates<'a>>,
    account: Option<AccountOf>,
}

/// A policy with parameters.
#[derive(Clone, Debug)]
struct Template<'a> {
    policy: &'a Policy<'a>,
    file: usize,
    scope: Rc<Scope>,
    /// Whether it stands at the top of its file.
    is_at_top: bool,
}

/// The policies with parameters of one block.
#[derive(Clone, Debug, Default)]
pub(super) struct Templates<'a> {
    own: HashMap<&'a str, Template<'a>>,
    outer: Vec<Rc<Templates<'a>>>,
}

impl<'a> Templates<'a> {
    /// The policy of a name, and the block where it stands.
    fn get(self: &Rc<Self>, name: &str) -> Option<(Template<'a>, Rc<Self>)> {
        let own = self.own.get(name).map(|template| (template.clone(), Rc::clone(self)));
        own.or_else(|| self.outer.iter().find_map(|outer| outer.get(name)))
    }

    fn known(&self) -> Vec<&str> {
        self.own.keys().copied().chain(self.outer.iter().flat_map(|outer| outer.known())).collect()
    }
}

/// What one file declares at its top.
#[derive(Clone)]
struct Top<'a> {
    /// For what stands in the file.
    block: Block<'a>,
    /// For the files that import it: its own names alone.
    exported: (Rc<Scope>, Rc<Templates<'a>>),
}

/// Reads `.gate` files into drafts.
pub(super) struct Elaborator<'a, 's> {
    sources: &'a [Source],
    files: &'a [GateFile<'a>],
    imports: &'a [Import],
    options: &'s Options,
    sink: &'s mut Sink,
    drafts: &'s mut Drafts<'a>,
    world: World,
    tops: HashMap<usize, Option<Top<'a>>>,
    /// Tests, with the blocks where they stand.
    tests: Vec<(Block<'a>, &'a Test<'a>)>,
    questions: Vec<Question>,
}

/// Reads all `.gate` files of the inputs, behind the JSON files. Gives the questions of their tests.
pub(super) fn read<'a>(
    sources: &'a [Source],
    files: &'a [GateFile<'a>],
    imports: &'a [Import],
    drafts: &mut Drafts<'a>,
    sink: &mut Sink,
    options: &Options,
) -> Vec<Question> {
    for file in files {
        sink.extend(file.parsed.diagnostics.iter().cloned());
        // What could not be read may declare what the rest names.
        drafts.incomplete |= !file.parsed.diagnostics.is_empty();
    }
    sink.allow(
        files.iter().filter_map(|file| sources.get(file.index)).map(|source| source.text().len()).sum(),
    );
    let mut elaborator = Elaborator::new(sources, files, imports, options, sink, drafts);
    for file in files {
        elaborator.file(file);
    }
    elaborator.tests();
    elaborator.questions
}

/// The single document of a file that is attached to a principal, or given as session policy: its one policy at the top.
pub(super) fn single<'a>(
    sources: &'a [Source],
    files: &'a [GateFile<'a>],
    drafts: &mut Drafts<'a>,
    sink: &mut Sink,
    options: &Options,
    kind: DocumentKind,
) -> Option<Sized> {
    let [file] = files else { return None };
    sink.extend(file.parsed.diagnostics.iter().cloned());
    let mut elaborator = Elaborator::new(sources, files, &[], options, sink, drafts);
    let policies: Vec<&Policy<'_>> = file
        .parsed
        .file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Policy(policy) if policy.parameters.is_none() => Some(policy),
            _ => None,
        })
        .collect();
    let others = file.parsed.file.items.iter().find_map(|item| match item {
        Item::Account(account) => Some(account.span),
        Item::Organization(organization) => Some(organization.span),
        Item::Route(route) => Some(route.span),
        _ => None,
    });
    let block = elaborator.top(file.index)?.block;
    let ([policy], None) = (policies.as_slice(), others) else {
        let span = others.or_else(|| policies.get(1).map(|policy| policy.span)).unwrap_or_default();
        let message = "one policy is wanted here";
        let help = "give a file that holds one policy, `policy Name { … }`, outside of any account";
        elaborator.reader(file.index).error(codes::ATTACH_NOT_A_DOCUMENT, span, message, help);
        return None;
    };
    elaborator.document(&block, &policy.source, kind)
}

impl<'a, 's> Elaborator<'a, 's> {
    fn new(
        sources: &'a [Source],
        files: &'a [GateFile<'a>],
        imports: &'a [Import],
        options: &'s Options,
        sink: &'s mut Sink,
        drafts: &'s mut Drafts<'a>,
    ) -> Self {
        let world = World::of(files, drafts);
        let (tops, tests, questions) = (HashMap::new(), Vec::new(), Vec::new());
        Self { sources, files, imports, options, sink, drafts, world, tops, tests, questions }
    }
}

impl<'a> Elaborator<'a, '_> {
    fn reader(&mut self, file: usize) -> Reader<'a, '_> {
        Self::reader_of(self.sources, self.sink, self.options, file)
    }

    /// The same, where the drafts are needed beside it.
    fn reader_of<'k>(
        sources: &'a [Source],
        sink: &'k mut Sink,
        options: &Options,
        file: usize,
    ) -> Reader<'a, 'k> {
        let source = sources.get(file).unwrap_or_else(|| empty());
        Reader { source, file: FileId::at(file), sink, leniency: options.leniency, shape: codes::P2_TYPE }
    }

    /// What a file declares at its top; `None` while it is being read, which is a cycle of imports.
    fn top(&mut self, index: usize) -> Option<Top<'a>> {
        if let Some(known) = self.tops.get(&index) {
            return known.clone();
        }
        self.tops.insert(index, None);
        let files = self.files;
        let file = files.iter().find(|file| file.index == index)?;
        let (mut scopes, mut templates, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for item in &file.parsed.file.items {
            let Item::Import(path) = item else { continue };
            let Some(target) = self.target(index, path) else { continue };
            // A file that is imported twice, by whatever paths, is one file.
            if !files.iter().any(|file| file.index == target) || !seen.insert(target) {
                continue;
            }
            let deep = self.tops.values().filter(|top| top.is_none()).count() > MOST_IMPORTS;
            match if deep { None } else { self.top(target) } {
                None if deep => {
                    let message = format!("files import each other more than {MOST_IMPORTS} deep");
                    let help = "import directly what is needed";
                    self.reader(index).error(codes::GATE_CYCLE, path.span, message, help);
                }
                Some(top) => {
                    let (scope, own) = top.exported;
                    let twice = scopes
                        .iter()
                        .find_map(|known: &Rc<Scope>| known.common(&scope).min().map(str::to_owned));
                    let known = templates.iter().flat_map(|known: &Rc<Templates<'a>>| known.own.keys());
                    let twice = twice.or_else(|| {
                        known.filter(|name| own.own.contains_key(*name)).min().map(ToString::to_string)
                    });
                    if let Some(name) = twice {
                        let message = format!("two of the imported files declare `{}`", shown(&name));
                        let help = "rename one of them: nobody could tell which is meant";
                        self.reader(index).error(codes::GATE_NAME, path.span, message, help);
                    }
                    scopes.push(scope);
                    templates.push(own);
                }
                None => {
                    let message = format!("`{}` is imported in a circle", shown(path.raw));
                    let help = "move what both need into a third file, and import that";
                    self.reader(index).error(codes::GATE_CYCLE, path.span, message, help);
                }
            }
        }
        let lets = file.parsed.file.items.iter().filter_map(|item| match item {
            Item::Let(it) => Some(it),
            _ => None,
        });
        let policies = file.parsed.file.items.iter().filter_map(|item| match item {
            Item::Policy(policy) => Some(policy),
            _ => None,
        });
        let block = self.block(index, scopes, templates, None, lets, policies);
        let exported = (
            Rc::new(block.scope.alone()),
            Rc::new(Templates { own: block.templates.own.clone(), outer: Vec::new() }),
        );
        let top = Top { block, exported };
        self.tops.insert(index, Some(top.clone()));
        Some(top)
    }

    /// A block with its names.
    fn block(
        &mut self,
        file: usize,
        scopes: Vec<Rc<Scope>>,
        templates: Vec<Rc<Templates<'a>>>,
        account: Option<AccountOf>,
        lets: impl Iterator<Item = &'a Let<'a>>,
        policies: impl Iterator<Item = &'a Policy<'a>>,
    ) -> Block<'a> {
        let unsure = self.damaged(file) || self.drafts.incomplete;
        let mut scope = Scope::inside(scopes, unsure);
        let mut reader = self.reader(file);
        for it in lets {
            let bound = match &it.value {
                LetValue::Values(value) => {
                    let texts = scope::expand(&mut reader, &scope, value);
                    let texts: Rc<[Box<str>]> = texts.into_iter().map(|(text, _)| text).collect();
                    let reported = texts.is_empty() && !scope::holds_nothing(value);
                    if reported { Bound::Broken } else { Bound::Texts(texts) }
                }
                LetValue::Condition(condition) => {
                    match conditions::named_condition(&mut reader, &scope, condition) {
                        Some(condition) => Bound::Condition(Rc::new(condition)),
                        None => Bound::Broken,
                    }
                }
            };
            scope.declare(&mut reader, &it.name, bound);
        }
        let scope = Rc::new(scope);
        let mut own = HashMap::new();
        for policy in policies.filter(|policy| policy.parameters.is_some()) {
            scope::name(&mut reader, &policy.name);
            let is_at_top = account.is_none();
            let template = Template { policy, file, scope: Rc::clone(&scope), is_at_top };
            // Declaring them says whether they can be names, and whether one stands twice.
            let mut parameters = Scope::inside(Vec::new(), false);
            for name in policy.parameters.iter().flatten() {
                parameters.declare(&mut reader, name, Bound::Broken);
            }
            if !matches!(policy.source, ast::Source::Body(_)) {
                let message = format!(
                    "`{}` takes parameters, and nothing in it could use them",
                    shown(policy.name.raw)
                );
                let help = "write its statements in braces, or take the parameters away";
                reader.error(codes::GATE_PLACE, policy.span, message, help);
            }
            if let Some(version) = &policy.version {
                let message = "a policy with parameters has no version";
                let help = "take it away; the policies that are made of it have versions";
                reader.error(codes::GATE_PLACE, version.span, message, help);
            }
            if let Some(first) = own.insert(policy.name.raw, template) {
                let message = format!("two policies with parameters are named `{}`", shown(policy.name.raw));
                reader.clash(
                    codes::GATE_NAME,
                    policy.name.span,
                    first.policy.name.span,
                    message,
                    "rename one of them",
                );
            }
        }
        Block { file, scope, templates: Rc::new(Templates { own, outer: templates }), account }
    }

    /// Whether something of a file could not be read. What is missing elsewhere may be that.
    fn damaged(&self, file: usize) -> bool {
        self.files.iter().any(|it| it.index == file && !it.parsed.diagnostics.is_empty())
    }

    fn file(&mut self, file: &'a GateFile<'a>) {
        let Some(top) = self.top(file.index) else { return };
        for item in &file.parsed.file.items {
            match item {
                Item::Let(_) => {}
                Item::Test(test) => self.tests.push((top.block.clone(), test)),
                Item::Import(path) => {
                    self.target(file.index, path);
                }
                Item::Policy(policy) if policy.parameters.is_some() => {}
                Item::Policy(policy) => self.policy(&top.block, policy),
                Item::Account(account) => self.account(&top.block, account),
                Item::Organization(organization) => self.organization(&top.block, organization),
                Item::Route(route) => self.route(&top.block, route),
            }
        }
    }

    /// The help of a finding in a file about a name that is nearly a known one.
    fn near(
        &self,
        file: usize,
        code: &'static str,
        word: &str,
        known: impl FnOnce(&World) -> Vec<String>,
    ) -> Option<String> {
        let source = self.sources.get(file)?;
        self.sink.near(source.name(), code, word, || known(&self.world))
    }

    /// The source that a file imports under this path.
    fn target(&mut self, from: usize, path: &Text<'a>) -> Option<usize> {
        let found = self.imports.iter().find(|import| import.from == from && *import.path == *path.raw);
        let found = found.map(|import| import.to);
        if found.is_none() && self.options.complete {
            let message = format!("the file `{}` is not there", shown(path.raw));
            let help = "give its path as seen from this file's folder";
            self.reader(from).error(codes::GATE_IMPORT, path.span, message, help);
        }
        self.drafts.incomplete |= found.is_none();
        found
    }

    /// The document in a JSON file.
    fn imported_document(&mut self, block: &Block<'a>, path: &Text<'a>, kind: DocumentKind) -> Option<Sized> {
        let index = self.target(block.file, path)?;
        let source = self.sources.get(index)?;
        if is_gate(source) {
            let message = format!("`{}` is no policy document in JSON", shown(path.raw));
            let help = "import \"…\" reads another .gate file; a policy with parameters in it can be used by its name";
            self.reader(block.file).error(codes::GATE_IMPORT, path.span, message, help);
            return None;
        }
        let parsed = grammar_json::parse(source);
        // What is wrong with an input was said where it was read.
        if self.drafts.read.contains(&index) && !parsed.diagnostics.is_empty() {
            return None;
        }
        self.sink.extend(parsed.diagnostics);
        let value = parsed.value.filter(|_| !parsed.damaged)?;
        if let Some(kind) = inputs::other_kind(&value) {
            let message = format!("`{}` is no policy document: it is {kind}", shown(path.raw));
            let help =
                "`from` takes one policy document; give other files as inputs, or name them with import";
            self.reader(block.file).error(codes::GATE_IMPORT, path.span, message, help);
            return None;
        }
        document::read(&mut self.reader(index), &value, kind)
    }

    /// The number of an account that is given by its number or by the name that it is declared with.
    fn account_number(&self, text: &str) -> Option<Box<str>> {
        if portcullis_runtime::value::arn::is_account(text) {
            return Some(text.into());
        }
        self.world.number(text)
    }
}

/// A source for an index that no source has: findings in it have no text.
fn empty() -> &'static Source {
    static EMPTY: std::sync::LazyLock<Source> = std::sync::LazyLock::new(|| Source::new("", ""));
    &EMPTY
}

/// The first character of something: where a finding about something missing points to.
fn opening(span: Span) -> Span {
    Span { end: span.start + 1, ..span }
}
