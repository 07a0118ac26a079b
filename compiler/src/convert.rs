//! From the model back to text: IAM JSON as AWS takes it, and `.gate` as people write it.
//!
//! In: a model. Out: texts that read back as a model of equal meaning. What the model does not hold (comments, descriptions, dates) is not
//! in them; what one of the languages cannot say is refused.

mod conditions;
mod gate;
mod json;
mod lists;
mod share;

pub use gate::to_gate;
pub use json::{Output, to_json};

use std::fmt;
use std::ops::Range;

use crate::model::{Model, Origin};

/// What a model holds and the other language cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoForm(pub String);

impl fmt::Display for NoForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoForm {}

/// What of a model is converted: all but what some of the files declare, which only say what names mean.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// The places of those files.
    pub aside: Range<usize>,
    /// Whether routes may be left out: neither language is given any.
    pub without_routes: bool,
}

impl Extent {
    fn holds(&self, origin: Origin) -> bool {
        !self.aside.contains(&origin.file.index())
    }

    fn check(&self, model: &Model) -> Result<(), NoForm> {
        match model.routes.0.len() {
            0 => Ok(()),
            _ if self.without_routes => Ok(()),
            count => Err(NoForm(format!("{count} routes would be lost: they are not converted"))),
        }
    }
}

/// The account of a managed policy: 12 digits, `aws`, or none of a document that nothing can be attached by.
fn account_of(arn: &str) -> Option<&str> {
    match portcullis_runtime::value::arn::split(arn) {
        Some(["arn", _, "iam", "", account, resource]) if resource.starts_with("policy/") => Some(account),
        _ => None,
    }
}
