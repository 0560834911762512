//! Access tokens: JWTs that name a session, and the one function that decides whether one holds.

mod claims;
mod inspect;
mod keys;
mod verify;

pub use claims::{Audience, Claims};
pub use inspect::{Check, Finding, FirstFailure, Inspected, inspect};
pub use keys::{KeySet, KeySetError, MIN_HMAC_BYTES};
pub use verify::{Expectations, TokenError, verify, verify_at_any_age};

/// `typ` of an access token's header (RFC 9068).
pub const TOKEN_TYPE: &str = "at+jwt";
/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4 * 1024;
/// How far `iat` and `nbf` may lie in the future, in seconds; `exp` has no leeway.
pub const LEEWAY_SECONDS: i64 = 30;
