//! A stand-in OpenID provider: publishes keys, signs tokens, changes keys, falls silent, and counts who asked.

use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use motcua::domain::vocabulary::Role;
use motcua::http::openid::{Provider, Rules};
use motcua::integrations::key_set::KeySource;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use super::TestApp;

pub const ISSUER: &str = "https://sso.example.vn";

pub struct SignOn {
    server: MockServer,
    answer: Arc<Mutex<ResponseTemplate>>,
}

/// A key pair with a name.
pub struct Signer {
    pub kid: String,
    pub key: EncodingKey,
}

impl Signer {
    pub fn new(kid: &str) -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self { kid: kid.to_owned(), key: EncodingKey::from_ec_der(pkcs8.as_ref()) }
    }

    fn public(&self) -> Jwk {
        let mut key = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        key.common.key_id = Some(self.kid.clone());
        key
    }

    /// A token that is good for five minutes, with claims overlaid.
    pub fn token(&self, app: &TestApp, overlay: Value) -> String {
        let now = app.ambient.unix(app.ambient.now());
        let mut claims = json!({"iss": ISSUER, "aud": "motcua", "sub": "7f3a", "name": "Nguyễn Thị Thử", "iat": now, "exp": now + 300});
        for (name, value) in overlay.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        encode(&header, &claims, &self.key).unwrap()
    }
}

impl SignOn {
    /// One that publishes these keys.
    pub async fn start(keys: &[&Signer]) -> Self {
        let answer = Arc::new(Mutex::new(published(keys)));
        let given = answer.clone();
        let server = MockServer::start().await;
        let respond = move |_: &wiremock::Request| given.lock().unwrap().clone();
        Mock::given(matchers::path("/keys")).respond_with(respond).mount(&server).await;
        Self { server, answer }
    }

    /// Publishes other keys from now on.
    pub fn publish(&self, keys: &[&Signer]) {
        *self.answer.lock().unwrap() = published(keys);
    }

    /// Answers so from now on.
    pub fn answer(&self, answer: ResponseTemplate) {
        *self.answer.lock().unwrap() = answer;
    }

    /// How often its keys were asked for.
    pub async fn asked(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }

    /// What the application is told of it.
    pub fn provider(&self) -> Provider {
        let rules = Rules {
            issuer: ISSUER.to_owned(),
            audience: "motcua".to_owned(),
            role_claim: Some("realm_access.roles".to_owned()),
            roles: vec![("quan-tri".to_owned(), Role::Admin), ("mot-cua".to_owned(), Role::FrontDesk)],
            agency_claim: Some("agency".to_owned()),
            identity_claim: "identity_no".to_owned(),
        };
        let keys = KeySource::new(&format!("{}/keys", self.server.uri())).unwrap();
        Provider { rules, keys: Arc::new(keys) }
    }
}

fn published(keys: &[&Signer]) -> ResponseTemplate {
    let keys: Vec<Jwk> = keys.iter().map(|signer| signer.public()).collect();
    ResponseTemplate::new(200)
        .insert_header("cache-control", "public, max-age=3600")
        .set_body_json(json!({"keys": keys}))
}

/// Tells a story of an application that takes the tokens of a provider, on both databases. The provider publishes `key`.
#[macro_export]
macro_rules! trusting_story {
    ($name:ident, |$app:ident, $sso:ident, $key:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            use $crate::support::sign_on::{SignOn, Signer};
            use $crate::support::{Kind, TestApp};

            async fn tell(kind: Kind) {
                let $key = &Signer::new("k1");
                let $sso = &SignOn::start(&[$key]).await;
                let Some(app) = TestApp::start_trusting(kind, $sso.provider()).await else { return };
                let $app = &app;
                $body
                app.verify();
            }

            #[actix_web::test]
            async fn on_sqlite() {
                tell(Kind::Sqlite).await;
            }

            #[actix_web::test]
            async fn on_postgres() {
                tell(Kind::Postgres).await;
            }
        }
    };
}
