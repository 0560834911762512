//! Reads that may lag go to a copy of the database, where there is one that can be used.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use super::{Db, DbZone, Handle, PoolLimits, WorkError, is_over_time, open};

/// The longest wait for a connection to the copy: the primary answers as well.
const ACQUIRE: Duration = Duration::from_secs(1);
/// The longest look at whether the copy can be used.
const LOOK: Duration = Duration::from_secs(2);

/// A copy of the database that may lag behind it.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) db: Db,
    /// Whether the last look, and every read since, went well.
    is_usable: AtomicBool,
    /// Reads that the primary did in its place.
    fallbacks: AtomicU64,
}

impl Replica {
    pub(super) fn open(url: &str, zone: DbZone, limits: PoolLimits) -> sqlx::Result<Self> {
        let limits = PoolLimits { acquire: limits.acquire.min(ACQUIRE), ..limits };
        let db = Db::of(open::pool(url, limits, open::Use::Replica)?, zone);
        Ok(Self { db, is_usable: AtomicBool::new(false), fallbacks: AtomicU64::new(0) })
    }

    fn set_aside(&self, error: &sqlx::Error) {
        if self.is_usable.swap(false, Ordering::Relaxed) {
            tracing::warn!(%error, "the read replica fails; the primary is read until it is back");
        }
    }
}

impl Db {
    /// Does work that only reads, and may lag: on the replica; where there is none, or it fails, on the
    /// primary. Never for what decides about a session, and never for what the same call has written.
    ///
    /// # Errors
    /// The work's own. A statement that took too long on the replica is not done again.
    pub async fn read<T, E, F>(&self, mut work: impl FnMut(Handle) -> F) -> Result<T, E>
    where
        E: WorkError + From<sqlx::Error>,
        F: Future<Output = Result<T, E>>,
    {
        if let Some(replica) = &self.replica {
            if replica.is_usable.load(Ordering::Relaxed) {
                match replica.db.acquire().await {
                    Err(error) => replica.set_aside(&error),
                    Ok(handle) => match work(handle).await {
                        Err(error) => match error.database() {
                            Some(cause) if !is_over_time(cause) => replica.set_aside(cause),
                            _ => return Err(error),
                        },
                        done => return done,
                    },
                }
            }
            replica.fallbacks.fetch_add(1, Ordering::Relaxed);
        }
        work(self.acquire().await?).await
    }

    /// Looks whether the replica answers and has every migration of this program, and has it used, or
    /// not, from now on; whether it is. `None` where there is no replica.
    pub async fn look_at_replica(&self) -> Option<bool> {
        let replica = self.replica.as_ref()?;
        let (is_usable, why) = match tokio::time::timeout(LOOK, replica.db.is_current()).await {
            Ok(Ok(true)) => (true, String::new()),
            Ok(Ok(false)) => (false, "its schema is older than this program".to_owned()),
            Ok(Err(error)) => (false, error.to_string()),
            Err(_) => (false, "it does not answer".to_owned()),
        };
        let was_usable = replica.is_usable.swap(is_usable, Ordering::Relaxed);
        match (was_usable, is_usable) {
            (false, true) => tracing::info!("the read replica is used"),
            (true, false) => tracing::warn!(why, "the read replica is not used"),
            (false, false) => tracing::debug!(why, "the read replica is not used"),
            (true, true) => {}
        }
        Some(is_usable)
    }

    /// Whether there is a replica that is used, and how many reads the primary did in its place.
    #[must_use]
    pub fn replica(&self) -> Option<(bool, u64)> {
        let replica = self.replica.as_ref()?;
        let fallbacks = replica.fallbacks.load(Ordering::Relaxed);
        Some((replica.is_usable.load(Ordering::Relaxed), fallbacks))
    }
}
