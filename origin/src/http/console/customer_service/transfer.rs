use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::route;
use utoipa::ToSchema;

use crate::{
    chat::{self, By},
    extract::{
        context::CallContext,
        guard::Agent,
        input::{Id, Json},
    },
    http::{Answer, Envelope, chat::state::ConversationState},
    state::App,
};

/// To whom.
#[derive(Deserialize, Validate, ToSchema)]
pub struct Transfer {
    /// The agent.
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    admin_id: i64,
}

/// Its agent, or an admin, hands a conversation to another of the staff.
#[utoipa::path(post, path = route::DESK_TRANSFER)]
pub async fn transfer(
    State(app): State<App>,
    Agent(agent): Agent,
    call: CallContext,
    Id(id): Id,
    Json(body): Json<Transfer>,
) -> Answer<ConversationState> {
    let by = By { session: &agent.session, call: Some(&call) };
    Ok(Envelope::ok(chat::transfer(&app, id, body.admin_id, by).await?.into()))
}
