use anyhow::{Context as _, bail};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use hmac::{Hmac, Mac as _};
use rsa::{
    BigUint, RsaPrivateKey, pkcs1v15,
    rand_core::{self, CryptoRng, RngCore},
    signature::{RandomizedSigner as _, SignatureEncoding as _},
};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::clock::Ambient;

/// A private key.
pub(super) enum Signer {
    EdDsa(Box<ed25519_dalek::SigningKey>),
    Es256(Box<p256::ecdsa::SigningKey>),
    Rs256(Box<pkcs1v15::SigningKey<Sha256>>),
    Hs256(Box<Hmac<Sha256>>),
}

impl Signer {
    /// The private part of a key, where it has one.
    pub(super) fn read(jwk: &Map<String, Value>) -> anyhow::Result<Option<Self>> {
        let has = |member: &str| jwk.contains_key(member);
        let number = |member: &str| bytes(jwk, member).map(|bytes| BigUint::from_bytes_be(&bytes));
        let signer = match jwk.get("kty").and_then(Value::as_str) {
            Some("OKP") if has("d") => {
                let seed = bytes(jwk, "d")?;
                let seed = seed.try_into().ok().context("`d` is not 32 bytes")?;
                let key = ed25519_dalek::SigningKey::from_bytes(&seed);
                same(key.verifying_key().as_bytes(), &bytes(jwk, "x")?, "x")?;
                Self::EdDsa(Box::new(key))
            }
            Some("EC") if has("d") => {
                let key = p256::ecdsa::SigningKey::from_slice(&bytes(jwk, "d")?)
                    .ok()
                    .context("`d` is no key of P-256")?;
                let point = key.verifying_key().to_encoded_point(false);
                let public = [vec![4], bytes(jwk, "x")?, bytes(jwk, "y")?].concat();
                same(point.as_bytes(), &public, "x` and `y")?;
                Self::Es256(Box::new(key))
            }
            Some("RSA") if has("d") => {
                let primes = vec![number("p")?, number("q")?];
                // This checks that the numbers belong together.
                let key = RsaPrivateKey::from_components(
                    number("n")?,
                    number("e")?,
                    number("d")?,
                    primes,
                );
                let key = key.ok().context("`n`, `e`, `d`, `p` and `q` are no key of RSA")?;
                Self::Rs256(Box::new(pkcs1v15::SigningKey::new(key)))
            }
            Some("oct") => {
                let key = Hmac::new_from_slice(&bytes(jwk, "k")?).ok();
                Self::Hs256(Box::new(key.context("`k` is no key of HMAC")?))
            }
            _ => return Ok(None),
        };
        Ok(Some(signer))
    }

    /// The signature of `message`.
    pub(super) fn sign(&self, message: &[u8], ambient: &Ambient) -> anyhow::Result<Vec<u8>> {
        Ok(match self {
            Self::EdDsa(key) => key.sign(message).to_vec(),
            Self::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_vec()
            }
            // Randomness blinds the key, so that the time that it takes tells nothing of it.
            Self::Rs256(key) => key
                .try_sign_with_rng(&mut AmbientRng(ambient), message)
                .ok()
                .context("RSA does not sign")?
                .to_vec(),
            Self::Hs256(key) => {
                let mut mac = key.as_ref().clone();
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }
        })
    }
}

/// A public part that is not the private one's would sign what nobody can verify.
fn same(derived: &[u8], stated: &[u8], members: &str) -> anyhow::Result<()> {
    if derived != stated {
        bail!("`{members}` is not the public part of `d`");
    }
    Ok(())
}

fn bytes(jwk: &Map<String, Value>, member: &str) -> anyhow::Result<Vec<u8>> {
    let text = jwk.get(member).and_then(Value::as_str);
    let text = text.with_context(|| format!("`{member}` is missing"))?;
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(text);
    decoded.ok().with_context(|| format!("`{member}` is not base64url"))
}

/// The program's own randomness, as the crates of keys want it.
pub(super) struct AmbientRng<'a>(pub(super) &'a Ambient);

impl RngCore for AmbientRng<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.0.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl CryptoRng for AmbientRng<'_> {}
