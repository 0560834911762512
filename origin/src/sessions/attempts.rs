//! Guesses: each is admitted before anything is checked, and counted in the database, where all
//! processes of the origin see it.
//!
//! Of tries that come at once, at however many processes, no more go on at a time than may fail; the
//! others wait for their turn, so that right ones all get through and of wrong ones no more than
//! there is budget. A refused try is not counted: nobody's waits grow by knocking.
//!
//! A device that has proved itself has a budget of its own and is held up by no other: whoever
//! attacks an account from a thousand addresses does not lock its owner out. Without that proof an
//! owner waits as everyone does, and is told nothing that the attackers are not told.

mod budget;
pub mod limit;

use std::{sync::Arc, time::Duration};

use budget::Budget;
pub use budget::Guess;
use limit::{Verdict, end_of_try};
use serde_json::json;
use shared::time::Timestamp;
use tokio::sync::Semaphore;

use crate::{
    error::ApiError,
    extract::context::CallContext,
    state::App,
    store::{
        self,
        attempts::Attempts,
        audit::{AuditKind, NewEvent},
    },
};

/// The pause between two looks at whether it is a try's turn.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Looks before the client is told to come back: ten seconds of them.
const MAX_LOOKS: u32 = 200;
/// Tries that may wait for their turn in a process; more are told to come back, so that a flood of
/// them leaves the database to other calls.
pub const MAX_QUEUED: usize = 128;

/// The places of those that wait for their turn.
pub struct Queue(Semaphore);

impl Default for Queue {
    fn default() -> Self {
        Self(Semaphore::new(MAX_QUEUED))
    }
}

/// A try, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What is tried.
    pub guess: Guess<'a>,
    /// Whose account it is about, where there is one; for the audit log alone.
    pub user_id: Option<i64>,
    /// The call.
    pub call: &'a CallContext,
}

/// A try that may be made. Dropped without a word it counts as failed: a client that hangs up, again
/// and again, has us compute as much as one that stays.
#[must_use]
pub struct Admitted {
    app: App,
    budgets: Arc<[Budget]>,
    /// When it is given up.
    end: Timestamp,
    is_settled: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Settling {
    Success,
    Failure,
    GivenBack,
}

/// Admits a try, once it is its turn, or says when the next one may come.
///
/// # Errors
/// `RATE_LIMITED` with the seconds to wait; the database's.
pub async fn admit(app: &App, attempt: &Attempt<'_>) -> Result<Admitted, ApiError> {
    let budgets: Arc<[Budget]> =
        attempt.guess.budgets(attempt.call.client_ip, &app.policy.login_limits).into();
    let mut place = None;
    for _ in 0..MAX_LOOKS {
        let rows = store::attempts::find(app.db.acquire().await?.conn(), &keys(&budgets)).await?;
        // A flood of tries that have to wait costs a look-up each, and no lock.
        let judged = match judge(&budgets, rows, app.ambient.now()) {
            Judged::Wait { row, retry_after } if row.noted_until == row.count.wait_until => {
                return Err(ApiError::Busy { retry_after });
            }
            Judged::Queue => Turn::NotYet,
            _ => app.db.retrying(|| take(app, attempt, &budgets)).await?,
        };
        match judged {
            Turn::Now { end } => {
                return Ok(Admitted { app: app.clone(), budgets, end, is_settled: false });
            }
            Turn::NotYet => {
                if place.is_none() {
                    let full = |_| ApiError::Busy { retry_after: 1 };
                    place = Some(app.queued_tries.0.try_acquire().map_err(full)?);
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }
    Err(ApiError::Busy { retry_after: 1 })
}

enum Turn {
    Now { end: Timestamp },
    NotYet,
}

async fn take(app: &App, attempt: &Attempt<'_>, budgets: &[Budget]) -> Result<Turn, ApiError> {
    let now = app.ambient.now();
    let mut tx = app.db.begin().await?;
    let rows = store::attempts::lock(tx.conn(), &keys(budgets), now).await?;
    match judge(budgets, rows, now) {
        Judged::Wait { row, retry_after } => {
            if row.noted_until != row.count.wait_until {
                let kind = row.attempt_key.split(':').next();
                let detail = json!({ "limit": kind, "retry_after": retry_after });
                let event = attempt.event(AuditKind::LoginBlocked, detail);
                store::audit::insert(tx.conn(), &event.as_new(), now).await?;
                let noted = Attempts { noted_until: row.count.wait_until, ..row };
                save(&mut tx, budgets, &noted).await?;
                tx.commit().await?;
            }
            Err(ApiError::Busy { retry_after })
        }
        Judged::Queue => Ok(Turn::NotYet),
        Judged::Admitted(rows) => {
            for row in &rows {
                save(&mut tx, budgets, row).await?;
            }
            tx.commit().await?;
            Ok(Turn::Now { end: end_of_try(now) })
        }
    }
}

enum Judged {
    Admitted(Vec<Attempts>),
    Wait { row: Attempts, retry_after: u32 },
    Queue,
}

/// What all budgets together say: the longest wait of any, else whether any is in use to its end.
fn judge(budgets: &[Budget], rows: Vec<Attempts>, now: Timestamp) -> Judged {
    let mut judged = Judged::Admitted(Vec::with_capacity(rows.len()));
    for row in rows {
        let Some(budget) = budget_of(budgets, &row) else {
            continue;
        };
        let count = row.count.without_abandoned(budget.limit, now);
        let row = Attempts { count, ..row };
        judged = match (row.count.admit(budget.limit, now), judged) {
            (Verdict::Wait(seconds), Judged::Wait { row, retry_after })
                if seconds <= retry_after =>
            {
                Judged::Wait { row, retry_after }
            }
            (Verdict::Wait(retry_after), _) => Judged::Wait { row, retry_after },
            (_, Judged::Wait { row, retry_after }) => Judged::Wait { row, retry_after },
            (Verdict::Queue, _) | (_, Judged::Queue) => Judged::Queue,
            (Verdict::Admitted(count), Judged::Admitted(mut rows)) => {
                rows.push(Attempts { count, ..row });
                Judged::Admitted(rows)
            }
        };
    }
    judged
}

fn keys(budgets: &[Budget]) -> Vec<&str> {
    budgets.iter().map(|budget| budget.key.as_str()).collect()
}

fn budget_of<'a>(budgets: &'a [Budget], row: &Attempts) -> Option<&'a Budget> {
    budgets.iter().find(|budget| budget.key == row.attempt_key)
}

/// A try that was right: what its person or device failed at before is forgotten.
///
/// # Errors
/// The database's.
pub async fn succeeded(mut admitted: Admitted) -> Result<(), ApiError> {
    admitted.settle(Settling::Success, None).await
}

/// A try that came to no answer, and by no fault of who tried.
///
/// # Errors
/// The database's.
pub async fn given_back(mut admitted: Admitted) -> Result<(), ApiError> {
    admitted.settle(Settling::GivenBack, None).await
}

/// A try that was none, and costs as much as one that failed: a registration.
///
/// # Errors
/// The database's.
pub async fn spent(mut admitted: Admitted) -> Result<(), ApiError> {
    admitted.settle(Settling::Failure, None).await
}

/// A try that was wrong. The audit log keeps why, which the client is not told.
///
/// # Errors
/// The database's.
pub async fn failed(
    mut admitted: Admitted,
    attempt: &Attempt<'_>,
    why: &'static str,
) -> Result<(), ApiError> {
    let kind = match attempt.guess {
        Guess::PasswordInSession { .. } => AuditKind::PasswordChangeFailed,
        _ => AuditKind::LoginFailed,
    };
    let event = attempt.event(kind, json!({ "why": why }));
    admitted.settle(Settling::Failure, Some(&event)).await
}

/// Keeps in the audit log that somebody who is who they say was not let in; faults are no matter for
/// it.
///
/// # Errors
/// The database's.
pub async fn note_refusal(
    app: &App,
    attempt: &Attempt<'_>,
    error: &ApiError,
) -> Result<(), ApiError> {
    let ApiError::Refused(code) = error else {
        return Ok(());
    };
    let event = attempt.event(AuditKind::LoginRefused, json!({ "why": code }));
    let (event, now) = (&event.as_new(), app.ambient.now());
    app.db
        .retrying(|| async move {
            store::audit::insert(app.db.acquire().await?.conn(), event, now).await
        })
        .await?;
    Ok(())
}

impl Admitted {
    async fn settle(&mut self, how: Settling, event: Option<&Event>) -> Result<(), ApiError> {
        let (app, budgets, end) = (&self.app, &self.budgets, self.end);
        app.db.retrying(|| settle(app, budgets, end, how, event)).await?;
        self.is_settled = true;
        Ok(())
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let (app, budgets, end) = (self.app.clone(), Arc::clone(&self.budgets), self.end);
        // Without a runtime the process is ending, and time will tell the same.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let settled =
                    app.db.retrying(|| settle(&app, &budgets, end, Settling::Failure, None)).await;
                if let Err(error) = settled {
                    error.log();
                }
            });
        }
    }
}

