use axum::extract::State;
use shared::{
    chat::{Participant, event::MessageEvent},
    error::ErrorCode,
    internal::{MAX_BATCH, ReplayAnswer, ReplayQuestion},
};

use crate::{
    chat,
    error::ApiError,
    extract::signed::FromEdge,
    http::{Answer, Envelope},
    state::App,
    store::{
        self,
        conversations::Which,
        messages::{Window, history},
    },
};

/// What was written in a conversation after a message, for a room or for someone on a socket.
pub async fn replay(
    State(app): State<App>,
    FromEdge(question): FromEdge<ReplayQuestion>,
) -> Answer<ReplayAnswer> {
    if usize::try_from(question.limit).is_ok_and(|limit| limit > MAX_BATCH) {
        return Err(ApiError::invalid("limit", format!("must be at most {MAX_BATCH}")));
    }
    match answer(&app, &question).await {
        Err(ApiError::Refused(code)) => Ok(Envelope::ok(ReplayAnswer::Refused(code))),
        answered => answered.map(Envelope::ok),
    }
}

async fn answer(app: &App, question: &ReplayQuestion) -> Result<ReplayAnswer, ApiError> {
    let reader = match &question.reader {
        Some(reader) => Some(chat::accepted(app, reader).await?),
        None => None,
    };
    let id = question.customer_service_session_id;
    let mut handle = app.db.acquire().await?;
    let found = store::conversations::find(handle.conn(), Which::Id(id)).await?;
    let found = found.ok_or(ErrorCode::NotFound)?;
    if let Some(session) = reader {
        Participant { user_id: session.user_id, role: session.role }.may_see(&found.facts)?;
    }
    let mut conversation = found.room();
    let mut messages = Vec::new();
    if question.limit > 0 {
        let window = Window::After(question.after_seq.max(0));
        let read = history(handle.conn(), id, window, question.limit).await?;
        messages = read.into_iter().map(MessageEvent::from).collect();
    }
    // Some may have been written between the two looks.
    let newest = messages.last().map_or(0, |message| message.seq);
    conversation.last_seq = conversation.last_seq.max(newest);
    Ok(ReplayAnswer::Replay { conversation, messages })
}
