//! What builds and loads take: the reports of `compile` and `scale`.

use std::time::{Duration, Instant};

use portcullis::runtime::Bundle;

/// The median of so many loads of a bundle.
pub fn load(bytes: &[u8], times: usize) -> Duration {
    let mut loads: Vec<Duration> = (0..times)
        .map(|_| {
            let copy = bytes.to_vec();
            let started = Instant::now();
            let bundle = Bundle::from_bytes(copy).expect("a compiled bundle loads");
            let took = started.elapsed();
            drop(bundle);
            took
        })
        .collect();
    loads.sort();
    loads[times / 2]
}

/// The most memory that a process has held, in MiB, by its number or as `self`; Linux only.
pub fn peak_memory(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? / 1024)
}
