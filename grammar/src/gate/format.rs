//! The canonical layout: one for each text, whatever its own layout was.
//!
//! It works on the tokens, so that nothing can get lost, and knows from the parser where items begin. An item is a line; a block is indented
//! by two; a block of one item stands on the line that opens it where that is short; long lines are broken behind commas and before the
//! words that go on. Comments stay where they are, and one empty line between items where there were any.

use std::collections::HashSet;

use super::lexer::Lexer;
use super::parse::parse;
use super::token::Token;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// Columns of a line, and of one that holds a whole block.
const WIDTH: usize = 110;
const BLOCK_WIDTH: usize = 90;
/// How far a line that goes on is indented against its item.
const CONTINUED: usize = 4;

/// A token with its text and what stood before it.
struct Piece<'t> {
    token: Token,
    text: &'t str,
    /// Whether an item begins here.
    begins: bool,
    /// Line breaks in the source since the last token.
    breaks: usize,
    /// Whether the item ends before this or behind it, but for comments.
    ends: bool,
}

/// The text of a `.gate` file in its canonical layout. Formatting what is formatted changes nothing. Linear.
///
/// # Errors
/// The findings, if the text does not parse: what is not understood is not touched.
pub fn format(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(source);
    if !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    let pieces = pieces(source, &parsed.starts.into_iter().collect());
    let mut printer =
        Printer { pieces: &pieces, out: String::with_capacity(source.text().len()), column: 0, at: 0 };
    printer.items(0);
    let mut out = printer.out;
    while out.ends_with('\n') {
        out.pop();
    }
    if !out.is_empty() {
        out.push('\n');
    }
    // Whatever a mistake in here may do, it loses nothing of a policy.
    let again = Source::new(&**source.name(), out.as_str());
    let same = |(one, other): (&Piece<'_>, &Piece<'_>)| (one.token, one.text) == (other.token, other.text);
    let after = self::pieces(&again, &HashSet::new());
    if pieces.len() != after.len() || !pieces.iter().zip(&after).all(same) {
        let message = format!("`{}` cannot be laid out: the result would say something else", source.name());
        let found = Diagnostic::error("gate-layout", message).at(source, Span::default(), "");
        return Err(vec![found.help("please report this; the file was not touched")]);
    }
    Ok(out)
}

/// All tokens and comments in their order, without semicolons, which an item at each line makes needless.
fn pieces<'t>(source: &'t Source, starts: &HashSet<usize>) -> Vec<Piece<'t>> {
    let text: &'t str = source.text();
    let mut lexer = Lexer::new(source);
    lexer.comments = Some(Vec::new());
    let mut tokens: Vec<(usize, Token, usize)> = lexer.by_ref().flatten().collect();
    let comments = lexer.comments.unwrap_or_default();
    tokens.extend(comments.iter().map(|span| (span.start as usize, Token::Comment, span.end as usize)));
    tokens.sort_unstable_by_key(|(start, _, _)| *start);
    let mut pieces = Vec::with_capacity(tokens.len());
    let mut end = 0;
    for (start, token, stop) in tokens {
        let between = text.get(end..start).unwrap_or("");
        let breaks = between.bytes().filter(|&byte| byte == b'\n').count();
        if token == Token::Semicolon {
            continue;
        }
        let text = text.get(start..stop).unwrap_or("").trim_end();
        let text = match token {
            // `==` is `=`.
            Token::Equal => "=",
            Token::EqualOrMissing => "=?",
            _ => text,
        };
        pieces.push(Piece { token, text, begins: starts.contains(&start), breaks, ends: false });
        end = stop;
    }
    // A comma before a closing bracket says nothing.
    let next =
        |at: usize| pieces.iter().skip(at + 1).find(|piece: &&Piece<'_>| piece.token != Token::Comment);
    let closes =
        |at: usize| next(at).is_some_and(|it| matches!(it.token, Token::CloseBracket | Token::CloseParen));
    let needless: Vec<bool> =
        pieces.iter().enumerate().map(|(at, piece)| piece.token == Token::Comma && closes(at)).collect();
    let mut needless = needless.into_iter();
    pieces.retain(|_| needless.next() != Some(true));
    let mut ends = true;
    for piece in pieces.iter_mut().rev() {
        if piece.token != Token::Comment {
            ends = piece.begins || piece.token == Token::CloseBrace;
        }
        piece.ends = ends;
    }
    pieces
}

struct Printer<'p, 't> {
    pieces: &'p [Piece<'t>],
    out: String,
    /// Characters in the current line.
    column: usize,
    /// The next piece.
    at: usize,
}

impl<'p, 't> Printer<'p, 't> {
    fn peek(&self) -> Option<&'p Piece<'t>> {
        self.pieces.get(self.at)
    }

