//! Deletes by key: what is to go is looked for first, without a lock, so that none but these rows is
//! ever held.

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
