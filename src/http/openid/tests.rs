//! Tokens with real keys of each kind, and every way in which one may be wrong.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::*;

const NOW: i64 = 1_772_416_800;

struct Signer {
    key: EncodingKey,
    algorithm: Algorithm,
    public: Jwk,
}

impl Signer {
    fn new(key: EncodingKey, algorithm: Algorithm) -> Self {
        let mut public = Jwk::from_encoding_key(&key, algorithm).unwrap();
        public.common.key_id = Some("k".to_owned());
        Self { key, algorithm, public }
    }

    fn rsa(size: KeySize) -> Self {
        let pair = aws_lc_rs::rsa::KeyPair::generate(size).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pem =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
        Self::new(EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(), Algorithm::RS256)
    }

    fn ec() -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self::new(EncodingKey::from_ec_der(pkcs8.as_ref()), Algorithm::ES256)
    }

    fn ed() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        Self::new(EncodingKey::from_ed_der(pkcs8.as_ref()), Algorithm::EdDSA)
    }

    fn header(&self) -> Header {
        Header { kid: Some("k".to_owned()), ..Header::new(self.algorithm) }
    }

    fn token(&self, claims: &Value) -> String {
        encode(&self.header(), claims, &self.key).unwrap()
    }
}

fn rules() -> Rules {
    Rules {
        issuer: "https://sso.example.vn".to_owned(),
        audience: "motcua".to_owned(),
        role_claim: Some("realm_access.roles".to_owned()),
        roles: vec![("quan-tri".to_owned(), Role::Admin), ("mot-cua".to_owned(), Role::FrontDesk)],
        agency_claim: Some("https://sso.example.vn/don-vi".to_owned()),
        identity_claim: "identity_no".to_owned(),
    }
}

/// Good claims with members overlaid; `null` takes one away.
fn claims(overlay: Value) -> Value {
    let mut claims = json!({"iss": "https://sso.example.vn", "aud": "motcua", "sub": "7f3a", "name": "Nguyễn Thị Thử",
        "iat": NOW, "exp": NOW + 300, "identity_no": "067012345678"});
    for (name, value) in overlay.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// Whom a token stands for when this is the provider's key.
fn holder(token: &str, key: &Jwk) -> Option<Holder> {
    rules().holder(token, &head(token)?, key, NOW)
}

fn standing(overlay: Value) -> Standing {
    rules().standing(claims(overlay).as_object().unwrap())
}

fn holds(overlay: Value) -> bool {
    rules().holds(claims(overlay).as_object().unwrap(), NOW)
}

#[test]
fn each_kind_of_key_that_is_taken_signs() {
    for signer in [Signer::rsa(KeySize::Rsa2048), Signer::ec(), Signer::ed()] {
        let token = signer.token(&claims(json!({})));
        let found = holder(&token, &signer.public).unwrap();
        assert_eq!(found.standing, Standing::Citizen("067012345678".parse().unwrap()), "{:?}", signer.algorithm);
        // Without `alg` and with `use`, as Keycloak and others publish them.
        let mut public = signer.public.clone();
        public.common.key_algorithm = None;
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        assert!(holder(&token, &public).is_some());
        // Another key of the kind, and a claim changed after signing.
        let (start, end) = (token.find('.').unwrap(), token.rfind('.').unwrap());
        let forged = URL_SAFE_NO_PAD.encode(claims(json!({"identity_no": "067000000000"})).to_string());
        assert_eq!(holder(&format!("{}.{forged}{}", &token[..start], &token[end..]), &signer.public), None);
    }
    let (one, other) = (Signer::ec(), Signer::ec());
    assert_eq!(holder(&one.token(&claims(json!({}))), &other.public), None);
}

#[test]
fn a_public_key_is_no_secret() {
    let signer = Signer::rsa(KeySize::Rsa2048);
    let AlgorithmParameters::RSA(rsa) = &signer.public.algorithm else { panic!() };
    let secrets = [
        serde_json::to_vec(&signer.public).unwrap(),
        rsa.n.clone().into_bytes(),
        URL_SAFE_NO_PAD.decode(&rsa.n).unwrap(),
    ];
    for secret in secrets {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let header = Header { kid: Some("k".to_owned()), ..Header::new(algorithm) };
            let token = encode(&header, &claims(json!({})), &EncodingKey::from_secret(&secret)).unwrap();
            assert_eq!(holder(&token, &signer.public), None);
            // Even where the provider publishes a secret.
            let published = json!({"kty": "oct", "kid": "k", "k": URL_SAFE_NO_PAD.encode(&secret)});
            assert_eq!(holder(&token, &serde_json::from_value(published).unwrap()), None);
        }
    }
}

