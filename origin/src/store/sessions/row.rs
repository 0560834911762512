//! What a row of `authentication_sessions` holds, as the database has it and as the rules want it.

use chrono::NaiveDateTime;
use shared::{
    assertion::Coordinates,
    risk::Cause,
    session::SessionFacts,
    time::Timestamp,
    user::{ClientType, Role, UserStatus, UserType},
};
use sqlx::FromRow;

use crate::store::{db::DbZone, users::Rights};

/// A row of `authentication_sessions` with what its user's row says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Key of the session.
    pub authentication_session_id: i64,
    /// Names the session in tokens.
    pub session_token: String,
    /// The side of the system that it belongs to.
    pub user_type: UserType,
    /// Whose it is.
    pub user_id: i64,
    /// The kind of client that it was opened from.
    pub client_type: ClientType,
    /// What decides whether it may be used.
    pub facts: SessionFacts,
    /// What its user may do.
    pub role: Role,
    /// What its user may do beside that.
    pub rights: Rights,
    /// Its user's display name.
    pub nickname: String,
    /// The device that it is on.
    pub device: Device,
    /// How suspicious its newest log-in was.
    pub risk: Risk,
    /// When its newest log-in was: `device` and `risk` are of that one.
    pub logged_in_at: Timestamp,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// How suspicious a log-in is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Risk {
    /// 0 to 100.
    pub score: u8,
    /// Why.
    pub causes: Vec<Cause>,
}

/// What is known of the device that a session is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// What its device token names; nobody but us makes one.
    pub device_key: Option<String>,
    /// The id that the client gives itself.
    pub device_id: Option<String>,
    /// What its owner calls it.
    pub device_name: Option<String>,
    /// `phone`, `tablet`, `desktop`…
    pub device_type: Option<String>,
    /// `User-Agent` of the log-in.
    pub user_agent: Option<String>,
    /// Address of the log-in.
    pub login_ip: Option<String>,
    /// ISO 3166-1 alpha-2 code of where that is.
    pub country: Option<String>,
    /// City of where that is.
    pub city: Option<String>,
    /// Where on the globe that is.
    pub coordinates: Option<Coordinates>,
    /// Browser, by the user agent.
    pub browser: Option<String>,
    /// Its version.
    pub browser_version: Option<String>,
    /// Operating system, by the user agent.
    pub os: Option<String>,
    /// Its version.
    pub os_version: Option<String>,
}

#[derive(FromRow)]
pub(super) struct SessionRow {
    authentication_session_id: i64,
    session_token: String,
    #[sqlx(try_from = "String")]
    user_type: UserType,
    user_id: i64,
    #[sqlx(try_from = "String")]
    client_type: ClientType,
    is_active: bool,
    end_reason: Option<String>,
    expires_at: NaiveDateTime,
    last_activity: NaiveDateTime,
    device_key: Option<String>,
    device_id: Option<String>,
    device_name: Option<String>,
    device_type: Option<String>,
    user_agent: Option<String>,
    login_ip: Option<String>,
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
    logged_in_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    #[sqlx(try_from = "String")]
    user_status: UserStatus,
    #[sqlx(try_from = "String")]
    role: Role,
    nickname: String,
    is_vip: bool,
    scopes: String,
    team: Option<String>,
}

/// What every query reads; the condition follows.
pub(super) const SELECT: &str = "SELECT s.authentication_session_id, s.session_token, s.user_type, s.user_id, s.client_type,
        s.is_active, s.end_reason, s.expires_at, s.last_activity, s.device_key, s.device_id, s.device_name, s.device_type,
        s.user_agent, s.login_ip, s.country, s.city, s.latitude, s.longitude, s.browser, s.browser_version,
        s.os, s.os_version, s.risk_score, s.risk_causes, s.logged_in_at, s.created_at, s.updated_at,
        u.status AS user_status, u.role, u.nickname, u.is_vip, u.scopes, u.team
     FROM authentication_sessions s JOIN users u ON u.user_id = s.user_id";

impl SessionRow {
    pub(super) fn into_session(self, zone: DbZone) -> sqlx::Result<Session> {
        let id = self.authentication_session_id;
        let end_reason = word(self.end_reason, "authentication_sessions.end_reason", id)?;
        Ok(Session {
            authentication_session_id: self.authentication_session_id,
            session_token: self.session_token,
            user_type: self.user_type,
            user_id: self.user_id,
            client_type: self.client_type,
            facts: SessionFacts {
                is_active: self.is_active,
                end_reason,
                expires_at: zone.read(self.expires_at),
                last_activity: zone.read(self.last_activity),
                updated_at: zone.read(self.updated_at),
                user_status: self.user_status,
            },
            role: self.role,
            rights: Rights::read(self.is_vip, &self.scopes, self.team),
            nickname: self.nickname,
            device: Device {
                device_key: self.device_key,
                device_id: self.device_id,
                device_name: self.device_name,
                device_type: self.device_type,
                user_agent: self.user_agent,
                login_ip: self.login_ip,
                country: self.country,
                city: self.city,
                coordinates: self
                    .latitude
                    .zip(self.longitude)
                    .and_then(|(latitude, longitude)| Coordinates::new(latitude, longitude)),
                browser: self.browser,
                browser_version: self.browser_version,
                os: self.os,
                os_version: self.os_version,
            },
            risk: Risk {
                score: u8::try_from(self.risk_score.clamp(0, 100)).unwrap_or_default(),
                causes: self.risk_causes.unwrap_or_default(),
            },
            logged_in_at: zone.read(self.logged_in_at.unwrap_or(self.created_at)),
            created_at: zone.read(self.created_at),
        })
    }
}

/// The word in a column that may be empty, of the session with key `id`.
pub(super) fn word<T>(text: Option<String>, column: &str, id: i64) -> sqlx::Result<Option<T>>
where
    T: TryFrom<String, Error: std::error::Error + Send + Sync + 'static>,
{
    text.map(T::try_from).transpose().map_err(|error| sqlx::Error::ColumnDecode {
        index: format!("{column} of {id}"),
        source: Box::new(error),
    })
}
