//! Text to syntax: sources with positions, diagnostics as data, the `.gate` language and the JSON front end. Knows no meaning.
//!
//! In: the text of one file. Out: a syntax tree whose every node points into that text, and all problems found.
//! Nothing here reads files, prints, or knows what a policy is; that is for the crates that depend on this one.
#![forbid(unsafe_code)]

pub mod diagnostic;
pub mod gate;
pub mod json;
pub mod source;
pub mod suggest;
