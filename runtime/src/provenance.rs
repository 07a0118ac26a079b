//! Provenance: which statements of which policies stand behind a rule. Cold, decoded only when somebody asks why; the one place of this
//! crate that uses bincode.

use alloc::string::String;
use alloc::vec::Vec;

use bincode::{Decode, Encode};

/// The decoded provenance section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Provenance {
    /// File names as they were given.
    pub files: Vec<String>,
    /// Policies.
    pub policies: Vec<Policy>,
    /// By rule: its statements, all equal in meaning.
    pub rules: Vec<Vec<Source>>,
    /// Distinct lists of policies, sorted.
    pub policy_lists: Vec<Vec<u32>>,
    /// By principal: whose policies its layers are.
    pub principals: Vec<PrincipalLists>,
    /// By account: the policy lists of its levels of SCPs and of RCPs, from the root down.
    pub accounts: Vec<(Vec<u32>, Vec<u32>)>,
    /// By resource: the policy list of its policy, and those of its own levels of RCPs.
    pub resources: Vec<(Option<u32>, Vec<u32>)>,
    /// By endpoint: the policy list of its policy.
    pub endpoints: Vec<u32>,
    /// The policy list of the endpoint of all requests.
    pub everywhere: Option<u32>,
    /// The policy list of the session policies, in an overlay.
    pub session: Option<u32>,
}

/// The policy lists of a principal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct PrincipalLists {
    /// Identity layer.
    pub identity: u32,
    /// Permissions boundary.
    pub boundary: Option<u32>,
    /// Trust policy of a role.
    pub trust: Option<u32>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Policy {
    /// ARN of a managed policy; of an inline policy its identity's ARN, `#` and its name.
    pub name: String,
    /// The version of a managed policy that counted.
    pub version: Option<String>,
    /// File, as an index into the files.
    pub file: u32,
}

/// A statement behind a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Source {
    /// Policy.
    pub policy: u32,
    /// Place in its document, from 0.
    pub statement: u32,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// Line of its opening brace, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// Decodes a cold section with the format's one configuration. Damaged lengths cannot ask for more memory than about what the largest
/// honest section of that size would take.
///
/// # Errors
/// bincode's, where the bytes are not an encoding of `T`, or bytes are left over.
pub fn decode<T: Decode<()>>(bytes: &[u8]) -> Result<T, bincode::error::DecodeError> {
    // The limit is a constant of the configuration's type. No type here takes more than some forty times its encoding.
    match bytes.len() {
        0..=0xffff => limited::<T, { 1 << 22 }>(bytes),
        0x1_0000..=0xf_ffff => limited::<T, { 1 << 26 }>(bytes),
        0x10_0000..=0xff_ffff => limited::<T, { 1 << 30 }>(bytes),
        _ => limited::<T, LARGEST>(bytes),
    }
}

/// The limit of the largest sections: 16 GiB, or 1 GiB where addresses have 32 bits.
const LARGEST: usize = if usize::BITS > 32 { (1_u64 << 34) as usize } else { 1 << 30 };

fn limited<T: Decode<()>, const LIMIT: usize>(bytes: &[u8]) -> Result<T, bincode::error::DecodeError> {
    let (value, used) = bincode::decode_from_slice(bytes, bincode::config::standard().with_limit::<LIMIT>())?;
    if used == bytes.len() {
        Ok(value)
    } else {
        Err(bincode::error::DecodeError::Other("bytes are left over"))
    }
}

/// Encodes a cold section with the format's one configuration.
///
/// # Errors
/// bincode's; none for the types of this project.
#[cfg(feature = "encode")]
pub fn encode(value: &impl Encode) -> Result<Vec<u8>, bincode::error::EncodeError> {
    bincode::encode_to_vec(value, bincode::config::standard())
}
