//! Another library's word on the keys that we publish and the tokens that we sign.

use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use origin::{
    clock::Ambient,
    keys::{Algorithm, KeyRing, KeySource, first},
};
use serde_json::Value;
use shared::{
    token::Claims,
    user::{ClientType, Role, UserType},
};

#[test]
fn a_foreign_library_verifies_by_the_published_set_what_we_sign() {
    let ambient = Ambient::system();
    let now = ambient.now().as_seconds();
    let claims = Claims {
        sub: "31".into(),
        user_id: 31,
        user_type: UserType::User,
        client_type: ClientType::Web,
        session_token: "s-1".into(),
        device: None,
        role: Role::User,
        scopes: Vec::new(),
        jti: "j".into(),
        iat: now,
        exp: now + 60,
        nbf: None,
        iss: "drawbridge".into(),
        aud: "drawbridge-api".into(),
    };
    for algorithm in [Algorithm::Ed25519, Algorithm::Es256, Algorithm::Rs256] {
        let (keys, kid) = first(algorithm, &ambient).unwrap();
        let source = KeySource::fixed(&keys.private_json().unwrap()).unwrap();
        let ring = KeyRing::new(source, ambient.clone());
        let token = ring.sign(&claims).unwrap();
        let published: JwkSet = serde_json::from_str(&ring.current().public()).unwrap();
        let header = decode_header(&token).unwrap();
        assert_eq!((header.kid.as_deref(), header.typ.as_deref()), (Some(&*kid), Some("at+jwt")));
        let key = DecodingKey::from_jwk(published.find(&kid).unwrap()).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&["drawbridge"]);
        validation.set_audience(&["drawbridge-api"]);
        let said = decode::<Value>(&token, &key, &validation).unwrap();
        assert_eq!(said.claims["session_token"], "s-1", "{algorithm:?}");
    }
}
