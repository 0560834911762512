use anyhow::{Context as _, bail};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use serde_json::{Map, Value, json};
use shared::time::Timestamp;

use super::signer::{AmbientRng, Signer};
use crate::clock::Ambient;

/// Private member: from when on the key signs.
const SIGNS_FROM: &str = "drawbridge_signs_from";
/// Private member: marks the key of the old back end.
const LEGACY: &str = "drawbridge_legacy";
/// What of a key anyone may know.
const PUBLIC_MEMBERS: &[&str] = &["kid", "kty", "crv", "alg", "use", "x", "y", "n", "e"];
/// Bits of a new RSA key.
const RSA_BITS: usize = 2048;

/// What a key signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Algorithm {
    /// `EdDSA`: small, fast, the default.
    Ed25519,
    /// `ES256`: for verifiers without Ed25519.
    Es256,
    /// `RS256`: for verifiers without either; slow to sign with.
    Rs256,
    /// `HS256`: a shared secret, which is never published.
    Hs256,
}

/// A key of the set, as its JSON has it, and what can be signed with it.
pub(super) struct Entry {
    jwk: Map<String, Value>,
    pub(super) kid: String,
    /// From when on it signs; without the member, ever since.
    pub(super) signs_from: Option<Timestamp>,
    /// The end of the old back end's tokens, where it is their key.
    pub(super) sunset: Option<Timestamp>,
    /// `None` where the private part is elsewhere, or the key is the old back end's.
    pub(super) signer: Option<Signer>,
}

impl Entry {
    /// Reads a key that [`shared::token::KeySet`] has taken already.
    pub(super) fn read(jwk: Map<String, Value>) -> anyhow::Result<Self> {
        let kid = jwk.get("kid").and_then(Value::as_str).unwrap_or_default().to_owned();
        let time = |value: Option<&Value>, name: &str| {
            value
                .map(|value| serde_json::from_value(value.clone()))
                .transpose()
                .with_context(|| format!("key {kid:?}: `{name}` is not a time"))
        };
        let signs_from = time(jwk.get(SIGNS_FROM), SIGNS_FROM)?;
        let sunset = time(jwk.get(LEGACY).and_then(|legacy| legacy.get("sunset")), LEGACY)?;
        let signer = if sunset.is_some() {
            None
        } else {
            Signer::read(&jwk).with_context(|| format!("key {kid:?}"))?
        };
        Ok(Self { jwk, kid, signs_from, sunset, signer })
    }

    /// A new key that signs from the second of `signs_from` on: `iat` has no finer times.
    pub(super) fn generate(
        algorithm: Algorithm,
        signs_from: Timestamp,
        ambient: &Ambient,
    ) -> anyhow::Result<Self> {
        // A letter before it: no command takes it for a flag.
        let kid = format!("k{}", ambient.unique_name());
        let mut jwk = match algorithm {
            Algorithm::Ed25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&ambient.bytes());
                json!({
                    "kty": "OKP", "alg": "EdDSA", "crv": "Ed25519",
                    "x": b64(key.verifying_key()), "d": b64(key.to_bytes()),
                })
            }
            Algorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::random(&mut AmbientRng(ambient));
                let point = key.verifying_key().to_encoded_point(false);
                let (Some(x), Some(y)) = (point.x(), point.y()) else { bail!("no key was drawn") };
                json!({
                    "kty": "EC", "alg": "ES256", "crv": "P-256",
                    "x": b64(x), "y": b64(y), "d": b64(key.to_bytes()),
                })
            }
            Algorithm::Rs256 => {
                let key = rsa::RsaPrivateKey::new(&mut AmbientRng(ambient), RSA_BITS)
                    .ok()
                    .context("no RSA key was drawn")?;
                let number = |number: &rsa::BigUint| b64(number.to_bytes_be());
                json!({
                    "kty": "RSA", "alg": "RS256",
                    "n": number(key.n()), "e": number(key.e()), "d": number(key.d()),
                    "p": key.primes().first().map(number), "q": key.primes().get(1).map(number),
                })
            }
            Algorithm::Hs256 => {
                json!({ "kty": "oct", "alg": "HS256", "k": b64(ambient.bytes::<32>()) })
            }
        };
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("sig");
        jwk[SIGNS_FROM] = json!(Timestamp::from_millis(signs_from.as_seconds() * 1000));
        let Value::Object(jwk) = jwk else { bail!("a key is an object") };
        Self::read(jwk)
    }

    /// The key's JSON, with all that is private.
    pub(super) fn jwk(&self) -> &Map<String, Value> {
        &self.jwk
    }

    /// `alg` of what it signs.
    pub(super) fn algorithm(&self) -> &str {
        // Only Ed25519 and P-256 may go without, and each has one algorithm.
        let implied = if self.jwk.contains_key("y") { "ES256" } else { "EdDSA" };
        self.jwk.get("alg").and_then(Value::as_str).unwrap_or(implied)
    }

    /// The key without anything private; `None` of a shared secret.
    pub(super) fn public_part(&self) -> Option<Value> {
        if self.jwk.get("kty")? == "oct" {
            return None;
        }
        let mut public = self.jwk.clone();
        public.retain(|member, _| PUBLIC_MEMBERS.contains(&member.as_str()));
        public.insert("alg".to_owned(), json!(self.algorithm()));
        public.insert("use".to_owned(), json!("sig"));
        Some(public.into())
    }
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
