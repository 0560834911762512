use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::route;
use utoipa::ToSchema;

use super::state::ConversationState;
use crate::{
    chat::{self, By},
    extract::{
        caller::Caller,
        context::CallContext,
        input::{Id, Json},
    },
    http::{Answer, Envelope},
    state::App,
};

/// How it was.
#[derive(Deserialize, Validate, ToSchema)]
pub struct Rating {
    /// 5 is best.
    #[garde(range(min = 1, max = 5))]
    #[schema(minimum = 1, maximum = 5)]
    satisfaction_score: i64,
}

/// Its user says how a conversation was, once it is over, and once.
#[utoipa::path(post, path = route::CHAT_RATING)]
pub async fn rating(
    State(app): State<App>,
    caller: Caller,
    call: CallContext,
    Id(id): Id,
    Json(body): Json<Rating>,
) -> Answer<ConversationState> {
    let by = By { session: &caller.session, call: Some(&call) };
    Ok(Envelope::ok(chat::rate(&app, id, body.satisfaction_score, by).await?.into()))
}
