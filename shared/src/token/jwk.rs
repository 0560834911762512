use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde::Deserialize;

use super::{
    KeySetError, MIN_HMAC_BYTES,
    key::{PublicKey, VerificationKey},
};
use crate::time::Timestamp;

/// The sizes of RSA key that are taken, in bits; what is larger costs a verifier too much.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// The public exponent, 65537: none less is safe (FIPS 186-5, 5.4), and the edge's runtime takes none
/// greater.
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

/// The members of a JWK that verification needs; a private member is never read here.
#[derive(Deserialize)]
pub(super) struct Jwk {
    pub(super) kid: Option<String>,
    kty: String,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    k: Option<String>,
    n: Option<String>,
    e: Option<String>,
    /// Marks the key of the old back end's tokens.
    pub(super) drawbridge_legacy: Option<Legacy>,
}

/// What is said of the key of the old back end.
#[derive(Deserialize)]
pub(super) struct Legacy {
    /// From when on its tokens are refused.
    pub(super) sunset: Timestamp,
}

/// What makes a public key.
pub(super) enum Numbers {
    EdDsa { x: [u8; 32] },
    Es256 { x: [u8; 32], y: [u8; 32] },
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

impl Jwk {
    /// The key to verify with.
    pub(super) fn verification_key(&self, kid: &str) -> Result<VerificationKey, KeySetError> {
        let bad = |why: &str| KeySetError::BadKey { kid: kid.to_owned(), why: why.to_owned() };
        if self.r#use.as_deref().is_some_and(|purpose| purpose != "sig") {
            return Err(bad("`use` is not \"sig\""));
        }
        if self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
            return Err(bad("`key_ops` is without \"verify\""));
        }
        match (self.kty.as_str(), self.alg.as_deref(), self.crv.as_deref()) {
            ("OKP", Some("EdDSA") | None, Some("Ed25519")) => {
                let x = coordinate(self.x.as_deref(), "x").map_err(|why| bad(&why))?;
                let key = PublicKey::new(&Numbers::EdDsa { x });
                key.map(VerificationKey::Public)
                    .ok_or_else(|| bad("`x` is not a public key of Ed25519"))
            }
            ("EC", Some("ES256") | None, Some("P-256")) => {
                let x = coordinate(self.x.as_deref(), "x").map_err(|why| bad(&why))?;
                let y = coordinate(self.y.as_deref(), "y").map_err(|why| bad(&why))?;
                let key = PublicKey::new(&Numbers::Es256 { x, y });
                key.map(VerificationKey::Public)
                    .ok_or_else(|| bad("`x` and `y` are no point of P-256"))
            }
            ("RSA", Some("RS256"), None) => {
                let n = bytes(self.n.as_deref(), "n").map_err(|why| bad(&why))?;
                let e = bytes(self.e.as_deref(), "e").map_err(|why| bad(&why))?;
                check_rsa(&n, &e).map_err(bad)?;
                let key = PublicKey::new(&Numbers::Rs256 { n, e });
                key.map(VerificationKey::Public).ok_or_else(|| bad("is no key of RSA"))
            }
            ("oct", Some("HS256"), None) => {
                let k = bytes(self.k.as_deref(), "k").map_err(|why| bad(&why))?;
                if k.len() < MIN_HMAC_BYTES {
                    return Err(bad("`k` is under 32 bytes"));
                }
                Hmac::new_from_slice(&k)
                    .map(VerificationKey::Hs256)
                    .map_err(|_| bad("`k` is no key of HMAC"))
            }
            (kty, alg, crv) => Err(KeySetError::Unsupported {
                kid: kid.to_owned(),
                what: format!("kty {kty}, alg {alg:?}, crv {crv:?}"),
            }),
        }
    }
}

fn bytes(member: Option<&str>, name: &str) -> Result<Vec<u8>, String> {
    let text = member.ok_or_else(|| format!("`{name}` is missing"))?;
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| format!("`{name}` is not base64url without padding"))
}

fn coordinate(member: Option<&str>, name: &str) -> Result<[u8; 32], String> {
    bytes(member, name)?.try_into().map_err(|_| format!("`{name}` is not 32 bytes"))
}

/// The same numbers are refused whoever computes with them later.
fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), &'static str> {
    let (Some(first), Some(last)) = (n.first(), n.last()) else { return Err("`n` is empty") };
    let bits = (n.len() * 8).saturating_sub(first.leading_zeros() as usize);
    if *first == 0 || last % 2 == 0 || !RSA_BITS.contains(&bits) {
        return Err("`n` is not an odd number of 2048 to 4096 bits without zeros before it");
    }
    if e != RSA_EXPONENT {
        return Err("`e` is not 65537");
    }
    Ok(())
}
