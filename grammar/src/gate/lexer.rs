//! The lexer with its bounds: how deep a text may nest, and what to say about what is no token.
//!
//! It gives tokens even where something is wrong, so that the parser goes on: a text that is not closed counts as closed at the end of its
//! line, and what can begin no token is skipped.

use std::cell::Cell;
use std::rc::Rc;

use logos::Logos as _;

use super::hidden::is_hidden;
use super::token::{Token, keyword};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// How deep brackets may nest, and how many `not` may follow each other.
pub const MAX_DEPTH: usize = 64;

/// How many findings one text is given before reading stops.
pub const MAX_FINDINGS: usize = 100;

/// A token and its place.
pub(super) type Spanned = (usize, Token, usize);

/// The tokens of a source, comments left out.
pub(super) struct Lexer<'s> {
    source: &'s Source,
    tokens: logos::SpannedIter<'s, Token>,
    /// The second half of a token that was two.
    pending: Option<Spanned>,
    /// Where brackets stand that are open.
    pub(super) open: Vec<usize>,
    negations: usize,
    last: Option<(Token, usize)>,
    /// Whether this may be a route, in whose words `{name}` can stand.
    in_route: bool,
    /// What stands before this was skipped.
    skip_to: usize,
    /// All findings so far.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Where comments are kept, if anybody wants them.
    pub(super) comments: Option<Vec<Span>>,
    /// Whether reading ended early.
    pub(super) stopped: bool,
    /// Whether whoever takes the tokens has had enough of them.
    pub(super) enough: Rc<Cell<bool>>,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self {
            source,
            tokens: Token::lexer(source.text()).spanned(),
            pending: None,
            open: Vec::new(),
            negations: 0,
            last: None,
            in_route: false,
            skip_to: 0,
            diagnostics: Vec::new(),
            comments: None,
            stopped: false,
            enough: Rc::default(),
        }
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        if self.diagnostics.len() < MAX_FINDINGS {
            self.diagnostics.push(Diagnostic::error(code, message).at(self.source, span, "").help(help));
        } else {
            self.stopped = true;
        }
    }

    /// What begins no token: the token that stands in for it, if any.
    fn wrong(&mut self, start: usize) -> Option<Spanned> {
        let rest = self.source.text().get(start..).unwrap_or("");
        let line = rest.lines().next().unwrap_or("");
        let first = rest.chars().next()?;
        if matches!(first, '"' | '“' | '”' | '\'' | '‘' | '’') {
            let (end, message, help) = if first == '"' {
                (
                    line.trim_end().len(),
                    "this text is not closed on its line",
                    "write the closing double quote",
                )
            } else {
                let closing =
                    line.char_indices().skip(1).find(|(_, it)| matches!(it, '“' | '”' | '\'' | '‘' | '’'));
                let end = closing.map_or(first.len_utf8(), |(at, it)| at + it.len_utf8());
                (end, "a text stands in double quotes", "write \"…\"")
            };
            let end = start + end.max(first.len_utf8());
            self.error("gate-text", Span::new(start, end), message, help);
            return Some((start, Token::Str, end));
        }
        let width = |text: &str, fits: &dyn Fn(char) -> bool| {
            text.chars().take_while(|it| fits(*it)).map(char::len_utf8).sum::<usize>()
        };
        let length = width(rest, &is_foreign).max(first.len_utf8());
        let text = rest.get(..length).unwrap_or("");
        if !is_hidden(first) {
            let (message, help) = foreign(text);
            self.error("gate-character", Span::new(start, start + length), message, help);
        }
        let meant = match text {
            "&" | "&&" => Token::And,
            "|" | "||" => Token::Or,
            "!" => Token::Not,
            _ => {
                // A word with such a character in it is one mistake.
                let behind_word = self.last.is_some_and(|(last, end)| last == Token::Word && end == start);
                let behind = rest.get(length..).unwrap_or("");
                let is_word =
                    |it: char| is_foreign(it) || it.is_ascii_alphanumeric() || "_.-:/*?+@%~".contains(it);
                let more = if behind_word || is_letter(first) { width(behind, &is_word) } else { 0 };
                self.skip_to = start + length + more;
                let end = self.skip_to;
                return (!behind_word && is_letter(first)).then_some((start, Token::Str, end));
            }
        };
        Some((start, meant, start + length))
    }

    fn bounded(&mut self, token: Token, start: usize, end: usize) -> Option<Spanned> {
        self.in_route = match token {
            // Behind these it is a name.
            Token::Route => {
                let before = self.last.map(|(last, _)| last);
                let is_name = matches!(
                    before,
                    Some(Token::Account | Token::Let | Token::Organization | Token::Policy | Token::Version)
                );
                self.open.is_empty() && !is_name
            }
            // Another item begins, or a block.
            Token::Account
            | Token::Import
            | Token::Let
            | Token::Organization
            | Token::Policy
            | Token::Test => false,
            Token::OpenBrace => false,
            _ => self.in_route,
        };
        match token {
            Token::OpenBrace | Token::OpenBracket | Token::OpenParen | Token::Prefix => {
                self.open.push(end.saturating_sub(1))
            }
            Token::CloseBrace | Token::CloseBracket | Token::CloseParen => {
                self.open.pop();
            }
            _ => {}
        }
        self.negations = if token == Token::Not { self.negations + 1 } else { 0 };
        if self.open.len().max(self.negations) > MAX_DEPTH {
            let message = format!("this is nested more than {MAX_DEPTH} levels deep");
            self.error(
                "gate-depth",
                Span::new(start, end),
                message,
                "make it flatter, or name a part of it with `let`",
            );
            self.stopped = true;
            return None;
        }
        self.last = Some((token, end));
        Some((start, token, end))
    }
}

