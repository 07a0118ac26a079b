//! The only place that opens files: inputs as sources, and outputs that are whole or not there.

#[cfg(feature = "live")]
mod kept;

use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::source::{MAX_SOURCE_BYTES, Source, Span};
use portcullis_runtime::format::MAGIC;

#[cfg(feature = "live")]
pub(crate) use kept::{Stamp, hold, names_in, read_stamped, remove};
#[cfg(feature = "serve")]
pub(crate) use kept::{append_to, write_secret};

/// Which files are read from a folder.
#[derive(Clone, Copy)]
struct Wanted {
    endings: &'static [&'static str],
    /// The same for people.
    noun: &'static str,
}

const INPUTS: Wanted = Wanted { endings: &["json", "jsonl", "gate"], noun: ".json, .jsonl or .gate" };
#[cfg(feature = "cli")]
const GATE: Wanted = Wanted { endings: &["gate"], noun: ".gate" };

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
        /// The file's text up to the end of the line that is wrong, under the file's path; U+FFFD stands for what is no character.
        source: Source,
        /// The first U+FFFD in it.
        span: Span,
        /// The byte that stands there.
        byte: u8,
        /// What to do about it.
        help: &'static str,
    },
    /// Larger than is read (rule P4).
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        most: u64,
    },
    /// A folder without any input below it.
    EmptyFolder {
        /// The folder.
        path: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// A pipe, a device or the like, where only a file can be meant.
    Special {
        /// What it is.
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
            Self::Io { verb, path, error } if error.kind() == std::io::ErrorKind::NotFound => {
                let missing = if *verb == "write" {
                    "its folder is not there"
                } else {
                    "there is no such file or folder"
                };
                write!(f, "cannot {verb} {}: {missing}", path.display())
            }
            Self::Io { verb, path, error } => write!(f, "cannot {verb} {}: {error}", path.display()),
            Self::NotUtf8 { source, span, byte, help } => {
                let (name, place) = (source.name(), source.position(span.start));
                write!(f, "{name}:{place}: byte 0x{byte:02x} begins no character of UTF-8; {help}")
            }
            Self::TooLarge { path, most } if *most < 1 << 20 => {
                write!(f, "{} is larger than {most} bytes, the most that is read", path.display())
            }
            Self::TooLarge { path, most } => {
                write!(f, "{} is larger than {} MiB, the most that is read", path.display(), most >> 20)
            }
            Self::EmptyFolder { path, wanted } => {
                write!(f, "no {wanted} file below the folder {}", path.display())
            }
            Self::Special { path } => write!(f, "{} is no ordinary file: it is not read", path.display()),
            Self::NotAFile { path } => {
                write!(f, "{} is there and no ordinary file: it is not replaced", path.display())
            }
        }
    }
}

impl std::error::Error for FileError {}

impl FileError {
    /// Whether the file is not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == std::io::ErrorKind::NotFound)
    }

    /// The finding that this is about an input, with the place where there is one.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let (code, path, help) = match self {
            Self::NotUtf8 { source, span, byte, help } => {
                let message = format!("the byte 0x{byte:02x} begins no character of UTF-8");
                return Diagnostic::error("p4-not-utf8", message).at(source, *span, "").help(*help);
            }
            Self::TooLarge { path, .. } => ("p4-source-too-large", path, "split it into several files"),
            Self::EmptyFolder { path, .. } => ("input-empty", path, "give the folder that holds the inputs"),
            Self::Special { path } => {
                ("input-unreadable", path, "take it out of the folder; a pipe can be given by its own path")
            }
            Self::Io { verb: "write", path, .. } | Self::NotAFile { path } => {
                ("output-unwritable", path, "check the path, and that the file and its folder may be written")
            }
            Self::Io { path, .. } => {
                ("input-unreadable", path, "check the path, and that the file may be read")
            }
        };
        let file = Source::new(path.display().to_string(), "");
        Diagnostic::error(code, self.to_string()).at(&file, Span::default(), "").help(help)
    }
}

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
/// Gives what could be read and why the rest could not. One unreadable file is a failure of the whole; the others are read all the same, so
/// that what is wrong in them shows in the same run.
#[must_use]
pub fn read_inputs(paths: &[PathBuf]) -> (Vec<Input>, Vec<FileError>) {
    read(paths, INPUTS)
}

