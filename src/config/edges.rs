//! Settings of the public door and of the edges: proxies, origins, time, TLS.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::http::address::Network;
use crate::http::edges::Edges;

/// How the service meets the outside.
#[derive(Clone, Args)]
pub struct EdgeSettings {
    /// Key from which the secrets of the public look-up are derived; without it a key file beside the database is used. A new
    /// key makes the secrets of all printed slips worthless.
    #[arg(long, env = "MOTCUA_LOOKUP_KEY", hide_env_values = true)]
    pub lookup_key: Option<String>,
    /// Proxies whose X-Forwarded-For or Forwarded is believed: addresses and networks with commas between; none by default.
    #[arg(long, env = "MOTCUA_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,
    /// Origins whose pages may call, like `https://dvc.example.vn`, with commas between; none by default.
    #[arg(long, env = "MOTCUA_CORS_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub cors_origins: Vec<String>,
    /// How long a request may take, in seconds; imports and uploads are as long as they are.
    #[arg(long, env = "MOTCUA_REQUEST_SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    pub request_seconds: u64,
    /// How many rows a register or another export may give out at once; each is in the audit log with how many it gave.
    #[arg(long, env = "MOTCUA_EXPORT_ROWS", default_value_t = 100_000)]
    pub export_rows: usize,
    /// Certificate for TLS with its chain, in PEM; without it the service speaks plain HTTP, for a proxy on the same machine.
    #[arg(long, env = "MOTCUA_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate, in PEM.
    #[arg(long, env = "MOTCUA_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl EdgeSettings {
    /// What every request is dealt with by.
    pub fn edges(&self) -> Edges {
        Edges {
            proxies: self.trusted_proxies.clone(),
            origins: self.cors_origins.clone(),
            request_time: Duration::from_secs(self.request_seconds),
            is_tls: self.tls_cert.is_some(),
            export_rows: self.export_rows,
            ..Edges::default()
        }
    }

    /// How addresses of the service begin.
    pub fn scheme(&self) -> &'static str {
        if self.tls_cert.is_some() { "https" } else { "http" }
    }

    /// TLS 1.2 and 1.3 with the certificate and key that are set.
    ///
    /// # Errors
    /// When they cannot be read or do not belong together.
    pub fn tls(&self) -> io::Result<Option<ServerConfig>> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let fault = |setting: &str, path: &PathBuf, cause: String| {
            io::Error::other(format!("{setting}: {}: {cause}", path.display()))
        };
        let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|cause| fault("MOTCUA_TLS_CERT", cert, cause.to_string()))?;
        let own = PrivateKeyDer::from_pem_file(key);
        let own = own.map_err(|cause| fault("MOTCUA_TLS_KEY", key, cause.to_string()))?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain, own);
        config.map(Some).map_err(|cause| fault("MOTCUA_TLS_CERT", cert, cause.to_string()))
    }
}

/// An origin as browsers write it: compared letter by letter, so that one written otherwise would never be met.
fn origin(given: &str) -> Result<String, String> {
    let host = given.strip_prefix("https://").or_else(|| given.strip_prefix("http://")).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    if !host.is_empty() && host.bytes().all(is_plain) {
        Ok(given.to_owned())
    } else {
        Err(format!("{given}: no origin like https://dvc.example.vn, in small letters and without a path"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_scheme_host_and_port() {
        for good in ["https://dvc.example.vn", "http://localhost:5173", "http://[::1]:80"] {
            assert_eq!(origin(good).as_deref(), Ok(good));
        }
        for bad in
            ["*", "null", "https://", "https://a.vn/", "https://A.vn", "dvc.example.vn", "https://a.vn, https://b.vn"]
        {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
