//! What operators do to accounts: a ban and a change of role end the user's sessions, in the one
//! transaction that makes them true.

use serde_json::json;
use shared::{
    error::ErrorCode,
    session::EndReason,
    time::Timestamp,
    user::{Role, UserStatus},
};
use utoipa::ToSchema;

use crate::{
    audit::Happened,
    error::ApiError,
    extract::context::CallContext,
    sessions::end::{AllOf, end_all},
    state::App,
    store::{
        self, Db, Tx,
        audit::AuditKind,
        db::is_unique_violation,
        sessions::End,
        users::{NewUser, User},
    },
};

/// Who changes an account, and how; all empty for an operator at the command line.
#[derive(Clone, Copy, Default)]
pub struct By<'a> {
    /// The admin.
    pub user_id: Option<i64>,
    /// The session that they do it from.
    pub session_id: Option<i64>,
    /// Their call.
    pub call: Option<&'a CallContext>,
    /// What they say of it.
    pub note: Option<&'a str>,
}

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
pub struct Changed {
    /// Whether it is otherwise now than it was.
    pub changed: bool,
    /// Keys of the sessions that it ended.
    pub ended: Vec<i64>,
}

/// Bans or closes an account, which ends its sessions as `USER_INACTIVE`, or opens it again.
///
/// # Errors
/// `NOT_FOUND` where there is no such user; the database's.
pub async fn set_status(
    app: &App,
    user_id: i64,
    status: UserStatus,
    by: By<'_>,
) -> Result<Changed, ApiError> {
    let done = app
        .db
        .retrying(|| async move {
            let (mut tx, user) = begin(app, user_id).await?;
            // Before the row: what was over by then is put on record as that, not as the ban's work.
            let ended = if status == UserStatus::Active {
                Vec::new()
            } else {
                end_sessions(app, &mut tx, user_id, EndReason::UserInactive, by).await?
            };
            let changed = user.public.status != status;
            if changed {
                store::users::set_status(tx.conn(), user_id, status, app.ambient.now()).await?;
                let detail = json!({ "from": user.public.status, "to": status, "note": by.note });
                note(app, &mut tx, AuditKind::UserStatusChanged, user_id, by, detail).await?;
            }
            tx.commit().await?;
            Ok::<_, ApiError>(Changed { changed, ended })
        })
        .await?;
    app.outbox_bell.ring();
    Ok(done)
}

/// Changes what a user may do, and ends their sessions: tokens out there speak of the old role, and the
/// session of a user is none of the console's.
///
/// # Errors
/// `NOT_FOUND` where there is no such user; the database's.
pub async fn set_role(
    app: &App,
    user_id: i64,
    role: Role,
    by: By<'_>,
) -> Result<Changed, ApiError> {
    let done = app
        .db
        .retrying(|| async move {
            let (mut tx, user) = begin(app, user_id).await?;
            if user.public.role == role {
                return Ok(Changed { changed: false, ended: Vec::new() });
            }
            store::users::set_role(tx.conn(), user_id, role, app.ambient.now()).await?;
            let detail = json!({ "from": user.public.role, "to": role, "note": by.note });
            note(app, &mut tx, AuditKind::UserRoleChanged, user_id, by, detail).await?;
            let ended = end_sessions(app, &mut tx, user_id, EndReason::Deactivated, by).await?;
            tx.commit().await?;
            Ok::<_, ApiError>(Changed { changed: true, ended })
        })
        .await?;
    app.outbox_bell.ring();
    Ok(done)
}

/// Ends all sessions of a user as `SESSION_DEACTIVATED`; their keys. Done twice it is done once.
///
/// # Errors
/// `NOT_FOUND` where there is no such user; the database's.
pub async fn deactivate_sessions(
    app: &App,
    user_id: i64,
    by: By<'_>,
) -> Result<Vec<i64>, ApiError> {
    end_sessions_of(app, user_id, EndReason::Deactivated, by).await
}

