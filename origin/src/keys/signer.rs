use anyhow::{Context as _, bail};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p256::pkcs8::EncodePrivateKey as _;
use rsa::{
    BigUint, RsaPrivateKey,
    pkcs1::EncodeRsaPrivateKey as _,
    rand_core::{self, CryptoRng, RngCore},
};
use serde_json::{Map, Value};
use shared::token::{Claims, TOKEN_TYPE};

use crate::clock::Ambient;

/// ASN.1 in front of an Ed25519 seed that makes it a PKCS #8 private key (RFC 8410, 7).
const PKCS8_ED25519: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// A private key.
pub(super) struct Signer {
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Signer {
    /// The private part of a key, where it has one.
    pub(super) fn read(jwk: &Map<String, Value>) -> anyhow::Result<Option<Self>> {
        let has = |member: &str| jwk.contains_key(member);
        let number = |member: &str| bytes(jwk, member).map(|bytes| BigUint::from_bytes_be(&bytes));
        let (algorithm, key) = match jwk.get("kty").and_then(Value::as_str) {
            Some("OKP") if has("d") => {
                let seed: [u8; 32] =
                    bytes(jwk, "d")?.try_into().ok().context("`d` is not 32 bytes")?;
                let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
                same(public.as_bytes(), &bytes(jwk, "x")?, "x")?;
                (Algorithm::EdDSA, EncodingKey::from_ed_der(&[&PKCS8_ED25519[..], &seed].concat()))
            }
            Some("EC") if has("d") => {
                let key = p256::SecretKey::from_slice(&bytes(jwk, "d")?);
                let key = key.ok().context("`d` is no key of P-256")?;
                let point = key.public_key().to_sec1_bytes();
                let public = p256::PublicKey::from_sec1_bytes(
                    &[vec![4], bytes(jwk, "x")?, bytes(jwk, "y")?].concat(),
                );
                let public = public.ok().context("`x` and `y` are no point of P-256")?;
                same(&point, &public.to_sec1_bytes(), "x` and `y")?;
                let der = key.to_pkcs8_der().ok().context("P-256 writes no key")?;
                (Algorithm::ES256, EncodingKey::from_ec_der(der.as_bytes()))
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
                let der = key.to_pkcs1_der().ok().context("RSA writes no key")?;
                (Algorithm::RS256, EncodingKey::from_rsa_der(der.as_bytes()))
            }
            Some("oct") => (Algorithm::HS256, EncodingKey::from_secret(&bytes(jwk, "k")?)),
            _ => return Ok(None),
        };
        Ok(Some(Self { algorithm, key }))
    }

    /// The access token that says `claims`, under the key's name.
    pub(super) fn sign(&self, kid: &str, claims: &Claims) -> anyhow::Result<String> {
        let header = Header {
            typ: Some(TOKEN_TYPE.to_owned()),
            kid: Some(kid.to_owned()),
            ..Header::new(self.algorithm)
        };
        jsonwebtoken::encode(&header, claims, &self.key).context("cannot sign an access token")
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
