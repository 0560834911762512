//! The tokens that a session's client holds.

use shared::{time::Timestamp, token::Claims};

use super::{
    device,
    refresh_keys::{RefreshKeys, hash},
};
use crate::{
    error::ApiError,
    state::App,
    store::{self, Tx, refresh_tokens::NewRefreshToken, sessions::Session},
};

/// An access token.
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// Seconds from its issue to its end.
    pub expires_in: u64,
}

/// A refresh token.
pub struct RefreshToken {
    /// The token.
    pub token: String,
    /// Seconds from now to its end.
    pub expires_in: u64,
}

/// An access token of a session.
///
/// # Errors
/// Where the key does not sign.
pub fn access_token(
    app: &App,
    session: &Session,
    jti: String,
    now: Timestamp,
) -> Result<AccessToken, ApiError> {
    let expires_at = now.plus(app.policy.access_token_lifetime).min(session.facts.expires_at);
    let claims = Claims {
        sub: session.user_id.to_string(),
        user_id: session.user_id,
        user_type: session.user_type,
        client_type: session.client_type,
        session_token: session.session_token.clone(),
        device: session.device.device_id.as_deref().map(device::hash),
        role: session.role,
        scopes: session.rights.scopes.clone(),
        jti,
        iat: now.as_seconds(),
        exp: expires_at.as_seconds(),
        nbf: None,
        iss: app.expectations.issuer.clone(),
        aud: app.expectations.audience.as_str().into(),
    };
    Ok(AccessToken { token: app.keys.sign(&claims)?, expires_in: expires_at.since(now).as_secs() })
}

/// When a refresh token made at `now` ends: it slides, under the session's absolute end.
#[must_use]
pub fn refresh_end(app: &App, session: &Session, now: Timestamp) -> Timestamp {
    now.plus(app.policy.refresh_token_lifetime).min(session.facts.expires_at)
}

/// Begins a family of refresh tokens for a log-in. The session's earlier ones are retired: a late
/// refresh with one of them is no theft.
///
/// # Errors
/// The database's.
pub async fn begin_family(
    app: &App,
    tx: &mut Tx,
    session: &Session,
    now: Timestamp,
) -> Result<RefreshToken, ApiError> {
    let id = session.authentication_session_id;
    store::refresh_tokens::retire(tx.conn(), id, now).await?;
    let token = RefreshKeys::first(&app.ambient);
    let expires_at = refresh_end(app, session, now);
    let new = NewRefreshToken {
        user_id: session.user_id,
        authentication_session_id: id,
        token_hash: &hash(&token),
        family: &app.ambient.unique_name(),
        generation: 0,
        nonce: "",
        kid: "",
        expires_at,
    };
    store::refresh_tokens::insert(tx.conn(), &new, now).await?;
    Ok(RefreshToken { token, expires_in: expires_at.since(now).as_secs() })
}
