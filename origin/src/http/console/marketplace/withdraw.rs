use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::{
    listing::{Listing, Withdrawer},
    route,
};
use utoipa::ToSchema;

use crate::{
    extract::{
        context::CallContext,
        guard::Admin,
        input::{Id, Json},
    },
    http::{Answer, Envelope},
    listings::{self, By},
    state::App,
};

/// Why a listing is taken back.
#[derive(Deserialize, Validate, ToSchema)]
pub struct Withdraw {
    /// What the admin says of it.
    #[garde(length(chars, min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// An admin takes a listing back that is on sale or locked, audited with the reason. Asked again, the answer is the
/// same, and nothing changes.
#[utoipa::path(post, path = route::CONSOLE_WITHDRAW_LISTING)]
pub async fn withdraw(
    State(app): State<App>,
    Admin(admin): Admin,
    call: CallContext,
    Id(id): Id,
    Json(body): Json<Withdraw>,
) -> Answer<Listing> {
    let by = By {
        withdrawer: Withdrawer::Admin,
        session: &admin.session,
        call: &call,
        reason: Some(&body.reason),
    };
    Ok(Envelope::ok(listings::withdraw(&app, id, by).await?))
}
