//! How refresh tokens are made: the first at random, each further one derived from the one before
//! it, so that who asks twice gets the same and nothing that could be used is stored.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use shared::{
    digest::sha256_hex,
    seal::{MIN_SECRET_BYTES, WeakSecret},
};

use crate::clock::Ambient;

/// What every refresh token begins with, so that one that has leaked is recognised as what it is.
const PREFIX: &str = "dbr_";
/// The longest text that is looked up as a refresh token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 128;

/// The server's refresh keys: the first derives, all of them derive again what they once did.
#[derive(Clone)]
pub struct RefreshKeys(Vec<RefreshKey>);

#[derive(Clone)]
struct RefreshKey {
    kid: String,
    mac: Hmac<Sha256>,
}

/// What a successor is derived from, beside the token before it.
#[derive(Clone, Copy, Debug)]
pub struct Descent<'a> {
    /// All that descend from one log-in.
    pub family: &'a str,
    /// The successor's generation.
    pub generation: i64,
    /// Drawn for this successor, and stored with it.
    pub nonce: &'a str,
}

/// Why a list of refresh keys is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRefreshKeys {
    /// One of them is no secret.
    #[error("entry {0} {1}")]
    Weak(usize, WeakSecret),
    /// One of them is listed twice.
    #[error("lists a key twice")]
    Twice,
}

impl RefreshKeys {
    /// Reads a list, separated by commas, of secrets in base64url without padding: the one to derive
    /// with first, then those that it has taken over from.
    ///
    /// # Errors
    /// Where one is weak, or listed twice.
    pub fn parse(list: &str) -> Result<Self, BadRefreshKeys> {
        let mut keys: Vec<RefreshKey> = Vec::new();
        for (index, entry) in list.split(',').enumerate() {
            let weak = |why| BadRefreshKeys::Weak(index + 1, why);
            let bytes = BASE64_URL_SAFE_NO_PAD
                .decode(entry.trim())
                .map_err(|_| weak(WeakSecret::NotBase64))?;
            let too_short = || weak(WeakSecret::TooShort(bytes.len()));
            if bytes.len() < MIN_SECRET_BYTES {
                return Err(too_short());
            }
            let mac = Hmac::new_from_slice(&bytes).map_err(|_| too_short())?;
            let key = RefreshKey { kid: name(&mac), mac };
            if keys.iter().any(|known| known.kid == key.kid) {
                return Err(BadRefreshKeys::Twice);
            }
            keys.push(key);
        }
        Ok(Self(keys))
    }

    /// A first token, which nothing is known of beforehand.
    #[must_use]
    pub fn first(ambient: &Ambient) -> String {
        format!("{PREFIX}{}", ambient.secret_name())
    }

    /// The name of the key that derives.
    #[must_use]
    pub fn current(&self) -> &str {
        // `parse` makes no empty list: splitting gives one entry at least.
        self.0.first().map_or("", |key| &key.kid)
    }

    /// What comes after `parent`; `None` where the key is no longer there.
    #[must_use]
    pub fn successor(&self, kid: &str, parent: &str, descent: &Descent<'_>) -> Option<String> {
        let key = self.0.iter().find(|key| key.kid == kid)?;
        let mut mac = key.mac.clone();
        // None of the parts holds a zero byte, so that no two sets of parts are one text.
        for part in ["drawbridge.refresh.1", parent, descent.family, descent.nonce] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac.update(&descent.generation.to_be_bytes());
        Some(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())))
    }
}

impl std::fmt::Debug for RefreshKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RefreshKeys({})", self.0.len())
    }
}

/// A key is called by what it makes of a fixed text: its name gives nothing of it away.
fn name(mac: &Hmac<Sha256>) -> String {
    let mut mac = mac.clone();
    mac.update(b"drawbridge.refresh-key.1");
    BASE64_URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..9])
}

/// What is stored of a token: its SHA-256 in hexadecimal. It has 256 random bits, so that no salt
/// is needed.
#[must_use]
pub fn hash(token: &str) -> String {
    sha256_hex(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(fill: u8) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([fill; 32])
    }

    fn keys(list: &str) -> RefreshKeys {
        RefreshKeys::parse(list).unwrap()
    }

    const DESCENT: Descent<'static> = Descent { family: "f", generation: 1, nonce: "n" };

    #[test]
    fn a_successor_is_the_same_whenever_it_is_asked_for_and_no_other_is() {
        let one = keys(&secret(1));
        let of = |parent, descent: &Descent<'_>| one.successor(one.current(), parent, descent);
        let successor = of("t", &DESCENT);
        assert!(successor.as_ref().is_some_and(|token| token.starts_with("dbr_")));
        assert_eq!(of("t", &DESCENT), successor);
        let others = [
            of("u", &DESCENT),
            of("t", &Descent { family: "g", ..DESCENT }),
            of("t", &Descent { generation: 2, ..DESCENT }),
            of("t", &Descent { nonce: "m", ..DESCENT }),
            of("t", &Descent { family: "fn", nonce: "", ..DESCENT }),
            keys(&secret(2)).successor(keys(&secret(2)).current(), "t", &DESCENT),
        ];
        for other in others {
            assert!(other.is_some() && other != successor);
        }
    }

    #[test]
    fn after_a_rotation_of_keys_the_old_one_still_derives_what_it_did() {
        let old = keys(&secret(1));
        let new = keys(&format!("{}, {}", secret(2), secret(1)));
        assert_ne!(new.current(), old.current());
        let kid = old.current();
        assert_eq!(new.successor(kid, "t", &DESCENT), old.successor(kid, "t", &DESCENT));
        assert_eq!(old.successor(new.current(), "t", &DESCENT), None);
    }

    #[test]
    fn weak_and_repeated_keys_are_refused() {
        let refused = |list: &str| RefreshKeys::parse(list).unwrap_err();
        assert_eq!(refused(""), BadRefreshKeys::Weak(1, WeakSecret::TooShort(0)));
        assert_eq!(refused("c2hvcnQ"), BadRefreshKeys::Weak(1, WeakSecret::TooShort(5)));
        let list = format!("{},???", secret(1));
        assert_eq!(refused(&list), BadRefreshKeys::Weak(2, WeakSecret::NotBase64));
        assert_eq!(refused(&format!("{0},{0}", secret(1))), BadRefreshKeys::Twice);
        assert_eq!(format!("{:?}", keys(&secret(1))), "RefreshKeys(1)");
    }
}