/// Ends all sessions of a user for a reason; their keys. Done twice it is done once.
///
/// # Errors
/// `NOT_FOUND` where there is no such user; the database's.
pub async fn end_sessions_of(
    app: &App,
    user_id: i64,
    reason: EndReason,
    by: By<'_>,
) -> Result<Vec<i64>, ApiError> {
    let ended = app
        .db
        .retrying(|| async move {
            let (mut tx, _) = begin(app, user_id).await?;
            let ended = end_sessions(app, &mut tx, user_id, reason, by).await?;
            if !ended.is_empty() {
                let detail = json!({ "ended": ended, "note": by.note });
                note(app, &mut tx, AuditKind::SessionsDeactivated, user_id, by, detail).await?;
            }
            tx.commit().await?;
            Ok::<_, ApiError>(ended)
        })
        .await?;
    app.outbox_bell.ring();
    Ok(ended)
}

/// Sets a user's password, and ends all their sessions with `PASSWORD_CHANGED`; their keys.
///
/// # Errors
/// `NOT_FOUND` where there is no such user; the database's.
pub async fn set_password(
    app: &App,
    user_id: i64,
    hash: &str,
    by: By<'_>,
) -> Result<Vec<i64>, ApiError> {
    let ended = app
        .db
        .retrying(|| async move {
            let (mut tx, _) = begin(app, user_id).await?;
            store::users::set_password_hash(tx.conn(), user_id, hash, app.ambient.now()).await?;
            let detail = json!({ "note": by.note });
            note(app, &mut tx, AuditKind::PasswordChanged, user_id, by, detail).await?;
            let ended = end_sessions(app, &mut tx, user_id, EndReason::PasswordChanged, by).await?;
            tx.commit().await?;
            Ok::<_, ApiError>(ended)
        })
        .await?;
    app.outbox_bell.ring();
    Ok(ended)
}

/// Makes an account without logging it in; its key.
///
/// # Errors
/// `CONFLICT` where the mobile or e-mail has one already; the database's.
pub async fn create(
    db: &Db,
    new: &NewUser<'_>,
    by: By<'_>,
    now: Timestamp,
) -> Result<i64, ApiError> {
    db.retrying(|| async move {
        let mut tx = db.begin().await?;
        let user_id = match store::users::insert(tx.conn(), new, now).await {
            Err(error) if is_unique_violation(&error) => return Err(ErrorCode::Conflict.into()),
            inserted => inserted?,
        };
        let made = Happened {
            kind: AuditKind::Registered,
            user_id,
            authentication_session_id: None,
            actor_user_id: by.user_id,
            detail: Some(json!({ "role": new.role, "note": by.note })),
        };
        made.add(tx.conn(), by.call, now).await?;
        tx.commit().await?;
        Ok(user_id)
    })
    .await
}

/// A transaction that holds the user's row: log-ins wait, so that none slips in between.
async fn begin(app: &App, user_id: i64) -> Result<(Tx, User), ApiError> {
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(tx.conn(), user_id).await?.ok_or(ErrorCode::NotFound)?;
    Ok((tx, user))
}

async fn end_sessions(
    app: &App,
    tx: &mut Tx,
    user_id: i64,
    reason: EndReason,
    by: By<'_>,
) -> Result<Vec<i64>, ApiError> {
    let end = End { reason, by_session_id: by.session_id, by_user_id: by.user_id };
    end_all(app, tx, AllOf::user(user_id), end, by.call, by.note).await
}

async fn note(
    app: &App,
    tx: &mut Tx,
    kind: AuditKind,
    user_id: i64,
    by: By<'_>,
    detail: serde_json::Value,
) -> Result<(), ApiError> {
    let happened = Happened {
        kind,
        user_id,
        authentication_session_id: None,
        actor_user_id: by.user_id,
        detail: Some(detail),
    };
    happened.add(tx.conn(), by.call, app.ambient.now()).await?;
    Ok(())
}
