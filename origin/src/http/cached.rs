//! What may be kept by who asks, and asked for by its tag.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

/// A body with its tag, good for so many seconds; 304 without it for who has it already.
pub fn cached(
    asked: &HeaderMap,
    etag: &str,
    max_age: u64,
    content_type: &'static str,
    body: impl Into<axum::body::Body>,
) -> Response {
    cached_as(asked, etag, &format!("public, max-age={max_age}"), content_type, body)
}

/// The same, kept as `cache_control` says.
pub fn cached_as(
    asked: &HeaderMap,
    etag: &str,
    cache_control: &str,
    content_type: &'static str,
    body: impl Into<axum::body::Body>,
) -> Response {
    let kept = [(header::CACHE_CONTROL, cache_control), (header::ETAG, etag)];
    if asked.get_all(header::IF_NONE_MATCH).iter().any(|tags| names(tags, etag)) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(header::CONTENT_TYPE, content_type)], body.into()).into_response()
}

/// Whether `If-None-Match` has this tag (RFC 9110, 13.1.2).
fn names(tags: &HeaderValue, etag: &str) -> bool {
    let tags = tags.to_str().unwrap_or_default().split(',').map(str::trim);
    tags.into_iter().any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
