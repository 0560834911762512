//! Sessions as an admin looks for them: what is on record, whoever's they are.

use std::time::Duration;

use chrono::NaiveDateTime;
use serde::{Serialize, Serializer};
use shared::{
    risk::Cause,
    session::{EndReason, SessionFacts, judge},
    time::Timestamp,
    user::{ClientType, UserStatus, UserType},
};
use sqlx::FromRow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use super::row::word;
use crate::store::{
    counted::{Counted, MOST_COUNTED},
    db::{Conn, DbZone},
    slice::Slice,
    statement::{Statement, Value},
};

/// Whether a session may be used, or why not: `live`, or the reason as clients are told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may.
    Live,
    /// It may not.
    Ended(EndReason),
}

impl PartialSchema for State {
    fn schema() -> RefOr<Schema> {
        let words = EndReason::ALL.map(EndReason::as_str);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(std::iter::once("live").chain(words)))
            .description(Some("`live`, or why it is over."))
            .into()
    }
}

impl ToSchema for State {}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Live => serializer.serialize_str("live"),
            Self::Ended(reason) => reason.serialize(serializer),
        }
    }
}

/// A row of `authentication_sessions` with all that may be shown: its token and its device's key never
/// leave.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[expect(missing_docs, reason = "every column under its own name")]
pub struct Found {
    pub authentication_session_id: i64,
    pub user_type: UserType,
    pub user_id: i64,
    pub client_type: ClientType,
    /// What the row means now.
    pub state: State,
    pub is_active: bool,
    pub expires_at: Timestamp,
    pub last_activity: Timestamp,
    pub login_ip: Option<String>,
    pub device_id: Option<String>,
    pub device_name: Option<String>,
    pub device_type: Option<String>,
    pub user_agent: Option<String>,
    pub country: Option<String>,
    pub city: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub browser: Option<String>,
    pub browser_version: Option<String>,
    pub os: Option<String>,
    pub os_version: Option<String>,
    pub risk_score: i64,
    pub risk_causes: Vec<Cause>,
    pub current_jti: Option<String>,
    pub end_reason: Option<EndReason>,
    pub ended_at: Option<Timestamp>,
    /// The session whose log-in or wish ended it.
    pub ended_by_session_id: Option<i64>,
    /// The person whose wish it was.
    pub ended_by_user_id: Option<i64>,
    pub created_at: Timestamp,
    /// When its newest log-in was: device, place and risk are of that one.
    pub logged_in_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(FromRow)]
struct FoundRow {
    authentication_session_id: i64,
    #[sqlx(try_from = "String")]
    user_type: UserType,
    user_id: i64,
    #[sqlx(try_from = "String")]
    client_type: ClientType,
    is_active: bool,
    expires_at: NaiveDateTime,
    last_activity: NaiveDateTime,
    login_ip: Option<String>,
    device_id: Option<String>,
    device_name: Option<String>,
    device_type: Option<String>,
    user_agent: Option<String>,
    country: Option<String>,
    city: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    browser: Option<String>,
    browser_version: Option<String>,
    os: Option<String>,
    os_version: Option<String>,
    risk_score: i64,
    #[sqlx(json(nullable))]
    risk_causes: Option<Vec<Cause>>,
    current_jti: Option<String>,
    end_reason: Option<String>,
    ended_at: Option<NaiveDateTime>,
    ended_by_session_id: Option<i64>,
    ended_by_user_id: Option<i64>,
    created_at: NaiveDateTime,
    logged_in_at: Option<NaiveDateTime>,
    updated_at: NaiveDateTime,
    user_status: Option<String>,
}

/// Which sessions.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Of this user.
    pub user_id: Option<i64>,
    /// Of this side of the system.
    pub user_type: Option<UserType>,
    /// Opened from this kind of client.
    pub client_type: Option<ClientType>,
    /// In this state.
    pub state: Option<State>,
    /// Last logged in to from this address.
    pub login_ip: Option<String>,
    /// Opened at this time or later.
    pub from: Option<Timestamp>,
    /// Opened before this time.
    pub to: Option<Timestamp>,
}

