//! What nobody will be asked about again goes, in small batches and with pauses, so that log-ins do
//! not feel it. Several processes may do so at once: what one has removed, another does not find.

use std::time::Duration;

use serde::Serialize;
use shared::time::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Ambient,
    config::Retention,
    metrics::Task,
    state::App,
    store::{self, Db},
};

/// How often we look.
const INTERVAL: Duration = Duration::from_mins(5);
/// The most rows that one statement removes.
pub const BATCH: i64 = 1000;
/// The part of the time that is spent on batches, the rest being pauses: one in this many.
const SHARE: u32 = 12;
/// The shortest pause after a batch.
const MIN_PAUSE: Duration = Duration::from_millis(5);
/// The longest: a batch that took that long has waited itself, for others or for the machine.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// How many rows went, or would go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Of `refresh_tokens`.
    pub refresh_tokens: u64,
    /// Of `authentication_sessions`.
    pub sessions: u64,
    /// Of `login_attempts`.
    pub login_attempts: u64,
    /// Of `wechat_codes`.
    pub wechat_codes: u64,
    /// Of `audit_events`.
    pub audit_events: u64,
}

impl Removed {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.refresh_tokens
            + self.sessions
            + self.login_attempts
            + self.wechat_codes
            + self.audit_events
    }
}

/// Cleans up now and then, until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        let cleanup =
            Cleanup { db: &app.db, ambient: &app.ambient, retention: app.policy.retention };
        tokio::select! {
            // A batch that is cut off here is undone by the database, or done: both are right.
            () = stop.cancelled() => return,
            done = cleanup.drain(|_, _| {}) => match done {
                Ok(removed) => {
                    app.metrics.done(Task::CleanUp, app.ambient.now());
                    if removed.total() > 0 {
                        tracing::info!(?removed, "cleaned up");
                    }
                }
                Err(error) => tracing::warn!(%error, "the clean-up stopped, and will go on later"),
            },
        }
    }
}

/// What a clean-up works on.
#[derive(Clone, Copy)]
pub struct Cleanup<'a> {
    /// The database.
    pub db: &'a Db,
    /// Time.
    pub ambient: &'a Ambient,
    /// How long what is over is kept.
    pub retention: Retention,
}

