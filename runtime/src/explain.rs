//! Why a decision was made: from its rule to statements, through the cold provenance.

use alloc::vec::Vec;
use core::fmt;

use crate::bundle::Bundle;
use crate::decision::{Decision, Layer, OTHER_HOLDER};
use crate::format::{NONE, Section};
use crate::provenance::{Provenance, decode};

/// A statement that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The policy: ARN, or identity ARN, `#` and name of an inline one.
    pub policy: &'a str,
    /// The version of a managed policy.
    pub version: Option<&'a str>,
    /// Its `Sid`.
    pub sid: Option<&'a str>,
    /// Place in its document, from 0.
    pub index: u32,
    /// File as it was given to the build.
    pub file: &'a str,
    /// Line of its opening brace, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// The provenance section could not be decoded. Decisions do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenanceError;

impl fmt::Display for ProvenanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bundle's provenance section cannot be decoded")
    }
}

impl core::error::Error for ProvenanceError {}

impl Bundle {
    /// Decodes the provenance, to explain many decisions. Linear in the section; allocates.
    ///
    /// # Errors
    /// [`ProvenanceError`] if the section is no provenance.
    pub fn provenance(&self) -> Result<Provenance, ProvenanceError> {
        decode(self.section(Section::Provenance)).map_err(|_| ProvenanceError)
    }
}

impl Provenance {
    /// The statements behind a decision's rule that are in the deciding layer: at least one for a decision that a statement made, none for
    /// another. In the order of policies and statements.
    ///
    /// A decision of the session layer is explained by the provenance of the session's overlay.
    #[must_use]
    pub fn statements(&self, decision: &Decision) -> Vec<Statement<'_>> {
        let Some(rule) = decision.rule() else { return Vec::new() };
        let policies = self
            .policies_of(decision)
            .and_then(|list| self.policy_lists.get(list as usize))
            .map_or(&[][..], Vec::as_slice);
        let sources = self.rules.get(rule.0 as usize).map_or(&[][..], Vec::as_slice);
        sources
            .iter()
            .filter(|source| policies.binary_search(&source.policy).is_ok())
            .filter_map(|source| {
                let policy = self.policies.get(source.policy as usize)?;
                Some(Statement {
                    policy: &policy.name,
                    version: policy.version.as_deref(),
                    sid: source.sid.as_deref(),
                    index: source.statement,
                    file: self.files.get(policy.file as usize).map_or("", |file| file),
                    line: source.line,
                    column: source.column,
                })
            })
            .collect()
    }

    /// The policy list of the layer that decided.
    fn policies_of(&self, decision: &Decision) -> Option<u32> {
        let holder = (decision.holder & !OTHER_HOLDER) as usize;
        let is_other = decision.holder & OTHER_HOLDER != 0;
        let level = usize::from(decision.level().unwrap_or(u8::MAX));
        let principal = || self.principals.get(decision.holder as usize);
        match decision.layer() {
            Layer::Identity => principal().map(|lists| lists.identity),
            Layer::Boundary => principal()?.boundary,
            Layer::Session => self.session,
            Layer::Scp => self.accounts.get(holder)?.0.get(level).copied(),
            Layer::Rcp if is_other => self.resources.get(holder)?.1.get(level).copied(),
            Layer::Rcp => self.accounts.get(holder)?.1.get(level).copied(),
            Layer::Resource if is_other => self.principals.get(holder)?.trust,
            Layer::Resource => self.resources.get(holder)?.0,
            Layer::Endpoint if decision.holder == NONE => self.everywhere,
            Layer::Endpoint => self.endpoints.get(holder).copied(),
            Layer::Service | Layer::Limit | Layer::None => None,
        }
    }
}
