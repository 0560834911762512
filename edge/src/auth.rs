//! Who is calling: the access token, and what it says.

use std::{
    cell::RefCell,
    hash::{DefaultHasher, Hasher as _},
    rc::Rc,
    time::Duration,
};

use shared::{
    error::ErrorCode,
    session::SessionHash,
    time::Timestamp,
    token::{self, Claims, KeySet, MAX_TOKEN_BYTES, Opened, Proven, TokenError},
};

use crate::{cache::Cache, call::Work, env::Config, keys, random, web_crypto};

/// Tokens whose claims an isolate remembers; some 1,500 bytes each.
const REMEMBERED_TOKENS: usize = 2_000;
/// The longest token that is remembered, in bytes; ours have some 500.
const REMEMBERED_BYTES: usize = 2 * 1024;

thread_local! {
    static VERIFIED: RefCell<Verified> = const { RefCell::new(Verified::NEW) };
}

/// A token that holds, what it says, and what that comes to.
pub struct Known {
    token: String,
    /// What it says.
    pub claims: Rc<Claims>,
    /// The session that it names.
    pub session: SessionHash,
}

/// The tokens that are known to hold, by a hash under a secret of this isolate's: nobody else can
/// tell which tokens are compared with which.
struct Verified {
    secret: Option<[u8; 16]>,
    tokens: Cache<u64, Rc<Known>>,
}

impl Verified {
    const NEW: Self = Self { secret: None, tokens: Cache::new(REMEMBERED_TOKENS) };

    fn get(&self, token: &str, now: Timestamp) -> Option<Rc<Known>> {
        let known = self.tokens.get(&hash(self.secret?, token), now)?;
        is_same(known.token.as_bytes(), token.as_bytes()).then_some(known)
    }

    fn put(&mut self, known: &Rc<Known>, until: Timestamp) {
        if known.token.len() <= REMEMBERED_BYTES {
            let secret = *self.secret.get_or_insert_with(random::bytes);
            self.tokens.put(hash(secret, &known.token), Rc::clone(known), until);
        }
    }
}

impl Known {
    fn new(token: &str, claims: &Rc<Claims>) -> Self {
        let session = claims.session_hash();
        Self { token: token.to_owned(), claims: Rc::clone(claims), session }
    }
}

fn hash(secret: [u8; 16], token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(&secret);
    hasher.write(token.as_bytes());
    hasher.finish()
}

/// Compares in a time that says nothing of where two texts of one length differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let (one_words, one_rest) = one.as_chunks::<8>();
    let (other_words, other_rest) = other.as_chunks::<8>();
    let words = one_words.iter().zip(other_words);
    let differ = words.fold(0, |differ, (one, other)| {
        differ | (u64::from_ne_bytes(*one) ^ u64::from_ne_bytes(*other))
    });
    let rest =
        one_rest.iter().zip(other_rest).fold(0, |differ, (one, other)| differ | (one ^ other));
    one.len() == other.len() && differ == 0 && rest == 0
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

/// A token that is known to hold: it was verified here, by keys that are still those of now.
pub fn remembered(token: &str, now: Timestamp) -> Option<Rc<Known>> {
    VERIFIED.with_borrow(|verified| verified.get(token, now))
}

/// The same of a token that was not seen yet, where we check its signature ourselves: by a shared
/// secret. `None` where it takes a promise, or another's word on which keys there are.
pub fn learned(
    token: &str,
    config: &Config,
    now: Timestamp,
) -> Option<Result<Rc<Known>, ErrorCode>> {
    if token.len() > MAX_TOKEN_BYTES {
        return Some(Err(ErrorCode::TokenMalformed));
    }
    let keys = keys::current(config);
    let proven = match token::open(token, &keys, now) {
        Err(TokenError::UnknownKey) => return None,
        Ok(opened) if opened.public_key().is_some() => return None,
        opened => opened.and_then(Opened::proven),
    };
    Some(match proven.and_then(|proven| claims(proven, config, now)) {
        Ok((claims, until)) => {
            let known = Rc::new(Known::new(token, &claims));
            VERIFIED.with_borrow_mut(|verified| verified.put(&known, until));
            Ok(known)
        }
        Err(error) => Err(error.code()),
    })
}

