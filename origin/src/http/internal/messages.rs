use axum::extract::State;
use shared::{
    chat::{Message, Participant, event::MessageFailed},
    internal::{MAX_BATCH, SocketMessage, StoreMessages, StoreOutcome, StoredMessages},
};

use crate::{
    chat::{self, Send},
    error::ApiError,
    extract::{caller::live_session, signed::FromEdge},
    http::{Answer, Envelope},
    state::App,
};

/// Stores messages that sockets sent, each for itself, in their order.
pub async fn messages(
    State(app): State<App>,
    FromEdge(batch): FromEdge<StoreMessages>,
) -> Answer<StoredMessages> {
    if batch.messages.len() > MAX_BATCH {
        return Err(ApiError::invalid("messages", format!("must be at most {MAX_BATCH}")));
    }
    let mut outcomes = Vec::with_capacity(batch.messages.len());
    for message in batch.messages {
        outcomes.push(match store(&app, &message).await {
            Ok(stored) => StoreOutcome::Stored(stored.into()),
            // A fault of ours fails the call: the edge keeps the messages and asks again.
            Err(error @ (ApiError::Database(_) | ApiError::Internal(_))) => return Err(error),
            Err(refused) => StoreOutcome::Failed(failed(message, refused)),
        });
    }
    Ok(Envelope::ok(StoredMessages { outcomes }))
}

/// A write: whether the session may be used is judged by its row, here and now.
async fn store(app: &App, message: &SocketMessage) -> Result<Message, ApiError> {
    let session = live_session(app, &message.session_token).await?;
    app.activity.note(&message.session_token, app.ambient.now());
    let wanted = Send {
        participant: Participant { user_id: session.user_id, role: session.role },
        customer_service_session_id: message.customer_service_session_id,
        message: &message.message,
        socket_id: Some(&message.socket_id),
    };
    chat::send(app, &wanted).await
}

fn failed(message: SocketMessage, error: ApiError) -> MessageFailed {
    let code = error.code();
    let fields = match error {
        ApiError::Invalid(fields) => fields,
        _ => Vec::new(),
    };
    MessageFailed {
        temp_message_id: message.message.temp_message_id,
        code,
        message: code.message(message.language).to_owned(),
        fields,
    }
}
