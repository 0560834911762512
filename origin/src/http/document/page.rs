//! A page to read the document: Swagger UI, from this program alone.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::RawPathParams,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use shared::{digest::sha256_hex, error::ErrorCode, route};
use utoipa_swagger_ui::Config;

use crate::{error::ApiError, http::cached::cached};

const PAGE: &str = include_str!("page.html");
const START: &str = include_str!("start.js");
/// Nothing from elsewhere, and nothing told elsewhere. The page styles itself as it goes.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// How long the page is kept without asking, in seconds.
const MAX_AGE: u64 = 300;

struct File {
    name: &'static str,
    content_type: &'static str,
    bytes: axum::body::Bytes,
    etag: String,
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let of_swagger = |name| {
        let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default())).ok().flatten();
        file.map(|file| file.bytes.into_owned()).unwrap_or_default()
    };
    [
        ("", "text/html; charset=utf-8", PAGE.as_bytes().to_vec()),
        ("start.js", "text/javascript; charset=utf-8", START.as_bytes().to_vec()),
        ("swagger-ui.css", "text/css; charset=utf-8", of_swagger("swagger-ui.css")),
        (
            "swagger-ui-bundle.js",
            "text/javascript; charset=utf-8",
            of_swagger("swagger-ui-bundle.js"),
        ),
    ]
    .into_iter()
    .map(|(name, content_type, bytes)| File {
        name,
        content_type,
        etag: format!("\"{}\"", &sha256_hex(&String::from_utf8_lossy(&bytes))[..32]),
        bytes: bytes.into(),
    })
    .collect()
});

fn told(name: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let file = FILES.iter().find(|file| file.name == name).ok_or(ErrorCode::NotFound)?;
    let mut answer = cached(headers, &file.etag, MAX_AGE, file.content_type, file.bytes.clone());
    let policy = HeaderValue::from_static(POLICY);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(answer)
}

/// A page to read this document.
#[utoipa::path(get, path = route::DOCS, responses(
    (status = 200, description = "The page.", content_type = "text/html", body = String),
    (status = 304, description = "The page that the client has is the newest."),
))]
pub async fn page(headers: HeaderMap) -> Result<Response, ApiError> {
    told("", &headers)
}

/// What the page is made of.
#[utoipa::path(get, path = route::DOCS_FILE, params(
    ("file" = String, Path, description = "Its name.", pattern = "^[a-z-]+\\.(js|css)$"),
), responses(
    (status = 200, description = "The file.", content(
        (String = "text/css"),
        (String = "text/javascript"),
    )),
    (status = 304, description = "The file that the client has is the newest."),
))]
pub async fn file(params: RawPathParams, headers: HeaderMap) -> Result<Response, ApiError> {
    let name = params.iter().next().map(|(_, name)| name.to_owned()).unwrap_or_default();
    told(&name, &headers)
}
