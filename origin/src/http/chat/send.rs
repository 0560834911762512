use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    chat::{MessageType, NewMessage, event::MessageEvent},
    route,
    time::Timestamp,
};
use utoipa::ToSchema;

use super::party::Writer;
use crate::{
    chat::{self, By, Draft},
    extract::{
        context::CallContext,
        input::{Id, Json},
    },
    http::{Answer, Envelope},
    state::App,
};

/// A message to store; the rules of chat check it, the same for sockets.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(transparent)]
pub struct MessageBody(#[garde(skip)] NewMessage);

/// A message that is stored.
#[derive(Serialize, ToSchema)]
pub struct SentMessage {
    chat_message_id: i64,
    customer_service_session_id: i64,
    seq: i64,
    content: String,
    message_type: MessageType,
    temp_message_id: Option<String>,
    sent_at: Timestamp,
}

impl From<MessageEvent> for SentMessage {
    fn from(message: MessageEvent) -> Self {
        Self {
            chat_message_id: message.chat_message_id,
            customer_service_session_id: message.customer_service_session_id,
            seq: message.seq,
            content: message.content,
            message_type: message.message_type,
            temp_message_id: message.temp_message_id,
            sent_at: message.created_at,
        }
    }
}

/// Stores a message; the same `temp_message_id` twice is the same message.
#[utoipa::path(post, path = route::CHAT_MESSAGES, responses((status = 201, description = "The message is stored.")))]
pub async fn send<P: Writer>(
    State(app): State<App>,
    party: P,
    call: CallContext,
    Id(id): Id,
    Json(MessageBody(message)): Json<MessageBody>,
) -> Answer<SentMessage> {
    let by = By { session: &party.caller().session, call: Some(&call) };
    let draft = Draft { by, judged: Ok(()), message: &message };
    Ok(Envelope::created(chat::send(&app, id, draft).await?.message.into()))
}
