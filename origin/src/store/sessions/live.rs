//! How many sessions there are to use.

use shared::time::Timestamp;

use crate::store::db::{Conn, on};

/// How many have not ended: a walk through a part of `idx_authentication_sessions_expiry`.
///
/// # Errors
/// The database's.
pub async fn count(conn: Conn<'_>, now: Timestamp) -> sqlx::Result<i64> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query_scalar(
            "SELECT COUNT(*) FROM authentication_sessions WHERE is_active = ? AND expires_at > ?",
        )
        .bind(true)
        .bind(now)
        .fetch_one(c)
        .await
    })
}
