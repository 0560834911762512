//! What operators and verifiers ask: is it alive, is it ready, which keys.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use shared::{error::ErrorCode, route, token::JWKS_MAX_AGE_SECONDS};
use utoipa::ToSchema;

use super::{Answer, Envelope, cached::cached};
use crate::{
    document::api::{Api, Tag},
    handle,
    state::App,
    store,
};

/// The routes.
pub fn routes() -> Api {
    Api::of(Tag::Operations, [handle!(healthz), handle!(readyz), handle!(jwks)])
}

#[derive(Serialize, ToSchema)]
pub struct Healthy {
    /// Of this program.
    version: &'static str,
}

/// Whether the process answers.
#[utoipa::path(get, path = route::HEALTHZ)]
async fn healthz() -> Answer<Healthy> {
    Ok(Envelope::ok(Healthy { version: env!("CARGO_PKG_VERSION") }))
}

#[derive(Serialize, ToSchema)]
pub struct Ready {
    /// `ok`: it answers.
    database: &'static str,
    /// `current`: the schema is this program's.
    migrations: &'static str,
    /// Events that wait for the edge.
    outbox_waiting: i64,
    /// Events that the edge keeps refusing.
    outbox_dead: i64,
}

/// Whether the database answers and has this program's schema.
#[utoipa::path(get, path = route::READYZ)]
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

/// The public keys of access tokens, as RFC 7517 has them: without an envelope.
#[utoipa::path(get, path = route::JWKS, responses(
    (status = 200, description = "The keys.", content_type = "application/jwk-set+json", body = Object),
    (status = 304, description = "The keys that the client has are the newest."),
))]
async fn jwks(State(app): State<App>, headers: HeaderMap) -> Response {
    let keys = app.keys.current();
    let body = keys.public().to_string();
    cached(&headers, keys.etag(), JWKS_MAX_AGE_SECONDS, "application/jwk-set+json", body)
}
