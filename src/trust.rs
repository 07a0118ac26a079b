//! Who signed a bundle: keys, signatures, and what has to hold before any byte of a bundle is parsed.
//!
//! One algorithm, Ed25519 (RFC 8032), pinned: a signature names it only so that people see it, and any other name is refused. Keys are
//! PEM as other tools write them (PKCS #8, RFC 8410), so `openssl genpkey -algorithm ed25519` makes them too. A signature is a small text
//! beside the bundle (`acme.bundle.sig`) with a fixed form: it is accepted only if writing what was read gives the same bytes, so
//! nothing unknown, repeated or reordered can stand in it.
//!
//! ```text
//! portcullis signature 1
//! algorithm: ed25519
//! key: 0f1e2d3c4b5a6978
//! blake3: 64 hexadecimal digits, of the whole bundle
//! bytes: 482816
//! sequence: 42
//! signature: base64 of 64 bytes, over the lines above
//! ```
//!
//! The line `sequence` may be absent.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// What a public key of Ed25519 begins with in DER (RFC 8410, section 4).
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const FIRST_LINE: &str = "portcullis signature 1\nalgorithm: ed25519\n";
/// More than any signature needs.
pub(crate) const MAX_SIGNATURE_BYTES: usize = 1_024;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM block of the kind that is wanted.
    NotPem,
    /// A block that is not of this kind: a certificate, a private key where a public one belongs, or the other way round.
    WrongKind,
    /// The block's contents are no base64, or no key of Ed25519.
    NotEd25519,
    /// The system gives no random bytes.
    NoRandomness,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPem => "holds no key in PEM (-----BEGIN … KEY-----)",
            Self::WrongKind => {
                "holds a key of another kind than is wanted: `sign` takes the private key, `verify` and `serve` public ones"
            }
            Self::NotEd25519 => "holds no key of Ed25519, the one algorithm that is accepted",
            Self::NoRandomness => "the system gives no random bytes",
        })
    }
}

impl std::error::Error for KeyError {}

/// A key that bundles are signed with. Its text form is nobody's business but the file's that holds it.
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Makes a new key: the key, and its PEM.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate() -> Result<(Self, String), KeyError> {
        let document =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::NoRandomness)?;
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| KeyError::NoRandomness)?;
        Ok((Self { pair }, to_pem("PRIVATE KEY", document.as_ref())))
    }

    /// Reads a private key: one PEM block of PKCS #8.
    ///
    /// # Errors
    /// [`KeyError`] if it is none.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let blocks = from_pem(text, "PRIVATE KEY")?;
        let [der] = blocks.as_slice() else { return Err(KeyError::NotPem) };
        // Other tools leave the public half out of the file, which is then computed.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| KeyError::NotEd25519)?;
        Ok(Self { pair })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(self.pair.public_key().as_ref()) {
            *to = *from;
        }
        PublicKey { bytes }
    }

    /// Signs a bundle: the text of the signature file.
    #[must_use]
    pub fn sign(&self, bundle: &[u8], sequence: Option<u64>) -> String {
        let claim = Claim {
            key: self.public().id(),
            digest: blake3::hash(bundle).to_hex().to_string(),
            bytes: bundle.len() as u64,
            sequence,
        };
        let text = claim.to_string();
        let signature = BASE64.encode(self.pair.sign(text.as_bytes()).as_ref());
        format!("{text}signature: {signature}\n")
    }
}

/// A key that signatures are checked with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    bytes: [u8; 32],
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

impl PublicKey {
    /// Reads public keys: one or several PEM blocks (`PUBLIC KEY`), as many as are trusted while one replaces another.
    ///
    /// # Errors
    /// [`KeyError`] if there is none, or one that is not of Ed25519.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, KeyError> {
        let read = |der: &Vec<u8>| {
            let key = der.strip_prefix(&PUBLIC_PREFIX).and_then(|key| key.try_into().ok());
            key.map(|bytes| Self { bytes }).ok_or(KeyError::NotEd25519)
        };
        from_pem(text, "PUBLIC KEY")?.iter().map(read).collect()
    }

    /// The key as PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        to_pem("PUBLIC KEY", &[&PUBLIC_PREFIX[..], &self.bytes].concat())
    }

    /// A short name of the key: 16 hexadecimal digits of its digest. It helps to find the key and proves nothing.
    #[must_use]
    pub fn id(&self) -> String {
        blake3::hash(&self.bytes).to_hex().chars().take(16).collect()
    }
}

