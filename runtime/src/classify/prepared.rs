//! Classifiers as decisions want them: made of their records once, when a bundle is loaded.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hint::select_unpredictable;

use crate::format as f;
use crate::view::View;

/// A classifier, and what else a look-up asks of it.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) record: f::Classifier,
    /// Where the values of its key come from.
    pub(crate) source: u32,
    /// The classes of IPv4 addresses, where it reads addresses.
    pub(crate) buckets: Option<Box<Buckets>>,
}

impl Prepared {
    /// All classifiers of a bundle that was validated. Linear in their number and in their intervals; a few words for each.
    pub(crate) fn all(view: &View<'_>, count: u32) -> Box<[Self]> {
        let prepared = |classifier: u32| {
            let record = view.classifier(classifier)?;
            let source = view.key(record.key)?.source;
            let buckets = (record.reading == f::CLASSIFY_ADDRESS).then(|| {
                // Of IPv4 only the first word counts, in network order.
                let interval = |place: u32| {
                    let interval = view.interval(record.start + place)?;
                    Some([interval.a.swap_bytes(), interval.class])
                };
                let mut intervals = Vec::with_capacity(record.root as usize);
                intervals.extend((0..record.root).map_while(interval));
                Box::new(Buckets::of(intervals))
            });
            Some(Self { record, source, buckets })
        };
        let mut all = Vec::with_capacity(count as usize);
        all.extend((0..count).map_while(prepared));
        all.into()
    }
}

/// Intervals of IPv4 addresses, found by the upper bits of how far an address lies behind the second of them: where halving all of them waits for
/// one load after the other, here most wait for two.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    /// The first address and the class of each interval, ascending; the first one begins at zero.
    intervals: Box<[[u32; 2]]>,
    /// Where the second one begins.
    from: u32,
    /// The bits of a distance that do not tell its bucket.
    shift: u32,
    /// By bucket: the last interval that begins at or before all of its addresses. What lies before the first is in it, and what lies behind
    /// the last in that.
    buckets: Box<[u32]>,
    /// The first step of the search behind that one: a power of two, or zero where no bucket holds the beginning of an interval.
    step: u32,
}

impl Buckets {
    /// Buckets for each interval, at most.
    const SPREAD: u32 = 4;

    fn of(intervals: Vec<[u32; 2]>) -> Self {
        let begins = |at: usize| intervals.get(at).map_or(u32::MAX, |[begin, _]| *begin);
        let from = begins(1);
        let width = begins(intervals.len().saturating_sub(1)).saturating_sub(from);
        // An interval takes twenty bytes of a bundle, which is shorter than 4 GiB.
        let most = (intervals.len() as u32).saturating_mul(Self::SPREAD);
        let shift = (0..u32::BITS).find(|&shift| width >> shift < most).unwrap_or(u32::BITS - 1);
        let mut buckets = Vec::with_capacity((width >> shift) as usize + 1);
        let (mut last, mut widest) = (0, 0);
        for bucket in 0..=width >> shift {
            let before = last;
            // The first bucket also holds what lies before it, the last one what lies behind it.
            let next = (bucket != width >> shift).then(|| from.saturating_add((bucket + 1) << shift));
            let begin = from.saturating_add(bucket << shift);
            let at_first = |at: u32, up_to: u32| {
                let behind = intervals.iter().skip(at as usize + 1);
                at + behind.take_while(|[begin, _]| *begin <= up_to).count() as u32
            };
            let low = if bucket == 0 { 0 } else { at_first(before, begin) };
            let high = at_first(low, next.map_or(u32::MAX, |next| next - 1));
            buckets.push(low);
            widest = widest.max(high - low);
            last = low;
        }
        let step = if widest == 0 { 0 } else { 1 << widest.ilog2() };
        Self { intervals: intervals.into(), from, shift, buckets: buckets.into(), step }
    }

    /// The class of an address. Constant time where the intervals lie about evenly, logarithmic where they do not.
    #[inline(always)]
    pub(crate) fn class(&self, address: u32) -> Option<u32> {
        let bucket = (address.saturating_sub(self.from) >> self.shift) as usize;
        let mut at = *self.buckets.get(bucket).or(self.buckets.last())?;
        let mut step = self.step;
        while step > 0 {
            let further = at + step;
            let begun = self.intervals.get(further as usize).is_some_and(|[begin, _]| *begin <= address);
            // No branch on it: no processor could guess where an address lies.
            at = select_unpredictable(begun, further, at);
            step /= 2;
        }
        self.intervals.get(at as usize).map(|[_, class]| *class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Intervals that lie evenly, far apart, all but one at one place, and at both ends: an address is in the last one that begins at or before it.
    #[test]
    fn an_address_has_the_class_of_the_last_interval_that_begins_before_it() {
        let even: Vec<u32> = (0..200).map(|net| 0x0a00_0000 + (net << 16)).collect();
        let uneven: Vec<u32> = (0..150).map(|net| 0xc0a8_0000 + 3 * net).chain([0xffff_ffff]).collect();
        let squares: Vec<u32> = (1..300).map(|net| net * net * 40_000).collect();
        let begins = [
            Vec::new(),
            alloc::vec![1],
            alloc::vec![u32::MAX],
            alloc::vec![1, 2, 3, 4, 5, 6, 7],
            alloc::vec![0x0a00_0000, 0x0b00_0000],
            alloc::vec![1, 0x7fff_ffff, 0x8000_0000, u32::MAX - 1, u32::MAX],
            [alloc::vec![5], even.clone()].concat(),
            even,
            uneven,
            squares,
        ];
        let mut compared = 0;
        for begins in begins {
            let intervals: Vec<[u32; 2]> = [0].into_iter().chain(begins).zip(40..).map(Into::into).collect();
            let buckets = Buckets::of(intervals.clone());
            assert!(buckets.buckets.len() <= 4 * intervals.len(), "{}", buckets.buckets.len());
            let edges = intervals.iter().flat_map(|[begin, _]| {
                [-70_000_i64, -2, -1, 0, 1, 2, 70_000].map(|by| (i64::from(*begin) + by) as u32)
            });
            let anywhere = (0..=u16::MAX).map(|high| u32::from(high) << 16 | u32::from(high));
            for address in edges.chain(anywhere) {
                let expected = intervals.iter().rfind(|[begin, _]| *begin <= address);
                assert_eq!(buckets.class(address), expected.map(|[_, class]| *class), "{address:x}");
                compared += 1;
            }
        }
        assert!(compared > 600_000, "{compared}");
    }
}
