//! `portcullis inspect`: where the bytes of a bundle are, and the facts of its build.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::inputs::load;
use super::output::{Format, print};
use super::{Outcome, Result};
use crate::compiler::bundle::facts_of;
use crate::runtime::format::FORMAT_VERSION;

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  portcullis inspect acme.bundle")]
pub(super) struct Arguments {
    /// The bundle
    bundle: PathBuf,
    /// Output for people or for machines
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let bundle = load(&arguments.bundle)?;
    let facts = facts_of(&bundle)?;
    let digest: String = bundle.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let sections = bundle.sections();
    let length = bundle.as_bytes().len();
    let text = match arguments.format {
        Format::Json => {
            let sizes: Map<String, Value> =
                sections.iter().map(|(section, bytes)| (section.name().to_owned(), json!(bytes))).collect();
            let facts: Map<String, Value> =
                facts.entries().iter().map(|(name, value)| (name.replace(' ', "_"), json!(value))).collect();
            let report = json!({
                "format": FORMAT_VERSION, "digest": digest, "bytes": length, "sections": sizes, "facts": facts,
            });
            format!("{report:#}\n")
        }
        Format::Human => {
            let mut text = format!("format {FORMAT_VERSION}, {length} bytes, BLAKE3 {digest}\n\nfacts\n");
            for (name, value) in facts.entries() {
                let _ = writeln!(text, "  {name:<28} {value:>10}");
            }
            text.push_str("\nsections\n");
            for (section, bytes) in sections {
                let share = bytes as f64 * 100.0 / length as f64;
                let _ = writeln!(text, "  {:<28} {bytes:>10} bytes {share:>5.1} %", section.name());
            }
            text
        }
    };
    print(&text)?;
    Ok(Outcome::Fine)
}
