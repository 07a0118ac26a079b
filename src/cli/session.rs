//! Session policies that a command is given: compiled to an overlay (DESIGN section 5).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::inputs::show;
use super::{Failure, Outcome};
use crate::compiler::model::Model;
use crate::compiler::resolve::{Options, session_policies};
use crate::compiler::{CompileOptions, compile};
use crate::files::{FileError, read_inputs};
use crate::runtime::explain::Statement;
use crate::runtime::provenance::Provenance;
use crate::runtime::{Bundle, Decision, Layer, Session};

/// Reads the session policies of some files into the model of an overlay; none for no file. What is wrong with them is shown, and gives the
/// outcome.
pub(super) fn read(files: &[PathBuf]) -> Result<Result<Option<Model>, Outcome>, Failure> {
    if files.is_empty() {
        return Ok(Ok(None));
    }
    let (inputs, errors) = read_inputs(files);
    if !errors.is_empty() {
        show(&errors.iter().map(FileError::diagnostic).collect::<Vec<_>>(), &inputs);
        return Ok(Err(Outcome::Unusable));
    }
    let sources: Vec<_> = inputs.iter().map(|input| input.source.clone()).collect();
    let resolved = session_policies(&sources, &Options::default());
    if resolved.model.is_none() || !resolved.diagnostics.is_empty() {
        show(&resolved.diagnostics, &inputs);
    }
    Ok(resolved.model.map(Some).ok_or(Outcome::Unusable))
}

/// Compiles session policies that were read.
pub(super) fn overlay(model: &Model) -> Result<Arc<Bundle>, Failure> {
    let bytes = compile(model, &CompileOptions { strip: true, ..CompileOptions::default() })?;
    Ok(Arc::new(Bundle::from_bytes(bytes)?))
}

/// Reads and compiles.
pub(super) fn policies(files: &[PathBuf]) -> Result<Result<Option<Arc<Bundle>>, Outcome>, Failure> {
    Ok(match read(files)? {
        Ok(model) => Ok(model.as_ref().map(overlay).transpose()?),
        Err(outcome) => Err(outcome),
    })
}

/// The session of a principal, with session policies if there are any.
pub(super) fn session(
    bundle: &Bundle,
    principal: &str,
    policies: Option<&Arc<Bundle>>,
) -> Result<Session, Failure> {
    let session = bundle.assume(principal);
    Ok(match policies {
        Some(policies) => session.with_policies(Arc::clone(policies))?,
        None => session,
    })
}

/// Where the statements that decide are described: those of session policies in the overlay, all others in the bundle.
pub(super) struct Described {
    bundle: Provenance,
    policies: Option<Provenance>,
}

impl Described {
    pub(super) fn new(bundle: &Bundle, policies: Option<&Arc<Bundle>>) -> Result<Self, Failure> {
        let policies = policies.map(|policies| policies.provenance()).transpose()?;
        Ok(Self { bundle: bundle.provenance()?, policies })
    }

    pub(super) fn statements(&self, decision: &Decision) -> Vec<Statement<'_>> {
        let of_session = self.policies.as_ref().filter(|_| decision.layer() == Layer::Session);
        of_session.unwrap_or(&self.bundle).statements(decision)
    }
}

/// The session with some tags. Of two with one key nobody could tell which is meant.
pub(super) fn tagged(session: Session, tags: &[(String, String)]) -> Result<Session, Failure> {
    check_tags(tags)?;
    Ok(tags.iter().fold(session, |session, (key, value)| session.with_tag(key, value.as_str())))
}

/// Refuses tags of which two have one key.
pub(super) fn check_tags(tags: &[(String, String)]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    match tags.iter().find(|(key, _)| !seen.insert(key.to_ascii_lowercase())) {
        Some((key, _)) => Err(Failure(format!(
            "the session's tag {key:?} is given more than once (keys are compared ignoring case)"
        ))),
        None => Ok(()),
    }
}

/// Reads a tag, `KEY=VALUE`.
pub(super) fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, such as team=finance".to_owned()),
    }
}
