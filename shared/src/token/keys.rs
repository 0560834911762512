use serde::Deserialize;

use super::{jwk::Jwk, key::VerificationKey};
use crate::time::Timestamp;

/// The fewest bytes of an HMAC key (RFC 7518, 3.2).
pub const MIN_HMAC_BYTES: usize = 32;

/// The keys that tokens are verified with, each with one algorithm.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    /// A handful: looked through, each name once.
    named: Vec<(String, VerificationKey)>,
    legacy: Option<LegacyKey>,
}

/// The key of the old back end, whose tokens name none.
#[derive(Clone, Debug)]
pub(super) struct LegacyKey {
    pub(super) key: VerificationKey,
    /// From when on its tokens are refused.
    pub(super) sunset: Timestamp,
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
    /// The old back end had one key.
    #[error("marks two keys as `drawbridge_legacy`")]
    TwoLegacyKeys,
    /// None of the four.
    #[error(
        "key {kid:?}: {what} is not supported; use EdDSA (Ed25519), ES256 (P-256), RS256 or HS256"
    )]
    Unsupported {
        /// The key.
        kid: String,
        /// What it is.
        what: String,
    },
    /// The key's own bytes are wrong, or it is not meant for this.
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

impl KeySet {
    /// Reads a JSON Web Key Set; of a private key, its public part.
    ///
    /// # Errors
    /// Where it is none, is empty, or holds a key that is weak, unnamed, meant for something else,
    /// or of an algorithm that is not supported.
    pub fn from_jwks(json: &str) -> Result<Self, KeySetError> {
        let set = Self::read(json)?;
        if set.named.is_empty() && set.legacy.is_none() {
            return Err(KeySetError::Empty);
        }
        Ok(set)
    }

    /// Reads a set that was published: it may be empty, and never holds a shared secret. Whoever
    /// could answer in the publisher's place would otherwise name the secret.
    ///
    /// # Errors
    /// As of [`Self::from_jwks`], and where a key is secret.
    pub fn from_published_jwks(json: &str) -> Result<Self, KeySetError> {
        let set = Self::read(json)?;
        let secret = set.named.iter().find(|(_, key)| key.is_secret());
        let secret = secret.map(|(kid, _)| kid.clone());
        let why = "is a shared secret, which is never published".to_owned();
        match secret.or_else(|| set.legacy.is_some().then(String::new)) {
            Some(kid) => Err(KeySetError::BadKey { kid, why }),
            None => Ok(set),
        }
    }

    fn read(json: &str) -> Result<Self, KeySetError> {
        let jwks: Jwks = serde_json::from_slice(json.as_bytes())
            .map_err(|error| KeySetError::NotAKeySet(error.to_string()))?;
        let (mut set, mut legacy_kid) = (Self::default(), None);
        for jwk in jwks.keys {
            let kid = jwk.kid.clone().filter(|kid| !kid.is_empty()).ok_or(KeySetError::Unnamed)?;
            let key = jwk.verification_key(&kid)?;
            if set.get(&kid).is_some() || legacy_kid.as_ref() == Some(&kid) {
                return Err(KeySetError::Ambiguous(kid));
            }
            let Some(legacy) = jwk.drawbridge_legacy else {
                set.named.push((kid, key));
                continue;
            };
            if !key.is_secret() {
                let why = "is marked as `drawbridge_legacy`, and not HS256".to_owned();
                return Err(KeySetError::BadKey { kid, why });
            }
            if legacy_kid.replace(kid).is_some() {
                return Err(KeySetError::TwoLegacyKeys);
            }
            set.legacy = Some(LegacyKey { key, sunset: legacy.sunset });
        }
        Ok(set)
    }

    /// This set with the publisher's public keys in the place of its own: what the publisher has
    /// retired is gone. Secrets, which nobody publishes, stay.
    #[must_use]
    pub fn with_published(&self, published: &Self) -> Self {
        // The first of a name is found: no publisher takes that of a secret of ours.
        let mut named = self.named.clone();
        named.retain(|(_, key)| key.is_secret());
        named.extend_from_slice(&published.named);
        Self { named, legacy: self.legacy.clone() }
    }

    pub(super) fn get(&self, kid: &str) -> Option<&VerificationKey> {
        self.named.iter().find(|(name, _)| name == kid).map(|(_, key)| key)
    }

    pub(super) const fn legacy(&self) -> Option<&LegacyKey> {
        self.legacy.as_ref()
    }
}

impl AsRef<Self> for KeySet {
    fn as_ref(&self) -> &Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn ed(kid: &str) -> String {
        format!(r#"{{"kid":"{kid}","kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":"{X}"}}"#)
    }

    fn mac(kid: &str) -> String {
        format!(r#"{{"kid":"{kid}","kty":"oct","alg":"HS256","k":"{X}"}}"#)
    }

    fn old(kid: &str) -> String {
        mac(kid).replace('}', r#","drawbridge_legacy":{"sunset":"2027-01-01T00:00:00+08:00"}}"#)
    }

    fn set(keys: &[String]) -> String {
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    #[test]
    fn a_set_has_keys_and_each_a_name_of_its_own() {
        let refusal = |keys: &[String]| KeySet::from_jwks(&set(keys)).unwrap_err();
        assert!(KeySet::from_jwks(&set(&[ed("a"), mac("b"), old("c")])).is_ok());
        assert!(matches!(KeySet::from_jwks("[]"), Err(KeySetError::NotAKeySet(_))));
        assert_eq!(refusal(&[]), KeySetError::Empty);
        assert_eq!(refusal(&[ed("a"), ed("a")]), KeySetError::Ambiguous("a".into()));
        assert_eq!(refusal(&[old("a"), ed("a")]), KeySetError::Ambiguous("a".into()));
        assert_eq!(refusal(&[ed("")]), KeySetError::Unnamed);
        assert_eq!(refusal(&[old("a"), old("b")]), KeySetError::TwoLegacyKeys);
    }

    #[test]
    fn what_is_published_is_never_secret() {
        let published = |keys: &[String]| KeySet::from_published_jwks(&set(keys));
        assert!(published(&[]).is_ok());
        assert!(published(&[ed("a")]).is_ok());
        assert!(published(&[ed("a"), mac("b")]).is_err());
        assert!(published(&[old("b")]).is_err());
    }

    #[test]
    fn a_publisher_replaces_public_keys_and_no_secret() {
        let own = KeySet::from_jwks(&set(&[ed("gone"), mac("secret"), old("old")])).unwrap();
        let published =
            KeySet::from_published_jwks(&set(&[ed("new"), ed("secret"), ed("old")])).unwrap();
        let merged = own.with_published(&published);
        assert!(merged.get("gone").is_none());
        assert!(merged.get("new").is_some_and(|key| !key.is_secret()));
        assert!(merged.get("secret").is_some_and(VerificationKey::is_secret));
        assert!(merged.legacy().is_some());
    }
}