#[test]
fn a_header_that_is_odd_in_any_way_is_refused() {
    let signer = Signer::ec();
    let token = signer.token(&claims(json!({})));
    let parts: Vec<&str> = token.split('.').collect();
    for header in [
        r#"{"alg":"none","kid":"k"}"#,
        r#"{"alg":"None","kid":"k"}"#,
        r#"{"alg":"HS256","kid":"k"}"#,
        r#"{"alg":"RS256","kid":"k"}"#,
        r#"{"alg":"EdDSA","kid":"k"}"#,
        r#"{"alg":"ES384","kid":"k"}"#,
        r#"{"alg":"PS256","kid":"k"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"alg":"ES256","kid":7}"#,
        r#"{"kid":"k"}"#,
        r#"{"alg":"ES256","alg":"none","kid":"k"}"#,
        r#"{"alg":"ES256","kid":"a","kid":"k"}"#,
        "[]",
        "",
    ] {
        let header = URL_SAFE_NO_PAD.encode(header);
        for token in [format!("{header}.{}.{}", parts[1], parts[2]), format!("{header}.{}.", parts[1])] {
            assert_eq!(holder(&token, &signer.public), None, "{token}");
        }
    }
    // Signed as they are: what nobody here understands, and tokens for another purpose.
    let odd = |change: fn(&mut Header)| {
        let mut header = signer.header();
        change(&mut header);
        holder(&encode(&header, &claims(json!({})), &signer.key).unwrap(), &signer.public)
    };
    assert_eq!(odd(|header| header.crit = Some(vec!["exp".to_owned()])), None);
    assert_eq!(odd(|header| header.crit = Some(Vec::new())), None);
    assert_eq!(odd(|header| header.typ = Some("logout+jwt".to_owned())), None);
    assert!(odd(|header| header.typ = Some("at+JWT".to_owned())).is_some());
    assert!(odd(|header| header.typ = None).is_some());
}

#[test]
fn a_key_is_used_for_what_it_is_there_for() {
    let signer = Signer::ec();
    let token = signer.token(&claims(json!({})));
    let with = |change: fn(&mut Jwk)| {
        let mut public = signer.public.clone();
        change(&mut public);
        holder(&token, &public)
    };
    assert_eq!(with(|key| key.common.public_key_use = Some(PublicKeyUse::Encryption)), None);
    assert_eq!(with(|key| key.common.key_operations = Some(vec![KeyOperations::Encrypt])), None);
    assert_eq!(with(|key| key.common.key_algorithm = Some(KeyAlgorithm::ES384)), None);
    assert!(with(|key| key.common.key_operations = Some(vec![KeyOperations::Verify])).is_some());
    // Another curve, and a modulus that is too short to trust (RFC 7518, section 3.3).
    let p384 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let mut public = Jwk::from_encoding_key(&EncodingKey::from_ec_der(p384.as_ref()), Algorithm::ES384).unwrap();
    public.common.key_algorithm = None;
    assert!(!fits(&public, Algorithm::ES256));
    let mut rsa = Signer::rsa(KeySize::Rsa2048).public;
    assert!(fits(&rsa, Algorithm::RS256));
    if let AlgorithmParameters::RSA(parameters) = &mut rsa.algorithm {
        parameters.n = URL_SAFE_NO_PAD.encode([0xff; 128]);
    }
    assert!(!fits(&rsa, Algorithm::RS256));
}

#[test]
fn it_is_for_us_and_from_them() {
    assert!(holds(json!({})));
    assert!(holds(json!({"aud": ["account", "motcua"]})));
    for overlay in [
        json!({"aud": "account"}),
        json!({"aud": ["account"]}),
        json!({"aud": []}),
        json!({"aud": ["motcua-2", ["motcua"]]}),
        json!({"aud": {"motcua": true}}),
        json!({"aud": null}),
        json!({"iss": "https://sso.example.vn/"}),
        json!({"iss": ["https://sso.example.vn"]}),
        json!({"iss": "motcua"}),
        json!({"iss": null}),
    ] {
        assert!(!holds(overlay.clone()), "{overlay}");
    }
}

