//! Whether a connection is in use.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Counts the calls of a connection, and knows when the last one ended. Pings and the like are no use.
pub(super) struct Use {
    start: Instant,
    calls: AtomicUsize,
    /// Milliseconds from the start.
    last: AtomicU64,
}

impl Use {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), calls: AtomicUsize::new(0), last: AtomicU64::new(0) }
    }

    /// A call that lasts as long as what is given here is held.
    pub(super) fn call(&self) -> Call<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Call(self)
    }

    /// Ends when there was no call for so long.
    pub(super) async fn idle(&self, time: Duration) {
        loop {
            let last = self.start + Duration::from_millis(self.last.load(Ordering::Relaxed));
            let busy = self.calls.load(Ordering::Relaxed) > 0;
            let until = if busy { Instant::now() + time } else { last + time };
            if !busy && until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

/// A call.
pub(super) struct Call<'u>(&'u Use);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let now = u64::try_from(self.0.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last.fetch_max(now, Ordering::Relaxed);
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}
