//! Files that a running process looks at again, holds, or writes behind.

use std::io::Read as _;
#[cfg(feature = "serve")]
use std::io::Write as _;
use std::path::Path;

use super::{FileError, io};

/// What tells that a file is still the one that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Device, number, and when anything of it changed last, which nobody can set.
    file: (u64, u64, i64, i64),
    length: u64,
    modified: Option<std::time::SystemTime>,
    /// Changed so shortly before it was read that the clock of the file system might not tell the next change from it.
    unsettled: bool,
}

/// A file as it was read.
pub(crate) struct Stamped {
    pub(crate) stamp: Stamp,
    /// What is in it; `None` where it is still the one of the stamp that was given.
    pub(crate) bytes: Option<Vec<u8>>,
}

/// Reads a file of at most so many bytes, unless it is still the one that a stamp was made of.
///
/// # Errors
/// [`FileError`] if it cannot be read, is larger, or no ordinary file.
pub(crate) fn read_stamped(path: &Path, most: u64, before: Option<&Stamp>) -> Result<Stamped, FileError> {
    // Asked before it is opened: to open a pipe waits for whoever writes into it.
    if !std::fs::metadata(path).map_err(io("read", path))?.is_file() {
        return Err(FileError::Special { path: path.to_owned() });
    }
    let file = std::fs::File::open(path).map_err(io("read", path))?;
    let facts = file.metadata().map_err(io("read", path))?;
    if facts.len() > most {
        return Err(FileError::TooLarge { path: path.to_owned(), most });
    }
    #[cfg(unix)]
    let identity = {
        use std::os::unix::fs::MetadataExt as _;
        (facts.dev(), facts.ino(), facts.ctime(), facts.ctime_nsec())
    };
    #[cfg(not(unix))]
    let identity = (0, 0, 0, 0);
    let modified = facts.modified().ok();
    let settled = modified.and_then(|at| at.elapsed().ok()).is_some_and(|ago| ago.as_secs() >= 2);
    let stamp = Stamp { file: identity, length: facts.len(), modified, unsettled: !settled };
    if before.is_some_and(|before| !before.unsettled && *before == stamp) {
        return Ok(Stamped { stamp, bytes: None });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or(0));
    file.take(most).read_to_end(&mut bytes).map_err(io("read", path))?;
    Ok(Stamped { stamp, bytes: Some(bytes) })
}

/// The names of the files in a folder, sorted.
///
/// # Errors
/// [`FileError`] if it cannot be listed.
pub(crate) fn names_in(folder: &Path) -> Result<Vec<String>, FileError> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io("read", folder))? {
        let entry = entry.map_err(io("read", folder))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Removes a file.
///
/// # Errors
/// [`FileError`] if it is there and could not be removed.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Opens a file that one process at a time may hold, for as long as it holds what is given here. `None`: another one holds it.
///
/// # Errors
/// [`FileError`] if it cannot be opened.
pub(crate) fn hold(path: &Path) -> Result<Option<std::fs::File>, FileError> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).write(true).truncate(false).open(path).map_err(io("write", path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(io("lock", path)(error)),
    }
}

/// Opens a file to write behind what is in it, and says whether that ends within a line.
///
/// # Errors
/// [`FileError`] if it cannot be opened.
#[cfg(feature = "serve")]
pub(crate) fn append_to(path: &Path) -> Result<(std::fs::File, bool), FileError> {
    use std::os::unix::fs::FileExt as _;
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path).map_err(io("write", path))?;
    let length = file.metadata().map_err(io("write", path))?.len();
    // A process before this one may have ended within a line.
    let mut last = [b'\n'];
    if let Some(place) = length.checked_sub(1) {
        let read = std::fs::File::open(path).and_then(|file| file.read_exact_at(&mut last, place));
        read.map_err(io("read", path))?;
    }
    Ok((file, last != *b"\n"))
}

/// Writes a new file that only its owner may read. One that is there is not replaced.
///
/// # Errors
/// [`FileError`] if it is there or could not be written.
#[cfg(feature = "serve")]
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(io("write", path))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io("write", path));
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}
