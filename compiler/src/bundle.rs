//! Automata to bytes: the writer of the format that `runtime/FORMAT.md` specifies.
//!
//! In: model, IR and automata. Out: one bundle, deterministic and sealed with its digest, which the runtime has loaded once before
//! anybody sees it.

mod conditions;
mod facts;
mod provenance;
mod routes;
mod sections;
mod strings;
mod world;
mod write;

pub use facts::BuildFacts;
pub use write::{WriteError, write};

use portcullis_runtime::Bundle;
use portcullis_runtime::format::Section;

use crate::model::Model;
use crate::model::route::Routes;

/// A cold section that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColdError {
    /// The bundle was built without it.
    Stripped,
    /// Its bytes do not decode.
    Damaged(String),
}

impl std::fmt::Display for ColdError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stripped => f.write_str("the bundle was built with --strip and does not hold its model"),
            Self::Damaged(why) => write!(f, "a cold section of the bundle cannot be decoded: {why}"),
        }
    }
}

impl std::error::Error for ColdError {}

/// The model that a bundle was built from.
///
/// # Errors
/// [`ColdError`] if the bundle was stripped of it or the section does not decode.
pub fn model_of(bundle: &Bundle) -> Result<Model, ColdError> {
    let bytes = bundle.section(Section::Model);
    if bytes.is_empty() {
        return Err(ColdError::Stripped);
    }
    let model: Model = portcullis_runtime::provenance::decode(bytes)
        .map_err(|error| ColdError::Damaged(error.to_string()))?;
    let routes = routes::routes_of(bundle).ok_or(ColdError::Damaged("a route is none".to_owned()))?;
    Ok(Model { routes: Routes(routes), ..model })
}

/// The facts of the build that a bundle came from.
///
/// # Errors
/// [`ColdError`] if the section does not decode.
pub fn facts_of(bundle: &Bundle) -> Result<BuildFacts, ColdError> {
    let bytes = bundle.section(Section::Facts);
    portcullis_runtime::provenance::decode(bytes).map_err(|error| ColdError::Damaged(error.to_string()))
}
