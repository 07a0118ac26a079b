//! Sixteen bytes at a time: what hashing and comparing names does with them.
//!
//! x86-64 has instructions for it (SSE2, which nearly every one of them has); elsewhere, and with feature `portable`, the same is done in words.

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))]
pub(crate) use sse2::Lanes;
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable"))))]
pub(crate) use words::Lanes;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))]
mod sse2 {
    use safe_arch::{
        add_i32_m128i, add_i64_m128i, bitand_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, get_i64_from_m128i_s,
        load_unaligned_m128i, m128i, min_u8_m128i, move_mask_i8_m128i, mul_widen_u32_odd_m128i,
        set_splat_i8_m128i, set_splat_i32_m128i, shr_imm_u64_m128i, sub_i8_m128i, unpack_high_i64_m128i,
    };

    /// Sixteen bytes, or what a sum of products has come to.
    #[derive(Clone, Copy)]
    pub(crate) struct Lanes(m128i);

    impl Lanes {
        /// Nothing yet.
        #[inline(always)]
        pub(crate) fn zero() -> Self {
            Self(m128i::default())
        }

        #[inline(always)]
        pub(crate) fn load(bytes: &[u8; 16]) -> Self {
            Self(load_unaligned_m128i(bytes))
        }

        #[inline(always)]
        pub(crate) fn of_halves(low: u64, high: u64) -> Self {
            Self(m128i::from([low as i64, high as i64]))
        }

        /// With a number added to each of the four words of 32 bits.
        #[inline(always)]
        pub(crate) fn plus(self, number: u32) -> Self {
            Self(add_i32_m128i(self.0, set_splat_i32_m128i(number as i32)))
        }

        /// Lowers the ASCII capitals and leaves every other byte alone.
        #[inline(always)]
        pub(crate) fn fold(self) -> Self {
            let from_a = sub_i8_m128i(self.0, set_splat_i8_m128i(b'A' as i8));
            let capitals = cmp_eq_mask_i8_m128i(from_a, min_u8_m128i(from_a, set_splat_i8_m128i(25)));
            Self(bitor_m128i(self.0, bitand_m128i(capitals, set_splat_i8_m128i(0x20))))
        }

        /// The bytes that are equal, each 255.
        #[inline(always)]
        pub(crate) fn equal(self, other: Self) -> Self {
            Self(cmp_eq_mask_i8_m128i(self.0, other.0))
        }

        #[inline(always)]
        pub(crate) fn and(self, other: Self) -> Self {
            Self(bitand_m128i(self.0, other.0))
        }

        /// Whether every byte is 255.
        #[inline(always)]
        pub(crate) fn all(self) -> bool {
            move_mask_i8_m128i(self.0) == 0xffff
        }

        /// This sum and two products more: of the first two and of the last two of four words of 32 bits, each with a key added.
        #[inline(always)]
        pub(crate) fn add_products(self, text: Self, keys: Self) -> Self {
            let sums = add_i32_m128i(text.0, keys.0);
            let products = mul_widen_u32_odd_m128i(sums, shr_imm_u64_m128i::<32>(sums));
            Self(add_i64_m128i(self.0, products))
        }

        /// Both halves.
        #[inline(always)]
        pub(crate) fn halves(self) -> [u64; 2] {
            let high = unpack_high_i64_m128i(self.0, self.0);
            [get_i64_from_m128i_s(self.0) as u64, get_i64_from_m128i_s(high) as u64]
        }
    }
}

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "portable")))))]
mod words {
    /// Sixteen bytes, or what a sum of products has come to.
    #[derive(Clone, Copy)]
    pub(crate) struct Lanes([u64; 2]);

    impl Lanes {
        /// Nothing yet.
        pub(crate) fn zero() -> Self {
            Self([0; 2])
        }

        pub(crate) fn load(bytes: &[u8; 16]) -> Self {
            let both = u128::from_le_bytes(*bytes);
            Self([both as u64, (both >> 64) as u64])
        }

        pub(crate) fn of_halves(low: u64, high: u64) -> Self {
            Self([low, high])
        }

