use axum::{extract::State, http::HeaderMap};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{error::ErrorCode, route, session::EndReason};
use utoipa::ToSchema;

use super::cookie::{self, Cookie, WithCookie};
use crate::{
    error::ApiError,
    extract::{caller::Caller, context::CallContext, input::OptionalJson},
    http::Envelope,
    sessions::{
        self,
        end::{AllOf, end, end_all},
        refresh::{Presented, hold},
    },
    state::App,
    store::{
        self,
        sessions::{End, Session},
    },
};

/// What a log-out may ask for.
#[derive(Default, Deserialize, Validate, ToSchema)]
pub struct LogOut {
    /// End the caller's other sessions, too.
    #[serde(default)]
    #[garde(skip)]
    all_devices: bool,
    /// In place of an access token.
    #[garde(inner(length(bytes, min = 1, max = 1024)))]
    #[schema(min_length = 1, max_length = 1024)]
    refresh_token: Option<String>,
}

/// What a log-out ended.
#[derive(Serialize, ToSchema)]
pub struct LoggedOut {
    /// Keys of the sessions.
    ended: Vec<i64>,
}

/// What shows whose session is to end.
enum Proof<'a> {
    Access(Box<Session>),
    Refresh(Presented<'a>),
}

/// Ends the caller's session, and on request all others of theirs, as ended from another device.
///
/// An access token that holds will do, or a refresh token alone: who has been away for a day can
/// still log out.
#[utoipa::path(post, path = route::LOGOUT, security(("bearer" = []), ("refresh_cookie" = []), ()))]
pub async fn logout(
    State(app): State<App>,
    caller: Result<Caller, ApiError>,
    call: CallContext,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<LogOut>,
) -> Result<WithCookie<LoggedOut>, ApiError> {
    let proof = match caller {
        Ok(caller) => Proof::Access(Box::new(caller.session)),
        Err(ApiError::Refused(code)) => {
            let by_cookie = cookie::refresh_token(&headers, &app.allowed_origins)?;
            let token = by_cookie.or(body.refresh_token.as_deref()).ok_or(code)?;
            Proof::Refresh(Presented::find(&app, token).await?)
        }
        Err(fault) => return Err(fault),
    };
    let ended = app.db.retrying(|| log_out(&app, &proof, &call, body.all_devices)).await?;
    app.outbox_bell.ring_for_ends();
    let ended = ended.ok_or(ErrorCode::ReuseDetected)?;
    Ok(WithCookie(Envelope::ok(LoggedOut { ended }), Cookie::Cleared))
}

/// `None` where the proof was a stolen refresh token; its session has then ended for that.
async fn log_out(
    app: &App,
    proof: &Proof<'_>,
    call: &CallContext,
    all: bool,
) -> Result<Option<Vec<i64>>, ApiError> {
    let mut tx = app.db.begin().await?;
    // Under the lock of the user's row, so that no log-in slips in between.
    let (own, user_id) = match proof {
        Proof::Access(session) => {
            // It may have been ended since the call was let in, by one that this would end now.
            sessions::hold::hold(app, &mut tx, session).await?;
            (session.authentication_session_id, session.user_id)
        }
        Proof::Refresh(presented) => {
            store::users::lock(tx.conn(), presented.user_id).await?;
            let held = hold(app, &mut tx, presented).await?;
            if held.is_stolen() {
                held.end_as_stolen(app, &mut tx, call).await?;
                tx.commit().await?;
                return Ok(None);
            }
            (presented.authentication_session_id, presented.user_id)
        }
    };
    let by = |reason| End { reason, by_session_id: Some(own), by_user_id: Some(user_id) };
    let session = store::sessions::lock(tx.conn(), own).await?;
    let session = session.ok_or(ErrorCode::SessionNotFound)?;
    end(app, &mut tx, &session, by(EndReason::LoggedOut), Some(call), None).await?;
    let mut ended = vec![own];
    if all {
        let others = AllOf::user_but(user_id, own);
        let revoked = by(EndReason::Revoked);
        ended.extend(end_all(app, &mut tx, others, revoked, Some(call), None).await?);
    }
    tx.commit().await?;
    Ok(Some(ended))
}
