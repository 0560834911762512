//! How things stand in the database, looked up now and then, so that a scrape asks it nothing.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{error::ApiError, metrics::Task, state::App, store};

/// How often we look.
const INTERVAL: Duration = Duration::from_secs(15);

/// Looks, until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        if let Err(error) = look(&app).await {
            error.log();
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Looks now.
///
/// # Errors
/// The database's; the metrics then stay as they were.
pub async fn look(app: &App) -> Result<(), ApiError> {
    let now = app.ambient.now();
    let outbox = store::outbox::stands(app.db.acquire().await?.conn()).await?;
    let live = app
        .db
        .read(async |mut handle| store::sessions::live::count(handle.conn(), now).await)
        .await?;
    app.metrics.stands(&outbox, live, now);
    app.recent.stands(outbox.iter().map(|of_kind| of_kind.waiting).sum(), live, now);
    app.metrics.done(Task::Gauges, now);
    Ok(())
}
