//! What operators and verifiers ask: is it alive, is it ready, which keys.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use serde::Serialize;
use shared::{error::ErrorCode, route};

use super::{Answer, Envelope};
use crate::{state::App, store};

/// How long verifiers may keep the keys, in seconds: shorter than the time that a new key is
/// published before it signs.
const JWKS_MAX_AGE: u32 = 300;

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

/// The public keys, as RFC 7517 has them: without an envelope.
async fn jwks(State(app): State<App>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json".to_owned()),
        (header::CACHE_CONTROL, format!("public, max-age={JWKS_MAX_AGE}")),
    ];
    (StatusCode::OK, headers, app.keys.public().to_string())
}
