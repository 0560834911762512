//! When a session was last used, and when it ends.

use chrono::NaiveDateTime;
use shared::time::Timestamp;

use crate::store::db::{Conn, on};

/// Moves `last_activity` forward, never back.
///
/// # Errors
/// The database's.
pub async fn touch(conn: Conn<'_>, session_token: &str, at: Timestamp) -> sqlx::Result<()> {
    let at = conn.zone.write(at);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE authentication_sessions SET last_activity = ?
             WHERE session_token = ? AND is_active = ? AND last_activity < ?",
        )
        .bind(at)
        .bind(session_token)
        .bind(true)
        .bind(at)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// Moves a session's absolute end; for seeds and tests.
///
/// # Errors
/// The database's.
pub async fn set_expiry(
    conn: Conn<'_>,
    authentication_session_id: i64,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    let expires_at = conn.zone.write(expires_at);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE authentication_sessions SET expires_at = ? WHERE authentication_session_id = ?",
        )
        .bind(expires_at)
        .bind(authentication_session_id)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// When a session that has ended did: of a row that the old back end ended, its last change.
///
/// # Errors
/// The database's.
pub async fn ended_at(
    conn: Conn<'_>,
    authentication_session_id: i64,
) -> sqlx::Result<Option<Timestamp>> {
    let zone = conn.zone;
    let at: Option<NaiveDateTime> = on!(conn, |c| {
        sqlx::query_scalar(
            "SELECT COALESCE(ended_at, updated_at) FROM authentication_sessions WHERE authentication_session_id = ?",
        )
        .bind(authentication_session_id)
        .fetch_optional(c)
        .await
    })?;
    Ok(at.map(|at| zone.read(at)))
}
