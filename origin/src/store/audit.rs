//! SQL over `audit_events`: rows are only ever added, but for the clean-up that an operator asks for.

use chrono::NaiveDateTime;
use serde::Serialize;
pub use shared::audit::AuditKind;
use shared::time::Timestamp;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::{
    counted::{Counted, MOST_COUNTED},
    db::{Conn, DbZone, on},
    delete,
    points::Points,
    slice::Slice,
    statement::Statement,
};

/// An event to record.
pub struct NewEvent<'a> {
    /// What happened.
    pub kind: AuditKind,
    /// Whose account it is about.
    pub user_id: Option<i64>,
    /// The session that it is about.
    pub authentication_session_id: Option<i64>,
    /// Who did it, where that is someone else.
    pub actor_user_id: Option<i64>,
    /// Address of whoever did it.
    pub client_ip: Option<&'a str>,
    /// The call that did it.
    pub request_id: Option<&'a str>,
    /// What else there is to say; never a secret.
    pub detail: Option<serde_json::Value>,
}

/// Adds an event.
///
/// # Errors
/// The database's.
pub async fn insert(conn: Conn<'_>, event: &NewEvent<'_>, now: Timestamp) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "INSERT INTO audit_events
                 (event, user_id, authentication_session_id, actor_user_id, client_ip, request_id, detail, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(event.kind.as_str())
        .bind(event.user_id)
        .bind(event.authentication_session_id)
        .bind(event.actor_user_id)
        .bind(event.client_ip)
        .bind(event.request_id)
        .bind(event.detail.as_ref().map(sqlx::types::Json))
        .bind(now)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// An event as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Event {
    /// What happened.
    pub event: String,
    /// The session that it is about.
    pub authentication_session_id: Option<i64>,
    /// Who did it, where that is someone else.
    pub actor_user_id: Option<i64>,
    /// What else there is to say.
    #[sqlx(json(nullable))]
    pub detail: Option<serde_json::Value>,
}

/// The newest events of a user, oldest first.
///
/// # Errors
/// The database's.
pub async fn of_user(conn: Conn<'_>, user_id: i64, limit: i64) -> sqlx::Result<Vec<Event>> {
    let mut events: Vec<Event> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT event, authentication_session_id, actor_user_id, detail FROM audit_events
             WHERE user_id = ? ORDER BY created_at DESC, audit_event_id DESC LIMIT ?",
        )
        .bind(user_id)
        .bind(limit)
        .fetch_all(c)
        .await
    })?;
    events.reverse();
    Ok(events)
}

/// An event with all that was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[expect(missing_docs, reason = "every column under its own name")]
pub struct Recorded {
    pub audit_event_id: i64,
    pub event: String,
    pub user_id: Option<i64>,
    pub authentication_session_id: Option<i64>,
    pub actor_user_id: Option<i64>,
    pub client_ip: Option<String>,
    pub request_id: Option<String>,
    pub detail: Option<serde_json::Value>,
    pub created_at: Timestamp,
}

#[derive(FromRow)]
struct RecordedRow {
    audit_event_id: i64,
    event: String,
    user_id: Option<i64>,
    authentication_session_id: Option<i64>,
    actor_user_id: Option<i64>,
    client_ip: Option<String>,
    request_id: Option<String>,
    #[sqlx(json(nullable))]
    detail: Option<serde_json::Value>,
    created_at: NaiveDateTime,
}

/// Which events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    /// About this user.
    pub user_id: Option<i64>,
    /// Of this kind.
    pub event: Option<AuditKind>,
    /// Recorded at this time or later.
    pub from: Option<Timestamp>,
    /// Recorded before this time.
    pub to: Option<Timestamp>,
}

impl Search {
    fn narrow(&self, statement: &mut Statement, zone: DbZone) {
        statement.push_some(" AND user_id = ?", self.user_id);
        statement.push_some(" AND event = ?", self.event.map(AuditKind::as_str));
        statement.push_some(" AND created_at >= ?", self.from.map(|from| zone.write(from)));
        statement.push_some(" AND created_at < ?", self.to.map(|to| zone.write(to)));
    }
}

/// A page of the events that are looked for, newest first, ties broken by key.
///
/// # Errors
/// The database's.
pub async fn page(conn: Conn<'_>, search: &Search, slice: Slice) -> sqlx::Result<Vec<Recorded>> {
    let zone = conn.zone;
    let rows: Vec<RecordedRow> = page_statement(search, zone, slice).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| row.into_recorded(zone)).collect())
}

