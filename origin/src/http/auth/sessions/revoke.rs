use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    error::ErrorCode,
    route,
    session::{EndReason, judge},
};
use utoipa::ToSchema;

use crate::{
    error::ApiError,
    extract::{caller::Caller, context::CallContext, input::Json},
    http::{Answer, Envelope},
    sessions::{end::end_as_it_is, hold::hold},
    state::App,
    store::{self, sessions::End},
};

/// Which session to end.
#[derive(Deserialize, Validate, ToSchema)]
pub struct Revoke {
    /// Key of the session.
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    authentication_session_id: i64,
}

/// A session that has ended.
#[derive(Serialize, ToSchema)]
pub struct Revoked {
    authentication_session_id: i64,
    /// Why: REVOKED, or what had ended it before.
    end_reason: EndReason,
}

/// Ends a session of the caller, their current one included; 404 for one of anyone else. Done twice it
/// is done once, and one that had ended keeps its reason.
#[utoipa::path(post, path = route::REVOKE_SESSION)]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    call: CallContext,
    Json(body): Json<Revoke>,
) -> Answer<Revoked> {
    let id = body.authentication_session_id;
    let end_reason = app.db.retrying(|| revoke_in(&app, &caller, &call, id)).await?;
    app.outbox_bell.ring_for_ends();
    Ok(Envelope::ok(Revoked { authentication_session_id: id, end_reason }))
}

async fn revoke_in(
    app: &App,
    caller: &Caller,
    call: &CallContext,
    id: i64,
) -> Result<EndReason, ApiError> {
    let mut tx = app.db.begin().await?;
    hold(app, &mut tx, &caller.session).await?;
    let session = store::sessions::lock(tx.conn(), id)
        .await?
        .filter(|session| session.user_id == caller.session.user_id)
        .ok_or(ErrorCode::NotFound)?;
    let judged = judge(&session.facts, app.policy.session_idle_limit, app.ambient.now());
    let by = End::by(EndReason::Revoked, &caller.session);
    end_as_it_is(app, &mut tx, &session, by, Some(call), None).await?;
    tx.commit().await?;
    Ok(judged.err().unwrap_or(by.reason))
}
