//! Refresh tokens that nobody will be asked about again, which the clean-up removes.

use chrono::NaiveDateTime;
use shared::time::Timestamp;
use sqlx::{FromRow, QueryBuilder};

use crate::store::{
    db::{Conn, on},
    delete,
};

/// A token past its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// Key of the row.
    pub refresh_token_id: i64,
    /// Its end.
    pub expires_at: Timestamp,
    /// Whether it tells nobody anything: it was traded or retired, or its session's row is gone. The
    /// newest of a family stays as long as its session: by it a late client learns why that ended.
    pub is_spent: bool,
}

#[derive(FromRow)]
struct Row {
    refresh_token_id: i64,
    expires_at: NaiveDateTime,
    is_spent: i64,
}

/// The clean-up: tokens past their end, in that order, from one on.
pub const WALK: &str = "SELECT t.refresh_token_id, t.expires_at,
         CASE WHEN t.used_at IS NOT NULL OR t.retired_at IS NOT NULL OR s.authentication_session_id IS NULL
              THEN 1 ELSE 0 END AS is_spent
     FROM refresh_tokens t
     LEFT JOIN authentication_sessions s ON s.authentication_session_id = t.authentication_session_id
     WHERE t.expires_at >= ? AND t.expires_at <= ? AND (t.expires_at > ? OR t.refresh_token_id > ?)
     ORDER BY t.expires_at, t.refresh_token_id LIMIT ?";

/// At most `limit` tokens whose end lay no later than `ended_by`, after the one with this end and key.
///
/// # Errors
/// The database's.
pub async fn walk(
    conn: Conn<'_>,
    (from, after_id): (Timestamp, i64),
    ended_by: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Past>> {
    let zone = conn.zone;
    let (from, ended_by) = (zone.write(from), zone.write(ended_by));
    let rows: Vec<Row> = on!(conn, |c| {
        sqlx::query_as(WALK)
            .bind(from)
            .bind(ended_by)
            .bind(from)
            .bind(after_id)
            .bind(limit)
            .fetch_all(c)
            .await
    })?;
    let past = |row: Row| Past {
        refresh_token_id: row.refresh_token_id,
        expires_at: zone.read(row.expires_at),
        is_spent: row.is_spent != 0,
    };
    Ok(rows.into_iter().map(past).collect())
}

/// At most `limit` tokens of some sessions, whatever their state.
///
/// # Errors
/// The database's.
pub async fn of_sessions(
    conn: Conn<'_>,
    session_ids: &[i64],
    limit: i64,
) -> sqlx::Result<Vec<i64>> {
    if session_ids.is_empty() {
        return Ok(Vec::new());
    }
    on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(
            "SELECT refresh_token_id FROM refresh_tokens WHERE authentication_session_id IN (",
        );
        let mut list = query.separated(", ");
        for id in session_ids {
            list.push_bind(*id);
        }
        query.push(") LIMIT ").push_bind(limit);
        query.build_query_scalar().fetch_all(c).await
    })
}

/// How many tokens a clean-up would remove: those that are spent and whose end lay no later than
/// `ended_by`, and all of the sessions that had ended by then.
///
/// # Errors
/// The database's.
pub async fn count(conn: Conn<'_>, ended_by: Timestamp) -> sqlx::Result<i64> {
    let ended_by = conn.zone.write(ended_by);
    on!(conn, |c| {
        sqlx::query_scalar(
            "SELECT COUNT(*) FROM refresh_tokens t
             LEFT JOIN authentication_sessions s ON s.authentication_session_id = t.authentication_session_id
             WHERE (s.is_active = ? AND s.updated_at <= ?)
                OR (t.expires_at <= ?
                    AND (t.used_at IS NOT NULL OR t.retired_at IS NOT NULL OR s.authentication_session_id IS NULL))",
        )
        .bind(false)
        .bind(ended_by)
        .bind(ended_by)
        .fetch_one(c)
        .await
    })
}

/// Removes tokens; how many there still were.
///
/// # Errors
/// The database's.
pub async fn remove(conn: Conn<'_>, ids: &[i64]) -> sqlx::Result<u64> {
    delete::by_key(conn, "refresh_tokens", "refresh_token_id", ids).await
}
