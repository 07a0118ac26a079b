//! Threads for what does not depend on each other. Results come in the order of the items, so that no number of threads changes them.

use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

/// Least work for which two things are done side by side, in small items.
const MUCH: usize = 4_096;

/// Least work for which threads are started, and the most items that one takes at once.
const LITTLE: usize = 32;

/// Threads, started where there is work for them. Where none can be had, everything happens one behind the other.
#[derive(Default)]
pub(crate) struct Workers {
    pool: Option<Option<ThreadPool>>,
}

impl Workers {
    /// What `each` gives for every item; `work` says about how much all of them are, in small items. Time: that of all calls, by the number
    /// of threads.
    pub(crate) fn map<T: Sync, R: Send>(
        &mut self,
        items: &[T],
        work: usize,
        each: impl Fn(&T) -> R + Send + Sync,
    ) -> Vec<R> {
        if items.len() < 2 || work < LITTLE {
            return items.iter().map(each).collect();
        }
        match self.pool() {
            Some(pool) => pool.install(|| items.par_iter().with_max_len(LITTLE).map(each).collect()),
            None => items.iter().map(each).collect(),
        }
    }

    /// What two things give that need nothing of each other, side by side where there is enough work.
    pub(crate) fn both<A: Send, B: Send>(
        &mut self,
        work: usize,
        one: impl FnOnce() -> A + Send,
        other: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        if work < MUCH {
            return (one(), other());
        }
        match self.pool() {
            Some(pool) => pool.join(one, other),
            None => (one(), other()),
        }
    }

    fn pool(&mut self) -> Option<&ThreadPool> {
        self.pool.get_or_insert_with(|| rayon::ThreadPoolBuilder::new().build().ok()).as_ref()
    }
}
