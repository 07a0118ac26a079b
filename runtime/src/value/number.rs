//! Decimal numbers of any length, compared by value without rounding (rule C9).

use core::cmp::Ordering;
use core::fmt;

/// A decimal number; borrows the digits of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    negative: bool,
    /// Digits before the point without leading zeros; empty for zero.
    whole: &'a str,
    /// Digits behind the point without trailing zeros; empty for none.
    fraction: &'a str,
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl<'a> Number<'a> {
    /// Reads an optional sign, digits, and optionally a point with digits behind it. No exponent, infinity or NaN. Linear.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if all_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (digits, ""),
        };
        if !all_digits(whole) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !zero, whole, fraction })
    }

    fn compare_magnitude(&self, other: &Self) -> Ordering {
        self.whole
            .len()
            .cmp(&other.whole.len())
            .then_with(|| self.whole.cmp(other.whole))
            .then_with(|| self.fraction.cmp(other.fraction))
    }

    /// Orders by value. Linear in the shorter text.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_magnitude(other),
            (true, true) => other.compare_magnitude(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// Prints the canonical text: equal values print equally.
impl fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        f.write_str(if self.whole.is_empty() { "0" } else { self.whole })?;
        if self.fraction.is_empty() { Ok(()) } else { write!(f, ".{}", self.fraction) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn c9_numbers_compare_by_value() {
        let compare = |a, b| Number::parse(a).unwrap().compare(&Number::parse(b).unwrap());
        assert_eq!(compare("10", "9"), Ordering::Greater);
        assert_eq!(compare("-10", "9"), Ordering::Less);
        assert_eq!(compare("-10", "-9"), Ordering::Less);
        assert_eq!(compare("+007.50", "7.5"), Ordering::Equal);
        assert_eq!(compare("-0", "0.000"), Ordering::Equal);
        assert_eq!(compare("0.09", "0.1"), Ordering::Less);
        assert_eq!(
            compare("123456789012345678901234567890", "123456789012345678901234567891"),
            Ordering::Less
        );
    }

    #[test]
    fn c9_what_is_no_number() {
        for bad in [
            "", "+", "-", ".", "1.", ".5", "1e3", "NaN", "inf", "1 ", " 1", "0x1", "1_000", "--1", "1.2.3",
            "٣",
        ] {
            assert_eq!(Number::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn canonical_text_is_a_fixed_point() {
        for (text, canonical) in [("-0.0", "0"), ("+01.10", "1.1"), ("000", "0"), ("-.5", "")] {
            if let Some(number) = Number::parse(text) {
                assert_eq!(number.to_string(), canonical);
                assert_eq!(Number::parse(canonical), Some(number));
            }
        }
    }
}
