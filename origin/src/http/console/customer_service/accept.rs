use axum::extract::State;
use shared::route;

use crate::{
    chat::{self, By},
    extract::{context::CallContext, guard::Agent, input::Id},
    http::{Answer, Envelope, chat::state::ConversationState},
    state::App,
};

/// Takes a conversation that waits: of several at once, one; the others are told who has it.
#[utoipa::path(post, path = route::DESK_ACCEPT)]
pub async fn accept(
    State(app): State<App>,
    Agent(agent): Agent,
    call: CallContext,
    Id(id): Id,
) -> Answer<ConversationState> {
    let by = By { session: &agent.session, call: Some(&call) };
    Ok(Envelope::ok(chat::accept(&app, id, by).await?.into()))
}
