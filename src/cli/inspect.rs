//! `portcullis inspect`: where the bytes of a bundle are, and the facts of its build.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::inputs::load;
use super::output::{Format, plain, print};
use super::{Outcome, Result};
use crate::compiler::bundle::facts_of;
use crate::runtime::Bundle;
use crate::runtime::format::{NONE, Section, Set, SetService, row};

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  portcullis inspect acme.bundle
  portcullis inspect acme.bundle --sets 20")]
pub(super) struct Arguments {
    /// The bundle
    bundle: PathBuf,
    /// Show the permission sets that cost most bytes, so many of them
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    sets: usize,
    /// Output for people or for machines
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// What a permission set costs.
struct Cost {
    /// Bytes of the set itself, and of the rows that it names; other sets may name them too.
    bytes: usize,
    row_bytes: usize,
    /// Services with a row, or the parts of a union.
    services: usize,
    is_union: bool,
    /// Principals whose identity layer or boundary it is, and the first of them.
    holders: usize,
    first: String,
}

/// The sets of a bundle, the largest first.
fn costs(bundle: &Bundle) -> Vec<Cost> {
    let words = |section| bundle.section(section).as_chunks::<4>().0;
    let (sets, rows) = (words(Section::Sets), row_sizes(words(Section::Rows)));
    let mut holders: HashMap<u32, (usize, String)> = HashMap::new();
    for ((identity, boundary), arn) in bundle.principal_sets().zip(bundle.principals()) {
        let boundary = Some(boundary).filter(|set| ![NONE, identity].contains(set));
        for set in [Some(identity), boundary].into_iter().flatten() {
            holders.entry(set).or_insert_with(|| (0, arn.to_owned())).0 += 1;
        }
    }
    let (mut costs, mut at) = (Vec::new(), 0);
    while let Some(set) = sets.get(at..).and_then(Set::read) {
        let is_union = set.slots == 0;
        let length = if is_union { set.seed as usize } else { set.slots as usize * SetService::WORDS };
        let behind = sets.get(at + Set::WORDS..at + Set::WORDS + length).unwrap_or(&[]);
        let services = behind.chunks_exact(SetService::WORDS).filter_map(SetService::read);
        let named: Vec<u32> =
            services.filter(|it| it.service != NONE).map(|it| it.row & row::PLACE).collect();
        let distinct: BTreeSet<&u32> = named.iter().collect();
        let (services, row_bytes) = match is_union {
            true => (length, 0),
            false => (named.len(), distinct.into_iter().filter_map(|id| rows.get(id)).sum()),
        };
        let (count, first) = holders.remove(&(at as u32)).unwrap_or_default();
        let bytes = (Set::WORDS + length) * 4;
        costs.push(Cost { bytes, row_bytes, services, is_union, holders: count, first });
        at += Set::WORDS + length;
    }
    costs.sort_by_key(|cost| Reverse(cost.bytes + cost.row_bytes));
    costs
}

/// The bytes of every row, by its place.
fn row_sizes(rows: &[[u8; 4]]) -> HashMap<u32, usize> {
    let (mut sizes, mut at) = (HashMap::new(), 0);
    while let Some(cells) = rows.get(at).map(|word| u32::from_le_bytes(*word)) {
        let words = cells as usize + 1;
        sizes.insert(at as u32, 4 * words);
        at += words;
    }
    sizes
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let bundle = load(&arguments.bundle)?;
    let facts = facts_of(&bundle)?;
    let digest: String = bundle.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let sections = bundle.sections();
    let (version, length) = (bundle.format_version(), bundle.as_bytes().len());
    let mut costs = if arguments.sets > 0 { costs(&bundle) } else { Vec::new() };
    costs.truncate(arguments.sets);
    let text = match arguments.format {
        Format::Json => {
            let sizes: Map<String, Value> =
                sections.iter().map(|(section, bytes)| (section.name().to_owned(), json!(bytes))).collect();
            let facts: Map<String, Value> =
                facts.entries().iter().map(|(name, value)| (name.replace(' ', "_"), json!(value))).collect();
            let sets: Vec<Value> = costs
                .iter()
                .map(|it| {
                    json!({
                        "bytes": it.bytes, "row_bytes": it.row_bytes, "union": it.is_union,
                        "parts": if it.is_union { it.services } else { 1 },
                        "services": if it.is_union { 0 } else { it.services },
                        "principals": it.holders, "first_principal": it.first,
                    })
                })
                .collect();
            let mut report = json!({
                "format": version, "digest": digest, "bytes": length, "sections": sizes, "facts": facts,
                "routes": bundle.route_count(),
            });
            if let Some(report) = report.as_object_mut().filter(|_| arguments.sets > 0) {
                report.insert("sets".to_owned(), sets.into());
            }
            format!("{report:#}\n")
        }
        Format::Human => {
            let mut text = format!("format {version}, {length} bytes, BLAKE3 {digest}\n\nfacts\n");
            for (name, value) in facts.entries() {
                let _ = writeln!(text, "  {name:<28} {value:>10}");
            }
            let _ = writeln!(text, "  {:<28} {:>10}", "routes", bundle.route_count());
            text.push_str("\nsections\n");
            for (section, bytes) in sections {
                let share = bytes as f64 * 100.0 / length as f64;
                let _ = writeln!(text, "  {:<28} {bytes:>10} bytes {share:>5.1} %", section.name());
            }
            if !costs.is_empty() {
                text.push_str("\npermission sets that cost most: bytes, bytes of their rows (which others may share), whose they are\n");
            }
            for it in &costs {
                let what = if it.is_union { "policies" } else { "services" };
                let whose = match (it.holders, &*it.first) {
                    (0, _) => "no principal's own".to_owned(),
                    (1, first) => first.to_owned(),
                    (holders, first) => format!("{first} and {} more", holders - 1),
                };
                let _ = writeln!(
                    text,
                    "  {:>8} + {:>8}  {:>4} {what}  {}",
                    it.bytes,
                    it.row_bytes,
                    it.services,
                    plain(&whose)
                );
            }
            text
        }
    };
    print(&text)?;
    Ok(Outcome::Fine)
}
