//! `portcullis keygen`, `sign` and `verify`: who vouches for a bundle.

use std::path::{Path, PathBuf};

use super::inputs::is_bundle;
use super::output::print;
use super::{Failure, Outcome, Result};
use crate::files::{is_there, read_bytes, read_text, write_secret, write_whole};
use crate::live::signature_of;
use crate::trust::{PublicKey, SigningKey, verify};

/// Arguments of `keygen`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The private key is written to FILE, which only you may read, the public one to FILE.pub. Both are PEM (PKCS #8).

Examples:
  portcullis keygen -o policies.key
  portcullis sign acme.bundle --key policies.key --sequence 42
  portcullis serve acme.bundle --key policies.key.pub --listen 127.0.0.1:8181"
)]
pub(super) struct Keygen {
    /// Where the private key goes; a file that is there is not replaced
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// Arguments of `sign`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The signature goes to BUNDLE.sig. A process that serves refuses a bundle whose sequence number is lower than that of one that it
accepted before; a number that a build counts, or the seconds since 1970, will do.

Examples:
  portcullis sign acme.bundle --key policies.key
  portcullis sign acme.bundle --key policies.key --sequence $(date +%s)"
)]
pub(super) struct Sign {
    /// The bundle
    bundle: PathBuf,
    /// The private key, as PEM; `-` for standard input
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The number of this bundle in the order of bundles
    #[arg(long, value_name = "NUMBER")]
    sequence: Option<u64>,
    /// Where the signature goes, if not to BUNDLE.sig
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 signed by a trusted key, 1 not, 2 unusable input.

Examples:
  portcullis verify acme.bundle --key policies.key.pub
  portcullis verify acme.bundle --key old.pub --key new.pub --signature acme.sig")]
pub(super) struct Verify {
    /// The bundle
    bundle: PathBuf,
    /// Trusted public keys, as PEM (may be repeated)
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    /// The signature, if not in BUNDLE.sig
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
}

pub(super) fn keygen(arguments: &Keygen) -> Result {
    let mut public = arguments.output.clone().into_os_string();
    public.push(".pub");
    let public = PathBuf::from(public);
    for path in [&arguments.output, &public] {
        if is_there(path) {
            return Err(Failure(format!(
                "{} is there and is not replaced: a key that is gone cannot be had back",
                path.display()
            )));
        }
    }
    let (key, pem) = SigningKey::generate()?;
    write_secret(&arguments.output, pem.as_bytes())?;
    write_whole(&public, key.public().to_pem().as_bytes())?;
    print(&format!("key {} in {}\n", key.public().id(), public.display()))?;
    Ok(Outcome::Fine)
}

pub(super) fn sign(arguments: &Sign) -> Result {
    let key = SigningKey::from_pem(&read_text(&arguments.key)?)
        .map_err(|error| Failure(format!("{} {error}", arguments.key.display())))?;
    let bundle = read_bytes(&arguments.bundle)?;
    // What is signed by mistake would be accepted nowhere, and a typing error is told here.
    if !is_bundle(&bundle) {
        return Err(Failure(format!("{} is no bundle", arguments.bundle.display())));
    }
    let output = arguments.output.clone().unwrap_or_else(|| signature_of(&arguments.bundle));
    write_whole(&output, key.sign(&bundle, arguments.sequence).as_bytes())?;
    Ok(Outcome::Fine)
}

pub(super) fn check(arguments: &Verify) -> Result {
    let keys = keys(&arguments.key)?;
    let bundle = read_bytes(&arguments.bundle)?;
    let path = arguments.signature.clone().unwrap_or_else(|| signature_of(&arguments.bundle));
    let signature = read_bytes(&path)?;
    match verify(&keys, &bundle, &signature) {
        Ok(verified) => {
            let sequence = verified.sequence.map(|number| format!(", sequence {number}")).unwrap_or_default();
            print(&format!("signed by {}{sequence}\n", verified.key))?;
            Ok(Outcome::Fine)
        }
        Err(error) => {
            super::output::complain(&format!("{}: {error}", arguments.bundle.display()));
            Ok(Outcome::Negative)
        }
    }
}

/// Reads trusted keys.
pub(super) fn keys(paths: &[PathBuf]) -> std::result::Result<Vec<PublicKey>, Failure> {
    let read = |path: &Path| {
        let text = read_text(path)?;
        PublicKey::all_from_pem(&text).map_err(|error| Failure(format!("{} {error}", path.display())))
    };
    let keys: std::result::Result<Vec<_>, Failure> = paths.iter().map(|path| read(path)).collect();
    Ok(keys?.into_iter().flatten().collect())
}
