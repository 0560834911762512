//! What log-ins answer.

use serde::Serialize;
use shared::{
    risk::Cause,
    time::Timestamp,
    user::{ClientType, PublicUser, UserType},
};

use crate::{sessions::open::Opened, store::sessions::Session};

/// A session as its owner sees it.
#[derive(Serialize)]
pub struct SessionView {
    authentication_session_id: i64,
    user_type: UserType,
    client_type: ClientType,
    device_id: Option<String>,
    device_name: Option<String>,
    device_type: Option<String>,
    browser: Option<String>,
    browser_version: Option<String>,
    os: Option<String>,
    os_version: Option<String>,
    login_ip: Option<String>,
    country: Option<String>,
    city: Option<String>,
    /// How suspicious its newest log-in was, 0 to 100.
    risk_score: u8,
    /// Why.
    risk_causes: Vec<Cause>,
    created_at: Timestamp,
    last_activity: Timestamp,
    expires_at: Timestamp,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            authentication_session_id: session.authentication_session_id,
            user_type: session.user_type,
            client_type: session.client_type,
            device_id: session.device.device_id,
            device_name: session.device.device_name,
            device_type: session.device.device_type,
            browser: session.device.browser,
            browser_version: session.device.browser_version,
            os: session.device.os,
            os_version: session.device.os_version,
            login_ip: session.device.login_ip,
            country: session.device.country,
            city: session.device.city,
            risk_score: session.risk.score,
            risk_causes: session.risk.causes,
            created_at: session.created_at,
            last_activity: session.facts.last_activity,
            expires_at: session.facts.expires_at,
        }
    }
}

/// What a log-in answers.
#[derive(Serialize)]
pub struct LoggedIn {
    user: PublicUser,
    access_token: String,
    token_type: &'static str,
    /// Seconds until the access token's end.
    expires_in: u64,
    device_token: String,
    session: SessionView,
}

impl From<Opened> for LoggedIn {
    fn from(opened: Opened) -> Self {
        Self {
            user: opened.user,
            access_token: opened.access_token,
            token_type: "Bearer",
            expires_in: opened.expires_in,
            device_token: opened.device_token,
            session: opened.session.into(),
        }
    }
}
