use std::time::Duration;

use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{audit::AuditKind, route, time::Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::{
    error::ApiError,
    extract::{guard::Agent, input::Query},
    http::{Answer, Envelope},
    metrics::recent::Stretch,
    state::App,
    store::{
        self, Conn,
        conversations::stats::{self, Span, Until},
        points::{MOST_OF_A_POINT, Points},
    },
};

/// What is looked at where the caller does not say, in minutes.
const USUAL_MINUTES: u32 = 60;
/// The longest time that is looked at, in minutes.
const MAX_MINUTES: u32 = 24 * 60;
/// The most points.
const MAX_POINTS: u32 = 60;

/// Log-ins that a session was given for.
const LOG_INS: [AuditKind; 2] = [AuditKind::LoggedIn, AuditKind::SessionRenewed];
/// Log-ins that none was given for.
const FAILURES: [AuditKind; 3] =
    [AuditKind::LoginFailed, AuditKind::LoginBlocked, AuditKind::LoginRefused];

/// How far back.
#[derive(Deserialize, Validate, IntoParams)]
pub struct OverviewQuery {
    /// Minutes back from now; what the first point has of them may begin before.
    #[garde(inner(range(min = 1, max = MAX_MINUTES)))]
    #[param(minimum = 1, maximum = 1440, default = 60)]
    minutes: Option<u32>,
}

/// How it all does.
#[derive(Serialize, ToSchema)]
pub struct Overview {
    now: OverviewNow,
    /// How long a point is, in seconds: whole minutes.
    step_seconds: u64,
    /// At most 60, the oldest first; the last is of the time that goes on.
    points: Vec<OverviewPoint>,
    /// Whether a point had more of something than the 50,000 that it says: it is counted no further.
    at_least: bool,
}

/// How it stands now.
#[derive(Serialize, ToSchema)]
pub struct OverviewNow {
    /// When that is.
    at: Timestamp,
    /// Sessions that have not ended.
    live_sessions: i64,
    /// What the edge is still to be told.
    outbox_pending: i64,
    /// For how long the oldest of that waits, in seconds; `null` where nothing does.
    outbox_oldest_seconds: Option<u64>,
    /// What the edge keeps refusing, and waits for a person.
    outbox_set_aside: i64,
    /// Conversations that no agent has.
    waiting: i64,
    /// Conversations that an agent has and has not answered.
    assigned: i64,
    /// Conversations that an agent has answered.
    active: i64,
    /// Of the conversations that began in the time and have been answered, by a person: the median of how
    /// long that took, in whole seconds. `null` where there is none.
    median_first_response_seconds: Option<i64>,
}

/// What was in a stretch of time. What the process that answers knows alone is `null` where it did not look.
#[derive(Serialize, ToSchema)]
pub struct OverviewPoint {
    /// Its first moment.
    at: Timestamp,
    /// Log-ins that gave a session, a new one or the one of the same device.
    log_ins: i64,
    /// Log-ins that were refused, for whatever reason, or told to wait.
    log_in_failures: i64,
    /// Sessions that ended, for whatever reason.
    revocations: i64,
    /// Of the ends that the edge heard of from this process: the median of the milliseconds from when the
    /// end was written until the edge had it.
    revocation_delay_ms_median: Option<i64>,
    /// What 99 of 100 of them did not take longer than.
    revocation_delay_ms_p99: Option<i64>,
    /// Messages that were written.
    messages: i64,
    /// The most that waited for the edge when this process looked, every 15 seconds.
    outbox_pending: Option<i64>,
    /// How many sessions were live when it last looked.
    live_sessions: Option<i64>,
}

/// How it all does, now and in the last hours.
#[utoipa::path(get, path = route::OVERVIEW)]
pub async fn overview(
    State(app): State<App>,
    _: Agent,
    Query(query): Query<OverviewQuery>,
) -> Answer<Overview> {
    let at = app.ambient.now();
    let minutes = query.minutes.unwrap_or(USUAL_MINUTES);
    let points = points(minutes, at);
    let outbox = store::outbox::stands(app.db.acquire().await?.conn()).await?;
    let span = Span { from: at.minus(minutes_long(minutes)), to: at };
    let (live_sessions, open, answered, counts) = app
        .db
        .read(async |mut handle| {
            Ok::<_, ApiError>((
                store::sessions::live::count(handle.conn(), at).await?,
                stats::open(handle.conn()).await?,
                stats::median_wait(handle.conn(), span, Until::FirstResponse).await?,
                Counts::of(handle.conn(), points).await?,
            ))
        })
        .await?;
    let oldest = outbox.iter().filter_map(|of_kind| of_kind.oldest).min();
    let now = OverviewNow {
        at,
        live_sessions,
        outbox_pending: outbox.iter().map(|of_kind| of_kind.waiting).sum(),
        outbox_oldest_seconds: oldest.map(|oldest| at.since(oldest).as_secs()),
        outbox_set_aside: outbox.iter().map(|of_kind| of_kind.set_aside).sum(),
        waiting: open.waiting,
        assigned: open.assigned,
        active: open.active,
        median_first_response_seconds: answered.map(|millis| millis.div_euclid(1000)),
    };
    let at_least = counts.at_least;
    let points_told = points.spans().zip(counts.each()).map(|((from, to), count)| {
        let Stretch { outbox_pending, live_sessions, delay_median, delay_p99 } =
            app.recent.between(from, to);
        OverviewPoint {
            at: from,
            log_ins: count.log_ins,
            log_in_failures: count.failures,
            revocations: count.ends,
            revocation_delay_ms_median: delay_median,
            revocation_delay_ms_p99: delay_p99,
            messages: count.messages,
            outbox_pending,
            live_sessions,
        }
    });
    Ok(Envelope::ok(Overview {
        now,
        step_seconds: points.step.as_secs(),
        points: points_told.collect(),
        at_least,
    }))
}

fn minutes_long(minutes: u32) -> Duration {
    Duration::from_mins(u64::from(minutes))
}

/// The points that so many minutes before now fall into. They stand at the same moments whenever they are
/// asked for, so that a curve does not dance.
fn points(minutes: u32, now: Timestamp) -> Points {
    let step = minutes.div_ceil(MAX_POINTS).max(1);
    let number = minutes.div_ceil(step);
    let step_seconds = i64::from(step) * 60;
    let into_the_last = now.as_millis().rem_euclid(step_seconds * 1000);
    let into_the_last = Duration::from_millis(into_the_last.unsigned_abs());
    let before_the_last = minutes_long(step * number.saturating_sub(1));
    Points {
        from: now.minus(into_the_last).minus(before_the_last),
        step: minutes_long(step),
        number,
    }
}

/// What the database counts, point by point.
struct Counts {
    log_ins: Vec<i64>,
    failures: Vec<i64>,
    ends: Vec<i64>,
    messages: Vec<i64>,
    at_least: bool,
}

/// The counts of one point.
struct Count {
    log_ins: i64,
    failures: i64,
    ends: i64,
    messages: i64,
}

impl Counts {
    async fn of(mut conn: Conn<'_>, points: Points) -> sqlx::Result<Self> {
        let mut at_least = false;
        let mut events = async |kinds: &[AuditKind]| {
            let mut sums = vec![0; usize::try_from(points.number).unwrap_or_default()];
            for kind in kinds {
                let counts = store::audit::counts(conn.reborrow(), *kind, points).await?;
                at_least |= counts.contains(&MOST_OF_A_POINT);
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
            Ok::<_, sqlx::Error>(sums)
        };
        let log_ins = events(&LOG_INS).await?;
        let failures = events(&FAILURES).await?;
        let ends = events(&[AuditKind::SessionEnded]).await?;
        let messages = store::messages::counts(conn, points).await?;
        at_least |= messages.contains(&MOST_OF_A_POINT);
        Ok(Self { log_ins, failures, ends, messages, at_least })
    }

    fn each(self) -> impl Iterator<Item = Count> {
        let both = self.log_ins.into_iter().zip(self.failures);
        both.zip(self.ends).zip(self.messages).map(|(((log_ins, failures), ends), messages)| {
            Count { log_ins, failures, ends, messages }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_sixty_points_at_most_and_they_end_with_now() {
        let now: Timestamp = "2026-03-01T10:07:31.250Z".parse().unwrap();
        for (minutes, number, step) in [(1, 1, 1), (60, 60, 1), (61, 31, 2), (1440, 60, 24)] {
            let points = points(minutes, now);
            assert_eq!((points.number, points.step), (number, minutes_long(step)), "{minutes}");
            let spans: Vec<_> = points.spans().collect();
            let (from, to) = *spans.last().unwrap();
            assert!(from <= now && now < to, "{minutes}: {from} to {to}");
            assert_eq!(from.as_seconds() % (i64::from(step) * 60), 0, "{minutes}: {from}");
        }
    }

    #[test]
    fn a_curve_does_not_dance() {
        let now: Timestamp = "2026-03-01T10:07:31.250Z".parse().unwrap();
        let of = |seconds| points(60, now.plus(Duration::from_secs(seconds)));
        assert_eq!(of(0), of(28));
        assert_eq!(of(0).from.plus(minutes_long(1)), of(29).from);
    }
}
