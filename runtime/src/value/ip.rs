//! IP addresses and CIDR blocks (rule C10).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
