use axum::extract::State;
use serde::Serialize;
use shared::{route, session::EndReason};
use utoipa::ToSchema;

use crate::{
    error::ApiError,
    extract::{caller::Caller, context::CallContext},
    http::{Answer, Envelope},
    sessions::{
        end::{AllOf, end_all},
        hold::hold,
    },
    state::App,
    store::sessions::End,
};

/// What was ended.
#[derive(Serialize, ToSchema)]
pub struct RevokedAll {
    /// Keys of the sessions.
    ended: Vec<i64>,
}

/// Ends all sessions of the caller but the one that they are in.
#[utoipa::path(post, path = route::REVOKE_ALL_SESSIONS)]
pub async fn revoke_all(
    State(app): State<App>,
    caller: Caller,
    call: CallContext,
) -> Answer<RevokedAll> {
    let ended = app.db.retrying(|| revoke_all_in(&app, &caller, &call)).await?;
    app.outbox_bell.ring_for_ends();
    Ok(Envelope::ok(RevokedAll { ended }))
}

async fn revoke_all_in(
    app: &App,
    caller: &Caller,
    call: &CallContext,
) -> Result<Vec<i64>, ApiError> {
    let own = &caller.session;
    let mut tx = app.db.begin().await?;
    hold(app, &mut tx, own).await?;
    let others = AllOf::user_but(own.user_id, own.authentication_session_id);
    let by = End::by(EndReason::Revoked, own);
    let ended = end_all(app, &mut tx, others, by, Some(call), None).await?;
    tx.commit().await?;
    Ok(ended)
}
