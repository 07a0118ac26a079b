//! What the process is told from outside.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::StartError;
use super::point::Point;

/// Listens to signals.
pub(super) struct Signals {
    end: [Signal; 2],
    again: Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self, StartError> {
        let hear = |kind| signal(kind).map_err(|error| StartError(format!("cannot hear signals: {error}")));
        Ok(Self {
            end: [hear(SignalKind::terminate())?, hear(SignalKind::interrupt())?],
            again: hear(SignalKind::hangup())?,
        })
    }

    /// Waits until the process shall end. On SIGHUP the source is looked at, and the log opened anew.
    pub(super) async fn wait(&mut self, point: &Arc<Point>) {
        loop {
            let [terminate, interrupt] = &mut self.end;
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = self.again.recv() => {
                    if let Some(following) = &point.following {
                        following.wake();
                    }
                    if let Some(log) = &point.log {
                        log.reopen();
                    }
                }
            }
        }
    }
}
