use axum::{extract::State, http::HeaderMap};
use garde::Validate;
use serde::Deserialize;
use shared::{error::ErrorCode, route};
use utoipa::ToSchema;

use super::{
    cookie::{self, WithCookie},
    view::TokenPair,
};
use crate::{
    error::ApiError,
    extract::{context::CallContext, input::OptionalJson},
    http::Envelope,
    sessions,
    state::App,
};

/// What a client that is no browser sends.
#[derive(Default, Deserialize, Validate, ToSchema)]
pub struct Refresh {
    #[garde(inner(length(bytes, min = 1, max = 1024)))]
    #[schema(min_length = 1, max_length = 1024)]
    refresh_token: Option<String>,
}

/// Trades a refresh token, of the cookie before that of the body, for a new pair of the same session.
///
/// A refusal leaves the cookie as it is: by now it may hold what another tab's log-in was given.
#[utoipa::path(post, path = route::REFRESH, security(("refresh_cookie" = []), ()))]
pub async fn refresh(
    State(app): State<App>,
    call: CallContext,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<Refresh>,
) -> Result<WithCookie<TokenPair>, ApiError> {
    let by_cookie = cookie::refresh_token(&headers, &app.allowed_origins)?;
    let token = by_cookie.or(body.refresh_token.as_deref()).ok_or(ErrorCode::TokenMissing)?;
    let refreshed = sessions::refresh::refresh(&app, token, &call).await?;
    let (pair, cookie) =
        TokenPair::new(refreshed.client_type, refreshed.access_token, refreshed.refresh_token);
    Ok(WithCookie(Envelope::ok(pair), cookie))
}
