//! Threads for what does not depend on each other. Results come in the order of the items, so that no number of threads changes them.

use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

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
        match self.pool.get_or_insert_with(|| rayon::ThreadPoolBuilder::new().build().ok()) {
            Some(pool) => pool.install(|| items.par_iter().with_max_len(LITTLE).map(each).collect()),
            None => items.iter().map(each).collect(),
        }
    }
}
