//! Findings and answers as text: for people on a terminal, for machines as JSON.

pub(crate) mod changes;
pub(crate) mod explain;
pub(crate) mod json;
pub(crate) mod terminal;
pub(crate) mod words;
