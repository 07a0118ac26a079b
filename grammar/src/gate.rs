//! The `.gate` language: text to syntax tree, and the tree's canonical layout.
//!
//! In: the text of one file. Out: a tree whose nodes point into it, and all problems found. What names, keys and templates mean is for the
//! compiler. The lexer is made by logos, the parser by lalrpop from `syntax.lalrpop`; nesting is bounded, so that neither walking nor
//! dropping a tree can exhaust the stack.

pub mod ast;
mod extents;
mod format;
mod hidden;
mod imports;
mod lexer;
mod parse;
mod recover;
pub mod text;
mod token;

pub use extents::{comments, extents};
pub use format::format;
pub use imports::{Import, imports};
pub use lexer::{MAX_DEPTH, MAX_FINDINGS};
pub use parse::{Parsed, parse};
pub use token::Token;

#[cfg(test)]
mod tests;
