//! From syntax to the model: names become ids, texts become patterns and values, and rules P, A, R, X, C and I are checked.
//!
//! In: the text of policy documents, account snapshots and lists of managed policies. Out: the [`Model`], or all findings of all files.
//! Afterwards nothing textual is left undecided. Reading goes in two steps: each file by itself into drafts, whose references to each
//! other are still names; then all drafts together into the model, so that the order of the inputs does not matter.

mod actions;
mod arns;
mod attach;
pub mod codes;
mod conditions;
mod document;
mod drafts;
pub mod gate;
mod inputs;
mod link;
mod managed;
mod names;
mod operands;
mod organization;
mod principals;
mod quotas;
mod reader;
mod resources;
mod routes;
pub mod scenario;
mod session;
pub(crate) mod sink;
mod size;
mod snapshot;
mod tags;
mod variables;

use std::collections::HashMap;

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::json;
use portcullis_grammar::source::{Source, Span};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::model::{DocumentKind, FileId, Model};

/// How errors are taken that SEMANTICS marks (L).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leniency {
    /// As errors: `check` and `build`.
    #[default]
    Strict,
    /// As lints: scenario files.
    Scenario,
}

/// How AWS's default quotas are taken (rule P5). More than 5,000 users in an account are an error at every level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuotaLevel {
    /// Not at all.
    Ignore,
    /// As lints.
    #[default]
    Lint,
    /// As errors.
    Error,
}

/// What the caller may choose.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How errors marked (L) are taken.
    pub leniency: Leniency,
    /// How quotas are taken.
    pub quotas: QuotaLevel,
    /// Whether inputs without any user or role are an error.
    pub require_principal: bool,
    /// Whether these are all the inputs. Where one could not be read, nothing is reported as missing: it may be in that one.
    pub complete: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { leniency: Leniency::Strict, quotas: QuotaLevel::Lint, require_principal: true, complete: true }
    }
}

/// A policy document to be attached to a user or role as an inline policy, named by its file.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The ARN of the user or role; it need not be held by any input.
    pub principal: String,
    /// The document.
    pub source: Source,
}

/// That one source names another: `import "file"`, or `from "file"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The place of the one that imports, among the sources.
    pub from: usize,
    /// The other as it is named there, without quotes.
    pub path: Box<str>,
    /// The place of the other.
    pub to: usize,
    /// Whether it is taken for the document of a policy, and so is no input by itself.
    pub is_document: bool,
    /// Whether the other is an input all the same: it is given, or imported as well.
    pub is_input: bool,
}

/// What resolving gave.
#[derive(Debug)]
pub struct Resolved {
    /// The model; `None` exactly where `diagnostics` holds an error.
    pub model: Option<Model>,
    /// All findings, errors first, otherwise in the order of the inputs.
    pub diagnostics: Vec<Diagnostic>,
    /// What the tests of `.gate` files ask; whole only where there is a model.
    pub questions: Vec<gate::questions::Question>,
    /// How many quotas accounts declare to have.
    pub quotas: usize,
}

/// Reads all inputs into one model. Linear in the text of the inputs, but for the sorting of accounts.
#[must_use]
pub fn resolve(sources: &[Source], attachments: &[Attachment], options: &Options) -> Resolved {
    resolve_linked(sources, &[], attachments, options)
}

/// Most files whose trees are held at once.
const TREES: usize = 8;

