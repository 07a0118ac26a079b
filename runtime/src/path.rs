//! The one normal form of paths. A path that is not in it is refused, so that what is decided about and what is forwarded are one string with
//! one reading: `grammar/LANGUAGE.md`, section 8, says it in words.
//!
//! A path begins with `/`, and holds as themselves: letters, digits, `-._~`, `!$&'()*+,=`, `:` and `@`. Any other character of its segments
//! is percent-encoded UTF-8 in upper-case hex, and nothing else is. No segment but the last is empty, none is `.` or `..`. Characters that
//! others give a meaning never stand in one, however written: `/` in a segment, `\`, `%`, `;`, `?`, `#`, controls.

use core::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $text:literal $sentence:literal,)*) => {
        /// Why a path is not in normal form: the first reason that reading it from its beginning meets.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum NotNormal { $($(#[$doc])* $name,)* }

        impl NotNormal {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable machine-readable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The reason as a sentence, for people.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),* }
            }
        }
    };
}

reasons! {
    /// It does not begin with `/`.
    NoSlash "path_no_slash" "the path does not begin with a slash",
    /// `#` stands in it, or in the query behind it.
    Fragment "path_fragment" "a `#` stands in the target, which no request carries",
    /// `//`
    EmptySegment "path_empty_segment" "two slashes stand side by side",
    /// `.` or `..`
    DotSegment "path_dot_segment" "a segment is `.` or `..`",
    /// `;`
    Semicolon "path_semicolon" "a `;` stands in the path, behind which some servers read parameters",
    /// `\`
    Backslash "path_backslash" "a backslash stands in the path, which some servers take for a slash",
    /// A byte below 0x20, or 0x7f.
    Control "path_control" "a control character stands in the path",
    /// A byte of 0x80 or above.
    NotAscii "path_not_ascii" "a character outside of ASCII stands in the path, and not percent-encoded",
    /// Another byte that has to be percent-encoded.
    Character "path_character" "a character stands in the path that has to be percent-encoded",
    /// `%` without two hexadecimal digits.
    BrokenEscape "path_broken_escape" "two hexadecimal digits are missing behind a `%`",
    /// `%c3`
    LowerCaseEscape "path_lower_case_escape" "a percent-encoding has lower-case digits",
    /// `%41`, `%2E`
    NeedlessEscape "path_needless_escape" "a character is percent-encoded that stands for itself",
    /// `%2F`
    EncodedSlash "path_encoded_slash" "a slash is percent-encoded",
    /// `%5C`
    EncodedBackslash "path_encoded_backslash" "a backslash is percent-encoded",
    /// `%25`
    EncodedPercent "path_encoded_percent" "a percent sign is percent-encoded, so that the path could be decoded twice",
    /// `%3B`
    EncodedSemicolon "path_encoded_semicolon" "a `;` is percent-encoded",
    /// `%3F`, `%23`
    EncodedDelimiter "path_encoded_delimiter" "a `?` or `#` is percent-encoded, at which some servers would cut the path off",
    /// `%00` to `%1F`, `%7F`, and U+0080 to U+009F.
    EncodedControl "path_encoded_control" "a control character is percent-encoded",
    /// What is percent-encoded is not UTF-8.
    NotUtf8 "path_not_utf8" "what is percent-encoded is not UTF-8",
}

impl fmt::Display for NotNormal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl core::error::Error for NotNormal {}

/// Checks a path, without a query, against the normal form. Linear; allocates nothing.
///
/// # Errors
/// [`NotNormal`]: the first reason.
///
/// # Example
/// ```
/// use portcullis_runtime::path::{NotNormal, check};
/// assert_eq!(check("/reports/q3%20final.csv"), Ok(()));
/// assert_eq!(check("/reports/%2e%2e/admin"), Err(NotNormal::LowerCaseEscape));
/// assert_eq!(check("/reports//admin"), Err(NotNormal::EmptySegment));
/// ```
pub fn check(path: &str) -> Result<(), NotNormal> {
    let mut rest = path.strip_prefix('/').ok_or(NotNormal::NoSlash)?;
    loop {
        let (segment, behind) = match rest.split_once('/') {
            Some((segment, behind)) => (segment, Some(behind)),
            None => (rest, None),
        };
        if segment.is_empty() && behind.is_some() {
            return Err(NotNormal::EmptySegment);
        }
        if matches!(segment, "." | "..") {
            return Err(NotNormal::DotSegment);
        }
        for character in decoded(segment) {
            character?;
        }
        match behind {
            Some(behind) => rest = behind,
            None => return Ok(()),
        }
    }
}

