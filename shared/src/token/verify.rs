use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{
    Claims, KeySet, LEEWAY_SECONDS, LEGACY_TOKEN_TYPE, MAX_TOKEN_BYTES, PublicKey, TOKEN_TYPE,
    key::VerificationKey, keys::LegacyKey, said::Said,
};
use crate::{error::ErrorCode, time::Timestamp};

/// Who must have made a token, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// Required `iss`.
    pub issuer: String,
    /// Recipient that `aud` must name.
    pub audience: String,
}

/// The first check that a token fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Over 4 KiB.
    #[error("the token is over 4 KiB")]
    TooLong,
    /// Not three base64url parts with a JSON object in the first two.
    #[error("the token is not a JWT")]
    NotAJwt,
    /// The header has no `kid`, and is not the old back end's.
    #[error("the header names no key")]
    NoKeyNamed,
    /// No key has the header's `kid`.
    #[error("no key has this `kid`")]
    UnknownKey,
    /// The token is the old back end's, and its time is over.
    #[error("the old back end's tokens are no longer taken")]
    PastSunset,
    /// `alg` is not the key's.
    #[error("`alg` is not the key's")]
    WrongAlgorithm,
    /// The header names critical extensions; there are none that we know.
    #[error("`crit` names extensions")]
    Critical,
    /// `typ` is not `at+jwt`; of the old back end's tokens, it is anything but `JWT`.
    #[error("`typ` is not that of an access token")]
    WrongType,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    BadSignature,
    /// A claim is missing or of the wrong type.
    #[error("a claim is missing or of the wrong type")]
    BadClaims,
    /// `iss` is not the one expected.
    #[error("`iss` is not the one expected")]
    WrongIssuer,
    /// `aud` does not name us.
    #[error("`aud` does not name us")]
    WrongAudience,
    /// `nbf` or `iat` lies in the future.
    #[error("`nbf` or `iat` lies in the future")]
    NotYet,
    /// `exp` has passed.
    #[error("`exp` has passed")]
    Expired,
}

impl TokenError {
    /// What the client is told.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::TooLong | Self::NotAJwt => ErrorCode::TokenMalformed,
            Self::Expired => ErrorCode::TokenExpired,
            _ => ErrorCode::TokenInvalid,
        }
    }
}

/// The header members that are looked at.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "kid")]
    kid: Kid,
    typ: Option<String>,
    /// Present at all is too much, whatever its type.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The header's `kid`; one that is there and null is not the old back end's.
#[derive(Default)]
enum Kid {
    #[default]
    Absent,
    Null,
    Named(String),
}

fn kid<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Kid, D::Error> {
    Option::deserialize(deserializer).map(|kid| kid.map_or(Kid::Null, Kid::Named))
}

impl Header {
    fn has_type(&self, wanted: &str) -> bool {
        self.typ.as_ref().is_some_and(|typ| typ.eq_ignore_ascii_case(wanted))
    }
}

/// Whether `token` holds at `now`, and what it says.
///
/// # Errors
/// The first check that it fails.
#[cfg(feature = "public-keys")]
pub fn verify(
    token: &str,
    keys: impl AsRef<KeySet>,
    expected: &Expectations,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    open(token, keys.as_ref(), now)?.proven()?.claims(expected, now)
}

/// The same without a look at `exp`: a client that logs in again proves with its old token that it
/// is the device it was.
///
/// # Errors
/// The first check that it fails.
#[cfg(feature = "public-keys")]
pub fn verify_at_any_age(
    token: &str,
    keys: impl AsRef<KeySet>,
    expected: &Expectations,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    open(token, keys.as_ref(), now)?.proven()?.claims_at_any_age(expected, now)
}

/// A token in form, and the key that it names; nothing that it says may be believed yet.
pub struct Opened<'a> {
    key: &'a VerificationKey,
    message: &'a str,
    signature: Vec<u8>,
    content: Proven,
}

/// A token whose signature holds.
pub struct Proven {
    payload: Vec<u8>,
    sunset: Option<Timestamp>,
}

