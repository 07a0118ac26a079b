//! IP addresses and CIDR blocks (rule C10).

use std::net::IpAddr;

use super::is_digits;

/// The bits of an address from the most significant on: 32 or 128, so that families never look alike.
fn bits(address: IpAddr) -> Vec<bool> {
    let octets = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    octets.into_iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1)).collect()
}

/// Whether an operand, an address or a block, covers a request value, an address. What does not parse on either side matches nothing.
pub(in super::super) fn covers(operand: &str, value: &str) -> bool {
    // A block as request value does not parse.
    let Ok(value) = value.parse::<IpAddr>() else { return false };
    let (address, prefix) = match operand.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (operand, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    // Families never match each other.
    if address.is_ipv4() != value.is_ipv4() {
        return false;
    }
    let (address, value) = (bits(address), bits(value));
    let prefix = match prefix {
        // A bare address is one host.
        None => address.len(),
        Some(text) if is_digits(text) && (text == "0" || !text.starts_with('0')) => match text.parse() {
            Ok(prefix) if prefix <= address.len() => prefix,
            _ => return false,
        },
        Some(_) => return false,
    };
    // Bits behind the prefix do not count: host bits of a block are masked.
    address.iter().zip(&value).take(prefix).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c10_addresses_and_blocks() {
        for (operand, value) in [
            ("10.0.0.0/8", "10.255.0.1"),
            ("10.9.9.9/8", "10.1.1.1"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("0.0.0.0/0", "255.1.2.3"),
            ("2001:db8::/32", "2001:db8:1::1"),
            ("::1", "0:0:0:0:0:0:0:1"),
            ("::/0", "ff00::"),
            ("::ffff:1.2.3.4", "::ffff:102:304"),
        ] {
            assert!(covers(operand, value), "{operand} {value}");
        }
        for (operand, value) in [
            ("10.0.0.0/8", "11.0.0.0"),
            ("0.0.0.0/0", "::1"),
            ("::/0", "1.2.3.4"),
            ("1.2.3.4", "::ffff:1.2.3.4"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.0/33", "10.0.0.0"),
            ("10.0.0.0/08", "10.0.0.0"),
            ("10.0.0.0/", "10.0.0.0"),
            ("10.0.0.0/+8", "10.0.0.0"),
            ("0.0.0.0/0", ""),
            ("0.0.0.0/0", "1.2.3"),
            ("0.0.0.0/0", "01.2.3.4"),
            ("::/0", "fe80::1%1"),
            ("1.2.3.4", " 1.2.3.4"),
            ("0.0.0.0/00", "1.2.3.4"),
        ] {
            assert!(!covers(operand, value), "{operand} {value}");
        }
    }
}
