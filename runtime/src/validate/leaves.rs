//! Checks of the set leaves.

use super::checks::{Starts, check, invalid, optional, within};
use super::diagrams::Terminals;
use crate::error::LoadError;
use crate::format::{self as f, Section, leaf};
use crate::view::View;

/// Leaves stand side by side and use the section up; so do the parts of each. Gives the words at which they begin.
pub(super) fn leaves(view: View<'_>, terminals: &Terminals) -> Result<Starts, LoadError> {
    let words = view.count(Section::Leaves, 1)?;
    let check =
        Leaves { view, words, terminals, patterns: view.count(Section::ArnPatterns, f::ArnPattern::WORDS)? };
    let mut starts = Starts::new(words);
    let mut at = 0;
    while at < words {
        starts.set(at);
        at = check.leaf(at)?;
    }
    Ok(starts)
}

struct Leaves<'a> {
    view: View<'a>,
    words: u32,
    terminals: &'a Terminals,
    patterns: u32,
}

impl Leaves<'_> {
    /// A word of the section; an error past its end.
    fn word(&self, at: u32) -> Result<u32, LoadError> {
        check(at < self.words, Section::Leaves, at, "leaf past the end")?;
        self.view.word(Section::Leaves, at).ok_or(invalid(Section::Leaves, at, "unreadable"))
    }

    /// The end of a part, which lies within the section.
    fn end(&self, at: u32, length: Option<u32>) -> Result<u32, LoadError> {
        let length = length.filter(|&length| within(at, length, self.words));
        Ok(at + length.ok_or(invalid(Section::Leaves, at, "leaf past the end"))?)
    }

    /// Checks a leaf and gives its end.
    fn leaf(&self, at: u32) -> Result<u32, LoadError> {
        let section = Section::Leaves;
        let rules_at = self.end(at, Some(leaf::HEADER_WORDS as u32))?;
        let (rules, blocks) = (self.word(at)?, self.word(at + 1)?);
        check((1..=leaf::RULES as u32).contains(&rules), section, at, "no rules or too many")?;
        let mut end = self.end(rules_at, rules.checked_mul(leaf::RULE_WORDS as u32))?;
        for record in (rules_at..end).step_by(leaf::RULE_WORDS) {
            check(self.terminals.known(self.word(record)?), section, at, "unknown terminal")?;
            check(self.word(record + 1)? <= leaf::NEGATED, section, at, "unknown flags")?;
        }
        for _ in 0..blocks {
            end = self.block(end, rules)?;
        }
        Ok(end)
    }

    /// Checks a block and gives its end.
    fn block(&self, at: u32, rules: u32) -> Result<u32, LoadError> {
        let section = Section::Leaves;
        let masks_at = self.end(at, Some(leaf::BLOCK_HEADER_WORDS as u32))?;
        let (width, classes, alternatives) = (self.word(at)?, self.word(at + 1)?, self.word(at + 2)?);
        check((1..=leaf::BLOCK_WORDS as u32).contains(&width), section, at, "unknown block size")?;
        check((1..=256).contains(&classes), section, at, "unknown number of classes")?;
        let map = self.view.bytes_at(section, at as usize + 3, 256).unwrap_or(&[]);
        check(map.iter().all(|&class| u32::from(class) < classes), section, at, "unknown class")?;
        let alternatives_at = self.end(masks_at, Some(2 * width + 4 * width * classes))?;
        let end = self.end(alternatives_at, alternatives.checked_mul(leaf::ALTERNATIVE_WORDS as u32))?;
        for record in (alternatives_at..end).step_by(leaf::ALTERNATIVE_WORDS) {
            check(self.word(record)? < rules, section, record, "unknown rule")?;
            check(optional(self.word(record + 1)?, self.patterns), section, record, "unknown ARN pattern")?;
            check(self.word(record + 2)? < width * 64, section, record, "accepting bit past its block")?;
        }
        Ok(end)
    }
}
