use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{error::ErrorCode, route, session::EndReason};
use utoipa::ToSchema;

use crate::{
    audit::Happened,
    error::ApiError,
    extract::{caller::Caller, context::CallContext, input::Json},
    http::{Answer, Envelope},
    password::{About, Checked, MAX_CHARS, MIN_CHARS, check_new},
    sessions::{
        attempts::{self, Attempt, Guess},
        end::{AllOf, end_all},
        hold::hold,
    },
    state::App,
    store::{self, audit::AuditKind, sessions::End},
};

/// A change of the caller's password.
#[derive(Deserialize, Validate, ToSchema)]
pub struct ChangePassword {
    /// The one until now.
    #[garde(length(chars, min = 1, max = MAX_CHARS))]
    #[schema(min_length = 1, max_length = 128, format = Password)]
    old_password: String,
    /// The one from now on.
    #[garde(length(chars, min = MIN_CHARS, max = MAX_CHARS))]
    #[schema(min_length = 8, max_length = 128, format = Password)]
    new_password: String,
}

/// What a change of password ended.
#[derive(Serialize, ToSchema)]
pub struct PasswordChanged {
    /// Keys of the sessions: all of the caller's but the one that they are in.
    ended: Vec<i64>,
}

/// Changes the caller's password, and ends all their other sessions with `PASSWORD_CHANGED`.
#[utoipa::path(post, path = route::PASSWORD)]
pub async fn password(
    State(app): State<App>,
    caller: Caller,
    call: CallContext,
    Json(body): Json<ChangePassword>,
) -> Answer<PasswordChanged> {
    let user = store::users::find(app.db.acquire().await?.conn(), caller.session.user_id).await?;
    let user = user.ok_or(ErrorCode::NotFound)?;
    check_new(&body.new_password, &About::from(&user.public))
        .map_err(|weak| ApiError::invalid("new_password", weak.to_string()))?;
    let old_hash = check_old(&app, &caller, &call, body.old_password, user.password_hash).await?;
    let new_hash = app.passwords.hash(body.new_password, &app.ambient).await?;
    let ended = app.db.retrying(|| change(&app, &caller, &call, &old_hash, &new_hash)).await?;
    app.outbox_bell.ring_for_ends();
    Ok(Envelope::ok(PasswordChanged { ended }))
}

/// The hash that the old password fits; `INVALID_CREDENTIALS`, on record, where it does not fit, or the
/// user has none because they come by WeChat.
async fn check_old(
    app: &App,
    caller: &Caller,
    call: &CallContext,
    old_password: String,
    hash: Option<String>,
) -> Result<String, ApiError> {
    let guess = Guess::PasswordInSession {
        authentication_session_id: caller.session.authentication_session_id,
    };
    let attempt = Attempt { guess, user_id: Some(caller.session.user_id), call };
    let admitted = attempts::admit(app, &attempt).await?;
    match (app.passwords.verify(old_password, hash.clone()).await, hash) {
        (Ok(Checked::Holds { .. }), Some(hash)) => {
            attempts::succeeded(admitted).await?;
            Ok(hash)
        }
        (Ok(_), _) => {
            attempts::failed(admitted, &attempt, "wrong_old_password").await?;
            Err(ErrorCode::InvalidCredentials.into())
        }
        (Err(error), _) => {
            attempts::given_back(admitted).await?;
            Err(error)
        }
    }
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
