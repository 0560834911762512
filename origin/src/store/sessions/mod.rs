//! SQL over `authentication_sessions`.

pub mod past;
mod row;
pub mod search;
mod theirs;
mod times;

use std::sync::LazyLock;

use shared::{
    assertion::Coordinates,
    session::EndReason,
    time::Timestamp,
    user::{ClientType, UserType},
};
use sqlx::{AssertSqlSafe, QueryBuilder};

pub use row::{Device, Risk, Session};
use row::{SELECT, SessionRow};
pub use theirs::{ended_unsaid, say_end};
pub use times::{ended_at, set_expiry, touch};

use super::db::{Conn, DialectWords as _, InsertedId as _, on};

/// A session to be.
pub struct NewSession<'a> {
    /// A fixed key, for seeds; the database gives one otherwise.
    pub authentication_session_id: Option<i64>,
    /// Names the session in tokens.
    pub session_token: &'a str,
    /// The side of the system that it belongs to.
    pub user_type: UserType,
    /// Whose it is.
    pub user_id: i64,
    /// The kind of client that it is opened from.
    pub client_type: ClientType,
    /// Absolute end.
    pub expires_at: Timestamp,
    /// The device that it is on.
    pub device: &'a Device,
    /// How suspicious its log-in is.
    pub risk: &'a Risk,
    /// Id of its first access token.
    pub current_jti: Option<&'a str>,
}