/// The query of [`page`].
#[must_use]
pub fn page_statement(search: &Search, zone: DbZone, slice: Slice) -> Statement {
    let mut statement = Statement::new(
        "SELECT audit_event_id, event, user_id, authentication_session_id, actor_user_id, client_ip, request_id,
                detail, created_at
         FROM audit_events",
    );
    if search.user_id.is_none() && search.event.is_none() {
        // MariaDB would rather sort a table that is not large yet.
        statement.push(" /*! FORCE INDEX (idx_audit_events_created) */", []);
    }
    statement.push(" WHERE 1 = 1", []);
    search.narrow(&mut statement, zone);
    slice.newest_first(&mut statement, ["created_at", "audit_event_id"], zone);
    statement
}

/// How many events are looked for.
///
/// # Errors
/// The database's.
pub async fn count(conn: Conn<'_>, search: &Search) -> sqlx::Result<Counted> {
    count_statement(search, conn.zone).fetch_counted(conn, MOST_COUNTED).await
}

/// The query of [`count`].
#[must_use]
pub fn count_statement(search: &Search, zone: DbZone) -> Statement {
    let mut statement =
        Statement::new("SELECT COUNT(*) FROM (SELECT audit_event_id FROM audit_events WHERE 1 = 1");
    search.narrow(&mut statement, zone);
    statement.count_up_to(MOST_COUNTED);
    statement
}

impl RecordedRow {
    fn into_recorded(self, zone: DbZone) -> Recorded {
        Recorded {
            audit_event_id: self.audit_event_id,
            event: self.event,
            user_id: self.user_id,
            authentication_session_id: self.authentication_session_id,
            actor_user_id: self.actor_user_id,
            client_ip: self.client_ip,
            request_id: self.request_id,
            detail: self.detail,
            created_at: zone.read(self.created_at),
        }
    }
}

/// Counts a user's events of one kind since a time, in the index of their events in time.
pub const COUNT_SINCE: &str = "SELECT COUNT(*) FROM (
         SELECT audit_event_id FROM audit_events WHERE user_id = ? AND created_at >= ? AND event = ? LIMIT ?
     ) counted";

/// How many events of one kind a user had since a time; counted no further than `limit`.
///
/// # Errors
/// The database's.
pub async fn count_since(
    conn: Conn<'_>,
    user_id: i64,
    kind: AuditKind,
    since: Timestamp,
    limit: i64,
) -> sqlx::Result<i64> {
    let since = conn.zone.write(since);
    on!(conn, |c| {
        sqlx::query_scalar(COUNT_SINCE)
            .bind(user_id)
            .bind(since)
            .bind(kind.as_str())
            .bind(limit)
            .fetch_one(c)
            .await
    })
}

/// Counts events of a kind in a stretch of time, in the index of that kind in time.
const COUNT_BETWEEN: &str = "SELECT COUNT(*) FROM (SELECT audit_event_id FROM audit_events
     WHERE event = ? AND created_at >= ? AND created_at < ? LIMIT ?) counted";

/// How many events of a kind there were at each point; counted no further than
/// [`MOST_OF_A_POINT`](super::points::MOST_OF_A_POINT).
///
/// # Errors
/// The database's.
pub async fn counts(conn: Conn<'_>, kind: AuditKind, points: Points) -> sqlx::Result<Vec<i64>> {
    let statement = points.statement(COUNT_BETWEEN, Some(kind.as_str()), conn.zone);
    points.counts(statement, conn).await
}

/// The clean-up: the oldest events, recorded by a time.
pub const OLD: &str = "SELECT audit_event_id FROM audit_events WHERE created_at <= ?
     ORDER BY created_at, audit_event_id LIMIT ?";

/// At most `limit` events recorded by `recorded_by`.
///
/// # Errors
/// The database's.
pub async fn old(conn: Conn<'_>, recorded_by: Timestamp, limit: i64) -> sqlx::Result<Vec<i64>> {
    let recorded_by = conn.zone.write(recorded_by);
    on!(conn, |c| sqlx::query_scalar(OLD).bind(recorded_by).bind(limit).fetch_all(c).await)
}

/// How many events were recorded by `recorded_by`.
///
/// # Errors
/// The database's.
pub async fn count_old(conn: Conn<'_>, recorded_by: Timestamp) -> sqlx::Result<i64> {
    let recorded_by = conn.zone.write(recorded_by);
    on!(conn, |c| {
        sqlx::query_scalar("SELECT COUNT(*) FROM audit_events WHERE created_at <= ?")
            .bind(recorded_by)
            .fetch_one(c)
            .await
    })
}

/// Removes events, where an operator has set for how long they are kept; how many there still were.
///
/// # Errors
/// The database's.
pub async fn remove(conn: Conn<'_>, ids: &[i64]) -> sqlx::Result<u64> {
    delete::by_key(conn, "audit_events", "audit_event_id", ids).await
}
