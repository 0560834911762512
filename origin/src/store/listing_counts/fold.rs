//! The base of the counts: made from the table, and kept by folding deltas into it. Whoever does either holds the row
//! of `market_listing_counting`; other processes pass over it and go on with something else.

use std::collections::BTreeMap;

use shared::{listing::ListingStatus, time::Timestamp};
use sqlx::{FromRow, QueryBuilder};

use super::{EVERYBODY, ensure_row};
use crate::store::{
    db::{Conn, Db, DialectWords as _, on},
    delete,
};

/// The oldest deltas that are committed.
pub const FOLD_KEYS: &str = "SELECT market_listing_count_delta_id, seller_user_id, status, delta FROM market_listing_count_deltas
     ORDER BY market_listing_count_delta_id LIMIT ?";

/// Counts every listing and takes off what the deltas say already, all of one snapshot: base and deltas are right
/// together from then on, whatever the deltas held. Its source is read without a lock.
const RECOUNT: &str = "INSERT INTO market_listing_counts (seller_user_id, status, listings)
     SELECT seller_user_id, status, CAST(SUM(listings) AS SIGNED) FROM (
         SELECT seller_user_id, status, COUNT(*) AS listings FROM market_listings GROUP BY seller_user_id, status
         UNION ALL
         SELECT seller_user_id, status, -SUM(delta) FROM market_listing_count_deltas GROUP BY seller_user_id, status
     ) counted GROUP BY seller_user_id, status";

/// The whole table, from what was counted of each seller. Rows of 0 are made, too.
const RECOUNT_ALL: &str = "INSERT INTO market_listing_counts (seller_user_id, status, listings)
     SELECT 0, status, CAST(SUM(listings) AS SIGNED) FROM market_listing_counts GROUP BY status";

/// What differs between the dialects.
trait Words {
    /// Ends an insert: what is there already is added to.
    const OR_ADD: &'static str;
}

impl Words for sqlx::MySql {
    const OR_ADD: &'static str = " ON DUPLICATE KEY UPDATE listings = listings + VALUES(listings)";
}

impl Words for sqlx::Sqlite {
    const OR_ADD: &'static str = " ON CONFLICT (seller_user_id, status) DO UPDATE SET listings = listings + excluded.listings";
}

#[derive(FromRow)]
struct DeltaRow {
    market_listing_count_delta_id: i64,
    seller_user_id: i64,
    #[sqlx(try_from = "String")]
    status: ListingStatus,
    delta: i64,
}

/// Whether the counts can be believed.
///
/// # Errors
/// The database's.
pub async fn is_ready(conn: Conn<'_>) -> sqlx::Result<bool> {
    let ready: i64 = on!(conn, |c| {
        sqlx::query_scalar(
            "SELECT COUNT(*) FROM market_listing_counting WHERE market_listing_counting_id = 1 AND ready_at IS NOT NULL",
        )
        .fetch_one(c)
        .await
    })?;
    Ok(ready > 0)
}

/// Has listings be counted where they are asked for, until they are counted anew.
///
/// # Errors
/// The database's.
pub(super) async fn distrust(mut conn: Conn<'_>) -> sqlx::Result<()> {
    ensure_row(conn.reborrow()).await?;
    on!(conn, |c| {
        sqlx::query("UPDATE market_listing_counting SET ready_at = NULL WHERE market_listing_counting_id = 1")
            .execute(c)
            .await
            .map(|_| ())
    })
}

/// Takes the lock; whether it was free, and what is locked is ready or not, as asked for.
async fn lock(conn: Conn<'_>, ready: bool) -> sqlx::Result<bool> {
    let found: Option<i64> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(
            "SELECT market_listing_counting_id FROM market_listing_counting
             WHERE market_listing_counting_id = 1 AND ready_at IS ",
        );
        query.push(if ready { "NOT NULL" } else { "NULL" }).push(Dialect::FOR_UPDATE_SKIP_LOCKED);
        query.build_query_scalar().fetch_optional(c).await
    })?;
    Ok(found.is_some())
}

/// Makes the base, where it is not ready, while everybody reads and writes on (SQLite's writers wait); whether it was
/// made. Call it only when the triggers are there.
///
/// # Errors
/// The database's; then nothing has changed.
pub async fn recount(db: &Db, now: Timestamp) -> sqlx::Result<bool> {
    ensure_row(db.acquire().await?.conn()).await?;
    let mut tx = db.begin().await?;
    if !lock(tx.conn(), false).await? {
        return Ok(false);
    }
    let zone = tx.conn().zone;
    let conn = tx.conn();
    on!(conn, |c| {
        sqlx::query("DELETE FROM market_listing_counts").execute(&mut *c).await?;
        sqlx::query(RECOUNT).execute(&mut *c).await?;
        sqlx::query(RECOUNT_ALL).execute(&mut *c).await?;
        sqlx::query(
            "UPDATE market_listing_counting SET ready_at = ? WHERE market_listing_counting_id = 1",
        )
        .bind(zone.write(now))
        .execute(c)
        .await?;
    });
    tx.commit().await?;
    Ok(true)
}

/// Folds at most `limit` deltas into the base, in one transaction; how many those were. None where another process is
/// at it, or the base is not made.
///
/// # Errors
/// The database's; then nothing has changed.
pub async fn fold(db: &Db, limit: i64) -> sqlx::Result<u64> {
    let mut handle = db.acquire().await?;
    // SQLite's write lock is not taken for nothing.
    if deltas(handle.conn(), 1).await?.is_empty() {
        return Ok(0);
    }
    drop(handle);
    let mut tx = db.begin().await?;
    if !lock(tx.conn(), true).await? {
        return Ok(0);
    }
    let rows = deltas(tx.conn(), limit).await?;
    let mut sums: BTreeMap<(i64, ListingStatus), i64> = BTreeMap::new();
    for row in &rows {
        for seller in [row.seller_user_id, EVERYBODY] {
            *sums.entry((seller, row.status)).or_default() += row.delta;
        }
    }
    sums.retain(|_, sum| *sum != 0);
    if !sums.is_empty() {
        let conn = tx.conn();
        on!(conn, |c: Dialect| {
            let mut query = QueryBuilder::<Dialect>::new(
                "INSERT INTO market_listing_counts (seller_user_id, status, listings) ",
            );
            query.push_values(&sums, |mut row, ((seller, status), sum)| {
                row.push_bind(*seller).push_bind(status.as_str()).push_bind(*sum);
            });
            query.push(<Dialect as Words>::OR_ADD);
            query.build().execute(c).await?;
        });
    }
    let keys: Vec<_> = rows.iter().map(|row| row.market_listing_count_delta_id).collect();
    let gone = delete::by_key(
        tx.conn(),
        "market_listing_count_deltas",
        "market_listing_count_delta_id",
        &keys,
    )
    .await?;
    tx.commit().await?;
    Ok(gone)
}

async fn deltas(conn: Conn<'_>, limit: i64) -> sqlx::Result<Vec<DeltaRow>> {
    on!(conn, |c| sqlx::query_as(FOLD_KEYS).bind(limit).fetch_all(c).await)
}
