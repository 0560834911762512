//! The only caller of the origin.

mod forwarded;
mod internal;
mod jwks;

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use shared::{error::ErrorCode, route::READYZ};
use worker::{
    AbortController, CacheMode, Delay, Fetch, Request, RequestInit, RequestRedirect, Response,
};

pub use forwarded::forward;
pub use internal::{
    Caller, RawOutcome, RawReplay, liveness, queue, replay, store_marks, store_messages,
};
pub use jwks::published_keys;

use crate::{call::Call, log, request};

/// The longest wait for the beginning of a forwarded call's answer.
const FORWARD_LIMIT: Duration = Duration::from_secs(15);
/// The longest wait for an answer that a health check wants.
const READY_LIMIT: Duration = Duration::from_secs(2);

/// Whether the origin says that it can serve.
pub async fn is_ready(call: &Call<'_>) -> bool {
    let url = format!("{}{READYZ}", call.config.origin_url);
    let Ok(request) = request::new(&url, &init()) else { return false };
    send(request, READY_LIMIT, call.id).await.is_ok_and(|response| response.status_code() == 200)
}

/// Sends a request: `ORIGIN_UNAVAILABLE` where no answer of our origin begins within `limit`.
async fn send(request: Request, limit: Duration, request_id: &str) -> Result<Response, ErrorCode> {
    let unavailable = |why: &str| {
        log::warn(request_id, &format!("the origin is unavailable: {why}"));
        ErrorCode::OriginUnavailable
    };
    let controller = AbortController::default();
    let signal = controller.signal();
    let Some(answer) = within(limit, Fetch::Request(request).send_with_signal(&signal)).await
    else {
        controller.abort();
        return Err(unavailable("no answer in time"));
    };
    let response = answer.map_err(|error| unavailable(&error.to_string()))?;
    let content_type = response.headers().get("content-type").ok().flatten();
    if is_of_our_origin(response.status_code(), content_type.as_deref()) {
        Ok(response)
    } else {
        Err(unavailable(&format!(
            "{} {} is not of our origin",
            response.status_code(),
            content_type.unwrap_or_default()
        )))
    }
}

/// What comes of `work`, unless it takes longer than `limit`.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(Delay::from(limit))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// Our origin never redirects, and its faults are JSON; what else comes is of something before it.
fn is_of_our_origin(status: u16, content_type: Option<&str>) -> bool {
    let is_json = content_type.is_some_and(|content_type| {
        ["application/json", "application/jwk-set+json"]
            .iter()
            .any(|json| content_type.starts_with(json))
    });
    match status {
        204 => true,
        200..=299 | 400..=599 => is_json,
        _ => false,
    }
}

/// Nothing between us and the origin is followed or kept: answers are a person's own.
fn init() -> RequestInit {
    RequestInit {
        redirect: RequestRedirect::Manual,
        cache: Some(CacheMode::NoStore),
        ..RequestInit::default()
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_fault_is_the_origins_own_only_in_its_envelope() {
        let json = Some("application/json");
        let html = Some("text/html; charset=utf-8");
        for (status, content_type, ours) in [
            (200, json, true),
            (204, None, true),
            (404, json, true),
            (404, html, false),
            (200, html, false),
            (200, Some("application/jwk-set+json"), true),
            (500, json, true),
            (503, json, true),
            (502, html, false),
            (504, None, false),
            (530, html, false),
            (301, None, false),
            (304, None, false),
            (999, json, false),
        ] {
            assert_eq!(is_of_our_origin(status, content_type), ours, "{status} {content_type:?}");
        }
    }
}
