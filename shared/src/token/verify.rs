use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{Claims, KeySet, LEEWAY_SECONDS, MAX_TOKEN_BYTES, TOKEN_TYPE};
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
    /// The header has no `kid`, or one that no key has.
    #[error("no key has this `kid`")]
    UnknownKey,
    /// `alg` is not the key's.
    #[error("`alg` is not the key's")]
    WrongAlgorithm,
    /// The header names critical extensions; there are none that we know.
    #[error("`crit` names extensions")]
    Critical,
    /// `typ` is not `at+jwt`.
    #[error("`typ` is not at+jwt")]
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
    kid: Option<String>,
    typ: Option<String>,
    /// Present at all is too much, whatever its type.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Whether `token` holds at `now`, and what it says.
///
/// # Errors
/// The first check that it fails.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expectations,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    let claims = verify_at_any_age(token, keys, expected, now)?;
    if now.as_seconds() >= claims.exp {
        return Err(TokenError::Expired);
    }
    Ok(claims)
}

/// The same without a look at `exp`: a client that logs in again proves with its old token that it
/// is the device it was.
///
/// # Errors
/// The first check that it fails.
pub fn verify_at_any_age(
    token: &str,
    keys: &KeySet,
    expected: &Expectations,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::NotAJwt)?;
    let (header, payload) = message.split_once('.').ok_or(TokenError::NotAJwt)?;
    if payload.contains('.') {
        return Err(TokenError::NotAJwt);
    }
    let header: Header = decode(header, TokenError::NotAJwt)?;
    let payload_bytes = object_bytes(payload)?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::NotAJwt)?;

    if header.crit {
        return Err(TokenError::Critical);
    }
    if !header.typ.is_some_and(|typ| typ.eq_ignore_ascii_case(TOKEN_TYPE)) {
        return Err(TokenError::WrongType);
    }
    let key = header.kid.and_then(|kid| keys.get(&kid)).ok_or(TokenError::UnknownKey)?;
    if header.alg != key.algorithm() {
        return Err(TokenError::WrongAlgorithm);
    }
    if !key.verifies(message.as_bytes(), &signature) {
        return Err(TokenError::BadSignature);
    }

    let claims: Claims =
        serde_json::from_slice(&payload_bytes).map_err(|_| TokenError::BadClaims)?;
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
