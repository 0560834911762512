//! Who is calling: a token that holds, and a session that is live.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use shared::{
    chat::Participant,
    error::ErrorCode,
    session::judge,
    token::{self, Claims},
    user::Role,
};

use super::context::CallContext;
use crate::{
    error::ApiError,
    state::App,
    store::{self, sessions::Session},
};

/// Someone with a live session, as its row says now. What writes ask for.
#[derive(Clone)]
pub struct Caller {
    /// The row.
    pub session: Session,
    /// The token that named it.
    pub claims: Claims,
}

/// Someone with a live session, as its row says, or of users the edge's assertion. What reads ask for.
pub struct Reader {
    /// The token that named it.
    pub claims: Claims,
    /// The role, of the row where that was read.
    role: Role,
    /// The row, where it had to be read; it was judged.
    row: Option<Session>,
}

impl Caller {
    /// The caller as chat knows them.
    #[must_use]
    pub fn participant(&self) -> Participant {
        Participant { user_id: self.session.user_id, role: self.session.role }
    }
}

impl Reader {
    /// The caller as chat knows them.
    #[must_use]
    pub fn participant(&self) -> Participant {
        Participant { user_id: self.claims.user_id, role: self.role }
    }

    /// The row of the session, read now where it has not been yet, and judged.
    ///
    /// # Errors
    /// The reason why it is not live; `SESSION_NOT_FOUND` where there is none.
    pub async fn into_caller(self, app: &App) -> Result<Caller, ApiError> {
        let Self { claims, row, .. } = self;
        let session = match row {
            Some(row) => row,
            None => own_session(app, &claims).await?,
        };
        Ok(Caller { session, claims })
    }
}

/// The token of an `Authorization: Bearer` header.
///
/// # Errors
/// `TOKEN_MISSING` without the header, `TOKEN_MALFORMED` where it is no bearer token.
pub fn bearer(headers: &HeaderMap) -> Result<&str, ErrorCode> {
    let value = headers.get(header::AUTHORIZATION).ok_or(ErrorCode::TokenMissing)?;
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or(ErrorCode::TokenMalformed)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(ErrorCode::TokenMalformed);
    }
    Ok(token)
}

fn verified(parts: &Parts, app: &App) -> Result<Claims, ApiError> {
    let token = bearer(&parts.headers)?;
    token::verify(token, app.keys.verification(), &app.expectations, app.ambient.now()).map_err(
        |error| {
            tracing::debug!(%error, "a token was refused");
            error.code().into()
        },
    )
}

/// The session that a token names, where it is live.
///
/// # Errors
/// The reason why it is not; `SESSION_NOT_FOUND` where there is none.
pub async fn live_session(app: &App, session_token: &str) -> Result<Session, ApiError> {
    let mut handle = app.db.acquire().await?;
    let found = store::sessions::find_by_token(handle.conn(), session_token).await?;
    handle.done();
    let session = found.ok_or(ErrorCode::SessionNotFound)?;
    judge(&session.facts, app.policy.session_idle_limit, app.ambient.now())?;
    Ok(session)
}

/// The session that a token names, where it is live, and its own.
async fn own_session(app: &App, claims: &Claims) -> Result<Session, ApiError> {
    let session = live_session(app, &claims.session_token).await?;
    // A token that names someone else's session was not made by us, whoever signed it.
    if session.user_id != claims.user_id {
        return Err(ErrorCode::TokenInvalid.into());
    }
    Ok(session)
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        // Who came through the console's door was judged there, by the same row.
        if let Some(judged) = parts.extensions.get::<Self>() {
            return Ok(judged.clone());
        }
        let claims = verified(parts, app)?;
        let session = own_session(app, &claims).await?;
        app.activity.note(&claims.session_token, app.ambient.now());
        Ok(Self { session, claims })
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        // As above: nothing is judged twice.
        if let Some(Caller { session, claims }) = parts.extensions.get::<Caller>().cloned() {
            return Ok(Self { role: session.role, claims, row: Some(session) });
        }
        let claims = verified(parts, app)?;
        let context = CallContext::from_request_parts(parts, app).await?;
        let asserted = context.assertion.as_ref().and_then(|assertion| assertion.session.as_ref());
        let is_vouched_for =
            asserted.is_some_and(|asserted| asserted.session == claims.session_hash());
        // Nobody is of the staff because a token says so: that may have been taken away since.
        let row = if is_vouched_for && claims.role == Role::User {
            None
        } else {
            Some(own_session(app, &claims).await?)
        };
        app.activity.note(&claims.session_token, app.ambient.now());
        Ok(Self { role: row.as_ref().map_or(claims.role, |row| row.role), claims, row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_told_from_none_and_from_nonsense() {
        let read = |value: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read(Some("Bearer abc")), Ok("abc".into()));
        assert_eq!(read(Some("bearer  abc ")), Ok("abc".into()));
        assert_eq!(read(None), Err(ErrorCode::TokenMissing));
        for nonsense in ["Bearer", "Bearer ", "Basic abc", "abc", ""] {
            assert_eq!(read(Some(nonsense)), Err(ErrorCode::TokenMalformed), "{nonsense:?}");
        }
    }
}