/// What a signature says of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    key: String,
    digest: String,
    bytes: u64,
    sequence: Option<u64>,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FIRST_LINE}key: {}\nblake3: {}\nbytes: {}\n", self.key, self.digest, self.bytes)?;
        self.sequence.map_or(Ok(()), |sequence| writeln!(f, "sequence: {sequence}"))
    }
}

impl Claim {
    /// Reads the lines above the signature; `None` where they are not exactly what a claim is written as.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_prefix(FIRST_LINE)?.lines();
        let key = lines.next()?.strip_prefix("key: ")?.to_owned();
        let digest = lines.next()?.strip_prefix("blake3: ")?.to_owned();
        let bytes = lines.next()?.strip_prefix("bytes: ")?.parse().ok()?;
        let sequence = match lines.next() {
            None => None,
            Some(line) => Some(line.strip_prefix("sequence: ")?.parse().ok()?),
        };
        let claim = Self { key, digest, bytes, sequence };
        (claim.to_string() == text).then_some(claim)
    }
}

/// What was proved of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The key that signed it: [`PublicKey::id`].
    pub key: String,
    /// The sequence number that the signature declares.
    pub sequence: Option<u64>,
}

/// Why a signature proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is none.
    Missing,
    /// It is not in the one form that signatures have: another version or algorithm, a line too many, or damage.
    Malformed,
    /// None of the trusted keys is the one that it names.
    UnknownKey(String),
    /// The key did not sign these lines.
    Forged,
    /// It is of another bundle.
    OtherBundle,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the bundle is not signed"),
            Self::Malformed => f.write_str(
                "the signature is not in the form of version 1 with algorithm ed25519, the only one accepted",
            ),
            Self::UnknownKey(key) => write!(f, "the signature is by the key {key:?}, which is not trusted"),
            Self::Forged => f.write_str("the signature is not by the key that it names"),
            Self::OtherBundle => f.write_str("the signature is of another bundle"),
        }
    }
}

impl std::error::Error for SignatureError {}

/// Checks that one of the trusted keys signed these bytes. Nothing of the bundle is parsed.
///
/// # Complexity
/// Linear in the bundle's bytes: one digest.
///
/// # Errors
/// [`SignatureError`].
pub fn verify(keys: &[PublicKey], bundle: &[u8], signature: &[u8]) -> Result<Verified, SignatureError> {
    if signature.len() > MAX_SIGNATURE_BYTES {
        return Err(SignatureError::Malformed);
    }
    let text = std::str::from_utf8(signature).map_err(|_| SignatureError::Malformed)?;
    let (claimed, signed) = text.split_once("signature: ").ok_or(SignatureError::Malformed)?;
    let claim = Claim::parse(claimed).ok_or(SignatureError::Malformed)?;
    let signed = signed.strip_suffix('\n').ok_or(SignatureError::Malformed)?;
    let signed = BASE64.decode(signed).map_err(|_| SignatureError::Malformed)?;
    let mut named = keys.iter().filter(|key| key.id() == claim.key).peekable();
    if named.peek().is_none() {
        return Err(SignatureError::UnknownKey(claim.key));
    }
    let holds = |key: &PublicKey| {
        UnparsedPublicKey::new(&ED25519, key.bytes).verify(claimed.as_bytes(), &signed).is_ok()
    };
    if !named.any(holds) {
        return Err(SignatureError::Forged);
    }
    if claim.bytes != bundle.len() as u64 || *claim.digest != *blake3::hash(bundle).to_hex() {
        return Err(SignatureError::OtherBundle);
    }
    Ok(Verified { key: claim.key, sequence: claim.sequence })
}

fn to_pem(kind: &str, der: &[u8]) -> String {
    let encoded = BASE64.encode(der);
    let mut text = format!("-----BEGIN {kind}-----\n");
    for (place, character) in encoded.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text + &format!("\n-----END {kind}-----\n")
}