/// Adds a live session.
///
/// # Errors
/// The database's.
pub async fn insert(conn: Conn<'_>, new: &NewSession<'_>, now: Timestamp) -> sqlx::Result<i64> {
    let expires_at = conn.zone.write(new.expires_at);
    let now = conn.zone.write(now);
    on!(conn, |c| {
        let done = sqlx::query(
            "INSERT INTO authentication_sessions
                 (authentication_session_id, session_token, user_type, user_id, client_type, is_active, expires_at,
                  last_activity, login_ip, device_key, device_id, device_name, device_type, user_agent, country, city,
                  latitude, longitude, browser, browser_version, os, os_version, risk_score, risk_causes, current_jti,
                  logged_in_at, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.authentication_session_id)
        .bind(new.session_token)
        .bind(new.user_type.as_str())
        .bind(new.user_id)
        .bind(new.client_type.as_str())
        .bind(true)
        .bind(expires_at)
        .bind(now)
        .bind(&new.device.login_ip)
        .bind(&new.device.device_key)
        .bind(&new.device.device_id)
        .bind(&new.device.device_name)
        .bind(&new.device.device_type)
        .bind(&new.device.user_agent)
        .bind(&new.device.country)
        .bind(&new.device.city)
        .bind(new.device.coordinates.map(Coordinates::latitude))
        .bind(new.device.coordinates.map(Coordinates::longitude))
        .bind(&new.device.browser)
        .bind(&new.device.browser_version)
        .bind(&new.device.os)
        .bind(&new.device.os_version)
        .bind(i64::from(new.risk.score))
        .bind(sqlx::types::Json(&new.risk.causes))
        .bind(new.current_jti)
        .bind(now)
        .bind(now)
        .bind(now)
        .execute(c)
        .await?;
        Ok(new.authentication_session_id.unwrap_or_else(|| done.inserted_id()))
    })
}

/// Makes a session new again for a log-in from its own device: same row, same token name. What the
/// row knows of the device's identity stays; only what it lacks is filled in.
///
/// # Errors
/// The database's.
pub async fn renew(
    conn: Conn<'_>,
    authentication_session_id: i64,
    device: &Device,
    risk: &Risk,
    current_jti: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    let expires_at = conn.zone.write(expires_at);
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE authentication_sessions
             SET expires_at = ?, last_activity = ?, updated_at = ?, current_jti = ?, login_ip = ?,
                 device_key = COALESCE(device_key, ?), device_id = COALESCE(device_id, ?),
                 device_name = COALESCE(?, device_name),
                 device_type = COALESCE(?, device_type), user_agent = ?, country = ?, city = ?,
                 latitude = ?, longitude = ?, browser = ?, browser_version = ?, os = ?, os_version = ?,
                 risk_score = ?, risk_causes = ?, logged_in_at = ?
             WHERE authentication_session_id = ?",
        )
        .bind(expires_at)
        .bind(now)
        .bind(now)
        .bind(current_jti)
        .bind(&device.login_ip)
        .bind(&device.device_key)
        .bind(&device.device_id)
        .bind(&device.device_name)
        .bind(&device.device_type)
        .bind(&device.user_agent)
        .bind(&device.country)
        .bind(&device.city)
        .bind(device.coordinates.map(Coordinates::latitude))
        .bind(device.coordinates.map(Coordinates::longitude))
        .bind(&device.browser)
        .bind(&device.browser_version)
        .bind(&device.os)
        .bind(&device.os_version)
        .bind(i64::from(risk.score))
        .bind(sqlx::types::Json(&risk.causes))
        .bind(now)
        .bind(authentication_session_id)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// Notes that a session's access token was renewed, which is a use of it.
///
/// # Errors
/// The database's.
pub async fn note_refresh(
    conn: Conn<'_>,
    authentication_session_id: i64,
    current_jti: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE authentication_sessions SET current_jti = ?, last_activity = ?, updated_at = ?
             WHERE authentication_session_id = ?",
        )
        .bind(current_jti)
        .bind(now)
        .bind(now)
        .bind(authentication_session_id)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// The look-up that every request makes: one index seek, and one for its user.
pub static BY_TOKEN: LazyLock<String> =
    LazyLock::new(|| format!("{SELECT} WHERE s.session_token = ?"));

/// The session that a token names.
///
/// # Errors
/// The database's.
pub async fn find_by_token(conn: Conn<'_>, session_token: &str) -> sqlx::Result<Option<Session>> {
    let zone = conn.zone;
    let row: Option<SessionRow> = on!(conn, |c| {
        sqlx::query_as(AssertSqlSafe(BY_TOKEN.as_str())).bind(session_token).fetch_optional(c).await
    })?;
    row.map(|row| row.into_session(zone)).transpose()
}

/// The session with a key, locked until the transaction ends. Its user's row is read and not locked: log-ins
/// lock that first and sessions after it, and who did it the other way round would meet them in a dead-lock.
///
/// # Errors
/// The database's.
pub async fn lock(
    mut conn: Conn<'_>,
    authentication_session_id: i64,
) -> sqlx::Result<Option<Session>> {
    let (zone, first) = (conn.zone, conn.reborrow());
    on!(first, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(
            "SELECT authentication_session_id FROM authentication_sessions WHERE authentication_session_id = ",
        );
        query.push_bind(authentication_session_id).push(Dialect::FOR_UPDATE);
        query.build().fetch_optional(c).await?;
    });
    let row: Option<SessionRow> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(SELECT);
        query.push(" WHERE s.authentication_session_id = ").push_bind(authentication_session_id);
        query.build_query_as().fetch_optional(c).await
    })?;
    row.map(|row| row.into_session(zone)).transpose()
}

/// The most sessions that one look reads; no policy allows a user as many.
pub const MAX_OPEN: u16 = 1000;

/// The sessions of a user that nobody has ended, of one client type or of all, newest first: at most
/// [`MAX_OPEN`], so whoever wants to end all of a user's asks again until there are none. Read under the
/// lock of the user's row.
///
/// # Errors
/// The database's.
pub async fn open_of(
    conn: Conn<'_>,
    user_id: i64,
    client_type: Option<ClientType>,
) -> sqlx::Result<Vec<Session>> {
    open_before(conn, user_id, client_type, i64::MAX).await
}

