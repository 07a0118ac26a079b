//! Inputs that several commands take, and the report on what is wrong with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::source::Source;

use super::Failure;
use super::output::report;
use crate::build::Builder;
use crate::compiler::analysis::graph::held;
use crate::compiler::bundle::model_of;
use crate::compiler::model::Model;
use crate::files::{Input, read_bytes};
use crate::grammar::suggest::nearest;
use crate::render::terminal;
use crate::runtime::format::MAGIC;
use crate::runtime::{Bundle, LoadError};

/// Policies to read.
#[derive(Clone, Debug, Args)]
pub(super) struct Policies {
    /// Account snapshots, policy documents, lists of managed policies, or folders of them; `-` for standard input
    #[arg(value_name = "INPUT", required_unless_present = "attach")]
    pub(super) inputs: Vec<PathBuf>,
    /// Attach a policy document to a user or role, which need not be in any input (may be repeated)
    #[arg(long, value_name = "PRINCIPAL=FILE", value_parser = attachment)]
    pub(super) attach: Vec<(String, PathBuf)>,
}

fn attachment(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((principal, file)) if !principal.is_empty() && !file.is_empty() => {
            Ok((principal.to_owned(), file.into()))
        }
        _ => {
            Err("expected PRINCIPAL=FILE, such as arn:aws:iam::123456789012:user/alice=alice.json".to_owned())
        }
    }
}

impl Policies {
    /// The builder of these inputs.
    pub(super) fn builder(&self) -> Builder {
        let builder = self.inputs.iter().fold(Builder::new(), Builder::input);
        self.attach.iter().fold(builder, |builder, (principal, file)| builder.attach(principal, file))
    }

    /// The model of the inputs, or of the one input that is a bundle; `None` where they are wrong, which has been said.
    pub(super) fn model(&self) -> Result<Option<Model>, Failure> {
        Ok(self.read()?.told())
    }

    /// Reads them as [`Policies::model`] does, and says nothing yet.
    pub(super) fn read(&self) -> Result<Read, Failure> {
        if let ([input], []) = (self.inputs.as_slice(), self.attach.as_slice())
            && input.is_file()
        {
            let bytes = read_bytes(input)?;
            if is_bundle(&bytes) {
                return Ok(Read::Bundle(Box::new(model_of(&open(input, bytes)?)?)));
            }
        }
        Ok(Read::Sources(Box::new(self.builder().read())))
    }
}

/// What was read.
pub(super) enum Read {
    /// A bundle.
    Bundle(Box<Model>),
    /// Sources, with what is wrong with them.
    Sources(Box<crate::build::Read>),
}

impl Read {
    /// Says what is wrong; the model, if nothing is.
    pub(super) fn told(self) -> Option<Model> {
        match self {
            Self::Bundle(model) => Some(*model),
            Self::Sources(input) => {
                if input.resolved.model.is_none() {
                    show(&input.resolved.diagnostics, &input.inputs);
                }
                input.resolved.model
            }
        }
    }
}

/// The path under which the user knows a source.
pub(super) fn path_of<'a>(inputs: &'a [Input], source: &Source) -> Option<&'a Path> {
    // Sources share their text, so this is the same source and not one that happens to read the same.
    let found = inputs.iter().find(|input| Arc::ptr_eq(input.source.text(), source.text()));
    found.map(|input| input.path.as_path()).filter(|path| *path != Path::new("-"))
}

/// Shows findings for people on standard error, and a line that counts them.
pub(super) fn show(diagnostics: &[Diagnostic], inputs: &[Input]) {
    show_counted(&diagnostics.iter().collect::<Vec<_>>(), inputs, 0);
}

/// The same, where some more are silenced.
pub(super) fn show_counted(diagnostics: &[&Diagnostic], inputs: &[Input], silenced: usize) {
    for found in diagnostics {
        report(&format!("{}\n\n", terminal::diagnostic(found, |source| path_of(inputs, source))));
    }
    let errors = diagnostics.iter().filter(|found| found.is_error()).count();
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let more = if silenced > 0 { format!(", {silenced} silenced") } else { String::new() };
    if !diagnostics.is_empty() || silenced > 0 {
        let warnings = diagnostics.len() - errors;
        report(&format!("{}, {}{more}\n", plural(errors, "error"), plural(warnings, "warning")));
    }
}

/// Whether bytes begin as a bundle does.
pub(super) fn is_bundle(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Loads a bundle.
pub(super) fn load(path: &Path) -> Result<Bundle, Failure> {
    open(path, read_bytes(path)?)
}

/// Opens the bytes of a bundle that were read from this path.
pub(super) fn open(path: &Path, bytes: Vec<u8>) -> Result<Bundle, Failure> {
    Bundle::from_bytes(bytes).map_err(|error| {
        // That a bundle is too old the error says with what to do.
        let anew = if matches!(error, LoadError::TooOld { .. }) { "" } else { "; build it anew" };
        Failure(format!("{} is no usable bundle: {error}{anew} with `portcullis build`", path.display()))
    })
}

/// Refuses an ARN that no user or role of a model has, and says which one may be meant.
pub(super) fn check_principal(model: &Model, principal: &str) -> Result<(), Failure> {
    if held(model, principal).is_some() {
        return Ok(());
    }
    let users = model.users.iter().map(|user| &user.identity);
    let arns: Vec<&str> =
        users.chain(model.roles.iter().map(|role| &role.identity)).map(|it| &*it.arn).collect();
    let by_name = || arns.iter().copied().filter(|arn| arn.rsplit(['/', ':']).next() == Some(principal));
    let meant =
        if by_name().count() == 1 { by_name().next() } else { nearest(principal, arns.iter().copied()) };
    let meant = meant.map(|arn| format!("; did you mean {arn}?")).unwrap_or_default();
    Err(Failure(format!("no user or role of the inputs has the ARN {principal}{meant}")))
}
