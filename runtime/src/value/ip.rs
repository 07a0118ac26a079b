//! IP addresses and CIDR blocks (rule C10).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::bytes::{digits16, mask16};

/// A block of addresses of one family; a single address is the block of its full length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// Whether it is IPv6. Families never match each other.
    pub v6: bool,
    /// First address of the block in network order; IPv4 in the first four bytes.
    pub address: [u8; 16],
    /// Prefix length in bits: at most 32 or 128.
    pub prefix: u8,
}

/// An address with the bits behind `prefix` cleared.
fn masked(address: [u8; 16], prefix: u8) -> [u8; 16] {
    let keep = match prefix {
        0 => 0,
        1..=127 => u128::MAX << (128 - u32::from(prefix)),
        _ => u128::MAX,
    };
    (u128::from_be_bytes(address) & keep).to_be_bytes()
}

/// Reads one address as [`parse_address`] does: the IPv4 addresses of requests without a branch on where their dots stand, which no processor
/// could guess.
#[inline]
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    match four_parts(text.as_bytes()) {
        Some(bits) => Some(Ipv4Addr::from_bits(bits).into()),
        None => any_address(text),
    }
}

/// IPv6, IPv4 of seven bytes, and what is no address.
#[inline(never)]
fn any_address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// One in each half of a word.
const EACH_HALF: u64 = 1 << 32 | 1;

/// An IPv4 address of 8 to 15 bytes. `None` for every other text.
#[inline(always)]
pub(crate) fn four_parts(text: &[u8]) -> Option<u32> {
    let length @ 8..=15 = text.len() else { return None };
    let (first, last) = (u64::from_le_bytes(*text.first_chunk()?), u64::from_le_bytes(*text.last_chunk()?));
    // The last eight bytes overlap the first; what is behind the text is zero.
    let window = u128::from(first) | u128::from(last) << (8 * (length - 8));
    let window = window.to_le_bytes();
    let (dots, digits, zeros) = (mask16(&window, b'.'), digits16(&window), mask16(&window, b'0'));
    let (second, starts) = (dots & dots.wrapping_sub(1), dots << 1 | 1);
    let third = second & second.wrapping_sub(1);
    // Three dots between digits, nowhere four digits, and no zero before another digit.
    let only_both = dots | digits == (1 << length) - 1;
    let three = third != 0 && third & third.wrapping_sub(1) == 0;
    let empty = starts & (dots | 1 << length);
    let long = digits & digits >> 1 & digits >> 2 & digits >> 3;
    let octal = starts & zeros & digits >> 1;
    if !(only_both && three) || empty | long | octal != 0 {
        return None;
    }
    let [a, b, c] = [dots, second, third].map(|dots| dots.trailing_zeros() as usize);
    // The digits of a part, the last one in the highest byte; what stands behind them is pushed out, what stands before them masked.
    let front = |from: usize, to: usize| ((first >> (8 * from)) as u32) << (32 - 8 * (to - from));
    let back = |from: usize, to: usize| {
        let before = u32::from_le_bytes(*text.get(..to)?.last_chunk()?);
        Some(before & u32::MAX << (32 - 8 * (to - from)))
    };
    // Two parts at a time, each in a half of its own: three digits come to less than 1,000.
    let numbers = |high: u32, low: u32| {
        let both = u64::from(high) << 32 | u64::from(low);
        let digit = |shift: u32| (both >> shift) & (15 * EACH_HALF);
        digit(24) + 10 * digit(16) + 100 * digit(8)
    };
    let high = numbers(front(0, a), front(a + 1, b));
    let low = numbers(back(b + 1, c)?, back(c + 1, length)?);
    let joined = |two: u64| (two >> 24 | two) as u32 & 0xffff;
    ((high | low) & !(255 * EACH_HALF) == 0).then_some(joined(high) << 16 | joined(low))
}

/// Reads one address, no block: a request value. IPv4 in dotted decimal, IPv6 without a zone.
#[must_use]
pub fn parse_address(text: &str) -> Option<Block> {
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        let mut address = [0; 16];
        for (to, from) in address.iter_mut().zip(v4.octets()) {
            *to = from;
        }
        return Some(Block { v6: false, address, prefix: 32 });
    }
    let v6 = text.parse::<Ipv6Addr>().ok()?;
    Some(Block { v6: true, address: v6.octets(), prefix: 128 })
}

impl Block {
    /// The first address of the block.
    pub(crate) fn first(&self) -> IpAddr {
        match (self.v6, self.address.first_chunk::<4>()) {
            (false, Some(v4)) => IpAddr::from(*v4),
            _ => IpAddr::from(self.address),
        }
    }

