//! The last good bundles, on disk.
//!
//! A folder with the bundles and their signatures (`0000000042-<16 digits of the digest>.bundle`, `.bundle.sig`), the state of the process
//! that serves (`state`: what was accepted, when it was confirmed; `lock` while it runs), and what a person has pinned (`pin`). Every file is
//! written whole or not at all.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::source::signature_of;
use super::{Accepted, Candidate, Loaded};
use crate::files::{FileError, hold, make_folder, names_in, read_bytes, read_text, remove, write_whole};

/// How many bundles are kept.
const KEPT: usize = 5;
/// Digits of a digest in a file's name.
const SHORT: usize = 16;

/// Why the store cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// A file could not be read or written.
    File(FileError),
    /// Another process serves from this store.
    InUse(PathBuf),
    /// A file of the store is not what this program writes.
    Damaged(PathBuf),
    /// No bundle of the store is the one that is meant.
    NoSuch(String),
    /// More than one is.
    Ambiguous(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::InUse(path) => write!(f, "{} is in use by another process", path.display()),
            Self::Damaged(path) => write!(
                f,
                "{} is damaged: what was accepted before cannot be told; remove the file if any sequence number may be accepted",
                path.display()
            ),
            Self::NoSuch(digest) => write!(f, "the store holds no bundle {digest}"),
            Self::Ambiguous(digest) => write!(f, "several bundles of the store begin with {digest}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<FileError> for StoreError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// A bundle of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Counts the bundles of this store: the highest is the newest.
    pub number: u64,
    /// The first 16 digits of its digest.
    pub digest: String,
    path: PathBuf,
}

impl Kept {
    /// Reads it, with its signature.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn read(&self) -> Result<Candidate, StoreError> {
        let bundle = read_bytes(&self.path)?;
        let signature = match read_bytes(&signature_of(&self.path)) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Candidate { bundle, signature })
    }
}

/// What the process before this one knew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) accepted: Option<Accepted>,
    /// When the source confirmed last, in seconds since 1970-01-01T00:00:00Z, and the digest of what it confirmed.
    pub(crate) confirmed: Option<(u64, String)>,
}

/// A folder of bundles.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// Held while this process serves: nothing reads it.
    _lock: Option<File>,
}