/// The time that states are judged at.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Now.
    pub now: Timestamp,
    /// End of a session after its last use.
    pub idle_limit: Duration,
}

/// What lists are ordered by.
const NEWEST: [&str; 2] = ["s.created_at", "s.authentication_session_id"];

const COLUMNS: &str = "SELECT s.authentication_session_id, s.user_type, s.user_id, s.client_type, s.is_active, s.expires_at,
        s.last_activity, s.login_ip, s.device_id, s.device_name, s.device_type, s.user_agent, s.country, s.city,
        s.latitude, s.longitude, s.browser, s.browser_version, s.os, s.os_version, s.risk_score, s.risk_causes,
        s.current_jti, s.end_reason, s.ended_at, s.ended_by_session_id, s.ended_by_user_id, s.created_at,
        s.logged_in_at, s.updated_at, u.status AS user_status
     FROM authentication_sessions s LEFT JOIN users u ON u.user_id = s.user_id WHERE 1 = 1";

/// A page of the sessions that are looked for, newest first, ties broken by key.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: Conn<'_>,
    search: &Search,
    at: At,
    slice: Slice,
) -> sqlx::Result<Vec<Found>> {
    let zone = conn.zone;
    let rows: Vec<FoundRow> = page_statement(search, at, zone, slice).fetch_all(conn).await?;
    rows.into_iter().map(|row| row.into_found(zone, at)).collect()
}

/// The query of [`page`].
#[must_use]
pub fn page_statement(search: &Search, at: At, zone: DbZone, slice: Slice) -> Statement {
    let mut statement = Statement::new(COLUMNS);
    search.narrow(&mut statement, at, zone);
    slice.newest_first(&mut statement, NEWEST, zone);
    statement
}

/// The session with a key.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: Conn<'_>,
    authentication_session_id: i64,
    at: At,
) -> sqlx::Result<Option<Found>> {
    let zone = conn.zone;
    let mut statement = Statement::new(COLUMNS);
    statement.push(" AND s.authentication_session_id = ?", [authentication_session_id.into()]);
    let rows: Vec<FoundRow> = statement.fetch_all(conn).await?;
    rows.into_iter().next().map(|row| row.into_found(zone, at)).transpose()
}

/// How many sessions are looked for.
///
/// # Errors
/// The database's.
pub async fn count(conn: Conn<'_>, search: &Search, at: At) -> sqlx::Result<Counted> {
    count_statement(search, at, conn.zone).fetch_counted(conn, MOST_COUNTED).await
}

/// The query of [`count`].
#[must_use]
pub fn count_statement(search: &Search, at: At, zone: DbZone) -> Statement {
    let mut statement = Statement::new(
        "SELECT COUNT(*) FROM (SELECT s.authentication_session_id FROM authentication_sessions s WHERE 1 = 1",
    );
    search.narrow(&mut statement, at, zone);
    statement.count_up_to(MOST_COUNTED);
    statement
}

/// A user's sessions that lived at some time from `from` until `to`: the newest `limit`, oldest first.
///
/// # Errors
/// The database's.
pub async fn of_time(
    conn: Conn<'_>,
    user_id: i64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    at: At,
    limit: u32,
) -> sqlx::Result<Vec<Found>> {
    let zone = conn.zone;
    let search = Search { user_id: Some(user_id), to, ..Search::default() };
    let mut statement = Statement::new(COLUMNS);
    search.narrow(&mut statement, at, zone);
    if let Some(from) = from {
        // The old back end notes no `ended_at`: the row's last change is its end.
        statement.push(
            " AND (s.is_active = ? OR COALESCE(s.ended_at, s.updated_at) >= ?)",
            [true.into(), Value::Time(zone.write(from))],
        );
    }
    Slice::first(limit).newest_first(&mut statement, NEWEST, zone);
    let mut rows: Vec<FoundRow> = statement.fetch_all(conn).await?;
    rows.reverse();
    rows.into_iter().map(|row| row.into_found(zone, at)).collect()
}

