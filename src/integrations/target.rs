//! Which addresses a webhook may call: judged when it is set up, and again on the address that is connected to.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::webhook::is_public;

/// Longest URL, in bytes.
const LONGEST: usize = 2_000;

/// Why a URL is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadTarget {
    /// It is no http or https URL, or it carries credentials or a fragment.
    Malformed,
    /// It lies behind the service's own wall.
    Private,
}

/// Reads a URL that is to be called. Without leave for private addresses, one that names such an address is refused; a
/// host name is judged when it is resolved.
///
/// # Errors
/// [`BadTarget`].
pub fn read(text: &str, allow_private: bool) -> Result<Url, BadTarget> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST).ok_or(BadTarget::Malformed)?;
    let is_web = matches!(url.scheme(), "http" | "https");
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let host = url.host_str().filter(|_| is_web && is_plain).ok_or(BadTarget::Malformed)?;
    if allow_private || !is_private(host) { Ok(url) } else { Err(BadTarget::Private) }
}

/// Whether a host by its very text is a private address: a literal one, or a name of this machine (RFC 6761).
fn is_private(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match literal.parse::<IpAddr>() {
        Ok(address) => !is_public(address),
        Err(_) => {
            let name = host.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// Resolves names to public addresses alone. The client connects to what this answers and asks nobody else: a name that
/// changes its address after it was checked gains nothing.
#[derive(Debug, Clone, Copy)]
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> = found.iter().copied().filter(|address| is_public(address.ip())).collect();
            if public.is_empty() && !found.is_empty() {
                return Err(PrivateTarget.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// A name has private addresses only.
#[derive(Debug, Clone, Copy)]
struct PrivateTarget;

impl fmt::Display for PrivateTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to a private address")
    }
}

impl Error for PrivateTarget {}

/// Whether a call failed because [`PublicOnly`] refused.
pub(in crate::integrations) fn is_refusal(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if error.is::<PrivateTarget>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_seen_in_every_spelling() {
        for private in [
            "http://127.0.0.1/hook",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "https://[::1]:8443/",
            "https://[::ffff:10.0.0.1]/",
            "http://localhost:9000/",
            "http://LOCALHOST./",
            "http://db.localhost/",
            "http://169.254.169.254/latest/meta-data",
        ] {
            assert_eq!(read(private, false), Err(BadTarget::Private), "{private}");
            assert!(read(private, true).is_ok(), "{private}");
        }
        for public in ["https://example.vn/hook?a=1", "http://8.8.8.8:8080/", "https://[2405:4800::1]/"] {
            assert!(read(public, false).is_ok(), "{public}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_refused_when_it_is_connected_to() {
        let client =
            reqwest::Client::builder().no_proxy().dns_resolver(std::sync::Arc::new(PublicOnly)).build().unwrap();
        let error = client.get("http://localhost:9/").send().await.unwrap_err();
        assert!(is_refusal(&error), "{error:?}");
    }

    #[test]
    fn what_is_no_plain_web_address_is_refused() {
        for bad in [
            "",
            "example.vn",
            "ftp://example.vn/",
            "file:///etc/passwd",
            "https://a:b@example.vn/",
            "https://e.vn/#x",
            "http://",
        ] {
            assert_eq!(read(bad, true), Err(BadTarget::Malformed), "{bad}");
        }
        assert_eq!(read(&format!("https://e.vn/{}", "a".repeat(LONGEST)), true), Err(BadTarget::Malformed));
    }
}
