//! Where a request comes from: the peer, or what trusted proxies say about it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};

/// An address or a network, like `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many leading bits count.
    bits: u32,
}

impl Network {
    /// Whether the address lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shared = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            _ => return false,
        };
        shared >= self.bits
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let unreadable = || format!("{given}: neither an address nor a network like 10.0.0.0/8");
        let (address, bits) = given.trim().split_once('/').map_or((given.trim(), None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| unreadable())?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), |bits| bits.parse().map_err(|_| unreadable()))?;
        if bits <= all { Ok(Self { address, bits }) } else { Err(unreadable()) }
    }
}

/// The address of who sent a request; `None` where the connection has none.
///
/// Proxies append whom they heard from, so their word is read from the right, and only as far as those who say it are
/// trusted: what a client wrote there itself is never reached.
pub fn of(req: &HttpRequest, trusted: &[Network]) -> Option<IpAddr> {
    req.peer_addr().map(|peer| seen_through(peer.ip().to_canonical(), req.headers(), trusted))
}

fn seen_through(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let walk = |named: Vec<Option<IpAddr>>| {
        let mut nearest = peer;
        for address in named.into_iter().rev() {
            // Who hides or garbles an address is told apart by the proxy that did.
            let Some(address) = address else { break };
            nearest = address;
            if !is_trusted(address) {
                break;
            }
        }
        nearest
    };
    let plain = elements(headers, &X_FORWARDED_FOR).map(|element| address(&element)).collect::<Vec<_>>();
    let standard = elements(headers, &FORWARDED).map(|element| forwarded_for(&element)).collect::<Vec<_>>();
    match (plain.is_empty(), standard.is_empty()) {
        (_, true) => walk(plain),
        (true, false) => walk(standard),
        // A proxy writes one of the two; the other may be the client's own. Where they differ neither is believed.
        (false, false) => {
            let (plain, standard) = (walk(plain), walk(standard));
            if plain == standard { plain } else { peer }
        }
    }
}

/// The elements of all headers of a name, in order.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> + use<'a> {
    let lines = headers.get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    lines.collect::<Vec<_>>().into_iter().flat_map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>())
}

/// The node of an element of `Forwarded` (RFC 7239 section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(node.trim().trim_matches('"'))
}

/// An address with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn seen(peer: &str, headers: &[(HeaderName, &'static str)]) -> String {
        let trusted: Vec<Network> = ["10.0.0.0/8", "::1"].iter().map(|network| network.parse().unwrap()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_static(value));
        }
        seen_through(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn who_is_not_trusted_speaks_for_itself_alone() {
        assert_eq!(seen("203.0.113.9", &[(X_FORWARDED_FOR, "198.51.100.1")]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &[(FORWARDED, "for=198.51.100.1")]), "203.0.113.9");
    }

    #[test]
    fn a_chain_is_read_from_the_right_up_to_the_first_stranger() {
        assert_eq!(seen("10.0.0.1", &[(X_FORWARDED_FOR, "1.2.3.4, 198.51.100.1, 10.9.9.9")]), "198.51.100.1");
        assert_eq!(seen("::1", &[(X_FORWARDED_FOR, "1.2.3.4"), (X_FORWARDED_FOR, "198.51.100.1:443")]), "198.51.100.1");
        assert_eq!(
            seen("10.0.0.1", &[(FORWARDED, r#"for=1.2.3.4, For="[2001:db8::7]:4711";proto=https"#)]),
            "2001:db8::7"
        );
        assert_eq!(seen("10.0.0.1", &[(X_FORWARDED_FOR, "1.2.3.4, unknown")]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn two_stories_that_differ_are_not_believed() {
        let (plain, standard) = ((X_FORWARDED_FOR, "198.51.100.1"), (FORWARDED, "for=1.2.3.4"));
        assert_eq!(seen("10.0.0.1", &[plain, standard]), "10.0.0.1");
    }

    #[test]
    fn networks_are_read_strictly() {
        for text in ["10.0.0.0/33", "::/129", "proxy", "10.0.0.0/", "10.0.0/8"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        let network: Network = "192.168.4.0/22".parse().unwrap();
        assert!(
            network.contains("192.168.7.255".parse().unwrap()) && !network.contains("192.168.8.0".parse().unwrap())
        );
        let everyone: Network = "0.0.0.0/0".parse().unwrap();
        assert!(everyone.contains("8.8.8.8".parse().unwrap()) && !everyone.contains("::1".parse().unwrap()));
    }
}
