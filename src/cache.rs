//! A build cache: a folder with the automata of the last build.
//!
//! It saves time and nothing else. What cannot be read is told and built anew; what cannot be written leaves the bundle as it is.

use std::fmt;
use std::path::{Path, PathBuf};

use portcullis_compiler::automata::{Cache, CacheError};

use crate::files::{FileError, is_same_file, make_folder, read_bytes, write_whole};

/// The file in the folder.
const FILE: &str = "portcullis-automata";

/// A folder with what builds before have left there. As much to be trusted as the compiler: who can write to it decides what is built.
#[derive(Debug)]
pub struct BuildCache {
    file: PathBuf,
    /// What was read, and what the build adds.
    pub automata: Cache,
}

/// What is wrong with a cache. The build goes on without.
#[derive(Debug)]
pub enum CacheFailure {
    /// It cannot be read or written.
    File(FileError),
    /// Its file is none.
    Content(PathBuf, CacheError),
}

impl fmt::Display for CacheFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => write!(f, "the build cache: {error}"),
            Self::Content(file, error) => write!(f, "the build cache {}: {error}", file.display()),
        }
    }
}

impl std::error::Error for CacheFailure {}

impl BuildCache {
    /// Reads what is in a folder, which need not be there. With what is wrong, if anything is: the cache is empty then. That another version of
    /// the compiler wrote it is nothing wrong.
    ///
    /// # Errors
    /// [`CacheFailure::Content`] where a file stands in its place that never was a cache: it would be lost.
    pub fn open(folder: &Path) -> Result<(Self, Option<CacheFailure>), CacheFailure> {
        let file = folder.join(FILE);
        let (automata, failure) = match read_bytes(&file) {
            Ok(bytes) => match Cache::from_bytes(&bytes) {
                Ok(automata) => (automata, None),
                Err(CacheError::OtherCompiler) => (Cache::default(), None),
                Err(CacheError::Foreign) => return Err(CacheFailure::Content(file, CacheError::Foreign)),
                Err(error) => (Cache::default(), Some(CacheFailure::Content(file.clone(), error))),
            },
            Err(error) if error.is_missing() => (Cache::default(), None),
            Err(error) => (Cache::default(), Some(CacheFailure::File(error))),
        };
        Ok((Self { file, automata }, failure))
    }

    /// Whether a path is its file, or will be.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        let in_one_folder = || {
            let (own, other) = (folder_of(&self.file), folder_of(path));
            own == other || is_same_file(own, other)
        };
        is_same_file(&self.file, path) || self.file.file_name() == path.file_name() && in_one_folder()
    }

    /// Writes what the last build used, whole or not at all, unless it is there already.
    ///
    /// # Errors
    /// [`CacheFailure`], also where meanwhile something else stands in its place: a bundle just written through a link, say.
    pub fn save(&self) -> Result<(), CacheFailure> {
        let Some(bytes) = self.automata.to_bytes() else { return Ok(()) };
        if let Some(folder) = self.file.parent() {
            make_folder(folder).map_err(CacheFailure::File)?;
        }
        match read_bytes(&self.file) {
            Ok(there) if Cache::from_bytes(&there).err() == Some(CacheError::Foreign) => {
                return Err(CacheFailure::Content(self.file.clone(), CacheError::Foreign));
            }
            Err(error) if !error.is_missing() => return Err(CacheFailure::File(error)),
            _ => {}
        }
        write_whole(&self.file, &bytes).map_err(CacheFailure::File)
    }
}

/// The folder of a file.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