#[test]
fn clocks_may_differ_by_a_minute() {
    for overlay in [
        json!({"exp": NOW - 59}),
        json!({"exp": NOW as f64 + 0.5}),
        json!({"nbf": NOW + 60}),
        json!({"iat": NOW + 60}),
        json!({"iat": null}),
    ] {
        assert!(holds(overlay.clone()), "{overlay}");
    }
    for overlay in [
        json!({"exp": NOW - 60}),
        json!({"exp": null}),
        json!({"exp": (NOW + 300).to_string()}),
        json!({"exp": true}),
        json!({"nbf": NOW + 61}),
        json!({"nbf": "now"}),
        json!({"iat": NOW + 61}),
        json!({"iat": [NOW]}),
    ] {
        assert!(!holds(overlay.clone()), "{overlay}");
    }
}

#[test]
fn claims_say_role_and_agency() {
    let agency = "https://sso.example.vn/don-vi";
    let staff = |role, agency: &str| Standing::Staff { role, agency: Some(agency.parse().unwrap()) };
    let desk = json!({"realm_access": {"roles": ["offline_access", "mot-cua"]}, agency: "H16.18"});
    assert_eq!(standing(desk), staff(Role::FrontDesk, "H16.18"));
    assert_eq!(
        standing(json!({"realm_access": {"roles": "mot-cua"}, agency: "H16.18"})),
        staff(Role::FrontDesk, "H16.18")
    );
    // The first of the mapping counts, not the first of the token.
    let both = json!({"realm_access": {"roles": ["mot-cua", "quan-tri"]}, agency: "H16"});
    assert_eq!(standing(both), staff(Role::Admin, "H16"));
    // A role without a readable agency is nobody, and neither a citizen nor an administrator of everything.
    for agency_of in [Value::Null, json!(""), json!(16), json!(["H16.18"])] {
        for role in ["mot-cua", "quan-tri"] {
            let overlay = json!({"realm_access": {"roles": [role]}, agency: agency_of});
            assert_eq!(standing(overlay.clone()), Standing::Nobody, "{overlay}");
        }
    }
    // Words that mean nothing here, among them our own.
    for roles in
        [json!(["admin"]), json!("admin"), json!("mot-cua quan-tri"), json!({"mot-cua": true}), json!([["mot-cua"]])]
    {
        let overlay = json!({"realm_access": {"roles": roles}, "roles": ["mot-cua"], agency: "H16.18"});
        assert!(matches!(standing(overlay.clone()), Standing::Citizen(_)), "{overlay}");
    }
    let everywhere = Rules { agency_claim: None, ..rules() };
    let of = |word: &str| everywhere.standing(claims(json!({"realm_access": {"roles": [word]}})).as_object().unwrap());
    assert_eq!(of("quan-tri"), Standing::Staff { role: Role::Admin, agency: None });
    assert_eq!(of("mot-cua"), Standing::Nobody);
}

#[test]
fn a_citizen_is_known_by_twelve_digits() {
    assert_eq!(standing(json!({})), Standing::Citizen("067012345678".parse().unwrap()));
    for number in
        [json!("240123456"), json!(67012345678_i64), json!("067012345678 "), json!(["067012345678"]), Value::Null]
    {
        assert_eq!(standing(json!({"identity_no": number})), Standing::Nobody);
    }
}

#[test]
fn the_same_person_has_one_id_and_a_name_that_can_be_shown() {
    let read = |overlay| rules().read(claims(overlay).as_object().unwrap());
    let holder = read(json!({})).unwrap();
    // printf 'https://sso.example.vn\n7f3a' | sha256sum
    assert_eq!(holder.id, "openid:20fe1f719807aa24c324f1684425b830");
    assert_eq!(holder.shown(), format!("Nguyễn Thị Thử ({})", &holder.id[..15]));
    assert_eq!(read(json!({"name": "Khác"})).unwrap().id, holder.id);
    assert_ne!(read(json!({"sub": "7f3b"})).unwrap().id, holder.id);
    assert_eq!(read(json!({"name": "  \u{0}\n", "preferred_username": "a\u{7}n"})).unwrap().name, "an");
    assert_eq!(read(json!({"name": 7})).unwrap().shown(), format!("({})", &holder.id[..15]));
    for subject in [Value::Null, json!(""), json!(7), json!("x".repeat(256))] {
        assert!(read(json!({"sub": subject})).is_none());
    }
}
