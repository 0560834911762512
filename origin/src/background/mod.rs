//! What goes on beside the calls, until the process is told to stop.

pub mod activity;
pub mod beside;
pub mod cleanup;
pub mod expiry;
pub mod listing_counts;
pub mod outbox;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::state::App;

/// Starts everything; each task ends soon after `stop`.
pub fn spawn(app: &App, tasks: &TaskTracker, stop: &CancellationToken) {
    tasks.spawn(outbox::run(app.clone(), stop.clone()));
    tasks.spawn(expiry::run(app.clone(), stop.clone()));
    tasks.spawn(activity::run(app.clone(), stop.clone()));
    tasks.spawn(cleanup::run(app.clone(), stop.clone()));
    tasks.spawn(beside::run(app.clone(), stop.clone()));
    tasks.spawn(listing_counts::run(app.clone(), stop.clone()));
}
