//! Tells the edge what is in the outbox, again and again until it has said that it knows.

mod offer;

use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use shared::{
    internal::{AlertEvent, ChatEvent, SessionEvent},
    route,
    time::Timestamp,
};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use self::offer::offer;
use crate::{
    error::ApiError,
    metrics::Task,
    state::App,
    store::{
        self,
        outbox::{Kind, Taken},
    },
};

/// How long we wait without being rung: for rows of other processes, and for those put off.
const INTERVAL: Duration = Duration::from_millis(250);
/// Rows of one batch.
const BATCH: i64 = 50;
/// How long a batch is ours: longer than the edge may take to answer, and no longer than it must be, for
/// the rows of a process that dies wait that long.
const LEASE: Duration = Duration::from_secs(12);
/// How often the edge may refuse a row while it takes others, before the row is set aside.
const MAX_REFUSALS: i64 = 12;
/// The pause between two looks at whether other processes have told their alerts.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The longest pause before a row is sent again.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Alerts that may be under way beside the ends: one that hangs holds up no session's end.
const MAX_ALERTS: usize = 8;

/// The shortest and the longest pause of news while the edge is away.
const AWAY: RangeInclusive<Duration> = Duration::from_millis(250)..=MAX_PAUSE;

/// Rung when a transaction that wrote to the outbox has committed: a bell for each of the two that empty it.
#[derive(Default)]
pub struct Bell {
    ends: Notify,
    news: Notify,
}

impl Bell {
    /// Has the sender of ends and alerts look, now or as soon as it is done with what it has.
    pub fn ring_for_ends(&self) {
        self.ends.notify_one();
    }

    /// The same of what happened in conversations.
    pub fn ring_for_news(&self) {
        self.news.notify_one();
    }
}

/// What is on its way beside the ends of sessions, which wait for none of it.
#[derive(Default)]
struct UnderWay {
    alerts: JoinSet<()>,
    /// Alerts that no further end waits for.
    waited_for: BTreeSet<i64>,
}

/// Sends what there is, until `stop`: news beside ends and alerts, so that neither waits for the other.
pub async fn run(app: App, stop: CancellationToken) {
    tokio::join!(tell_ends(&app, &stop), tell_news(&app, &stop));
}

