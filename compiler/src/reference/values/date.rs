//! Dates: ISO 8601 in the W3C profile, or epoch seconds (rule C9).

use std::cmp::Ordering;

use super::is_digits;

/// A moment: whole seconds since 1970-01-01T00:00:00Z, rounded down, and the digits of the fraction behind them.
#[derive(Clone, Debug)]
pub(in super::super) struct Date {
    seconds: i64,
    fraction: String,
}

const DAY: i64 = 86_400;

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 0000-01-01 to the first of January of a year from 0 on, in the proleptic Gregorian calendar: one leap year in four but one in a
/// hundred, and yet one in four hundred; the year 0 is one.
fn days_before_year(year: i64) -> i64 {
    365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400
}

/// Midnight UTC of a day that exists, in epoch seconds.
fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=days_of_month(year, month)).contains(&day) {
        return None;
    }
    let months: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    Some((days_before_year(year) + months + day - 1 - days_before_year(1970)) * DAY)
}

/// A number of exactly this many digits, no greater than `most`.
fn field(text: &str, digits: usize, most: i64) -> Option<i64> {
    if !is_digits(text) || text.len() != digits {
        return None;
    }
    text.parse().ok().filter(|number| *number <= most)
}

/// Reads a date; `zone_required` for policies: a time without a zone is UTC in a request only (C9).
pub(in super::super) fn parse(text: &str, zone_required: bool) -> Option<Date> {
    let whole = |seconds| Date { seconds, fraction: String::new() };
    // Epoch seconds: whole, with optional sign; four digits without a sign are a year.
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if is_digits(unsigned) && !(unsigned == text && text.len() == 4) {
        return text.parse().ok().map(whole);
    }
    let Some((day, time)) = text.split_once('T') else {
        // A date alone is its midnight UTC; a missing month or day is the first.
        return date(text, false).map(whole);
    };
    let midnight = date(day, true)?;
    let (time, offset) = zone(time, zone_required)?;
    let (hours, rest) = time.split_once(':')?;
    let (minutes, rest) = rest.split_once(':').map_or((rest, None), |(minutes, rest)| (minutes, Some(rest)));
    let (seconds, fraction) = match rest {
        None => ("00", None),
        Some(rest) => rest.split_once('.').map_or((rest, None), |(seconds, digits)| (seconds, Some(digits))),
    };
    if fraction.is_some_and(|digits| !is_digits(digits)) {
        return None;
    }
    // C9: hour 24 and second 60 do not parse.
    let clock = field(hours, 2, 23)? * 3600 + field(minutes, 2, 59)? * 60 + field(seconds, 2, 59)?;
    Some(Date { seconds: midnight + clock - offset, fraction: fraction.unwrap_or_default().to_owned() })
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; before a time only the last.
fn date(text: &str, full: bool) -> Option<i64> {
    let fields: Vec<&str> = text.split('-').collect();
    match fields.as_slice() {
        [year] if !full => midnight(field(year, 4, 9999)?, 1, 1),
        [year, month] if !full => midnight(field(year, 4, 9999)?, field(month, 2, 12)?, 1),
        [year, month, day] => midnight(field(year, 4, 9999)?, field(month, 2, 12)?, field(day, 2, 31)?),
        _ => None,
    }
}

/// Takes the zone off the end of a time: `Z`, `+hh:mm` or `-hh:mm`; the offset in seconds.
fn zone(time: &str, required: bool) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix('Z') {
        return Some((time, 0));
    }
    let Some((at, sign)) = time.char_indices().find(|(_, character)| matches!(character, '+' | '-')) else {
        return (!required).then_some((time, 0));
    };
    let (time, zone) = time.split_at_checked(at)?;
    let (hours, minutes) = zone.strip_prefix(sign)?.split_once(':')?;
    let offset = field(hours, 2, 23)? * 3600 + field(minutes, 2, 59)? * 60;
    Some((time, if sign == '-' { -offset } else { offset }))
}

/// Compares by time; the digits of the fractions as numbers of the same length.
pub(in super::super) fn compare(a: &Date, b: &Date) -> Ordering {
    let digits = a.fraction.len().max(b.fraction.len());
    let fraction = |date: &Date| format!("{:0<digits$}", date.fraction);
    a.seconds.cmp(&b.seconds).then_with(|| fraction(a).cmp(&fraction(b)))
}