    fn write(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn new_line(&mut self, indent: usize) {
        // Nothing ends in blanks.
        let length = self.out.trim_end_matches(' ').len();
        self.out.truncate(length);
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    /// The items of a block up to its closing brace, or to the end of the file.
    fn items(&mut self, indent: usize) {
        let mut first = true;
        while let Some(piece) = self.peek().filter(|piece| piece.token != Token::CloseBrace) {
            if piece.token == Token::Comment && piece.breaks == 0 && !self.out.is_empty() {
                // Behind an item, or behind the brace that opens the block.
                self.write(" ");
                self.write(piece.text);
                self.at += 1;
                first = false;
                continue;
            }
            if piece.breaks > 1 && !first {
                self.new_line(0);
            }
            self.new_line(indent);
            first = false;
            if piece.token == Token::Comment {
                self.write(piece.text);
                self.at += 1;
            } else {
                self.item(indent);
            }
        }
    }

    /// One item with the blocks in it.
    fn item(&mut self, indent: usize) {
        let opener = self.peek().map(|piece| piece.token);
        let mut before: Option<Token> = None;
        let mut broken = false;
        let started = self.at;
        while let Some(piece) = self.peek() {
            if piece.token == Token::CloseBrace || piece.begins && self.at > started {
                return;
            }
            if piece.token == Token::Comment {
                // A comment behind the last token belongs to the list of items.
                if piece.ends {
                    return;
                }
                if piece.breaks > 0 {
                    self.new_line(indent + CONTINUED);
                } else {
                    self.write(" ");
                }
                self.write(piece.text);
                self.at += 1;
                broken = true;
                continue;
            }
            if piece.token == Token::OpenBrace {
                // Behind a comment it would be part of it.
                if broken {
                    self.new_line(indent);
                } else {
                    self.write(" ");
                }
                broken = false;
                self.write("{");
                self.at += 1;
                self.block(indent, opener);
                before = Some(Token::CloseBrace);
                continue;
            }
            let spaced = before.is_some_and(|before| needs_blank(before, piece.token));
            if broken {
                self.new_line(indent + CONTINUED);
            } else {
                let can = before.is_some_and(|before| can_break(before, piece.token));
                if can && self.column + usize::from(spaced) + self.run(before) > WIDTH {
                    self.new_line(indent + CONTINUED);
                } else if spaced {
                    self.write(" ");
                }
            }
            broken = false;
            self.write(piece.text);
            before = Some(piece.token);
            self.at += 1;
        }
    }

    /// The width of what follows up to the next place where the line can be broken.
    fn run(&self, before: Option<Token>) -> usize {
        let mut width = 0;
        let mut last = before;
        for (number, piece) in self.pieces.get(self.at..).unwrap_or(&[]).iter().enumerate() {
            let ends =
                piece.begins || matches!(piece.token, Token::Comment | Token::OpenBrace | Token::CloseBrace);
            if number > 0 && (ends || last.is_some_and(|last| can_break(last, piece.token))) {
                break;
            }
            let blank = number > 0 && last.is_some_and(|last| needs_blank(last, piece.token));
            width += piece.text.chars().count() + usize::from(blank);
            last = Some(piece.token);
        }
        width
    }

    /// A block whose brace was just opened.
    fn block(&mut self, indent: usize, opener: Option<Token>) {
        if self.peek().is_some_and(|piece| piece.token == Token::CloseBrace) {
            self.write("}");
            self.at += 1;
            return;
        }
        let wide = matches!(
            opener,
            Some(Token::Account | Token::Organization | Token::Test | Token::Root | Token::Given)
        );
        if let Some(line) = if wide { None } else { self.on_one_line() } {
            self.write(" ");
            self.write(&line);
            self.write(" }");
            return;
        }
        self.items(indent + 2);
        self.new_line(indent);
        self.write("}");
        self.at += 1;
    }

    /// The one item of a block without its braces, if it is one and short; the block is then behind.
    fn on_one_line(&mut self) -> Option<String> {
        let mut line = String::new();
        let mut before: Option<Token> = None;
        for (number, piece) in self.pieces.get(self.at..)?.iter().enumerate() {
            match piece.token {
                Token::CloseBrace => {
                    self.at += number + 1;
                    return Some(line);
                }
                Token::OpenBrace | Token::Comment => return None,
                _ if piece.begins && number > 0 => return None,
                _ => {}
            }
            if before.is_some_and(|before| needs_blank(before, piece.token)) {
                line.push(' ');
            }
            line.push_str(piece.text);
            before = Some(piece.token);
            if self.column + line.chars().count() + 3 > BLOCK_WIDTH {
                return None;
            }
        }
        None
    }
}

/// Whether a blank stands between two tokens of one line.
fn needs_blank(before: Token, token: Token) -> bool {
    let opened = matches!(before, Token::OpenBracket | Token::OpenParen | Token::Prefix);
    let closes = matches!(token, Token::Comma | Token::CloseBracket | Token::CloseParen | Token::Colon);
    !opened && !closes && (token != Token::OpenParen || !is_called(before))
}

/// Whether a parenthesis behind it holds its arguments.
fn is_called(before: Token) -> bool {
    !matches!(
        before,
        Token::If | Token::Unless | Token::And | Token::Or | Token::Not | Token::Equal | Token::OpenParen
    )
}

/// Whether a line can be broken between two tokens.
fn can_break(before: Token, token: Token) -> bool {
    before == Token::Comma
        || matches!(
            token,
            Token::On
                | Token::To
                | Token::For
                | Token::If
                | Token::Unless
                | Token::And
                | Token::Or
                | Token::With
                | Token::Except
                | Token::Arrow
        ) && before != Token::Not
}
