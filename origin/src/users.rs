//! What operators do to accounts: a ban and a change of role end the user's sessions, in the one
//! transaction that makes them true.

use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    error::ErrorCode,
    session::EndReason,
    time::Timestamp,
    user::{PublicUser, Role, UserStatus},
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Changed {
    /// Whether it is otherwise now than it was.
    pub changed: bool,
    /// Keys of the sessions that it ended.
    pub ended: Vec<i64>,
}

/// What an account is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Banned or closed, which ends the user's sessions as `USER_INACTIVE`, or open again.
    Status(UserStatus),
    /// Allowed other things, which ends them, too: tokens out there speak of the old role, and the session of
    /// a user is none of the console's.
    Role(Role),
}

impl Change {
    fn changes(self, user: &PublicUser) -> bool {
        match self {
            Self::Status(status) => user.status != status,
            Self::Role(role) => user.role != role,
        }
    }

    /// Why sessions end with it, where they do. A ban ends those that one before it has missed.
    fn ends(self, user: &PublicUser) -> Option<EndReason> {
        match self {
            Self::Status(UserStatus::Active) => None,
            Self::Status(_) => Some(EndReason::UserInactive),
            Self::Role(_) => self.changes(user).then_some(EndReason::Deactivated),
        }
    }

    /// Whether it takes from someone what makes them an admin who can act.
    fn takes_an_admin(self, user: &PublicUser) -> bool {
        let is_one = user.role == Role::Admin && user.status == UserStatus::Active;
        is_one && !matches!(self, Self::Status(UserStatus::Active) | Self::Role(Role::Admin))
    }

    /// What the audit log calls it, and from what to what.
    fn record(self, user: &PublicUser) -> (AuditKind, Value) {
        match self {
            Self::Status(to) => {
                (AuditKind::UserStatusChanged, json!({ "from": user.status, "to": to }))
            }
            Self::Role(to) => (AuditKind::UserRoleChanged, json!({ "from": user.role, "to": to })),
        }
    }
}

/// Changes an account, and ends sessions where that calls for it, in one transaction. Done twice it is done
/// once.
///
/// # Errors
/// `NOT_FOUND` where there is no such user; `CONFLICT` where an admin would take the last admin away: only
/// an operator at the command line may; the database's.
pub async fn change(
    app: &App,
    user_id: i64,
    change: Change,
    by: By<'_>,
) -> Result<Changed, ApiError> {
    let done = app.db.retrying(|| change_in(app, user_id, change, by)).await?;
    app.outbox_bell.ring_for_ends();
    Ok(done)
}

async fn change_in(
    app: &App,
    user_id: i64,
    change: Change,
    by: By<'_>,
) -> Result<Changed, ApiError> {
    let (mut tx, User { public: user, .. }) = begin(app, user_id).await?;
    // Two admins who take each other away hold a row each and want the other's: one of them is done again,
    // and finds that the other is none any more.
    if by.user_id.is_some()
        && change.takes_an_admin(&user)
        && !store::users::lock_other_admin(tx.conn(), user_id).await?
    {
        return Err(ApiError::Conflict(json!({ "is_last_admin": true })));
    }
    // Before the row: what was over by then is put on record as that, not as the change's work.
    let ended = match change.ends(&user) {
        Some(reason) => end_sessions(app, &mut tx, user_id, reason, by).await?,
        None => Vec::new(),
    };
    let changed = change.changes(&user);
    if changed {
        let now = app.ambient.now();
        match change {
            Change::Status(status) => {
                store::users::set_status(tx.conn(), user_id, status, now).await?;
            }
            Change::Role(role) => store::users::set_role(tx.conn(), user_id, role, now).await?,
        }
        let (kind, mut detail) = change.record(&user);
        detail["note"] = json!(by.note);
        note(app, &mut tx, kind, user_id, by, detail).await?;
    }
    tx.commit().await?;
    Ok(Changed { changed, ended })
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
    app.outbox_bell.ring_for_ends();
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
    app.outbox_bell.ring_for_ends();
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
    detail: Value,
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