/// The blocks of a PEM file, all of which have to be of one kind; text around them is ignored, as everywhere.
fn from_pem(text: &str, kind: &str) -> Result<Vec<Vec<u8>>, KeyError> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(found) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) else {
            continue;
        };
        if found != kind {
            return Err(KeyError::WrongKind);
        }
        let end = format!("-----END {kind}-----");
        let mut encoded = String::new();
        loop {
            match lines.next() {
                None => return Err(KeyError::NotPem),
                Some(line) if line == end => break,
                Some(line) => encoded.push_str(line),
            }
        }
        blocks.push(BASE64.decode(encoded).map_err(|_| KeyError::NotEd25519)?);
    }
    if blocks.is_empty() { Err(KeyError::NotPem) } else { Ok(blocks) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does() {
        let (key, pem) = SigningKey::generate().unwrap();
        let again = SigningKey::from_pem(&pem).unwrap();
        assert_eq!(key.public(), again.public());
        let keys = PublicKey::all_from_pem(&key.public().to_pem()).unwrap();
        let signature = key.sign(b"bundle", Some(42));
        let verified = verify(&keys, b"bundle", signature.as_bytes()).unwrap();
        assert_eq!((verified.key, verified.sequence), (key.public().id(), Some(42)));
        assert_eq!(verify(&keys, b"bundlf", signature.as_bytes()), Err(SignatureError::OtherBundle));
        let (stranger, _) = SigningKey::generate().unwrap();
        let strange = stranger.sign(b"bundle", Some(43));
        assert_eq!(
            verify(&keys, b"bundle", strange.as_bytes()),
            Err(SignatureError::UnknownKey(stranger.public().id()))
        );
        let claimed = strange.replace(&stranger.public().id(), &key.public().id());
        assert_eq!(verify(&keys, b"bundle", claimed.as_bytes()), Err(SignatureError::Forged));
        // Rotation: either of two.
        let both = [stranger.public(), key.public()];
        assert!(verify(&both, b"bundle", signature.as_bytes()).is_ok());
        assert!(verify(&both, b"bundle", strange.as_bytes()).is_ok());
    }

    #[test]
    fn no_changed_byte_of_a_signature_verifies() {
        let (key, _) = SigningKey::generate().unwrap();
        let signature = key.sign(b"bundle", Some(7));
        for place in 0..signature.len() {
            for bit in 0..8 {
                let mut changed = signature.clone().into_bytes();
                changed[place] ^= 1 << bit;
                assert!(verify(&[key.public()], b"bundle", &changed).is_err(), "byte {place}, bit {bit}");
            }
            assert!(verify(&[key.public()], b"bundle", &signature.as_bytes()[..place]).is_err());
        }
    }

    #[test]
    fn signature_bypass_unknown_fields_other_algorithms_and_looser_forms_are_refused() {
        let (key, _) = SigningKey::generate().unwrap();
        let signature = key.sign(b"bundle", Some(7));
        for (from, to) in [
            ("algorithm: ed25519", "algorithm: none"),
            ("algorithm: ed25519", "algorithm: hs256"),
            ("signature 1", "signature 2"),
            ("sequence: 7\n", ""),
            ("sequence: 7\n", "sequence: 8\n"),
            ("sequence: 7\n", "sequence: 07\n"),
            ("sequence: 7\n", "sequence: 7\nexpires: 2030-01-01\n"),
            ("sequence: 7\n", "sequence: 7\nsequence: 9\n"),
            ("sequence: 7\n", "sequence: 7\r\n"),
            ("bytes: 6", "bytes: +6"),
        ] {
            let changed = signature.replace(from, to);
            assert_ne!(changed, signature, "{from}");
            assert!(verify(&[key.public()], b"bundle", changed.as_bytes()).is_err(), "{to}");
        }
        assert!(verify(&[key.public()], b"bundle", format!("{signature}\n").as_bytes()).is_err());
        assert!(verify(&[], b"bundle", signature.as_bytes()).is_err());
        assert!(verify(&[key.public()], b"bundle", b"").is_err());
    }

    #[test]
    fn keys_that_other_tools_make() {
        // `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` (RFC 8410, section 10).
        let private = "-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let public = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        let key = SigningKey::from_pem(private).unwrap();
        assert_eq!(key.public().to_pem(), public);
        assert_eq!(PublicKey::all_from_pem(&format!("{public}{public}")).unwrap().len(), 2);
        assert_eq!(SigningKey::from_pem(public).err(), Some(KeyError::WrongKind));
        assert_eq!(PublicKey::all_from_pem(private), Err(KeyError::WrongKind));
        assert_eq!(PublicKey::all_from_pem("no key"), Err(KeyError::NotPem));
        assert_eq!(PublicKey::all_from_pem(public.get(..60).unwrap()), Err(KeyError::NotPem));
        assert_eq!(
            PublicKey::all_from_pem(&public.replace("MCowBQYDK2Vw", "MCowBQYDK2Vv")),
            Err(KeyError::NotEd25519)
        );
    }
}