/// The same, of folders only the `.gate` files: what is wrong with others is no matter.
#[cfg(feature = "cli")]
pub(crate) fn read_gate_files(paths: &[PathBuf]) -> (Vec<Input>, Vec<FileError>) {
    read(paths, GATE)
}

fn read(paths: &[PathBuf], wanted: Wanted) -> (Vec<Input>, Vec<FileError>) {
    let (mut inputs, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match list(path, wanted) {
            Ok(files) => {
                for (file, name) in files {
                    // What is given by its own path may be a pipe; what lies in a folder must not block.
                    let text = if file == *path { read_text(&file) } else { read_file(&file) };
                    match text {
                        Ok(text) => inputs.push(Input { source: Source::new(name, text), path: file }),
                        Err(error) => errors.push(error),
                    }
                }
            }
            Err(error) => errors.push(error),
        }
    }
    (inputs, errors)
}

/// The files behind one given path, with the names they get.
fn list(path: &Path, wanted: Wanted) -> Result<Vec<(PathBuf, String)>, FileError> {
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
            } else if entry
                .extension()
                .is_some_and(|ending| wanted.endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
            {
                files.push(entry);
            }
        }
    }
    if files.is_empty() {
        return Err(FileError::EmptyFolder { path: path.to_owned(), wanted: wanted.noun });
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
    read_most(path, MAX_SOURCE_BYTES as u64 * 8 + 1)
}

fn read_most(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
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
    let bytes = read_most(path, MAX_SOURCE_BYTES as u64 + 1)?;
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(FileError::TooLarge { path: path.to_owned(), most: MAX_SOURCE_BYTES as u64 });
    }
    String::from_utf8(bytes)
        .map_err(|error| not_utf8(path, error.as_bytes(), error.utf8_error().valid_up_to()))
}

/// The same of what has to be a file: a pipe would block, and a device may have no end.
///
/// # Errors
/// [`FileError`], as for [`read_text`], or if it is a pipe, a device or the like.
pub fn read_file(path: &Path) -> Result<String, FileError> {
    let kind = std::fs::metadata(path).map_err(io("read", path))?;
    // What the system says of a folder is good enough.
    if !kind.is_file() && !kind.is_dir() {
        return Err(FileError::Special { path: path.to_owned() });
    }
    read_text(path)
}

fn not_utf8(path: &Path, bytes: &[u8], valid: usize) -> FileError {
    let rest = bytes.get(valid..).unwrap_or(&[]);
    let line_end = rest.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| valid + at);
    let text = String::from_utf8_lossy(bytes.get(..line_end).unwrap_or(&[]));
    FileError::NotUtf8 {
        source: Source::new(path.display().to_string(), &*text),
        span: Span::new(valid, valid + char::REPLACEMENT_CHARACTER.len_utf8()),
        byte: rest.first().copied().unwrap_or(0),
        help: match bytes {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "this looks like UTF-16; save the file as UTF-8",
            _ if bytes.starts_with(&MAGIC) => "this is a bundle; give the inputs that it was built from",
            _ => "save the file as UTF-8",
        },
    }
}

/// Makes a folder and those above it, unless they are there.
///
/// # Errors
/// [`FileError`] if it cannot be made.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(path).map_err(io("make", path))
}

