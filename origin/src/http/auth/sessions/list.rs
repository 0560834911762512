use axum::extract::State;
use serde::Serialize;
use shared::{route, session::judge};
use utoipa::ToSchema;

use super::super::view::SessionView;
use crate::{
    extract::caller::Caller,
    http::{Answer, Envelope},
    state::App,
    store,
};

/// The most sessions of one answer: of each kind of client the policy may allow as many.
const MAX_LISTED: usize = 300;

/// A live session of the caller.
#[derive(Serialize, ToSchema)]
pub struct OwnSession {
    #[serde(flatten)]
    session: SessionView,
    /// Whether the caller is in it.
    is_current: bool,
}

/// The caller's live sessions.
#[derive(Serialize, ToSchema)]
pub struct OwnSessions {
    sessions: Vec<OwnSession>,
}

/// The caller's live sessions: first the one that they are in, then those last logged in to first.
#[utoipa::path(get, path = route::SESSIONS)]
pub async fn list(State(app): State<App>, caller: Caller) -> Answer<OwnSessions> {
    let own = caller.session.authentication_session_id;
    let mut handle = app.db.acquire().await?;
    let now = app.ambient.now();
    let mut sessions =
        store::sessions::open_of(handle.conn(), caller.session.user_id, None).await?;
    sessions.retain(|one| judge(&one.facts, app.policy.session_idle_limit, now).is_ok());
    sessions.sort_by_key(|one| {
        let id = one.authentication_session_id;
        std::cmp::Reverse((id == own, one.logged_in_at, id))
    });
    sessions.truncate(MAX_LISTED);
    let sessions = sessions
        .into_iter()
        .map(|session| OwnSession {
            is_current: session.authentication_session_id == own,
            session: session.into(),
        })
        .collect();
    Ok(Envelope::ok(OwnSessions { sessions }))
}
