//! What operators and verifiers ask: is it alive, is it ready, which keys.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use shared::{error::ErrorCode, route, token::JWKS_MAX_AGE_SECONDS};

use super::{Answer, Envelope};
use crate::{state::App, store};

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::HEALTHZ, get(healthz))
        .route(route::READYZ, get(readyz))
        .route(route::JWKS, get(jwks))
}

#[derive(Serialize)]
struct Healthy {
    version: &'static str,
}

async fn healthz() -> Answer<Healthy> {
    Ok(Envelope::ok(Healthy { version: env!("CARGO_PKG_VERSION") }))
}

#[derive(Serialize)]
struct Ready {
    database: &'static str,
    migrations: &'static str,
    /// Events that wait for the edge.
    outbox_waiting: i64,
    /// Events that the edge keeps refusing.
    outbox_dead: i64,
}

/// Whether the database answers and has this program's schema.
async fn readyz(State(app): State<App>) -> Answer<Ready> {
    // Whoever shares out calls is to send the next ones elsewhere.
    if app.stopping.is_cancelled() {
        return Err(ErrorCode::OriginUnavailable.into());
    }
    if !app.db.is_current().await.map_err(unready)? {
        tracing::warn!("not ready: migrations are missing; run `origin migrate`");
        return Err(ErrorCode::OriginUnavailable.into());
    }
    let mut handle = app.db.acquire().await.map_err(unready)?;
    let (outbox_waiting, outbox_dead) =
        store::outbox::depth(handle.conn()).await.map_err(unready)?;
    Ok(Envelope::ok(Ready { database: "ok", migrations: "current", outbox_waiting, outbox_dead }))
}

fn unready(error: impl std::error::Error) -> ErrorCode {
    tracing::warn!(%error, "not ready");
    ErrorCode::OriginUnavailable
}

/// The public keys, as RFC 7517 has them: without an envelope. Who has them already is told no more
/// than that.
async fn jwks(State(app): State<App>, headers: HeaderMap) -> Response {
    let keys = app.keys.current();
    let cached = [
        (header::CACHE_CONTROL, format!("public, max-age={JWKS_MAX_AGE_SECONDS}")),
        (header::ETAG, keys.etag().to_owned()),
    ];
    if headers.get_all(header::IF_NONE_MATCH).iter().any(|tags| names(tags, keys.etag())) {
        return (StatusCode::NOT_MODIFIED, cached).into_response();
    }
    let content_type = [(header::CONTENT_TYPE, "application/jwk-set+json")];
    (cached, content_type, keys.public().to_string()).into_response()
}

/// Whether `If-None-Match` has this tag (RFC 9110, 13.1.2).
fn names(tags: &HeaderValue, etag: &str) -> bool {
    let tags = tags.to_str().unwrap_or_default().split(',').map(str::trim);
    tags.into_iter().any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