/// What a token says, if it holds as it came in.
///
/// # Errors
/// The code of what is wrong with it; `ORIGIN_UNAVAILABLE` where its key is not known and the origin
/// cannot be asked.
pub async fn verify(token: &str, work: Work<'_>) -> Result<Rc<Claims>, ErrorCode> {
    // To look for a token that is too long would be work for nothing.
    if token.len() > MAX_TOKEN_BYTES {
        return Err(ErrorCode::TokenMalformed);
    }
    if let Some(known) = remembered(token, work.now) {
        keys::refresh(work);
        return Ok(Rc::clone(&known.claims));
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
        let known = Rc::new(Known::new(token, &claims));
        VERIFIED.with_borrow_mut(|verified| verified.put(&known, until));
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
    VERIFIED.with_borrow_mut(|verified| *verified = Verified::NEW);
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
    claims(proven, work.config, work.now)
}

/// The claims of a token whose signature holds, and until when it would come to the same.
fn claims(
    proven: Proven,
    config: &Config,
    now: Timestamp,
) -> Result<(Rc<Claims>, Timestamp), TokenError> {
    let sunset = proven.sunset();
    let claims = proven.claims(&config.expectations, now)?;
    let end = ends_at(&claims);
    Ok((Rc::new(claims), sunset.map_or(end, |sunset| sunset.min(end))))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use shared::{
        token::Audience,
        user::{ClientType, Role, UserType},
    };

    use super::*;

    fn known(token: &str, session_token: &str) -> Rc<Known> {
        let claims = Rc::new(Claims {
            sub: "7".into(),
            user_id: 7,
            user_type: UserType::User,
            client_type: ClientType::Web,
            session_token: session_token.into(),
            device: None,
            role: Role::User,
            scopes: Vec::new(),
            jti: String::new(),
            iat: 0,
            exp: 10,
            nbf: None,
            iss: "i".into(),
            aud: Audience::One("a".into()),
        });
        Rc::new(Known::new(token, &claims))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    #[test]
    fn a_token_is_remembered_to_the_letter_until_its_end() {
        let mut verified = Verified::NEW;
        verified.put(&known("header.payload.signature", "s-1"), at(10));
        let get = |token, second| verified.get(token, at(second));
        let found = get("header.payload.signature", 9).expect("it is remembered");
        assert_eq!(found.session, SessionHash::of("s-1"));
        assert!(get("header.payload.signature", 10).is_none(), "it is over");
        for other in
            ["header.payload.signaturE", "header.payload.signatur", "", "Header.payload.signature"]
        {
            assert!(get(other, 9).is_none(), "{other}");
        }
    }

    #[test]
    fn texts_are_the_same_to_their_last_byte() {
        let text: Vec<u8> = (0..40).collect();
        for length in 0..text.len() {
            assert!(is_same(&text[..length], &text[..length]));
            assert!(!is_same(&text[..length], &text[..=length]));
            for at in 0..length {
                let mut other = text.clone();
                other[at] ^= 1;
                assert!(!is_same(&text[..length], &other[..length]), "{at} of {length}");
            }
        }
    }

    #[test]
    fn what_has_the_same_hash_is_another_token() {
        let mut verified = Verified::NEW;
        verified.put(&known("a.b.c", "s-1"), at(10));
        let secret = verified.secret.unwrap();
        let known = verified.get("a.b.c", at(0)).unwrap();
        verified.tokens.put(hash(secret, "x.y.z"), known, at(10));
        assert!(verified.get("x.y.z", at(0)).is_none());
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let mut verified = Verified::NEW;
        verified.put(&known(&"t".repeat(REMEMBERED_BYTES + 1), "long"), at(10));
        assert!(verified.get(&"t".repeat(REMEMBERED_BYTES + 1), at(0)).is_none());
        let names: Vec<_> = (0..=REMEMBERED_TOKENS).map(|n| n.to_string()).collect();
        for name in &names {
            verified.put(&known(name, "s"), at(10));
        }
        let kept = names.iter().filter(|name| verified.get(name, at(0)).is_some()).count();
        assert_eq!(kept, REMEMBERED_TOKENS);
    }

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
