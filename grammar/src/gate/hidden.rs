//! Characters that make a text look other than it is read: line breaks that some programs show and others do not, marks that turn the order
//! of what is shown, and control characters. A comment must not end earlier for its reader than for the language.

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// Whether a character stands nowhere but as an escape. Carriage returns, which may stand before a line feed, are apart.
pub(super) fn is_hidden(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || character.is_control() && !matches!(character, '\t' | '\n' | '\r')
}

/// The findings about the first of them, wherever they stand. Linear.
pub(super) fn find(source: &Source, most: usize) -> Vec<Diagnostic> {
    let text = source.text();
    // Nearly all files hold none, and bytes say so sooner than characters.
    let suspect = |byte: u8| byte >= 0x80 || byte < b' ' && !matches!(byte, b'\t' | b'\n');
    if !text.bytes().any(suspect) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut returned = false;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let (message, help) = if is_hidden(character) {
            let message = format!("the character U+{:04X} does not show as what it is", u32::from(character));
            (message, "take it away; in a text it stands as \\u{…}")
        } else if character == '\r' && !returned && text.as_bytes().get(end) != Some(&b'\n') {
            // Of a file with such line ends one finding says enough.
            returned = true;
            let message = "a carriage return without a line feed ends no line, and looks as if it did";
            (message.to_owned(), "end lines with a line feed; in a text it stands as \\r")
        } else {
            continue;
        };
        if found.len() == most {
            break;
        }
        found
            .push(Diagnostic::error("gate-character", message).at(source, Span::new(at, end), "").help(help));
    }
    found
}
