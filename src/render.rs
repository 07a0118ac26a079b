//! Findings and answers as text: for people on a terminal, for machines as JSON and SARIF; and pictures.

pub(crate) mod changes;
pub(crate) mod dot;
pub(crate) mod explain;
pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod style;
pub(crate) mod svg;
pub(crate) mod terminal;
pub(crate) mod words;
