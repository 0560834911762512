//! Counts of listings by seller and status that cost the same however many listings there are.
//!
//! Other services write `market_listings`, so triggers keep the books: each listing that comes, goes or changes adds
//! a delta, in the transaction of whoever changes it. What is true is the sum of base and deltas, read by one
//! statement and so of one snapshot. In the background deltas are folded into the base. Before the base was made,
//! listings are counted where they are.

mod fold;
mod triggers;

use shared::listing::{ListingStatus, StatusCounts};
use sqlx::FromRow;

use super::{
    db::{Conn, on},
    statement::Statement,
};

pub use fold::{FOLD_KEYS, fold, is_ready, recount};
pub use triggers::{CURE, Installed, install};

/// The seller that stands for the whole table in `market_listing_counts`.
const EVERYBODY: i64 = 0;

/// A seller's counts; no row where the counts are not ready, or the seller has never had a listing.
pub const OF_SELLER: &str = "SELECT status, CAST(SUM(listings) AS SIGNED) AS listings FROM (
         SELECT status, listings FROM market_listing_counts WHERE seller_user_id = ?
         UNION ALL
         SELECT status, delta FROM market_listing_count_deltas WHERE seller_user_id = ?
     ) counted
     WHERE EXISTS (SELECT 1 FROM market_listing_counting WHERE market_listing_counting_id = 1 AND ready_at IS NOT NULL)
     GROUP BY status";

/// The counts of the whole table; no row where they are not ready, or there has never been a listing. Deltas are few:
/// they are folded all the time.
pub const OF_ALL: &str = "SELECT status, CAST(SUM(listings) AS SIGNED) AS listings FROM (
         SELECT status, listings FROM market_listing_counts WHERE seller_user_id = 0
         UNION ALL
         SELECT status, delta FROM market_listing_count_deltas
     ) counted
     WHERE EXISTS (SELECT 1 FROM market_listing_counting WHERE market_listing_counting_id = 1 AND ready_at IS NOT NULL)
     GROUP BY status";

/// A seller's counts, counted.
pub const COUNT_SELLER: &str = "SELECT status, COUNT(*) AS listings FROM market_listings WHERE seller_user_id = ? GROUP BY status";

/// The counts of the whole table, counted.
pub const COUNT_ALL: &str =
    "SELECT status, COUNT(*) AS listings FROM market_listings GROUP BY status";

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "String")]
    status: ListingStatus,
    listings: i64,
}

/// How many listings of each status a seller has.
///
/// # Errors
/// The database's.
pub async fn of_seller(mut conn: Conn<'_>, seller_user_id: i64) -> sqlx::Result<StatusCounts> {
    let mut kept = Statement::new(OF_SELLER);
    kept.values.extend([seller_user_id.into(), seller_user_id.into()]);
    let mut rows: Vec<Row> = kept.fetch_all(conn.reborrow()).await?;
    if rows.is_empty() {
        // Where the counts are ready, this finds nothing, and at once.
        let mut counted = Statement::new(COUNT_SELLER);
        counted.values.push(seller_user_id.into());
        rows = counted.fetch_all(conn).await?;
    }
    Ok(sum(rows))
}

/// How many listings of each status there are; `None` where they would have to be counted one by one.
///
/// # Errors
/// The database's.
pub async fn of_all(conn: Conn<'_>) -> sqlx::Result<Option<StatusCounts>> {
    let rows: Vec<Row> = Statement::new(OF_ALL).fetch_all(conn).await?;
    Ok(if rows.is_empty() { None } else { Some(sum(rows)) })
}

/// How many listings of each status there are, counted one by one where need be.
///
/// # Errors
/// The database's.
pub async fn of_all_counted(mut conn: Conn<'_>) -> sqlx::Result<StatusCounts> {
    if let Some(counts) = of_all(conn.reborrow()).await? {
        return Ok(counts);
    }
    Ok(sum(Statement::new(COUNT_ALL).fetch_all(conn).await?))
}

fn sum(rows: Vec<Row>) -> StatusCounts {
    let mut counts = StatusCounts::default();
    for row in rows {
        counts.set(row.status, row.listings);
    }
    counts
}

/// Makes the one row of `market_listing_counting`, where it is not there.
async fn ensure_row(mut conn: Conn<'_>) -> sqlx::Result<()> {
    let each = conn.reborrow();
    let there: i64 = on!(each, |c| {
        sqlx::query_scalar("SELECT COUNT(*) FROM market_listing_counting").fetch_one(c).await
    })?;
    if there > 0 {
        return Ok(());
    }
    let made = on!(conn, |c| {
        sqlx::query("INSERT INTO market_listing_counting (market_listing_counting_id) VALUES (1)")
            .execute(c)
            .await
            .map(|_| ())
    });
    match made {
        // Another process was first.
        Err(error) if super::db::is_unique_violation(&error) => Ok(()),
        made => made,
    }
}
