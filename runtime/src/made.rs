//! Texts that are made for a request, without allocating.

/// Longest text that is made for a key: an ARN of a role by its session's, a unique id with a session's name.
const MADE_BYTES: usize = 200;

/// A text that is made of parts, without allocating.
#[derive(Clone, Copy)]
pub(crate) struct Made {
    bytes: [u8; MADE_BYTES],
    length: usize,
}

impl Made {
    /// The parts one behind the other; `None` where they are too long, which limits and validation exclude.
    pub(crate) fn of(parts: &[&str]) -> Option<Self> {
        let mut made = Self { bytes: [0; MADE_BYTES], length: 0 };
        for part in parts {
            let end = made.length + part.len();
            made.bytes.get_mut(made.length..end)?.copy_from_slice(part.as_bytes());
            made.length = end;
        }
        Some(made)
    }

    pub(crate) fn text(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}
