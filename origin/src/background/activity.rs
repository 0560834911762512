//! When sessions were last used: noted in memory on every call, written now and then in batches, so
//! that no read waits for a write.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use shared::time::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::{error::ApiError, metrics::Task, state::App, store};

/// How often what was noted is written.
const INTERVAL: Duration = Duration::from_secs(15);
/// A session is written at most once in this time.
const GRANULARITY: Duration = Duration::from_mins(1);
/// The most sessions that are noted between two writes. One that finds no place is noted on its
/// next call; idle limits are counted in days.
const CAPACITY: usize = 100_000;
/// Sessions of one transaction.
const BATCH: usize = 200;

/// What has been noted and not yet forgotten.
#[derive(Default)]
pub struct Activity(Mutex<HashMap<String, Noted>>);

#[derive(Clone, Copy)]
struct Noted {
    seen: Timestamp,
    written: Option<Timestamp>,
}

impl Activity {
    /// Notes that a session was used.
    pub fn note(&self, session_token: &str, now: Timestamp) {
        let Ok(mut noted) = self.0.lock() else { return };
        if let Some(noted) = noted.get_mut(session_token) {
            noted.seen = noted.seen.max(now);
        } else if noted.len() < CAPACITY {
            noted.insert(session_token.to_owned(), Noted { seen: now, written: None });
        }
    }

    /// What was used and not written since, within the last minute, too.
    fn take_rest(&self) -> Vec<(String, Timestamp)> {
        let Ok(mut noted) = self.0.lock() else {
            return Vec::new();
        };
        let rest = noted.drain().filter(|(_, noted)| noted.written != Some(noted.seen));
        rest.map(|(token, noted)| (token, noted.seen)).collect()
    }

    /// What is due to be written, marked as written; what is old is forgotten.
    fn take_due(&self, now: Timestamp) -> Vec<(String, Timestamp)> {
        let Ok(mut noted) = self.0.lock() else {
            return Vec::new();
        };
        noted.retain(|_, noted| {
            noted.written != Some(noted.seen) || now.since(noted.seen) < GRANULARITY
        });
        noted
            .iter_mut()
            .filter(|(_, noted)| {
                noted.written.is_none_or(|at| at < noted.seen && now.since(at) >= GRANULARITY)
            })
            .map(|(token, noted)| {
                noted.written = Some(noted.seen);
                (token.clone(), noted.seen)
            })
            .collect()
    }
}

/// Writes what is noted, until `stop`, and then all that is left.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return write(&app, app.activity.take_rest()).await,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        flush(&app).await;
    }
}

/// Writes what is due. What a failed database did not take is lost, and noted again on the next call.
pub async fn flush(app: &App) {
    write(app, app.activity.take_due(app.ambient.now())).await;
}

async fn write(app: &App, due: Vec<(String, Timestamp)>) {
    for batch in due.chunks(BATCH) {
        let written = app
            .db
            .retrying(|| async move {
                let mut tx = app.db.begin().await?;
                for (token, at) in batch {
                    store::sessions::touch(tx.conn(), token, *at).await?;
                }
                tx.commit().await?;
                Ok::<_, ApiError>(())
            })
            .await;
        if let Err(error) = written {
            return error.log();
        }
    }
    app.metrics.done(Task::Activity, app.ambient.now());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    #[test]
    fn a_session_is_written_at_most_once_a_minute() {
        let activity = Activity::default();
        activity.note("s", at(0));
        assert_eq!(activity.take_due(at(1)), [("s".to_owned(), at(0))]);
        activity.note("s", at(30));
        assert_eq!(activity.take_due(at(31)), []);
        activity.note("s", at(59));
        assert_eq!(activity.take_due(at(61)), [("s".to_owned(), at(59))]);
    }

    #[test]
    fn at_the_end_all_that_is_not_written_is_left() {
        let activity = Activity::default();
        activity.note("written", at(0));
        activity.note("used again", at(0));
        activity.take_due(at(1));
        activity.note("used again", at(2));
        activity.note("new", at(2));
        let mut rest = activity.take_rest();
        rest.sort();
        assert_eq!(rest, [("new".to_owned(), at(2)), ("used again".to_owned(), at(2))]);
        assert_eq!(activity.take_rest(), []);
    }

    #[test]
    fn what_is_written_and_old_is_forgotten() {
        let activity = Activity::default();
        activity.note("s", at(0));
        activity.take_due(at(1));
        activity.take_due(at(100));
        assert!(activity.0.lock().unwrap().is_empty());
    }
}
