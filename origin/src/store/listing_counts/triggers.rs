//! The triggers on `market_listings`. They are not part of a migration, because a server may not let us make them:
//! then the origin counts what it is asked for, and works all the same.

use shared::time::Timestamp;
use sqlx::{AssertSqlSafe, Executor as _};

use super::fold::{distrust, is_ready, recount};
use crate::store::db::{Conn, Db, Driver, on};

/// What they are called.
const NAMES: [&str; 3] = [
    "market_listings_counted_on_insert",
    "market_listings_counted_on_update",
    "market_listings_counted_on_delete",
];

/// What an operator does about a server that refuses triggers.
pub const CURE: &str = "grant this account TRIGGER on market_listings (and, where binary logging forbids it, set \
     log_bin_trust_function_creators = 1), or run `origin migrate` once with an account that may make triggers; a \
     server without triggers counts as it does now";

/// `ER_LOCK_WAIT_TIMEOUT`.
const LOCK_WAIT_TIMEOUT: u16 = 1205;
/// `ER_TRG_ALREADY_EXISTS`.
const TRIGGER_EXISTS: u16 = 1359;

/// What differs between the dialects.
trait Words {
    /// The names of the table's triggers, as far as this account may see them.
    const SEEN: &'static str;
    /// Counts what gives this account the right to see triggers.
    const SIGHT: &'static str;
    /// The triggers, in the order of [`NAMES`]. `VALUES` and no `SELECT`: the server then holds no lock for the keys.
    const BODIES: [&'static str; 3];
}

impl Words for sqlx::MySql {
    const SEEN: &'static str = "SELECT CAST(trigger_name AS CHAR) FROM information_schema.triggers
         WHERE trigger_schema = DATABASE() AND event_object_table = 'market_listings'";
    const SIGHT: &'static str = "SELECT COUNT(*) FROM (
             SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'TRIGGER'
             UNION ALL
             SELECT 1 FROM information_schema.schema_privileges
             WHERE privilege_type = 'TRIGGER' AND DATABASE() LIKE table_schema
             UNION ALL
             SELECT 1 FROM information_schema.table_privileges
             WHERE privilege_type = 'TRIGGER' AND table_schema = DATABASE() AND table_name = 'market_listings'
         ) rights";
    const BODIES: [&'static str; 3] = [
        "AFTER INSERT ON market_listings FOR EACH ROW
         INSERT INTO market_listing_count_deltas (seller_user_id, status, delta)
         VALUES (NEW.seller_user_id, NEW.status, 1)",
        "AFTER UPDATE ON market_listings FOR EACH ROW
         IF OLD.seller_user_id <> NEW.seller_user_id OR OLD.status <> NEW.status THEN
             INSERT INTO market_listing_count_deltas (seller_user_id, status, delta)
             VALUES (OLD.seller_user_id, OLD.status, -1), (NEW.seller_user_id, NEW.status, 1);
         END IF",
        "AFTER DELETE ON market_listings FOR EACH ROW
         INSERT INTO market_listing_count_deltas (seller_user_id, status, delta)
         VALUES (OLD.seller_user_id, OLD.status, -1)",
    ];
}

impl Words for sqlx::Sqlite {
    const SEEN: &'static str =
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'market_listings'";
    const SIGHT: &'static str = "SELECT 1";
    const BODIES: [&'static str; 3] = [
        "AFTER INSERT ON market_listings BEGIN
         INSERT INTO market_listing_count_deltas (seller_user_id, status, delta)
         VALUES (NEW.seller_user_id, NEW.status, 1); END",
        "AFTER UPDATE OF seller_user_id, status ON market_listings
         WHEN OLD.seller_user_id <> NEW.seller_user_id OR OLD.status <> NEW.status BEGIN
         INSERT INTO market_listing_count_deltas (seller_user_id, status, delta)
         VALUES (OLD.seller_user_id, OLD.status, -1), (NEW.seller_user_id, NEW.status, 1); END",
        "AFTER DELETE ON market_listings BEGIN
         INSERT INTO market_listing_count_deltas (seller_user_id, status, delta)
         VALUES (OLD.seller_user_id, OLD.status, -1); END",
    ];
}

