//! Sessions that ended long ago, which the clean-up removes.

use shared::time::Timestamp;

use crate::store::{
    db::{Conn, on},
    delete,
};

/// The clean-up: sessions that ended by a time, those that did so first coming first.
pub const ENDED: &str = "SELECT authentication_session_id FROM authentication_sessions
     WHERE is_active = ? AND updated_at <= ? ORDER BY updated_at LIMIT ?";

/// At most `limit` sessions that had ended by `ended_by`.
///
/// # Errors
/// The database's.
pub async fn ended(conn: Conn<'_>, ended_by: Timestamp, limit: i64) -> sqlx::Result<Vec<i64>> {
    let ended_by = conn.zone.write(ended_by);
    on!(conn, |c| {
        sqlx::query_scalar(ENDED).bind(false).bind(ended_by).bind(limit).fetch_all(c).await
    })
}

/// How many sessions had ended by `ended_by`.
///
/// # Errors
/// The database's.
pub async fn count(conn: Conn<'_>, ended_by: Timestamp) -> sqlx::Result<i64> {
    let ended_by = conn.zone.write(ended_by);
    on!(conn, |c| {
        sqlx::query_scalar(
            "SELECT COUNT(*) FROM authentication_sessions WHERE is_active = ? AND updated_at <= ?",
        )
        .bind(false)
        .bind(ended_by)
        .fetch_one(c)
        .await
    })
}

/// Removes sessions, whose refresh tokens are gone already; how many there still were. A session that
/// has ended never comes back to life, so that they are not looked at again.
///
/// # Errors
/// The database's.
pub async fn remove(conn: Conn<'_>, ids: &[i64]) -> sqlx::Result<u64> {
    delete::by_key(conn, "authentication_sessions", "authentication_session_id", ids).await
}
