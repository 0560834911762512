//! Sessions that the old back end ends beside us: it clears `is_active` and says nothing.

use shared::{session::EndReason, time::Timestamp};

use crate::store::db::{Conn, on};

/// Sessions that were ended since then and have no reason, the earliest first.
///
/// # Errors
/// The database's.
pub async fn ended_unsaid(conn: Conn<'_>, since: Timestamp, limit: i64) -> sqlx::Result<Vec<i64>> {
    let since = conn.zone.write(since);
    on!(conn, |c| {
        sqlx::query_scalar(
            "SELECT authentication_session_id
             FROM authentication_sessions /*! FORCE INDEX (idx_authentication_sessions_ended) */
             WHERE is_active = ? AND updated_at >= ? AND end_reason IS NULL ORDER BY updated_at LIMIT ?",
        )
        .bind(false)
        .bind(since)
        .bind(limit)
        .fetch_all(c)
        .await
    })
}

/// Says why a session ended that has ended without a reason; `false` where it has one.
///
/// # Errors
/// The database's.
pub async fn say_end(
    conn: Conn<'_>,
    authentication_session_id: i64,
    reason: EndReason,
) -> sqlx::Result<bool> {
    on!(conn, |c| {
        // The row's last change was its end, and stays it.
        sqlx::query(
            "UPDATE authentication_sessions SET end_reason = ?, ended_at = updated_at, updated_at = updated_at
             WHERE authentication_session_id = ? AND is_active = ? AND end_reason IS NULL",
        )
        .bind(reason.as_str())
        .bind(authentication_session_id)
        .bind(false)
        .execute(c)
        .await
        .map(|done| done.rows_affected() == 1)
    })
}
