//! The database that this process talks to: MySQL in production, SQLite when embedded.
//!
//! Every query is written once, inside [`on!`], which expands its body once per driver so that
//! each copy type-checks against a concrete `sqlx` driver.

use std::{str::FromStr, time::Duration};

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use shared::time::Timestamp;
use sqlx::{
    Executor as _, MySqlPool, SqlitePool, Transaction,
    mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions, MySqlQueryResult},
    pool::PoolConnection,
    sqlite::{
        SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions,
        SqliteQueryResult, SqliteSynchronous,
    },
};

/// How often a unit of work that lost a dead-lock is tried.
const MAX_TRIES: u32 = 8;
/// The longest wait for a connection from the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest wait for SQLite's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// An adopted database's columns hold whole seconds. A time that is written there loses its fraction and is not
/// rounded up: a row is never newer than the clock, and a session never lives longer than was said. MariaDB does
/// so of itself, unless it is told otherwise, and takes the comment for one.
const TRUNCATE_TIMES: &str = "SET SESSION sql_mode = REPLACE(CONCAT(@@sql_mode /*!80000 , ',TIME_TRUNCATE_FRACTIONAL' */), 'TIME_ROUND_FRACTIONAL', '')";

/// The zone whose wall-clock time the database's DATETIME columns hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DbZone(FixedOffset);

impl DbZone {
    /// What a new install uses.
    pub const UTC: Self = Self(match FixedOffset::east_opt(0) {
        Some(offset) => offset,
        None => unreachable!(),
    });

    /// What a column holds for a point in time.
    #[must_use]
    pub fn write(self, time: Timestamp) -> NaiveDateTime {
        time.utc().with_timezone(&self.0).naive_local()
    }

    /// The point in time that a column holds.
    #[must_use]
    pub fn read(self, column: NaiveDateTime) -> Timestamp {
        // Off the calendar only for years that no column can hold.
        let utc = column.checked_sub_offset(self.0).unwrap_or(column);
        Timestamp::new(DateTime::<Utc>::from_naive_utc_and_offset(utc, Utc))
    }
}

impl FromStr for DbZone {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// The database.
#[derive(Clone, Debug)]
pub struct Db {
    pub(super) pool: Pool,
    zone: DbZone,
}

#[derive(Clone, Debug)]
pub(super) enum Pool {
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

/// A connection checked out of [`Db`], in autocommit mode.
pub struct Handle {
    inner: HandleInner,
    zone: DbZone,
}

enum HandleInner {
    MySql(PoolConnection<sqlx::MySql>),
    Sqlite(PoolConnection<sqlx::Sqlite>),
}

/// An open transaction; rolled back unless [`Tx::commit`] is called.
pub struct Tx {
    inner: TxInner,
    zone: DbZone,
}

enum TxInner {
    MySql(Transaction<'static, sqlx::MySql>),
    Sqlite(Transaction<'static, sqlx::Sqlite>),
}

/// What every query function takes: a borrowed connection, in or out of a transaction.
pub struct Conn<'c> {
    /// The connection itself, for [`on!`].
    pub(crate) driver: Driver<'c>,
    /// How its DATETIME columns are read and written.
    pub(crate) zone: DbZone,
}

impl Conn<'_> {
    /// The same connection for one query of several.
    pub fn reborrow(&mut self) -> Conn<'_> {
        let driver = match &mut self.driver {
            Driver::MySql(connection) => Driver::MySql(connection),
            Driver::Sqlite(connection) => Driver::Sqlite(connection),
        };
        Conn { driver, zone: self.zone }
    }
}

/// A borrowed connection of either driver.
pub(crate) enum Driver<'c> {
    MySql(&'c mut MySqlConnection),
    Sqlite(&'c mut SqliteConnection),
}

/// Runs one body against whichever driver `$conn` holds.
///
/// Written like a closure so that rustfmt formats it, but it is not one: `?` and `.await` belong to
/// the enclosing function. Inside, `$c` is `&mut <driver connection>`; written `|c: Dialect|`,
/// `Dialect` names the driver, for queries that are put together or differ between the two.
macro_rules! on {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn.driver {
            $crate::store::db::Driver::MySql($c) => $body,
            $crate::store::db::Driver::Sqlite($c) => $body,
        }
    };
    ($conn:expr, |$c:ident: $dialect:ident| $body:expr) => {
        match $conn.driver {
            $crate::store::db::Driver::MySql($c) => {
                type $dialect = sqlx::MySql;
                $body
            }
            $crate::store::db::Driver::Sqlite($c) => {
                type $dialect = sqlx::Sqlite;
                $body
            }
        }
    };
}
pub(crate) use on;

/// The few places where the two dialects differ.
pub(crate) trait DialectWords {
    /// Locks the rows that a SELECT returns; SQLite's transactions hold the one write lock already.
    const FOR_UPDATE: &'static str;
    /// The same, passing over rows that another transaction holds.
    const FOR_UPDATE_SKIP_LOCKED: &'static str;
    /// The whole milliseconds from one column to another.
    fn millis_between(from: &str, to: &str) -> String;
}

impl DialectWords for sqlx::MySql {
    const FOR_UPDATE: &'static str = " FOR UPDATE";
    const FOR_UPDATE_SKIP_LOCKED: &'static str = " FOR UPDATE SKIP LOCKED";

