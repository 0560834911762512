use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::route;
use utoipa::ToSchema;

use crate::{
    extract::{guard::Admin, input::Json},
    http::{Answer, Envelope},
    inspection::{Account, Inspector, MAX_INPUT_BYTES},
    state::App,
};

/// A token to look at.
#[derive(Deserialize, Validate, ToSchema)]
pub struct InspectToken {
    /// It is neither kept nor logged.
    #[garde(length(bytes, min = 1, max = MAX_INPUT_BYTES))]
    #[schema(min_length = 1, max_length = 16384)]
    token: String,
}

/// Says what is true of a token, check by check; the token itself is neither answered nor logged.
#[utoipa::path(post, path = route::INSPECT_TOKEN)]
pub async fn inspect_token(
    State(app): State<App>,
    Admin(_): Admin,
    Json(body): Json<InspectToken>,
) -> Answer<Account> {
    // What was pasted ends in a line break, as what the command reads does.
    Ok(Envelope::ok(Inspector::of(&app).account(body.token.trim()).await?))
}
