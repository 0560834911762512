use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

/// The fewest bytes of an HMAC key (RFC 7518, 3.2).
pub const MIN_HMAC_BYTES: usize = 32;

/// The keys that tokens are verified with, each with one algorithm.
#[derive(Clone, Debug, Default)]
pub struct KeySet(BTreeMap<String, VerificationKey>);

/// A key, which is good for one algorithm alone.
#[derive(Clone)]
pub(super) enum VerificationKey {
    EdDsa(VerifyingKey),
    Hs256(Hmac<Sha256>),
}

impl VerificationKey {
    /// `alg` of the tokens that it verifies.
    pub(super) const fn algorithm(&self) -> &'static str {
        match self {
            Self::EdDsa(_) => "EdDSA",
            Self::Hs256(_) => "HS256",
        }
    }

    /// Whether `signature` is this key's of `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::EdDsa(key) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Self::Hs256(key) => {
                let mut mac = key.clone();
                mac.update(message);
                mac.verify_slice(signature).is_ok()
            }
        }
    }
}

impl std::fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerificationKey({})", self.algorithm())
    }
}

/// Why a key set is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Not a JSON Web Key Set.
    #[error("is not a JSON Web Key Set (RFC 7517): {0}")]
    NotAKeySet(String),
    /// No token could ever be verified.
    #[error("holds no key")]
    Empty,
    /// Two keys share a name, so that one would shadow the other.
    #[error("names two keys {0:?}")]
    Ambiguous(String),
    /// A key without a name cannot be asked for.
    #[error("holds a key without `kid`")]
    Unnamed,
    /// Neither EdDSA nor HS256.
    #[error("key {kid:?}: {what} is not supported; use EdDSA (Ed25519) or HS256")]
    Unsupported {
        /// The key.
        kid: String,
        /// What it is.
        what: String,
    },
    /// The key's own bytes are wrong.
    #[error("key {kid:?}: {why}")]
    BadKey {
        /// The key.
        kid: String,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

/// The members of a JWK that verification needs; a private member is never read here.
#[derive(Deserialize)]
struct Jwk {
    kid: Option<String>,
    kty: String,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    k: Option<String>,
}

impl KeySet {
    /// Reads a JSON Web Key Set; of a private key, its public part.
    ///
    /// # Errors
    /// Where it is none, is empty, or holds a key that is weak, unnamed or of an algorithm that is
    /// not supported.
    pub fn from_jwks(json: &str) -> Result<Self, KeySetError> {
        let jwks: Jwks = serde_json::from_str(json)
            .map_err(|error| KeySetError::NotAKeySet(error.to_string()))?;
        let mut keys = BTreeMap::new();
        for jwk in jwks.keys {
            let kid = jwk.kid.clone().filter(|kid| !kid.is_empty()).ok_or(KeySetError::Unnamed)?;
            let key = jwk.verification_key(&kid)?;
            if keys.insert(kid.clone(), key).is_some() {
                return Err(KeySetError::Ambiguous(kid));
            }
        }
        if keys.is_empty() { Err(KeySetError::Empty) } else { Ok(Self(keys)) }
    }

    pub(super) fn get(&self, kid: &str) -> Option<&VerificationKey> {
        self.0.get(kid)
    }
}

impl Jwk {
    fn verification_key(&self, kid: &str) -> Result<VerificationKey, KeySetError> {
        let bad = |why: &str| KeySetError::BadKey { kid: kid.to_owned(), why: why.to_owned() };
        let unsupported = |what: String| KeySetError::Unsupported { kid: kid.to_owned(), what };
        let decode = |member: &Option<String>, name: &str| {
            let text = member.as_deref().ok_or_else(|| bad(&format!("`{name}` is missing")))?;
            BASE64_URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|_| bad(&format!("`{name}` is not base64url without padding")))
        };
        match (self.kty.as_str(), self.alg.as_deref(), self.crv.as_deref()) {
            ("OKP", Some("EdDSA") | None, Some("Ed25519")) => {
                let x = <[u8; 32]>::try_from(decode(&self.x, "x")?)
                    .map_err(|_| bad("`x` is not 32 bytes"))?;
                match VerifyingKey::from_bytes(&x) {
                    // Signatures can be made for a key of small order without knowing it.
                    Ok(key) if !key.is_weak() => Ok(VerificationKey::EdDsa(key)),
                    _ => Err(bad("`x` is not a public key of Ed25519")),
                }
            }
            ("oct", Some("HS256"), None) => {
                let k = decode(&self.k, "k")?;
                if k.len() < MIN_HMAC_BYTES {
                    return Err(bad("`k` is under 32 bytes"));
                }
                Hmac::new_from_slice(&k)
                    .map(VerificationKey::Hs256)
                    .map_err(|_| bad("`k` is no key of HMAC"))
            }
            (kty, alg, crv) => Err(unsupported(format!("kty {kty}, alg {alg:?}, crv {crv:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> KeySetError {
        KeySet::from_jwks(json).unwrap_err()
    }

    #[test]
    fn weak_nameless_and_foreign_keys_are_refused_at_load() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let ed = |kid: &str| {
            format!(r#"{{"kid":"{kid}","kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":"{x}"}}"#)
        };
        assert!(KeySet::from_jwks(&format!(r#"{{"keys":[{}]}}"#, ed("a"))).is_ok());
        assert!(matches!(refusal("[]"), KeySetError::NotAKeySet(_)));
        assert_eq!(refusal(r#"{"keys":[]}"#), KeySetError::Empty);
        assert_eq!(
            refusal(&format!(r#"{{"keys":[{},{}]}}"#, ed("a"), ed("a"))),
            KeySetError::Ambiguous("a".into())
        );
        assert_eq!(refusal(&format!(r#"{{"keys":[{}]}}"#, ed(""))), KeySetError::Unnamed);
        let bad = |json: &str| matches!(refusal(json), KeySetError::BadKey { .. });
        assert!(
            bad(&format!(r#"{{"keys":[{}]}}"#, ed("a").replace(x, &"A".repeat(43)))),
            "small order"
        );
        assert!(bad(r#"{"keys":[{"kid":"h","kty":"oct","alg":"HS256","k":"c2hvcnQ"}]}"#));
        assert!(bad(
            r#"{"keys":[{"kid":"e","kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":"AAAA"}]}"#
        ));
        let unsupported = |json: &str| matches!(refusal(json), KeySetError::Unsupported { .. });
        assert!(unsupported(
            r#"{"keys":[{"kid":"r","kty":"RSA","alg":"RS256","n":"AQAB","e":"AQAB"}]}"#
        ));
        assert!(unsupported(&format!(r#"{{"keys":[{{"kid":"o","kty":"oct","k":"{x}"}}]}}"#)));
        assert!(unsupported(&format!(
            r#"{{"keys":[{{"kid":"o","kty":"oct","alg":"none","k":"{x}"}}]}}"#
        )));
    }
}