        /// With a number added to each of the four words of 32 bits.
        pub(crate) fn plus(self, number: u32) -> Self {
            let both = |word: u64| {
                let (low, high) = (word as u32, (word >> 32) as u32);
                u64::from(high.wrapping_add(number)) << 32 | u64::from(low.wrapping_add(number))
            };
            Self(self.0.map(both))
        }

        /// Lowers the ASCII capitals and leaves every other byte alone.
        pub(crate) fn fold(self) -> Self {
            Self(
                self.0
                    .map(|word| u64::from_le_bytes(word.to_le_bytes().map(|byte| byte.to_ascii_lowercase()))),
            )
        }

        /// The bytes that are equal, each 255. Here: all or none of a half.
        pub(crate) fn equal(self, other: Self) -> Self {
            let [a, b] = self.0;
            let [c, d] = other.0;
            Self([if a == c { u64::MAX } else { 0 }, if b == d { u64::MAX } else { 0 }])
        }

        pub(crate) fn and(self, other: Self) -> Self {
            let ([a, b], [c, d]) = (self.0, other.0);
            Self([a & c, b & d])
        }

        /// Whether every byte is 255.
        pub(crate) fn all(self) -> bool {
            self.0 == [u64::MAX; 2]
        }

        /// This sum and two products more: of the first two and of the last two of four words of 32 bits, each with a key added.
        pub(crate) fn add_products(self, text: Self, keys: Self) -> Self {
            let product = |text: u64, key: u64| {
                let low = (text as u32).wrapping_add(key as u32);
                let high = ((text >> 32) as u32).wrapping_add((key >> 32) as u32);
                u64::from(low) * u64::from(high)
            };
            let ([a, b], [c, d], [e, f]) = (self.0, text.0, keys.0);
            Self([a.wrapping_add(product(c, e)), b.wrapping_add(product(d, f))])
        }

        /// Both halves.
        pub(crate) fn halves(self) -> [u64; 2] {
            self.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lanes, words};

    /// Both ways say the same.
    #[test]
    fn lanes_with_and_without_instructions() {
        let mut state = 1_u64;
        let mut sum = (Lanes::zero(), words::Lanes::zero());
        for round in 0..2_000 {
            let mut random = || {
                core::array::from_fn::<u8, 16, _>(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 56) as u8
                })
            };
            let (text, keys) = (random(), random());
            let mut other = text;
            other[round % 16] ^= if round % 3 == 0 { 0 } else { 0x20 };
            let native = [&text, &keys, &other].map(Lanes::load);
            let plain = [&text, &keys, &other].map(words::Lanes::load);
            assert_eq!(native[0].fold().halves(), plain[0].fold().halves());
            assert_eq!(native[0].halves(), plain[0].halves());
            let number = u32::from_le_bytes([keys[0], keys[1], keys[2], keys[3]]);
            assert_eq!(native[0].plus(number).halves(), plain[0].plus(number).halves());
            assert_eq!(native[0].equal(native[2]).all(), plain[0].equal(plain[2]).all());
            assert_eq!(native[0].equal(native[2]).all(), text == other);
            let [low, high] = plain[1].halves();
            assert_eq!(Lanes::of_halves(low, high).halves(), words::Lanes::of_halves(low, high).halves());
            let both = native[0].equal(native[2]).and(native[0].equal(native[0]));
            assert_eq!(both.all(), plain[0].equal(plain[2]).and(plain[0].equal(plain[0])).all());
            sum = (sum.0.add_products(native[0], native[1]), sum.1.add_products(plain[0], plain[1]));
            assert_eq!(sum.0.halves(), sum.1.halves());
        }
    }

    #[test]
    fn a1_folding_touches_ascii_capitals_only() {
        for byte in 0..=255_u8 {
            let [low, high] = Lanes::load(&[byte; 16]).fold().halves();
            let folded = u64::from_le_bytes([byte.to_ascii_lowercase(); 8]);
            assert_eq!((low, high), (folded, folded), "{byte}");
        }
    }
}
