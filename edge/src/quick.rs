//! What is answered at once, without a promise: by what the isolate remembers alone.
//!
//! The cost of an answer is in the crossings between JavaScript and wasm, so there is one each way:
//! `entry.js` hands over what is needed of a request as one text, and gets all of the answer that is
//! its own as one. What many answers have in common, it keeps as it got it from [`quick_headers`].
//! Whatever cannot be answered so goes by [`fetch`](crate::fetch), which would come to the same.

use shared::{
    error::{ErrorCode, Language},
    route::{self, Access},
    time::Timestamp,
};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::web_sys;

use crate::{
    MAX_PATH_BYTES, auth,
    call::{path, path_and_query},
    clock,
    env::{self, Config},
    keys, liveness, random,
    respond::{self, About},
    routes::{self, Endpoint},
    verify,
};

/// The paths of what is asked most, which are not looked for.
const VERIFY_V4: &str = route::VERIFY;
const VERIFY_V1: &str = "/api/v1/auth/verify";
const VERIFY: &str = "/auth/verify";

/// Answers a `GET` without a body, if that can be done at once.
///
/// `asked` are the lines URL, `Authorization`, `Origin` and `Accept-Language`, the last two empty where
/// there is none. The answer: a line for [`quick_headers`], which begins with the status; 32 digits, the
/// request id; the body. It is empty where the language matters, and there are but three lines.
#[wasm_bindgen]
#[must_use]
pub fn quick(asked: &str) -> Option<String> {
    let mut lines = asked.split('\n');
    let [url, authorization, origin] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let config = env::known()?;
    let allowed = if config.allowed_origins.contains(origin) { origin } else { "" };
    let (id, now) = (random::id(), clock::now());
    match answer(config, url, authorization, now)? {
        // Without the formatter: its code alone would take as long as all of this.
        Ok(body) => Some(["200 - ", allowed, "\n", &id, &body].concat()),
        Err(code) => {
            let Some(language) = lines.next() else { return Some(String::new()) };
            let language = Language::preferred(Some(language));
            let about = About { id: &id, language, now, ..about(config, allowed) };
            let body = serde_json::to_string(&respond::failure(code, &about)).ok()?;
            Some(format!("{} {} {allowed}\n{id}{body}", code.status(), code.as_str()))
        }
    }
}

fn answer(
    config: &Config,
    url: &str,
    authorization: &str,
    now: Timestamp,
) -> Option<Result<String, ErrorCode>> {
    let path_and_query = path_and_query(url);
    if path_and_query.len() > MAX_PATH_BYTES {
        return None;
    }
    let path = path(path_and_query);
    let endpoint = match path {
        VERIFY_V4 | VERIFY_V1 | VERIFY => Endpoint::Verify,
        path => routes::find("GET", path).ok()?,
    };
    let is_checked =
        matches!(endpoint, Endpoint::Verify | Endpoint::Forward(Access::Read | Access::Write));
    // Somebody has to ask for the keys.
    if !is_checked || !keys::are_fresh(now) {
        return None;
    }
    let token = match auth::bearer(Some(authorization)) {
        Ok(token) => token,
        Err(code) => return Some(Err(code)),
    };
    let known = match auth::remembered(token, now) {
        Some(known) => known,
        None => match auth::learned(token, config, now)? {
            Ok(known) => known,
            Err(code) => return Some(Err(code)),
        },
    };
    match liveness::remembered(&known.session, now)? {
        Err(code) => Some(Err(code)),
        Ok(()) if endpoint == Endpoint::Verify => {
            verify::remembered(&known.session, &known.claims, now).map(Ok)
        }
        Ok(()) => None,
    }
}

/// The headers of all answers that begin with this line, but the request id.
#[wasm_bindgen]
#[must_use]
pub fn quick_headers(line: &str) -> Option<web_sys::Headers> {
    let mut words = line.splitn(3, ' ').skip(1);
    let (code, allowed) = (words.next()?, words.next()?);
    let outcome = match code {
        "-" => respond::json(Vec::new()),
        code => Err(ErrorCode::ALL.into_iter().find(|known| known.as_str() == code)?.into()),
    };
    let response = respond::finish(outcome, &about(env::known()?, allowed)).ok()?;
    Some(response.headers().0.clone())
}

fn about<'a>(config: &'a Config, origin: &'a str) -> About<'a> {
    About {
        id: "",
        origin: Some(origin),
        allowed_origins: Some(&config.allowed_origins),
        language: Language::default(),
        now: Timestamp::EPOCH,
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_is_not_looked_for_is_what_would_be_found() {
        let paths: Vec<_> = route::spellings(route::VERIFY).collect();
        assert_eq!(paths, [VERIFY_V4, VERIFY_V1, VERIFY]);
        for path in paths {
            assert_eq!(routes::find("GET", &path).unwrap(), Endpoint::Verify);
        }
    }
}
