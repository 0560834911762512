use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{error::ErrorCode, route, session::EndReason};
use utoipa::ToSchema;

use crate::{
    extract::{
        context::CallContext,
        guard::Admin,
        input::{Id, Json},
    },
    http::{Answer, Envelope},
    sessions::end::end_by_key,
    state::App,
    store::sessions::End,
};

/// Why a session is ended.
#[derive(Deserialize, Validate, ToSchema)]
pub struct Deactivate {
    /// What the admin says of it.
    #[garde(length(chars, min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// A session that was ended.
#[derive(Serialize, ToSchema)]
pub struct Deactivated {
    authentication_session_id: i64,
    user_id: i64,
    end_reason: EndReason,
}

/// Ends a session as an admin, audited with the reason. Done twice it is done once; one that ended
/// for another reason is a conflict.
#[utoipa::path(post, path = route::DEACTIVATE_SESSION)]
pub async fn deactivate(
    State(app): State<App>,
    Admin(admin): Admin,
    call: CallContext,
    Id(id): Id,
    Json(body): Json<Deactivate>,
) -> Answer<Deactivated> {
    let by = End {
        reason: EndReason::Deactivated,
        by_session_id: Some(admin.session.authentication_session_id),
        by_user_id: Some(admin.session.user_id),
    };
    let done = end_by_key(&app, id, by, Some(&call), Some(&body.reason)).await?;
    if done.end_reason != by.reason {
        return Err(ErrorCode::Conflict.into());
    }
    let user_id = done.user_id;
    Ok(Envelope::ok(Deactivated {
        authentication_session_id: id,
        user_id,
        end_reason: EndReason::Deactivated,
    }))
}