impl Iterator for Lexer<'_> {
    type Item = Result<Spanned, ()>;

    fn next(&mut self) -> Option<Self::Item> {
        self.stopped |= self.enough.get();
        if let Some((start, token, end)) = self.pending.take() {
            return self.bounded(token, start, end).map(Ok);
        }
        while !self.stopped {
            let (token, range) = self.tokens.next()?;
            if range.start < self.skip_to {
                continue;
            }
            let token = match token {
                Ok(Token::Comment) => {
                    let span = Span::new(range.start, range.end);
                    if self.last.is_some_and(|(last, end)| last.is_word() && end == range.start) {
                        let help = "put the word in double quotes, or a blank before a comment";
                        self.error(
                            "gate-character",
                            span,
                            "a `#` directly behind a word is no comment",
                            help,
                        );
                    }
                    if let Some(comments) = &mut self.comments {
                        comments.push(span);
                    }
                    continue;
                }
                // `in[a, b]` is the word `in` and a list.
                Ok(Token::Prefix) => {
                    let word = self.source.text().get(range.start..range.end - 1).unwrap_or("");
                    match keyword(word) {
                        Some(word) => {
                            self.pending = Some((range.end - 1, Token::OpenBracket, range.end));
                            return self.bounded(word, range.start, range.end - 1).map(Ok);
                        }
                        None => Token::Prefix,
                    }
                }
                Ok(Token::Word | Token::Label) if self.in_route && self.open.is_empty() => {
                    let more = template(self.source.text().get(range.end..).unwrap_or(""));
                    self.tokens.bump(more);
                    return self.bounded(Token::Word, range.start, range.end + more).map(Ok);
                }
                Ok(token) => token,
                Err(()) => match self.wrong(range.start) {
                    Some((start, token, end)) => {
                        // What the lexer makes of the rest of that line is no news.
                        if let Some(more) = end.checked_sub(self.tokens.span().end) {
                            self.tokens.bump(more);
                        }
                        return self.bounded(token, start, end).map(Ok);
                    }
                    None => continue,
                },
            };
            return self.bounded(token, range.start, range.end).map(Ok);
        }
        None
    }
}

/// How much of what stands behind a word of a route belongs to it: `{name}`, and what a word may hold between and behind.
fn template(rest: &str) -> usize {
    let mut length = 0;
    loop {
        let behind = rest.get(length..).unwrap_or("");
        let Some(inside) = behind.strip_prefix('{') else { return length };
        // One that is not closed is part of it all the same: that is said where captures are read.
        let width = inside.find(|it: char| it.is_whitespace() || "{}\"#,;".contains(it));
        let width = width.unwrap_or(inside.len());
        let closed = inside.get(width..).is_some_and(|it| it.starts_with('}'));
        length += 1 + width + usize::from(closed);
        let mut token = Token::lexer(rest.get(length..).unwrap_or(""));
        // What follows without a blank is part of it, as far as it is a word; of a list behind it nothing is.
        if matches!(token.next(), Some(Ok(found)) if found.is_word() && token.span().start == 0) {
            length += token.span().end;
        }
    }
}

/// Characters that begin no token.
fn is_foreign(character: char) -> bool {
    !character.is_ascii_alphanumeric()
        && !character.is_whitespace()
        && !is_hidden(character)
        && !"_.-:/*?+@%~{}[](),;=<>\"#'“”‘’".contains(character)
}

/// Whether a character could be meant as one of a name.
fn is_letter(character: char) -> bool {
    character.is_alphanumeric()
}

/// What is wrong with characters that begin no token, and what to write.
fn foreign(text: &str) -> (String, &'static str) {
    let first = text.chars().next().unwrap_or(' ');
    if !is_letter(first) && !first.is_ascii_graphic() {
        let message = format!("the character U+{:04X} has no meaning here", u32::from(first));
        if first == '\u{feff}' {
            return (message, "save the file as UTF-8 without a byte order mark");
        }
        return (message, "take it away; in a text it stands as \\u{…}");
    }
    let message = format!("`{}` has no meaning here", text.escape_debug());
    let help = match text.chars().next() {
        Some('`') => "a text stands in double quotes",
        Some('&') => "write `and`",
        Some('|') => "write `or`",
        Some('!') => "write `not`, or `!=` for unequal",
        Some('$') => {
            "write $name for a value, ${key} for a policy variable (closed by a brace), \"\\$\" for the character"
        }
        Some('\\') => "a backslash stands in texts in double quotes only",
        _ => "put a word with other characters than letters, digits and _.-:/*?+@%~ in double quotes",
    };
    (message, help)
}
