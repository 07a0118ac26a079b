//! Values of a context that are parsed before the request: once for a connection or a session, not at each decision.

use alloc::format;
use alloc::string::String;
use core::net::IpAddr;

use crate::value::boolean;
use crate::value::date::{Date, Zone};
use crate::value::ip::{self, Block};

/// A value that is already parsed as whatever its text can be read as: an address, a date, a boolean. It means what its text means; numbers
/// and texts are their own form. Decisions by address, date or boolean spare the parsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedValue {
    text: String,
    address: Option<Block>,
    /// Seconds, and where the digits of the fraction stand.
    date: Option<(i64, usize, usize)>,
    boolean: Option<bool>,
}

impl ParsedValue {
    /// Parses a text. Linear; allocates nothing itself.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let date = Date::parse(&text, Zone::UtcIfAbsent).map(|date| {
            // A date has one point at most, before its fraction.
            let start = text.find('.').map_or(0, |point| point + 1);
            (date.seconds, start, start + date.fraction.len())
        });
        Self { address: ip::parse_address(&text), date, boolean: boolean::parse(&text), text }
    }

    /// The text, as operators on texts see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) const fn address(&self) -> Option<Block> {
        self.address
    }

    /// The bits of an IPv4 address.
    #[inline(always)]
    pub(crate) fn v4(&self) -> Option<u32> {
        let Block { v6: false, address, .. } = self.address.as_ref()? else { return None };
        address.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }

    pub(crate) const fn boolean(&self) -> Option<bool> {
        self.boolean
    }

    pub(crate) fn date(&self) -> Option<Date<'_>> {
        let (seconds, start, end) = self.date?;
        Some(Date { seconds, fraction: self.text.get(start..end)? })
    }
}

/// What a gateway knows of a connection's other end.
impl From<IpAddr> for ParsedValue {
    fn from(address: IpAddr) -> Self {
        Self::new(format!("{address}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{Ipv4Addr, Ipv6Addr};

    /// C9, C10: what was parsed before is what its text parses as.
    #[test]
    fn c10_a_parsed_value_is_its_text() {
        for text in [
            "",
            "10.1.2.3",
            "2001:db8::1",
            "::ffff:1.2.3.4",
            "10.0.0.0/8",
            "true",
            "FALSE",
            "2026-11-26",
            "2026-11-26T10:00:00.2500Z",
            "2026-11-26T10:00:00.000+01:00",
            "2026-11-26T10:00Z",
            "1700000000",
            "-5",
            "2026.5",
            "ä",
        ] {
            let parsed = ParsedValue::new(text);
            assert_eq!(parsed.as_str(), text);
            assert_eq!(parsed.address(), ip::parse_address(text), "{text}");
            assert_eq!(parsed.boolean(), boolean::parse(text), "{text}");
            assert_eq!(parsed.date(), Date::parse(text, Zone::UtcIfAbsent), "{text}");
        }
        for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            assert!(ParsedValue::from(address).address().is_some());
        }
    }
}
