//! The sentences of FORMAT.md as checks. After [`validate`] every id that a decision follows leads to a record of the right kind.
//!
//! The order is that of the sections; a check never relies on one that comes later.

mod checks;
mod conditions;
mod diagrams;
mod index;
mod leaves;
mod lookup;
mod nodes;
mod routes;
mod strings;
mod tables;
mod world;

use crate::error::LoadError;
use crate::format::{
    self as f, ALIGNMENT, DIGEST_AT, FORMAT_VERSION, HEADER_BYTES, MAGIC, OLDEST_FORMAT, SECTION_ENTRY_BYTES,
    Section,
};
use crate::view::{Extent, Layout, SECTIONS, View};

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four))
}

/// The first four bytes of the digest.
pub(crate) fn stamp(bytes: &[u8]) -> u32 {
    u32_at(bytes, DIGEST_AT).unwrap_or(0)
}

/// The digest over all bytes but the digest's own.
fn digest(bytes: &[u8]) -> Option<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(bytes.get(..DIGEST_AT)?);
    hasher.update(bytes.get(HEADER_BYTES..)?);
    Some(*hasher.finalize().as_bytes())
}

/// Writes the digest of a finished bundle into its header. Does nothing to fewer bytes than a header.
#[cfg(feature = "encode")]
pub fn seal(bytes: &mut [u8]) {
    if let (Some(digest), Some(place)) = (digest(bytes), bytes.get_mut(DIGEST_AT..HEADER_BYTES)) {
        place.copy_from_slice(&digest);
    }
}

/// Checks all that FORMAT.md says.
pub(crate) fn validate(bytes: &[u8]) -> Result<Layout, LoadError> {
    header(bytes)?;
    let layout = layout(bytes)?;
    let view = View::new(bytes, &layout);
    let counts = Counts {
        strings: strings::strings(view)?,
        globs: view.count(Section::Globs, f::Range::WORDS)?,
        arn_patterns: view.count(Section::ArnPatterns, f::ArnPattern::WORDS)?,
        keys: view.count(Section::Keys, f::Key::WORDS)?,
        classifiers: view.count(Section::Classifiers, f::Classifier::WORDS)?,
        rule_root_lists: view.count(Section::RuleRootLists, f::Range::WORDS)?,
        services: view.count(Section::Services, f::Service::WORDS)?,
    };
    let globs = conditions::patterns(view, &counts)?;
    conditions::atoms(view, &counts, &globs)?;
    let own = diagrams::classifiers(view, &counts)?;
    let terminals = diagrams::diagrams(view, &counts)?;
    let roots = nodes::validate(view, terminals)?;
    let sets = tables::sets(view, &counts, &roots)?;
    world::world(view, &counts, &sets, &own)?;
    tables::vocabulary(view, &counts)?;
    tables::rule_roots(view, &counts, &globs, &roots)?;
    routes::routes(view, &counts)?;
    Ok(layout)
}

/// The records of each section that others refer to: how many there are, or where they begin.
struct Counts {
    strings: strings::Strings,
    globs: u32,
    arn_patterns: u32,
    keys: u32,
    classifiers: u32,
    rule_root_lists: u32,
    services: u32,
}

fn header(bytes: &[u8]) -> Result<(), LoadError> {
    if bytes.len() < HEADER_BYTES {
        return Err(LoadError::TooShort);
    }
    if !bytes.starts_with(&MAGIC) {
        return Err(LoadError::NotABundle);
    }
    let needs = u32_at(bytes, 12).ok_or(LoadError::TooShort)?;
    if needs > FORMAT_VERSION {
        return Err(LoadError::TooNew { needs });
    }
    // A later version that names this one as its oldest reader promises to fulfil the sentences of this one.
    let version = u32_at(bytes, 8).ok_or(LoadError::TooShort)?;
    if needs == 0 || needs > version {
        return Err(LoadError::UnknownVersion { version });
    }
    if version < OLDEST_FORMAT {
        return Err(LoadError::TooOld { version });
    }
    let low = u32_at(bytes, 16).ok_or(LoadError::TooShort)?;
    let high = u32_at(bytes, 20).ok_or(LoadError::TooShort)?;
    let expected = u64::from(high) << 32 | u64::from(low);
    if expected != bytes.len() as u64 {
        return Err(LoadError::WrongLength { expected, actual: bytes.len() as u64 });
    }
    if u32_at(bytes, 28) != Some(0) {
        return Err(LoadError::SectionTable);
    }
    let digest = digest(bytes).ok_or(LoadError::TooShort)?;
    if bytes.get(DIGEST_AT..HEADER_BYTES) != Some(&digest[..]) {
        return Err(LoadError::WrongDigest);
    }
    Ok(())
}

/// All sections stand in order, aligned, side by side but for zero padding, and the last one ends the file. Sections of later versions may
/// stand behind those of this reader's.
fn layout(bytes: &[u8]) -> Result<Layout, LoadError> {
    let mut extents = [Extent::default(); SECTIONS];
    let count = u32_at(bytes, 24).ok_or(LoadError::TooShort)? as usize;
    let table = count.checked_mul(SECTION_ENTRY_BYTES).and_then(|length| length.checked_add(HEADER_BYTES));
    let mut end =
        table.filter(|&end| count >= SECTIONS && end <= bytes.len()).ok_or(LoadError::SectionTable)?;
    let mut before = 0;
    for number in 0..count {
        let entry = HEADER_BYTES + number * SECTION_ENTRY_BYTES;
        let field = |index: usize| u32_at(bytes, entry + index * 4).ok_or(LoadError::SectionTable);
        let (kind, start, length, zero) = (field(0)?, field(1)? as usize, field(2)? as usize, field(3)?);
        let aligned = end.next_multiple_of(ALIGNMENT);
        let padding = bytes.get(end..aligned).ok_or(LoadError::SectionTable)?;
        let zeros = padding.iter().all(|&byte| byte == 0);
        let expected = match Section::ALL.get(number) {
            Some(&section) => kind == section as u32,
            None => kind > before,
        };
        if !expected || zero != 0 || start != aligned || !zeros {
            return Err(LoadError::SectionTable);
        }
        before = kind;
        end = start.checked_add(length).filter(|&end| end <= bytes.len()).ok_or(LoadError::SectionTable)?;
        if let Some(extent) = extents.get_mut(number) {
            *extent = Extent { start, length };
        }
    }
    if end == bytes.len() { Ok(Layout::new(bytes, extents)) } else { Err(LoadError::SectionTable) }
}
