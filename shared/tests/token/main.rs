//! The corpus of hostile and honest tokens against the one verification that edge and origin
//! share; run natively and in wasm. `tests/e2e` sends the same through the running edge.

mod forge;
mod inspect;
mod key_sets;

use std::collections::BTreeSet;

use shared::{
    error::ErrorCode,
    time::Timestamp,
    token::{
        Claims, Expectations, KeySet, LEEWAY_SECONDS, MAX_TOKEN_BYTES, TokenError, verify,
        verify_at_any_age,
    },
    user::ClientType,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use forge::{Case, Forge, KeySetName, corpus};

/// The time at which tokens are looked at, in seconds since 1970.
const NOW: i64 = 1_800_000_000;

fn expected() -> Expectations {
    Expectations { issuer: "drawbridge".into(), audience: "drawbridge-api".into() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1000).unwrap()
}

fn keys(name: KeySetName) -> KeySet {
    KeySet::from_jwks(&Forge::at(NOW).jwks(name).to_string()).unwrap()
}

fn judged(case: &Case, token: &str, now: i64) -> Result<Claims, TokenError> {
    verify(token, keys(case.keys), &expected(), at(now))
}

fn named(name: &str) -> Case {
    corpus().into_iter().find(|case| case.name == name).expect("a case of the corpus")
}

#[test]
fn every_token_of_the_corpus_is_judged_as_it_must_be() {
    let forge = Forge::at(NOW);
    for case in corpus() {
        let judged = judged(&case, &forge.token(&case), NOW);
        let told = judged.as_ref().map_or_else(|error| error.code().as_str(), |_| "OK");
        assert_eq!(told, case.code, "{case:?}");
        let check = judged.as_ref().err().map(|error| format!("{error:?}"));
        assert_eq!(check, case.check, "{case:?}");
        if let Ok(claims) = judged {
            assert_eq!((claims.user_id, claims.sub.as_str()), (31, "31"), "{case:?}");
        }
    }
}

#[test]
fn the_corpus_is_large_and_each_case_is_told_from_the_others() {
    let corpus = corpus();
    let hostile: Vec<_> = corpus.iter().filter(|case| case.code != "OK").collect();
    assert!(hostile.len() >= 200, "{}", hostile.len());
    let forge = Forge::at(NOW);
    let tokens: BTreeSet<_> =
        corpus.iter().map(|case| (format!("{:?}", case.keys), forge.token(case))).collect();
    assert_eq!(tokens.len(), corpus.len(), "two recipes make one token");
    let names: BTreeSet<_> =
        corpus.iter().map(|case| (&case.name, &case.code, &case.check)).collect();
    assert!(names.len() > corpus.len() * 9 / 10);
    // What does not travel is little, and never a token that a check of ours must stop.
    let stay: Vec<_> = corpus.iter().filter(|case| case.direct_only.is_some()).collect();
    assert!(stay.len() <= 4 && stay.iter().all(|case| case.code == "TOKEN_MALFORMED"));
}

#[test]
fn time_is_judged_to_the_second() {
    let forge = Forge::at(NOW);
    for name in ["EdDSA", "ES256", "the old back end's"] {
        let case = named(name);
        let token = forge.token(&case);
        let at = |now| judged(&case, &token, now).map(|_| ());
        // Its `iat` is NOW, and its `exp` ten minutes later.
        assert_eq!(at(NOW + 599), Ok(()), "{name}");
        assert_eq!(at(NOW + 600), Err(TokenError::Expired), "{name}");
        assert_eq!(at(NOW - LEEWAY_SECONDS), Ok(()), "{name}");
        assert_eq!(at(NOW - LEEWAY_SECONDS - 1), Err(TokenError::NotYet), "{name}");
    }
}

#[test]
fn the_longest_token_passes_and_one_byte_more_does_not() {
    let recipe = |length: usize| -> Case {
        serde_json::from_value(serde_json::json!({
            "name": "long", "code": "OK",
            "claims": { "set": { "jti": { "repeat": "j", "times": length } } },
        }))
        .unwrap()
    };
    let forge = Forge::at(NOW);
    let spare = (MAX_TOKEN_BYTES - forge.token(&recipe(1)).len()) * 3 / 4;
    let longest = (spare - 4..spare + 4)
        .map(|length| forge.token(&recipe(length)))
        .take_while(|token| token.len() <= MAX_TOKEN_BYTES)
        .last()
        .unwrap();
    assert!(longest.len() > MAX_TOKEN_BYTES - 4);
    assert!(judged(&recipe(1), &longest, NOW).is_ok());
    let over = longest + &"A".repeat(4);
    assert_eq!(judged(&recipe(1), &over, NOW).map(|_| ()), Err(TokenError::TooLong));
}

#[test]
fn age_alone_is_forgiven_a_client_that_logs_in_again() {
    let forge = Forge::at(NOW);
    let of_any_age = |name: &str| {
        let case = named(name);
        verify_at_any_age(&forge.token(&case), keys(case.keys), &expected(), at(NOW)).map(|_| ())
    };
    assert_eq!(of_any_age("long ago, HS256"), Ok(()));
    assert_eq!(of_any_age("long ago, the old back end's"), Ok(()));
    assert_eq!(of_any_age("iss of another"), Err(TokenError::WrongIssuer));
    assert_eq!(of_any_age("all zeros"), Err(TokenError::BadSignature));
    assert_eq!(of_any_age("after the sunset"), Err(TokenError::PastSunset));
}

#[test]
fn what_the_old_back_end_never_wrote_is_filled_in() {
    let case = named("the old back end's");
    let claims = judged(&case, &Forge::at(NOW).token(&case), NOW).unwrap();
    assert_eq!(claims.client_type, ClientType::MiniProgram);
    assert_eq!((claims.scopes, claims.jti.as_str(), claims.device), (vec![], "", None));
    assert!(claims.iss == "drawbridge" && claims.aud.contains("drawbridge-api"));
}

#[test]
fn refusals_of_tokens_are_of_three_codes() {
    let codes: BTreeSet<_> = corpus().into_iter().map(|case| case.code).collect();
    let of_tokens = [ErrorCode::TokenMalformed, ErrorCode::TokenInvalid, ErrorCode::TokenExpired];
    let expected = of_tokens.map(|code| code.as_str().to_owned());
    assert_eq!(codes, expected.into_iter().chain(["OK".to_owned()]).collect());
}
