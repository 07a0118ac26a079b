//! Strings, numbers and the three literals.

use super::super::{Kind, escape};
use super::Parser;

impl<'t> Parser<'t> {
    /// A string; the next byte is its opening quote. Ends behind the closing quote, or before the line break of a string that is not closed.
    pub(super) fn string(&mut self) -> Box<str> {
        let open = self.at;
        self.at += 1;
        let (plain, next) = self.plain();
        if next == Some(b'"') {
            self.at += 1;
            return plain.into();
        }
        let mut text = String::from(plain);
        let mut complained = false;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return text.into();
                }
                Some(b'\\') => self.escape(&mut text),
                Some(byte) if byte != b'\n' && byte != b'\r' => {
                    if !complained {
                        let span = self.span(self.at, self.at + 1);
                        let message = format!("the control character U+{byte:04X} stands in a string");
                        let help = format!("write it as \\u{byte:04x}, or remove it");
                        self.report.error("json-control-character", span, message, help);
                        complained = true;
                    }
                    text.push(char::from(byte));
                    self.at += 1;
                }
                _ => {
                    let span = self.span(open, self.at);
                    let message = "this string is not closed on its line";
                    self.report.damage(
                        "json-unclosed-string",
                        span,
                        message,
                        "write the closing double quote; a line break inside a string is \\n",
                    );
                    if self.peek().is_none() {
                        // Nothing follows; that brackets are open as well would be news to nobody.
                        self.report.stop();
                    }
                    return text.into();
                }
            }
            if self.report.stopped {
                return text.into();
            }
            text.push_str(self.plain().0);
        }
    }

    /// Takes characters up to a quote, a backslash or a control character, and says which of them follows.
    fn plain(&mut self) -> (&'t str, Option<u8>) {
        let rest = self.rest();
        let special = |byte: u8| byte == b'"' || byte == b'\\' || byte < b' ';
        let length = rest.bytes().position(special).unwrap_or(rest.len());
        self.at += length;
        (rest.get(..length).unwrap_or(""), self.peek())
    }

    fn escape(&mut self, text: &mut String) {
        let escape = escape::read(self.rest());
        let span = self.span(self.at, self.at + escape.length);
        let complaint = match escape.result {
            Ok(character) => {
                text.push(character);
                None
            }
            Err(escape::Wrong::Unknown) => Some(("this is no escape of JSON", "write \\\\ for a backslash")),
            Err(escape::Wrong::Digits) => {
                Some(("\\u needs four hexadecimal digits", "write them, or \\\\u for a backslash and a u"))
            }
            Err(escape::Wrong::Surrogate) => Some((
                "this is half of a surrogate pair, which is no character",
                "write both halves, or the character itself",
            )),
        };
        if let Some((message, help)) = complaint {
            self.report.error("json-bad-escape", span, message, help);
            text.push(char::REPLACEMENT_CHARACTER);
        }
        self.at += escape.length;
    }

    /// The word that begins here and its length in bytes, for messages and recovery; never empty unless the text has ended.
    pub(super) fn word(&self) -> (&'t str, usize) {
        let rest = self.rest();
        let length = match rest.bytes().next() {
            // A string in single quotes, if it is closed on its line.
            Some(b'\'') => {
                let line = rest.lines().next().unwrap_or("");
                line.bytes().skip(1).position(|byte| byte == b'\'').map_or(1, |behind| behind + 2)
            }
            _ => rest
                .bytes()
                .take_while(|&byte| byte.is_ascii_alphanumeric() || byte >= 0x80 || b"+-._$".contains(&byte))
                .count(),
        };
        let length = if length == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { length };
        (rest.get(..length).unwrap_or(""), length)
    }

    /// A value that is neither string nor bracket: a number, a literal, or something wrong.
    pub(super) fn bare(&mut self) -> Kind {
        let (word, length) = self.word();
        let span = self.span(self.at, self.at + length);
        self.at += length;
        match word {
            "true" => return Kind::Bool(true),
            "false" => return Kind::Bool(false),
            "null" => return Kind::Null,
            _ if is_number(word) => return Kind::Number(word.into()),
            _ => {}
        }
        let help = match word.to_ascii_lowercase().as_str() {
            "true" => "write true".to_owned(),
            "false" => "write false".to_owned(),
            "null" | "none" | "nil" | "undefined" => "write null".to_owned(),
            _ if word.starts_with(|first: char| {
                first.is_ascii_digit() || first == '-' || first == '+' || first == '.'
            }) =>
            {
                "a number has an optional minus sign, no leading zeros, digits on both sides of a point"
                    .to_owned()
            }
            _ => {
                format!("write \"{}\"; text stands in double quotes", word.trim_matches('\'').escape_debug())
            }
        };
        self.report.damage(
            "json-bad-value",
            span,
            format!("`{}` is no JSON value", word.escape_debug()),
            help,
        );
        Kind::Null
    }
}

/// Whether this is a number of RFC 8259.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (decimal, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((decimal, exponent)) => (decimal, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match decimal.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (decimal, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}
