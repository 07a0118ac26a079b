//! The text of the request's `now`, without allocating (rule C12).

use crate::glob::Text;

/// Collects ASCII in a fixed room; what does not fit is dropped, and nothing here is longer than the room.
struct Room {
    bytes: [u8; 24],
    length: u8,
}

impl Room {
    const fn new() -> Self {
        Self { bytes: [0; 24], length: 0 }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length as usize) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Appends a number with at least so many digits.
    fn number(&mut self, value: u64, digits: u32) {
        let mut digit = 10_u64.pow(digits.saturating_sub(1).min(19));
        while value / digit >= 10 {
            digit *= 10;
        }
        while digit > 0 {
            self.push(b'0' + (value / digit % 10) as u8);
            digit /= 10;
        }
    }

    const fn finish(self) -> Text<'static> {
        Text::Inline { bytes: self.bytes, length: self.length }
    }
}

/// Epoch seconds in decimal.
pub(crate) fn epoch(now: i64) -> Text<'static> {
    let mut room = Room::new();
    if now < 0 {
        room.push(b'-');
    }
    room.number(now.unsigned_abs(), 1);
    room.finish()
}

/// `2026-11-23T10:20:30Z`; outside the years 0000 to 9999, which ISO 8601 cannot write so, epoch seconds.
pub(crate) fn iso_8601(now: i64) -> Text<'static> {
    let (days, second) = (now.div_euclid(86_400), now.rem_euclid(86_400) as u64);
    // Days to a civil date by 400-year eras that begin on March 1st (Howard Hinnant's `civil_from_days`).
    let Some(days) = days.checked_add(719_468) else { return epoch(now) };
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if !(0..=9_999).contains(&year) {
        return epoch(now);
    }
    let mut room = Room::new();
    let fields = [
        (year as u64, 4, b'-'),
        (month as u64, 2, b'-'),
        (day as u64, 2, b'T'),
        (second / 3_600, 2, b':'),
        (second / 60 % 60, 2, b':'),
        (second % 60, 2, b'Z'),
    ];
    for (value, digits, behind) in fields {
        room.number(value, digits);
        room.push(behind);
    }
    room.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::date::{Date, Zone};

    #[test]
    fn c12_now_as_text() {
        assert_eq!(iso_8601(0).as_str(), "1970-01-01T00:00:00Z");
        assert_eq!(iso_8601(951_782_399).as_str(), "2000-02-28T23:59:59Z");
        assert_eq!(iso_8601(1_795_429_230).as_str(), "2026-11-23T10:20:30Z");
        assert_eq!(epoch(i64::MIN).as_str(), "-9223372036854775808");
        assert_eq!(iso_8601(i64::MAX).as_str(), "9223372036854775807");
    }

    #[test]
    fn now_reads_back_as_itself() {
        for now in (-62_167_219_200..253_402_300_799).step_by(86_400 * 97 + 12_345) {
            let text = iso_8601(now);
            assert_eq!(Date::parse(text.as_str(), Zone::Required).map(|date| date.seconds), Some(now));
        }
    }
}