/// Writes a file whole: to a temporary file in the same folder, synced, then renamed over the target. Whatever fails, the target is what
/// it was before. A link is followed; what is no ordinary file is not replaced; who may read the old file may read the new one. `-` is
/// standard output.
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
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => behind_links(path),
        Err(error) => return Err(io("write", path)(error)),
    };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let old = std::fs::metadata(&target).ok();
    let mut builder = tempfile::Builder::new();
    builder.prefix(".portcullis-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any program writes files, which the process's umask narrows; where there is an old file, nobody else's until it is as that one.
        let mode = if old.is_some() { 0o600 } else { 0o666 };
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    // The name of the temporary file in its errors would tell nobody anything: what the system says is enough.
    let created = builder.tempfile_in(folder).map_err(|error| error.kind().into());
    let file = created.map_err(io("write", path))?;
    if let Some(old) = old {
        // Who may read the old file may read the new one, and nobody else.
        keep_owner(file.as_file(), &old);
        file.as_file().set_permissions(old.permissions()).map_err(io("write", path))?;
    }
    file.as_file().write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(io("write", path))?;
    file.persist(&target).map_err(|error| io("write", path)(error.error))?;
    // The new name has to outlive a power failure too. Not every file system can be asked for that, and the file is whole either way.
    #[cfg(unix)]
    let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Gives a file the owner and group of an old one, as far as the system lets this process.
#[cfg(unix)]
fn keep_owner(file: &std::fs::File, old: &std::fs::Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    // Only root may give a file away; a group of one's own anybody may.
    if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(file, None, Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &std::fs::File, _: &std::fs::Metadata) {}

/// Writes files whole into a folder, which is made where it is not there.
///
/// # Errors
/// [`FileError`] for the first that could not be written.
pub fn write_into<'t>(
    folder: &Path,
    files: impl IntoIterator<Item = (&'t str, String)>,
) -> Result<(), FileError> {
    std::fs::create_dir_all(folder).map_err(io("write", folder))?;
    files.into_iter().try_for_each(|(name, text)| write_whole(&folder.join(name), text.as_bytes()))
}

/// The files below a folder whose names end so: their paths below it, with `/`, and what is in them, sorted. None where there is no such folder.
/// Hidden files and links are left out.
///
/// # Errors
/// [`FileError`] if anything could not be read.
#[cfg(feature = "cli")]
pub(crate) fn read_below(folder: &Path, ending: &str) -> Result<Vec<(String, Vec<u8>)>, FileError> {
    let mut found = Vec::new();
    let mut folders = if is_there(folder) { vec![(folder.to_owned(), String::new())] } else { Vec::new() };
    while let Some((folder, above)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(io("read", &folder))? {
            let entry = entry.map_err(io("read", &folder))?;
            let (path, name) = (entry.path(), entry.file_name());
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
            let kind = entry.file_type().map_err(io("read", &path))?;
            if kind.is_dir() {
                folders.push((path, format!("{above}{name}/")));
            } else if kind.is_file() && name.strip_suffix(ending).is_some_and(|stem| stem.ends_with('.')) {
                found.push((format!("{above}{name}"), read_bytes(&path)?));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A folder between a folder and a path below it that is a link.
#[cfg(feature = "cli")]
pub(crate) fn linked_between(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = folder.join(name);
    let mut between = path.ancestors().skip(1).take_while(|above| *above != folder);
    let linked = between.find(|above| std::fs::symlink_metadata(above).is_ok_and(|found| found.is_symlink()));
    linked.map(Path::to_owned)
}

/// Whether anything stands at a path, be it a link that leads nowhere.
#[cfg(feature = "cli")]
pub(crate) fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Removes a file below a folder, and what folders between them are empty then.
///
/// # Errors
/// [`FileError`] if the file could not be removed.
#[cfg(feature = "cli")]
pub(crate) fn remove_below(folder: &Path, name: &str) -> Result<(), FileError> {
    let path = folder.join(name);
    std::fs::remove_file(&path).map_err(io("remove", &path))?;
    let between = path.ancestors().skip(1).take_while(|above| *above != folder);
    // A folder with anything in it is not removed, and none above it.
    let _ = between.map(std::fs::remove_dir).find(Result::is_err);
    Ok(())
}

/// The one path of a file that is there, however it is written; `None` where there is none.
#[must_use]
pub fn real(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

/// Whether two paths lead to one file that is there.
#[must_use]
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    real(one).is_some_and(|one| Some(one) == real(other))
}

/// Where a link that leads to nothing yet leads.
fn behind_links(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    // As many links as systems follow; a circle is refused before this.
    for _ in 0..40 {
        let Ok(link) = std::fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(link);
    }
    target
}