    /// Reads an address or a CIDR block: a policy value. The second result says whether host bits were set and got masked.
    #[must_use]
    pub fn parse(text: &str) -> Option<(Self, bool)> {
        let Some((address, length)) = text.split_once('/') else {
            return Some((parse_address(text)?, false));
        };
        let host = parse_address(address)?;
        let plain = matches!(length.len(), 1..=3) && length.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || length.len() > 1 && length.starts_with('0') {
            return None;
        }
        let prefix = length.parse::<u8>().ok().filter(|&prefix| prefix <= host.prefix)?;
        let block = Self { v6: host.v6, address: masked(host.address, prefix), prefix };
        Some((block, block.address != host.address))
    }

    /// Whether an address, as [`parse_address`] gives it, lies in the block.
    #[must_use]
    pub fn contains(&self, address: &Self) -> bool {
        self.v6 == address.v6 && masked(address.address, self.prefix) == self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(block: &str, address: &str) -> bool {
        Block::parse(block).unwrap().0.contains(&parse_address(address).unwrap())
    }

    #[test]
    fn c10_blocks_and_families() {
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("10.1.2.3", "10.1.2.3"));
        assert!(holds("0.0.0.0/0", "255.255.255.255"));
        assert!(!holds("0.0.0.0/0", "::1"));
        assert!(!holds("::/0", "1.2.3.4"));
        assert!(!holds("1.2.3.4", "::ffff:1.2.3.4"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        assert_eq!(
            Block::parse("10.1.2.3/8").map(|(block, masked)| (block.address[1], masked)),
            Some((0, true))
        );
    }

    /// Every length of every part, zeros before digits, numbers about 255, and each with one byte changed: as the standard library reads them.
    #[test]
    fn c10_addresses_of_requests_at_once() {
        let parts =
            ["0", "7", "10", "01", "99", "100", "127", "249", "255", "256", "260", "999", "000", "", "1234"];
        let (mut read, mut refused) = (0, 0);
        let mut compare = |text: &str| {
            let expected = text.parse::<IpAddr>().ok();
            assert_eq!(address(text), expected, "{text}");
            assert_eq!(address(text), parse_address(text).map(|it| it.first()), "{text}");
            let both = if expected.is_some() { &mut read } else { &mut refused };
            *both += 1;
        };
        let mut state = 1_u64;
        for a in parts {
            for b in parts {
                for c in parts {
                    for d in parts {
                        let text = alloc::format!("{a}.{b}.{c}.{d}");
                        compare(&text);
                        state = state
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1_442_695_040_888_963_407);
                        let mut bytes = text.into_bytes();
                        let at = (state >> 33) as usize % bytes.len();
                        bytes[at] = b".:/0159aF 0-"[(state >> 40) as usize % 12];
                        compare(core::str::from_utf8(&bytes).unwrap());
                    }
                }
            }
        }
        for text in [
            "",
            "1.2.3.4",
            "::1",
            "2001:db8::1",
            "1.2.3.4.5.6",
            "123456789",
            "........",
            "ä.ä.ä.ä",
            "1.1.1.1\u{661}",
        ] {
            compare(text);
        }
        assert!(read > 4_000 && refused > 50_000, "{read} {refused}");
    }

    /// Whatever the standard library takes for an address of either family is one here, and nothing else.
    #[test]
    fn c10_an_address_is_of_one_family() {
        for text in [
            "10.1.2.3",
            "::1",
            "::ffff:1.2.3.4",
            "2001:db8::1",
            "1.2.3.4.5",
            "1.2.3.04",
            "1.2.3",
            "1.2.3.4:80",
            "1.2.3.4::",
            "::1%eth0",
            "[::1]",
            " 1.2.3.4",
            "1.2.3.4 ",
            "",
            "256.1.1.1",
            "0x7f.1.1.1",
            "::1.2.3.4",
            "1::2::3",
        ] {
            assert_eq!(text.parse().ok(), parse_address(text).map(|it| it.first()), "{text}");
        }
    }

    #[test]
    fn c10_what_is_no_address() {
        for bad in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "010.0.0.1",
            "fe80::1%eth0",
            "::/129",
            "1.2.3.4/8/8",
        ] {
            assert_eq!(Block::parse(bad), None, "{bad}");
        }
        assert_eq!(parse_address("10.0.0.0/8"), None, "a block is no request value");
    }
}