/// The first stage: form, header and key. `now` is for the old back end's tokens, whose key has an
/// end.
///
/// # Errors
/// The first check that the token fails.
pub fn open<'a>(
    token: &'a str,
    keys: &'a KeySet,
    now: Timestamp,
) -> Result<Opened<'a>, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::NotAJwt)?;
    let (header, payload) = message.split_once('.').ok_or(TokenError::NotAJwt)?;
    if payload.contains('.') {
        return Err(TokenError::NotAJwt);
    }
    let header: Header = decode(header, TokenError::NotAJwt)?;
    let payload = object_bytes(payload)?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::NotAJwt)?;

    if header.crit {
        return Err(TokenError::Critical);
    }
    let (key, sunset) = match (&header.kid, keys.legacy()) {
        (Kid::Absent, Some(legacy)) => (legacy_key(&header, legacy, now)?, Some(legacy.sunset)),
        _ => (named_key(&header, keys)?, None),
    };
    if header.alg != key.algorithm() {
        return Err(TokenError::WrongAlgorithm);
    }
    Ok(Opened { key, message, signature, content: Proven { payload, sunset } })
}

fn named_key<'a>(header: &Header, keys: &'a KeySet) -> Result<&'a VerificationKey, TokenError> {
    if !header.has_type(TOKEN_TYPE) {
        return Err(TokenError::WrongType);
    }
    match &header.kid {
        Kid::Absent | Kid::Null => Err(TokenError::NoKeyNamed),
        Kid::Named(kid) => keys.get(kid).ok_or(TokenError::UnknownKey),
    }
}

fn legacy_key<'a>(
    header: &Header,
    legacy: &'a LegacyKey,
    now: Timestamp,
) -> Result<&'a VerificationKey, TokenError> {
    if header.typ.is_some() && !header.has_type(LEGACY_TOKEN_TYPE) {
        return Err(TokenError::WrongType);
    }
    if now >= legacy.sunset {
        return Err(TokenError::PastSunset);
    }
    Ok(&legacy.key)
}

impl Opened<'_> {
    /// What is signed.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// What is to be its signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The key, where it is a public one: a runtime may check those signatures.
    #[must_use]
    pub const fn public_key(&self) -> Option<&PublicKey> {
        match self.key {
            VerificationKey::Public(key) => Some(key),
            VerificationKey::Hs256(_) => None,
        }
    }

    /// The second stage, by our own code.
    ///
    /// # Errors
    /// Where the signature does not hold, or this build cannot check it.
    pub fn proven(self) -> Result<Proven, TokenError> {
        let holds = self.key.verifies(self.message(), &self.signature);
        self.proven_if(holds)
    }

    /// The second stage, by another's word: whether the signature is that of the key.
    ///
    /// # Errors
    /// Where it is not.
    pub fn proven_if(self, holds: bool) -> Result<Proven, TokenError> {
        if holds { Ok(self.content) } else { Err(TokenError::BadSignature) }
    }
}

impl Proven {
    /// From when on the token is refused whatever it says, where there is such a time.
    #[must_use]
    pub const fn sunset(&self) -> Option<Timestamp> {
        self.sunset
    }

    /// The last stage: the claims.
    ///
    /// # Errors
    /// The first check that they fail.
    pub fn claims(self, expected: &Expectations, now: Timestamp) -> Result<Claims, TokenError> {
        let claims = self.claims_at_any_age(expected, now)?;
        if now.as_seconds() >= claims.exp {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    /// The same without a look at `exp`.
    ///
    /// # Errors
    /// The first check that they fail.
    pub fn claims_at_any_age(
        self,
        expected: &Expectations,
        now: Timestamp,
    ) -> Result<Claims, TokenError> {
        let said: Said =
            serde_json::from_slice(&self.payload).map_err(|_| TokenError::BadClaims)?;
        let said = if self.sunset.is_some() { said.completed(expected) } else { said };
        let claims = said.in_full().ok_or(TokenError::BadClaims)?;
        if claims.sub != claims.user_id.to_string() || claims.session_token.is_empty() {
            return Err(TokenError::BadClaims);
        }
        if claims.iss != expected.issuer {
            return Err(TokenError::WrongIssuer);
        }
        if !claims.aud.contains(&expected.audience) {
            return Err(TokenError::WrongAudience);
        }
        let latest = now.as_seconds().saturating_add(LEEWAY_SECONDS);
        if claims.iat > latest || claims.nbf.is_some_and(|nbf| nbf > latest) {
            return Err(TokenError::NotYet);
        }
        Ok(claims)
    }
}

fn decode<T: serde::de::DeserializeOwned>(part: &str, error: TokenError) -> Result<T, TokenError> {
    serde_json::from_slice(&object_bytes(part)?).map_err(|_| error)
}

/// The bytes of a part that is base64url of a JSON object.
fn object_bytes(part: &str) -> Result<Vec<u8>, TokenError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::NotAJwt)?;
    match serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
        Ok(_) if bytes.trim_ascii_start().first() == Some(&b'{') => Ok(bytes),
        _ => Err(TokenError::NotAJwt),
    }
}
