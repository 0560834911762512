use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::route;
use utoipa::ToSchema;

use super::{party::Writer, state::ConversationState};
use crate::{
    chat::{self, By},
    extract::{
        context::CallContext,
        input::{Id, OptionalJson},
    },
    http::{Answer, Envelope},
    state::App,
};

/// Why a conversation is closed, where someone says so.
#[derive(Default, Deserialize, Validate, ToSchema)]
pub struct CloseConversation {
    /// What they say.
    #[garde(inner(length(chars, min = 1, max = 500)))]
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// Ends a conversation. Done twice it is done once.
#[utoipa::path(post, path = route::CHAT_CLOSE)]
pub async fn close<P: Writer>(
    State(app): State<App>,
    party: P,
    call: CallContext,
    Id(id): Id,
    OptionalJson(body): OptionalJson<CloseConversation>,
) -> Answer<ConversationState> {
    let by = By { session: &party.caller().session, call: Some(&call) };
    Ok(Envelope::ok(chat::close(&app, id, body.reason.as_deref(), by).await?.into()))
}
