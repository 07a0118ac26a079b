//! The table of a run: medians of what criterion measured, ratios, and the targets beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use criterion::Criterion;

/// A run: where criterion writes, and since when.
pub struct Run {
    directory: PathBuf,
    started: SystemTime,
    /// 99th percentile by the 50th, by set.
    pub spreads: BTreeMap<String, f64>,
}

/// A target: this many times the base at most, or at least.
struct Target {
    group: &'static str,
    what: &'static str,
    base: &'static str,
    /// Of the other workload, where it is another.
    base_group: &'static str,
    at_most: Option<f64>,
    at_least: Option<f64>,
}

const fn most(group: &'static str, what: &'static str, base: &'static str, ratio: f64) -> Target {
    Target { group, what, base, base_group: group, at_most: Some(ratio), at_least: None }
}

const fn against(group: &'static str, base: &'static str, ratio: f64) -> Target {
    Target { group, what: base, base: "strings", base_group: group, at_most: None, at_least: Some(ratio) }
}

const fn to_other(group: &'static str, base_group: &'static str, ratio: f64) -> Target {
    Target { group, what: "strings", base: "strings", base_group, at_most: Some(ratio), at_least: None }
}

const TARGETS: &[Target] = &[
    most("W1-hot", "strings", "cache-hit", 1.0),
    most("W2-hot", "strings", "cache-hit", 1.0),
    most("W2b-hot", "strings", "cache-hit", 1.0),
    most("M-hot", "strings", "cache-hit", 1.0),
    most("W3-hot", "strings", "cache-hit", 2.0),
    most("W4-hot", "strings", "cache-hit", 2.0),
    most("C-hot", "strings", "cache-hit", 2.0),
    most("G-hot", "strings", "cache-hit", 2.0),
    most("W5-hot", "strings", "cache-hit", 1.5),
    most("W5b-hot", "strings", "cache-hit", 3.0),
    most("W5-hot", "strings-parsed", "cache-hit", 1.5),
    most("W5b-hot", "strings-parsed", "cache-hit", 3.0),
    most("W1-hot", "handles", "cache-hit", 0.5),
    most("W2-hot", "handles", "cache-hit", 0.5),
    most("M-hot", "handles", "cache-hit", 0.5),
    most("W2b-hot", "handles", "cache-hit", 1.0),
    most("W3-hot", "handles", "cache-hit", 1.0),
    most("W4-hot", "handles", "cache-hit", 1.0),
    most("C-hot", "handles", "cache-hit", 1.0),
    most("G-hot", "handles", "cache-hit", 1.0),
    most("W5-hot", "handles", "cache-hit", 1.0),
    most("W5b-hot", "handles", "cache-hit", 1.0),
    most("W5-hot", "handles-parsed", "cache-hit", 1.0),
    most("W5b-hot", "handles-parsed", "cache-hit", 1.0),
    most("W4-cold", "strings", "cache-hit", 0.4),
    most("M-cold", "strings", "cache-hit", 0.4),
    most("C-cold", "strings", "cache-hit", 0.4),
    most("G-cold", "strings", "cache-hit", 0.4),
    to_other("W3-hot", "W1-hot", 1.5),
    to_other("W5b-hot", "W2b-hot", 3.0),
    against("W1-hot", "naive-loop", 3.0),
    against("W2-hot", "naive-loop", 20.0),
    against("W3-hot", "naive-loop", 1_000.0),
    against("W1-hot", "cedar", 50.0),
    against("W2-hot", "cedar", 1_000.0),
    against("W2b-hot", "cedar", 1_000.0),
    against("W4-hot", "cedar", 1_000.0),
    against("W5-hot", "cedar", 1_000.0),
    against("W1-hot", "regorus", 100.0),
    against("W2-hot", "regorus", 100.0),
    against("W4-hot", "regorus", 500.0),
];

impl Run {
    /// A run that writes beside the executable, and its criterion.
    pub fn start() -> (Self, Criterion) {
        let executable = std::env::current_exe().expect("a process knows its executable");
        let target = executable.ancestors().nth(3).unwrap_or(Path::new("target"));
        let directory = target.join("criterion");
        let criterion = Criterion::default().output_directory(&directory).configure_from_args();
        (Self { directory, started: SystemTime::now(), spreads: BTreeMap::new() }, criterion)
    }

    /// The median of a measurement of this run, in nanoseconds for one request.
    fn median(&self, group: &str, what: &str) -> Option<f64> {
        let folder = self.directory.join(group).join(what).join("new");
        let estimates = folder.join("estimates.json");
        if std::fs::metadata(&estimates).ok()?.modified().ok()? < self.started {
            return None;
        }
        let read = |path: PathBuf| {
            serde_json::from_str::<serde_json::Value>(&std::fs::read_to_string(path).ok()?).ok()
        };
        let median = read(estimates)?.pointer("/median/point_estimate")?.as_f64()?;
        let elements = read(folder.join("benchmark.json"))?.pointer("/throughput/Elements")?.as_f64()?;
        Some(median / elements)
    }

    /// Prints the table.
    pub fn print(&self, groups: &[String], ways: &[&str]) {
        println!("\n## Medians, ns a decision\n");
        println!("| set | {} | p99/p50 |", ways.join(" | "));
        println!("|---|{}", "---|".repeat(ways.len() + 1));
        for group in groups {
            let medians: Vec<Option<f64>> = ways.iter().map(|way| self.median(group, way)).collect();
            if medians.iter().all(Option::is_none) {
                continue;
            }
            let cells: Vec<String> = medians.iter().map(|it| it.map_or_else(String::new, rounded)).collect();
            let spread = self.spreads.get(group).map_or_else(String::new, |it| format!("{it:.2}"));
            println!("| {group} | {} | {spread} |", cells.join(" | "));
        }
        println!("\n## Targets\n\n| what | measured | target | |\n|---|---|---|---|");
        for target in TARGETS {
            let of = self.median(target.group, target.what);
            let base = self.median(target.base_group, target.base);
            let (Some(of), Some(base)) = (of, base) else { continue };
            let ratio = of / base;
            let (asked, holds) = match (target.at_most, target.at_least) {
                (Some(most), _) => (format!("≤ {most}"), ratio <= most),
                (_, least) => {
                    (format!("≥ {}", least.unwrap_or(0.0)), least.is_none_or(|least| ratio >= least))
                }
            };
            let other = if target.group == target.base_group { "" } else { target.base_group };
            println!(
                "| {} {} / {} {other} | {} | {asked} | {} |",
                target.group,
                target.what,
                target.base,
                rounded(ratio),
                if holds { "holds" } else { "**missed**" }
            );
        }
        for (set, spread) in self.spreads.iter().filter(|(set, _)| set.ends_with("-hot")) {
            let holds = if *spread <= 2.0 { "holds" } else { "**missed**" };
            println!("| {set} p99 / p50 of batches of 100 | {spread:.2} | ≤ 2 | {holds} |");
        }
    }
}

fn rounded(value: f64) -> String {
    match value {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
