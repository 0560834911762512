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

/// y of the points of Ed25519 whose order is eight.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

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
                if is_of_small_order(x) {
                    return Err(bad("`x` is a public key of small order"));
                }
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

/// Whether a point of Ed25519 is one of the eight whose order divides 8, however it is written:
/// signatures for it can be made by anyone, and no runtime refuses it.
fn is_of_small_order(mut y: [u8; 32]) -> bool {
    // What is left without the sign of x: y, below 2^255. The field has 2^255 - 19 elements.
    y[31] &= 0x7f;
    let (low, middle, high) = (y[0], &y[1..31], y[31]);
    let is_near_nought = low <= 1 && middle.iter().chain([&high]).all(|byte| *byte == 0);
    let is_near_the_end =
        matches!(low, 0xec..=0xee) && middle.iter().all(|byte| *byte == 0xff) && high == 0x7f;
    is_near_nought || is_near_the_end || ORDER_EIGHT.contains(&y)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_small_order_are_known_however_they_are_written() {
        let with = |low, rest, high| {
            let mut y = [rest; 32];
            (y[0], y[31]) = (low, high);
            y
        };
        let mut weak = ORDER_EIGHT.to_vec();
        weak.extend([with(0, 0, 0), with(1, 0, 0)]);
        weak.extend([0xec, 0xed, 0xee].map(|low| with(low, 0xff, 0x7f)));
        for mut y in weak {
            assert!(is_of_small_order(y), "{y:x?}");
            y[31] |= 0x80;
            assert!(is_of_small_order(y), "{y:x?}");
        }
        for sound in
            [with(2, 0, 0), with(0, 0, 1), with(0xeb, 0xff, 0x7f), with(0xec, 0xff, 0x7e), [7; 32]]
        {
            assert!(!is_of_small_order(sound), "{sound:x?}");
        }
    }

    #[cfg(feature = "public-keys")]
    #[test]
    fn they_are_those_that_the_curves_own_crate_finds_weak() {
        for low in [0, 1] {
            let mut y = [0; 32];
            y[0] = low;
            assert!(ed25519_dalek::VerifyingKey::from_bytes(&y).unwrap().is_weak());
        }
        for y in ORDER_EIGHT {
            assert!(ed25519_dalek::VerifyingKey::from_bytes(&y).unwrap().is_weak());
        }
    }
}
