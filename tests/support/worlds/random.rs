//! A small deterministic source of chance: the same seed gives the same world on every machine.

/// A stream of random numbers (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; zero for a bound of zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(1).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items; `None` of none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// One of the words.
    pub fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.pick(words).copied().unwrap_or_default()
    }

    /// One of the words or, in `percent` of a hundred cases, of the rarer ones.
    pub fn word_or(&mut self, words: &[&'static str], percent: usize, rare: &[&'static str]) -> &'static str {
        if self.chance(percent) { self.word(rare) } else { self.word(words) }
    }

    /// The text with the case of each ASCII letter left to chance.
    pub fn any_case(&mut self, text: &str) -> String {
        let mut flip = |character: char| match self.chance(50) {
            true => character.to_ascii_uppercase(),
            false => character.to_ascii_lowercase(),
        };
        text.chars().map(&mut flip).collect()
    }
}