    fn millis_between(from: &str, to: &str) -> String {
        format!("TIMESTAMPDIFF(MICROSECOND, {from}, {to}) DIV 1000")
    }
}

impl DialectWords for sqlx::Sqlite {
    const FOR_UPDATE: &'static str = "";
    const FOR_UPDATE_SKIP_LOCKED: &'static str = "";

    fn millis_between(from: &str, to: &str) -> String {
        format!("CAST(ROUND((julianday({to}) - julianday({from})) * 86400000) AS INTEGER)")
    }
}

/// The auto-increment key that an `INSERT` was given.
pub(crate) trait InsertedId {
    fn inserted_id(&self) -> i64;
}

impl InsertedId for MySqlQueryResult {
    fn inserted_id(&self) -> i64 {
        // Keys are signed columns, so that one beyond i64 cannot have been given.
        i64::try_from(self.last_insert_id()).unwrap_or(i64::MAX)
    }
}

impl InsertedId for SqliteQueryResult {
    fn inserted_id(&self) -> i64 {
        self.last_insert_rowid()
    }
}

/// Whether this is what a unique key says to the second of two.
#[must_use]
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Whether the database will never take what was to be written: another try says the same.
#[must_use]
pub fn is_of_the_data(error: &sqlx::Error) -> bool {
    // MySQL: SQLSTATE class 22, data exception. SQLite: TOOBIG, CONSTRAINT and MISMATCH.
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| {
        let sqlite =
            code.len() != 5 && code.parse().is_ok_and(|n: i32| (18..=20).contains(&(n & 0xff)));
        sqlite || (code.len() == 5 && code.starts_with("22"))
    })
}

/// Whether the same work may well succeed when it is done again: it lost a dead-lock or waited too
/// long for a lock.
fn is_worth_retrying(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    if let Some(mysql) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        // ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, and MariaDB's ER_CHECKREAD.
        return matches!(mysql.number(), 1205 | 1213 | 1020);
    }
    // SQLITE_BUSY and SQLITE_LOCKED, whatever their extension.
    error
        .code()
        .and_then(|code| code.parse::<i32>().ok())
        .is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// A unit of work's error, as far as [`Db::retrying`] must know it.
pub trait WorkError {
    /// The database's own error, where it is one.
    fn database(&self) -> Option<&sqlx::Error>;
}

impl WorkError for sqlx::Error {
    fn database(&self) -> Option<&sqlx::Error> {
        Some(self)
    }
}

