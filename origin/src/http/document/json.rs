use axum::{http::HeaderMap, response::Response};
use shared::route;

use crate::{document::document, http::cached::cached};

/// This document: OpenAPI 3.1.
#[utoipa::path(get, path = route::OPENAPI, responses(
    (status = 200, description = "The document.", content_type = "application/json", body = Object),
    (status = 304, description = "The document that the client has is the newest."),
))]
pub async fn json(headers: HeaderMap) -> Response {
    let document = document();
    cached(&headers, &document.etag, 300, "application/json", document.text.as_str())
}
