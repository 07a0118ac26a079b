//! The compiler: syntax in, bundle out. Pure: no IO, no clock, no environment, no printing.
//!
//! [`compile`] is the pipeline behind [`resolve`](resolve::resolve), a line for each pass; what holds behind a pass is said there.
#![forbid(unsafe_code)]

pub mod analysis;
pub mod automata;
pub mod bundle;
pub mod convert;
pub mod facts;
pub mod intern;
pub mod ir;
pub mod lint;
pub mod merge;
pub mod model;
pub mod pattern;
pub mod reference;
pub mod request;
pub mod resolve;
mod workers;

use std::fmt;

/// What to compile for.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompileOptions {
    /// Leave the model out of the bundle.
    pub strip: bool,
    /// What one automaton may cost.
    pub budget: automata::Budget,
    /// From how many users and roles on they are packed, if every ARN tells its account, kind and name, as AWS's do: a seventh of the bytes each,
    /// and a look-up that waits for one more of them.
    pub packed_from: PackedFrom,
}

/// How many users and roles are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedFrom(pub usize);

impl Default for PackedFrom {
    fn default() -> Self {
        Self(32_768)
    }
}

/// A pass of the pipeline, for whoever watches how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Layers are merged and statements become rules.
    Lower,
    /// Rules become automata.
    Automata,
    /// Automata become bytes, which are read once.
    Write,
}

/// Why a model did not become a bundle. Inputs are refused earlier, by `resolve`, with positions.
#[derive(Debug)]
pub enum CompileError {
    /// A verifier found a bug of this compiler.
    Violation(ir::Violation),
    /// The bundle could not be written.
    Write(bundle::WriteError),
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CompileError {}

/// The model's IR. Behind it: groups and attachments are gone, layers are sets of rule lists, all of it hash-consed.
#[must_use]
pub fn lower(model: &model::Model) -> ir::Ir {
    ir::lower(model, &merge::merge(model))
}

/// Compiles a model into the bytes of a bundle.
///
/// # Errors
/// [`CompileError`]: never for a model that `resolve` made, unless the bundle would pass 4 GiB.
pub fn compile(model: &model::Model, options: &CompileOptions) -> Result<Vec<u8>, CompileError> {
    compile_watched(model, options, &mut |_| ())
}

/// The same; says when each step begins.
///
/// # Errors
/// As [`compile`].
pub fn compile_watched(
    model: &model::Model,
    options: &CompileOptions,
    begins: &mut dyn FnMut(Step),
) -> Result<Vec<u8>, CompileError> {
    compile_cached(model, options, None, begins)
}

/// The same; takes automata from a cache, if there is one, and leaves in it those of this build. The bytes are those of a build without.
///
/// # Errors
/// As [`compile`].
pub fn compile_cached(
    model: &model::Model,
    options: &CompileOptions,
    cache: Option<&mut automata::Cache>,
    begins: &mut dyn FnMut(Step),
) -> Result<Vec<u8>, CompileError> {
    begins(Step::Lower);
    let ir = lower(model);
    ir::verify(&ir).map_err(CompileError::Violation)?;
    // Behind this point: every rule is canonical, and every id is known.
    begins(Step::Automata);
    let automata = automata::build(&ir, options.budget, cache)
        .map_err(|automata::TooLarge| CompileError::Write(bundle::WriteError::TooLarge))?;
    automata::verify(&ir, &automata).map_err(CompileError::Violation)?;
    // Behind this point: every cell has its root list, and every terminal is folded.
    begins(Step::Write);
    bundle::write(model, &ir, &automata, options).map_err(CompileError::Write)
}
