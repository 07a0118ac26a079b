//! Findings and answers as text: for people on a terminal, for machines as JSON and SARIF.

pub(crate) mod explain;
pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod terminal;
pub(crate) mod words;
