use axum::extract::State;
use serde::Serialize;
use shared::{error::ErrorCode, route, user::Role};
use utoipa::ToSchema;

use super::view::SessionView;
use crate::{
    extract::caller::Reader,
    http::{Answer, Envelope},
    state::App,
    store,
};

/// A session that is live.
#[derive(Serialize, ToSchema)]
pub struct Verified {
    valid: bool,
    user_id: i64,
    role: Role,
    session: SessionView,
    /// Seconds until the session's absolute end.
    session_expires_in: u64,
    /// Seconds until its end for want of use, as far as its use is on record: never too many.
    idle_expires_in: u64,
    /// Seconds until the access token's end.
    expires_in: i64,
}

/// Whether the caller's session is live: what a client asks on start, instead of logging in.
#[utoipa::path(get, path = route::VERIFY)]
pub async fn verify(State(app): State<App>, reader: Reader) -> Answer<Verified> {
    let mut handle = app.db.acquire().await?;
    let session = store::sessions::find_by_token(handle.conn(), &reader.claims.session_token)
        .await?
        .ok_or(ErrorCode::SessionNotFound)?;
    if session.user_id != reader.claims.user_id {
        return Err(ErrorCode::TokenInvalid.into());
    }
    let now = app.ambient.now();
    // The row was read anyhow, so it is judged: the client acts on this answer.
    shared::session::judge(&session.facts, app.policy.session_idle_limit, now)?;
    let idle_end = session.facts.last_activity.plus(app.policy.session_idle_limit);
    Ok(Envelope::ok(Verified {
        valid: true,
        user_id: session.user_id,
        role: session.role,
        idle_expires_in: idle_end.since(now).as_secs(),
        session_expires_in: session.facts.expires_at.since(now).as_secs(),
        expires_in: reader.claims.exp - now.as_seconds(),
        session: session.into(),
    }))
}
