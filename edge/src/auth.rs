//! Who is calling: the access token, and what it says.

use std::{cell::RefCell, rc::Rc};

use sha2::{Digest as _, Sha256};
use shared::{
    error::ErrorCode,
    time::Timestamp,
    token::{self, Claims, MAX_TOKEN_BYTES},
};

use crate::{cache::Cache, env::Config};

/// Tokens whose claims an isolate remembers; some 500 bytes each.
const REMEMBERED_TOKENS: usize = 2_000;

thread_local! {
    static VERIFIED: RefCell<Cache<[u8; 32], Rc<Claims>>> = const { RefCell::new(Cache::new(REMEMBERED_TOKENS)) };
}

/// The token of an `Authorization` header (RFC 6750, 2.1).
pub fn bearer(header: Option<&str>) -> Result<&str, ErrorCode> {
    let header = header.ok_or(ErrorCode::TokenMissing)?;
    let (scheme, token) = header.trim().split_once(' ').ok_or(ErrorCode::TokenMalformed)?;
    let token = token.trim();
    if token.is_empty() || !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ErrorCode::TokenMalformed);
    }
    Ok(token)
}

/// What a token says, if it holds at `now`.
pub fn verify(token: &str, config: &Config, now: Timestamp) -> Result<Rc<Claims>, ErrorCode> {
    // Hashing a token that is too long would be work for nothing.
    if token.len() > MAX_TOKEN_BYTES {
        return Err(ErrorCode::TokenMalformed);
    }
    let hash = Sha256::digest(token).into();
    if let Some(claims) = VERIFIED.with_borrow(|cache| cache.get(&hash, now)) {
        return Ok(claims);
    }
    let claims = token::verify(token, &config.keys, &config.expectations, now)
        .map(Rc::new)
        .map_err(token::TokenError::code)?;
    if let Some(until) = claims.exp.checked_mul(1000).and_then(Timestamp::from_millis) {
        VERIFIED.with_borrow_mut(|cache| cache.put(hash, Rc::clone(&claims), until));
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_header_holds_a_bearer_token_or_has_a_code() {
        let cases = [
            (None, Err(ErrorCode::TokenMissing)),
            (Some("Bearer a.b.c"), Ok("a.b.c")),
            (Some("bearer a.b.c"), Ok("a.b.c")),
            (Some(" BEARER   a.b.c "), Ok("a.b.c")),
            (Some(""), Err(ErrorCode::TokenMalformed)),
            (Some("Bearer"), Err(ErrorCode::TokenMalformed)),
            (Some("Bearer "), Err(ErrorCode::TokenMalformed)),
            (Some("a.b.c"), Err(ErrorCode::TokenMalformed)),
            (Some("Basic YTpi"), Err(ErrorCode::TokenMalformed)),
            (Some("Bearera.b.c"), Err(ErrorCode::TokenMalformed)),
        ];
        for (header, expected) in cases {
            assert_eq!(bearer(header), expected, "{header:?}");
        }
    }
}
