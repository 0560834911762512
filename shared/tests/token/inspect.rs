//! The account of a token and the verdict on it are never at odds.

use shared::token::{Check, Inspected, TokenError, inspect};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{NOW, at, corpus, expected, forge::Forge, judged, keys, named};

#[test]
fn an_account_stops_where_the_verdict_does() {
    let forge = Forge::at(NOW);
    for case in corpus() {
        let token = forge.token(&case);
        let verdict = judged(&case, &token, NOW);
        let Inspected { findings, first_failure, claims } =
            inspect(&token, &keys(case.keys), &expected(), at(NOW));
        let error = verdict.as_ref().err();
        assert_eq!(
            first_failure.map(|failed| failed.code),
            error.map(|error| error.code()),
            "{case:?}"
        );
        assert_eq!(
            first_failure.map(|failed| failed.check),
            error.map(|error| error.check()),
            "{case:?}"
        );
        let checks: Vec<_> = findings.iter().map(|finding| finding.check).collect();
        assert_eq!(checks, Check::ALL[..checks.len()], "{case:?}");
        assert_eq!(checks.last(), Some(&Check::End));
        for finding in &findings {
            let expected = match first_failure.map(|failed| finding.check.cmp(&failed.check)) {
                None | Some(std::cmp::Ordering::Less) => Some(true),
                Some(std::cmp::Ordering::Equal) => Some(false),
                Some(std::cmp::Ordering::Greater) => None,
            };
            assert_eq!(finding.ok, expected, "{case:?}: {finding:?}");
            let signature = token.rsplit('.').next().filter(|part| part.len() >= 16);
            assert!(!signature.is_some_and(|part| finding.detail.contains(part)), "{finding:?}");
        }
        // What is too old was said all the same; what is forged was not.
        let is_believed = matches!(error, None | Some(TokenError::Expired));
        assert_eq!(claims.is_some(), is_believed, "{case:?}");
    }
}

#[test]
fn a_person_reads_what_was_seen_and_never_the_sessions_name() {
    let case = named("exactly now");
    let token = Forge::at(NOW).token(&case);
    let seen = inspect(&token, &keys(case.keys), &expected(), at(NOW));
    let detail =
        |check| seen.findings.iter().find(|finding| finding.check == check).unwrap().detail.clone();
    assert_eq!(detail(Check::Issuer), r#"iss "drawbridge""#);
    assert_eq!(detail(Check::Critical), "no crit");
    assert_eq!(
        detail(Check::End),
        "`exp` has passed: exp 2027-01-15T16:00:00.000+08:00; now is 2027-01-15T16:00:00.000+08:00"
    );
    let claims = seen.claims.expect("a token that is only too old may be believed");
    for finding in &seen.findings {
        assert!(!finding.detail.contains(&claims.session_token), "{finding:?}");
    }
}