/// The same of sources that import each other.
#[must_use]
pub fn resolve_linked(
    sources: &[Source],
    imports: &[Import],
    attachments: &[Attachment],
    options: &Options,
) -> Resolved {
    let attached = attachments.iter().map(|attachment| &attachment.source);
    let all: Vec<Source> = sources.iter().chain(attached).cloned().collect();
    let mut files = gate_files(&all);
    let attached = files.split_off(files.partition_point(|file| file.index < sources.len()));
    let mut sink = sink::Sink::default();
    let mut drafts = drafts::Drafts { incomplete: !options.complete, ..drafts::Drafts::default() };
    let named = imports.iter().filter(|import| import.is_document);
    let named: HashMap<usize, bool> = named.map(|import| (import.to, import.is_input)).collect();
    let read: Vec<usize> = (0..sources.len())
        .filter(|at| {
            let Some(source) = all.get(*at) else { return false };
            // What is given stays an input where `from` names it as well: only of a document nothing is lost then.
            let is_input = named.get(at).is_none_or(|given| *given && !inputs::is_document(source));
            is_input && !is_gate(source)
        })
        .collect();
    // Parsed side by side, as many as there are threads, and a few at most: the trees are large. Read one behind the other. Where no threads
    // can be had, or for one file, there is nothing side by side.
    let pool = if read.len() > 1 { rayon::ThreadPoolBuilder::new().build().ok() } else { None };
    let together = pool.as_ref().map_or(1, |pool| pool.current_num_threads().clamp(1, TREES));
    for some in read.chunks(together) {
        let parse = |&at: &usize| Some((at, json::parse_sequence(all.get(at)?)));
        let parsed: Vec<_> = match &pool {
            Some(pool) => pool.install(|| some.par_iter().filter_map(parse).collect()),
            None => some.iter().filter_map(parse).collect(),
        };
        for (at, parsed) in parsed {
            let Some(source) = all.get(at) else { continue };
            inputs::read(source, parsed, FileId::at(at), &mut drafts, &mut sink, options);
            drafts.read.insert(at);
        }
    }
    let questions = gate::read(&all, &files, imports, &mut drafts, &mut sink, options);
    for (at, attachment) in (sources.len()..).zip(attachments) {
        let gate = attached.iter().position(|file| file.index == at).and_then(|at| attached.get(at..=at));
        attach::read(attachment, (&all, at), gate, &mut drafts, &mut sink, options);
    }
    quotas::check(&drafts, &mut sink, options);
    let quotas = drafts.quotas.len();
    let files = all.iter().map(|source| (&**source.name()).into()).collect();
    let model = link::model(drafts, files, &mut sink);
    // Where something could not be read, the missing principal is likely in it.
    let held = !model.users.is_empty() || !model.roles.is_empty() || !model.resources.is_empty();
    if options.require_principal && options.complete && !held && !sink.failed() {
        sink.push(no_principal(sources));
    }
    let model = (!sink.failed()).then_some(model);
    Resolved { model, diagnostics: sink.finish(), questions, quotas }
}

/// Whether a source is in the `.gate` language: its name says so, or, of one without a name such as standard input, that it begins as no
/// JSON does.
#[must_use]
pub fn is_gate(source: &Source) -> bool {
    let name = source.name().to_ascii_lowercase();
    let begins = source.text().trim_start().chars().next();
    name.ends_with(".gate")
        || name.starts_with('<') && begins.is_some_and(|first| first.is_ascii_lowercase() || first == '#')
}

fn gate_files(sources: &[Source]) -> Vec<gate::GateFile<'_>> {
    let files = sources.iter().enumerate().filter(|(_, source)| is_gate(source));
    files
        .map(|(index, source)| gate::GateFile { index, parsed: portcullis_grammar::gate::parse(source) })
        .collect()
}

/// Reads session policies, each source one document or several, into the model of an overlay (DESIGN section 5). Linear.
#[must_use]
pub fn session_policies(sources: &[Source], options: &Options) -> Resolved {
    let files = gate_files(sources);
    let mut sink = sink::Sink::default();
    let mut documents = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        if let Some(one) = files.iter().position(|file| file.index == at).and_then(|at| files.get(at..=at)) {
            let mut drafts = drafts::Drafts::default();
            let kind = DocumentKind::Session;
            let sized = gate::single(sources, one, &mut drafts, &mut sink, options, kind);
            documents.extend(sized.map(|sized| sized.document));
        } else {
            documents.extend(session::read(source, FileId::at(at), &mut sink, options));
        }
    }
    let files = sources.iter().map(|source| (&**source.name()).into()).collect();
    let model = Model { files, session: Some(documents), ..Model::default() };
    Resolved {
        model: (!sink.failed()).then_some(model),
        diagnostics: sink.finish(),
        questions: Vec::new(),
        quotas: 0,
    }
}

fn no_principal(sources: &[Source]) -> Diagnostic {
    let found = Diagnostic::error(
        codes::NO_PRINCIPAL,
        "the inputs hold no user, no role and no resource, so that nothing could be asked",
    );
    let found = match sources.first() {
        Some(source) => found.at(source, Span::default(), ""),
        None => found,
    };
    found.help(if sources.iter().any(is_gate) {
        "declare a user, role or resource in an account, or attach a policy document to a principal: --attach PRINCIPAL=FILE"
    } else {
        "add an account snapshot, or attach a policy document to a principal: --attach PRINCIPAL=FILE"
    })
}

#[cfg(test)]
mod tests;
