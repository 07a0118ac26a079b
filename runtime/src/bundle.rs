//! A validated bundle: from here on nothing can panic, and every decision ends.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::classify::Prepared;
use crate::error::LoadError;
use crate::format::{self, Section};
use crate::validate;
use crate::view::{Layout, View};

/// A loaded bundle. Immutable; share it between threads behind a reference or an `Arc`.
///
/// # Example
/// ```
/// use portcullis_runtime::{Bundle, LoadError};
/// assert_eq!(Bundle::from_bytes(&b"no bundle"[..]).err(), Some(LoadError::TooShort));
/// ```
#[derive(Debug)]
pub struct Bundle {
    bytes: Cow<'static, [u8]>,
    layout: Layout,
    /// Distinguishes the handles of this bundle from those of another.
    stamp: u32,
}

impl Bundle {
    /// Loads a bundle and checks every offset, length and id in it once. Takes `Vec<u8>` or `&'static [u8]` (`include_bytes!`); neither
    /// is copied.
    ///
    /// # Complexity
    /// Linear in the bytes; allocates one bit per word of the automata while it checks, and keeps none of it. Kept are the names of the context keys,
    /// the places of accounts, and a few words for each classifier and each block of addresses that conditions name.
    ///
    /// # Errors
    /// [`LoadError`] if the bytes are damaged, of another format, or break any sentence of `FORMAT.md`. Never panics.
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, LoadError> {
        let bytes = bytes.into();
        let layout = validate::validate(&bytes)?;
        let stamp = validate::stamp(&bytes);
        let mut bundle = Self { bytes, layout, stamp };
        let view = bundle.view();
        let count = view.count(Section::Keys, format::Key::WORDS)?;
        let mut keys = Vec::with_capacity(count as usize);
        keys.extend((0..count).filter_map(|key| view.string(view.key(key)?.name).map(Box::from)));
        let keys = keys.into();
        let paths = (0..view.count(Section::Accounts, format::Account::WORDS)?).map(|account| {
            view.account(account).and_then(|account| view.string(account.path)).unwrap_or("").into()
        });
        let paths = paths.collect();
        let classifiers = Prepared::all(&view, view.count(Section::Classifiers, format::Classifier::WORDS)?);
        (bundle.layout.keys, bundle.layout.paths, bundle.layout.classifiers) = (keys, paths, classifiers);
        Ok(bundle)
    }

    #[inline]
    pub(crate) fn view(&self) -> View<'_> {
        let bytes: &[u8] = &self.bytes;
        View::new(bytes, &self.layout)
    }

    #[inline]
    pub(crate) fn stamp(&self) -> u32 {
        self.stamp
    }

    /// The bytes that were loaded.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the bytes back.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes.into_owned()
    }

    /// The BLAKE3 digest of the contents: equal for equal bundles.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        self.bytes.get(format::DIGEST_AT..format::HEADER_BYTES).unwrap_or(&[])
    }

    /// The format version that the bundle was written in.
    #[must_use]
    pub fn format_version(&self) -> u32 {
        let version = self.bytes.get(8..12).and_then(<[u8]>::first_chunk::<4>);
        version.map_or(0, |version| u32::from_le_bytes(*version))
    }

    /// Name, length in bytes and number of records of every section, in the order in which they stand.
    #[must_use]
    pub fn sections(&self) -> Vec<(Section, usize)> {
        Section::ALL.iter().map(|&section| (section, self.layout.extent(section).length)).collect()
    }

    /// The raw bytes of a section, for tools.
    #[must_use]
    pub fn section(&self, section: Section) -> &[u8] {
        self.view().section_bytes(section)
    }

    /// Number of principals.
    #[must_use]
    pub fn principal_count(&self) -> usize {
        self.view().principal_count().map_or(0, |count| count as usize)
    }

    /// The permission sets of all principals, in the order of the bundle: the identity layer, and the boundary or [`format::NONE`].
    pub fn principal_sets(&self) -> impl Iterator<Item = (u32, u32)> {
        let view = self.view();
        (0..self.principal_count() as u32).filter_map(move |id| {
            view.principal(id).map(|principal| (principal.identity, principal.boundary))
        })
    }

    /// The ARNs of all principals, in the order of the bundle.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        let view = self.view();
        (0..self.principal_count() as u32)
            .filter_map(move |index| view.principal(index).and_then(|principal| view.string(principal.arn)))
    }
}
