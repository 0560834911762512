//! Who is calling: the access token, and what it says.

use std::{cell::RefCell, rc::Rc, time::Duration};

use sha2::{Digest as _, Sha256};
use shared::{
    error::ErrorCode,
    time::Timestamp,
    token::{self, Claims, KeySet, MAX_TOKEN_BYTES, TokenError},
};

use crate::{cache::Cache, call::Work, keys, web_crypto};

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

/// What a token says, if it holds as it came in.
///
/// # Errors
/// The code of what is wrong with it; `ORIGIN_UNAVAILABLE` where its key is not known and the origin
/// cannot be asked.
pub async fn verify(token: &str, work: Work<'_>) -> Result<Rc<Claims>, ErrorCode> {
    // Hashing a token that is too long would be work for nothing.
    if token.len() > MAX_TOKEN_BYTES {
        return Err(ErrorCode::TokenMalformed);
    }
    let hash = Sha256::digest(token).into();
    if let Some(claims) = VERIFIED.with_borrow(|cache| cache.get(&hash, work.now)) {
        keys::refresh(work);
        return Ok(claims);
    }
    let mut keys = keys::current(work.config);
    let mut judged = judge(token, &keys, work).await;
    while matches!(judged, Err(TokenError::UnknownKey)) {
        let Some(others) = keys::others(&keys, work).await? else { break };
        keys = others;
        judged = judge(token, &keys, work).await;
    }
    // Not before: who names an unknown key would wait for this answer, and then for another.
    keys::refresh(work);
    let (claims, until) = judged.map_err(TokenError::code)?;
    // While the signature was checked, the key may have been retired.
    if Rc::ptr_eq(&keys, &keys::current(work.config)) {
        VERIFIED.with_borrow_mut(|cache| cache.put(hash, Rc::clone(&claims), until));
    }
    Ok(claims)
}

/// The end of a token, or of the calendar, where that comes first.
pub fn ends_at(claims: &Claims) -> Timestamp {
    let end = claims.exp.checked_mul(1000).and_then(Timestamp::from_millis);
    end.unwrap_or_else(|| Timestamp::EPOCH.plus(Duration::MAX))
}

/// Forgets which tokens hold: the keys are others.
pub fn forget() {
    VERIFIED.with_borrow_mut(|cache| *cache = Cache::new(REMEMBERED_TOKENS));
}

/// The one verification of `shared`, with the signatures that it leaves to the runtime checked
/// there; also until when it would come to the same.
async fn judge(
    token: &str,
    keys: &KeySet,
    work: Work<'_>,
) -> Result<(Rc<Claims>, Timestamp), TokenError> {
    let opened = token::open(token, keys, work.now)?;
    let proven = match opened.public_key() {
        None => opened.proven()?,
        Some(key) => {
            let holds = web_crypto::holds(key, opened.message(), opened.signature(), work.id).await;
            opened.proven_if(holds)?
        }
    };
    let sunset = proven.sunset();
    let claims = proven.claims(&work.config.expectations, work.now)?;
    let end = ends_at(&claims);
    Ok((Rc::new(claims), sunset.map_or(end, |sunset| sunset.min(end))))
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
