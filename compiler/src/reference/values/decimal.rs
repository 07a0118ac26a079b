//! Decimal numbers of any length, compared by value (rule C9).

use std::cmp::Ordering;

use super::is_digits;

/// A decimal number as its digits.
#[derive(Clone, Debug)]
pub(in super::super) struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

/// Reads an optional sign, digits and, optionally, a point with digits behind it. C9: digits on both sides of a point; no exponent, infinity
/// or NaN.
pub(in super::super) fn parse(text: &str) -> Option<Decimal> {
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    Some(Decimal { negative, whole: whole.to_owned(), fraction: fraction.to_owned() })
}

/// Compares by value: both numbers written to the same number of places are compared digit by digit.
pub(in super::super) fn compare(a: &Decimal, b: &Decimal) -> Ordering {
    let whole = a.whole.len().max(b.whole.len());
    let fraction = a.fraction.len().max(b.fraction.len());
    let (left, right) = (a.digits(whole, fraction), b.digits(whole, fraction));
    // There is one zero, whatever its sign.
    let negative =
        |number: &Decimal, digits: &str| number.negative && digits.chars().any(|digit| digit != '0');
    match (negative(a, &left), negative(b, &right)) {
        (false, false) => left.cmp(&right),
        (true, true) => right.cmp(&left),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

impl Decimal {
    /// All digits, with zeros to this many places before and behind the point.
    fn digits(&self, whole: usize, fraction: usize) -> String {
        format!("{:0>whole$}{:0<fraction$}", self.whole, self.fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(a: &str, b: &str) -> Ordering {
        compare(&parse(a).unwrap(), &parse(b).unwrap())
    }

    #[test]
    fn c9_numbers_by_value() {
        for (a, b) in [("1", "1.0"), ("+1", "01"), ("-0", "0"), ("0.10", "0.1"), ("-0.0", "+0")] {
            assert_eq!(order(a, b), Ordering::Equal, "{a} {b}");
        }
        for (a, b) in [
            ("9", "10"),
            ("-10", "-9"),
            ("-1", "1"),
            ("0.09", "0.1"),
            ("-0.1", "-0.09"),
            ("1.5", "2"),
            ("99999999999999999999999999999998", "99999999999999999999999999999999"),
            ("-1", "0"),
            ("0", "0.0000001"),
        ] {
            assert_eq!(order(a, b), Ordering::Less, "{a} {b}");
            assert_eq!(order(b, a), Ordering::Greater, "{b} {a}");
        }
        for text in ["", "-", ".5", "5.", "1e3", "NaN", "inf", " 1", "1,0", "--1", "+-1", "٣", "1.2.3", "0x1"]
        {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
