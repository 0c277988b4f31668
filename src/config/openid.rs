//! Settings of the OpenID provider whose tokens are taken.

use std::io;
use std::sync::Arc;

use clap::Args;

use crate::domain::vocabulary::Role;
use crate::http::openid::{Provider, Rules};
use crate::http::tokens::ISSUER;
use crate::integrations::key_set::KeySource;

/// The OpenID provider whose tokens are taken besides the service's own; none by default.
#[derive(Clone, Args)]
pub struct OpenidSettings {
    /// Where the OpenID provider publishes its keys (`jwks_uri`); https, but on this machine.
    #[arg(long, env = "MOTCUA_OIDC_JWKS", requires = "oidc_issuer", requires = "oidc_audience")]
    pub oidc_jwks: Option<String>,
    /// Issuer of its tokens, letter by letter as they name it (`iss`).
    #[arg(long, env = "MOTCUA_OIDC_ISSUER", requires = "oidc_jwks")]
    pub oidc_issuer: Option<String>,
    /// What its tokens name this service in `aud`.
    #[arg(long, env = "MOTCUA_OIDC_AUDIENCE", requires = "oidc_jwks")]
    pub oidc_audience: Option<String>,
    /// Claim with the roles of a person, as a path with dots, e.g. realm_access.roles
    #[arg(long, env = "MOTCUA_OIDC_ROLE_CLAIM", requires = "oidc_jwks", requires = "oidc_roles")]
    pub oidc_role_claim: Option<String>,
    /// What the roles of the provider are here, e.g. mot-cua=front_desk,lanh-dao=leader; of several that a person has, the
    /// first here counts.
    #[arg(long, env = "MOTCUA_OIDC_ROLES", value_delimiter = ',', value_parser = mapping, requires = "oidc_role_claim")]
    pub oidc_roles: Vec<(String, Role)>,
    /// Claim with the code of the agency at which a role is held; without it only administrators of everything come with tokens.
    #[arg(long, env = "MOTCUA_OIDC_AGENCY_CLAIM", requires = "oidc_role_claim")]
    pub oidc_agency_claim: Option<String>,
    /// Claim with a citizen's personal identification number, which the provider must have verified.
    #[arg(long, env = "MOTCUA_OIDC_IDENTITY_CLAIM", default_value = "identity_no")]
    pub oidc_identity_claim: String,
}

impl OpenidSettings {
    /// The provider, when one is set.
    ///
    /// # Errors
    /// When the settings contradict each other or would let nobody in.
    pub fn provider(&self) -> io::Result<Option<Provider>> {
        let (Some(jwks), Some(issuer), Some(audience)) = (&self.oidc_jwks, &self.oidc_issuer, &self.oidc_audience)
        else {
            return Ok(None);
        };
        let fault = |text: &str| Err(io::Error::other(text.to_owned()));
        if issuer == ISSUER || issuer.trim().is_empty() {
            return fault("MOTCUA_OIDC_ISSUER must be the issuer of the provider, and not that of this service");
        }
        if audience.trim().is_empty() {
            return fault("MOTCUA_OIDC_AUDIENCE is empty");
        }
        if self.oidc_agency_claim.is_none() && self.oidc_roles.iter().any(|(_, role)| *role != Role::Admin) {
            return fault("MOTCUA_OIDC_ROLES: roles other than admin need MOTCUA_OIDC_AGENCY_CLAIM");
        }
        let keys = KeySource::new(jwks).map_err(|cause| io::Error::other(format!("MOTCUA_OIDC_JWKS: {cause}")))?;
        let rules = Rules {
            issuer: issuer.clone(),
            audience: audience.clone(),
            role_claim: self.oidc_role_claim.clone(),
            roles: self.oidc_roles.clone(),
            agency_claim: self.oidc_agency_claim.clone(),
            identity_claim: self.oidc_identity_claim.clone(),
        };
        Ok(Some(Provider { rules, keys: Arc::new(keys) }))
    }
}

/// `their word=our role`.
fn mapping(given: &str) -> Result<(String, Role), String> {
    let fault = || format!("{given}: not like mot-cua=front_desk (front_desk, officer, leader, auditor, admin)");
    let (word, role) = given.rsplit_once('=').ok_or_else(fault)?;
    let role = role.trim().parse().map_err(|_| fault())?;
    Some(word.trim()).filter(|word| !word.is_empty()).map(|word| (word.to_owned(), role)).ok_or_else(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> OpenidSettings {
        OpenidSettings {
            oidc_jwks: Some("https://sso.example.vn/keys".to_owned()),
            oidc_issuer: Some("https://sso.example.vn".to_owned()),
            oidc_audience: Some("motcua".to_owned()),
            oidc_role_claim: Some("roles".to_owned()),
            oidc_roles: vec![("lanh-dao".to_owned(), Role::Leader)],
            oidc_agency_claim: Some("agency".to_owned()),
            oidc_identity_claim: "identity_no".to_owned(),
        }
    }

    #[test]
    fn what_would_let_the_wrong_ones_in_does_not_start() {
        assert!(settings().provider().unwrap().is_some());
        assert!(OpenidSettings { oidc_jwks: None, ..settings() }.provider().unwrap().is_none());
        for broken in [
            OpenidSettings { oidc_issuer: Some("motcua".to_owned()), ..settings() },
            OpenidSettings { oidc_issuer: Some(String::new()), ..settings() },
            OpenidSettings { oidc_audience: Some(" ".to_owned()), ..settings() },
            OpenidSettings { oidc_agency_claim: None, ..settings() },
            OpenidSettings { oidc_jwks: Some("http://sso.example.vn/keys".to_owned()), ..settings() },
        ] {
            assert!(broken.provider().is_err());
        }
    }

    #[test]
    fn roles_are_mapped_word_by_word() {
        assert_eq!(mapping("mot-cua=front_desk"), Ok(("mot-cua".to_owned(), Role::FrontDesk)));
        assert_eq!(mapping("cn=truong=leader"), Ok(("cn=truong".to_owned(), Role::Leader)));
        for bad in ["", "=leader", "lanh-dao", "lanh-dao=", "lanh-dao=boss"] {
            assert!(mapping(bad).is_err(), "{bad}");
        }
    }
}
