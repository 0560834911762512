use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::route;
use utoipa::ToSchema;

use super::party::Writer;
use crate::{
    chat::{self, By},
    extract::{
        context::CallContext,
        input::{Id, Json},
    },
    http::{Answer, Envelope},
    state::App,
};

/// Up to which message.
#[derive(Deserialize, Validate, ToSchema)]
pub struct ReadUpTo {
    /// The message.
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    chat_message_id: i64,
}

/// How far the caller's side has read.
#[derive(Serialize, ToSchema)]
pub struct ReadSoFar {
    customer_service_session_id: i64,
    chat_message_id: i64,
    seq: i64,
    /// Messages of the other side that are still unread.
    unread_count: i64,
}

/// The messages of the other side are read, up to a message. Less far than before changes nothing.
#[utoipa::path(post, path = route::CHAT_READ)]
pub async fn read<P: Writer>(
    State(app): State<App>,
    party: P,
    call: CallContext,
    Id(id): Id,
    Json(body): Json<ReadUpTo>,
) -> Answer<ReadSoFar> {
    let by = By { session: &party.caller().session, call: Some(&call) };
    let progress = chat::read(&app, id, body.chat_message_id, by).await?;
    Ok(Envelope::ok(ReadSoFar {
        customer_service_session_id: id,
        chat_message_id: body.chat_message_id,
        seq: progress.seq,
        unread_count: progress.unread_count,
    }))
}
