//! Which addresses may be connected to: a name in a configuration must not lead into the own network by accident or by
//! the hand of who keeps the name (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::peer::Peer;
use crate::transport::Fault;

/// Which addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All.
    Anywhere,
    /// Those of the public internet.
    Public,
}

impl Reach {
    /// The addresses that may be connected to; an error if none is left of some.
    pub(super) fn admit(self, addresses: Vec<SocketAddr>, peer: &Peer) -> Result<Vec<SocketAddr>, Fault> {
        let Some(first) = addresses.first().copied() else { return Ok(addresses) };
        let admitted: Vec<SocketAddr> = addresses
            .into_iter()
            .filter(|address| self == Self::Anywhere || is_public(address.ip()))
            .collect();
        if admitted.is_empty() {
            let what = format!("{} is no address of the public internet", first.ip());
            return Err(peer.connect("\"allow_private = true\" lets it be connected to", what));
        }
        Ok(admitted)
    }
}

/// Whether an address is one of the public internet (the registries of RFC 6890, with what lies within other addresses).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // "This" network, shared address space (RFC 6598), protocol assignments, benchmarks (RFC 2544).
        [0, ..] | [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18..=19, ..] => true,
        // Multicast and what was never given out.
        [224..=255, ..] => true,
        _ => false,
    };
    // Link-local has the metadata services of clouds, 169.254.169.254.
    !(special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let within = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // Addresses of IPv4 behind a translator (RFC 6052) and within a tunnel (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => within(high, low),
        [0x2002, high, low, ..] => within(high, low),
        // Teredo and other protocol assignments, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast; unique-local, link-local and multicast lie without.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for public in ["93.184.216.34", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::5db8:d822"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.1",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn what_is_beyond_the_reach_is_passed_over_and_told_if_nothing_is_left() {
        let peer = Peer { host: "hooks.example.org".to_owned(), port: 443 };
        let (inside, outside) = (([10, 0, 0, 1], 443).into(), ([93, 184, 216, 34], 443).into());
        assert_eq!(Reach::Public.admit(vec![inside, outside], &peer).unwrap(), [outside]);
        assert_eq!(Reach::Anywhere.admit(vec![inside], &peer).unwrap(), [inside]);
        let Err(Fault::Connect { hint, source, .. }) = Reach::Public.admit(vec![inside], &peer) else {
            panic!()
        };
        assert!(hint.unwrap().contains("allow_private"));
        assert_eq!(source.unwrap().to_string(), "10.0.0.1 is no address of the public internet");
    }
}