impl Search {
    fn narrow(&self, statement: &mut Statement, at: At, zone: DbZone) {
        statement.push_some(" AND s.user_id = ?", self.user_id);
        statement.push_some(" AND s.user_type = ?", self.user_type.map(UserType::as_str));
        statement.push_some(" AND s.client_type = ?", self.client_type.map(ClientType::as_str));
        statement.push_some(" AND s.login_ip = ?", self.login_ip.as_deref());
        statement.push_some(" AND s.created_at >= ?", self.from.map(|from| zone.write(from)));
        statement.push_some(" AND s.created_at < ?", self.to.map(|to| zone.write(to)));
        match self.state {
            None => {}
            Some(State::Live) => statement.push(
                " AND s.is_active = ? AND s.end_reason IS NULL AND s.expires_at > ? AND s.last_activity > ?
                  AND (SELECT owner.status FROM users owner WHERE owner.user_id = s.user_id) = ?",
                [
                    true.into(),
                    zone.write(at.now).into(),
                    zone.write(at.now.minus(at.idle_limit)).into(),
                    UserStatus::Active.as_str().into(),
                ],
            ),
            // Rows that the old back end ended have no reason; they are what `judge` says of them.
            Some(State::Ended(EndReason::Replaced)) => statement.push(
                " AND (s.end_reason = ? OR (s.end_reason IS NULL AND s.is_active = ? AND s.expires_at > s.updated_at))",
                [EndReason::Replaced.as_str().into(), false.into()],
            ),
            Some(State::Ended(EndReason::Expired)) => statement.push(
                " AND (s.end_reason = ? OR (s.end_reason IS NULL AND s.is_active = ? AND s.expires_at <= s.updated_at))",
                [EndReason::Expired.as_str().into(), false.into()],
            ),
            // Whose user was banned in the database itself, no end is on record for them.
            Some(State::Ended(EndReason::UserInactive)) => statement.push(
                " AND (s.end_reason = ? OR (s.end_reason IS NULL AND s.is_active = ? AND NOT EXISTS
                  (SELECT 1 FROM users owner WHERE owner.user_id = s.user_id AND owner.status = ?)))",
                [
                    EndReason::UserInactive.as_str().into(),
                    true.into(),
                    UserStatus::Active.as_str().into(),
                ],
            ),
            Some(State::Ended(reason)) => {
                statement.push(" AND s.end_reason = ?", [reason.as_str().into()]);
            }
        }
    }
}

impl FoundRow {
    fn into_found(self, zone: DbZone, at: At) -> sqlx::Result<Found> {
        let id = self.authentication_session_id;
        let end_reason = word(self.end_reason, "authentication_sessions.end_reason", id)?;
        let user_status: Option<UserStatus> = word(self.user_status, "users.status", id)?;
        let facts = SessionFacts {
            is_active: self.is_active,
            end_reason,
            expires_at: zone.read(self.expires_at),
            last_activity: zone.read(self.last_activity),
            updated_at: zone.read(self.updated_at),
            // Whose user is gone can be used by nobody.
            user_status: user_status.unwrap_or(UserStatus::Inactive),
        };
        Ok(Found {
            authentication_session_id: id,
            user_type: self.user_type,
            user_id: self.user_id,
            client_type: self.client_type,
            state: judge(&facts, at.idle_limit, at.now).map_or_else(State::Ended, |_| State::Live),
            is_active: self.is_active,
            expires_at: facts.expires_at,
            last_activity: facts.last_activity,
            login_ip: self.login_ip,
            device_id: self.device_id,
            device_name: self.device_name,
            device_type: self.device_type,
            user_agent: self.user_agent,
            country: self.country,
            city: self.city,
            latitude: self.latitude,
            longitude: self.longitude,
            browser: self.browser,
            browser_version: self.browser_version,
            os: self.os,
            os_version: self.os_version,
            risk_score: self.risk_score,
            risk_causes: self.risk_causes.unwrap_or_default(),
            current_jti: self.current_jti,
            end_reason,
            ended_at: self.ended_at.map(|at| zone.read(at)),
            ended_by_session_id: self.ended_by_session_id,
            ended_by_user_id: self.ended_by_user_id,
            created_at: zone.read(self.created_at),
            logged_in_at: zone.read(self.logged_in_at.unwrap_or(self.created_at)),
            updated_at: facts.updated_at,
        })
    }
}