async fn tell_ends(app: &App, stop: &CancellationToken) {
    let mut under_way = UnderWay::default();
    loop {
        match Box::pin(send_batch(app, &mut under_way)).await {
            Ok(ended) => {
                app.metrics.done(Task::OutboxEnds, app.ambient.now());
                if ended > 0 && !stop.is_cancelled() {
                    continue;
                }
            }
            Err(error) => error.log(),
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = app.outbox_bell.ends.notified() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
    while under_way.alerts.join_next().await.is_some() {}
}

/// One batch at a time, so that a conversation's messages keep their order.
async fn tell_news(app: &App, stop: &CancellationToken) {
    let mut away = None;
    loop {
        let sent = send_news(app).await;
        if sent.is_ok() {
            app.metrics.done(Task::OutboxNews, app.ambient.now());
        }
        match sent {
            // It is asked again after a while, and with the oldest: nothing is taken meanwhile.
            Ok(told) if told.is_away => {
                let longer = away.map_or(*AWAY.start(), |pause: Duration| pause * 2);
                away = Some(longer.min(*AWAY.end()));
            }
            Ok(told) => {
                away = None;
                if told.taken > 0 && !stop.is_cancelled() {
                    continue;
                }
            }
            Err(error) => error.log(),
        }
        let rung = async {
            match away {
                None => app.outbox_bell.news.notified().await,
                Some(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = rung => {}
            () = tokio::time::sleep(away.unwrap_or(INTERVAL)) => {}
        }
    }
}

async fn send_news(app: &App) -> Result<Told, ApiError> {
    let now = app.ambient.now();
    let rows = app
        .db
        .retrying(|| async move {
            let mut tx = app.db.begin().await?;
            let rows = store::outbox::take(tx.conn(), &Kind::CHAT, BATCH, LEASE, now).await?;
            tx.commit().await?;
            Ok::<_, ApiError>(rows)
        })
        .await?;
    send_kind::<ChatEvent>(app, NEWS, rows, now).await
}

/// Sends a batch: alerts beside, ends at once; how many ends the edge has taken. A socket
/// that is about to be closed hears the alert first, but an end waits for that no longer than a moment:
/// it matters more.
async fn send_batch(app: &App, under_way: &mut UnderWay) -> Result<usize, ApiError> {
    let now = app.ambient.now();
    let Batch { ended, alerts } = take(app, now).await?;
    under_way.waited_for.extend(alerts.iter().map(|row| row.edge_outbox_id));
    let mut ours_told = None;
    if !alerts.is_empty() {
        while under_way.alerts.len() >= MAX_ALERTS {
            under_way.alerts.join_next().await;
        }
        let (told, alerts_told) = oneshot::channel::<()>();
        let sender = app.clone();
        under_way.alerts.spawn(async move {
            // Dropped when the alerts are sent, whatever became of them.
            let _told = told;
            if let Err(error) = send_kind::<AlertEvent>(&sender, ALERTS, alerts, now).await {
                error.log();
            }
        });
        ours_told = Some(alerts_told);
    }
    let told = async {
        if let Some(told) = ours_told {
            let _ = told.await;
        }
        let last = ended.iter().map(|row| row.edge_outbox_id).max();
        if let Some(last) = last
            && let Err(error) = others_told(app, last, &mut under_way.waited_for).await
        {
            ApiError::from(error).log();
        }
    };
    let _ = tokio::time::timeout(app.policy.alert_head_start, told).await;
    Ok(send_kind::<SessionEvent>(app, ENDS, ended, now).await?.taken)
}

/// Rows that were taken, by what becomes of them.
struct Batch {
    ended: Vec<Taken>,
    alerts: Vec<Taken>,
}

/// Waits until the alerts from before an end are told that another process has taken: of a log-in's
/// alert and end each may be with another process. No end waits for the same alert again.
async fn others_told(app: &App, end: i64, waited_for: &mut BTreeSet<i64>) -> sqlx::Result<()> {
    let look =
        async || store::outbox::fresh_alerts_before(app.db.acquire().await?.conn(), end).await;
    let mut left = look().await?;
    waited_for.retain(|id| left.contains(id));
    let theirs: Vec<i64> = left.iter().copied().filter(|id| waited_for.insert(*id)).collect();
    while left.iter().any(|id| theirs.contains(id)) {
        tokio::time::sleep(LOOK_AGAIN).await;
        left = look().await?;
    }
    Ok(())
}

/// Takes ends, and then what goes beside them: an alert is committed together with its end, so that
/// whoever has seen the end sees the alert. One look for both could pass over an alert while it is being
/// committed, and find the end.
async fn take(app: &App, now: Timestamp) -> Result<Batch, ApiError> {
    app.db
        .retrying(|| async move {
            let mut tx = app.db.begin().await?;
            let ended = [Kind::SessionEnded];
            let ended = store::outbox::take(tx.conn(), &ended, BATCH, LEASE, now).await?;
            let alerts = [Kind::SecurityAlert];
            let alerts = store::outbox::take(tx.conn(), &alerts, BATCH, LEASE, now).await?;
            tx.commit().await?;
            Ok(Batch { ended, alerts })
        })
        .await
}

/// How rows of a kind are told.
#[derive(Clone, Copy)]
struct Way {
    path: &'static str,
    /// Whether what the edge leaves out of an answer counts as refused. Of news it does not: rooms could
    /// not be reached, which no row is to blame for.
    left_out_is_refused: bool,
    /// Whether rows go back to their old places where the edge is away, and not each to a later time.
    in_order: bool,
    /// Whether it is noted how long the edge took to hear of them.
    is_timed: bool,
}

/// What became of a batch.
#[derive(Default)]
struct Told {
    /// How many rows the edge has taken.
    taken: usize,
    /// Whether it could not be reached.
    is_away: bool,
}

const ENDS: Way = Way {
    path: route::INTERNAL_SESSION_EVENTS,
    left_out_is_refused: true,
    in_order: false,
    is_timed: true,
};
const ALERTS: Way = Way { path: route::INTERNAL_SECURITY_ALERTS, is_timed: false, ..ENDS };
const NEWS: Way = Way {
    path: route::INTERNAL_CHAT_EVENTS,
    left_out_is_refused: false,
    in_order: true,
    is_timed: false,
};

async fn send_kind<E: Serialize + DeserializeOwned>(
    app: &App,
    way: Way,
    rows: Vec<Taken>,
    now: Timestamp,
) -> Result<Told, ApiError> {
    if rows.is_empty() {
        return Ok(Told::default());
    }
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        match event::<E>(row) {
            Ok(event) => events.push((row.edge_outbox_id, event)),
            Err(error) => {
                tracing::error!(edge_outbox_id = row.edge_outbox_id, %error, "an outbox row cannot be read and is set aside");
                store::outbox::bury(app.db.acquire().await?.conn(), row.edge_outbox_id, now)
                    .await?;
            }
        }
    }
    let offered = offer(app, way, &events, now).await;
    if way.is_timed {
        let taken = rows.iter().filter(|row| offered.taken.contains(&row.edge_outbox_id));
        app.recent.told(taken.map(|row| app.db.zone().read(row.created_at)), app.ambient.now());
    }
    let mut handle = app.db.acquire().await?;
    store::outbox::remove(handle.conn(), &offered.taken).await?;
    let waiting = events.iter().map(|(id, _)| *id).filter(|id| !offered.taken.contains(id));
    let goes_back = |id: &i64| way.in_order && offered.is_away && !offered.refused.contains(id);
    let (back, later): (Vec<i64>, Vec<i64>) = waiting.partition(goes_back);
    store::outbox::put_back(handle.conn(), &back).await?;
    for row in later.into_iter().filter_map(|id| rows.iter().find(|row| row.edge_outbox_id == id)) {
        let refused = offered.refused.contains(&row.edge_outbox_id);
        if refused && row.refusals >= MAX_REFUSALS {
            tracing::error!(
                edge_outbox_id = row.edge_outbox_id,
                "the edge keeps refusing an outbox row; it is set aside"
            );
            store::outbox::bury(handle.conn(), row.edge_outbox_id, now).await?;
        } else {
            let next = app.ambient.now().plus(pause(row.attempts));
            store::outbox::postpone(handle.conn(), row.edge_outbox_id, next, refused).await?;
        }
    }
    Ok(Told { taken: offered.taken.len(), is_away: offered.is_away })
}

fn event<E: DeserializeOwned>(row: &Taken) -> serde_json::Result<E> {
    let mut payload = row.payload.clone();
    if let Some(members) = payload.as_object_mut() {
        members.insert("event_id".to_owned(), row.edge_outbox_id.into());
    }
    serde_json::from_value(payload)
}

fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 6)).unwrap_or(6);
    (Duration::from_millis(100) * 2_u32.pow(doublings)).min(MAX_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_event_that_it_was_written_as() {
        let conversation = serde_json::json!({
            "customer_service_session_id": 7, "began_at": "2026-03-01T00:00:00.000+08:00", "user_id": 31,
            "admin_id": null, "status": "waiting", "version": 1, "last_seq": 3,
        });
        let marked = serde_json::json!({
            "conversation": conversation, "status": "read", "by": "admin", "reader_id": 2,
            "reader_session": null, "chat_message_id": 9, "seq": 3, "chat_message_ids": [8, 9], "sender_ids": [31],
        });
        let payload = serde_json::json!({ "news": { "marked": marked } });
        let row = |payload| Taken {
            edge_outbox_id: 5,
            kind: Kind::MessagesMarked,
            payload,
            attempts: 0,
            refusals: 0,
            created_at: chrono::NaiveDateTime::default(),
        };
        let read: ChatEvent = event(&row(payload.clone())).unwrap();
        assert_eq!(read.event_id, 5);
        assert_eq!(serde_json::to_value(&read.news).unwrap(), payload["news"]);
        assert!(event::<ChatEvent>(&row(serde_json::json!({ "user_id": 31 }))).is_err());
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        assert_eq!(pause(0), Duration::from_millis(100));
        assert_eq!(pause(3), Duration::from_millis(800));
        assert_eq!(pause(1000), MAX_PAUSE);
    }
}