/// Whether a byte stands for itself in a segment, and is never percent-encoded.
#[must_use]
pub const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b'='
                | b':'
                | b'@'
        )
}

/// Why a character may not stand in a segment even percent-encoded, if it may not.
#[must_use]
pub fn forbidden(character: char) -> Option<NotNormal> {
    match character {
        '/' => Some(NotNormal::EncodedSlash),
        '\\' => Some(NotNormal::EncodedBackslash),
        '%' => Some(NotNormal::EncodedPercent),
        ';' => Some(NotNormal::EncodedSemicolon),
        '?' | '#' => Some(NotNormal::EncodedDelimiter),
        other if other.is_control() => Some(NotNormal::EncodedControl),
        _ => None,
    }
}

/// The characters that a segment, or several with slashes between, stands for. Ends behind the first error.
pub(crate) fn decoded(text: &str) -> Decoded<'_> {
    Decoded(text.as_bytes())
}

/// Decodes a segment character by character.
pub(crate) struct Decoded<'t>(&'t [u8]);

impl Decoded<'_> {
    fn fail(&mut self, reason: NotNormal) -> Option<Result<char, NotNormal>> {
        self.0 = &[];
        Some(Err(reason))
    }

    /// The byte of the percent-encoding that begins here.
    fn escape(&mut self) -> Result<u8, NotNormal> {
        let &[b'%', high, low, ref rest @ ..] = self.0 else { return Err(NotNormal::BrokenEscape) };
        let digit = |digit: u8| char::from(digit).to_digit(16);
        let (Some(first), Some(second)) = (digit(high), digit(low)) else {
            return Err(NotNormal::BrokenEscape);
        };
        if high.is_ascii_lowercase() || low.is_ascii_lowercase() {
            return Err(NotNormal::LowerCaseEscape);
        }
        self.0 = rest;
        Ok((first << 4 | second) as u8)
    }

    /// The character of the percent-encodings that begin here.
    fn escaped(&mut self) -> Result<char, NotNormal> {
        let mut bytes = [self.escape()?, 0, 0, 0];
        let length = match bytes[0] {
            0..0x80 => 1,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return Err(NotNormal::NotUtf8),
        };
        for byte in bytes.iter_mut().take(length).skip(1) {
            *byte = match self.0.first() {
                Some(b'%') => self.escape()?,
                _ => return Err(NotNormal::NotUtf8),
            };
        }
        let text = bytes.get(..length).and_then(|bytes| core::str::from_utf8(bytes).ok());
        let character = text.and_then(|text| text.chars().next()).ok_or(NotNormal::NotUtf8)?;
        match forbidden(character) {
            Some(reason) => Err(reason),
            None if character.is_ascii() && is_plain(character as u8) => Err(NotNormal::NeedlessEscape),
            None => Ok(character),
        }
    }
}

impl Iterator for Decoded<'_> {
    type Item = Result<char, NotNormal>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&first, rest) = self.0.split_first()?;
        match first {
            // Between segments: within one there is none.
            b'/' => {}
            b'%' => {
                return match self.escaped() {
                    Ok(character) => Some(Ok(character)),
                    Err(reason) => self.fail(reason),
                };
            }
            b'#' => return self.fail(NotNormal::Fragment),
            b';' => return self.fail(NotNormal::Semicolon),
            b'\\' => return self.fail(NotNormal::Backslash),
            0..0x20 | 0x7f => return self.fail(NotNormal::Control),
            0x80.. => return self.fail(NotNormal::NotAscii),
            other if !is_plain(other) => return self.fail(NotNormal::Character),
            _ => {}
        }
        self.0 = rest;
        Some(Ok(char::from(first)))
    }
}
