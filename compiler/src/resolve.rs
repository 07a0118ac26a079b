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
pub mod scenario;
mod session;
mod sink;
mod size;
mod snapshot;
mod suggest;
mod tags;
mod variables;

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::source::{Source, Span};

use crate::model::{FileId, Model};

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

/// What resolving gave.
#[derive(Debug)]
pub struct Resolved {
    /// The model; `None` exactly where `diagnostics` holds an error.
    pub model: Option<Model>,
    /// All findings, errors first, otherwise in the order of the inputs.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads all inputs into one model. Linear in the text of the inputs, but for the sorting of accounts.
#[must_use]
pub fn resolve(sources: &[Source], attachments: &[Attachment], options: &Options) -> Resolved {
    let mut sink = sink::Sink::default();
    let mut drafts = drafts::Drafts { incomplete: !options.complete, ..drafts::Drafts::default() };
    for (at, source) in sources.iter().enumerate() {
        inputs::read(source, FileId::at(at), &mut drafts, &mut sink, options);
    }
    for (at, attachment) in attachments.iter().enumerate() {
        attach::read(attachment, FileId::at(sources.len() + at), &mut drafts, &mut sink, options);
    }
    quotas::check(&drafts, &mut sink, options);
    let all_sources = sources.iter().chain(attachments.iter().map(|attachment| &attachment.source));
    let files = all_sources.map(|source| (&**source.name()).into()).collect();
    let model = link::model(drafts, files, &mut sink);
    // Where something could not be read, the missing principal is likely in it.
    let held = !model.users.is_empty() || !model.roles.is_empty() || !model.resources.is_empty();
    if options.require_principal && options.complete && !held && !sink.failed() {
        sink.push(no_principal(sources));
    }
    let model = (!sink.failed()).then_some(model);
    Resolved { model, diagnostics: sink.finish() }
}

/// Reads session policies, each source one document or several, into the model of an overlay (DESIGN section 5). Linear.
#[must_use]
pub fn session_policies(sources: &[Source], options: &Options) -> Resolved {
    let mut sink = sink::Sink::default();
    let mut documents = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        documents.extend(session::read(source, FileId::at(at), &mut sink, options));
    }
    let files = sources.iter().map(|source| (&**source.name()).into()).collect();
    let model = Model { files, session: Some(documents), ..Model::default() };
    Resolved { model: (!sink.failed()).then_some(model), diagnostics: sink.finish() }
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
    found.help("add an account snapshot, or attach a policy document to a principal: --attach PRINCIPAL=FILE")
}

#[cfg(test)]
mod tests;
