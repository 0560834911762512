//! The end of a session: row, audit and outbox, together.

use serde_json::json;
use shared::session::SessionHash;

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
/// Ring `app.outbox_rung` after the commit.
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
    Ok(true)
}
