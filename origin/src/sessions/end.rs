//! The end of a session: row, audit and outbox, together.

use serde_json::json;
use shared::{
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
/// Ring `app.outbox_bell` after the commit.
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
    let now = app.ambient.now();
    let id = session.authentication_session_id;
    if !store::sessions::end(tx.conn(), id, end, now).await? {
        return Ok(false);
    }
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
    Ok(true)
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
/// Ring `app.outbox_bell` after the commit.
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
