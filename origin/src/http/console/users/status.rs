use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{route, user::UserStatus};
use utoipa::ToSchema;

use super::by;
use crate::{
    extract::{
        context::CallContext,
        guard::Admin,
        input::{Id, Json},
    },
    http::{Answer, Envelope},
    state::App,
    users::{self, Change, Changed},
};

/// What an account is to be, and why.
#[derive(Deserialize, Validate, ToSchema)]
pub struct SetStatus {
    #[garde(skip)]
    status: UserStatus,
    #[garde(length(chars, min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// What became of it.
#[derive(Serialize, ToSchema)]
pub struct StatusSet {
    user_id: i64,
    status: UserStatus,
    #[serde(flatten)]
    done: Changed,
}

/// Bans or closes an account, which ends its sessions as `USER_INACTIVE`, or opens it again; audited with
/// the reason. Done twice it is done once; the last admin stays.
#[utoipa::path(post, path = route::USER_STATUS)]
pub async fn set_status(
    State(app): State<App>,
    admin: Admin,
    call: CallContext,
    Id(user_id): Id,
    Json(SetStatus { status, reason }): Json<SetStatus>,
) -> Answer<StatusSet> {
    let by = by(&admin, &call, &reason);
    let done = users::change(&app, user_id, Change::Status(status), by).await?;
    Ok(Envelope::ok(StatusSet { user_id, status, done }))
}