impl Db {
    /// Opens a pool of at most `max_connections`; a SQLite file is made where there is none.
    ///
    /// # Errors
    /// Where the URL is none or the database does not answer.
    pub async fn connect(url: &str, zone: DbZone, max_connections: u32) -> sqlx::Result<Self> {
        let pool = if url.starts_with("sqlite:") {
            let options = url
                .parse::<SqliteConnectOptions>()?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(BUSY_TIMEOUT);
            let pool = SqlitePoolOptions::new()
                .max_connections(max_connections)
                .acquire_timeout(ACQUIRE_TIMEOUT);
            Pool::Sqlite(pool.connect_with(options).await?)
        } else {
            let options: MySqlConnectOptions = url.parse()?;
            let pool = MySqlPoolOptions::new()
                .max_connections(max_connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                // A lock must be followed by the newest rows, not by a snapshot from before it.
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        connection
                            .execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
                            .await?;
                        // The server's default of 50 s would hold the whole pool for one stuck row.
                        connection.execute("SET SESSION innodb_lock_wait_timeout = 3").await?;
                        connection.execute(TRUNCATE_TIMES).await?;
                        Ok(())
                    })
                });
            Pool::MySql(pool.connect_with(options).await?)
        };
        Ok(Self { pool, zone })
    }

    /// A connection in autocommit mode.
    ///
    /// # Errors
    /// Where none is free in time, or the database does not answer.
    pub async fn acquire(&self) -> sqlx::Result<Handle> {
        let inner = match &self.pool {
            Pool::MySql(pool) => HandleInner::MySql(pool.acquire().await?),
            Pool::Sqlite(pool) => HandleInner::Sqlite(pool.acquire().await?),
        };
        Ok(Handle { inner, zone: self.zone })
    }

    /// A transaction. `IMMEDIATE` makes SQLite take its write lock up front, so that two
    /// read-then-write transactions queue instead of failing with `SQLITE_BUSY`.
    ///
    /// # Errors
    /// Where no connection is free in time, or the database does not answer.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        let inner = match &self.pool {
            Pool::MySql(pool) => TxInner::MySql(pool.begin().await?),
            Pool::Sqlite(pool) => TxInner::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
        };
        Ok(Tx { inner, zone: self.zone })
    }

    /// Does a unit of work that begins and commits its own transaction, again where it lost a
    /// dead-lock or waited too long for a lock.
    ///
    /// # Errors
    /// The work's last error.
    pub async fn retrying<T, E: WorkError, F>(&self, mut work: impl FnMut() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let mut tries = 1;
        loop {
            match work().await {
                Err(error)
                    if tries < MAX_TRIES && error.database().is_some_and(is_worth_retrying) =>
                {
                    tracing::debug!(tries, "a transaction lost a lock and is done again");
                    tokio::time::sleep(Duration::from_millis(u64::from(tries * tries) * 5)).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    /// Closes every connection, once what is under way is done.
    pub async fn close(&self) {
        match &self.pool {
            Pool::MySql(pool) => pool.close().await,
            Pool::Sqlite(pool) => pool.close().await,
        }
    }
}

impl Handle {
    /// The connection, for a query.
    pub fn conn(&mut self) -> Conn<'_> {
        let driver = match &mut self.inner {
            HandleInner::MySql(connection) => Driver::MySql(connection),
            HandleInner::Sqlite(connection) => Driver::Sqlite(connection),
        };
        Conn { driver, zone: self.zone }
    }
}

impl Tx {
    /// The connection, for a query.
    pub fn conn(&mut self) -> Conn<'_> {
        let driver = match &mut self.inner {
            TxInner::MySql(transaction) => Driver::MySql(transaction),
            TxInner::Sqlite(transaction) => Driver::Sqlite(transaction),
        };
        Conn { driver, zone: self.zone }
    }

    /// Makes it all true at once.
    ///
    /// # Errors
    /// Where the database could not; then nothing of it is.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self.inner {
            TxInner::MySql(transaction) => transaction.commit().await,
            TxInner::Sqlite(transaction) => transaction.commit().await,
        }
    }
}
