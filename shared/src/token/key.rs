use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::jwk::Numbers;

/// A key, which is good for one algorithm alone.
#[derive(Clone)]
pub(super) enum VerificationKey {
    Hs256(Hmac<Sha256>),
    /// EdDSA, ES256 and RS256.
    Public(PublicKey),
}

impl VerificationKey {
    /// `alg` of the tokens that it verifies.
    pub(super) const fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Public(key) => key.algorithm,
        }
    }

    /// Whether who verifies could also sign.
    pub(super) const fn is_secret(&self) -> bool {
        matches!(self, Self::Hs256(_))
    }

    /// Whether `signature` is this key's of `message`. Of what this build cannot check, it is not.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hs256(key) => {
                let mut mac = key.clone();
                mac.update(message);
                mac.verify_slice(signature).is_ok()
            }
            Self::Public(key) => key.software.verifies(message, signature),
        }
    }
}

impl std::fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerificationKey({})", self.algorithm())
    }
}

/// A public key of EdDSA, ES256 or RS256, whose signatures a runtime may check in our place.
#[derive(Clone)]
pub struct PublicKey {
    algorithm: &'static str,
    jwk: String,
    software: software::Key,
}

impl PublicKey {
    /// From the numbers of a key; `None` where they are no key.
    pub(super) fn new(numbers: &Numbers) -> Option<Self> {
        let (algorithm, jwk) = match numbers {
            Numbers::EdDsa { x } => {
                let x = super::base64url(x);
                ("EdDSA", format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#))
            }
            Numbers::Es256 { x, y } => {
                let (x, y) = (super::base64url(x), super::base64url(y));
                ("ES256", format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#))
            }
            Numbers::Rs256 { n, e } => {
                let (n, e) = (super::base64url(n), super::base64url(e));
                ("RS256", format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#))
            }
        };
        Some(Self { algorithm, jwk, software: software::Key::new(numbers)? })
    }

    /// `EdDSA`, `ES256` or `RS256`.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// The key's numbers alone as a JSON Web Key.
    #[must_use]
    pub fn jwk(&self) -> &str {
        &self.jwk
    }
}

#[cfg(feature = "public-keys")]
mod software {
    use p256::ecdsa::signature::Verifier as _;
    use rsa::{BigUint, RsaPublicKey, pkcs1v15};
    use sha2::Sha256;

    use super::Numbers;

    /// A key as the crates that verify have it.
    #[derive(Clone)]
    pub(super) enum Key {
        EdDsa(ed25519_dalek::VerifyingKey),
        Es256(p256::ecdsa::VerifyingKey),
        Rs256(pkcs1v15::VerifyingKey<Sha256>),
    }

    impl Key {
        pub(super) fn new(numbers: &Numbers) -> Option<Self> {
            match numbers {
                Numbers::EdDsa { x } => {
                    let key = ed25519_dalek::VerifyingKey::from_bytes(x).ok()?;
                    // Signatures can be made for a key of small order without knowing it.
                    (!key.is_weak()).then_some(Self::EdDsa(key))
                }
                Numbers::Es256 { x, y } => {
                    let point = p256::EncodedPoint::from_affine_coordinates(
                        x.into(),
                        y.into(),
                        /* compress */ false,
                    );
                    p256::ecdsa::VerifyingKey::from_encoded_point(&point).ok().map(Self::Es256)
                }
                Numbers::Rs256 { n, e } => {
                    let (n, e) = (BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
                    let key = RsaPublicKey::new(n, e).ok()?;
                    Some(Self::Rs256(pkcs1v15::VerifyingKey::new(key)))
                }
            }
        }

        pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
            match self {
                Self::EdDsa(key) => ed25519_dalek::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
                Self::Es256(key) => p256::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
                Self::Rs256(key) => pkcs1v15::Signature::try_from(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            }
        }
    }
}

#[cfg(not(feature = "public-keys"))]
mod software {
    use super::Numbers;

    /// Nothing: the runtime computes, and refuses what is no key.
    #[derive(Clone)]
    pub(super) struct Key;

    impl Key {
        #[expect(clippy::unnecessary_wraps, reason = "the other build's may be none")]
        pub(super) const fn new(_: &Numbers) -> Option<Self> {
            Some(Self)
        }

        #[expect(clippy::unused_self, reason = "the other build looks")]
        pub(super) const fn verifies(&self, _: &[u8], _: &[u8]) -> bool {
            false
        }
    }
}
