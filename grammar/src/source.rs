//! Sources: the text of one input file, and spans that point into it.

use std::fmt;
use std::sync::Arc;

/// The largest file that is read, in bytes. Larger input is refused before it is parsed.
pub const MAX_SOURCE_BYTES: usize = 512 * 1024 * 1024;

/// A half-open range of byte offsets into a [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`, both in bytes. Offsets past `u32::MAX` saturate; a [`Source`] is never that large.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end) }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A position for people: line and column, both from 1; the column counts characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Distance in bytes between the places where the number of characters before them is remembered. Snapshots are often one line of
/// many megabytes, and a column must not cost a walk over it.
const MARK: usize = 1024;

/// Whether a byte begins a character in UTF-8.
const fn begins_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

/// One input file: its name as the user knows it, its text, and an index of its lines.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    line_starts: Arc<[u32]>,
    /// Characters before every `MARK`th byte.
    marks: Arc<[u32]>,
}

impl Source {
    /// Makes a source of a name and its text, and indexes its lines. Linear in the text.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let mut line_starts = vec![0];
        for (offset, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                line_starts.push(Span::new(offset + 1, offset + 1).start);
            }
        }
        let mut marks = Vec::with_capacity(text.len() / MARK + 1);
        let mut characters = 0;
        for chunk in text.as_bytes().chunks(MARK) {
            marks.push(Span::new(characters, characters).start);
            characters += chunk.iter().filter(|&&byte| begins_character(byte)).count();
        }
        marks.push(Span::new(characters, characters).start);
        Self { name: name.into(), text, line_starts: line_starts.into(), marks: marks.into() }
    }

    /// The name under which the user gave this file.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The text under a span; empty where the span does not lie on character boundaries of this source.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Characters before a byte offset.
    fn characters_before(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let mark = offset / MARK;
        let rest = self.text.as_bytes().get(mark * MARK..offset).unwrap_or(&[]);
        let before = self.marks.get(mark).map_or(0, |&characters| characters as usize);
        before + rest.iter().filter(|&&byte| begins_character(byte)).count()
    }

    /// The byte offset of a position; of one past the end of the text, the end. Logarithmic in the number of lines.
    #[must_use]
    pub fn offset(&self, position: Position) -> u32 {
        let line = (position.line as usize).saturating_sub(1);
        let Some(&start) = self.line_starts.get(line) else { return Span::new(0, self.text.len()).end };
        let wanted = self.characters_before(start as usize) + (position.column as usize).saturating_sub(1);
        let mark = self.marks.partition_point(|&before| before as usize <= wanted).saturating_sub(1);
        let from = (mark * MARK).min(self.text.len());
        let before = self.marks.get(mark).map_or(0, |&characters| characters as usize);
        let rest = self.text.as_bytes().get(from..).unwrap_or(&[]);
        let mut characters = rest.iter().enumerate().filter(|(_, byte)| begins_character(**byte));
        let at = characters.nth(wanted - before.min(wanted)).map_or(self.text.len(), |(at, _)| from + at);
        Span::new(at, at).start
    }

    /// Line and column of a byte offset; an offset past the end is the end. Logarithmic in the number of lines.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_starts.partition_point(|&start| start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column =
            self.characters_before(offset as usize).saturating_sub(self.characters_before(start as usize))
                + 1;
        Position { line: Span::new(line, line).start, column: Span::new(column, column).start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let source = Source::new("a.json", "{\n  \"ä\": 1\n}");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        let offset = source.text().find(':').unwrap();
        assert_eq!(source.position(Span::new(offset, offset).start), Position { line: 2, column: 6 });
    }

    #[test]
    fn columns_of_long_lines_count_characters() {
        let text = "ä".repeat(5_000) + "\n" + &"ö".repeat(1_024);
        let source = Source::new("a", text.as_str());
        for (offset, line, column) in
            [(0, 1, 1), (2, 1, 2), (9_998, 1, 5_000), (10_001, 2, 1), (12_049, 2, 1_025), (99_999, 2, 1_025)]
        {
            assert_eq!(source.position(offset), Position { line, column }, "{offset}");
        }
        let exact = Source::new("a", "x".repeat(MARK * 2));
        assert_eq!(exact.position(Span::new(MARK * 2, 0).start), Position { line: 1, column: 2_049 });
    }

    #[test]
    fn offsets_are_where_positions_are() {
        let text = format!("{{\n  \"ä\": {}\n{}}}", "ü€x".repeat(900), "ö".repeat(3_000));
        let source = Source::new("a.json", text.as_str());
        for (offset, _) in text.char_indices() {
            let offset = Span::new(offset, offset).start;
            assert_eq!(source.offset(source.position(offset)), offset);
        }
        assert_eq!(source.offset(Position { line: 9, column: 1 }) as usize, text.len());
        assert_eq!(source.offset(Position { line: 3, column: 9_999 }) as usize, text.len());
    }

    #[test]
    fn a_span_off_a_character_boundary_is_empty_not_a_panic() {
        let source = Source::new("a", "ä");
        assert_eq!(source.slice(Span { start: 0, end: 1 }), "");
        assert_eq!(source.slice(Span { start: 0, end: 99 }), "");
    }
}
