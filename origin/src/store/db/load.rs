//! How busy a pool is.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use super::{Db, Pool};

/// What a pool has gone through; shared by its copies.
#[derive(Clone, Debug, Default)]
pub(super) struct Load(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    waiting: AtomicI64,
    timeouts: AtomicU64,
}

/// How busy a pool is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLoad {
    /// Connections that are open.
    pub size: i64,
    /// Those of them that nobody uses.
    pub idle: i64,
    /// Calls that wait for one.
    pub waiting: i64,
    /// Calls that got none in time, since the start.
    pub timeouts: u64,
}

/// Counts one who waits, for as long as it is held.
struct Waiting<'a>(&'a AtomicI64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Load {
    /// Waits for a connection, and counts that.
    pub(super) async fn waited<T>(
        &self,
        connection: impl Future<Output = sqlx::Result<T>>,
    ) -> sqlx::Result<T> {
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.0.waiting);
        let got = connection.await;
        if matches!(got, Err(sqlx::Error::PoolTimedOut)) {
            self.0.timeouts.fetch_add(1, Ordering::Relaxed);
        }
        got
    }
}

impl Db {
    /// How busy its pools are: the primary's, and the replica's where there is one.
    #[must_use]
    pub fn load(&self) -> Vec<(&'static str, PoolLoad)> {
        let mut pools = vec![("primary", self.own_load())];
        pools.extend(self.replica.as_ref().map(|replica| ("replica", replica.db.own_load())));
        pools
    }

    fn own_load(&self) -> PoolLoad {
        let (size, idle) = match &self.pool {
            Pool::MySql(pool) => pool.size(),
            Pool::Sqlite(pool) => pool.size(),
        };
        PoolLoad {
            size: size.into(),
            idle: i64::try_from(idle).unwrap_or(i64::MAX),
            waiting: self.load.0.waiting.load(Ordering::Relaxed),
            timeouts: self.load.0.timeouts.load(Ordering::Relaxed),
        }
    }
}
