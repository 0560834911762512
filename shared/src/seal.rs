//! Small signed texts between parts that share a secret: assertions, internal calls, device tokens.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

/// The fewest bytes of a secret: what HMAC-SHA256 can make use of.
pub const MIN_SECRET_BYTES: usize = 32;
/// The longest sealed text that is looked at, in bytes.
pub const MAX_SEALED_BYTES: usize = 8 * 1024;

/// What a seal is for; a text that was sealed for one purpose opens for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The edge's word to the origin about a call that it forwards.
    Assertion,
    /// A call that edge and origin make to each other.
    InternalCall,
    /// Proof that a client is a device that has logged in before.
    DeviceToken,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Assertion => "drawbridge.assertion.1.",
            Self::InternalCall => "drawbridge.call.1.",
            Self::DeviceToken => "drawbridge.device.1.",
        }
    }
}

/// A secret that two parts share; while it is replaced, the one before it, too.
#[derive(Clone)]
pub struct Secret {
    /// Seals, and opens.
    key: Hmac<Sha256>,
    /// Opens.
    before: Option<Hmac<Sha256>>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a configured secret is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// Not base64url.
    #[error("is not base64url without padding")]
    NotBase64,
    /// Too short to be one.
    #[error("has {0} bytes; at least {MIN_SECRET_BYTES} random ones are needed")]
    TooShort(usize),
    /// More than one and the one before it.
    #[error("has more than two values")]
    TooMany,
    /// The same twice.
    #[error("has the same value twice")]
    Same,
}

/// Why a sealed text is refused; deliberately without detail.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the seal does not hold")]
pub struct BrokenSeal;

impl Secret {
    /// Reads a secret from base64url without padding; or two, with a comma between: the second one opens what it
    /// has sealed, and seals nothing more.
    ///
    /// # Errors
    /// Where it is not that, or one is under 32 bytes.
    pub fn parse(text: &str) -> Result<Self, WeakSecret> {
        let (key, before) = match text.split_once(',') {
            Some((key, before)) => (key.trim(), Some(before.trim())),
            None => (text.trim(), None),
        };
        if before == Some(key) {
            return Err(WeakSecret::Same);
        }
        if before.is_some_and(|before| before.contains(',')) {
            return Err(WeakSecret::TooMany);
        }
        Ok(Self { key: read(key)?, before: before.map(read).transpose()? })
    }

    /// Signs `value` for `purpose`: `base64url(JSON).base64url(MAC)`.
    ///
    /// # Errors
    /// Where the value cannot be written as JSON.
    pub fn seal<T: Serialize>(&self, purpose: Purpose, value: &T) -> serde_json::Result<String> {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(value)?);
        let mac = mac(&self.key, purpose, &payload).finalize().into_bytes();
        Ok(format!("{payload}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac)))
    }

    /// Reads what [`Secret::seal`] made, in time that does not depend on how wrong it is.
    ///
    /// # Errors
    /// Where it was not made with this secret for this purpose.
    pub fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        sealed: &str,
    ) -> Result<T, BrokenSeal> {
        if sealed.len() > MAX_SEALED_BYTES {
            return Err(BrokenSeal);
        }
        let (payload, seal) = sealed.split_once('.').ok_or(BrokenSeal)?;
        let seal = BASE64_URL_SAFE_NO_PAD.decode(seal).map_err(|_| BrokenSeal)?;
        let holds = |key| mac(key, purpose, payload).verify_slice(&seal).is_ok();
        if !holds(&self.key) && !self.before.as_ref().is_some_and(holds) {
            return Err(BrokenSeal);
        }
        let json = BASE64_URL_SAFE_NO_PAD.decode(payload).map_err(|_| BrokenSeal)?;
        serde_json::from_slice(&json).map_err(|_| BrokenSeal)
    }
}

fn read(text: &str) -> Result<Hmac<Sha256>, WeakSecret> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| WeakSecret::NotBase64)?;
    if bytes.len() < MIN_SECRET_BYTES {
        return Err(WeakSecret::TooShort(bytes.len()));
    }
    Hmac::new_from_slice(&bytes).map_err(|_| WeakSecret::TooShort(bytes.len()))
}

fn mac(key: &Hmac<Sha256>, purpose: Purpose, payload: &str) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(purpose.label().as_bytes());
    mac.update(payload.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fill: u8) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([fill; 32])
    }

    fn secret(fill: u8) -> Secret {
        Secret::parse(&text(fill)).unwrap()
    }

    #[test]
    fn of_two_the_first_seals_and_both_open() {
        let both = Secret::parse(&format!("{}, {}", text(2), text(1))).unwrap();
        let open = |secret: &Secret, by: u8| {
            let sealed = self::secret(by).seal(Purpose::Assertion, &by).unwrap();
            secret.open::<u8>(Purpose::Assertion, &sealed)
        };
        assert_eq!([open(&both, 1), open(&both, 2)], [Ok(1), Ok(2)]);
        assert_eq!(open(&both, 3), Err(BrokenSeal));
        let sealed = both.seal(Purpose::Assertion, &7).unwrap();
        assert_eq!(secret(2).open(Purpose::Assertion, &sealed), Ok(7));
        assert_eq!(secret(1).open::<u8>(Purpose::Assertion, &sealed), Err(BrokenSeal));
    }

    #[test]
    fn opens_only_what_was_sealed_with_the_same_secret_for_the_same_purpose() {
        let sealed = secret(1).seal(Purpose::Assertion, &42).unwrap();
        assert_eq!(secret(1).open(Purpose::Assertion, &sealed), Ok(42));
        assert_eq!(secret(2).open::<i32>(Purpose::Assertion, &sealed), Err(BrokenSeal));
        assert_eq!(secret(1).open::<i32>(Purpose::DeviceToken, &sealed), Err(BrokenSeal));
    }

    #[test]
    fn any_changed_character_breaks_it() {
        let sealed = secret(1).seal(Purpose::DeviceToken, &"device-1").unwrap();
        for at in 0..sealed.len() {
            let mut forged = sealed.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(
                secret(1).open::<String>(Purpose::DeviceToken, &forged),
                Err(BrokenSeal),
                "at {at}"
            );
        }
    }

    #[test]
    fn garbage_is_refused() {
        for garbage in ["", ".", "a.b", "....", "eyJ9", &"A".repeat(MAX_SEALED_BYTES + 1)] {
            assert_eq!(secret(1).open::<String>(Purpose::Assertion, garbage), Err(BrokenSeal));
        }
    }

    #[test]
    fn weak_secrets_are_refused_and_none_is_printed() {
        assert_eq!(Secret::parse("c2hvcnQ").unwrap_err(), WeakSecret::TooShort(5));
        assert_eq!(Secret::parse("not base64!").unwrap_err(), WeakSecret::NotBase64);
        let of = |texts: &[String]| Secret::parse(&texts.join(",")).unwrap_err();
        assert_eq!(of(&[text(1), "c2hvcnQ".into()]), WeakSecret::TooShort(5));
        assert_eq!(of(&[text(1), String::new()]), WeakSecret::TooShort(0));
        assert_eq!(of(&[text(1), text(1)]), WeakSecret::Same);
        assert_eq!(of(&[text(1), text(2), text(3)]), WeakSecret::TooMany);
        assert_eq!(format!("{:?}", secret(1)), "Secret(…)");
    }
}
