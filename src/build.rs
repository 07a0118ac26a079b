//! Policies to a bundle, for build scripts and for the command line.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use portcullis_compiler::automata::Cache;
use portcullis_compiler::model::Model;
use portcullis_compiler::resolve::{self, Attachment, Resolved};
use portcullis_compiler::{CompileError, CompileOptions, Step, compile_cached, ir, lower};
use portcullis_grammar::diagnostic::Diagnostic;

use crate::files::{FileError, Input, is_same_file, read_inputs};
use crate::imports::follow;

/// Collects inputs and compiles them.
///
/// # Example
/// ```
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("alice.json");
/// std::fs::write(&file, r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#)?;
/// let bytes = portcullis::Builder::new().attach("arn:aws:iam::123456789012:user/alice", file).build()?;
/// assert!(portcullis::runtime::Bundle::from_bytes(bytes).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    inputs: Vec<PathBuf>,
    attachments: Vec<(String, PathBuf)>,
    strip: bool,
    loose: bool,
    aside: Vec<PathBuf>,
    except: Vec<PathBuf>,
}

/// Why no bundle came out.
#[derive(Debug)]
pub enum BuildError {
    /// The inputs are wrong, or could not be read. Errors and warnings, with their places.
    Inputs(Vec<Diagnostic>),
    /// The compiler failed.
    Compile(CompileError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inputs(found) => {
                let errors = found.iter().filter(|found| found.is_error());
                let texts: Vec<String> = errors.map(one_line).collect();
                f.write_str(&texts.join("\n"))
            }
            Self::Compile(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BuildError {}

/// A diagnostic in one line, for places that show no source text.
fn one_line(found: &Diagnostic) -> String {
    let place = found.labels.first().filter(|label| !label.source.text().is_empty());
    let place =
        place.map(|label| format!("{}:{}: ", label.source.name(), label.source.position(label.span.start)));
    let help = found.help.as_ref().map(|help| format!(" ({help})"));
    format!("{}{} [{}]{}", place.unwrap_or_default(), found.message, found.code, help.unwrap_or_default())
}

/// The inputs of a build, read: where each source came from, and what resolving gave.
#[derive(Debug)]
pub struct Read {
    /// All sources that could be read, with their paths.
    pub inputs: Vec<Input>,
    /// The places of those that only say what names mean.
    pub aside: Range<usize>,
    /// Model and findings, those about files that could not be read first.
    pub resolved: Resolved,
}

impl Builder {
    /// A builder without inputs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file or folder; `-` is standard input.
    #[must_use]
    pub fn input(mut self, path: impl Into<PathBuf>) -> Self {
        self.inputs.push(path.into());
        self
    }

    /// Adds a file or folder that only says what names mean, where inputs are converted.
    #[must_use]
    pub fn aside(mut self, path: impl Into<PathBuf>) -> Self {
        self.aside.push(path.into());
        self
    }

    /// Attaches a policy document to a user or role as an inline policy. The principal need not be held by any input.
    #[must_use]
    pub fn attach(mut self, principal: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.attachments.push((principal.into(), path.into()));
        self
    }

    /// Leaves a file out that lies among the inputs and is none.
    #[must_use]
    pub fn except(mut self, path: impl Into<PathBuf>) -> Self {
        self.except.push(path.into());
        self
    }

    /// Leaves the model out of the bundle: smaller, but what needs the model will say that it is not there.
    #[must_use]
    pub fn strip(mut self, strip: bool) -> Self {
        self.strip = strip;
        self
    }

    /// Takes inputs without any user, role or resource: nothing can be asked of them, but they can be converted.
    #[must_use]
    pub fn loose(mut self, loose: bool) -> Self {
        self.loose = loose;
        self
    }

    /// Reads and resolves all inputs. What is wrong with any of them is among the findings, and there is no model then.
    #[must_use]
    pub fn read(&self) -> Read {
        let (mut inputs, mut errors) = read_inputs(&self.inputs);
        inputs.retain(|input| !self.except.iter().any(|path| is_same_file(path, &input.path)));
        let first = inputs.len();
        let (more, failed) = read_inputs(&self.aside);
        inputs.extend(more);
        errors.extend(failed);
        let aside = first..inputs.len();
        self.read_more(inputs, aside, errors)
    }

    /// The same of inputs that were read already.
    #[cfg(feature = "cli")]
    pub(crate) fn read_these(&self, inputs: Vec<Input>) -> Read {
        self.read_more(inputs, 0..0, Vec::new())
    }

    fn read_more(&self, mut inputs: Vec<Input>, aside: Range<usize>, mut errors: Vec<FileError>) -> Read {
        let (imports, unread) = follow(&mut inputs);
        let sources: Vec<_> = inputs.iter().map(|input| input.source.clone()).collect();
        let mut attachments = Vec::new();
        for (principal, path) in &self.attachments {
            let (files, failed) = read_inputs(std::slice::from_ref(path));
            errors.extend(failed);
            for file in files {
                attachments.push(Attachment { principal: principal.clone(), source: file.source.clone() });
                inputs.push(file);
            }
        }
        let complete = errors.is_empty() && unread.is_empty();
        let options =
            resolve::Options { complete, require_principal: !self.loose, ..resolve::Options::default() };
        let mut resolved = resolve::resolve_linked(&sources, &imports, &attachments, &options);
        if !complete {
            let unread = errors.iter().map(FileError::diagnostic).chain(unread);
            let diagnostics = unread.chain(resolved.diagnostics).collect();
            resolved = Resolved { model: None, diagnostics, questions: Vec::new(), quotas: 0 };
        }
        Read { inputs, aside, resolved }
    }

    /// Compiles a model with the options of this builder.
    ///
    /// # Errors
    /// [`BuildError::Compile`].
    pub fn compile(&self, model: &Model) -> Result<Vec<u8>, BuildError> {
        self.compile_watched(model, &mut |_| ())
    }

    /// The same; says when each step begins.
    ///
    /// # Errors
    /// [`BuildError::Compile`].
    pub fn compile_watched(
        &self,
        model: &Model,
        begins: &mut dyn FnMut(Step),
    ) -> Result<Vec<u8>, BuildError> {
        self.compile_cached(model, None, begins)
    }

    /// The same; takes automata from a cache and leaves in it those of this build, for [`BuildCache::save`](crate::cache::BuildCache::save).
    ///
    /// # Errors
    /// [`BuildError::Compile`].
    pub fn compile_cached(
        &self,
        model: &Model,
        cache: Option<&mut Cache>,
        begins: &mut dyn FnMut(Step),
    ) -> Result<Vec<u8>, BuildError> {
        let options = CompileOptions { strip: self.strip, ..CompileOptions::default() };
        compile_cached(model, &options, cache, begins).map_err(BuildError::Compile)
    }

    /// Reads and resolves: what the inputs mean, as text for review ([`portcullis_compiler::ir`]). For a snapshot test of one's own policies.
    ///
    /// # Errors
    /// [`BuildError::Inputs`]; one wrong input fails all.
    pub fn ir(&self) -> Result<String, BuildError> {
        let read = self.read();
        match read.resolved.model {
            Some(model) => Ok(ir::print(&lower(&model), &model, &ir::TextOptions::default())),
            None => Err(BuildError::Inputs(read.resolved.diagnostics)),
        }
    }

    /// Reads, resolves and compiles: the bytes of a bundle.
    ///
    /// # Errors
    /// [`BuildError`]; one wrong input fails the whole build.
    pub fn build(&self) -> Result<Vec<u8>, BuildError> {
        let read = self.read();
        match read.resolved.model {
            Some(model) => self.compile(&model),
            None => Err(BuildError::Inputs(read.resolved.diagnostics)),
        }
    }
}
