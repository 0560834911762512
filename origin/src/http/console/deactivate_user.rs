use axum::extract::State;
use serde::Serialize;
use shared::route;
use utoipa::ToSchema;

use super::deactivate::Deactivate;
use crate::{
    extract::{
        context::CallContext,
        guard::Admin,
        input::{Id, Json},
    },
    http::{Answer, Envelope},
    state::App,
    users::{self, By},
};

/// What was ended.
#[derive(Serialize, ToSchema)]
pub struct DeactivatedUser {
    user_id: i64,
    /// Keys of the sessions.
    ended: Vec<i64>,
}

/// Ends all sessions of a user as an admin, audited with the reason. Done twice it is done once.
#[utoipa::path(post, path = route::DEACTIVATE_USER_SESSIONS)]
pub async fn deactivate_user(
    State(app): State<App>,
    Admin(admin): Admin,
    call: CallContext,
    Id(user_id): Id,
    Json(body): Json<Deactivate>,
) -> Answer<DeactivatedUser> {
    let by = By {
        user_id: Some(admin.session.user_id),
        session_id: Some(admin.session.authentication_session_id),
        call: Some(&call),
        note: Some(&body.reason),
    };
    let ended = users::deactivate_sessions(&app, user_id, by).await?;
    Ok(Envelope::ok(DeactivatedUser { user_id, ended }))
}
