//! When sessions were last used: noted in memory on every call, written now and then in batches, so
//! that no read waits for a write.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use shared::time::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::{error::ApiError, state::App, store};

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

/// Writes what is noted, until `stop`, and then once more.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        let stopping = tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep(INTERVAL) => false,
        };
        flush(&app).await;
        if stopping {
            return;
        }
    }
}

/// Writes what is due. What a failed database did not take is lost, and noted again on the next call.
pub async fn flush(app: &App) {
    for batch in app.activity.take_due(app.ambient.now()).chunks(BATCH) {
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
            error.log();
        }
    }
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
    fn what_is_written_and_old_is_forgotten() {
        let activity = Activity::default();
        activity.note("s", at(0));
        activity.take_due(at(1));
        activity.take_due(at(100));
        assert!(activity.0.lock().unwrap().is_empty());
    }
}