impl Cleanup<'_> {
    /// How many rows would go now. Counts them all, which takes a while where there are many, and
    /// holds nobody up.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self) -> sqlx::Result<Removed> {
        let now = self.ambient.now();
        let ended_by = now.minus(self.retention.sessions);
        let mut handle = self.db.acquire().await?;
        let whole = |count: i64| u64::try_from(count).unwrap_or_default();
        let audit_events = match self.retention.audit_events {
            Some(kept) => store::audit::count_old(handle.conn(), now.minus(kept)).await?,
            None => 0,
        };
        Ok(Removed {
            refresh_tokens: whole(
                store::refresh_tokens::past::count(handle.conn(), ended_by).await?,
            ),
            sessions: whole(store::sessions::past::count(handle.conn(), ended_by).await?),
            login_attempts: whole(store::attempts::count_expired(handle.conn(), now).await?),
            wechat_codes: whole(store::wechat_codes::count_expired(handle.conn(), now).await?),
            audit_events: whole(audit_events),
        })
    }

    /// Removes all that is long past; how many rows that were. `after_batch` is told of each batch: the
    /// rows of it, and of all so far.
    ///
    /// # Errors
    /// The database's; what was removed by then stays so.
    pub async fn drain(&self, mut after_batch: impl FnMut(u64, Removed)) -> sqlx::Result<Removed> {
        let now = self.ambient.now();
        let ended_by = now.minus(self.retention.sessions);
        let mut removed = Removed::default();
        self.spent_tokens(ended_by, &mut removed, &mut after_batch).await?;
        self.ended_sessions(ended_by, &mut removed, &mut after_batch).await?;
        self.log_ins(now, &mut removed, &mut after_batch).await?;
        if let Some(kept) = self.retention.audit_events {
            self.old_events(now.minus(kept), &mut removed, &mut after_batch).await?;
        }
        Ok(removed)
    }

    async fn spent_tokens(
        &self,
        ended_by: Timestamp,
        removed: &mut Removed,
        after_batch: &mut impl FnMut(u64, Removed),
    ) -> sqlx::Result<()> {
        let mut from = (Timestamp::EPOCH, 0);
        loop {
            let begun = self.ambient.now();
            let (seen, gone) = self
                .db
                .retrying(|| async move {
                    use store::refresh_tokens::past;
                    let mut handle = self.db.acquire().await?;
                    let seen = past::walk(handle.conn(), from, ended_by, BATCH).await?;
                    let spent: Vec<i64> = seen
                        .iter()
                        .filter(|past| past.is_spent)
                        .map(|past| past.refresh_token_id)
                        .collect();
                    let gone = past::remove(handle.conn(), &spent).await?;
                    Ok::<_, sqlx::Error>((seen, gone))
                })
                .await?;
            let Some(last) = seen.last() else { return Ok(()) };
            from = (last.expires_at, last.refresh_token_id);
            removed.refresh_tokens += gone;
            self.end_batch(begun, gone, *removed, after_batch).await;
        }
    }

    /// Sessions go after their refresh tokens, so that none of those is ever left without one.
    async fn ended_sessions(
        &self,
        ended_by: Timestamp,
        removed: &mut Removed,
        after_batch: &mut impl FnMut(u64, Removed),
    ) -> sqlx::Result<()> {
        loop {
            let mut handle = self.db.acquire().await?;
            let ids = store::sessions::past::ended(handle.conn(), ended_by, BATCH).await?;
            drop(handle);
            if ids.is_empty() {
                return Ok(());
            }
            let ids = ids.as_slice();
            loop {
                let begun = self.ambient.now();
                let gone = self.db.retrying(|| self.tokens_of(ids)).await?;
                if gone == 0 {
                    break;
                }
                removed.refresh_tokens += gone;
                self.end_batch(begun, gone, *removed, after_batch).await;
            }
            let begun = self.ambient.now();
            let gone = self
                .db
                .retrying(|| async move {
                    store::sessions::past::remove(self.db.acquire().await?.conn(), ids).await
                })
                .await?;
            removed.sessions += gone;
            self.end_batch(begun, gone, *removed, after_batch).await;
        }
    }

    async fn tokens_of(&self, session_ids: &[i64]) -> sqlx::Result<u64> {
        use store::refresh_tokens::past;
        let mut handle = self.db.acquire().await?;
        let ids = past::of_sessions(handle.conn(), session_ids, BATCH).await?;
        past::remove(handle.conn(), &ids).await
    }

    /// What log-ins have left: counts of tries that are forgotten, answers of WeChat that nobody asks
    /// for again.
    async fn log_ins(
        &self,
        now: Timestamp,
        removed: &mut Removed,
        after_batch: &mut impl FnMut(u64, Removed),
    ) -> sqlx::Result<()> {
        loop {
            let begun = self.ambient.now();
            let (attempts, codes) = self
                .db
                .retrying(|| async move {
                    let mut handle = self.db.acquire().await?;
                    let codes = store::wechat_codes::delete_expired(handle.conn(), now, BATCH);
                    let codes = codes.await?;
                    let rest = BATCH - i64::try_from(codes).unwrap_or(BATCH);
                    let attempts = store::attempts::delete_expired(handle.conn(), now, rest);
                    Ok::<_, sqlx::Error>((attempts.await?, codes))
                })
                .await?;
            if attempts + codes == 0 {
                return Ok(());
            }
            removed.login_attempts += attempts;
            removed.wechat_codes += codes;
            self.end_batch(begun, attempts + codes, *removed, after_batch).await;
        }
    }

    async fn old_events(
        &self,
        recorded_by: Timestamp,
        removed: &mut Removed,
        after_batch: &mut impl FnMut(u64, Removed),
    ) -> sqlx::Result<()> {
        loop {
            let begun = self.ambient.now();
            let gone = self
                .db
                .retrying(|| async move {
                    let mut handle = self.db.acquire().await?;
                    let ids = store::audit::old(handle.conn(), recorded_by, BATCH).await?;
                    store::audit::remove(handle.conn(), &ids).await
                })
                .await?;
            if gone == 0 {
                return Ok(());
            }
            removed.audit_events += gone;
            self.end_batch(begun, gone, *removed, after_batch).await;
        }
    }

    /// Reports a batch, and lets others through.
    async fn end_batch(
        &self,
        begun: Timestamp,
        rows: u64,
        removed: Removed,
        after_batch: &mut impl FnMut(u64, Removed),
    ) {
        let took = self.ambient.now().since(begun);
        after_batch(rows, removed);
        tokio::time::sleep((took * (SHARE - 1)).clamp(MIN_PAUSE, MAX_PAUSE)).await;
    }
}
