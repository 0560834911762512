use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{route, user::Role};
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

/// What a user is to be allowed, and why.
#[derive(Deserialize, Validate, ToSchema)]
pub struct SetRole {
    #[garde(skip)]
    role: Role,
    #[garde(length(chars, min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// What became of it.
#[derive(Serialize, ToSchema)]
pub struct RoleSet {
    user_id: i64,
    role: Role,
    #[serde(flatten)]
    done: Changed,
}

/// Says what a user may do, and ends their sessions as `SESSION_DEACTIVATED` where that is something else;
/// audited with the reason. Done twice it is done once; the last admin stays.
#[utoipa::path(post, path = route::USER_ROLE)]
pub async fn set_role(
    State(app): State<App>,
    admin: Admin,
    call: CallContext,
    Id(user_id): Id,
    Json(SetRole { role, reason }): Json<SetRole>,
) -> Answer<RoleSet> {
    let by = by(&admin, &call, &reason);
    let done = users::change(&app, user_id, Change::Role(role), by).await?;
    Ok(Envelope::ok(RoleSet { user_id, role, done }))
}
