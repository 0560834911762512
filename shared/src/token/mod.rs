//! Access tokens: JWTs that name a session, and the one function that decides whether one holds.
//!
//! It has three stages, so that a runtime with cryptography of its own can take the middle one:
//! [`open`] (form, header, key), the signature, and the claims.

mod claims;
#[cfg(feature = "public-keys")]
mod inspect;
mod jwk;
mod key;
mod keys;
mod said;
mod verify;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

pub use claims::{Audience, Claims};
#[cfg(feature = "public-keys")]
pub use inspect::{Check, Finding, FirstFailure, Inspected, inspect};
pub use key::PublicKey;
pub use keys::{KeySet, KeySetError, MIN_HMAC_BYTES};
pub use verify::{Expectations, Opened, Proven, TokenError, open};
#[cfg(feature = "public-keys")]
pub use verify::{verify, verify_at_any_age};

/// `typ` of an access token's header (RFC 9068).
pub const TOKEN_TYPE: &str = "at+jwt";
/// `typ` that the old back end's library writes by itself; RFC 7519 lets it be absent.
const LEGACY_TOKEN_TYPE: &str = "JWT";
/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4 * 1024;
/// How far `iat` and `nbf` may lie in the future, in seconds; `exp` has no leeway.
pub const LEEWAY_SECONDS: i64 = 30;
/// How long the published keys may be kept, in seconds; with it a retired key is gone everywhere.
pub const JWKS_MAX_AGE_SECONDS: u64 = 300;
/// How often, in seconds, the published keys are asked for because a token names one that is not
/// known.
pub const JWKS_COOL_DOWN_SECONDS: u64 = 30;

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
