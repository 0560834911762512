use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::session::EndReason;

use crate::{
    error::ApiError,
    extract::{caller::Caller, context::CallContext, input::OptionalJson},
    http::{Answer, Envelope},
    sessions::end::end,
    state::App,
    store::{self, sessions::End},
};

/// What a log-out may ask for.
#[derive(Default, Deserialize, Validate)]
pub struct LogOut {
    /// End the caller's other sessions, too.
    #[serde(default)]
    #[garde(skip)]
    all_devices: bool,
}

/// What a log-out ended.
#[derive(Serialize)]
pub struct LoggedOut {
    /// Keys of the sessions.
    ended: Vec<i64>,
}

/// Ends the caller's session, and on request all others of theirs, as ended from another device.
pub async fn logout(
    State(app): State<App>,
    caller: Caller,
    call: CallContext,
    OptionalJson(body): OptionalJson<LogOut>,
) -> Answer<LoggedOut> {
    let ended = app.db.retrying(|| log_out(&app, &caller, &call, body.all_devices)).await?;
    app.outbox_rung.notify_one();
    Ok(Envelope::ok(LoggedOut { ended }))
}

async fn log_out(
    app: &App,
    caller: &Caller,
    call: &CallContext,
    all: bool,
) -> Result<Vec<i64>, ApiError> {
    let mut tx = app.db.begin().await?;
    // Log-ins of the same user wait, so that none slips in between.
    store::users::lock(tx.conn(), caller.session.user_id).await?;
    let own = caller.session.authentication_session_id;
    let mut ended = Vec::new();
    for session in store::sessions::open_of(tx.conn(), caller.session.user_id, None).await? {
        let id = session.authentication_session_id;
        if id != own && !all {
            continue;
        }
        let reason = if id == own { EndReason::LoggedOut } else { EndReason::Revoked };
        let by = End { reason, by_session_id: Some(own), by_user_id: Some(caller.session.user_id) };
        if end(app, &mut tx, &session, by, Some(call), None).await? {
            ended.push(id);
        }
    }
    tx.commit().await?;
    Ok(ended)
}
