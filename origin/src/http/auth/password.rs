use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{error::ErrorCode, session::EndReason};

use crate::{
    audit::Happened,
    error::ApiError,
    extract::{caller::Caller, context::CallContext, input::Json},
    http::{Answer, Envelope},
    password::{MAX_CHARS, MIN_CHARS},
    sessions::{
        end::{AllOf, end_all},
        hold::hold,
    },
    state::App,
    store::{self, audit::AuditKind, sessions::End},
};

/// A change of the caller's password.
#[derive(Deserialize, Validate)]
pub struct ChangePassword {
    #[garde(length(chars, min = 1, max = MAX_CHARS))]
    old_password: String,
    #[garde(length(chars, min = MIN_CHARS, max = MAX_CHARS))]
    new_password: String,
}

/// What a change of password ended.
#[derive(Serialize)]
pub struct PasswordChanged {
    /// Keys of the sessions: all of the caller's but the one that they are in.
    ended: Vec<i64>,
}

/// Changes the caller's password, and ends all their other sessions with `PASSWORD_CHANGED`.
pub async fn password(
    State(app): State<App>,
    caller: Caller,
    call: CallContext,
    Json(body): Json<ChangePassword>,
) -> Answer<PasswordChanged> {
    let old_hash = check_old(&app, &caller, &call, body.old_password).await?;
    let new_hash = app.passwords.hash(body.new_password, &app.ambient).await?;
    let ended = app.db.retrying(|| change(&app, &caller, &call, &old_hash, &new_hash)).await?;
    app.outbox_rung.notify_one();
    Ok(Envelope::ok(PasswordChanged { ended }))
}

/// The hash that the old password fits; `INVALID_CREDENTIALS`, on record, where it does not fit, or the
/// user has none because they come by WeChat.
async fn check_old(
    app: &App,
    caller: &Caller,
    call: &CallContext,
    old_password: String,
) -> Result<String, ApiError> {
    let user_id = caller.session.user_id;
    let user = store::users::find(app.db.acquire().await?.conn(), user_id).await?;
    let hash = user.and_then(|user| user.password_hash);
    let holds = app.passwords.verify(old_password, hash.clone()).await?;
    if let Some(hash) = hash.filter(|_| holds) {
        return Ok(hash);
    }
    let failed = Happened {
        kind: AuditKind::PasswordChangeFailed,
        user_id,
        authentication_session_id: Some(caller.session.authentication_session_id),
        actor_user_id: None,
        detail: None,
    };
    failed.record(app, call).await?;
    Err(ErrorCode::InvalidCredentials.into())
}

async fn change(
    app: &App,
    caller: &Caller,
    call: &CallContext,
    old_hash: &str,
    new_hash: &str,
) -> Result<Vec<i64>, ApiError> {
    let own = &caller.session;
    let now = app.ambient.now();
    let mut tx = app.db.begin().await?;
    let user = hold(app, &mut tx, own).await?;
    // Of two changes at once, the second began with a password that is no longer the old one.
    if user.password_hash.as_deref() != Some(old_hash) {
        return Err(ErrorCode::InvalidCredentials.into());
    }
    store::users::set_password_hash(tx.conn(), own.user_id, new_hash, now).await?;
    let changed = Happened {
        kind: AuditKind::PasswordChanged,
        user_id: own.user_id,
        authentication_session_id: Some(own.authentication_session_id),
        actor_user_id: None,
        detail: None,
    };
    changed.add(tx.conn(), Some(call), now).await?;
    let others = AllOf::user_but(own.user_id, own.authentication_session_id);
    let by = End::by(EndReason::PasswordChanged, own);
    let ended = end_all(app, &mut tx, others, by, Some(call), None).await?;
    tx.commit().await?;
    Ok(ended)
}
