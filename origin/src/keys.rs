//! The keys that access tokens are signed with: a JSON Web Key Set with private members.

use anyhow::{Context as _, bail};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::token::{Claims, KeySet, TOKEN_TYPE};

use crate::clock::Ambient;

/// ASN.1 in front of an Ed25519 seed that makes it a PKCS #8 private key (RFC 8410, 7).
const PKCS8_ED25519: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Signs access tokens with the first private key of a set; verifies with all of them.
pub struct SigningKeys {
    header: Header,
    key: EncodingKey,
    verification: KeySet,
    public: Value,
}

#[derive(Deserialize)]
struct PrivateSet {
    keys: Vec<PrivateKey>,
}

#[derive(Deserialize)]
struct PrivateKey {
    kid: Option<String>,
    kty: String,
    d: Option<String>,
    x: Option<String>,
    k: Option<String>,
}

impl SigningKeys {
    /// Reads a set from its JSON.
    ///
    /// # Errors
    /// Where it is none, holds a weak or unsupported key, or none that can sign.
    pub fn from_jwks(json: &str) -> anyhow::Result<Self> {
        let verification = KeySet::from_jwks(json)?;
        let set: PrivateSet = serde_json::from_str(json).context("is not a JSON Web Key Set")?;
        let mut signing = None;
        for key in &set.keys {
            let kid = key.kid.clone().unwrap_or_default();
            if let Some(found) = key.signing_key().with_context(|| format!("key {kid:?}"))? {
                signing.get_or_insert((kid, found));
            }
        }
        let (kid, (algorithm, key)) = signing.context("holds no private key to sign with")?;
        let header =
            Header { typ: Some(TOKEN_TYPE.to_owned()), kid: Some(kid), ..Header::new(algorithm) };
        // Shared secrets verify too, and are nobody's to read.
        let public: Vec<Value> = set.keys.iter().filter_map(PrivateKey::public_part).collect();
        Ok(Self { header, key, verification, public: json!({ "keys": public }) })
    }

    /// The access token that says `claims`.
    ///
    /// # Errors
    /// Where the key does not sign.
    pub fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        jsonwebtoken::encode(&self.header, claims, &self.key).context("cannot sign an access token")
    }

    /// The keys to verify with.
    #[must_use]
    pub fn verification(&self) -> &KeySet {
        &self.verification
    }

    /// The set without anything private (RFC 7517).
    #[must_use]
    pub fn public(&self) -> &Value {
        &self.public
    }
}

impl PrivateKey {
    fn signing_key(&self) -> anyhow::Result<Option<(Algorithm, EncodingKey)>> {
        match (self.kty.as_str(), &self.d, &self.k) {
            ("OKP", Some(seed), _) => {
                let seed = BASE64_URL_SAFE_NO_PAD.decode(seed).context("`d` is not base64url")?;
                let key = ed25519_key(&seed).context("`d` is not 32 bytes")?;
                // A public part that is not the private one's would sign what nobody can verify.
                if self.x.as_deref() != Some(public_x(&key)?.as_str()) {
                    bail!("`x` is not the public part of `d`");
                }
                Ok(Some((Algorithm::EdDSA, key)))
            }
            ("oct", _, Some(secret)) => {
                let secret =
                    BASE64_URL_SAFE_NO_PAD.decode(secret).context("`k` is not base64url")?;
                Ok(Some((Algorithm::HS256, EncodingKey::from_secret(&secret))))
            }
            _ => Ok(None),
        }
    }

    fn public_part(&self) -> Option<Value> {
        let (kid, x) = (self.kid.as_ref()?, self.x.as_ref()?);
        (self.kty == "OKP").then(
            || json!({ "kid": kid, "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x }),
        )
    }
}

fn ed25519_key(seed: &[u8]) -> Option<EncodingKey> {
    (seed.len() == 32).then(|| EncodingKey::from_ed_der(&[&PKCS8_ED25519, seed].concat()))
}

fn public_x(key: &EncodingKey) -> anyhow::Result<String> {
    let jwk = Jwk::from_encoding_key(key, Algorithm::EdDSA).context("is not an Ed25519 key")?;
    match jwk.algorithm {
        jsonwebtoken::jwk::AlgorithmParameters::OctetKeyPair(pair) => Ok(pair.x),
        _ => bail!("is not an Ed25519 key"),
    }
}

/// A new private set with one Ed25519 key, as JSON.
///
/// # Errors
/// Where the key cannot be made.
pub fn generate(ambient: &Ambient) -> anyhow::Result<String> {
    let seed = ambient.bytes::<32>();
    let key = ed25519_key(&seed).context("a seed has 32 bytes")?;
    let set = json!({ "keys": [{
        "kid": ambient.unique_name(),
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "x": public_x(&key)?,
        "d": BASE64_URL_SAFE_NO_PAD.encode(seed),
    }]});
    serde_json::to_string_pretty(&set).context("cannot write a key set")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_set_signs_and_shows_nothing_private() {
        let json = generate(&Ambient::system()).unwrap();
        let keys = SigningKeys::from_jwks(&json).unwrap();
        let public = keys.public().to_string();
        assert!(!public.contains("\"d\""), "{public}");
        assert!(KeySet::from_jwks(&public).is_ok());
    }

    #[test]
    fn shared_secrets_are_not_published() {
        let secret = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let set = format!(r#"{{"keys":[{{"kid":"h","kty":"oct","alg":"HS256","k":"{secret}"}}]}}"#);
        let keys = SigningKeys::from_jwks(&set).unwrap();
        assert_eq!(keys.public(), &json!({ "keys": [] }));
    }

    #[test]
    fn sets_that_cannot_sign_or_contradict_themselves_are_refused() {
        let mut set: Value = serde_json::from_str(&generate(&Ambient::system()).unwrap()).unwrap();
        let refused =
            |set: &Value| SigningKeys::from_jwks(&set.to_string()).err().unwrap().to_string();
        let mut public_only = set.clone();
        public_only["keys"][0].as_object_mut().unwrap().remove("d");
        assert!(refused(&public_only).contains("no private key"));
        set["keys"][0]["x"] = json!(BASE64_URL_SAFE_NO_PAD.encode([9; 32]));
        assert!(refused(&set).contains("key "));
    }
}
