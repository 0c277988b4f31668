//! Webhooks: which events a subscriber wants, and which addresses may be called.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;
use std::str::FromStr;

use super::event::EVENT_NAMES;
use super::vocabulary::UnknownWord;

/// Which events a subscriber wants: names, `dossier.*`, `letter.*` or `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFilter(Vec<String>);

impl EventFilter {
    /// Reads patterns; each must match something.
    ///
    /// # Errors
    /// [`UnknownWord`] with the first that is none.
    pub fn new(patterns: Vec<String>) -> Result<Self, UnknownWord> {
        match patterns.iter().find(|pattern| !EVENT_NAMES.iter().any(|name| matches(pattern, name))) {
            Some(stranger) => Err(UnknownWord { kind: "event", given: stranger.clone() }),
            None => Ok(Self(patterns)),
        }
    }

    /// The patterns as given.
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    /// The names of the events wanted.
    pub fn names(&self) -> Vec<&'static str> {
        let wanted = |name: &&&str| self.0.iter().any(|pattern| matches(pattern, name));
        EVENT_NAMES.iter().filter(wanted).copied().collect()
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(family) => family.ends_with('.') && name.starts_with(family),
        None => pattern == name,
    }
}

impl fmt::Display for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl FromStr for EventFilter {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::new(text.split_whitespace().map(str::to_owned).collect())
    }
}

/// Whether an address lies in the public internet (IANA special-purpose registries, RFC 6890 and later): whoever may name
/// an address to be called must not reach what stands behind the service's own wall.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // "This network", and what is reserved up to the broadcast address.
        || a == 0
        || a >= 240
        // Carriers' shared space (RFC 6598), protocol assignments, benchmarks (RFC 2544).
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, third, fourth, fifth, sixth, high, low] = address.segments();
    if [first, second, third, fourth, fifth, sixth] == [0x64, 0xff9b, 0, 0, 0, 0] {
        // Translated by NAT64 (RFC 6052): it is the address inside that is called.
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Of global unicast (2000::/3) without protocol assignments and Teredo (2001::/23), documentation, 6to4. All else is
    // loopback, unspecified, mapped, unique-local, link-local, multicast or not given out.
    first & 0xe000 == 0x2000
        && !(first == 0x2001 && second < 0x200)
        && !(first == 0x2001 && second == 0xdb8)
        && first != 0x2002
        && !(first == 0x3fff && second < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_families_or_single_events() {
        let names = |patterns: &str| patterns.parse::<EventFilter>().map(|filter| filter.names());
        assert_eq!(names("dossier.finished"), Ok(vec!["dossier.finished"]));
        assert_eq!(names("letter.*").unwrap().len(), 6);
        assert_eq!(names("dossier.* letter.*"), names("*"));
        for stranger in ["dossier", "dossier.fin*", "dossier.finishd", "files.*", "."] {
            assert!(names(stranger).is_err(), "{stranger}");
        }
    }

    #[test]
    fn only_the_public_internet_is_public() {
        for public in ["203.162.4.191", "8.8.8.8", "100.63.0.1", "2405:4800::1", "2606:4700::1111", "64:ff9b::808:808"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "127.255.0.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::7f00:1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }
}
