//! Settings of the national portal.

use std::io;
use std::path::PathBuf;

use clap::Args;

use crate::domain::delivery::Secret;
use crate::integrations::destination::TIME_LIMIT;
use crate::integrations::national_portal::client::Portal;
use crate::integrations::national_portal::codes::Codes;

/// Where the national portal is, and how it is spoken to. The session is a secret, so there is no `Debug`.
#[derive(Clone, Args)]
pub struct PortalSettings {
    /// URL that DongBoHoSoMC and CapNhatTienDoHoSoMC are posted to: the portal's, or that of the adapter in front of it;
    /// without it nothing is sent, and the portal pulls.
    #[arg(long, env = "MOTCUA_PORTAL_URL", hide_env_values = true)]
    pub portal_url: Option<String>,
    /// Session that the portal wants.
    #[arg(long, env = "MOTCUA_PORTAL_SESSION", hide_env_values = true, requires = "portal_url")]
    pub portal_session: Option<String>,
    /// Name of the header that the session goes in.
    #[arg(long, env = "MOTCUA_PORTAL_SESSION_HEADER", default_value = "session")]
    pub portal_session_header: String,
    /// JSON file with codes that differ from the built-in table: {"status": {"void": "7"}, "identity": {"other": "5"}}
    #[arg(long, env = "MOTCUA_PORTAL_CODES")]
    pub portal_codes: Option<PathBuf>,
}

impl PortalSettings {
    /// The codes of the portal.
    ///
    /// # Errors
    /// When the file of codes cannot be read or used.
    pub fn codes(&self) -> io::Result<Codes> {
        let own = self.portal_codes.as_ref().map(std::fs::read_to_string).transpose()?;
        Codes::new(own.as_deref()).map_err(|cause| io::Error::other(format!("MOTCUA_PORTAL_CODES: {cause}")))
    }

    /// The portal, when dossiers are sent to it.
    ///
    /// # Errors
    /// When URL, header or codes cannot be used.
    pub fn portal(&self) -> io::Result<Option<Portal>> {
        let Some(url) = &self.portal_url else { return Ok(None) };
        let session = self.portal_session.clone().map(Secret);
        let session = session.as_ref().map(|session| (self.portal_session_header.as_str(), session));
        let portal = Portal::new(url, session, self.codes()?, TIME_LIMIT);
        portal.map(Some).map_err(|_| io::Error::other("MOTCUA_PORTAL_URL, its session or its header cannot be used"))
    }
}
