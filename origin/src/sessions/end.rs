//! The end of a session: row, audit and outbox, together.

use serde_json::json;
use shared::{
    error::ErrorCode,
    session::{EndReason, SessionHash, judge},
    user::ClientType,
};

use crate::{
    error::ApiError,
    extract::context::CallContext,
    state::App,
    store::{
        self, Tx,
        audit::{AuditKind, NewEvent},
        outbox,
        sessions::{End, Session},
    },
};

/// Ends a session in a transaction: its row says why, the audit log says who, and the edge will be
/// told once the transaction has committed. `false` where it had ended before; that end is kept.
///
/// Ring `app.outbox_bell` for ends after the commit.
///
/// # Errors
/// The database's.
pub async fn end(
    app: &App,
    tx: &mut Tx,
    session: &Session,
    end: End,
    call: Option<&CallContext>,
    detail: Option<&str>,
) -> Result<bool, ApiError> {
    let id = session.authentication_session_id;
    if !store::sessions::end(tx.conn(), id, end, app.ambient.now()).await? {
        return Ok(false);
    }
    say(app, tx, session, end, call, detail).await?;
    Ok(true)
}

/// The audit log's and the edge's part of an end that the session's row tells.
///
/// # Errors
/// The database's.
pub async fn say(
    app: &App,
    tx: &mut Tx,
    session: &Session,
    end: End,
    call: Option<&CallContext>,
    detail: Option<&str>,
) -> Result<(), ApiError> {
    let now = app.ambient.now();
    let id = session.authentication_session_id;
    let client_ip = call.map(|call| call.client_ip.to_string());
    let event = NewEvent {
        kind: AuditKind::SessionEnded,
        user_id: Some(session.user_id),
        authentication_session_id: Some(id),
        actor_user_id: end.by_user_id,
        client_ip: client_ip.as_deref(),
        request_id: call.map(|call| call.request_id.as_str()),
        detail: Some(
            json!({ "reason": end.reason, "by_session_id": end.by_session_id, "note": detail }),
        ),
    };
    store::audit::insert(tx.conn(), &event, now).await?;
    let told = json!({
        "session": SessionHash::of(&session.session_token),
        "user_id": session.user_id,
        "user_type": session.user_type,
        "reason": end.reason,
        // No token that names the session was made after now, so none outlives this.
        "remember_until": now.plus(app.policy.access_token_lifetime),
    });
    outbox::insert(tx.conn(), outbox::Kind::SessionEnded, &told, now).await?;
    tx.after_commit(app.metrics.session_end(end.reason));
    Ok(())
}

/// A session that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Whose it was.
    pub user_id: i64,
    /// Why it is over: of one that had ended before, why it did.
    pub end_reason: EndReason,
    /// Whether it is over only now.
    pub ended: bool,
}

/// Ends a session by its key, in a transaction of its own, and lets the edge be told. One that had ended
/// before stays as it ended.
///
/// # Errors
/// `NOT_FOUND` where there is none; the database's.
pub async fn end_by_key(
    app: &App,
    authentication_session_id: i64,
    by: End,
    call: Option<&CallContext>,
    detail: Option<&str>,
) -> Result<EndedSession, ApiError> {
    let done = app
        .db
        .retrying(|| async move {
            let mut tx = app.db.begin().await?;
            let session = store::sessions::lock(tx.conn(), authentication_session_id).await?;
            let session = session.ok_or(ErrorCode::NotFound)?;
            let ended = end(app, &mut tx, &session, by, call, detail).await?;
            // A row without a reason that is not live was ended by the old back end: by a log-in.
            let before = session.facts.end_reason.unwrap_or(EndReason::Replaced);
            let end_reason = if ended { by.reason } else { before };
            tx.commit().await?;
            Ok::<_, ApiError>(EndedSession { user_id: session.user_id, end_reason, ended })
        })
        .await?;
    app.outbox_bell.ring_for_ends();
    Ok(done)
}

/// Whose sessions [`end_all`] ends.
#[derive(Clone, Copy, Debug)]
pub struct AllOf {
    /// The user, whose row is locked.
    pub user_id: i64,
    /// One kind of client alone, or all.
    pub client_type: Option<ClientType>,
    /// Those with a key below this alone.
    pub before: i64,
    /// The one that stays.
    pub except: Option<i64>,
}

impl AllOf {
    /// All of a user's.
    #[must_use]
    pub fn user(user_id: i64) -> Self {
        Self { user_id, client_type: None, before: i64::MAX, except: None }
    }

    /// All of a user's but one.
    #[must_use]
    pub fn user_but(user_id: i64, session_id: i64) -> Self {
        Self { except: Some(session_id), ..Self::user(user_id) }
    }
}

/// Ends sessions in a transaction, each as [`end`] does; the keys of those that were live. One whose
/// time was over is put on record as that.
///
/// Ring `app.outbox_bell` for ends after the commit.
///
/// # Errors
/// The database's.
pub async fn end_all(
    app: &App,
    tx: &mut Tx,
    mut all: AllOf,
    by: End,
    call: Option<&CallContext>,
    detail: Option<&str>,
) -> Result<Vec<i64>, ApiError> {
    let mut ended = Vec::new();
    loop {
        let AllOf { user_id, client_type, before, except } = all;
        let open = store::sessions::open_before(tx.conn(), user_id, client_type, before).await?;
        // Keys fall from look to look, so that the last look comes.
        let Some(oldest) = open.last() else { return Ok(ended) };
        all.before = oldest.authentication_session_id;
        for session in open.iter().filter(|one| Some(one.authentication_session_id) != except) {
            if end_as_it_is(app, tx, session, by, call, detail).await? {
                ended.push(session.authentication_session_id);
            }
        }
    }
}

/// Ends a session: for the reason that is given, or, where its time was over before, for that; whether
/// it was live until now.
///
/// # Errors
/// The database's.
pub async fn end_as_it_is(
    app: &App,
    tx: &mut Tx,
    session: &Session,
    by: End,
    call: Option<&CallContext>,
    detail: Option<&str>,
) -> Result<bool, ApiError> {
    let now = app.ambient.now();
    match judge(&session.facts, app.policy.session_idle_limit, now) {
        Err(reason @ (EndReason::Expired | EndReason::Idle)) => {
            let over = End { reason, by_session_id: None, by_user_id: None };
            end(app, tx, session, over, call, None).await?;
            Ok(false)
        }
        _ => end(app, tx, session, by, call, detail).await,
    }
}
