//! What the old back end does to the tables beside us is taken up: its messages get their place, and the sessions
//! that it ends are told to the edge.

use std::time::Duration;

use shared::{session::judge, time::Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{
    chat,
    error::ApiError,
    sessions::end::say,
    state::App,
    store::{self, adoption, sessions::End},
};

/// How often we look.
const INTERVAL: Duration = Duration::from_millis(500);
/// Sessions of one look; more wait for the next.
const BATCH: i64 = 200;
/// How far back the first look goes: a token made before has ended by itself.
const FIRST_LOOK: Duration = Duration::from_hours(24);
/// How far back the others go, since transactions commit late and clocks differ.
const LATER_LOOKS: Duration = Duration::from_mins(5);

/// Takes up what is there, until `stop`; at once returns where no other program writes to the tables.
pub async fn run(app: App, stop: CancellationToken) {
    if !app.policy.old_back_end_beside {
        return;
    }
    let mut since = app.ambient.now().minus(FIRST_LOOK);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        if let Err(error) = take_messages(&app).await {
            error.log();
        }
        let begun = app.ambient.now();
        match take_ends(&app, since).await {
            Ok(0) => since = begun.minus(LATER_LOOKS),
            Ok(_) => {}
            Err(error) => error.log(),
        }
    }
}

/// Gives messages that have none their place; how many those were.
///
/// # Errors
/// The database's.
pub async fn take_messages(app: &App) -> Result<u64, ApiError> {
    let conversations = adoption::with_unplaced(app.db.acquire().await?.conn()).await?;
    let mut placed = 0;
    for id in conversations {
        match chat::place(app, id).await {
            Ok(of_it) => placed += of_it,
            // One conversation that cannot be written to keeps no other waiting.
            Err(error) => error.log(),
        }
    }
    Ok(placed)
}

/// Puts on record why sessions ended that were ended without a reason since then, and has the edge told; how many
/// were looked at.
///
/// # Errors
/// The database's.
pub async fn take_ends(app: &App, since: Timestamp) -> Result<usize, ApiError> {
    let mut handle = app.db.acquire().await?;
    let ended = store::sessions::ended_unsaid(handle.conn(), since, BATCH).await?;
    drop(handle);
    for id in &ended {
        if let Err(error) = app.db.retrying(|| end_is_said(app, *id)).await {
            error.log();
        }
    }
    if !ended.is_empty() {
        app.outbox_bell.ring_for_ends();
    }
    Ok(ended.len())
}

async fn end_is_said(app: &App, id: i64) -> Result<(), ApiError> {
    let mut tx = app.db.begin().await?;
    let Some(session) = store::sessions::lock(tx.conn(), id).await? else { return Ok(()) };
    let now = app.ambient.now();
    let Err(reason) = judge(&session.facts, app.policy.session_idle_limit, now) else {
        return Ok(());
    };
    let end = End { reason, by_session_id: None, by_user_id: None };
    if store::sessions::say_end(tx.conn(), id, reason).await? {
        say(app, &mut tx, &session, end, None, Some("old back end")).await?;
    }
    tx.commit().await?;
    Ok(())
}
