//! Why a decision was made: from its rule to statements, through the cold provenance.

use alloc::vec::Vec;
use core::fmt;

use crate::bundle::Bundle;
use crate::decision::{Decision, Layer};
use crate::format::Section;
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
    /// The statements behind a decision's rule that are in the deciding layer of its principal: at least one for a decision that a
    /// statement made, none for another. In the order of policies and statements.
    #[must_use]
    pub fn statements(&self, decision: &Decision) -> Vec<Statement<'_>> {
        let Some(rule) = decision.rule() else { return Vec::new() };
        let lists = self.principals.get(decision.principal as usize);
        let list = match decision.layer {
            Layer::Boundary => lists.and_then(|&(_, boundary)| boundary),
            _ => lists.map(|&(identity, _)| identity),
        };
        let policies =
            list.and_then(|list| self.policy_lists.get(list as usize)).map_or(&[][..], Vec::as_slice);
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
}
