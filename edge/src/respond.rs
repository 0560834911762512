//! What goes back to clients: the envelope, and the headers that every answer has.

use std::cell::OnceCell;

use serde::Serialize;
use shared::{
    assertion::REQUEST_ID_HEADER,
    envelope::{Failure, Success},
    error::{ErrorCode, Language},
    time::Timestamp,
    web_origin::AllowedOrigins,
};
use worker::{Headers, Response, ResponseBuilder, worker_sys::web_sys};

use crate::{cors, log, refused::Refused};

/// An API is no page: nothing of it is to be guessed at, framed or run.
const SECURITY_HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// What an answer must know of its call.
pub struct About<'a> {
    /// The request id.
    pub id: &'a str,
    /// The page that calls, where a browser says so.
    pub origin: Option<&'a str>,
    /// The pages that may call.
    pub allowed_origins: Option<&'a AllowedOrigins>,
    /// The language of what a person reads.
    pub language: Language,
    /// When the call came in.
    pub now: Timestamp,
}

/// 200 with a body that is JSON.
pub fn json(body: Vec<u8>) -> Result<Response, Refused> {
    Ok(builder(200, json_headers()?).fixed(body))
}

/// `{"success":true,"data":…}`
pub fn success<T: Serialize>(data: T) -> Result<Response, Refused> {
    json(serde_json::to_vec(&Success::new(data))?)
}

/// The answer to a call, refused or not, with the headers that all have.
pub fn finish(outcome: Result<Response, Refused>, about: &About<'_>) -> worker::Result<Response> {
    let response = match outcome {
        Ok(response) => response,
        Err(refused) => refusal(refused, about)?,
    };
    let headers = response.headers();
    headers.set(REQUEST_ID_HEADER, about.id)?;
    // Of what follows, nothing is for a socket.
    if response.status_code() == 101 {
        return Ok(response);
    }
    if !headers.has(SECURITY_HEADERS[0].0)? {
        set_common(headers)?;
    }
    if let Some(allowed) = about.allowed_origins {
        cors::allow(allowed, about.origin, headers)?;
    }
    Ok(response)
}

fn refusal(refused: Refused, about: &About<'_>) -> worker::Result<Response> {
    let code = refused.code();
    let mut failure = failure(code, about);
    let headers = json_headers()?;
    match refused {
        Refused::Code(_) => {}
        Refused::Method(allowed) => headers.set("allow", &allowed)?,
        Refused::Invalid(fields) => failure = failure.with_fields(fields),
        Refused::Fault(cause) => log::error(about.id, &cause),
    }
    if code.status() == ErrorCode::TokenMissing.status() {
        headers.set("www-authenticate", "Bearer")?;
    }
    Ok(builder(code.status(), headers).fixed(serde_json::to_vec(&failure)?))
}

/// The body of a refusal with a code alone.
pub fn failure(code: ErrorCode, about: &About<'_>) -> Failure {
    Failure::new(code, about.language, about.id, about.now)
}

/// Headers to begin with, in which [`finish`] finds what all have: each that is set by itself is a
/// crossing between wasm and JavaScript.
pub fn common_headers() -> worker::Result<Headers> {
    thread_local! {
        static COMMON: OnceCell<web_sys::Headers> = const { OnceCell::new() };
    }
    COMMON.with(|common| {
        if common.get().is_none() {
            let headers = Headers::new();
            set_common(&headers)?;
            let _ = common.set(headers.0);
        }
        let headers = match common.get() {
            Some(headers) => web_sys::Headers::new_with_headers(headers)?,
            None => web_sys::Headers::new()?,
        };
        Ok(Headers(headers))
    })
}

fn set_common(headers: &Headers) -> worker::Result<()> {
    for (name, value) in SECURITY_HEADERS {
        headers.set(name, value)?;
    }
    if !headers.has("cache-control")? {
        headers.set("cache-control", "no-store")?;
    }
    headers.append("vary", "origin")
}

fn json_headers() -> worker::Result<Headers> {
    let headers = common_headers()?;
    headers.set("content-type", "application/json")?;
    Ok(headers)
}

fn builder(status: u16, headers: Headers) -> ResponseBuilder {
    Response::builder().with_status(status).with_headers(headers)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const ABOUT: About<'static> = About {
        id: "r-1",
        origin: None,
        allowed_origins: None,
        language: Language::English,
        now: Timestamp::EPOCH,
    };

    async fn told(refused: Refused) -> (Response, serde_json::Value) {
        let mut response = finish(Err(refused), &ABOUT).unwrap();
        let body = response.json().await.unwrap();
        (response, body)
    }

    #[test]
    async fn a_refusal_is_an_envelope_with_its_status_and_request_id() {
        let (response, body) = told(ErrorCode::SessionReplaced.into()).await;
        assert_eq!(response.status_code(), 401);
        assert_eq!(body["code"], "SESSION_REPLACED");
        assert_eq!(body["legacy_code"], "SESSION_INVALIDATED");
        assert_eq!(body["request_id"], "r-1");
        let header = |name| response.headers().get(name).unwrap();
        assert_eq!(header("x-request-id").as_deref(), Some("r-1"));
        assert_eq!(header("www-authenticate").as_deref(), Some("Bearer"));
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(header("vary").as_deref(), Some("origin"));
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
    }

    #[test]
    async fn a_fault_of_ours_is_not_told() {
        let (response, body) = told(Refused::Fault("setting JWT_KEYS is missing".into())).await;
        assert_eq!(response.status_code(), 500);
        assert_eq!(body["code"], "INTERNAL");
        assert!(!body.to_string().contains("JWT_KEYS"));
    }

    #[test]
    async fn a_wrong_method_is_told_the_right_ones() {
        let (response, _) = told(Refused::Method("GET, POST".into())).await;
        assert_eq!(response.status_code(), 405);
        assert_eq!(response.headers().get("allow").unwrap().as_deref(), Some("GET, POST"));
    }

    #[test]
    fn what_says_how_it_may_be_cached_keeps_its_word() {
        let headers = Headers::new();
        headers.set("cache-control", "public, max-age=300").unwrap();
        let response = finish(Ok(builder(200, headers).empty()), &ABOUT).unwrap();
        assert_eq!(response.headers().get("x-frame-options").unwrap().as_deref(), Some("DENY"));
        assert_eq!(response.headers().get("vary").unwrap().as_deref(), Some("origin"));
        assert_eq!(
            response.headers().get("cache-control").unwrap().as_deref(),
            Some("public, max-age=300")
        );
    }
}
