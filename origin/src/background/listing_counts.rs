//! The counts of listings are kept short: what triggers have noted is folded into sums, a batch a transaction.
//! Several processes may do so at once: one does, the others pass over it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    state::App,
    store::listing_counts::{CURE, Installed, fold, install},
};

/// How often we look for deltas.
const INTERVAL: Duration = Duration::from_secs(2);
/// How many looks there are from one look for the triggers to the next: a minute.
const LOOKS: u32 = 30;
/// The most deltas of one transaction.
pub const BATCH: i64 = 1000;
/// The pause after a full batch.
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps the counts short, until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    tokio::select! {
        // What is cut off here is undone by the database, or done: both are right.
        () = stop.cancelled() => {}
        () = keep(&app) => {}
    }
}

async fn keep(app: &App) {
    let mut told = false;
    loop {
        match install(&app.db, app.ambient.now()).await {
            Ok(Installed::Refused(error)) if !told => {
                told = true;
                tracing::warn!(%error, "listings are counted each time they are asked for: {CURE}");
            }
            Ok(state) => tracing::debug!(?state, "counts of listings"),
            Err(error) => {
                tracing::warn!(%error, "listings cannot be counted now; tried again in a minute");
            }
        }
        for _ in 0..LOOKS {
            if let Err(error) = drain(app).await {
                tracing::warn!(%error, "counts of listings are not summed up now");
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

/// Folds all deltas there are; how many those were.
///
/// # Errors
/// The database's.
pub async fn drain(app: &App) -> sqlx::Result<u64> {
    let mut folded = 0;
    loop {
        let batch = app.db.retrying(|| fold(&app.db, BATCH)).await?;
        folded += batch;
        if batch < BATCH.unsigned_abs() {
            return Ok(folded);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
