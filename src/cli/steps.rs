//! How far long work is, on a terminal, and how long each step of it took.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use super::output::report;

/// Steps of some work, one behind the other.
pub(super) struct Steps {
    /// Whether somebody looks on.
    shown: bool,
    done: Vec<(&'static str, Duration)>,
    current: Option<(&'static str, Instant)>,
}

/// Goes back to the beginning of a line and erases it.
const ERASE: &str = "\r\u{1b}[K";

impl Steps {
    /// No step yet. They are shown while they last, if that is wanted and standard error is a terminal.
    pub(super) fn new(wanted: bool) -> Self {
        Self { shown: wanted && std::io::stderr().is_terminal(), done: Vec::new(), current: None }
    }

    /// The step before ends, and this one begins.
    pub(super) fn begin(&mut self, name: &'static str) {
        self.end();
        self.current = Some((name, Instant::now()));
        if self.shown {
            report(&format!("{name} …"));
        }
    }

    /// The step ends.
    pub(super) fn end(&mut self) {
        if let Some((name, since)) = self.current.take() {
            self.done.push((name, since.elapsed()));
            if self.shown {
                report(ERASE);
            }
        }
    }

    /// A line for each step: its name and its time.
    pub(super) fn table(&self) -> String {
        let line = |(name, time): &(&str, Duration)| {
            format!("{name:<28} {:>9.1} ms\n", time.as_secs_f64() * 1_000.0)
        };
        self.done.iter().map(line).collect()
    }
}

impl Drop for Steps {
    /// An error ends the work: what it says does not stand behind a step.
    fn drop(&mut self) {
        self.end();
    }
}
