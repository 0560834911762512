use axum::extract::State;
use serde::Serialize;
use shared::{route, user::Role};
use utoipa::ToSchema;

use super::view::SessionView;
use crate::{
    extract::caller::{Caller, Reader},
    http::{Answer, Envelope},
    state::App,
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
    // Of the row itself, whoever vouches for the session: the client acts on this answer.
    let Caller { session, claims } = reader.into_caller(&app).await?;
    let now = app.ambient.now();
    let idle_end = session.facts.last_activity.plus(app.policy.session_idle_limit);
    Ok(Envelope::ok(Verified {
        valid: true,
        user_id: session.user_id,
        role: session.role,
        idle_expires_in: idle_end.since(now).as_secs(),
        session_expires_in: session.facts.expires_at.since(now).as_secs(),
        expires_in: claims.exp - now.as_seconds(),
        session: session.into(),
    }))
}
