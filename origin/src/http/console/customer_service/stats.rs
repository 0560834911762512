use std::time::Duration;

use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{route, time::Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::{
    error::ApiError,
    extract::{
        guard::Agent,
        input::Query,
        period::{Moment, Period},
    },
    http::{Answer, Envelope},
    state::App,
    store::conversations::stats::{self, Open, Span, Until},
};

/// What is looked at where the caller does not say.
const USUAL_SPAN: Duration = Duration::from_hours(24);
/// The longest time that is looked at.
const MAX_SPAN: Duration = Duration::from_hours(24 * 92);

/// Which stretch of time: the last 24 hours where neither end is given, up to now without `to`, from 24
/// hours before `to` without `from`; at most 92 days.
#[derive(Deserialize, Validate, IntoParams)]
pub struct StatsQuery {
    /// First moment.
    #[garde(skip)]
    #[param(inline)]
    from: Option<Moment>,
    /// The moment after the last.
    #[garde(skip)]
    #[param(inline)]
    to: Option<Moment>,
}

/// How customer service does.
#[derive(Serialize, ToSchema)]
pub struct Stats {
    /// First moment of the time.
    from: Timestamp,
    /// The moment after its last.
    to: Timestamp,
    /// Conversations that no agent has, now.
    waiting: i64,
    /// Conversations that an agent has and has not answered, now.
    assigned: i64,
    /// Conversations that an agent has answered, now.
    active: i64,
    /// Conversations that began in the time.
    began: i64,
    /// Conversations that were closed in the time.
    closed: i64,
    /// Of the conversations that began in the time and have been answered since, by a person: the median
    /// of `first_response_at - created_at`, in whole seconds, rounded down. `null` where there is none.
    median_first_response_seconds: Option<i64>,
    /// Of the conversations that began in the time and have been accepted since: the median of
    /// `accepted_at - created_at`, likewise.
    median_waiting_seconds: Option<i64>,
    satisfaction: Satisfaction,
}

/// What users say of conversations.
#[derive(Serialize, ToSchema)]
pub struct Satisfaction {
    /// The mean of their scores, to two places; `null` where there is none.
    average: Option<f64>,
    /// How many of the conversations that were closed in the time have a score.
    count: i64,
}

/// How customer service does: what is open now, and what was in a time.
#[utoipa::path(get, path = route::DESK_STATS)]
pub async fn stats(
    State(app): State<App>,
    _: Agent,
    Query(query): Query<StatsQuery>,
) -> Answer<Stats> {
    let span = span(Period::new(query.from, query.to)?, app.ambient.now())?;
    let (open, began, closed, answered, accepted) = app
        .db
        .read(async |mut handle| {
            Ok::<_, ApiError>((
                stats::open(handle.conn()).await?,
                stats::began(handle.conn(), span).await?,
                stats::closed(handle.conn(), span).await?,
                stats::median_wait(handle.conn(), span, Until::FirstResponse).await?,
                stats::median_wait(handle.conn(), span, Until::Accepted).await?,
            ))
        })
        .await?;
    let Open { waiting, assigned, active } = open;
    let seconds = |millis: Option<i64>| millis.map(|millis| millis.div_euclid(1000));
    Ok(Envelope::ok(Stats {
        from: span.from,
        to: span.to,
        waiting,
        assigned,
        active,
        began,
        closed: closed.count,
        median_first_response_seconds: seconds(answered),
        median_waiting_seconds: seconds(accepted),
        satisfaction: Satisfaction {
            average: average(closed.score_sum, closed.rated),
            count: closed.rated,
        },
    }))
}

fn span(period: Period, now: Timestamp) -> Result<Span, ApiError> {
    let to = period.to.unwrap_or(now);
    let from = period.from.unwrap_or_else(|| to.minus(USUAL_SPAN));
    if from > to {
        return Err(ApiError::invalid("from", "must not be in the future where to is not given"));
    }
    if to.since(from) > MAX_SPAN {
        return Err(ApiError::invalid("from", "must be at most 92 days before to"));
    }
    Ok(Span { from, to })
}

/// The mean of scores of 1 to 5, to two places.
fn average(sum: i64, count: i64) -> Option<f64> {
    // Hundredths of scores from 1 to 5, rounded: at most 500.
    let hundredths = (sum * 100 + count / 2).checked_div(count)?;
    i32::try_from(hundredths).ok().map(|hundredths| f64::from(hundredths) / 100.0)
}
