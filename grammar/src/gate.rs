//! The `.gate` language: text to syntax tree, and the tree's canonical layout.
//!
//! In: the text of one file. Out: a tree whose nodes point into it, and all problems found. What names, keys and templates mean is for the
//! compiler. The lexer is made by logos, the parser by lalrpop from `syntax.lalrpop`; nesting is bounded, so that neither walking nor
//! dropping a tree can exhaust the stack.

pub mod ast;
mod format;
mod lexer;
mod parse;
mod recover;
pub mod text;
mod token;

pub use format::format;
pub use lexer::{MAX_DEPTH, MAX_FINDINGS};
pub use parse::{Parsed, parse};
pub use token::Token;

use crate::source::{Source, Span};

/// A file that another one names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Where it is named, quotes included.
    pub span: Span,
    /// The path as written, without quotes.
    pub path: Box<str>,
    /// Whether it is the document of a policy (`from`), or a file by itself (`import`).
    pub is_document: bool,
}

/// The files that a `.gate` file names, without reading more of it than its tokens. Linear.
#[must_use]
pub fn imports(source: &Source) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut before = None;
    for (start, token, end) in lexer::Lexer::new(source).flatten() {
        if let (Some(is_document), Token::Str) = (before, token) {
            let path = parse::word(source.text(), start, end).raw.into();
            imports.push(Import { span: Span::new(start, end), path, is_document });
        }
        before = match token {
            Token::Import => Some(false),
            Token::From => Some(true),
            _ => None,
        };
    }
    imports
}

#[cfg(test)]
mod tests;
