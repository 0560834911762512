//! The database that this process talks to: MySQL in production, SQLite when embedded.
//!
//! Every query is written once, inside [`on!`], which expands its body once per driver so that
//! each copy type-checks against a concrete `sqlx` driver.

mod fault;
mod load;
mod open;
mod replica;
mod shelf;

use std::{str::FromStr, sync::Arc, time::Duration};

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
pub use fault::{is_of_the_data, is_over_time, is_unavailable, is_unique_violation};
pub use load::PoolLoad;
pub use open::PoolLimits;
use shared::time::Timestamp;
use sqlx::{
    Database, SqlSafeStr as _, Transaction,
    mysql::{MySqlConnection, MySqlQueryResult},
    sqlite::{SqliteConnection, SqliteQueryResult},
};
use tokio::sync::OwnedSemaphorePermit;

use self::{
    fault::is_worth_retrying,
    load::Load,
    replica::Replica,
    shelf::{Held, Later, Shelf},
};

/// How often a unit of work that lost a dead-lock is tried.
const MAX_TRIES: u32 = 8;

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
    load: Load,
    replica: Option<Arc<Replica>>,
}

#[derive(Clone, Debug)]
pub(super) enum Pool {
    MySql(Arc<Shelf<sqlx::MySql>>),
    Sqlite(Arc<Shelf<sqlx::Sqlite>>),
}

/// A connection checked out of [`Db`], in autocommit mode.
pub struct Handle {
    inner: HandleInner,
    zone: DbZone,
}

enum HandleInner {
    MySql(Held<sqlx::MySql>),
    Sqlite(Held<sqlx::Sqlite>),
}

/// An open transaction; rolled back unless [`Tx::commit`] is called.
pub struct Tx {
    inner: TxInner,
    zone: DbZone,
    after_commit: Vec<AfterCommit>,
}

type AfterCommit = Box<dyn FnOnce() + Send + Sync>;

enum TxInner {
    MySql(Begun<sqlx::MySql>),
    Sqlite(Begun<sqlx::Sqlite>),
}

/// A transaction, and the turn that its connection was taken with.
struct Begun<D: Database> {
    transaction: Transaction<'static, D>,
    _turn: OwnedSemaphorePermit,
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
        Self::connect_within(url, zone, PoolLimits::of(max_connections)).await
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// Where the URL is none or the database does not answer.
    pub async fn connect_within(url: &str, zone: DbZone, limits: PoolLimits) -> sqlx::Result<Self> {
        let db = Self::of(open::pool(url, limits, open::Use::Primary)?, zone);
        db.acquire().await?;
        Ok(db)
    }

    /// With a copy for reads that may lag, which need not be there yet: [`Db::look_at_replica`] has it used.
    ///
    /// # Errors
    /// Where the URL is none.
    pub fn with_replica(self, url: &str, limits: PoolLimits) -> sqlx::Result<Self> {
        let replica = Replica::open(url, self.zone, limits)?;
        Ok(Self { replica: Some(Arc::new(replica)), ..self })
    }

    /// How DATETIME columns are read and written.
    #[must_use]
    pub fn zone(&self) -> DbZone {
        self.zone
    }

    fn of(pool: Pool, zone: DbZone) -> Self {
        Self { pool, zone, load: Load::default(), replica: None }
    }

    /// A connection in autocommit mode.
    ///
    /// # Errors
    /// Where none is free in time, or the database does not answer.
    pub async fn acquire(&self) -> sqlx::Result<Handle> {
        let inner = match &self.pool {
            Pool::MySql(pool) => HandleInner::MySql(self.load.waited(pool.take()).await?),
            Pool::Sqlite(pool) => HandleInner::Sqlite(self.load.waited(pool.take()).await?),
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
            Pool::MySql(pool) => {
                let held = self.load.waited(pool.take()).await?;
                TxInner::MySql(Begun::begin(held, "BEGIN").await?)
            }
            Pool::Sqlite(pool) => {
                let held = self.load.waited(pool.take()).await?;
                TxInner::Sqlite(Begun::begin(held, "BEGIN IMMEDIATE").await?)
            }
        };
        Ok(Tx { inner, zone: self.zone, after_commit: Vec::new() })
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
        if let Some(replica) = &self.replica {
            Box::pin(replica.db.close()).await;
        }
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

    /// Hands the connection on to the next caller at once: what was asked on it has been answered. It may always be
    /// dropped instead, which costs another round trip to the database.
    pub fn done(self) {
        match self.inner {
            HandleInner::MySql(held) => held.done(),
            HandleInner::Sqlite(held) => held.done(),
        }
    }
}

impl<D: Database> Begun<D> {
    fn begin(held: Held<D>, statement: &'static str) -> Later<Self> {
        let (connection, turn) = held.into_parts();
        let begun = Transaction::begin(connection, Some(statement.into_sql_str()));
        Box::pin(async move { Ok(Self { transaction: begun.await?, _turn: turn }) })
    }
}

impl Tx {
    /// The connection, for a query.
    pub fn conn(&mut self) -> Conn<'_> {
        let driver = match &mut self.inner {
            TxInner::MySql(begun) => Driver::MySql(&mut begun.transaction),
            TxInner::Sqlite(begun) => Driver::Sqlite(&mut begun.transaction),
        };
        Conn { driver, zone: self.zone }
    }

    /// Has something done once it is all true, and not where it never is: counts, mostly.
    pub fn after_commit(&mut self, done: impl FnOnce() + Send + Sync + 'static) {
        self.after_commit.push(Box::new(done));
    }

    /// Makes it all true at once.
    ///
    /// # Errors
    /// Where the database could not; then nothing of it is.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self.inner {
            TxInner::MySql(begun) => begun.transaction.commit().await?,
            TxInner::Sqlite(begun) => begun.transaction.commit().await?,
        }
        for done in self.after_commit {
            done();
        }
        Ok(())
    }
}