async fn settle(
    app: &App,
    budgets: &[Budget],
    end: Timestamp,
    how: Settling,
    event: Option<&Event>,
) -> Result<(), ApiError> {
    let now = app.ambient.now();
    let mut tx = app.db.begin().await?;
    for row in store::attempts::lock(tx.conn(), &keys(budgets), now).await? {
        let Some(budget) = budget_of(budgets, &row) else {
            continue;
        };
        let count = match how {
            Settling::Failure => row.count.failed(end, budget.limit, now),
            Settling::Success if budget.cleared_by_success => row.count.cleared(end, now),
            Settling::Success | Settling::GivenBack => row.count.given_back(end),
        };
        save(&mut tx, budgets, &Attempts { count, ..row }).await?;
    }
    if let Some(event) = event {
        store::audit::insert(tx.conn(), &event.as_new(), now).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn save(tx: &mut store::Tx, budgets: &[Budget], row: &Attempts) -> sqlx::Result<()> {
    let expires_at = budget_of(budgets, row)
        .map_or(row.count.counted_at, |budget| row.count.forgotten_at(budget.limit));
    store::attempts::save(tx.conn(), row, expires_at).await
}

/// What an event holds, by value where [`NewEvent`] borrows.
struct Event {
    kind: AuditKind,
    user_id: Option<i64>,
    client_ip: String,
    request_id: String,
    detail: serde_json::Value,
}

impl Event {
    fn as_new(&self) -> NewEvent<'_> {
        NewEvent {
            kind: self.kind,
            user_id: self.user_id,
            authentication_session_id: None,
            actor_user_id: None,
            client_ip: Some(&self.client_ip),
            request_id: Some(&self.request_id),
            detail: Some(self.detail.clone()),
        }
    }
}

impl Attempt<'_> {
    fn event(&self, kind: AuditKind, detail: serde_json::Value) -> Event {
        Event {
            kind,
            user_id: self.user_id,
            client_ip: self.call.client_ip.to_string(),
            request_id: self.call.request_id.clone(),
            detail,
        }
    }
}
