//! SQL over `audit_events`: rows are only ever added.

use shared::time::Timestamp;
use sqlx::FromRow;

use super::db::{Conn, on};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditKind {
    /// An account was made.
    Registered,
    /// A log-in opened a session.
    LoggedIn,
    /// A log-in was refused.
    LoginFailed,
    /// A log-in from the same device renewed its session.
    SessionRenewed,
    /// A session ended.
    SessionEnded,
    /// A log-in claimed the device of another session without proof.
    DeviceClaimRefused,
    /// A try was told to wait, before anything was checked; once a wait.
    LoginBlocked,
}

impl AuditKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::LoggedIn => "logged_in",
            Self::LoginFailed => "login_failed",
            Self::SessionRenewed => "session_renewed",
            Self::SessionEnded => "session_ended",
            Self::DeviceClaimRefused => "device_claim_refused",
            Self::LoginBlocked => "login_blocked",
        }
    }
}

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
