//! SQL over `login_attempts`.

use chrono::NaiveDateTime;
use shared::time::Timestamp;
use sqlx::{FromRow, QueryBuilder};

use super::{
    db::{Conn, DbZone, DialectWords as _, on},
    delete,
};
use crate::sessions::attempts::limit::Count;

/// A row of `login_attempts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// What is counted.
    pub attempt_key: String,
    /// The count.
    pub count: Count,
    /// The wait that the audit log has been told of.
    pub noted_until: Option<Timestamp>,
}

#[derive(FromRow)]
struct AttemptsRow {
    attempt_key: String,
    failures: i64,
    counted_at: NaiveDateTime,
    #[sqlx(json(nullable))]
    open_ends: Option<Vec<Timestamp>>,
    wait_until: Option<NaiveDateTime>,
    noted_until: Option<NaiveDateTime>,
}

impl AttemptsRow {
    fn into_attempts(self, zone: DbZone) -> Attempts {
        Attempts {
            attempt_key: self.attempt_key,
            count: Count {
                failures: u32::try_from(self.failures).unwrap_or_default(),
                counted_at: zone.read(self.counted_at),
                open_ends: self.open_ends.unwrap_or_default(),
                wait_until: self.wait_until.map(|time| zone.read(time)),
            },
            noted_until: self.noted_until.map(|time| zone.read(time)),
        }
    }
}

/// Rows by key, up to the list of keys.
pub const BY_KEYS: &str =
    "SELECT attempt_key, failures, counted_at, open_ends, wait_until, noted_until
     FROM login_attempts WHERE attempt_key IN (";

/// Rows that say nothing any more, the oldest first.
pub const EXPIRED: &str =
    "SELECT attempt_key FROM login_attempts WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";

/// How the two dialects leave a row that is there as it is, and lock it.
trait OrLeave {
    const OR_LEAVE: &'static str;
}

impl OrLeave for sqlx::MySql {
    const OR_LEAVE: &'static str = " ON DUPLICATE KEY UPDATE attempt_key = attempt_key";
}

impl OrLeave for sqlx::Sqlite {
    const OR_LEAVE: &'static str = " ON CONFLICT (attempt_key) DO NOTHING";
}

/// The rows of these keys, where there are any.
///
/// # Errors
/// The database's.
pub async fn find(conn: Conn<'_>, keys: &[&str]) -> sqlx::Result<Vec<Attempts>> {
    select(conn, keys, false).await
}

/// The rows of these keys, made where there are none, and locked until the transaction ends. Keys
/// come in ascending order, so that two who lock the same do not wait for each other.
///
/// # Errors
/// The database's.
pub async fn lock(
    mut conn: Conn<'_>,
    keys: &[&str],
    now: Timestamp,
) -> sqlx::Result<Vec<Attempts>> {
    let time = conn.zone.write(now);
    let each = conn.reborrow();
    on!(each, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(
            "INSERT INTO login_attempts (attempt_key, failures, counted_at, expires_at) ",
        );
        query.push_values(keys, |mut row, key| {
            row.push_bind(*key).push_bind(0_i64).push_bind(time).push_bind(time);
        });
        query.push(<Dialect as OrLeave>::OR_LEAVE);
        query.build().execute(c).await?;
    });
    select(conn, keys, true).await
}

async fn select(conn: Conn<'_>, keys: &[&str], lock: bool) -> sqlx::Result<Vec<Attempts>> {
    let zone = conn.zone;
    let rows: Vec<AttemptsRow> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(BY_KEYS);
        let mut list = query.separated(", ");
        for key in keys {
            list.push_bind(*key);
        }
        query.push(") ORDER BY attempt_key");
        if lock {
            query.push(Dialect::FOR_UPDATE);
        }
        query.build_query_as().fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|row| row.into_attempts(zone)).collect())
}

/// Writes a row that is locked; it says nothing any more from `expires_at` on.
///
/// # Errors
/// The database's.
pub async fn save(conn: Conn<'_>, attempts: &Attempts, expires_at: Timestamp) -> sqlx::Result<()> {
    let zone = conn.zone;
    let open_ends = Some(&attempts.count.open_ends).filter(|ends| !ends.is_empty());
    on!(conn, |c| {
        sqlx::query(
            "UPDATE login_attempts
             SET failures = ?, counted_at = ?, open_ends = ?, wait_until = ?, noted_until = ?,
                 expires_at = ?
             WHERE attempt_key = ?",
        )
        .bind(i64::from(attempts.count.failures))
        .bind(zone.write(attempts.count.counted_at))
        .bind(open_ends.map(sqlx::types::Json))
        .bind(attempts.count.wait_until.map(|time| zone.write(time)))
        .bind(attempts.noted_until.map(|time| zone.write(time)))
        .bind(zone.write(expires_at))
        .bind(&attempts.attempt_key)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// How many rows nothing depends on any more.
///
/// # Errors
/// The database's.
pub async fn count_expired(conn: Conn<'_>, now: Timestamp) -> sqlx::Result<i64> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query_scalar("SELECT COUNT(*) FROM login_attempts WHERE expires_at <= ?")
            .bind(now)
            .fetch_one(c)
            .await
    })
}

/// Removes at most `limit` rows that say nothing any more; how many those were.
///
/// # Errors
/// The database's.
pub async fn delete_expired(conn: Conn<'_>, now: Timestamp, limit: i64) -> sqlx::Result<u64> {
    delete::expired(conn, "login_attempts", "attempt_key", EXPIRED, now, limit).await
}