/// The same of those with a key below `before`, for the next look.
///
/// # Errors
/// The database's.
pub async fn open_before(
    conn: Conn<'_>,
    user_id: i64,
    client_type: Option<ClientType>,
    before: i64,
) -> sqlx::Result<Vec<Session>> {
    let zone = conn.zone;
    let rows: Vec<SessionRow> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(SELECT);
        query.push(" WHERE s.user_id = ").push_bind(user_id);
        query.push(" AND s.is_active = ").push_bind(true);
        if let Some(client_type) = client_type {
            query.push(" AND s.client_type = ").push_bind(client_type.as_str());
        }
        query.push(" AND s.authentication_session_id < ").push_bind(before);
        query
            .push(" ORDER BY s.authentication_session_id DESC LIMIT ")
            .push_bind(i64::from(MAX_OPEN));
        query.build_query_as().fetch_all(c).await
    })?;
    rows.into_iter().map(|row| row.into_session(zone)).collect()
}

/// What a log-in is compared with. Not in the order of keys: for that MySQL may walk the whole table
/// from its end.
pub static LATEST_OF: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{SELECT} WHERE s.user_id = ? ORDER BY s.logged_in_at DESC, s.authentication_session_id DESC LIMIT ?"
    )
});

/// The sessions of a user's latest log-ins, live or not, newest first.
///
/// # Errors
/// The database's.
pub async fn latest_of(conn: Conn<'_>, user_id: i64, limit: i64) -> sqlx::Result<Vec<Session>> {
    let zone = conn.zone;
    let rows: Vec<SessionRow> = on!(conn, |c| {
        sqlx::query_as(AssertSqlSafe(LATEST_OF.as_str()))
            .bind(user_id)
            .bind(limit)
            .fetch_all(c)
            .await
    })?;
    rows.into_iter().map(|row| row.into_session(zone)).collect()
}

/// Sessions that nobody has ended though their absolute or idle end has passed.
///
/// # Errors
/// The database's.
pub async fn overdue(
    conn: Conn<'_>,
    now: Timestamp,
    idle_since: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<i64>> {
    let now = conn.zone.write(now);
    let idle_since = conn.zone.write(idle_since);
    on!(conn, |c| {
        // Two seeks, an index each; an OR over both columns would scan every live session.
        sqlx::query_scalar(
            "SELECT authentication_session_id FROM (
                 SELECT authentication_session_id FROM authentication_sessions WHERE is_active = ? AND expires_at <= ? AND end_reason IS NULL
                 UNION
                 SELECT authentication_session_id FROM authentication_sessions WHERE is_active = ? AND last_activity <= ? AND end_reason IS NULL
             ) overdue ORDER BY authentication_session_id LIMIT ?",
        )
        .bind(true)
        .bind(now)
        .bind(true)
        .bind(idle_since)
        .bind(limit)
        .fetch_all(c)
        .await
    })
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub reason: EndReason,
    /// The session whose log-in or wish it was.
    pub by_session_id: Option<i64>,
    /// The person whose wish it was.
    pub by_user_id: Option<i64>,
}

impl End {
    /// An end that a user wished for from one of their sessions.
    #[must_use]
    pub fn by(reason: EndReason, session: &Session) -> Self {
        Self {
            reason,
            by_session_id: Some(session.authentication_session_id),
            by_user_id: Some(session.user_id),
        }
    }
}

/// Records the end of a session that has none; `false` where it had one already, which is kept.
///
/// # Errors
/// The database's.
pub async fn end(
    conn: Conn<'_>,
    authentication_session_id: i64,
    end: End,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE authentication_sessions
             SET is_active = ?, end_reason = ?, ended_at = ?, ended_by_session_id = ?, ended_by_user_id = ?, updated_at = ?
             WHERE authentication_session_id = ? AND is_active = ? AND end_reason IS NULL",
        )
        .bind(false)
        .bind(end.reason.as_str())
        .bind(now)
        .bind(end.by_session_id)
        .bind(end.by_user_id)
        .bind(now)
        .bind(authentication_session_id)
        .bind(true)
        .execute(c)
        .await
        .map(|done| done.rows_affected() == 1)
    })
}