/// What came of [`install`].
#[derive(Debug)]
pub enum Installed {
    /// The triggers are there, and the counts are ready.
    Ready,
    /// The triggers are there; another process is counting.
    Counting,
    /// This account may not see triggers, but one that may has made them and counted.
    ByAnother,
    /// There are no triggers, because the server said this; listings are counted where they are asked for.
    Refused(sqlx::Error),
}

/// Makes the triggers, where they are not there, and counts all listings once. May be called at any time, by any
/// number of processes; holds up the table's writers for two seconds at most, and only to make a trigger.
///
/// # Errors
/// The database's, but for a refusal to make triggers.
pub async fn install(db: &Db, now: Timestamp) -> sqlx::Result<Installed> {
    let mut handle = db.acquire().await?;
    let seen = seen(handle.conn()).await?;
    let missing: Vec<_> =
        (0..NAMES.len()).filter(|nth| !seen.iter().any(|name| name == NAMES[*nth])).collect();
    // An account without the privilege sees no trigger: it must not undo what another has done.
    if seen.is_empty() && is_ready(handle.conn()).await? && !has_sight(handle.conn()).await? {
        return Ok(Installed::ByAnother);
    }
    for nth in &missing {
        let Err(error) = create(handle.conn(), *nth).await else { continue };
        distrust(handle.conn()).await?;
        // Somebody's long transaction was in the way; it will not be for ever.
        let is_busy = mysql_number(&error) == Some(LOCK_WAIT_TIMEOUT);
        return if is_busy { Err(error) } else { Ok(Installed::Refused(error)) };
    }
    if !missing.is_empty() {
        distrust(handle.conn()).await?;
    }
    // Whoever changed listings before there were triggers has committed by now: making them waited for that. So
    // each change is seen by the count, or has a delta.
    let mut ready = is_ready(handle.conn()).await?;
    drop(handle);
    if !ready {
        ready = db.retrying(|| recount(db, now)).await?;
    }
    Ok(if ready { Installed::Ready } else { Installed::Counting })
}

async fn seen(conn: Conn<'_>) -> sqlx::Result<Vec<String>> {
    on!(conn, |c: Dialect| sqlx::query_scalar(<Dialect as Words>::SEEN).fetch_all(c).await)
}

/// Whether this account would see triggers, if there were any.
async fn has_sight(conn: Conn<'_>) -> sqlx::Result<bool> {
    let rights: i64 =
        on!(conn, |c: Dialect| sqlx::query_scalar(<Dialect as Words>::SIGHT).fetch_one(c).await)?;
    Ok(rights > 0)
}

/// Makes a trigger, or finds it made by another process at the same time.
async fn create(conn: Conn<'_>, nth: usize) -> sqlx::Result<()> {
    let name = NAMES[nth];
    let made = match conn.driver {
        Driver::MySql(c) => {
            let body = <sqlx::MySql as Words>::BODIES[nth];
            // While it waits for the table, everybody else waits behind it.
            c.execute("SET SESSION lock_wait_timeout = 2").await?;
            // The text protocol: servers prepare no such statement.
            let create = sqlx::raw_sql(AssertSqlSafe(format!("CREATE TRIGGER {name} {body}")));
            let made = create.execute(&mut *c).await.map(|_| ());
            c.execute("SET SESSION lock_wait_timeout = DEFAULT").await?;
            made
        }
        Driver::Sqlite(c) => {
            let body = <sqlx::Sqlite as Words>::BODIES[nth];
            let create = format!("CREATE TRIGGER IF NOT EXISTS {name} {body}");
            sqlx::raw_sql(AssertSqlSafe(create)).execute(c).await.map(|_| ())
        }
    };
    match made {
        Err(error) if mysql_number(&error) == Some(TRIGGER_EXISTS) => Ok(()),
        made => made,
    }
}

/// The number of a MySQL server's error.
fn mysql_number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?;
    error
        .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
        .map(sqlx::mysql::MySqlDatabaseError::number)
}
