//! Hostile and honest tokens, built at test time from fixed keys, against the one verification
//! that edge and origin share; run natively and in wasm.

mod forge;

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use shared::{
    error::ErrorCode,
    time::Timestamp,
    token::{
        Claims, Expectations, KeySet, LEEWAY_SECONDS, MAX_TOKEN_BYTES, TokenError, verify,
        verify_at_any_age,
    },
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use forge::{
    Key, NOW, SECRET, b64, claiming, claims, ed, good, headed, header, lacking, malleated,
    of_claims, of_header, resigned, token, torn, with, without,
};

fn keys() -> KeySet {
    let x = b64(ed().verifying_key().as_bytes());
    let jwks = json!({"keys": [
        {"kid": "ed", "kty": "OKP", "alg": "EdDSA", "crv": "Ed25519", "x": x},
        {"kid": "mac", "kty": "oct", "alg": "HS256", "k": b64(SECRET)},
    ]});
    KeySet::from_jwks(&jwks.to_string()).unwrap()
}

fn expected() -> Expectations {
    Expectations { issuer: "drawbridge".into(), audience: "drawbridge-api".into() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1000).unwrap()
}

fn judged(token: &str) -> Result<Claims, TokenError> {
    verify(token, &keys(), &expected(), at(NOW))
}

/// A name, a token, and the check that it must fail first.
type Case = (&'static str, String, TokenError);

fn check(code: ErrorCode, cases: Vec<Case>) {
    for (name, token, reason) in cases {
        assert_eq!(judged(&token).map(|_| ()), Err(reason), "{name}");
        assert_eq!(reason.code(), code, "{name}");
    }
}

#[test]
fn what_is_no_jwt_is_malformed() {
    use TokenError::{NotAJwt, TooLong};
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(400), "]".repeat(400));
    let swapped_alphabet = || torn(|[h, c, s]| format!("{h}.{c}.{}", s.replace(['-', '_'], "+")));
    check(
        ErrorCode::TokenMalformed,
        vec![
            ("empty", String::new(), NotAJwt),
            ("dots alone", "..".into(), NotAJwt),
            ("one part", "abc".into(), NotAJwt),
            ("two parts", torn(|[h, c, _]| format!("{h}.{c}")), NotAJwt),
            ("four parts", torn(|[h, c, s]| format!("{h}.{c}.{c}.{s}")), NotAJwt),
            ("five parts, as JWE", torn(|[h, c, s]| format!("{h}.{c}.{c}.{c}.{s}")), NotAJwt),
            ("what browsers send for a missing one", "undefined".into(), NotAJwt),
            ("a space before", format!(" {}", good()), NotAJwt),
            ("a line break after", format!("{}\n", good()), NotAJwt),
            ("padding", torn(|[h, c, s]| format!("{h}.{c}.{s}==")), NotAJwt),
            ("padding in the header", torn(|[h, c, s]| format!("{h}=.{c}.{s}")), NotAJwt),
            ("the other base64", swapped_alphabet() + "+", NotAJwt),
            (
                "bits beyond the last byte",
                torn(|[h, c, s]| format!("{h}.{c}.{}B", &s[..85])),
                NotAJwt,
            ),
            ("not ASCII", torn(|[h, c, s]| format!("{h}.{c}é.{s}")), NotAJwt),
            ("header no JSON", of_header("alg"), NotAJwt),
            ("header an array", of_header(r#"["EdDSA","ed","at+jwt"]"#), NotAJwt),
            ("header a text", of_header(r#""EdDSA""#), NotAJwt),
            ("header without alg", of_header(r#"{"typ":"at+jwt","kid":"ed"}"#), NotAJwt),
            ("alg a number", headed("alg", json!(1)), NotAJwt),
            ("kid a number", headed("kid", json!(1)), NotAJwt),
            (
                "alg twice",
                of_header(r#"{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"ed"}"#),
                NotAJwt,
            ),
            ("header with a byte-order mark", of_header(&format!("\u{feff}{}", header())), NotAJwt),
            ("header nested deep", of_header(&deep), NotAJwt),
            ("claims no JSON", of_claims("{"), NotAJwt),
            ("claims an array", of_claims("[1]"), NotAJwt),
            ("claims a text", of_claims(r#""sub""#), NotAJwt),
            ("claims null", of_claims("null"), NotAJwt),
            ("claims and more", of_claims(&format!("{}{}", claims(), claims())), NotAJwt),
            ("over 4 KiB", claiming("jti", json!("j".repeat(MAX_TOKEN_BYTES))), TooLong),
            ("a megabyte of dots", ".".repeat(1 << 20), TooLong),
        ],
    );
}

#[test]
fn what_is_not_signed_by_our_key_as_we_sign_is_invalid() {
    use TokenError::{BadSignature, Critical, UnknownKey, WrongAlgorithm, WrongType};
    let signed = |member, value: &str, key| {
        let header = with(header(), member, json!(value));
        token(&header.to_string(), &claims().to_string(), key)
    };
    let unsigned = |alg: &str| signed("alg", alg, Key::Nothing);
    let mac = |key| {
        let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": "mac"});
        token(&header.to_string(), &claims().to_string(), key)
    };
    let own_key = json!({"kty": "OKP", "crv": "Ed25519", "x": b64(SigningKey::from_bytes(&[2; 32]).verifying_key().as_bytes())});
    let with_own_key = with(header(), "jwk", own_key);
    check(
        ErrorCode::TokenInvalid,
        vec![
            ("alg none", unsigned("none"), WrongAlgorithm),
            ("alg None", unsigned("None"), WrongAlgorithm),
            ("alg nOnE", unsigned("nOnE"), WrongAlgorithm),
            ("alg empty", unsigned(""), WrongAlgorithm),
            ("alg in other letters", signed("alg", "eddsa", Key::Ed), WrongAlgorithm),
            (
                "HS256 by the public key's bytes",
                signed("alg", "HS256", Key::PublicBytes),
                WrongAlgorithm,
            ),
            (
                "HS256 by the secret, under the other kid",
                signed("alg", "HS256", Key::Hmac(&SECRET)),
                WrongAlgorithm,
            ),
            ("EdDSA under the secret's kid", signed("kid", "mac", Key::Ed), WrongAlgorithm),
            ("HS512", signed("alg", "HS512", Key::Hmac(&SECRET)), WrongAlgorithm),
            ("RS256", signed("alg", "RS256", Key::Ed), WrongAlgorithm),
            ("kid unknown", signed("kid", "other", Key::Ed), UnknownKey),
            ("kid in other letters", signed("kid", "ED", Key::Ed), UnknownKey),
            ("kid empty", signed("kid", "", Key::Ed), UnknownKey),
            ("kid a path", signed("kid", "../../dev/null", Key::Hmac(b"")), UnknownKey),
            ("kid of another alphabet", signed("kid", "ключ", Key::Ed), UnknownKey),
            ("kid null", headed("kid", Value::Null), UnknownKey),
            ("no kid", of_header(&without(header(), "kid").to_string()), UnknownKey),
            ("crit with a name", headed("crit", json!(["exp"])), Critical),
            ("crit empty", headed("crit", json!([])), Critical),
            ("crit null", headed("crit", Value::Null), Critical),
            ("crit a text", headed("crit", json!("b64")), Critical),
            ("typ JWT", headed("typ", json!("JWT")), WrongType),
            ("typ of another kind of token", headed("typ", json!("rt+jwt")), WrongType),
            ("typ null", headed("typ", Value::Null), WrongType),
            ("no typ", of_header(&without(header(), "typ").to_string()), WrongType),
            (
                "another's signature",
                token(&header().to_string(), &claims().to_string(), Key::OtherEd),
                BadSignature,
            ),
            (
                "another's key, brought along",
                token(&with_own_key.to_string(), &claims().to_string(), Key::OtherEd),
                BadSignature,
            ),
            ("another's secret", mac(Key::Hmac(&[6; 32])), BadSignature),
            ("no signature", resigned(|_| Vec::new()), BadSignature),
            ("half a signature", resigned(|s| s[..32].to_vec()), BadSignature),
            ("a signature and more", resigned(|s| [s, vec![0]].concat()), BadSignature),
            (
                "a flipped bit",
                resigned(|mut s| {
                    s[0] ^= 1;
                    s
                }),
                BadSignature,
            ),
            (
                "a flipped last bit",
                resigned(|mut s| {
                    s[63] ^= 0x80;
                    s
                }),
                BadSignature,
            ),
            ("the order added", resigned(malleated), BadSignature),
            ("all zeros", resigned(|_| vec![0; 64]), BadSignature),
            ("half an HMAC", mac(Key::Nothing), BadSignature),
            (
                "claims of another token",
                torn(|[h, _, s]| {
                    format!("{h}.{}.{s}", b64(with(claims(), "user_id", json!(1)).to_string()))
                }),
                BadSignature,
            ),
            ("forged and expired tells forged", resigned(|_| vec![1; 64]), BadSignature),
        ],
    );
}

#[test]
fn claims_that_are_not_ours_are_invalid() {
    use TokenError::{BadClaims, NotYet, WrongAudience, WrongIssuer};
    let twice = |member: &str| {
        let text = claims().to_string();
        of_claims(&format!(r#"{{"{member}":{},{}"#, claims()[member], &text[1..]))
    };
    let raw = |member: &str, value: &str| {
        let text = without(claims(), member).to_string();
        of_claims(&format!(r#"{{"{member}":{value},{}"#, &text[1..]))
    };
    check(
        ErrorCode::TokenInvalid,
        vec![
            ("empty", of_claims("{}"), BadClaims),
            ("iss of another", claiming("iss", json!("evil")), WrongIssuer),
            ("iss almost ours", claiming("iss", json!("drawbridge/")), WrongIssuer),
            ("iss a list with ours", claiming("iss", json!(["drawbridge"])), BadClaims),
            ("no iss", lacking("iss"), BadClaims),
            ("aud of another", claiming("aud", json!("other-api")), WrongAudience),
            ("aud a list without ours", claiming("aud", json!(["a", "b"])), WrongAudience),
            ("aud an empty list", claiming("aud", json!([])), WrongAudience),
            ("aud null", claiming("aud", Value::Null), BadClaims),
            ("aud an object", claiming("aud", json!({"drawbridge-api": true})), BadClaims),
            ("no aud", lacking("aud"), BadClaims),
            ("no exp", lacking("exp"), BadClaims),
            ("exp null", claiming("exp", Value::Null), BadClaims),
            ("exp a text", claiming("exp", json!("1900000000")), BadClaims),
            ("exp a fraction", raw("exp", "1900000000.5"), BadClaims),
            ("exp with an exponent", raw("exp", "1e12"), BadClaims),
            ("exp beyond 64 bits", raw("exp", "99999999999999999999"), BadClaims),
            ("exp beyond all numbers", raw("exp", "1e999"), BadClaims),
            ("exp NaN", raw("exp", r#""NaN""#), BadClaims),
            ("exp twice", twice("exp"), BadClaims),
            ("user_id twice", twice("user_id"), BadClaims),
            ("iat over the leeway ahead", claiming("iat", json!(NOW + LEEWAY_SECONDS + 1)), NotYet),
            ("iat at the end of time", claiming("iat", json!(i64::MAX)), NotYet),
            ("nbf over the leeway ahead", claiming("nbf", json!(NOW + LEEWAY_SECONDS + 1)), NotYet),
            ("nbf a text", claiming("nbf", json!("0")), BadClaims),
            ("no iat", lacking("iat"), BadClaims),
            ("sub of another user", claiming("sub", json!("32")), BadClaims),
            ("sub with a zero before", claiming("sub", json!("031")), BadClaims),
            ("sub a number", claiming("sub", json!(31)), BadClaims),
            ("no sub", lacking("sub"), BadClaims),
            ("user_id a text", claiming("user_id", json!("31")), BadClaims),
            ("user_id beyond 64 bits", raw("user_id", "18446744073709551647"), BadClaims),
            ("session_token empty", claiming("session_token", json!("")), BadClaims),
            ("session_token null", claiming("session_token", Value::Null), BadClaims),
            ("no session_token", lacking("session_token"), BadClaims),
            ("role unknown", claiming("role", json!("root")), BadClaims),
            ("role in other letters", claiming("role", json!("Admin")), BadClaims),
            ("user_type unknown", claiming("user_type", json!("system")), BadClaims),
            ("scopes a text", claiming("scopes", json!("all")), BadClaims),
            (
                "scopes nested deep",
                raw("scopes", &format!("{}{}", "[".repeat(400), "]".repeat(400))),
                BadClaims,
            ),
            ("half a surrogate", raw("session_token", r#""\ud800""#), BadClaims),
        ],
    );
}

#[test]
fn what_is_over_is_expired() {
    use TokenError::Expired;
    check(
        ErrorCode::TokenExpired,
        vec![
            ("past", claiming("exp", json!(NOW - 1)), Expired),
            ("exactly now", claiming("exp", json!(NOW)), Expired),
            ("nought", claiming("exp", json!(0)), Expired),
            ("negative", claiming("exp", json!(-1)), Expired),
            ("the beginning of time", claiming("exp", json!(i64::MIN)), Expired),
        ],
    );
}

#[test]
fn an_honest_token_passes() {
    let mac = |kid: &str| {
        let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": kid});
        token(&header.to_string(), &claims().to_string(), Key::Hmac(&SECRET))
    };
    let cases = [
        ("EdDSA", good()),
        ("HS256", mac("mac")),
        ("typ in other letters", headed("typ", json!("AT+JWT"))),
        ("aud a list with ours", claiming("aud", json!(["other", "drawbridge-api"]))),
        ("the last second", claiming("exp", json!(NOW + 1))),
        ("exp at the end of time", claiming("exp", json!(i64::MAX))),
        ("iat at the leeway", claiming("iat", json!(NOW + LEEWAY_SECONDS))),
        ("nbf at the leeway", claiming("nbf", json!(NOW + LEEWAY_SECONDS))),
        ("iat long ago", claiming("iat", json!(0))),
        ("claims that nobody reads", claiming("x", json!({"y": [1, null]}))),
        ("header members that nobody reads", headed("jku", json!("https://evil.com"))),
        ("any session's name", claiming("session_token", json!("会话 \"1\"\u{0}"))),
        ("white space", of_claims(&format!(" \n{} ", claims()))),
    ];
    for (name, token) in cases {
        assert_eq!(judged(&token).map(|claims| claims.user_id), Ok(31), "{name}");
    }
}

#[test]
fn the_longest_token_passes_and_one_byte_more_does_not() {
    let spare = (MAX_TOKEN_BYTES - good().len()) * 3 / 4;
    let longest = (spare - 4..spare + 4)
        .map(|length| claiming("jti", json!("j".repeat(length))))
        .take_while(|token| token.len() <= MAX_TOKEN_BYTES)
        .last()
        .unwrap();
    assert!(longest.len() > MAX_TOKEN_BYTES - 4);
    assert!(judged(&longest).is_ok());
    let over = longest + &"A".repeat(4);
    assert_eq!(judged(&over).map(|_| ()), Err(TokenError::TooLong));
}

#[test]
fn age_alone_is_forgiven_a_client_that_logs_in_again() {
    let of_any_age =
        |token: &str| verify_at_any_age(token, &keys(), &expected(), at(NOW)).map(|_| ());
    assert_eq!(of_any_age(&claiming("exp", json!(NOW - 1_000_000))), Ok(()));
    assert_eq!(of_any_age(&claiming("iss", json!("evil"))), Err(TokenError::WrongIssuer));
    assert_eq!(of_any_age(&resigned(|_| vec![0; 64])), Err(TokenError::BadSignature));
}

#[test]
fn a_key_set_that_is_weak_or_unclear_is_refused() {
    let x = b64(ed().verifying_key().as_bytes());
    let ed = json!({"kid": "a", "kty": "OKP", "crv": "Ed25519", "x": x});
    let mac = json!({"kid": "b", "kty": "oct", "alg": "HS256", "k": b64(SECRET)});
    let refused = [
        ("no key", json!([])),
        ("a short secret", json!([with(mac.clone(), "k", json!(b64([5; 31])))])),
        ("a secret without alg", json!([without(mac.clone(), "alg")])),
        ("a secret for none", json!([with(mac.clone(), "alg", json!("none"))])),
        ("a public key for HMAC", json!([with(ed.clone(), "alg", json!("HS256"))])),
        ("a short public key", json!([with(ed.clone(), "x", json!(b64([1; 31])))])),
        ("a long public key", json!([with(ed.clone(), "x", json!(b64([1; 33])))])),
        ("a public key of small order", json!([with(ed.clone(), "x", json!(b64([0; 32])))])),
        ("no point of the curve", json!([with(ed.clone(), "x", json!(b64([2; 32])))])),
        ("another curve", json!([with(ed.clone(), "crv", json!("X25519"))])),
        ("RSA", json!([{"kid": "r", "kty": "RSA", "alg": "RS256", "n": "AQAB", "e": "AQAB"}])),
        ("a key without a name", json!([without(ed.clone(), "kid")])),
        ("one name twice", json!([ed.clone(), with(mac.clone(), "kid", json!("a"))])),
        ("one bad key among good ones", json!([ed.clone(), with(mac.clone(), "k", json!("AA"))])),
    ];
    for (name, keys) in refused {
        assert!(KeySet::from_jwks(&json!({ "keys": keys }).to_string()).is_err(), "{name}");
    }
    assert!(KeySet::from_jwks(&json!({ "keys": [ed, mac] }).to_string()).is_ok());
}