impl Store {
    /// Opens a store to look at it, or to pin.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), _lock: None }
    }

    /// Opens a store, which is made if it is not there, to serve from it.
    ///
    /// # Errors
    /// [`StoreError`] if another process serves from it, or it cannot be written.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let folder = folder.into();
        make_folder(&folder)?;
        let path = folder.join("lock");
        let lock = hold(&path)?.ok_or_else(|| StoreError::InUse(folder.clone()))?;
        Ok(Self { folder, _lock: Some(lock) })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The bundles, newest first.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn kept(&self) -> Result<Vec<Kept>, StoreError> {
        let mut kept: Vec<Kept> = names_in(&self.folder)?
            .into_iter()
            .filter_map(|name| {
                let (number, digest) = name.strip_suffix(".bundle")?.split_once('-')?;
                let number = number.parse().ok()?;
                Some(Kept { number, digest: digest.to_owned(), path: self.folder.join(&name) })
            })
            .collect();
        kept.sort_by_key(|kept| std::cmp::Reverse(kept.number));
        Ok(kept)
    }

    /// The one bundle whose digest begins so.
    ///
    /// # Errors
    /// [`StoreError`] if there is none, or several.
    pub fn find(&self, digest: &str) -> Result<Kept, StoreError> {
        let short = digest.get(..SHORT).unwrap_or(digest).to_ascii_lowercase();
        let mut seen = std::collections::BTreeSet::new();
        // A process that ended at the wrong moment leaves a bundle twice: the newer one counts.
        let mut found = self.kept()?.into_iter();
        let mut found =
            found.by_ref().filter(|kept| kept.digest.starts_with(&short) && seen.insert(kept.digest.clone()));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(StoreError::Ambiguous(digest.to_owned())),
            _ => Err(StoreError::NoSuch(digest.to_owned())),
        }
    }

    /// Keeps a bundle as the newest, and of the others the newest and the pinned one. One that is kept already becomes the newest.
    ///
    /// # Errors
    /// [`StoreError::File`]: some of it may be missing then, none of it is half-written.
    pub(crate) fn keep(&self, loaded: &Loaded, signature: Option<&[u8]>) -> Result<(), StoreError> {
        let short: String = loaded.digest().chars().take(SHORT).collect();
        let before = self.kept()?;
        if let Some(newest) = before.first().filter(|newest| newest.digest == short) {
            // The same bundle may be signed anew.
            let path = signature_of(&newest.path);
            return match signature {
                Some(signature) if read_bytes(&path).ok().as_deref() != Some(signature) => {
                    Ok(write_whole(&path, signature)?)
                }
                _ => Ok(()),
            };
        }
        let number = before.first().map_or(1, |newest| newest.number.saturating_add(1));
        let path = self.folder.join(format!("{number:010}-{short}.bundle"));
        // The signature first: a bundle without it would be refused at the next start.
        if let Some(signature) = signature {
            write_whole(&signature_of(&path), signature)?;
        }
        write_whole(&path, loaded.bundle().as_bytes())?;
        let mut others: Vec<_> = before.iter().filter(|kept| kept.digest != short).collect();
        let mut gone: Vec<_> = before.iter().filter(|kept| kept.digest == short).collect();
        let old = others.split_off(others.len().min(KEPT - 1));
        gone.extend(old);
        for kept in gone {
            // Asked for each, and as late as can be: a person may pin one meanwhile.
            if kept.digest != short && self.pinned()?.as_deref() == Some(&kept.digest) {
                continue;
            }
            remove(&kept.path)?;
            remove(&signature_of(&kept.path))?;
        }
        Ok(())
    }

    /// The digest that a person has pinned.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read: then nobody knows what is meant.
    pub fn pinned(&self) -> Result<Option<String>, StoreError> {
        let path = self.folder.join("pin");
        match read_text(&path) {
            Ok(text) => {
                let digest = text.trim().to_owned();
                let is_digest = digest.len() == SHORT && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
                if is_digest { Ok(Some(digest)) } else { Err(StoreError::Damaged(path)) }
            }
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Pins a bundle: the process that serves takes it, and none of the source's, until it is released.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn pin(&self, kept: &Kept) -> Result<(), StoreError> {
        Ok(write_whole(&self.folder.join("pin"), format!("{}\n", kept.digest).as_bytes())?)
    }

    /// Releases what is pinned.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn release(&self) -> Result<(), StoreError> {
        Ok(remove(&self.folder.join("pin"))?)
    }

    /// What the process before this one knew.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read, or is not what this program writes: it protects against going back, so it is not guessed.
    pub(crate) fn state(&self) -> Result<State, StoreError> {
        let path = self.folder.join("state");
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(error) if error.is_missing() => return Ok(State::default()),
            Err(error) => return Err(error.into()),
        };
        State::parse(&text).ok_or(StoreError::Damaged(path))
    }

    /// Remembers for the process after this one.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub(crate) fn remember(&self, state: &State) -> Result<(), StoreError> {
        Ok(write_whole(&self.folder.join("state"), state.to_string().as_bytes())?)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "portcullis state 1")?;
        if let Some(accepted) = &self.accepted {
            writeln!(f, "accepted: {} {}", accepted.sequence, accepted.digest)?;
        }
        match &self.confirmed {
            Some((at, digest)) => writeln!(f, "confirmed: {at} {digest}"),
            None => Ok(()),
        }
    }
}

impl State {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut state = Self::default();
        (lines.next()? == "portcullis state 1").then_some(())?;
        for line in lines {
            match line.split_once(": ")? {
                ("accepted", value) => {
                    let (sequence, digest) = value.split_once(' ')?;
                    state.accepted =
                        Some(Accepted { sequence: sequence.parse().ok()?, digest: digest.to_owned() });
                }
                ("confirmed", value) => {
                    let (at, digest) = value.split_once(' ')?;
                    state.confirmed = Some((at.parse().ok()?, digest.to_owned()));
                }
                _ => return None,
            }
        }
        (state.to_string() == text).then_some(state)
    }
}
