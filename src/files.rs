//! The only place that opens files: inputs as sources, and outputs that are whole or not there.

use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use portcullis_grammar::source::{MAX_SOURCE_BYTES, Source};

/// Endings of the files that are read from a folder.
const ENDINGS: [&str; 3] = ["json", "jsonl", "gate"];

/// Why a file could not be read or written.
#[derive(Debug)]
pub enum FileError {
    /// The system says no.
    Io {
        /// What was tried, as a verb: `read`, `write`.
        verb: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Not UTF-8 (rule P4).
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line of the first byte that does not fit, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
        /// The byte.
        byte: u8,
    },
    /// Larger than is read (rule P4).
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A folder without any input below it.
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The target of an output is neither a file nor free.
    NotAFile {
        /// The target.
        path: PathBuf,
    },
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { verb, path, error } => write!(f, "cannot {verb} {}: {error}", path.display()),
            Self::NotUtf8 { path, line, column, byte } => write!(
                f,
                "{}:{line}:{column}: not UTF-8: byte 0x{byte:02x} begins no character; save the file as UTF-8",
                path.display()
            ),
            Self::TooLarge { path } => write!(
                f,
                "{} is larger than {} MiB, the most that is read; split it into several files",
                path.display(),
                MAX_SOURCE_BYTES / 1024 / 1024
            ),
            Self::EmptyFolder { path } => {
                write!(f, "no .json, .jsonl or .gate file below the folder {}", path.display())
            }
            Self::NotAFile { path } => {
                write!(f, "{} is there and no ordinary file: it is not replaced", path.display())
            }
        }
    }
}

impl std::error::Error for FileError {}

fn io(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FileError {
    let path = path.to_owned();
    move |error| FileError::Io { verb, path, error }
}

/// An input that was read: its source, named by its path below the given input, and the path by which the user would open it.
#[derive(Clone, Debug)]
pub struct Input {
    /// The text, under the name that goes into bundles: nothing of the machine is in it.
    pub source: Source,
    /// The path for messages.
    pub path: PathBuf,
}

/// Reads inputs: files, folders (all `.json`, `.jsonl` and `.gate` files below them, in the order of their paths, hidden ones aside),
/// or `-` for standard input.
///
/// # Errors
/// All files that cannot be read, not the first alone. One unreadable file is a failure of the whole.
pub fn read_inputs(paths: &[PathBuf]) -> Result<Vec<Input>, Vec<FileError>> {
    let (mut inputs, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match list(path) {
            Ok(files) => {
                for (file, name) in files {
                    match read_text(&file) {
                        Ok(text) => inputs.push(Input { source: Source::new(name, text), path: file }),
                        Err(error) => errors.push(error),
                    }
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(inputs) } else { Err(errors) }
}

/// The files behind one given path, with the names they get.
fn list(path: &Path) -> Result<Vec<(PathBuf, String)>, FileError> {
    if path == Path::new("-") {
        return Ok(vec![(path.to_owned(), "<stdin>".to_owned())]);
    }
    let kind = std::fs::metadata(path).map_err(io("read", path))?;
    if !kind.is_dir() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        return Ok(vec![(path.to_owned(), name)]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(io("read", &folder))? {
            let entry = entry.map_err(io("read", &folder))?.path();
            let hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if hidden {
                continue;
            }
            if std::fs::metadata(&entry).map_err(io("read", &entry))?.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)) {
                files.push(entry);
            }
        }
    }
    if files.is_empty() {
        return Err(FileError::EmptyFolder { path: path.to_owned() });
    }
    // The order in which a system lists a folder is no order.
    files.sort();
    let name = |file: &Path| {
        let below = file.strip_prefix(path).unwrap_or(file);
        let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("/")
    };
    Ok(files.into_iter().map(|file| (file.clone(), name(&file))).collect())
}

/// Reads a whole file, or standard input for `-`.
///
/// # Errors
/// [`FileError`] if it cannot be read.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let limit = MAX_SOURCE_BYTES as u64 * 8 + 1;
    if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(io("read", path))?;
    } else {
        let file = std::fs::File::open(path).map_err(io("read", path))?;
        file.take(limit).read_to_end(&mut bytes).map_err(io("read", path))?;
    }
    Ok(bytes)
}

/// Reads a whole file as text, or standard input for `-` (rule P4).
///
/// # Errors
/// [`FileError`] if it cannot be read, is too large or not UTF-8.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    let bytes = read_bytes(path)?;
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(FileError::TooLarge { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = bytes.get(..valid).unwrap_or(&[]);
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let characters = before.iter().skip(line_start).filter(|&&byte| byte & 0xc0 != 0x80).count();
        FileError::NotUtf8 {
            path: path.to_owned(),
            line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
            column: characters + 1,
            byte: bytes.get(valid).copied().unwrap_or(0),
        }
    })
}

/// Writes a file whole: to a temporary file in the same folder, synced, then renamed over the target. Whatever fails, the target is what
/// it was before. A link is followed; what is no ordinary file is not replaced. `-` is standard output.
///
/// # Errors
/// [`FileError`] if anything could not be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    if path == Path::new("-") {
        let mut out = std::io::stdout().lock();
        return out.write_all(bytes).and_then(|()| out.flush()).map_err(io("write", path));
    }
    let target = match std::fs::canonicalize(path) {
        Ok(target) if target.is_file() => target,
        Ok(_) => return Err(FileError::NotAFile { path: path.to_owned() }),
        Err(_) => path.to_owned(),
    };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".portcullis-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any program writes files; the process's umask narrows it.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(io("write", path))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(io("write", path))?;
    file.persist(&target).map_err(|error| io("write", path)(error.error))?;
    Ok(())
}
