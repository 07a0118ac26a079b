//! Where bundles come from: the trait, and files.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Candidate;
use crate::files::{Stamp, read_stamped};
use crate::trust::MAX_SIGNATURE_BYTES;

/// More than any bundle has.
pub(super) const MOST_BYTES: u64 = 1 << 30;

/// What a source gives.
#[derive(Debug)]
pub enum Fetched {
    /// The same as the last time.
    Same,
    /// Something else, or the first.
    New(Candidate),
}

/// Why a source gives nothing.
#[derive(Debug)]
pub struct SourceError(pub String);

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SourceError {}

/// A place that holds the current bundle. Object stores and the like implement it.
pub trait Source: Send {
    /// Looks at the place. May block as long as its own time limit lets it.
    ///
    /// # Errors
    /// [`SourceError`] if it cannot be seen whether there is something new.
    fn fetch(&mut self) -> Result<Fetched, SourceError>;

    /// What was given last was refused: give it again the next time.
    fn forget(&mut self);

    /// The place, for people. No secret is in it.
    fn name(&self) -> String;

    /// Whether to look costs nobody anything, so that a failure needs no longer pauses.
    fn is_near(&self) -> bool {
        false
    }
}

/// A bundle in a file, with its signature in `FILE.sig`. The file should be replaced by renaming, as `portcullis build` does; one that is caught
/// half-written is refused for its digest and looked at again.
#[derive(Debug)]
pub struct FileSource {
    bundle: PathBuf,
    signature: PathBuf,
    last: Option<(Stamp, Option<Stamp>)>,
}

impl FileSource {
    /// A file that is looked at when it is fetched, not now.
    #[must_use]
    pub fn new(bundle: impl Into<PathBuf>) -> Self {
        let bundle = bundle.into();
        let signature = signature_of(&bundle);
        Self { bundle, signature, last: None }
    }
}

/// Where the signature of a bundle lies.
#[must_use]
pub(crate) fn signature_of(bundle: &Path) -> PathBuf {
    let mut name = bundle.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

impl Source for FileSource {
    fn fetch(&mut self) -> Result<Fetched, SourceError> {
        let failed = |error: crate::files::FileError| SourceError(error.to_string());
        let (bundle_before, signature_before) = match &self.last {
            Some((bundle, signature)) => (Some(bundle), signature.as_ref()),
            None => (None, None),
        };
        let bundle = read_stamped(&self.bundle, MOST_BYTES, bundle_before).map_err(failed)?;
        let signature = match read_stamped(&self.signature, MAX_SIGNATURE_BYTES as u64, signature_before) {
            Ok(read) => Some(read),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(failed(error)),
        };
        let same = bundle.bytes.is_none()
            && match (&signature, signature_before) {
                (Some(read), _) => read.bytes.is_none(),
                (None, before) => before.is_none(),
            };
        if same {
            return Ok(Fetched::Same);
        }
        // One of them is new: both are read, since the other was not kept.
        let whole = |path: &Path, most: u64| read_stamped(path, most, None).map_err(failed);
        let bundle = if bundle.bytes.is_some() { bundle } else { whole(&self.bundle, MOST_BYTES)? };
        let signature = match signature {
            Some(read) if read.bytes.is_none() => Some(whole(&self.signature, MAX_SIGNATURE_BYTES as u64)?),
            read => read,
        };
        self.last = Some((bundle.stamp, signature.as_ref().map(|read| read.stamp.clone())));
        Ok(Fetched::New(Candidate {
            bundle: bundle.bytes.unwrap_or_default(),
            signature: signature.and_then(|read| read.bytes),
        }))
    }

    fn forget(&mut self) {
        self.last = None;
    }

    fn name(&self) -> String {
        self.bundle.display().to_string()
    }

    fn is_near(&self) -> bool {
        true
    }
}
