//! Sessions whose time is over are ended on record, so that their sockets are told.

use std::time::Duration;

use shared::session::{EndReason, judge};
use tokio_util::sync::CancellationToken;

use crate::{
    error::ApiError,
    metrics::Task,
    sessions::end::end,
    state::App,
    store::{self, sessions::End},
};

/// How often we look.
const INTERVAL: Duration = Duration::from_millis(500);
/// Sessions of one look; more wait for the next.
const BATCH: i64 = 200;

/// Ends what is overdue, until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        if let Err(error) = sweep(&app).await {
            error.log();
        }
    }
}

/// Ends what is overdue now; how many that were.
///
/// # Errors
/// The database's.
pub async fn sweep(app: &App) -> Result<usize, ApiError> {
    let now = app.ambient.now();
    let idle_since = now.minus(app.policy.session_idle_limit);
    let overdue =
        store::sessions::overdue(app.db.acquire().await?.conn(), now, idle_since, BATCH).await?;
    let mut count = 0;
    for id in overdue {
        match app.db.retrying(|| end_if_over(app, id)).await {
            Ok(ended) => count += usize::from(ended),
            // One row that cannot be ended keeps nobody else's from ending.
            Err(error) => error.log(),
        }
    }
    app.metrics.done(Task::Expiry, now);
    if count > 0 {
        app.outbox_bell.ring_for_ends();
    }
    Ok(count)
}

async fn end_if_over(app: &App, id: i64) -> Result<bool, ApiError> {
    let mut tx = app.db.begin().await?;
    let Some(session) = store::sessions::lock(tx.conn(), id).await? else {
        // Its user is gone, and with them everyone who could be told.
        let end = End { reason: EndReason::UserInactive, by_session_id: None, by_user_id: None };
        let ended = store::sessions::end(tx.conn(), id, end, app.ambient.now()).await?;
        if ended {
            tx.after_commit(app.metrics.session_end(end.reason));
        }
        tx.commit().await?;
        return Ok(ended);
    };
    // Judged again under the lock: it may have been renewed since.
    let Err(reason) = judge(&session.facts, app.policy.session_idle_limit, app.ambient.now())
    else {
        return Ok(false);
    };
    let ended = end(
        app,
        &mut tx,
        &session,
        End { reason, by_session_id: None, by_user_id: None },
        None,
        None,
    )
    .await?;
    tx.commit().await?;
    Ok(ended)
}
