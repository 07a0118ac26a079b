//! The table of a run: medians of what criterion measured, ratios, and the targets beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use criterion::Criterion;

use super::turns::{Turn, Turns};

/// A run: where criterion writes, and since when.
pub struct Run {
    directory: PathBuf,
    started: SystemTime,
    /// Ways of hot sets taken in turn, by set.
    pub turns: BTreeMap<String, Vec<Turns>>,
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
        (Self { directory, started: SystemTime::now(), turns: BTreeMap::new() }, criterion)
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
        println!("| set | {} |", ways.join(" | "));
        println!("|---|{}", "---|".repeat(ways.len()));
        for group in groups {
            let medians: Vec<Option<f64>> = ways.iter().map(|way| self.median(group, way)).collect();
            if medians.iter().all(Option::is_none) {
                continue;
            }
            let cells: Vec<String> = medians.iter().map(|it| it.map_or_else(String::new, rounded)).collect();
            println!("| {group} | {} |", cells.join(" | "));
        }
        self.print_turns(ways);
        println!("\n## Targets\n\n| what | measured | target | |\n|---|---|---|---|");
        for target in TARGETS {
            let of = self.median(target.group, target.what);
            let base = self.median(target.base_group, target.base);
            let (Some(of), Some(base)) = (of, base) else { continue };
            // In turn where that was done: no noise of some seconds makes such a ratio.
            let in_turn = self.in_turn(target.group, target.what, target.base);
            let in_turn = in_turn.filter(|_| target.group == target.base_group);
            let ratio = in_turn.map_or(of / base, |it| it.ratio);
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
        for set in self.turns.keys() {
            let tail = |way| self.in_turn(set, way, "cache-hit")?.tail;
            let (Some(ours), Some(cache)) = (tail("strings"), tail("cache-hit")) else { continue };
            let holds = if ours <= 2.0 { "holds" } else { "**missed**" };
            println!(
                "| {set} p99 / p50 of batches of 100, of a cache hit {cache:.2} | {ours:.2} | ≤ 2 | {holds} |"
            );
        }
    }

    /// A way of a set that was taken in turn with others, by the last of them.
    fn in_turn(&self, set: &str, what: &str, base: &str) -> Option<&Turn> {
        let is_base = |turns: &&Turns| turns.ways.last().is_some_and(|way| way.name == base);
        self.turns.get(set)?.iter().filter(is_base).find_map(|turns| turns.of(what))
    }

    /// What taking ways in turn gave.
    fn print_turns(&self, ways: &[&str]) {
        for base in ["cache-hit", "strings"] {
            println!("\n## By {base}, taken in turn\n");
            println!("| set | {} |", ways.join(" | "));
            println!("|---|{}", "---|".repeat(ways.len()));
            for set in self.turns.keys() {
                let cell = |way: &&str| {
                    self.in_turn(set, way, base).map_or_else(String::new, |it| rounded(it.ratio))
                };
                println!("| {set} | {} |", ways.iter().map(cell).collect::<Vec<_>>().join(" | "));
            }
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
