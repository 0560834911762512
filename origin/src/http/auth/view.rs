//! What log-ins answer.

use serde::Serialize;
use shared::{
    risk::Cause,
    time::Timestamp,
    user::{ClientType, PublicUser, UserType},
};
use utoipa::ToSchema;

use super::cookie::{Cookie, delivered};
use crate::{
    sessions::{
        open::Opened,
        tokens::{AccessToken, RefreshToken},
    },
    store::sessions::Session,
};

/// A session as its owner sees it.
#[derive(Serialize, ToSchema)]
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

/// The tokens that a client is given.
#[derive(Serialize, ToSchema)]
pub struct TokenPair {
    access_token: String,
    /// Not for browsers, which have it as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
    token_type: &'static str,
    /// Seconds until the access token's end.
    expires_in: u64,
    /// Seconds until the refresh token's end.
    refresh_expires_in: u64,
}

impl TokenPair {
    /// What goes into the body, and what becomes of the browser's cookie.
    pub fn new(
        client_type: ClientType,
        access: AccessToken,
        refresh: RefreshToken,
    ) -> (Self, Cookie) {
        let refresh_expires_in = refresh.expires_in;
        let (refresh_token, cookie) = delivered(client_type, refresh);
        let pair = Self {
            access_token: access.token,
            refresh_token,
            token_type: "Bearer",
            expires_in: access.expires_in,
            refresh_expires_in,
        };
        (pair, cookie)
    }
}

/// What a log-in answers.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    user: PublicUser,
    #[serde(flatten)]
    tokens: TokenPair,
    device_token: String,
    session: SessionView,
}

impl LoggedIn {
    /// The answer to a log-in, with what becomes of the browser's cookie.
    pub fn new(opened: Opened) -> (Self, Cookie) {
        let client_type = opened.session.client_type;
        let (tokens, cookie) =
            TokenPair::new(client_type, opened.access_token, opened.refresh_token);
        let answer = Self {
            user: opened.user,
            tokens,
            device_token: opened.device_token,
            session: opened.session.into(),
        };
        (answer, cookie)
    }
}
