//! Whether the read replica can be used.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::state::App;

/// How often we look at one that is used.
const INTERVAL: Duration = Duration::from_secs(15);
/// How often at one that is to come back.
const SOON: Duration = Duration::from_secs(1);

/// Looks, until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    if app.db.replica().is_none() {
        return;
    }
    let mut looked = SOON;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(SOON) => {}
        }
        looked += SOON;
        // A read that failed has set it aside meanwhile.
        let is_used = app.db.replica().is_some_and(|(is_used, _)| is_used);
        if !is_used || looked >= INTERVAL {
            app.db.look_at_replica().await;
            looked = Duration::ZERO;
        }
    }
}