/// An epoch second as `YYYY-MM-DDThh:mm:ssZ` (the form of `aws:CurrentTime`); `None` outside the years 0000–9999, which have no such text.
pub(crate) fn text(epoch: i64) -> Option<String> {
    let days = epoch.div_euclid(DAY) + days_before_year(1970);
    let clock = epoch.rem_euclid(DAY);
    let year =
        (0..=9999).find(|year| days >= days_before_year(*year) && days < days_before_year(*year + 1))?;
    let mut day = days - days_before_year(year);
    let mut month = 1;
    while day >= days_of_month(year, month) {
        day -= days_of_month(year, month);
        month += 1;
    }
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    Some(format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        parse(text, true).map(|date| date.seconds)
    }

    #[test]
    fn c9_forms_of_dates() {
        for (text, expected) in [
            ("1970", 0),
            ("1970-01", 0),
            ("1970-01-01", 0),
            ("1970-01-01T00:00Z", 0),
            ("1970-01-01T00:00:01Z", 1),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T23:00:00-01:00", 0),
            ("1970-01-01T00:00:01.5Z", 1),
            ("0", 0),
            ("-5", -5),
            ("+1970", 1970),
            ("01970", 1970),
            ("2000-02-29", 951_782_400),
            ("0000", -62_167_219_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("2026-11-23T10:00:00Z", 1_795_428_000),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "-",
            "1970-1-1",
            "1970-13-01",
            "1970-00-01",
            "1970-02-29",
            "1900-02-29",
            "1970-01-32",
            "1970-01-00",
            "970",
            "1970-01-01T24:00Z",
            "1970-01-01T00:60Z",
            "1970-01-01T00:00:60Z",
            "1970-01-01T00:00",
            "1970-01-01t00:00Z",
            "1970-01-01T00:00z",
            "1970-01-01T00Z",
            "1970-01-01T00:00:00.Z",
            "1970-01T00:00Z",
            "1970-01-01T00:00+1:00",
            "1970-01-01T00:00+0100",
            "1970-01-01T00:00+24:00",
            "1970-01-01T00:00+00:60",
            "1970-01-01 00:00Z",
            "1970-01-01Z",
            "1.5",
            "99999999999999999999",
            "1970-01-01T00:00:00:00Z",
            "1970-01-01T00:00.5Z",
            "+",
            "-1970-01-01",
        ] {
            if text == "970" {
                assert_eq!(seconds(text), Some(970), "three digits are an epoch");
            } else {
                assert_eq!(seconds(text), None, "{text}");
            }
        }
    }

    #[test]
    fn c9_a_time_without_zone_is_utc_in_a_request() {
        assert!(parse("1970-01-01T00:00:00", true).is_none());
        assert_eq!(parse("1970-01-01T00:00:09", false).map(|date| date.seconds), Some(9));
    }

    #[test]
    fn c9_fractions_by_value() {
        let order = |a, b| compare(&parse(a, true).unwrap(), &parse(b, true).unwrap());
        assert_eq!(order("1970-01-01T00:00:00.50Z", "1970-01-01T00:00:00.5Z"), Ordering::Equal);
        assert_eq!(order("1970-01-01T00:00:00.0Z", "0"), Ordering::Equal);
        assert_eq!(order("1970-01-01T00:00:00.09Z", "1970-01-01T00:00:00.1Z"), Ordering::Less);
        assert_eq!(order("1970-01-01T00:00:01Z", "1970-01-01T00:00:00.9Z"), Ordering::Greater);
    }

    #[test]
    fn c12_the_text_of_now_reads_back() {
        assert_eq!(text(1_795_428_000).as_deref(), Some("2026-11-23T10:00:00Z"));
        for now in
            [0, -1, 951_782_399, 951_782_400, 951_868_800, 253_402_300_799, -62_167_219_200, 4_107_542_399]
        {
            assert_eq!(text(now).and_then(|text| seconds(&text)), Some(now), "{now}");
        }
        assert_eq!(text(253_402_300_800), None);
        assert_eq!(text(-62_167_219_201), None);
        assert_eq!(text(i64::MIN), None);
        assert_eq!(text(i64::MAX), None);
    }
}
