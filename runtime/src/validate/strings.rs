//! Checks of the strings.

use super::checks::{Bits, Starts, check, invalid, within};
use crate::error::LoadError;
use crate::format::{NONE, Section};
use crate::view::View;

/// Where strings begin.
pub(super) struct Strings(Starts);

impl Strings {
    /// Whether a string begins at this word.
    pub(super) fn known(&self, string: u32) -> bool {
        self.0.known(string)
    }

    /// The same, or none.
    pub(super) fn optional(&self, string: u32) -> bool {
        string == NONE || self.known(string)
    }

    /// A bit for every word at which a string can begin, none of them set.
    pub(super) fn bits(&self) -> Bits {
        Bits::new(self.0.count())
    }
}

/// Strings stand side by side and use the section up; each is UTF-8, zeros behind it up to the next word.
pub(super) fn strings(view: View<'_>) -> Result<Strings, LoadError> {
    let section = Section::Strings;
    let words = view.count(section, 1)?;
    let mut starts = Starts::new(words);
    let mut at = 0;
    while at < words {
        starts.set(at);
        let length = view.word(section, at).ok_or(invalid(section, at, "unreadable"))?;
        check(within(at + 1, length.div_ceil(4), words), section, at, "string past the end")?;
        let text = view.string_bytes(at).ok_or(invalid(section, at, "unreadable"))?;
        check(core::str::from_utf8(text).is_ok(), section, at, "not UTF-8")?;
        let whole = view.bytes_at(section, at as usize + 1, length.next_multiple_of(4) as usize);
        let gap = whole.and_then(|whole| whole.get(text.len()..)).unwrap_or(&[]);
        check(gap.iter().all(|&byte| byte == 0), section, at, "not zero behind a string")?;
        at += 1 + length.div_ceil(4);
    }
    Ok(Strings(starts))
}
