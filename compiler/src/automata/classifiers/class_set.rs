//! Sets of classes as runs, so that an atom over a hundred thousand classes takes the room of what it names.

/// Classes from the first up to, without, the second.
pub type Run = (u32, u32);

/// A set of classes: runs that ascend, with a gap between any two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClassSet(Vec<Run>);

impl ClassSet {
    /// The union of some runs, in whatever order.
    #[must_use]
    pub fn of(mut runs: Vec<Run>) -> Self {
        runs.retain(|&(first, end)| first < end);
        runs.sort_unstable();
        let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
        for (first, end) in runs {
            match joined.last_mut() {
                Some(last) if first <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((first, end)),
            }
        }
        Self(joined)
    }

    /// The runs, ascending.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.0
    }

    /// Whether a class is among them. Time: logarithmic in the runs.
    #[must_use]
    pub fn has(&self, class: u32) -> bool {
        let after = self.0.partition_point(|&(first, _)| first <= class);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|&(_, end)| class < end)
    }

    /// What is not among them from `first` up to, without, `end`. Nothing here lies outside of that.
    pub(super) fn complement(&self, first: u32, end: u32) -> Vec<Run> {
        let ends = self.0.iter().map(|run| run.1);
        let starts = self.0.iter().map(|run| run.0);
        std::iter::once(first).chain(ends).zip(starts.chain([end])).collect()
    }

    /// These, and one more, which is the first of all classes.
    pub(super) fn with(mut self, first: u32) -> Self {
        self.0.push((first, first + 1));
        Self::of(self.0)
    }

    /// The classes that are in both. Time: linear in the runs of both.
    pub(in crate::automata) fn intersection(&self, other: &Self) -> Self {
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(&&a), Some(&&b)) = (one.peek(), two.peek()) {
            both.push((a.0.max(b.0), a.1.min(b.1)));
            if a.1 < b.1 {
                one.next()
            } else {
                two.next()
            };
        }
        Self::of(both)
    }

    /// Words that a diagram node takes which tells the set from the other classes: by a table of all classes, by the classes of the smaller
    /// side, or by runs.
    pub(in crate::automata) fn words(&self, classes: u32) -> usize {
        let own: u32 = self.0.iter().map(|(first, end)| end - first).sum();
        let listed = own.min(classes.saturating_sub(own)) as usize;
        let bounds = 2 * self.0.len();
        (4 + classes.div_ceil(4) as usize).min(3 + 2 * listed.min(bounds))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    /// Every set of six classes, and every pair of them.
    #[test]
    fn sets_of_classes_are_what_their_classes_say() {
        let set = |bits: u32| {
            ClassSet::of((0..6).rev().filter(|at| bits >> at & 1 == 1).map(|at| (at, at + 1)).collect())
        };
        let bits = |set: &ClassSet| (0..6).filter(|&at| set.has(at)).fold(0, |bits, at| bits | 1 << at);
        for one in 0..64 {
            let this = set(one);
            assert_eq!(bits(&this), one);
            assert!(this.runs().is_sorted_by(|a, b| a.1 < b.0), "{this:?}");
            assert_eq!(bits(&ClassSet::of(this.complement(0, 6))), !one & 63);
            for other in 0..64 {
                assert_eq!(this.intersection(&set(other)), set(one & other));
            }
        }
    }
}
