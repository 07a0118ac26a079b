//! Dates: ISO 8601 in the W3C profile, or epoch seconds (rule C9).

use core::cmp::Ordering;

/// What a time without a zone means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// It does not parse: policies must say the zone.
    Required,
    /// It is UTC: requests.
    UtcIfAbsent,
}

/// A moment; borrows the digits of its fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date<'a> {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    pub seconds: i64,
    /// Digits of the fraction of a second, without trailing zeros.
    pub fraction: &'a str,
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar (the day count of Howard Hinnant's `days_from_civil`).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Takes exactly `count` digits off the front.
fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (head, tail) = text.split_at_checked(count)?;
    if !head.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, tail))
}

/// Takes a two-digit field of at most `most` behind a mark.
fn field(text: &str, mark: char, most: i64) -> Option<(i64, &str)> {
    let (value, rest) = digits(text.strip_prefix(mark)?, 2)?;
    (value <= most).then_some((value, rest))
}

/// Epoch seconds: digits with an optional sign. Four digits without a sign are a year instead.
fn epoch(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    if !whole || text.len() == 4 && unsigned.len() == 4 {
        return None;
    }
    text.parse().ok()
}

impl<'a> Date<'a> {
    /// Reads a date of the W3C profile (`YYYY`, `YYYY-MM`, `YYYY-MM-DD`, `YYYY-MM-DDThh:mm[:ss[.f…]]` with `Z` or `±hh:mm`; a date
    /// alone is its midnight UTC) or epoch seconds (whole, optional sign, within 64 bits). Linear.
    #[must_use]
    pub fn parse(text: &'a str, zone: Zone) -> Option<Self> {
        if let Some(seconds) = epoch(text) {
            return Some(Self { seconds, fraction: "" });
        }
        let (year, rest) = digits(text, 4)?;
        let midnight =
            |month, day| Self { seconds: days_from_civil(year, month, day) * 86_400, fraction: "" };
        if rest.is_empty() {
            return Some(midnight(1, 1));
        }
        let (month, rest) = field(rest, '-', 12)?;
        if month == 0 {
            return None;
        }
        if rest.is_empty() {
            return Some(midnight(month, 1));
        }
        let (day, rest) = field(rest, '-', days_in_month(year, month))?;
        if day == 0 {
            return None;
        }
        if rest.is_empty() {
            return Some(midnight(month, day));
        }
        let (hour, rest) = field(rest, 'T', 23)?;
        let (minute, rest) = field(rest, ':', 59)?;
        let (second, fraction, rest) = match rest.starts_with(':') {
            false => (0, "", rest),
            true => {
                let (second, rest) = field(rest, ':', 59)?;
                match rest.strip_prefix('.') {
                    None => (second, "", rest),
                    Some(behind) => {
                        let length = behind.bytes().take_while(u8::is_ascii_digit).count();
                        let (fraction, rest) = behind.split_at_checked(length)?;
                        if fraction.is_empty() {
                            return None;
                        }
                        (second, fraction.trim_end_matches('0'), rest)
                    }
                }
            }
        };
        let offset = match (rest, zone) {
            ("Z", _) | ("", Zone::UtcIfAbsent) => 0,
            ("", Zone::Required) => return None,
            _ => {
                let sign = if rest.starts_with('-') { -1 } else { 1 };
                let (hours, rest) = field(rest, if sign < 0 { '-' } else { '+' }, 23)?;
                let (minutes, rest) = field(rest, ':', 59)?;
                if !rest.is_empty() {
                    return None;
                }
                sign * (hours * 3_600 + minutes * 60)
            }
        };
        let seconds = midnight(month, day).seconds + hour * 3_600 + minute * 60 + second - offset;
        Some(Self { seconds, fraction })
    }

    /// Orders by time.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        self.seconds.cmp(&other.seconds).then_with(|| self.fraction.cmp(other.fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Date::parse(text, Zone::Required).map(|date| date.seconds)
    }

    #[test]
    fn c9_dates_of_the_w3c_profile() {
        assert_eq!(seconds("1970"), Some(0));
        assert_eq!(seconds("1970-02"), Some(31 * 86_400));
        assert_eq!(seconds("2000-02-29"), Some(951_782_400));
        assert_eq!(seconds("2026-11-23T10:20Z"), Some(1_795_429_200));
        assert_eq!(seconds("2026-11-23T10:20:30+01:30"), Some(1_795_429_230 - 5_400));
        assert_eq!(seconds("0000-01-01"), Some(-62_167_219_200));
        let date = Date::parse("2026-11-23T10:20:30.2500Z", Zone::Required);
        assert_eq!(date.map(|date| date.fraction), Some("25"));
        assert_eq!(seconds("2026-11-23T10:20:30"), None);
        assert!(Date::parse("2026-11-23T10:20:30", Zone::UtcIfAbsent).is_some());
    }

    #[test]
    fn c9_epoch_seconds() {
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds("-1"), Some(-1));
        assert_eq!(seconds("+2020"), Some(2020));
        assert_eq!(seconds("12345"), Some(12_345));
        assert_ne!(seconds("2020"), Some(2020), "four digits are a year");
        assert_eq!(seconds("99999999999999999999"), None);
    }

    #[test]
    fn c9_what_is_no_date() {
        for bad in [
            "",
            "-",
            "20-01",
            "2020-13",
            "2020-00",
            "2021-02-29",
            "2020-01-00",
            "2020-01-01T24:00Z",
            "2020-01-01T10Z",
            "2020-01-01T10:00:60Z",
            "2020-01-01t10:00Z",
            "2020-01-01T10:00z",
            "2020-01-01T10:00:00.Z",
            "2020-01-01T10:00:00+1",
            "2020-01-01 10:00Z",
            "2020-1-1",
            "1.5",
            "2020-01-01T10:00:00+24:00",
            "2020-01-01Z",
            "20200101T100000Z",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
