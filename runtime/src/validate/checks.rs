//! What all checks are made of.

use alloc::vec;
use alloc::vec::Vec;

use crate::error::LoadError;
use crate::format::{NONE, Section};

pub(super) fn invalid(section: Section, index: u32, what: &'static str) -> LoadError {
    LoadError::Invalid { section, index, what }
}

/// `Ok` if the condition holds.
pub(super) fn check(holds: bool, section: Section, index: u32, what: &'static str) -> Result<(), LoadError> {
    if holds { Ok(()) } else { Err(invalid(section, index, what)) }
}

/// Whether `start..start + length` lies within `count`.
pub(super) fn within(start: u32, length: u32, count: u32) -> bool {
    start.checked_add(length).is_some_and(|end| end <= count)
}

pub(super) fn optional(id: u32, count: u32) -> bool {
    id == NONE || id < count
}

/// Follows ranges that stand side by side and use a section up, so that each of its items belongs to exactly one owner. What is done along
/// all ranges together is then linear in the section, whatever the bytes.
pub(super) struct SideBySide {
    parts: Section,
    next: u32,
    count: u32,
}

impl SideBySide {
    pub(super) fn new(parts: Section, count: u32) -> Self {
        Self { parts, next: 0, count }
    }

    /// The range of the next owner.
    pub(super) fn take(
        &mut self,
        start: u32,
        length: u32,
        owner: Section,
        index: u32,
    ) -> Result<core::ops::Range<u32>, LoadError> {
        let holds = start == self.next && within(start, length, self.count);
        check(holds, owner, index, "a range does not begin where the one before it ends, or is too long")?;
        self.next = start + length;
        Ok(start..self.next)
    }

    /// The range of an owner that may share it: the next one, or within those before; at 0 if it is empty.
    pub(super) fn share(
        &mut self,
        start: u32,
        length: u32,
        owner: Section,
        index: u32,
    ) -> Result<(), LoadError> {
        if length == 0 {
            return check(start == 0, owner, index, "an empty range that does not begin at 0");
        }
        if within(start, length, self.next) {
            return Ok(());
        }
        self.take(start, length, owner, index).map(|_| ())
    }

    /// After the last owner.
    pub(super) fn finish(self) -> Result<(), LoadError> {
        check(self.next == self.count, self.parts, self.next, "belongs to no record")
    }
}

/// One bit per item of a section.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn new(items: u32) -> Self {
        Self(vec![0; items as usize / 64 + 1])
    }

    pub(super) fn set(&mut self, at: u32) {
        if let Some(word) = self.0.get_mut(at as usize / 64) {
            *word |= 1 << (at % 64);
        }
    }

    pub(super) fn has(&self, at: u32) -> bool {
        self.0.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Sets a bit; whether it was not set before.
    pub(super) fn insert(&mut self, at: u32) -> bool {
        let fresh = !self.has(at);
        self.set(at);
        fresh
    }
}

/// The words of a section, or the ids, at which something begins.
pub(super) struct Starts {
    first: u32,
    count: u32,
    bits: Bits,
}

impl Starts {
    /// Nothing begins anywhere in so many words.
    pub(super) fn new(count: u32) -> Self {
        Self::between(0, count)
    }

    /// Nothing begins anywhere from one word to another.
    pub(super) fn between(first: u32, end: u32) -> Self {
        let count = end.saturating_sub(first);
        Self { first, count, bits: Bits::new(count) }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn set(&mut self, at: u32) {
        if let Some(at) = at.checked_sub(self.first) {
            self.bits.set(at);
        }
    }

    /// Whether something begins there.
    pub(super) fn known(&self, at: u32) -> bool {
        at.checked_sub(self.first).is_some_and(|at| at < self.count && self.bits.has(at))
    }
}

/// Reads every record of a section and hands it to a check.
macro_rules! each {
    ($view:expr, $section:ident, $record:ident, $accessor:ident, |$index:ident, $item:ident| $body:block) => {
        for $index in 0..$view.count(crate::format::Section::$section, crate::format::$record::WORDS)? {
            let $item = $view.$accessor($index).ok_or(crate::validate::checks::invalid(
                crate::format::Section::$section,
                $index,
                "unreadable",
            ))?;
            $body
        }
    };
}

pub(super) use each;
