//! Who asks: a principal from the one configured, trusted place, or nobody.
//!
//! Absent, doubtful, said twice, or said by a peer that is not trusted: anonymous, never somebody.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use portcullis_grammar::json::{Kind, parse};
use portcullis_grammar::source::Source;
use portcullis_runtime::value::arn::is_account;
use portcullis_runtime::value::ip::{Block, parse_address};

use super::config::ConfigError;
use crate::files::read_text;

/// Nobody in particular (rule E9).
pub(super) const ANONYMOUS: &str = "*";

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Tcp(IpAddr),
    Unix,
}

/// Which peers may say who asks.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    blocks: Vec<Block>,
    unix: bool,
}

impl Trusted {
    /// Nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Self::default()
    }

    /// Adds an address, a block of addresses (`10.0.0.0/8`), or `unix` for whoever may open the socket.
    ///
    /// # Errors
    /// [`ConfigError`] if it is none of these.
    pub fn add(&mut self, text: &str) -> Result<(), ConfigError> {
        if text == "unix" {
            self.unix = true;
            return Ok(());
        }
        let (block, _) = Block::parse(text).ok_or_else(|| {
            ConfigError(format!(
                "{text:?} is no proxy: expected an address, a block such as 10.0.0.0/8, or unix"
            ))
        })?;
        self.blocks.push(block);
        Ok(())
    }

    pub(super) fn holds(&self, peer: Peer) -> bool {
        match peer {
            Peer::Unix => self.unix,
            // A socket for both families tells IPv4 addresses as IPv6 ones.
            Peer::Tcp(address) => parse_address(&address.to_canonical().to_string())
                .is_some_and(|address| self.blocks.iter().any(|block| block.contains(&address))),
        }
    }
}

/// Why a file of identities is none.
#[derive(Debug)]
pub struct MapError(pub String);

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MapError {}

/// What the names of callers stand for, such as `spiffe://acme/ns/web/sa/reports`; empty: a name is the principal's ARN itself.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    map: Option<Arc<BTreeMap<String, String>>>,
}

impl Identities {
    /// Reads a JSON object of names and ARNs.
    ///
    /// # Errors
    /// [`MapError`] if it cannot be read or is no such object.
    pub fn read(path: &Path) -> Result<Self, MapError> {
        let source = Source::new(
            path.display().to_string(),
            read_text(path).map_err(|error| MapError(error.to_string()))?,
        );
        let wrong =
            |what: &str, at: u32| MapError(format!("{}:{}: {what}", path.display(), source.position(at)));
        let parsed = parse(&source);
        if let Some(found) = parsed.diagnostics.first() {
            let at = found.labels.first().map_or(0, |label| label.span.start);
            return Err(wrong(&found.message, at));
        }
        let Some(value) = parsed.value else { return Err(wrong("empty", 0)) };
        let Kind::Object(members) = value.kind else {
            return Err(wrong("expected an object of names and ARNs", value.span.start));
        };
        let mut map = BTreeMap::new();
        for member in members {
            match member.value.kind {
                Kind::String(arn) if is_arn(&arn) => map.insert(member.key.to_string(), arn.to_string()),
                _ => return Err(wrong("expected the ARN of a principal", member.value.span.start)),
            };
        }
        Ok(Self { map: Some(Arc::new(map)) })
    }

    /// The principal that a name stands for.
    pub(super) fn principal<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        match &self.map {
            Some(map) => map.get(name).map(String::as_str),
            // A service's name or `*` is nothing that a caller can be.
            None => Some(name).filter(|name| is_arn(name)),
        }
    }
}

/// Whether a text is the ARN of a principal that a caller can be: of IAM or STS, of an account, with a name of the characters that names have. What
/// two ARNs and a comma make is none.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "iam" | "sts", "", account, name] = parts.as_slice() else { return false };
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte);
    !partition.is_empty() && is_account(account) && !name.is_empty() && name.bytes().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_trusted() {
        let mut trusted = Trusted::nobody();
        let tcp = |text: &str| Peer::Tcp(text.parse().unwrap());
        assert!(!trusted.holds(Peer::Unix) && !trusted.holds(tcp("127.0.0.1")));
        for text in ["127.0.0.1", "10.0.0.0/8", "fd00::/8", "unix"] {
            trusted.add(text).unwrap();
        }
        assert!(trusted.holds(Peer::Unix));
        for (text, expected) in [
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("10.9.9.9", true),
            ("::ffff:10.1.1.1", true),
            ("fd00::1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(trusted.holds(tcp(text)), expected, "{text}");
        }
        for text in ["", "host", "10.0.0.0/33", "*", "0.0.0.0.0"] {
            assert!(trusted.add(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_that_are_no_principals_are_nobody() {
        let identities = Identities::default();
        assert_eq!(
            identities.principal("arn:aws:iam::123456789012:user/a"),
            Some("arn:aws:iam::123456789012:user/a")
        );
        let joined = "arn:aws:sts::123456789012:assumed-role/admin/x,arn:aws:iam::123456789012:user/a";
        for name in [
            "",
            "*",
            "lambda.amazonaws.com",
            "arn:",
            "alice",
            joined,
            "arn:aws:iam::1:user/a",
            "arn:aws:s3:::x",
        ] {
            assert_eq!(identities.principal(name), None, "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.json");
        let arn = "arn:aws:iam::123456789012:role/reports";
        std::fs::write(&path, format!("{{\"spiffe://acme/reports\": \"{arn}\"}}")).unwrap();
        let identities = Identities::read(&path).unwrap();
        assert_eq!(identities.principal("spiffe://acme/reports"), Some(arn));
        assert_eq!(identities.principal(arn), None);
        for wrong in
            ["", "[]", "{\"a\": \"b\"}", "{\"a\": 1}", &format!("{{\"a\": \"{arn}\", \"a\": \"{arn}\"}}")]
        {
            std::fs::write(&path, wrong).unwrap();
            assert!(Identities::read(&path).is_err(), "{wrong}");
        }
    }
}
