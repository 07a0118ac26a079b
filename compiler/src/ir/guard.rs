//! Guards: the conditions of a rule in canonical form.
//!
//! A statement's conditions all must hold (rule C1), so its decision diagram over atoms is a chain; it is stored as the sorted list of its
//! atoms, each once.

use std::fmt;

use super::principals::{ACCOUNT, BEHIND, BOUNDED, DIRECT, NAME, ROOT};
use super::text::word;
use crate::model::{Condition, OperandForm, Operator};
use crate::pattern::Glob;

/// One operator applied to one key, values sorted and each once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Atom {
    /// Key in lower case.
    pub key: Box<str>,
    /// Operator.
    pub operator: Operator,
    /// Values.
    pub operands: Vec<OperandForm>,
}

/// Atom ids that all must hold, in the order of the atoms' texts; never empty.
pub type Guard = Vec<u32>;

impl Atom {
    /// The canonical form of a condition.
    #[must_use]
    pub fn of(condition: &Condition) -> Self {
        let mut operands: Vec<OperandForm> =
            condition.operands.iter().map(|operand| operand.form.clone()).collect();
        operands.sort_unstable();
        operands.dedup();
        Self { key: condition.key.clone(), operator: condition.operator, operands }
    }
}

fn write_parts(f: &mut fmt::Formatter<'_>, parts: &[Glob; 6]) -> fmt::Result {
    let texts: Vec<String> = parts.iter().map(ToString::to_string).collect();
    write!(f, "{:?}", texts.join(":"))
}

/// A moment as people read it, in UTC; seconds since 1970 outside the years 0000 to 9999, which have no such text.
fn write_date(f: &mut fmt::Formatter<'_>, seconds: i64, fraction: &str) -> fmt::Result {
    const YEARS: std::ops::Range<i64> = -62_167_219_200..253_402_300_800;
    if !YEARS.contains(&seconds) {
        return write!(f, "@{seconds}");
    }
    // Days since 0000-03-01: years that begin in March have their leap day at the end, which makes all else regular.
    let (days, second) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) =
        (year + 400 * era + i64::from(month > 9), if month > 9 { month - 9 } else { month + 3 });
    write!(f, "{year:04}-{month:02}-{day:02}")?;
    if second != 0 || !fraction.is_empty() {
        write!(f, "T{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)?;
        if !fraction.is_empty() {
            write!(f, ".{fraction}")?;
        }
        f.write_str("Z")?;
    }
    Ok(())
}

/// An operand as people read it: texts in quotes, all else bare.
struct OperandText<'a>(&'a OperandForm);

impl fmt::Display for OperandText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            OperandForm::Text(glob) | OperandForm::Like(glob) => write!(f, "{:?}", glob.to_string()),
            OperandForm::Arn(parts) => write_parts(f, parts),
            OperandForm::ArnNothing => f.write_str("nothing"),
            OperandForm::Number(number) => f.write_str(number),
            OperandForm::Date { seconds, fraction } => write_date(f, *seconds, fraction),
            OperandForm::Bool(value) => write!(f, "{value}"),
            OperandForm::Binary(base64) => write!(f, "base64 {base64}"),
            OperandForm::Ip { v6: true, address, prefix } => {
                write!(f, "{}/{prefix}", std::net::Ipv6Addr::from(*address))
            }
            OperandForm::Ip { v6: false, address: [a, b, c, d, ..], prefix } => {
                write!(f, "{a}.{b}.{c}.{d}/{prefix}")
            }
        }
    }
}

/// What the conditions on who asks are called, which principal elements became: as it is, and negated.
const CALLER: [(&str, [&str; 2]); 6] = [
    (DIRECT, ["principal is", "principal is not"]),
    (BEHIND, ["in a session of", "not in a session of"]),
    (ACCOUNT, ["of account", "not of account"]),
    (ROOT, ["root of", "not root of"]),
    (NAME, ["service or provider is", "service or provider is not"]),
    (BOUNDED, ["under a boundary", "not under a boundary"]),
];

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match CALLER.iter().find(|(key, _)| **key == *self.key) {
            Some((key, [plain, negated])) => {
                f.write_str(if self.operator.base.is_negated() { negated } else { plain })?;
                if *key == BOUNDED {
                    return Ok(());
                }
            }
            None => write!(f, "{} {}", self.operator, word(&self.key))?,
        }
        for (index, operand) in self.operands.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { " " } else { ", " }, OperandText(operand))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_runtime::value::date::{Date, Zone};

    #[test]
    fn dates_read_back() {
        let text = |seconds, fraction: &str| {
            let fraction = fraction.into();
            OperandText(&OperandForm::Date { seconds, fraction }).to_string()
        };
        assert_eq!(text(1_798_761_600, ""), "2027-01-01");
        assert_eq!(text(1_798_761_600, "5"), "2027-01-01T00:00:00.5Z");
        assert_eq!(text(1_795_428_061, ""), "2026-11-23T10:01:01Z");
        assert_eq!(text(253_402_300_800, ""), "@253402300800");
        assert_eq!(text(i64::MIN, ""), "@-9223372036854775808");
        let month = 2_629_743;
        for seconds in (-62_167_219_200..253_402_300_800).step_by(month) {
            let text = text(seconds, "");
            assert_eq!(Date::parse(&text, Zone::Required).map(|date| date.seconds), Some(seconds), "{text}");
        }
    }
}
