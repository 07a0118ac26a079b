//! The two clocks by which a bundle ages.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time. Tests bring one of their own.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment; never goes back, and may stand still while the machine sleeps.
    fn steady(&self) -> Duration;

    /// Seconds since 1970-01-01T00:00:00Z, as the system has it; may jump. A clock before 1970 is `None`.
    fn wall(&self) -> Option<u64>;
}

/// The system's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// The clocks, steady from now on.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn steady(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall(&self) -> Option<u64> {
        SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
    }
}
