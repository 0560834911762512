//! How pools are opened, and what every connection is told first.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Executor as _, MySqlPool, SqlitePool,
    mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Pool, shelf::Shelf};

/// The longest wait for a connection, where nothing else is set.
const ACQUIRE: Duration = Duration::from_secs(5);
/// The longest wait for SQLite's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// An adopted database's columns hold whole seconds. A time that is written there loses its fraction and is not
/// rounded up: a row is never newer than the clock, and a session never lives longer than was said. MariaDB does
/// so of itself, unless it is told otherwise, and takes the comment for one.
const TRUNCATE_TIMES: &str = "SET SESSION sql_mode = REPLACE(CONCAT(@@sql_mode /*!80000 , ',TIME_TRUNCATE_FRACTIONAL' */), 'TIME_ROUND_FRACTIONAL', '')";

/// How many connections a pool has, and how long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// The most connections.
    pub max_connections: u32,
    /// The longest wait for one.
    pub acquire: Duration,
    /// How long a statement may take, as the server is told; SQLite has no such limit. MySQL holds reads
    /// to it, MariaDB writes, too.
    pub statement: Option<Duration>,
}

impl PoolLimits {
    /// So many connections, and what is usual else.
    #[must_use]
    pub const fn of(max_connections: u32) -> Self {
        Self { max_connections, acquire: ACQUIRE, statement: None }
    }
}

/// What a pool is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Everything.
    Primary,
    /// Reads alone, which the server holds us to.
    Replica,
}

/// A pool that connects when it is asked for a connection.
pub(super) fn pool(url: &str, limits: PoolLimits, is_for: Use) -> sqlx::Result<Pool> {
    if url.starts_with("sqlite:") {
        sqlite(url, limits, is_for).map(|pool| Pool::Sqlite(Shelf::new(pool)))
    } else {
        mysql(url, limits, is_for).map(|pool| Pool::MySql(Shelf::new(pool)))
    }
}

fn sqlite(url: &str, limits: PoolLimits, is_for: Use) -> sqlx::Result<SqlitePool> {
    let options = url
        .parse::<SqliteConnectOptions>()?
        .create_if_missing(is_for == Use::Primary)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT);
    Ok(SqlitePoolOptions::new()
        .max_connections(limits.max_connections)
        .acquire_timeout(limits.acquire)
        .connect_lazy_with(options))
}

fn mysql(url: &str, limits: PoolLimits, is_for: Use) -> sqlx::Result<MySqlPool> {
    let options: MySqlConnectOptions = url.parse()?;
    Ok(MySqlPoolOptions::new()
        .max_connections(limits.max_connections)
        .acquire_timeout(limits.acquire)
        // A lock must be followed by the newest rows, not by a snapshot from before it.
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection
                    .execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
                    .await?;
                // The server's default of 50 s would hold the whole pool for one stuck row.
                connection.execute("SET SESSION innodb_lock_wait_timeout = 3").await?;
                connection.execute(TRUNCATE_TIMES).await?;
                if let Some(limit) = limits.statement {
                    limit_statements(connection, limit).await?;
                }
                if is_for == Use::Replica {
                    connection.execute("SET SESSION TRANSACTION READ ONLY").await?;
                }
                Ok(())
            })
        })
        .connect_lazy_with(options))
}

async fn limit_statements(connection: &mut MySqlConnection, limit: Duration) -> sqlx::Result<()> {
    let version: String =
        sqlx::query_scalar("SELECT VERSION()").fetch_one(&mut *connection).await?;
    let set = if version.contains("MariaDB") {
        format!("SET SESSION max_statement_time = {}", limit.as_secs_f64())
    } else {
        format!("SET SESSION max_execution_time = {}", limit.as_millis())
    };
    connection.execute(AssertSqlSafe(set)).await.map(drop)
}
