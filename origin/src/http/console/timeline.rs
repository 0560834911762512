use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{error::ErrorCode, route, session::EndReason, time::Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::{
    error::ApiError,
    extract::{
        guard::Admin,
        input::{Id, Query},
        period::{Moment, Period},
    },
    http::{Answer, Envelope},
    state::App,
    store::{
        self,
        audit::{self, Recorded},
        sessions::search::{self, Found},
        slice::Slice,
    },
};

/// The most sessions of one picture.
const MAX_SESSIONS: u32 = 500;
/// The most events of one picture.
const MAX_EVENTS: u32 = 1000;

/// Which stretch of time.
#[derive(Deserialize, Validate, IntoParams)]
pub struct TimelineQuery {
    /// First moment.
    #[garde(skip)]
    #[param(inline)]
    from: Option<Moment>,
    /// The moment after the last.
    #[garde(skip)]
    #[param(inline)]
    to: Option<Moment>,
}

/// A user's sessions in time: a bar each, from `created_at` to `ended_at`.
#[derive(Serialize, ToSchema)]
pub struct Timeline {
    user_id: i64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// All that lived at some time of it, oldest first.
    sessions: Vec<Bar>,
    /// All that was put on record in it, oldest first.
    events: Vec<Recorded>,
    /// Whether there was more, and only the newest is shown: 500 sessions, 1,000 events.
    truncated: bool,
}

/// A session in the picture.
#[derive(Serialize, ToSchema)]
pub struct Bar {
    #[serde(flatten)]
    session: Found,
    /// Keys of the sessions in the picture whose place its log-in took; of them `ended_by_session_id`
    /// says the same.
    replaced: Vec<i64>,
}

/// A user's sessions in time, who replaced whom, and what else happened: an incident as a picture.
#[utoipa::path(get, path = route::TIMELINE)]
pub async fn timeline(
    State(app): State<App>,
    _: Admin,
    Id(user_id): Id,
    Query(query): Query<TimelineQuery>,
) -> Answer<Timeline> {
    let Period { from, to } = Period::new(query.from, query.to)?;
    let found = store::users::find(app.db.acquire().await?.conn(), user_id).await?;
    found.ok_or(ErrorCode::NotFound)?;
    let wanted = audit::Search { user_id: Some(user_id), event: None, from, to };
    let at = app.judging();
    // One more than is shown, to know whether there was more.
    let (mut sessions, mut events) = app
        .db
        .read(async |mut handle| {
            let sessions =
                search::of_time(handle.conn(), user_id, from, to, at, MAX_SESSIONS + 1).await?;
            let events = audit::page(handle.conn(), &wanted, Slice::first(MAX_EVENTS + 1)).await?;
            Ok::<_, ApiError>((sessions, events))
        })
        .await?;
    events.reverse();
    let cut = [keep_newest(&mut sessions, MAX_SESSIONS), keep_newest(&mut events, MAX_EVENTS)];
    Ok(Envelope::ok(Timeline {
        user_id,
        from,
        to,
        sessions: bars(sessions),
        events,
        truncated: cut.contains(&true),
    }))
}

/// Cuts off what is oldest; whether anything was.
fn keep_newest<T>(oldest_first: &mut Vec<T>, most: u32) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let over = oldest_first.len().saturating_sub(most);
    oldest_first.drain(..over);
    over > 0
}

fn bars(sessions: Vec<Found>) -> Vec<Bar> {
    let replaced_by = |id: i64| {
        let victims = sessions.iter().filter(|one| {
            one.end_reason == Some(EndReason::Replaced) && one.ended_by_session_id == Some(id)
        });
        victims.map(|one| one.authentication_session_id).collect::<Vec<_>>()
    };
    let replaced: Vec<_> =
        sessions.iter().map(|one| replaced_by(one.authentication_session_id)).collect();
    sessions
        .into_iter()
        .zip(replaced)
        .map(|(session, replaced)| Bar { session, replaced })
        .collect()
}
