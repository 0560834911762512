//! Deletes by key: what is to go is looked for first, without a lock, so that none but these rows is
//! ever held.

use shared::time::Timestamp;
use sqlx::QueryBuilder;

use super::db::{Conn, on};

/// Deletes the rows of `table` whose `key` is one of `keys`; how many there still were.
///
/// # Errors
/// The database's.
pub(super) async fn by_key(
    conn: Conn<'_>,
    table: &'static str,
    key: &'static str,
    keys: &[i64],
) -> sqlx::Result<u64> {
    if keys.is_empty() {
        return Ok(0);
    }
    on!(conn, |c: Dialect| {
        let mut query =
            QueryBuilder::<Dialect>::new(format!("DELETE FROM {table} WHERE {key} IN ("));
        let mut list = query.separated(", ");
        for key in keys {
            list.push_bind(*key);
        }
        query.push(")");
        query.build().execute(c).await.map(|done| done.rows_affected())
    })
}

/// Deletes at most `limit` rows of `table` that say nothing any more, the oldest first, by a `key` that is a text;
/// how many those were. `expired` is the query for their keys, of a time and a limit.
///
/// # Errors
/// The database's.
pub(super) async fn expired(
    mut conn: Conn<'_>,
    table: &'static str,
    key: &'static str,
    expired: &'static str,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let now = conn.zone.write(now);
    let each = conn.reborrow();
    let keys: Vec<String> =
        on!(each, |c| { sqlx::query_scalar(expired).bind(now).bind(limit).fetch_all(c).await })?;
    if keys.is_empty() {
        return Ok(0);
    }
    on!(conn, |c: Dialect| {
        // One that was used again since stays.
        let mut query =
            QueryBuilder::<Dialect>::new(format!("DELETE FROM {table} WHERE expires_at <= "));
        query.push_bind(now).push(format!(" AND {key} IN ("));
        let mut list = query.separated(", ");
        for key in &keys {
            list.push_bind(key);
        }
        query.push(")");
        query.build().execute(c).await.map(|done| done.rows_affected())
    })
}
